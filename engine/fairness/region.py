"""The region of a response: the states where it is waited for, and the fair components among them, on a networkx graph.

For large graphs `arrays` does the same on compressed arrays.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..compile import Compiled
from ..expr import all_of, negate
from ..property import Fairness, Response
from ..search.budget import Budget
from ..search.explore import Exploration, Run
from .rules import REFUSED, Edge, Rules, check_response
from .tour import Tour

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["Region"]


class Region:
    """The states where a response is waited for, and its fair components.

    `came` holds, for each state by its position, how the shortest run came there: (position before in the region or -1, label).
    """

    def __init__(self, exploration: Exploration, response: Response, fairness: Fairness, budget: Budget) -> None:
        self.exploration, self.response = exploration, response
        check_response(exploration.system, response)
        self.rules = Rules(exploration, fairness, response.without, budget)
        self.came: dict[int, tuple[int, int]] = {}
        self.enabled: dict[int, int] = {}  # the weakly fair actions that are enabled or refused in a state
        self.resting: list[int] = []  # where a run may rest, the nearest first
        self._explore()

    @property
    def waiting(self) -> int:
        """How many states wait."""
        return len(self.came)

    def _explore(self) -> None:
        """Walk the region breadth first. A trigger is as far away as its state, so triggers join level by level."""
        import networkx as nx

        exploration, came = self.exploration, self.came
        index, expanded, shift = exploration.index, exploration.expanded, exploration.unit.layout.param_bits
        repeats = self.rules.repeats
        waits = all_of(self.response.meanwhile, negate(self.response.goal))
        classify = Compiled(exploration.system, [waits, self.response.trigger]).predicates
        inside = bytearray(map(classify, exploration.states[:expanded]))  # 1: waits, 3: and is a trigger
        triggers = [position for position, mask in enumerate(inside) if mask == 3]
        self.graph = nx.DiGraph()
        level: list[int] = []
        next_trigger = depth = 0
        while level or next_trigger < len(triggers):
            while next_trigger < len(triggers) and exploration.depth_of(triggers[next_trigger]) <= depth:
                if triggers[next_trigger] not in came:
                    came[triggers[next_trigger]] = -1, -1
                    level.append(triggers[next_trigger])
                next_trigger += 1
            level.sort()
            following: list[int] = []
            for position in level:
                self.rules.budget.spend()
                near: list[int] = []
                ways = exploration.successors(position)
                for label, state, _ in ways:
                    action, target = label >> shift, index[state]
                    if target < expanded and inside[target] & 1:
                        if target not in came:
                            came[target] = position, label
                            following.append(target)
                        if repeats[action] and target not in near:
                            near.append(target)
                self._may_rest(position, [label for label, _, _ in ways])
                self.graph.add_edges_from([(position, target) for target in near])
            level, depth = following, depth + 1

    def _may_rest(self, position: int, labels: list[int]) -> None:
        state = self.exploration.states[position]
        self.enabled[position], in_vain = self.rules.enabled(state, labels)
        if not self.enabled[position] & ~in_vain and not self.rules.in_flight(state) and not self.response.sending:
            self.resting.append(position)

    # -- answers -------------------------------------------------------------------------------------------------
    def lasso(self) -> Run | None:
        """A fair run that waits for ever, or None."""
        nearest = {position: i for i, position in enumerate(self.came)}
        ends: list[tuple[int, _Component | None]] = [(position, None) for position in self.resting[:1]]
        ends += [(min(c.states, key=nearest.__getitem__), c) for c in self._fair_components()]
        if not ends:
            return None
        at, component = min(ends, key=lambda end: nearest[end[0]])  # resting comes first of equals
        stem = self._stem(at)
        cycle = [] if component is None else self._tour(component).around(at)
        return replace(stem, labels=stem.labels + tuple(e.label for e in cycle if e.label != REFUSED), loop=len(stem))

    def _tour(self, component: _Component) -> Tour:
        out: dict[int, list[Edge]] = {position: [] for position in component.states}
        for edge in self.edges(component.states, component.banned):
            out[edge.source].append(edge)
        states, sending = self.exploration.states, self.response.sending
        return Tour(self.rules, states, out.__getitem__, self.enabled.__getitem__, sending)

    def _stem(self, position: int) -> Run:
        labels = []
        while self.came[position][0] >= 0:
            position, label = self.came[position]
            labels.append(label)
        return self.exploration.run_to(position, *reversed(labels))

    def stranded(self) -> int | None:
        """The first state, by position, from which no fair run starts, if every state is in the region."""
        import networkx as nx

        exploration, graph = self.exploration, self.graph
        if self.response.without:  # before what repeats it may all happen
            graph = nx.DiGraph()
            graph.add_edges_from((source, target) for source, _, target in exploration.edges())
        alive = set(self.resting).union(*(component.states for component in self._fair_components()))
        if not exploration.complete:  # what is not expanded may go on fairly
            alive.update(range(exploration.expanded, len(exploration.states)))
            alive.update(source for source, _, target in exploration.edges() if target in alive)
        pending = list(alive)
        while pending:
            for source in graph.pred.get(pending.pop(), ()):
                if source not in alive:
                    alive.add(source)
                    pending.append(source)
        return next((position for position in range(len(exploration.states)) if position not in alive), None)

    # -- components ----------------------------------------------------------------------------------------------
    def edges(self, states: set[int], banned: int) -> Iterator[Edge]:
        """The transitions inside a set of states that may repeat and send no banned value; and what is refused there."""
        exploration, index = self.exploration, self.exploration.index
        for position in sorted(states):
            self.rules.budget.spend()
            ways = ((label, index[packed]) for label, packed, _ in exploration.successors(position))
            yield from self.rules.edges(position, exploration.states[position], ways, states.__contains__, banned)

    def _fair_components(self) -> list[_Component]:
        """The largest sets of states in which a fair run can go round for ever, passing all of them."""
        import networkx as nx

        found: list[_Component] = []
        pending = [_Component(states, 0) for states in _cyclic(self.graph)]
        while pending:
            component = pending.pop()
            taken = sent = delivered = 0
            sends = False
            for edge in self.edges(component.states, component.banned):
                taken, sent, delivered = taken | edge.action, sent | edge.sent, delivered | edge.delivered
                sends = sends or edge.sends
            if not self._can_be_fair(component.states, taken, delivered, sends):
                continue  # and no part of it can: it takes, delivers and disables less
            if lost := sent & ~delivered:
                banned = component.banned | lost
                inside = self.edges(component.states, banned)
                rest = nx.DiGraph()  # `DiGraph(edges)` would lose an interrupt, and with it edges
                rest.add_edges_from((edge.source, edge.target) for edge in inside if edge.label != REFUSED)
                pending.extend(_Component(states, banned) for states in _cyclic(rest))
            else:
                found.append(component)
        return found

    def _can_be_fair(self, states: set[int], taken: int, delivered: int, sends: bool) -> bool:
        forgone = stuck = -1  # weakly fair actions enabled, values in flight, in every state
        for position in states:
            forgone &= self.enabled[position]
            stuck &= self.rules.in_flight(self.exploration.states[position]) if self.rules.delivery else 0
        return not forgone & ~taken and not stuck & ~delivered and (sends or not self.response.sending)


@dataclass(frozen=True)
class _Component:
    """A strongly connected set of states, without the edges that send a banned value."""

    states: set[int]
    banned: int


def _cyclic(graph: nx.DiGraph) -> Iterator[set[int]]:
    """The strongly connected components in which one can go round."""
    import networkx as nx

    for states in nx.strongly_connected_components(graph):
        if len(states) > 1 or any(graph.has_edge(node, node) for node in states):
            yield states
