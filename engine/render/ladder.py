"""The ladder: a trace in the terminal, one column per actor, time running down, messages as arrows between the columns.

A message that arrives in the very next step is one arrow. One that does not is drawn twice: where it leaves (`► ··· arrives in
step 9`) and where it arrives (`sent in step 3 ··· ──►`), as the figures of RFC 9293 do. A lost one ends in a cross.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import IntEnum

from ..traces.telling import Change, Fate, Flight, Telling, ToldStep
from .ending import ending_lines, loop_words
from .frame import Frame, Piece, fit
from .look import GLUE, PLAIN, Line, Look, Style

__all__ = ["Detail", "blocks", "render_ladder"]


MARGIN = 6  # dots and spaces about a text in the middle


class Detail(IntEnum):
    """How much is written beneath the arrows of a step; each includes those before.

    BRIEF is a line for each step: its arrow, or where it has none the first words of its sentence.
    """

    BRIEF = -1
    ARROWS = 0
    SENTENCES = 1
    CLAUSES = 2
    CHANGES = 3


def render_ladder(telling: Telling, look: Look = PLAIN, *, heading: str = "", detail: Detail = Detail.CHANGES) -> str:
    """The ladder, and what the trace decides. Ends with a newline."""
    lines = [Line(look.width).put(0, text, Style.STRONG) for text in look.wrap(heading, look.width)] if heading else []
    drawn = [line for block in blocks(telling, look, detail=detail) for line in block]
    lines += drawn if detail is Detail.BRIEF else drawn[:-1]
    if telling.ending:
        lines += [Line(look.width), *ending_lines(telling, look)]
    return "".join(line.text(look) + "\n" for line in lines)


def blocks(telling: Telling, look: Look, *, detail: Detail = Detail.CHANGES) -> list[list[Line]]:
    """The lines of a ladder in groups: the head, then one group per step, each with a line of bare rails at its end."""
    ladder = _Ladder(telling, look, detail)
    return [ladder.head(), *(ladder.step(step) for step in telling.steps)]


class _Ladder:
    def __init__(self, telling: Telling, look: Look, detail: Detail) -> None:
        self.telling, self.look, self.detail = telling, look, detail
        self.glyphs = look.glyphs
        self.frame = Frame.of(telling, look)
        self.actor = {name: i for i, name in enumerate(telling.actors)}

    # -- groups of lines -----------------------------------------------------------------------------------------
    def head(self) -> list[Line]:
        """Names, the labels at the start, and what is in flight there."""
        names = Line(self.frame.width)
        for i, actor in enumerate(self.telling.actors):
            self.frame.place(names, i, actor, Style.STRONG)
        lines = [names] if self.telling.actors else []
        if any(self.telling.labels):
            start = self._line() if self.frame.outside else Line(self.frame.width)
            self._label(start, self.telling.labels, ())
            lines.append(start)
        for i in self.telling.at_start:
            flight = self.telling.flights[i]
            lines += self._remark(f"on its way to {flight.receiver}: {flight.text}", _destiny(flight))
        lines.append(self._line())
        return lines + self._loop_after(0)

    def step(self, step: ToldStep) -> list[Line]:
        """The arrows of a step, then what happened."""
        arrows = self._arrows(step)
        texts = self._texts(step, drawn=bool(arrows))
        labels_beneath = any(step.relabelled) and not self.frame.outside
        if not arrows and (not texts or labels_beneath):
            arrows = [self._line()]
        first = (arrows or texts)[0].put(0, str(step.number).rjust(self.frame.number_width - 1), Style.STRONG)
        for rail, changed in zip(self.frame.rails, step.relabelled, strict=False):
            if changed:
                first.put(rail, self.glyphs.changed, Style.STRONG)
        if self.frame.outside:
            self._label(first, step.labels, step.relabelled)
        elif labels_beneath:
            arrows.append(self._label(Line(self.frame.width), step.labels, step.relabelled))
        lines = arrows + texts
        if self.detail > Detail.BRIEF:
            lines.append(self._line())
        return lines + self._loop_after(step.number)

    def _line(self) -> Line:
        return self.frame.line(self.look)

    def _label(self, line: Line, labels: Sequence[str], changed: Sequence[bool]) -> Line:
        for i, label in enumerate(labels):
            self.frame.place(line, i, label, Style.STRONG if changed and changed[i] else Style.PLAIN)
        return line

    # -- texts ---------------------------------------------------------------------------------------------------
    def _texts(self, step: ToldStep, *, drawn: bool) -> list[Line]:
        if self.detail is Detail.BRIEF and not drawn:
            return [self._line().put(self.frame.first + 1, text, Style.DIM) for text in self._first_words(step.sentence)]
        if self.detail < Detail.SENTENCES:
            return []
        note = " · ".join(part for part in (step.clause, step.choice) if part)
        tail = " " + f"[{note}]".replace(" ", GLUE) if note and self.detail >= Detail.CLAUSES else ""
        lines = [
            self._line().put(self.frame.first + 1, text)
            for text in self.look.wrap(step.sentence + tail, self.frame.room - 2)
        ]
        if step.changes and self.detail >= Detail.CHANGES:
            for text in self.look.wrap(self._changes(step.changes), self.frame.room - 4, "  "):
                lines.append(self._line().put(self.frame.first + 3, text, Style.DIM))
        return lines

    def _first_words(self, sentence: str) -> list[str]:
        """What happens, without why: the sentence as far as its first colon, semicolon or full stop."""
        return self.look.wrap(re.split(r"[:;.](?: |$)", sentence, maxsplit=1)[0], self.frame.room - 2)

    def _changes(self, changes: Iterable[Change]) -> str:
        owners: dict[str, list[str]] = {}
        for change in changes:
            text = f"{change.name} {change.before}{self.glyphs.to}{change.after}"
            owners.setdefault(change.owner, []).append(text.replace(" ", GLUE))
        return "; ".join((f"{owner}: " if owner else "") + ", ".join(found) for owner, found in owners.items())

    def _centred(self, text: str, style: Style = Style.PLAIN) -> list[Line]:
        dots = Piece(self.glyphs.dots[0], Style.DIM, fill=True, least=2)
        found = []
        for part in self.look.wrap(text, self.frame.room - MARGIN):
            line = self._line()
            self._draw(line, self.frame.first, fit([dots, Piece(f" {part} ", style), dots], self.frame.room, leftwards=False))
            found.append(line)
        return found

    def _loop_after(self, number: int) -> list[Line]:
        """What is to be said of the loop after the step of this number (0: before the first)."""
        loop = self.telling.loop
        if loop is None:
            return []
        found = []
        if number == loop.first - 1:
            found = self._centred(loop_words(loop), Style.STRONG)
        elif number == loop.last:
            found = self._centred(f"And so on, from step {loop.first} again", Style.STRONG)
        return [*found, self._line()] if found else []

    # -- arrows --------------------------------------------------------------------------------------------------
    def _arrows(self, step: ToldStep) -> list[Line]:
        flights = self.telling.flights
        lines: list[Line] = []
        for i in step.delivered:
            lines += self._arrival(flights[i])
        for i in step.lost:
            lines += self._loss(flights[i])
        for i in step.copied:
            fates = [f"copy: {fate}" if fate else "" for fate in _destiny(flights[i])]
            lines += self._remark(f"copied: {flights[i].text}", fates)
        for i in step.sent:
            if flights[i].by:
                text = f"{flights[i].by}: {flights[i].text} to {flights[i].receiver}"
                lines += self._remark(text, _destiny(flights[i]))
            elif not flights[i].is_prompt:
                lines += self._departure(flights[i])
        return lines

    def _arrival(self, flight: Flight) -> list[Line]:
        body, head = self._body(flight), Piece(self.glyphs.head_right, Style.ARROW)
        if flight.is_prompt:
            return self._arrow(flight, [[*body, head]], leaves=True)
        return self._arrow(flight, [[*self._from(note), *body, head] for note in _origin(flight)])

    def _loss(self, flight: Flight) -> list[Line]:
        end = [Piece(self.glyphs.cross, Style.LOST), Piece(" lost ", Style.LOST)]
        body = self._body(flight)
        if flight.is_prompt:
            return self._arrow(flight, [[*body, *end, Piece(" " * 4)], [*body, *end]], leaves=True)
        return self._arrow(flight, [[*self._from(note), *body, *end] for note in _origin(flight)])

    def _departure(self, flight: Flight) -> list[Line]:
        body = self._body(flight)
        if flight.fate is Fate.DROPPED:
            cross = Piece(self.glyphs.cross, Style.LOST)
            notes = [" dropped: no room ", " no room ", " "]
            return self._arrow(flight, [[*body, cross, Piece(note, Style.LOST)] for note in notes], leaves=True)
        head = Piece(self.glyphs.head_right, Style.ARROW)
        return self._arrow(flight, [[*body, head, *self._to(note)] for note in _destiny(flight)], leaves=True)

    def _body(self, flight: Flight) -> list[Piece]:
        shaft = Piece(self.glyphs.shaft, Style.ARROW, fill=True)
        return [shaft, Piece(f" {self.look.text(flight.text)} ", Style.STRONG), shaft]

    def _from(self, note: str) -> list[Piece]:
        return [Piece(f" {note} {self.glyphs.dots} " if note else f" {self.glyphs.dots} ", Style.DIM)]

    def _to(self, note: str) -> list[Piece]:
        return [Piece(f" {self.glyphs.dots} {note} " if note else f" {self.glyphs.dots} ", Style.DIM)]

    def _arrow(self, flight: Flight, variants: Sequence[Sequence[Piece]], *, leaves: bool = False) -> list[Line]:
        """The first variant that fits; if none does, the message stands above an arrow without text."""
        if flight.sender not in self.actor or flight.receiver not in self.actor or flight.sender == flight.receiver:
            return self._remark(f"{flight.sender} to {flight.receiver}: {flight.text}")
        start, end = self.frame.rails[self.actor[flight.sender]], self.frame.rails[self.actor[flight.receiver]]
        leftwards = end < start
        left, room = min(start, end) + 1, abs(end - start) - 1
        for above in (False, True):
            for variant in variants:
                pieces = [piece for piece in variant if piece.style is not Style.STRONG] if above else list(variant)
                fitted = fit([_turned(piece, self.look, leftwards) for piece in pieces], room, leftwards=leftwards)
                if fitted is not None:
                    line = self._line()
                    self._draw(line, left, fitted)
                    if leaves:
                        line.put(start, self.glyphs.leaves_left if leftwards else self.glyphs.leaves_right, Style.DIM)
                    return [line, *self._beneath(flight, left, room)] if above else [line]
        return self._remark(f"{flight.sender} to {flight.receiver}: {flight.text}")

    def _beneath(self, flight: Flight, left: int, room: int) -> list[Line]:
        texts = self.look.wrap(flight.text, room - 2)
        return [self._line().put(left + (room - len(text)) // 2, text, Style.STRONG) for text in texts]

    def _remark(self, text: str, notes: Sequence[str] = ("",)) -> list[Line]:
        """A line about a message that is no arrow, in the middle, with the first note for which it has room."""
        wordings = [f"{text} ({note})" if note else text for note in notes]
        return self._centred(next((w for w in wordings if len(w) <= self.frame.room - MARGIN), wordings[-1]))

    def _draw(self, line: Line, at: int, pieces: Sequence[Piece] | None) -> None:
        for piece in pieces or ():
            line.put(at, piece.text, piece.style)
            at += len(piece.text)


def _turned(piece: Piece, look: Look, leftwards: bool) -> Piece:
    """A piece of an arrow to the left: the head turns round, and a note changes places with its dots."""
    if not leftwards:
        return piece
    glyphs = look.glyphs
    if piece.text == glyphs.head_right:
        return Piece(glyphs.head_left, piece.style)
    if glyphs.dots in piece.text:
        before, _, after = piece.text.partition(glyphs.dots)
        return Piece(after + glyphs.dots + before, piece.style)
    return piece


def _origin(flight: Flight) -> list[str]:
    """Where a message that arrives late comes from, the longest wording first."""
    if flight.copied is not None:
        return [f"copied in step {flight.copied}", f"step {flight.copied}", ""]
    if flight.sent is None:
        return ["there from the start", "from the start", ""]
    if flight.by:
        return [f"from {flight.by}, step {flight.sent}", f"step {flight.sent}", ""]
    return [f"sent in step {flight.sent}", f"step {flight.sent}", ""]


def _destiny(flight: Flight) -> list[str]:
    """What becomes of a message that leaves, the longest wording first."""
    match flight.fate:
        case Fate.DELIVERED:
            return [f"arrives in step {flight.ended}", f"step {flight.ended}", ""]
        case Fate.LOST:
            return [f"lost in step {flight.ended}", f"step {flight.ended}", ""]
        case Fate.IN_FLIGHT:
            return ["still on its way", ""]
        case Fate.DROPPED:
            return [""]
