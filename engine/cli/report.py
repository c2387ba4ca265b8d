"""Reports: what a check found, as people read it, in the columns that there are."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..property import Verdict
from ..render import Look, render_ladder
from ..results import ModelResult, PropertyResult
from ..traces.telling import tell

__all__ = [
    "Report", "assumptions", "bounds", "columns", "paragraph", "plural", "reductions_told", "report", "ruled", "verdict_text",
]  # fmt: skip


@dataclass(frozen=True)
class Report:
    """How much is told: `witnesses` asks for the runs of what is reached, `named` for those of these properties too.

    `drawn`: the properties of which another engine has drawn a run of so many steps already.
    """

    look: Look
    witnesses: bool = False
    named: frozenset[str] = frozenset()
    drawn: Mapping[str, int | None] = field(default_factory=dict)

    def shows(self, found: PropertyResult) -> bool:
        """Whether the run of a result is drawn."""
        if found.trace is None or (found.name in self.drawn and self.drawn[found.name] == found.steps):
            return False
        return found.verdict is Verdict.VIOLATED or self.witnesses or found.name in self.named


def report(title: str, result: ModelResult, how: Report) -> str:
    """A model's report: its properties, one line each, the bounds, and the shortest runs."""
    heading, width = f"{result.model}: {title}" if title else result.model, how.look.width
    lines = textwrap.wrap(heading, width) + changed_lines(result.changed, width)
    lines += ["", *columns(result.properties, width), ""]
    lines += bounds(result, width, every=how.witnesses) + assumptions(result.properties, width)
    for found in result.properties:
        if how.shows(found) and found.trace is not None:
            lines += ["", run_heading(found, width), ""]
            lines.append(render_ladder(tell(found.trace, found.prop, found.verdict), how.look).rstrip("\n"))
    return "\n".join(lines)


def run_heading(found: PropertyResult, width: int) -> str:
    """What the run below is."""
    what = "a shortest violation" if found.verdict is Verdict.VIOLATED else "a shortest witness"
    return "\n".join(ruled(f"{found.name}: {what}, {plural(found.steps or 0, 'step')}", width))


def ruled(text: str, width: int) -> list[str]:
    """A heading with a rule around it; one that is too long stands above the rule.

    >>> ruled("a heading", 20)
    ['── a heading ───────']
    """
    if len(text) + 4 <= width:
        return [f"── {text} ".ljust(width, "─")]
    return [*textwrap.wrap(text, width, break_on_hyphens=False), "─" * width]


def changed_lines(changed: Mapping[str, str | int], width: int) -> list[str]:
    """The settings that differ from their defaults."""
    if not changed:
        return ["every setting has its default"]
    return paragraph("settings: ", [f"{name}={value}" for name, value in changed.items()], " ", width)


def columns(properties: Sequence[PropertyResult], width: int) -> list[str]:
    """For each property verdict, name, steps and sentence: on one line where they fit, else the sentence below.

    A reason that several have is told once, after them. Those that do not apply come last.
    """
    applying = [found for found in properties if found.verdict is not Verdict.NOT_APPLICABLE]
    first = max((len(verdict_text(found)) for found in applying), default=0)
    room = width - first - 9  # a name that is longer than this keeps the others where they are
    second = max((len(found.name) for found in applying if len(found.name) <= room), default=8)
    indent = " " * (first + 2)
    reasons = Counter(found.reason for found in applying)
    lines = [f"{'verdict':<{first}}  {'property':<{second}}  steps"] if applying else []
    for found in applying:
        steps = "" if found.steps is None else str(found.steps)
        line = f"{verdict_text(found):<{first}}  {found.name:<{second}}  {steps:>5}".rstrip()
        sentence = " ".join(found.prop.sentence.split())
        beside = f"{line:<{first + second + 9}}  {sentence}"
        if len(beside) <= width:
            lines.append(beside.rstrip())
        else:
            lines += [line, *_wrapped(sentence, indent, width)]
        if reasons[found.reason] == 1:
            lines += _wrapped(found.reason, indent, width)
    for reason, count in reasons.items():
        if reason and count > 1:
            verdicts = dict.fromkeys(verdict_text(found) for found in applying if found.reason == reason)
            lines += textwrap.wrap(f"{', '.join(verdicts)}: {reason}", width, subsequent_indent="  ", break_on_hyphens=False)
    for reason in dict.fromkeys(p.reason for p in properties if p.verdict is Verdict.NOT_APPLICABLE):
        names = [p.name for p in properties if p.verdict is Verdict.NOT_APPLICABLE and p.reason == reason]
        lines += textwrap.wrap(f"not-applicable: {', '.join(names)} ({reason})", width, subsequent_indent="  ")
    return lines


