"""Fair parts: the sets of states of a region in which a fair run can go round for ever, found on arrays.

As for Streett automata: the region is split into strongly connected parts; a part where something that fairness demands can
never be done is dropped, and one where messages are sent and never delivered is split again without the edges that send them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .facts import Facts, Pairs, among, tally

if TYPE_CHECKING:
    import numpy as np

__all__ = ["FairParts", "fair_parts"]


@dataclass(frozen=True)
class FairParts:
    """For each state of the facts the part that it is in (-1: none); and for each part the values that it must not send."""

    part: np.ndarray
    banned: dict[int, frozenset[int]]


def fair_parts(facts: Facts, weak: int, sending: bool) -> FairParts:
    """The largest fair parts; `weak` is how many weakly fair actions there are, `sending` what the response asks."""
    import numpy as np

    search = _Refinement(facts, weak, sending)
    banned = {0: frozenset[int]()}
    while np.any(search.part >= 0):
        banned = search.round(banned)
    return FairParts(search.fair, search.banned)


class _Refinement:
    """The parts that are still to be looked at, and what is left of the facts there."""

    def __init__(self, facts: Facts, weak: int, sending: bool) -> None:
        import numpy as np

        self.source, self.target, self.sending = facts.source, facts.target, facts.sending if sending else None
        self.weak, self.values = weak + 1, len(facts.values) + 1
        self.edges = np.arange(len(facts.source))  # those that are alive
        self.alive = np.ones(len(facts.source), dtype=bool)
        self.refused, self.refusals = facts.refused, np.ones(len(facts.refused.owner), dtype=bool)
        self.taken, self.sent, self.delivered, self.tried = facts.taken, facts.sent, facts.delivered, facts.tried
        self.enabled, self.flying = facts.enabled, facts.flying
        self.part = np.zeros(len(facts.states), dtype=np.int64)  # -1: in no part that can still be fair
        self.fair = np.full(len(facts.states), -1, dtype=np.int64)
        self.banned: dict[int, frozenset[int]] = {}

    def round(self, banned_before: dict[int, frozenset[int]]) -> dict[int, frozenset[int]]:
        """One splitting. Parts that are fair are put aside, those that cannot be are dropped; what is banned in the rest."""
        import numpy as np

        before = self.part
        part, count = self._split()
        if not count:
            self.part = part
            return {}
        self._forget(part)
        inherited = np.full(count, -1, dtype=np.int64)
        inherited[part[part >= 0]] = before[part >= 0]
        hopeless = self._hopeless(part, count)
        lost = self._lost(part, count)
        lost = lost[~hopeless[lost // self.values]]
        lossy = np.zeros(count, dtype=bool)
        lossy[lost // self.values] = True
        for pairs, states, live in (
            (self.sent, self.source, self.alive),
            (self.tried, self.refused.owner, self.refusals),
        ):
            bad = among(part[states[pairs.owner]] * self.values + pairs.item, lost, count * self.values)
            live[pairs.owner[bad]] = False
        banned = {c: banned_before[int(inherited[c])] for c in np.flatnonzero(lossy).tolist()}
        for key in lost.tolist():
            banned[key // self.values] |= {key % self.values}
        self._set_aside(part, ~hopeless & ~lossy, inherited, banned_before)
        self.part = np.where((part >= 0) & lossy[part], part, -1)
        return banned

    def _split(self) -> tuple[np.ndarray, int]:
        """The strongly connected parts of the parts: for each state its part, -1 where one cannot go round; and how many."""
        import numpy as np
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import connected_components

        edges = self.edges[self.alive[self.edges]]
        before = self.part[self.source[edges]]
        edges = edges[(before >= 0) & (before == self.part[self.target[edges]])]
        source, target = self.source[edges], self.target[edges]
        indptr = np.searchsorted(source, np.arange(len(self.part) + 1))
        graph = csr_array((np.ones(len(edges), dtype=np.int8), target, indptr), shape=(len(self.part), len(self.part)))
        count, part = connected_components(graph, directed=True, connection="strong")
        inside = part[source] == part[target]
        self.edges = edges[inside]
        cyclic = np.zeros(count, dtype=bool)
        cyclic[part[source[inside]]] = True
        number = np.where(cyclic, np.cumsum(cyclic) - 1, -1)
        return number[part], int(cyclic.sum())

    def _forget(self, part: np.ndarray) -> None:
        """Drop the facts of edges and states that are in no part."""
        import numpy as np

        self.alive = np.zeros(len(self.alive), dtype=bool)
        self.alive[self.edges] = True
        self.refusals &= part[self.refused.owner] >= 0
        self.taken, self.sent, self.delivered = (_of(pairs, self.alive) for pairs in (self.taken, self.sent, self.delivered))
        self.tried = _of(self.tried, self.refusals)
        self.enabled, self.flying = (_of(pairs, part >= 0) for pairs in (self.enabled, self.flying))

    def _hopeless(self, part: np.ndarray, count: int) -> np.ndarray:
        """In which parts something that is demanded of every run can never be done."""
        import numpy as np

        hopeless = np.zeros(count, dtype=bool)
        refused = np.flatnonzero(self.refusals)
        taken = np.concatenate([
            part[self.source[self.taken.owner]] * self.weak + self.taken.item,
            part[self.refused.owner[refused]] * self.weak + self.refused.item[refused],
        ])  # fmt: skip
        delivered = part[self.source[self.delivered.owner]] * self.values + self.delivered.item
        for pairs, done, width in ((self.enabled, taken, self.weak), (self.flying, delivered, self.values)):
            keys, times = tally(part[pairs.owner] * width + pairs.item, count * width)
            everywhere = keys[times == np.bincount(part[part >= 0], minlength=count)[keys // width]]
            hopeless[everywhere[~among(everywhere, done, count * width)] // width] = True
        if self.sending is not None:
            speaking = np.zeros(count, dtype=bool)
            speaking[part[self.source[self.sending[self.alive[self.sending]]]]] = True
            hopeless |= ~speaking
        return hopeless

    def _lost(self, part: np.ndarray, count: int) -> np.ndarray:
        """The keys, part * values + value, of what is sent in a part and never delivered there."""
        import numpy as np

        sent = np.concatenate([
            part[self.source[self.sent.owner]] * self.values + self.sent.item,
            part[self.refused.owner[self.tried.owner]] * self.values + self.tried.item,
        ])  # fmt: skip
        keys, _ = tally(sent, count * self.values)
        delivered = part[self.source[self.delivered.owner]] * self.values + self.delivered.item
        lost: np.ndarray = keys[~among(keys, delivered, count * self.values)]
        return lost

    def _set_aside(
        self, part: np.ndarray, fair: np.ndarray, inherited: np.ndarray, banned: dict[int, frozenset[int]]
    ) -> None:
        """Keep the parts that are fair as they are."""
        import numpy as np

        first = len(self.banned)
        chosen = np.flatnonzero(fair & (inherited >= 0))
        number = np.full(len(fair), -1, dtype=np.int64)
        number[chosen] = first + np.arange(len(chosen))
        mine = (part >= 0) & (number[part] >= 0)
        self.fair[mine] = number[part[mine]]
        self.banned |= {first + i: banned[int(inherited[c])] for i, c in enumerate(chosen.tolist())}


def _of(pairs: Pairs, live: np.ndarray) -> Pairs:
    """The pairs whose owners are alive."""
    kept = live[pairs.owner]
    return Pairs(pairs.owner[kept], pairs.item[kept])
