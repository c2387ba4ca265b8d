"""The region of a response on compressed sparse arrays: what `region` answers, for graphs of millions of transitions.

numpy and scipy (the extra `fast`) do the work. Verdicts and runs are the same.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from ..expr import all_of, negate
from ..graphs.edges import Edges, where
from ..property import Fairness, Response
from ..search.budget import Budget
from ..search.explore import Exploration, Run
from .facts import among, facts_of
from .parts import FairParts, fair_parts
from .rules import REFUSED, Edge, Rules, check_response
from .tour import Tour

if TYPE_CHECKING:
    import numpy as np

__all__ = ["ArrayRegion"]


class ArrayRegion:
    """The states where a response is waited for, and its fair components: `region.Region` on arrays.

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
        enabled, in_vain = (pairs.owner * width + pairs.item for pairs in (facts.enabled, facts.in_vain))
        demanded = ~among(enabled, in_vain, len(rests) * width)
        rests[facts.enabled.owner[demanded]] = False
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

    def _tour(self, fair: FairParts, at: int) -> Tour:
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

    def _fair_components(self) -> FairParts:
        """The largest sets of states in which a fair run can go round for ever, passing all of them."""
        return fair_parts(self.facts, len(self.rules.weak), self.response.sending)
