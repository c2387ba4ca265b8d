"""Facts: what fairness says of all states and transitions of a region at once, as arrays.

States and edges are numbered within the region: states by their positions, edges by their sources and then in action order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ..bulk import CHUNK, Bulk, label_parameters
from ..graphs.edges import Edges
from .rules import Rules

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Facts", "Pairs", "among", "facts_of", "tally"]

TABLE = 1 << 28  # keys of which a table is made


class Pairs(NamedTuple):
    """A relation: the owner (a state, an edge, a refusal) and what belongs to it (a weakly fair action, a message value)."""

    owner: np.ndarray
    item: np.ndarray


@dataclass(frozen=True)
class Facts:
    """See `rules`: this is the same for a whole region. Weakly fair actions and message values are numbered from 0."""

    states: np.ndarray  # positions
    source: np.ndarray  # of each edge that may repeat and stays in the region
    target: np.ndarray
    taken: Pairs  # edge, weakly fair action
    sent: Pairs  # edge, value sent into a channel with compassion
    delivered: Pairs  # edge, value
    sending: np.ndarray  # edges by which an endpoint sends something
    enabled: Pairs  # state, weakly fair action that is enabled or refused there, or recurs; each once
    flying: Pairs  # state, value in a channel that delivers all; each once
    refused: Pairs  # state, weakly fair action: each refusal
    tried: Pairs  # refusal, value that it tries to send
    in_vain: Pairs  # state, weakly fair action that is refused and would send nothing
    values: list[tuple[str, int]]  # channel and element without history of each value


def facts_of(rules: Rules, edges: Edges, states: np.ndarray) -> Facts:
    """The facts of the region that consists of these states (positions, ascending)."""
    import numpy as np

    place = np.full(len(edges.words), -1, dtype=np.int64)
    place[states] = np.arange(len(states))
    leaving, source = edges.leaving(states)
    actions = edges.labels[leaving] >> rules.layout.param_bits
    weak = _weak_numbers(rules)[actions]
    enabled = Pairs(source[weak >= 0], weak[weak >= 0])
    recurring = [bit.bit_length() - 1 for bit in rules.weak.values() if bit & rules.recurring]
    ever = Pairs(np.repeat(np.arange(len(states)), len(recurring)), np.tile(np.array(recurring, np.int64), len(states)))
    target = place[edges.targets[leaving]]
    stays = (target >= 0) & np.array(rules.repeats)[actions]
    leaving, source, target, actions, weak = (column[stays] for column in (leaving, source, target, actions, weak))

    writer = _Writer(rules, edges.words[states])
    writer.transitions(source, actions, edges.labels[leaving])
    writer.refusals()
    writer.in_flight()
    values = writer.numbered()
    refused = Pairs(_joined(writer.refused_at), _joined(writer.refused_what))
    silent = np.ones(len(refused.owner), dtype=bool)
    silent[values["tried"].owner] = False
    return Facts(
        states=states,
        source=source,
        target=target,
        taken=Pairs(np.flatnonzero(weak >= 0), weak[weak >= 0]),
        sent=values["sent"],
        delivered=values["delivered"],
        sending=_joined(writer.sending),
        enabled=_once(Pairs(*(np.concatenate(parts) for parts in zip(enabled, refused, ever, strict=True)))),
        flying=_once(values["flying"]),
        refused=refused,
        tried=values["tried"],
        in_vain=Pairs(refused.owner[silent], refused.item[silent]),
        values=writer.values,
    )


def _weak_numbers(rules: Rules) -> np.ndarray:
    """For each action its number among the weakly fair ones, or -1."""
    import numpy as np

    numbers = np.full(len(rules.repeats), -1, dtype=np.int64)
    for action, bit in rules.weak.items():
        numbers[action] = bit.bit_length() - 1
    return numbers


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    import numpy as np

    return np.concatenate([np.zeros(0, dtype=np.int64), *parts])


def tally(keys: np.ndarray, top: int) -> tuple[np.ndarray, np.ndarray]:
    """The keys below `top` that occur, ascending, and how often."""
    import numpy as np

    if top <= 8 * len(keys):  # counting is several times as fast as sorting
        counts = np.bincount(keys, minlength=top)
        found = np.flatnonzero(counts)
        return found, counts[found]
    return np.unique(keys, return_counts=True)


def among(keys: np.ndarray, others: np.ndarray, top: int) -> np.ndarray:
    """Which of the keys below `top` are among the others."""
    import numpy as np

    if top > TABLE:
        return np.isin(keys, others)
    table = np.zeros(top, dtype=bool)
    table[others] = True
    found: np.ndarray = table[keys]
    return found


def _once(pairs: Pairs) -> Pairs:
    """The pairs, each once."""
    width = int(pairs.item.max(initial=0)) + 1
    keys, _ = tally(pairs.owner * width + pairs.item, (int(pairs.owner.max(initial=0)) + 1) * width)
    return Pairs(keys // width, keys % width)


class _Writer:
    """Reads messages off states and labels; `found` holds them under what they are to their owners, per channel."""

    def __init__(self, rules: Rules, words: np.ndarray) -> None:
        self.rules, self.words = rules, words
        self.found: dict[tuple[str, str], list[Pairs]] = {}
        self.sending: list[np.ndarray] = []
        self.refused_at: list[np.ndarray] = []
        self.refused_what: list[np.ndarray] = []
        self.values: list[tuple[str, int]] = []

    def note(self, what: str, channel: str, owner: np.ndarray, element: np.ndarray) -> None:
        """Messages: who they belong to, and the elements as they are encoded."""
        self.found.setdefault((what, channel), []).append(Pairs(owner, element & self.rules.masks[channel]))

    def transitions(self, source: np.ndarray, actions: np.ndarray, labels: np.ndarray) -> None:
        """What each transition delivers and sends."""
        import numpy as np

        for number, action in enumerate(self.rules.unit.system.actions):
            mine = np.flatnonzero(actions == number)
            if taken := self.rules.takes[number]:
                self.note("delivered", taken[0], mine, labels[mine] >> taken[1])
            if self.rules.speaks[number]:
                for some in _chunks(mine):
                    bulk = Bulk(self.rules.layout, self.words[source[some]], label_parameters(action, labels[some]))
                    self._messages("sent", number, bulk, some)

    def _messages(self, what: str, number: int, bulk: Bulk, owners: np.ndarray) -> None:
        for send in self.rules.unit.system.actions[number].sends:
            happens = bulk.array(send.when)
            if send.channel in self.rules.compassion:
                self.note(what, send.channel, owners[happens], bulk.array(send.element)[happens])
            if what == "sent" and self.rules.endpoint[number]:
                self.sending.append(owners[happens])

    def refusals(self) -> None:
        """What is refused in each state, and what it would send."""
        import numpy as np

        count = 0
        for action, bit in zip(self.rules.vain.system.actions, self.rules.vain_bits, strict=True):
            number = self.rules.unit.system.action_index[action.name]
            for some in _chunks(np.arange(len(self.words))):
                for rows, bulk in Bulk(self.rules.layout, self.words[some]).instances(action):
                    self.refused_at.append(some[rows])
                    self.refused_what.append(np.full(len(rows), bit.bit_length() - 1))
                    self._messages("tried", number, bulk, np.arange(count, count + len(rows)))
                    count += len(rows)

    def in_flight(self) -> None:
        """What is in flight in each state, in channels that deliver all."""
        import numpy as np

        bulk = Bulk(self.rules.layout, self.words)
        for channel in self.rules.delivery:
            for slot in bulk.slots(channel):
                full = np.flatnonzero(slot)
                self.note("flying", channel, full, slot[full] >> 1)

    def numbered(self) -> dict[str, Pairs]:
        """The relations, with the values numbered in the order of channel and encoding."""
        import numpy as np

        done: dict[str, list[Pairs]] = {"sent": [], "delivered": [], "flying": [], "tried": []}
        for channel in sorted(self.rules.masks):
            here = [(what, pairs) for (what, name), found in self.found.items() if name == channel for pairs in found]
            known = np.unique(_joined([pairs.item for _, pairs in here]))
            for what, pairs in here:
                done[what].append(Pairs(pairs.owner, len(self.values) + np.searchsorted(known, pairs.item)))
            self.values += [(channel, element) for element in known.tolist()]
        return {
            what: Pairs(_joined([pairs.owner for pairs in parts]), _joined([pairs.item for pairs in parts]))
            for what, parts in done.items()
        }


def _chunks(rows: np.ndarray) -> Iterator[np.ndarray]:
    return (rows[at : at + CHUNK] for at in range(0, len(rows), CHUNK))
