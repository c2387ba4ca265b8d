"""Frame: where the columns of a ladder stand, and how an arrow is fitted between two of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..traces.telling import Telling
from .look import Line, Look, Style

__all__ = ["Frame", "Piece", "fit"]

ROOM_FOR_ARROWS = 36  # columns between the two rails that labels beyond them must leave


@dataclass(frozen=True)
class Frame:
    """Columns of a ladder: numbers at the left, then one *rail* per actor.

    `outside`: two actors with their labels beyond the rails, at the edges (`label_width` columns each); otherwise labels
    stand on lines of their own. `first` and `last` are the columns between which texts and arrows stand.
    """

    width: int
    rails: tuple[int, ...]
    outside: bool
    label_width: int
    number_width: int
    first: int
    last: int

    @classmethod
    def of(cls, telling: Telling, look: Look) -> Frame:
        """The frame for a telling: labels at the edges if that leaves room for arrows."""
        numbers = max(2, len(str(len(telling.steps)))) + 1
        labels = {*telling.actors, *telling.labels, *(label for step in telling.steps for label in step.labels)}
        widest = max(map(len, labels), default=0)
        count = len(telling.actors)
        if count == 2 and look.width - numbers - 2 * (widest + 2) >= ROOM_FOR_ARROWS:
            left, right = numbers + widest + 1, look.width - widest - 2
            return cls(look.width, (left, right), True, widest, numbers, left + 1, right - 1)
        if count < 2:
            rails = (numbers,) * count
            return cls(look.width, rails, False, widest, numbers, numbers + count, look.width - 1)
        span = look.width - 1 - numbers
        rails = tuple(numbers + span * i // (count - 1) for i in range(count))
        return cls(look.width, rails, False, widest, numbers, rails[0] + 1, rails[-1] - 1)

    @property
    def room(self) -> int:
        """Columns between the outermost rails."""
        return self.last - self.first + 1

    def line(self, look: Look) -> Line:
        """A line with nothing but the rails."""
        line = Line(self.width)
        for rail in self.rails:
            line.put(rail, look.glyphs.rail, Style.DIM)
        return line

    def place(self, line: Line, actor: int, text: str, style: Style) -> None:
        """Write an actor's label (or name) where it belongs."""
        rail, size = self.rails[actor], len(text)
        if self.outside:
            line.put(rail - 1 - size if actor == 0 else rail + 2, text, style)
        elif len(self.rails) == 1:
            line.put(rail, text, style)
        else:
            start = rail - round(size * actor / (len(self.rails) - 1))
            line.put(min(max(start, self.number_width), self.width - size), text, style)


@dataclass(frozen=True)
class Piece:
    """A part of an arrow. A `fill` is repeated as often as there is room, but at least `least` times."""

    text: str
    style: Style = Style.PLAIN
    fill: bool = False
    least: int = 1


def fit(pieces: Sequence[Piece], room: int, *, leftwards: bool) -> list[Piece] | None:
    """The pieces stretched to exactly `room` columns, from left to right; None if they do not fit.

    They are given as for an arrow to the right.
    """
    spare = room - sum(piece.least if piece.fill else len(piece.text) for piece in pieces)
    fills = sum(piece.fill for piece in pieces)
    if spare < 0 or (spare and not fills):
        return None
    stretched = []
    for piece in pieces:
        if piece.fill:
            more = spare // fills
            spare, fills = spare - more, fills - 1
            piece = Piece(piece.text * (piece.least + more), piece.style)
        stretched.append(piece)
    return stretched[::-1] if leftwards else stretched
