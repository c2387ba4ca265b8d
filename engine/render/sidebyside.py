"""Side by side: two ladders next to each other, equal steps on equal lines; one below the other where they do not fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from ..traces.telling import Telling, ToldStep
from .ending import ending_lines
from .frame import Frame
from .ladder import Detail, blocks, render_ladder
from .look import PLAIN, Line, Look, Style

__all__ = ["Column", "render_side_by_side"]

GAP = 4  # columns between the two
LONG = 24  # steps from which on a ladder of half the width is too long to read


@dataclass(frozen=True)
class Column:
    """One of the two: the model's name, what was found of it in a sentence, and the trace that shows it, if there is one."""

    heading: str
    verdict: str
    telling: Telling | None


def render_side_by_side(left: Column, right: Column, look: Look = PLAIN) -> str:
    """Two short ladders beside each other if both fit, else one below the other at full width. Ends with a newline."""
    half = Look((look.width - GAP) // 2, look.unicode, look.colour)
    if left.telling and right.telling and _fits(left.telling, half) and _fits(right.telling, half):
        return _beside(left, right, left.telling, right.telling, look, half)
    return f"{_alone(left, look)}\n{_alone(right, look)}"


def _fits(telling: Telling, look: Look) -> bool:
    """Whether a ladder can be read at this width: labels beside each other, and messages in one piece."""
    frame = Frame.of(telling, look)
    across = len(telling.actors) * (frame.label_width + 1) - 1
    widest = max((len(flight.text) for flight in telling.flights), default=0)
    return across <= frame.room + 2 and widest <= frame.room - 2 and len(telling.steps) <= LONG


def _alone(column: Column, look: Look) -> str:
    lines = _heading(column, look)
    text = "".join(line.text(look) + "\n" for line in lines)
    return text + ("\n" + render_ladder(column.telling, look) if column.telling else "")


def _heading(column: Column, look: Look) -> list[Line]:
    heading = look.wrap(column.heading, look.width)
    lines = [Line(look.width).put(0, part, Style.STRONG) for part in heading]
    lines.append(Line(look.width).put(0, look.glyphs.rule * max(map(len, heading))))
    return lines + [Line(look.width).put(0, part) for part in look.wrap(column.verdict, look.width) if part]


def _beside(left: Column, right: Column, one: Telling, other: Telling, look: Look, half: Look) -> str:
    sides = _Side(left, one, half), _Side(right, other, half)
    _level(sides)
    parted = False
    for i, j in _aligned(one, other):
        same = i is not None and j is not None and one.steps[i].labels == other.steps[j].labels
        if not same and not parted:
            parted = True
            if i or j:
                _level(sides)
                for side in sides:
                    side.part()
        if not any(side.is_over for side in sides):
            _level(sides)
        for side, step in zip(sides, (i, j), strict=True):
            if step is not None:
                side.step(step)
    rows = []
    for i in range(max(len(side.lines) for side in sides)):
        row = Line(look.width)
        for at, side in zip((0, half.width + GAP), sides, strict=True):
            if i < len(side.lines):
                row.paste(at, side.lines[i])
        rows.append(row)
    return "".join(row.text(look) + "\n" for row in rows)


class _Side:
    """The lines of one of the two, as they grow; beneath its last step stands its ending."""

    def __init__(self, column: Column, telling: Telling, look: Look) -> None:
        self.telling, self.look, self.verdict = telling, look, column.verdict
        head, *self.steps = blocks(telling, look, detail=Detail.SENTENCES)
        self.lines = _heading(column, look)
        self.head: list[Line] | None = [Line(look.width), *head]
        self.is_over = False
        self.rails = Frame.of(telling, look).line(look)

    def pad(self, height: int) -> None:
        """Rails (beneath the heading: nothing) down to a common height."""
        filler = Line(self.look.width) if self.head else self.rails
        self.lines += [filler] * (height - len(self.lines))
        if self.head:
            self.lines, self.head = self.lines + self.head, None
            self._maybe_end(-1)

    def part(self) -> None:
        """A rule across the ladder: here the two part."""
        text = " from here on they differ "
        line = Line(self.look.width).put(0, text.center(self.look.width, self.look.glyphs.rule), Style.STRONG)
        if not self.is_over:
            self.lines += [line, self.rails]

    def step(self, position: int) -> None:
        """The next step."""
        self.lines += self.steps[position]
        self._maybe_end(position)

    def _maybe_end(self, position: int) -> None:
        if position == len(self.steps) - 1:
            self.is_over = True
            self.lines[-1] = Line(self.look.width)
            ending = self.telling.ending
            self.lines += ending_lines(self.telling, self.look, title=not ending or ending.property not in self.verdict)


def _level(sides: tuple[_Side, _Side]) -> None:
    for _ in range(2):  # first the headings, then what follows them
        height = max(len(side.lines) for side in sides)
        for side in sides:
            side.pad(height)


def _aligned(one: Telling, other: Telling) -> Iterator[tuple[int | None, int | None]]:
    """Positions of steps that belong on one line: the same action on the same message, in both orders."""
    keys = [_key(one, step) for step in one.steps], [_key(other, step) for step in other.steps]
    for tag, a, b, c, d in SequenceMatcher(None, *keys, autojunk=False).get_opcodes():
        both = min(b - a, d - c) if tag in ("equal", "replace") else 0
        yield from ((a + i, c + i) for i in range(both))
        yield from ((i, None) for i in range(a + both, b))
        yield from ((None, i) for i in range(c + both, d))


def _key(telling: Telling, step: ToldStep) -> tuple[str, ...]:
    concerned = (*step.delivered, *step.lost, *step.copied)
    return (step.action, *(telling.flights[i].text for i in concerned))
