"""The region of a response on compressed sparse arrays: what `fair_region` answers, for graphs of millions of transitions.

numpy and scipy (the extra `fast`) do the work. Verdicts and runs are the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from .budget import Budget
from .edges import Edges, where
from .explore import Exploration, Run
from .expr import all_of, negate
from .fair_facts import Facts, Pairs, facts_of, tally
from .fair_rules import REFUSED, Edge, Rules, check_response
from .fair_tour import Tour
from .property import Fairness, Response

if TYPE_CHECKING:
    import numpy as np

__all__ = ["ArrayRegion"]

Counted: TypeAlias = "tuple[np.ndarray, np.ndarray]"  # keys, and how often each occurs


class ArrayRegion:
    """The states where a response is waited for, and its fair components: `fair_region.Region` on arrays.

    `came` is the order in which the states of the region were come to; `before` and `by` are, for each position, the position
    before it in the region (-1: none) and the label that led from there.
    """

    def __init__(
        self, exploration: Exploration, edges: Edges, response: Response, fairness: Fairness, budget: Budget
    ) -> None:  # fmt: skip
        self.exploration, self.edges, self.response = exploration, edges, response
        check_response(exploration.system, response)
        self.rules = Rules(exploration, fairness, response.without, budget)
        self._explore()
        self.facts = facts_of(self.rules, edges, self.states)

    @property
    def waiting(self) -> int:
        """How many states wait."""
        return len(self.came)

    def _explore(self) -> None:
        """Walk the region breadth first. A trigger is as far away as its state, so triggers join level by level."""
        import numpy as np

        exploration, edges = self.exploration, self.edges
        inside = np.zeros(len(exploration.states), dtype=bool)  # and not yet come to
        layout, words = exploration.unit.layout, edges.words[: exploration.expanded]
        waits = where(layout, words, all_of(self.response.meanwhile, negate(self.response.goal)))
        inside[: exploration.expanded] = waits
        triggers = np.flatnonzero(waits & where(layout, words, self.response.trigger))
        starts = exploration.level_starts
        self.before = np.full(len(inside), -1, dtype=np.int64)
        self.by = np.full(len(inside), -1, dtype=np.int64)
        self.depth = np.full(len(inside), -1, dtype=np.int64)
        order: list[np.ndarray] = []
        following = np.zeros(0, dtype=np.int64)
        joined = depth = 0  # triggers so far
        while len(following) or joined < len(triggers):
            near = np.searchsorted(triggers, starts[depth + 1]) if depth + 1 < len(starts) else len(triggers)
            joining = triggers[joined:near]
            joining = joining[inside[joining]]
            joined = max(joined, int(near))
            inside[joining] = False
            order += [following, joining]
            level = np.sort(np.concatenate([following, joining]))
            self.depth[level] = depth
            out, source = edges.leaving(level)
            new = inside[edges.targets[out]]
            found, first = np.unique(edges.targets[out[new]], return_index=True)
            self.before[found], self.by[found] = level[source[new][first]], edges.labels[out[new]][first]
            inside[found] = False
            following = found[np.argsort(first)]
            depth += 1
        self.came = np.concatenate([np.zeros(0, dtype=np.int64), *order])
        self.states = np.sort(self.came)

    @cached_property
    def resting(self) -> np.ndarray:
        """Where a run may rest, by the numbers of the facts."""
        import numpy as np

        facts, width = self.facts, len(self.rules.weak) + 1
        rests = np.full(len(facts.states), not self.response.sending)
        rests[facts.flying.owner] = False
        demanded = _without(facts.enabled, facts.in_vain, width)
        rests[demanded // width] = False
        return np.flatnonzero(rests)

    # -- answers -------------------------------------------------------------------------------------------------
    def lasso(self) -> Run | None:
        """A fair run that waits for ever, or None."""
        import numpy as np

        positions = self.facts.states
        nearest = np.empty(len(self.edges.words), dtype=np.int64)
        nearest[self.came] = np.arange(len(self.came))
        resting = positions[self.resting]
        ends = resting[np.lexsort((resting, self.depth[resting]))[:1]].tolist()
        fair = self._fair_components()
        going_round = positions[fair.part >= 0]
        ends += going_round[np.argsort(nearest[going_round])[:1]].tolist()
        if not ends:
            return None
        at = min(ends, key=nearest.__getitem__)  # resting comes first of equals
        stem = self._stem(at)
        cycle = [] if at == ends[0] and len(resting) else self._tour(fair, at).around(at)
        return replace(stem, labels=stem.labels + tuple(e.label for e in cycle if e.label != REFUSED), loop=len(stem))

    def _stem(self, position: int) -> Run:
        labels = []
        while self.before[position] >= 0:
            labels.append(int(self.by[position]))
            position = int(self.before[position])
        return self.exploration.run_to(position, *reversed(labels))

    def _tour(self, fair: _Fair, at: int) -> Tour:
        import numpy as np

        exploration, edges = self.exploration, self.edges
        part = np.full(len(edges.words), -1, dtype=np.int64)
        part[self.facts.states] = fair.part
        mine = int(part[at])
        banned = 0
        for value in fair.banned[mine]:
            banned |= self.rules.value(*self.facts.values[value])
        known: dict[int, list[Edge]] = {}

        def labels(position: int) -> list[int]:
            found: list[int] = edges.labels[edges.indptr[position] : edges.indptr[position + 1]].tolist()
            return found

        def out(position: int) -> list[Edge]:
            if position not in known:
                targets = edges.targets[edges.indptr[position] : edges.indptr[position + 1]].tolist()
                ways, state = zip(labels(position), targets, strict=True), exploration.states[position]
                inside = self.rules.edges(position, state, ways, lambda target: part[target] == mine, banned)
                known[position] = list(inside)
            return known[position]

        def enabled(position: int) -> int:
            return self.rules.enabled(exploration.states[position], labels(position))[0]

        return Tour(self.rules, exploration.states, out, enabled, self.response.sending)

    def stranded(self) -> int | None:
        """The first state, by position, from which no fair run starts, if every state is in the region."""
        import numpy as np
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import breadth_first_order

        count = len(self.edges.words)
        fair = self._fair_components().part >= 0
        fair[self.resting] = True
        beyond = np.arange(self.exploration.expanded, count)  # what is not expanded may go on fairly
        alive = np.concatenate([self.facts.states[fair], beyond])
        rows = np.concatenate([self.edges.targets, np.full(len(alive), count)])  # backwards, from one node behind all of them
        ends = np.concatenate([self.edges.sources(), alive])
        graph = csr_array((np.ones(len(rows), dtype=np.int32), (rows, ends)), shape=(count + 1, count + 1))
        dead = np.ones(count + 1, dtype=bool)
        dead[breadth_first_order(graph, count, return_predecessors=False)] = False
        found = np.flatnonzero(dead)
        return int(found[0]) if len(found) else None

    def _fair_components(self) -> _Fair:
        """The largest sets of states in which a fair run can go round for ever, passing all of them."""
        return _Refinement(self.facts, len(self.rules.weak), self.response.sending).run()


@dataclass(frozen=True)
class _Fair:
    """For each state of the facts the component that it is in (-1: none); and the values that a component must not send."""

    part: np.ndarray
    banned: dict[int, frozenset[int]]


class _Refinement:
    """Splits the region into strongly connected parts, and those again without the edges that keep them from being fair."""

    def __init__(self, facts: Facts, weak: int, sending: bool) -> None:
        import numpy as np

        self.facts, self.sending = facts, sending
        self.weak, self.values = weak + 1, len(facts.values) + 1
        self.alive = np.ones(len(facts.source), dtype=bool)  # edges
        self.refusals = np.ones(len(facts.refused.owner), dtype=bool)
        self.part = np.zeros(len(facts.states), dtype=np.int64)  # -1: in no part that can still be fair
        self.fair = np.full(len(facts.states), -1, dtype=np.int64)
        self.banned: dict[int, frozenset[int]] = {}

    def run(self) -> _Fair:
        """Round after round until nothing is left to be split."""
        import numpy as np

        banned = {0: frozenset[int]()}
        while np.any(self.part >= 0):
            banned = self._round(banned)
        return _Fair(self.fair, self.banned)

    def _round(self, banned_before: dict[int, frozenset[int]]) -> dict[int, frozenset[int]]:
        """One splitting. Parts that are fair are put aside, those that cannot be are dropped; what is banned in the rest."""
        import numpy as np

        facts, before = self.facts, self.part
        part, count = self._split()
        if not count:
            self.part = part
            return {}
        size = np.bincount(part[part >= 0], minlength=count)
        hopeless = np.zeros(count, dtype=bool)

        def of(pairs: Pairs, owners: np.ndarray, live: np.ndarray | None, width: int) -> Counted:
            """The keys, part * width + item, of pairs whose owners stand in parts and are alive; and how often."""
            mine = owners[pairs.owner] if live is None else np.where(live[pairs.owner], owners[pairs.owner], -1)
            return tally(mine[mine >= 0] * width + pairs.item[mine >= 0], count * width)

        def everywhere(pairs: Pairs, width: int) -> np.ndarray:
            """The keys of what belongs to every state of its part."""
            found, times = of(pairs, part, None, width)
            common: np.ndarray = found[times == size[found // width]]
            return common

        edge_part, refusal_part = part[facts.source], part[facts.refused.owner]
        taken = np.concatenate([
            of(facts.taken, edge_part, self.alive, self.weak)[0],
            of(Pairs(np.arange(len(self.refusals)), facts.refused.item), refusal_part, self.refusals, self.weak)[0],
        ])  # fmt: skip
        forgone = np.setdiff1d(everywhere(facts.enabled, self.weak), taken)
        hopeless[forgone // self.weak] = True
        delivered, _ = of(facts.delivered, edge_part, self.alive, self.values)
        stuck = np.setdiff1d(everywhere(facts.flying, self.values), delivered)
        hopeless[stuck // self.values] = True
        if self.sending:
            speaking = np.zeros(count, dtype=bool)
            speaking[edge_part[facts.sending[self.alive[facts.sending]]]] = True
            hopeless |= ~speaking
        sent = np.concatenate([
            of(facts.sent, edge_part, self.alive, self.values)[0],
            of(facts.tried, refusal_part, self.refusals, self.values)[0],
        ])  # fmt: skip
        lost = np.setdiff1d(sent, delivered)
        lost = lost[~hopeless[lost // self.values]]
        lossy = np.zeros(count, dtype=bool)
        lossy[lost // self.values] = True

        inherited = np.full(count, -1, dtype=np.int64)
        inherited[part[part >= 0]] = before[part >= 0]
        for pairs, owners, live in ((facts.sent, edge_part, self.alive), (facts.tried, refusal_part, self.refusals)):
            mine = owners[pairs.owner]
            inside = np.flatnonzero((mine >= 0) & lossy[mine])
            bad = np.isin(mine[inside] * self.values + pairs.item[inside], lost)
            live[pairs.owner[inside[bad]]] = False
        banned: dict[int, frozenset[int]] = {c: banned_before[int(inherited[c])] for c in np.flatnonzero(lossy).tolist()}
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

        facts = self.facts
        self.alive &= (self.part[facts.source] >= 0) & (self.part[facts.source] == self.part[facts.target])
        edges = np.flatnonzero(self.alive)
        source, target = facts.source[edges], facts.target[edges]
        indptr = np.searchsorted(source, np.arange(len(self.part) + 1))
        graph = csr_array((np.ones(len(edges), dtype=np.int8), target, indptr), shape=(len(self.part), len(self.part)))
        count, part = connected_components(graph, directed=True, connection="strong")
        inside = part[source] == part[target]
        self.alive[edges[~inside]] = False
        cyclic = np.zeros(count, dtype=bool)
        cyclic[part[source[inside]]] = True
        number = np.where(cyclic, np.cumsum(cyclic) - 1, -1)
        return number[part], int(cyclic.sum())

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


def _without(pairs: Pairs, other: Pairs, width: int) -> np.ndarray:
    """The keys, owner * width + item, of the pairs that are not among the others."""
    import numpy as np

    return np.setdiff1d(pairs.owner * width + pairs.item, other.owner * width + other.item)
