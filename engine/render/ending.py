"""The end of a telling: which property the trace decides, and which of its clauses are false."""

from __future__ import annotations

from ..property import PropertyKind, Verdict
from ..traces.telling import Ending, Loop, Telling
from .look import Line, Look, Style

__all__ = ["ending_lines", "headline", "loop_words", "notes"]


def headline(ending: Ending, steps: int) -> str:
    """The property and its verdict in one line, without the property's sentence."""
    count = "at the start" if steps == 0 else f"in {steps} step{'s' if steps > 1 else ''}"
    verdict = ending.verdict
    if verdict is None:
        return f"{ending.property}: not decided by this trace"
    if verdict is Verdict.VIOLATED and ending.kind is PropertyKind.EVENTUALLY:
        if ending.is_endless:
            return f"{ending.property}: violated by a run that goes on for ever"
        return f"{ending.property}: violated {count}, after which no fair run goes on"
    if verdict in (Verdict.VIOLATED, Verdict.REACHED):
        return f"{ending.property}: {verdict.value} {count}"
    return f"{ending.property}: {verdict.value}"


def loop_words(loop: Loop) -> str:
    """What repeats for ever, in a few words without a full stop."""
    if loop.rests:
        return "Nothing more happens, for ever"
    if loop.first == loop.last:
        return f"Step {loop.first} repeats for ever"
    return f"Steps {loop.first} to {loop.last} repeat for ever"


def notes(ending: Ending) -> list[str]:
    """What a verdict is not to be read without."""
    found = [f"Fairness assumed: {ending.fairness}."] if ending.fairness else []
    return found + ([f"Assumption: {ending.assumption}"] if ending.assumption else [])


def ending_lines(telling: Telling, look: Look, *, title: bool = True) -> list[Line]:
    """The end of a ladder: verdict (unless without `title`), the property in words, its clauses, the false ones marked."""
    ending = telling.ending
    if ending is None:
        return []
    style = {Verdict.VIOLATED: Style.BAD, Verdict.REACHED: Style.GOOD}.get(ending.verdict or Verdict.UNKNOWN, Style.STRONG)
    found = _paragraph(headline(ending, len(telling.steps)), look, 0, style) if title else []
    if ending.sentence:
        found += _paragraph(ending.sentence, look, 2)
    if ending.clauses:
        found += _paragraph(f"{ending.where[0].upper()}{ending.where[1:]}:", look, 2)
    for clause in ending.clauses:
        mark = look.glyphs.true if clause.holds else look.glyphs.false
        lines = _paragraph(clause.words, look, 4 + len(mark) + 2)
        lines[0].put(4, mark, Style.GOOD if clause.holds else Style.BAD)
        found += lines
        if clause.values:
            values = ", ".join(f"{name} = {value}" for name, value in clause.values)
            found += _paragraph(f"where {values}", look, 4 + len(mark) + 4, Style.DIM)
    for note in notes(ending):
        found += _paragraph(note, look, 2, Style.DIM)
    return found


def _paragraph(text: str, look: Look, indent: int, style: Style = Style.PLAIN) -> list[Line]:
    return [Line(look.width).put(indent, part, style) for part in look.wrap(text, look.width - indent)]