def _wrapped(text: str, indent: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)


def verdict_text(found: PropertyResult) -> str:
    """The verdict, with its depth where it has one."""
    if found.verdict is Verdict.HOLDS_UP_TO:
        return f"{found.verdict.value} {found.depth}"
    return str(found.verdict.value)


def bounds(result: ModelResult, width: int, *, every: bool = False) -> list[str]:
    """How far the search went, what it met on the way, and how many actions never happened; with `every`, which."""
    lines = []
    if result.states is not None:
        how_far = "complete" if result.complete else f"cut short ({result.stopped_by})"
        parts = [how_far, plural(result.states, "state")]
        if result.frontier and not result.complete:
            parts.append(f"{result.frontier:,} of them not expanded")
        parts += [plural(result.transitions or 0, "transition"), f"depth {result.depth}", f"{result.seconds:.1f} s"]
        lines += paragraph(f"{result.engine}: ", parts, " · ", width)
    else:
        lines.append(f"{result.engine}: {result.seconds:.1f} s")
    lines += reductions_told(result, result.engine, width)
    if result.overflows:
        text = f"capacity was reached: {result.overflows:,} times a full channel dropped a message"
        lines += textwrap.wrap(text, width, subsequent_indent="  ")
    if result.silent_actions:
        count = f"{len(result.silent_actions)} of {len(result.actions or ())} actions never happened"
        brief = textwrap.wrap(f"{count} (-v names them)", width, subsequent_indent="  ")
        lines += paragraph(f"{count}: ", result.silent_actions, ", ", width) if every else brief
    return lines


def reductions_told(result: ModelResult, what: str, width: int) -> list[str]:
    """The reductions by which states were saved, and why others were not used."""
    lines = []
    if result.reductions:
        text = f"{what}: the counts are those with {', '.join(result.reductions)}"
        lines = textwrap.wrap(text, width, subsequent_indent="  ")
    for name, why in result.not_reduced.items():
        lines += textwrap.wrap(f"{what}: without {name}: {why}", width, subsequent_indent="  ")
    return lines


def assumptions(properties: Sequence[PropertyResult], width: int) -> list[str]:
    """What verdicts rest on, each once; for fairness with the properties concerned."""
    asked = [p for p in properties if p.verdict is not Verdict.NOT_APPLICABLE]
    lines: list[str] = []
    for text in dict.fromkeys(p.assumption for p in asked if p.assumption):
        lines += textwrap.wrap(f"assuming {text}", width, subsequent_indent="  ", break_on_hyphens=False)
    for text in dict.fromkeys(p.fairness for p in asked if p.fairness):
        whose = ", ".join(p.name for p in asked if p.fairness == text)
        lines += textwrap.wrap(f"fairness of {whose}: {text}", width, subsequent_indent="  ", break_on_hyphens=False)
    return lines


# ---- words -----------------------------------------------------------------------------------------------------------


def plural(number: int, noun: str) -> str:
    """A number of things.

    >>> plural(1, "step"), plural(1234, "state")
    ('1 step', '1,234 states')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def paragraph(start: str, parts: Sequence[str], between: str, width: int) -> list[str]:
    """Parts, joined, in lines of which all but the first are indented; no part is torn apart unless it must be."""
    lines: list[str] = []
    line = start
    for i, part in enumerate(parts):
        piece = part + (between.rstrip() if i < len(parts) - 1 else "")
        gap = "" if line in (start, "  ") else " "
        if line.strip() and line != start and len(line) + len(gap) + len(piece) > width:
            lines.append(line)
            line, gap = "  ", ""
        line += gap + piece
    return [*lines, line]
