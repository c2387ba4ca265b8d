"""How a run of the specification is told: a sentence per step, with the incarnations of each end numbered anew.

The state keeps no incarnation numbers (see `history`); a run is finite, so here they can be counted: each choice of
an ISS begins the next incarnation of an end, and what is in flight is followed from its sender (the oldest of equal
copies first).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synproof.engine.evaluate import Transition
from synproof.engine.system import Kind, System
from synproof.engine.traces.trace import Trace

from .segment import AGE, HISTORY

__all__ = ["NEW_ISS", "narrate"]

NEW_ISS = "new-iss"
"""Tag of the actions that choose an ISS."""

FROM_BEFORE, FORGED = -2, -1
"""Who sent a segment, where it was no incarnation of an end: it was there from the start, or an attacker put it there."""

ORDINALS = ("no", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def narrate(trace: Trace) -> list[str]:
    """One sentence per step of the trace."""
    teller = _Teller(trace.system, trace)
    return [teller.tell(step) for step in trace.steps]


def _name(fields: Mapping[str, Any]) -> str:
    """What an engineer calls the segment."""
    if fields["rst_bit"]:
        return "reset"
    if fields["syn_bit"]:
        return "SYN-ACK" if fields["ack_bit"] else "SYN"
    if fields["fin_bit"]:
        return "FIN"
    return "data" if fields["len"] else "ACK" if fields["ack_bit"] else "segment"


class _Teller:
    """Follows incarnations and segments through a run."""

    def __init__(self, system: System, trace: Trace) -> None:
        self.system = system
        self.receiver = {channel.variable: channel.receiver for channel in system.channels}
        self.sender = {channel.variable: channel.sender for channel in system.channels}
        self.now = dict.fromkeys(system.actors, 0)  # each end's incarnation
        self.many = {actor: self._incarnations(trace, actor) > 1 for actor in system.actors}
        self.flying: dict[str, list[tuple[Any, int]]] = {}  # channel -> (segment without history, incarnation)
        for channel in self.sender:
            self.flying[channel] = [(self._key(channel, segment), FROM_BEFORE) for segment in trace.initial[channel]]

    @staticmethod
    def _incarnations(trace: Trace, actor: str) -> int:
        return sum(step.action.actor == actor and NEW_ISS in step.action.tags for step in trace.steps)

    def _fields(self, channel: str, segment: Any) -> dict[str, Any]:
        return self.system.channel_element(channel).as_dict(segment)

    def _key(self, channel: str, segment: Any) -> Any:
        return tuple(value for name, value in self._fields(channel, segment).items() if name not in HISTORY and name != AGE)

    def tell(self, step: Transition) -> str:
        """The sentence for the next step."""
        action, actor = step.action, step.action.actor
        if NEW_ISS in action.tags:
            self.now[actor] += 1
        channel = next((p.channel for p in action.params if p.channel is not None), None)
        if channel is None:
            sentence = action.sentence.replace("The user", f"The {actor}'s user", 1)
        else:
            segment = self._segment(channel, step.message)
            if action.kind is Kind.SEGMENT_ARRIVES:
                sentence = f"The network delivers {segment}. {action.sentence}"
            else:
                sentence = action.sentence.replace("a segment", segment, 1)
            self._update(channel, step)
        for sent_to, element, dropped in step.sent():
            if not dropped:
                self.flying[sent_to].append((self._key(sent_to, element), self.now.get(actor, FORGED)))
        return sentence

    def _update(self, channel: str, step: Transition) -> None:
        key = self._key(channel, step.message)
        entry = (key, self._incarnation(channel, step.message))
        change = len(step.after[channel]) - len(step.before[channel])
        if step.action.takes == channel or change < 0:
            self.flying[channel].remove(entry)
        elif change > 0:
            self.flying[channel].append(entry)

    def _incarnation(self, channel: str, segment: Any) -> int:
        """Which incarnation of its sender sent a segment: the oldest that can have."""
        key, fields = self._key(channel, segment), self._fields(channel, segment)
        possible = [number for k, number in self.flying[channel] if k == key]
        present = [n for n in possible if n == self.now[self.sender[channel]]]
        return min(present if fields["present"] and present else possible)

    def _segment(self, channel: str, segment: Any) -> str:
        fields, sender = self._fields(channel, segment), self.sender[channel]
        name, number = _name(fields), self._incarnation(channel, segment)
        if number == FROM_BEFORE:
            return f"a {name} from before" if name != "data" else "data from before"
        if number == FORGED:
            return f"the forged {name}"
        old = "old " if number < self.now[sender] and not fields["rst_bit"] else ""
        if not self.many[sender] or number == 0:  # 0: a reset sent by an end that has never opened
            return f"the {sender}'s {name}"
        return f"the {old}{name} that the {sender}'s {_ordinal(number)} incarnation sent"


def _ordinal(number: int) -> str:
    return ORDINALS[number] if number < len(ORDINALS) else f"{number}th"

