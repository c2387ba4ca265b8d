"""Markdown: a trace as a page or a part of one: what it decides, a diagram, and the steps as a table."""

from __future__ import annotations

import re

from ..traces.telling import Change, Ending, Telling, ToldStep
from .ending import headline, loop_words, notes
from .mermaid import render_mermaid

__all__ = ["render_markdown"]


def render_markdown(telling: Telling, *, heading: str = "", level: int = 2, diagram: bool = True) -> str:
    """The trace as Markdown. `heading` (default: the system's name) gets `level` number signs. Ends with a newline."""
    parts = [f"{'#' * level} {escape(heading or telling.system)}"]
    ending = telling.ending
    if ending:
        sentence = f" {escape(ending.sentence)}" if ending.sentence else ""
        parts.append(f"**{escape(headline(ending, len(telling.steps)))}.**{sentence}")
    if diagram:
        parts.append(f"```mermaid\n{render_mermaid(telling)}```")
    parts.append(_table(telling))
    if telling.loop:
        parts.append(f"{loop_words(telling.loop)}.")
    if ending:
        parts += _ending(ending)
    return "\n\n".join(parts) + "\n"


def _table(telling: Telling) -> str:
    columns = ["step", *(escape(actor) for actor in telling.actors), "message", "what happens", "clause"]
    start = ["", *(escape(label) for label in telling.labels), _at_start(telling), "", ""]
    rows = [columns, ["---"] * len(columns), start, *(_row(telling, step) for step in telling.steps)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _row(telling: Telling, step: ToldStep) -> list[str]:
    labels = [
        f"**{escape(label)}**" if changed and label else escape(label)
        for label, changed in zip(step.labels, step.relabelled, strict=True)
    ]
    what = escape(step.sentence)
    if step.changes:
        what += "<br>" + ", ".join(_change(change) for change in step.changes)
    clause = ", ".join(escape(part) for part in (step.clause, step.choice) if part)
    return [str(step.number), *labels, "<br>".join(_messages(telling, step)), what, clause]


def _change(change: Change) -> str:
    name = f"{change.owner}.{change.name}" if change.owner else change.name
    return f"{_code(name)} {escape(change.before)} → {escape(change.after)}"


def _at_start(telling: Telling) -> str:
    return "<br>".join(f"in flight: {_code(telling.flights[i].text)}" for i in telling.at_start)


def _messages(telling: Telling, step: ToldStep) -> list[str]:
    flights = telling.flights
    found = []
    for i in step.delivered:
        late = "" if flights[i].is_prompt else f", sent in step {flights[i].sent}" if flights[i].sent else ", from the start"
        found.append(f"{_code(flights[i].text)} arrives at {escape(flights[i].receiver)}{late}")
    found += [f"{_code(flights[i].text)} is lost" for i in step.lost]
    found += [f"{_code(flights[i].text)} is copied" for i in step.copied]
    for i in step.sent:
        dropped = ", dropped: no room" if flights[i].ended == step.number else ""
        found.append(f"{_code(flights[i].text)} leaves for {escape(flights[i].receiver)}{dropped}")
    return found


def _ending(ending: Ending) -> list[str]:
    parts = []
    if ending.clauses:
        lines = []
        for clause in ending.clauses:
            values = ", ".join(f"{_code(name)} is {escape(value)}" for name, value in clause.values)
            mark = "true" if clause.holds else "**false**"
            lines.append(f"* {mark}: {escape(clause.words)}" + (f" ({values})" if values else ""))
        parts = [f"{ending.where[0].upper()}{ending.where[1:]}:", "\n".join(lines)]
    return parts + [escape(note) for note in notes(ending)]


def escape(text: str) -> str:
    """The text as Markdown shows it unchanged, also in a cell of a table."""
    text = "".join(c if c.isprintable() else " " for c in " ".join(text.split()))
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|~$#])", r"\\\1", text)


def _code(text: str) -> str:
    """The text as a code span, also in a cell of a table."""
    text = " ".join(text.split()).replace("|", "\\|")
    return f"`` {text} ``" if "`" in text else f"`{text}`"
