"""Mermaid: a trace as a `sequenceDiagram`, in the oldest syntax that all renderers understand.

Some of them refuse diagrams of more than 5,000 characters, so what does not fit is left out and said to be: first steps that
change no state, then steps in the middle.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from ..traces.telling import Fate, Flight, Telling, ToldStep
from .ending import headline, loop_words

__all__ = ["LIMIT", "render_mermaid"]

LIMIT = 5_000  # characters; the least of the limits in use
NOTE_WIDTH = 32
# what would end a message, begin an entity or be taken for markup
_ESCAPED = {"#": "#35;", ";": "#59;", "<": "#60;", ">": "#62;", "\\": "#92;"}
# words that mean something to a parser of sequence diagrams; as identifiers they would be misread
_RESERVED = frozenset({
    "activate", "actor", "alt", "and", "as", "autonumber", "box", "break", "create", "critical", "deactivate", "destroy",
    "else", "end", "left", "link", "links", "loop", "note", "of", "off", "opt", "option", "over", "par", "participant",
    "properties", "rect", "right", "sequencediagram", "title",
})  # fmt: skip


def render_mermaid(telling: Telling, *, limit: int = LIMIT) -> str:
    """The diagram, without a fence, of fewer than `limit` characters where that is possible. Ends with a newline."""
    diagram = _Diagram(telling)
    numbers = [step.number for step in telling.steps]
    text = diagram.text(set())
    if len(text) < limit:
        return text
    quiet = {step.number for step in telling.steps[:-1] if not any(step.relabelled)}
    text = diagram.text(quiet)
    left = [number for number in numbers if number not in quiet]
    # from the middle outwards: the beginning and the end of a story say most
    for number in sorted(left[1:-1], key=lambda n: abs(2 * n - len(numbers))):
        if len(text) < limit:
            break
        quiet.add(number)
        text = diagram.text(quiet)
    return text


class _Diagram:
    def __init__(self, telling: Telling) -> None:
        self.telling = telling
        actors = telling.actors or ("system",)
        self.ids = {actor: _identifier(actor, i) for i, actor in enumerate(actors)}
        self.all = ",".join(dict.fromkeys((self.ids[actors[0]], self.ids[actors[-1]])))

    def text(self, left_out: set[int]) -> str:
        """The diagram without the steps of these numbers."""
        lines = [f"participant {i}" + (f" as {escape(actor)}" if i != actor else "") for actor, i in self.ids.items()]
        lines += [
            self._note(self.ids[actor], label)
            for actor, label in zip(self.telling.actors, self.telling.labels, strict=True)
            if label
        ]
        for i in self.telling.at_start:
            flight = self.telling.flights[i]
            lines.append(self._note(self.all, f"on its way to {flight.receiver}: {flight.text}"))
        lines += self._loop_after(0)
        gap: list[int] = []
        for step in self.telling.steps:
            if step.number in left_out:
                gap.append(step.number)
            else:
                lines += [*self._gap(gap), *self._step(step)]
                gap = []
            loop = self._loop_after(step.number)
            if loop:
                lines += [*self._gap(gap), *loop]
                gap = []
        lines += self._gap(gap)
        if self.telling.ending:
            lines.append(self._note(self.all, headline(self.telling.ending, len(self.telling.steps))))
        return "\n".join(["sequenceDiagram", *(f"    {line}" for line in lines)]) + "\n"

    def _gap(self, numbers: Sequence[int]) -> list[str]:
        if not numbers:
            return []
        which = f"step {numbers[0]}" if len(numbers) == 1 else f"steps {numbers[0]} to {numbers[-1]}"
        return [self._note(self.all, f"({which} left out here)")]

    def _loop_after(self, number: int) -> list[str]:
        loop = self.telling.loop
        if loop is None:
            return []
        if number == loop.first - 1:
            return [self._note(self.all, loop_words(loop))] if loop.rests else ["loop for ever"]
        return ["end"] if number == loop.last else []

    def _note(self, where: str, text: str) -> str:
        parts = textwrap.wrap(text, NOTE_WIDTH, break_on_hyphens=False) or [" "]
        return f"Note over {where}: " + "<br/>".join(escape(part) for part in parts)

    def _step(self, step: ToldStep) -> list[str]:
        arrows = self._arrows(step)
        lines = arrows or [self._note(self.ids.get(step.actor, self.all), f"{step.number}. {step.sentence}")]
        for actor, label, changed in zip(self.telling.actors, step.labels, step.relabelled, strict=True):
            if changed:
                lines.append(self._note(self.ids[actor], label))
        return lines

    def _arrows(self, step: ToldStep) -> list[str]:
        flights = [self.telling.flights[i] for i in (*step.delivered, *step.lost)]
        lines = [self._arrow(step.number, flight, "arrives") for flight in flights]
        for i in step.copied:
            lines.append(self._note(self.all, f"{step.number}. copied: {self.telling.flights[i].text}"))
        for i in step.sent:
            flight = self.telling.flights[i]
            if flight.by:
                lines.append(self._note(self.all, f"{step.number}. {flight.by}: {flight.text} to {flight.receiver}"))
            elif not flight.is_prompt:
                lines.append(self._arrow(step.number, flight, "leaves"))
        return lines

    def _arrow(self, number: int, flight: Flight, end: str) -> str:
        if flight.sender not in self.ids or flight.receiver not in self.ids:
            return self._note(self.all, f"{number}. {flight.sender} to {flight.receiver}: {flight.text}")
        if end == "leaves":
            arrow = "-x" if flight.fate is Fate.DROPPED else "-)"
            remark = {
                Fate.DROPPED: " (dropped: no room)",
                Fate.DELIVERED: f" (arrives in step {flight.ended})",
                Fate.LOST: f" (lost in step {flight.ended})",
                Fate.IN_FLIGHT: " (still on its way)",
            }[flight.fate]
        else:
            lost = flight.fate is Fate.LOST
            arrow = "-x" if lost else "->>" if flight.is_prompt else "-->>"
            remarks = [] if flight.is_prompt else [_since(flight)]
            remarks += ["lost"] if lost else []
            remark = f" ({', '.join(remarks)})" if remarks else ""
        return f"{self.ids[flight.sender]}{arrow}{self.ids[flight.receiver]}: {number}. {escape(flight.text + remark)}"


def _since(flight: Flight) -> str:
    if flight.copied is not None:
        return f"copied in step {flight.copied}"
    return "there from the start" if flight.sent is None else f"sent in step {flight.sent}"


def _identifier(actor: str, position: int) -> str:
    """The actor's name if a parser cannot misread it, else one made of its position."""
    return actor if re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", actor) and actor.lower() not in _RESERVED else f"p{position + 1}"


def escape(text: str) -> str:
    """The text as a message or note may hold it: one line, markup and separators as entities."""
    return "".join(_ESCAPED.get(c, c if c.isprintable() else " ") for c in " ".join(text.split()))
