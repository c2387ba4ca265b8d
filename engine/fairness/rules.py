"""Fairness, read from one state or one transition: what is enabled, taken, sent, delivered, in flight and refused.

A delivery is an action of kind SEGMENT_ARRIVES that takes the message. An action with a weak tag that lacks only room in a
channel with compassion (its guard has the conjunct `~is_full(channel)`) is *refused*: it may be tried in vain without a step
being seen, which counts as taken and as sent. Otherwise whatever keeps a channel full would excuse the sender.

Sets of weakly fair actions, and of message values, are bit masks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from ..compile import Compiled
from ..errors import LanguageError, did_you_mean
from ..expr import any_of, is_full, negate
from ..property import Fairness, Response
from ..search.budget import Budget
from ..search.explore import Exploration
from ..sorts import Record
from ..system import Action, Kind, System

__all__ = ["REFUSED", "Edge", "Rules", "check_response"]

AROUND = (Kind.NETWORK, Kind.ENVIRONMENT, Kind.CLOCK)  # what no endpoint does
REFUSED = -1  # the label of an action that is tried in vain


class Edge(NamedTuple):
    """A transition that may repeat, or a refused action. Masks are over the actions and message values of `Rules`."""

    source: int
    label: int
    target: int
    action: int  # weakly fair action taken
    sent: int  # values sent into a channel with compassion
    delivered: int
    sends: bool  # an endpoint sends something


class Rules:
    """What fairness says of one state or transition, as bit masks over the weakly fair actions and the message values."""

    def __init__(self, exploration: Exploration, fairness: Fairness, without: frozenset[Kind], budget: Budget) -> None:
        system, self.unit = exploration.system, exploration.unit
        self.layout, self.budget = self.unit.layout, budget
        _check_channels(system, fairness)
        weak = [i for i, a in enumerate(system.actions) if a.tags & (fairness.weak | fairness.recurring)]
        self.weak = {action: 1 << bit for bit, action in enumerate(weak)}
        self.recurring = sum(bit for i, bit in self.weak.items() if system.actions[i].tags & fairness.recurring)
        self.values: dict[tuple[str, int], int] = {}  # (channel, what an element says) -> bit
        self.masks = {name: _told(system.channel_element(name)) for name in fairness.compassion | fairness.delivery}
        self.compassion = [c.variable if c.variable in fairness.compassion else "" for c in system.channels]
        self.delivery = sorted(fairness.delivery)
        self.repeats = [action.kind not in without for action in system.actions]
        self.endpoint = [action.kind not in AROUND for action in system.actions]
        self.speaks = [bool(action.sends) and action.kind is not Kind.NETWORK for action in system.actions]
        self.takes = [self._taken(action) for action in system.actions]
        may_wait = [i for i, bit in self.weak.items() if self.repeats[i] and not bit & self.recurring]
        vain = [(self.weak[i], _in_vain(system, system.actions[i], fairness)) for i in may_wait]
        refused = [(bit, action) for bit, action in vain if action is not None]
        self.vain_bits = [bit for bit, _ in refused]
        self.vain = Compiled(replace(system, actions=tuple(action for _, action in refused)))

    def _taken(self, action: Action) -> tuple[str, int] | None:
        """The channel from which an action delivers, and where in a label the element begins."""
        shift = 0
        for p in reversed(action.params):
            if p.channel is not None and p.channel == action.takes and action.kind is Kind.SEGMENT_ARRIVES:
                return (p.channel, shift) if p.channel in self.masks else None
            shift += p.sort.width
        return None

    def value(self, channel: str, element: int) -> int:
        """The bit of a message value."""
        key = channel, element & self.masks[channel]
        if key not in self.values:
            self.values[key] = 1 << len(self.values)
        return self.values[key]

    def least(self, values: int) -> int:
        """The bit of the first of some values by channel and encoding, whichever was numbered first."""
        return min((key, bit) for key, bit in self.values.items() if bit & values)[1]

    def refused(self, state: int) -> list[tuple[int, int]]:
        """The weakly fair actions that are refused in a state: (bit of the action, values that it tries to send)."""
        if not self.vain_bits:
            return []
        out: list[tuple[int, int, int]] = []
        self.vain.successors(state, out, [])
        shift = self.vain.layout.param_bits
        return [(self.vain_bits[label >> shift], self._told(self.vain.sends(state, label))) for label, _, _ in sorted(out)]

    def _told(self, messages: list[tuple[int, int]]) -> int:
        """The values, of those sent, that compassion is about."""
        mask = 0
        for channel, element in messages:
            if name := self.compassion[channel]:
                mask |= self.value(name, element)
        return mask

    def enabled(self, state: int, labels: Iterable[int]) -> tuple[int, int]:
        """The weakly fair actions that are enabled or refused in a state, and those tried in vain that send nothing new.

        `labels` are those of the state's transitions. What is tried without obliging the network to anything is no obstacle to
        resting.
        """
        enabled, in_vain = self.recurring, 0  # no state excuses what must recur
        for label in labels:
            enabled |= self.weak.get(label >> self.layout.param_bits, 0)
        for action, sent in self.refused(state):
            enabled |= action
            in_vain |= 0 if sent else action
        return enabled, in_vain

    def edges(
        self, position: int, state: int, ways: Iterable[tuple[int, int]], inside: Callable[[int], bool], banned: int
    ) -> Iterator[Edge]:
        """The transitions of a state that may repeat, lead `inside` and send no banned value; and what is refused there.

        `ways` are all its transitions: (label, position of the target).
        """
        for label, target in ways:
            action = label >> self.layout.param_bits
            if inside(target) and self.repeats[action]:
                sent, sends = self.sent(state, label)
                if not sent & banned:
                    yield Edge(position, label, target, self.weak.get(action, 0), sent, self.delivered(label), sends)
        for weak, sent in self.refused(state):
            if not sent & banned:
                yield Edge(position, REFUSED, position, weak, sent, 0, False)

    def sent(self, state: int, label: int) -> tuple[int, bool]:
        """The values that a transition out of a packed state sends, and whether an endpoint sends anything."""
        action = label >> self.layout.param_bits
        if not self.speaks[action]:
            return 0, False
        messages = self.unit.sends(state, label)
        return self._told(messages), bool(messages) and self.endpoint[action]

    def delivered(self, label: int) -> int:
        """The value that a transition delivers."""
        taken = self.takes[label >> self.layout.param_bits]
        return 0 if taken is None else self.value(taken[0], label >> taken[1] & self.masks[taken[0]])

    def in_flight(self, state: int) -> int:
        """The values in channels that deliver all."""
        mask = 0
        for channel in self.delivery:
            for place in self.layout.places[channel]:
                if slot := state >> place.offset & place.mask:
                    mask |= self.value(channel, slot >> 1)
        return mask


def check_response(system: System, response: Response) -> None:
    """Raise LanguageError unless a response speaks of this system."""
    for name, part in (("trigger", response.trigger), ("goal", response.goal), ("meanwhile", response.meanwhile)):
        system.check_expr(part, f"the {name} of a response")


def _check_channels(system: System, fairness: Fairness) -> None:
    known = [channel.variable for channel in system.channels]
    for name in sorted(fairness.compassion | fairness.delivery):
        if name not in known:
            raise LanguageError(f"fairness speaks of the channel {name!r}; {did_you_mean(name, known)}")


def _in_vain(system: System, action: Action, fairness: Fairness) -> Action | None:
    """The action as it is refused: where it lacks only room in a channel with compassion; it then changes nothing."""
    room = {negate(full): full for full in (is_full(system.by_name[name].expr) for name in fairness.compassion)}
    if not any(conjunct in room for conjunct in action.guard):
        return None
    wanted = [conjunct for conjunct in action.guard if conjunct not in room]
    full = [room[conjunct] for conjunct in action.guard if conjunct in room]
    return replace(action, guard=(*wanted, *(need for _, need in action.needs), any_of(*full)), effects=(), needs=(), events=())


def _told(element: Record) -> int:
    """Mask of the bits of an encoded element that a message says."""
    mask = 0
    for (name, sort), offset in zip(element.fields, element.offsets, strict=True):
        if name not in element.unspoken:
            mask |= ((1 << sort.width) - 1) << offset
    return mask
