"""Flights: every message of a trace, followed from where it was sent to where it arrives, is lost, or stays.

A channel is a multiset, so it does not say which of two equal copies a delivery takes: the oldest one goes first. Fields that
are no part of what a message says (`Record.unspoken`) may change while it is on its way; it stays the same message.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum as PyEnum

from ..evaluate import Transition
from ..sorts import Bool, Record, Value
from ..system import Channel, Kind, System
from .trace import Trace

__all__ = ["Fate", "Flight", "Part", "fields_of", "follow", "show_message"]


class Fate(PyEnum):
    """What became of a message."""

    DELIVERED = "delivered"
    LOST = "lost"
    DROPPED = "dropped"  # a full channel did not take it
    IN_FLIGHT = "in flight"  # at the end of the trace


@dataclass(frozen=True)
class Flight:
    """A message on its way from `sender` to `receiver`.

    `sent` is the number of the step that sent it (of a copy: its original), None if it was in the channel at the start;
    `copied` is the step that made this copy, if it is one; `ended` the step where it arrived or was lost. `by` is whoever
    put it there if that is not the sender (an attacker).
    """

    channel: str
    sender: str
    receiver: str
    text: str
    fields: Mapping[str, Value]
    sent: int | None
    fate: Fate = Fate.IN_FLIGHT
    ended: int | None = None
    copied: int | None = None
    by: str = ""

    @property
    def begun(self) -> int:
        """The step since which this copy is on its way (0: from the start)."""
        return self.copied if self.copied is not None else self.sent or 0

    @property
    def is_prompt(self) -> bool:
        """Whether it arrives, or is lost, in the step right after the one that sent it."""
        return self.sent is not None and self.copied is None and self.ended == self.sent + 1 and not self.by


@dataclass(frozen=True)
class Part:
    """What one step does to messages, as positions in the list of flights. `copied` are the new copies."""

    delivered: tuple[int, ...] = ()
    lost: tuple[int, ...] = ()
    copied: tuple[int, ...] = ()
    sent: tuple[int, ...] = ()


def fields_of(sort: Record, value: Value) -> dict[str, Value]:
    """What a message says, without history and without what happens to it on its way."""
    return {name: part for name, part in sort.as_dict(value).items() if name not in sort.unspoken}


def show_message(system: System, sort: Record, value: Value) -> str:
    """A message in one short text: by the system's own hook, else its fields (`REQUEST ballot=1`)."""
    if system.show_message is not None:
        return system.show_message(sort.as_dict(value))
    words = []
    for name, part in fields_of(sort, value).items():
        field_sort = sort.fields[sort.index[name]][1]
        if isinstance(field_sort, Bool):
            words += [name] if part else []
        else:
            words.append(str(part) if isinstance(part, str) else f"{name}={field_sort.show(part)}")
    return " ".join(words) or sort.name


def follow(trace: Trace) -> tuple[tuple[Flight, ...], list[Part]]:
    """All flights of a trace in the order in which they begin, and for each step which of them it concerns."""
    tracker = _Tracker(trace)
    parts = [tracker.step(number, step) for number, step in enumerate(trace.steps, 1)]
    return tuple(tracker.flights), parts


class _Tracker:
    """Which flight each element of each channel is, while the trace is walked."""

    def __init__(self, trace: Trace) -> None:
        self.system = trace.system
        self.channels = {channel.variable: channel for channel in trace.system.channels}
        self.flights: list[Flight] = []
        # per channel the flights in it, oldest first, each with its present value
        self.live: dict[str, list[tuple[int, Value]]] = {name: [] for name in self.channels}
        for name in self.channels:
            for element in trace.initial[name]:
                self._begin(self.channels[name], element, None)

    def step(self, number: int, step: Transition) -> Part:
        """Account for one step."""
        delivered, lost, copied, sent = [], [], [], []
        picked = next(((p.channel, step.params[p.name]) for p in step.action.params if p.channel in self.channels), None)
        if picked:
            name, element = picked
            assert name is not None
            more = step.after[name].count(element) - step.before[name].count(element)
            if step.action.kind is Kind.NETWORK:
                if more < 0:
                    lost.append(self._end(name, element, Fate.LOST, number))
                elif more > 0:
                    copied.append(self._copy(name, element, number))
            elif step.action.takes == name:
                delivered.append(self._end(name, element, Fate.DELIVERED, number))
        if not copied:  # the network's duplication may itself be written as sending
            sent = self._sent(number, step)
        for name in self.channels:
            self._settle(name, step.after[name], number, lost, sent)
        return Part(tuple(delivered), tuple(lost), tuple(copied), tuple(sent))

    def _sent(self, number: int, step: Transition) -> list[int]:
        found = []
        for name, element, dropped in step.sent():
            if name in self.channels:
                channel = self.channels[name]
                by = "" if step.action.actor == channel.sender else step.action.actor
                found.append(self._begin(channel, element, number, by=by))
                if dropped:
                    self._end(name, element, Fate.DROPPED, number, found[-1])
        return found

    def _begin(self, channel: Channel, element: Value, sent: int | None, *, copied: int | None = None, by: str = "") -> int:
        sort = self.system.channel_element(channel.variable)
        text = show_message(self.system, sort, element)
        ends = channel.variable, channel.sender, channel.receiver
        self.flights.append(Flight(*ends, text, fields_of(sort, element), sent, copied=copied, by=by))
        self.live[channel.variable].append((len(self.flights) - 1, element))
        return len(self.flights) - 1

    def _copy(self, name: str, element: Value, number: int) -> int:
        original = self.flights[self._find(name, element)]
        return self._begin(self.channels[name], element, original.sent, copied=number, by=original.by)

    def _find(self, name: str, element: Value) -> int:
        return next(flight for flight, value in self.live[name] if value == element)

    def _end(self, name: str, element: Value, fate: Fate, number: int, flight: int | None = None) -> int:
        if flight is None:
            flight = self._find(name, element)
        self.flights[flight] = replace(self.flights[flight], fate=fate, ended=number)
        self.live[name] = [(f, value) for f, value in self.live[name] if f != flight]
        return flight

    def _settle(self, name: str, after: tuple[Value, ...], number: int, lost: list[int], sent: list[int]) -> None:
        """Make the flights of a channel agree with what the state says is in it.

        A step may rewrite what is unspoken. What is gone without a word (a message whose life is over) is lost; what is
        there without having been sent has been put there by somebody.
        """
        sort = self.system.channel_element(name)
        rest = Counter(after)
        kept: dict[int, Value] = {}
        for flight, value in self.live[name]:
            if rest[value]:
                rest[value] -= 1
                kept[flight] = value
        for flight, value in self.live[name]:
            if flight not in kept:
                seen = fields_of(sort, value)
                same = next((e for e in after if rest[e] and fields_of(sort, e) == seen), None)
                if same is None:
                    self.flights[flight] = replace(self.flights[flight], fate=Fate.LOST, ended=number)
                    lost.append(flight)
                else:
                    rest[same] -= 1
                    kept[flight] = same
        self.live[name] = [(flight, kept[flight]) for flight, _ in self.live[name] if flight in kept]
        for element in rest.elements():
            sent.append(self._begin(self.channels[name], element, number, by="network"))
