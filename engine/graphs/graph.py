"""The explored states as a networkx graph, and graph questions: components, dominators, deadlocks, quotients, detours.

networkx is imported where it is used: checking always-properties never pays for it. All answers speak of the explored part;
`graph.graph["complete"]` says whether that is everything. Questions to large explorations are answered by `arrays`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from ..compile import Compiled
from ..errors import LanguageError, UnknownName, did_you_mean
from ..expr import FALSE, Expr, equal
from ..prose import show
from ..search.explore import Exploration, Run
from ..sorts import Bag, Bool, Enum, Int, Record, Seq, Value
from ..system import System
from .edges import arrays_serve

if TYPE_CHECKING:
    import networkx as nx

__all__ = [
    "attractors", "components", "deadlocks", "describe_state", "dominators", "quotient", "run_along", "shortest_run",
    "to_networkx", "witness",
]  # fmt: skip

Node = tuple[Value, ...]  # of a quotient
MOST_CLASSES = 4096  # values of one expression that a quotient can tell apart


def to_networkx(exploration: Exploration, describe: bool = False) -> nx.DiGraph:
    """The explored graph: nodes the packed states (`unit.layout.unpack` reads them), edges the transitions.

    A node has `depth` (steps from an initial state), `initial`, `expanded` (whether its transitions are known) and, if asked
    for, `label` (the state as text). All transitions between two states are one edge: `actions` are their names in action
    order, `labels` their action instances (`unit.layout.unpack_label` reads them). Takes some 400 bytes an edge.
    """
    import networkx as nx

    system, layout = exploration.system, exploration.unit.layout
    graph = nx.DiGraph(name=system.name, complete=exploration.complete)
    for position, state in enumerate(exploration.states):
        initial = exploration.parents[position] < 0
        graph.add_node(
            state, depth=exploration.depth_of(position), initial=initial, expanded=position < exploration.expanded
        )
        if describe:
            graph.nodes[state]["label"] = describe_state(system, layout.unpack(state))
    names = [action.name for action in system.actions]
    known: dict[tuple[int, ...], tuple[tuple[int, ...], tuple[str, ...]]] = {}  # labels -> themselves, once, and their actions
    for position in range(exploration.expanded):
        ways: dict[int, list[int]] = {}
        for label, target, _ in exploration.successors(position):
            ways.setdefault(target, []).append(label)
        for target, found in ways.items():
            labels = tuple(found)
            if labels not in known:
                known[labels] = labels, tuple(dict.fromkeys(names[label >> layout.param_bits] for label in labels))
            labels, actions = known[labels]
            graph.add_edge(exploration.states[position], target, actions=actions, labels=labels)
    return graph


def describe_state(system: System, state: Mapping[str, Value]) -> str:
    """A state in one line, history variables left out."""
    return " ".join(f"{v.name}={v.sort.show(state[v.name])}" for v in system.variables if not v.history)


# ---- questions to the graph ------------------------------------------------------------------------------------------


def components(graph: nx.DiGraph | Exploration) -> list[list[Hashable]]:
    """The strongly connected components: sets of states each of which can be reached from each other.

    Each in the graph's order of nodes, and so are the components, by their first node. Of an exploration they are those of
    `to_networkx`, which large ones can do without.
    """
    if isinstance(graph, Exploration):
        if arrays_serve(graph):
            from .arrays import array_components

            return [list(nodes) for nodes in array_components(graph)]
        graph = to_networkx(graph)
    import networkx as nx

    return _in_order(graph, nx.strongly_connected_components(graph))


def attractors(graph: nx.DiGraph | Exploration) -> list[list[Hashable]]:
    """The components that no run leaves: where every run that goes on for ever can end up. In the order of `components`."""
    if isinstance(graph, Exploration):
        if arrays_serve(graph):
            from .arrays import array_attractors

            return [list(nodes) for nodes in array_attractors(graph)]
        graph = to_networkx(graph)
    import networkx as nx

    return _in_order(graph, nx.attracting_components(graph))


def _in_order(graph: nx.DiGraph, sets: Iterable[set[Hashable]]) -> list[list[Hashable]]:
    place = {node: i for i, node in enumerate(graph)}
    return sorted((sorted(nodes, key=place.__getitem__) for nodes in sets), key=lambda nodes: place[nodes[0]])


def dominators(graph: nx.DiGraph) -> dict[Hashable, tuple[Hashable, ...]]:
    """For each reachable node the nodes that every path to it from an initial node passes, in that order, itself last.

    The graph is one of `to_networkx` or `quotient`. In a quotient a path may change from one state of a class to another, so
    there are more paths than runs: what it says every path passes every run passes, but not conversely (`shortest_run` with
    `avoiding` decides that).
    """
    import networkx as nx

    root = object()  # a node before all initial ones
    rooted = nx.DiGraph()
    rooted.add_edges_from(graph.edges())
    rooted.add_edges_from((root, node) for node, initial in graph.nodes(data="initial") if initial)
    if root not in rooted:
        return {}
    above = {node: parent for node, parent in nx.immediate_dominators(rooted, root).items() if node is not root}
    chains: dict[Hashable, tuple[Hashable, ...]] = {}
    for node in graph:
        pending = []
        while node in above and node not in chains:
            pending.append(node)
            node = above[node]
        for below in reversed(pending):
            chains[below] = (*chains.get(above[below], ()), below)
    return {node: chains[node] for node in graph if node in chains}


def run_along(graph: nx.DiGraph, nodes: Sequence[int]) -> Run:
    """The run through the states of a path in the graph of `to_networkx`, by the first action instance of each edge.

    `nx.shortest_path(graph, a, b)` is such a path. Raises LanguageError if it does not begin in an initial state.
    """
    if not nodes or not graph.nodes[nodes[0]]["initial"]:
        raise LanguageError("a run begins in an initial state: give a path from a node whose `initial` is true")
    return Run(nodes[0], tuple(graph.edges[a, b]["labels"][0] for a, b in pairwise(nodes)))


# ---- questions to the exploration ------------------------------------------------------------------------------------


def shortest_run(exploration: Exploration, target: Expr, avoiding: Expr = FALSE) -> Run | None:
    """The shortest run to a state where `target` holds, through no state (the last included) where `avoiding` does; or None.

    None after a complete exploration means: every run to the target passes a state where `avoiding` holds. Among equally short
    runs it is the least by action order.
    """
    system = exploration.system
    for node in (target, avoiding):
        system.check_expr(node, "shortest_run")
    if arrays_serve(exploration):
        from .arrays import array_shortest_run

        return array_shortest_run(exploration, target, avoiding)
    classify = Compiled(system, [target, avoiding]).predicates
    came: dict[int, tuple[int, int]] = {}  # position -> (position before, label)
    level: list[int] = []

    def arrive(position: int, before: int, label: int) -> bool:
        if position in came:
            return False
        came[position] = before, label
        mask = classify(exploration.states[position])
        if mask == 0:
            level.append(position)
        return mask == 1

    def run(position: int) -> Run:
        labels = []
        while came[position][0] >= 0:
            position, label = came[position]
            labels.append(label)
        return Run(exploration.states[position], tuple(reversed(labels)))

    for position, parent in enumerate(exploration.parents):
        if parent < 0 and arrive(position, -1, -1):
            return run(position)
    while level:
        wave = level[:]
        level.clear()
        for position in wave:
            if position >= exploration.expanded:
                continue
            for label, target_state, _ in exploration.successors(position):
                there = exploration.index[target_state]
                if arrive(there, position, label):
                    return run(there)
    return None


def deadlocks(exploration: Exploration, classes: Mapping[str, Expr]) -> dict[str, list[int]]:
    """The states where no protocol step is possible (positions, in the order of discovery), by the first class that holds.

    Those of no class are under "stuck". User calls, the environment and the network's whims do not count as progress.
    """
    if "stuck" in classes:
        raise LanguageError('"stuck" is what belongs to no class: give the class another name')
    system = exploration.system
    for name, predicate in classes.items():
        system.check_expr(predicate, f"class {name}")
    classify = Compiled(system, list(classes.values())).predicates
    protocol = [action.kind.is_protocol_step for action in system.actions]
    found: dict[str, list[int]] = {name: [] for name in (*classes, "stuck")}
    for position in _without(exploration, protocol):
        mask = classify(exploration.states[position])
        name = next((name for i, name in enumerate(classes) if mask >> i & 1), "stuck")
        found[name].append(position)
    return found


def _without(exploration: Exploration, actions: Sequence[bool]) -> Iterable[int]:
    """The expanded states that have no transition by one of the marked actions."""
    if arrays_serve(exploration):
        from .arrays import positions_without

        return positions_without(exploration, actions)
    shift = exploration.unit.layout.param_bits
    return (
        position
        for position in range(exploration.expanded)
        if not any(actions[label >> shift] for label, _, _ in exploration.successors(position))
    )


def quotient(exploration: Exploration, by: Sequence[str | Expr]) -> nx.DiGraph:
    """The explored graph seen through some values: nodes are the tuples of values that occur.

    `by` are names of variables or definitions, or scalar expressions. A node has `states` (how many), `first` (position of the
    nearest), `depth` (steps to it), `initial`, `inside` (how many transitions stay in the class) and `label`. An edge, between
    different nodes, has `transitions` (how many), `actions` (their names, in action order), and of the shortest run that
    takes it: `steps`, `position` (of its last state but one) and `instance` (label of its last step); see `witness`. Raises
    UnknownName, or LanguageError for what has too many values.
    """
    import networkx as nx

    system, shift = exploration.system, exploration.unit.layout.param_bits
    watched = [_expression(system, item) for item in by]
    names = [item if isinstance(item, str) else show(item) for item in by]
    classify = _Classes(system, watched).of
    if arrays_serve(exploration):
        from .arrays import array_quotient

        return array_quotient(exploration, names, watched)
    graph = nx.DiGraph(name=system.name, complete=exploration.complete, by=tuple(names))
    where = []
    for position, state in enumerate(exploration.states):
        where.append(node := classify(state))
        if node not in graph:
            shown = " ".join(f"{n}={e.sort.show(v)}" for n, e, v in zip(names, watched, node, strict=True))
            depth = exploration.depth_of(position)
            graph.add_node(node, states=0, first=position, depth=depth, initial=False, inside=0, label=shown)
        graph.nodes[node]["states"] += 1
        graph.nodes[node]["initial"] |= exploration.parents[position] < 0
    taken: dict[tuple[Node, Node], set[int]] = {}
    for position, label, target in exploration.edges():
        a, b = where[position], where[target]
        if a == b:
            graph.nodes[a]["inside"] += 1
            continue
        if (a, b) not in taken:
            steps = exploration.depth_of(position) + 1
            graph.add_edge(a, b, transitions=0, actions=(), steps=steps, position=position, instance=label)
            taken[a, b] = set()
        graph.edges[a, b]["transitions"] += 1
        taken[a, b].add(label >> shift)
    for (a, b), actions in taken.items():
        graph.edges[a, b]["actions"] = tuple(system.actions[i].name for i in sorted(actions))
    return graph


def witness(exploration: Exploration, graph: nx.DiGraph, before: Hashable, after: Hashable | None = None) -> Run:
    """The shortest run to a node of a quotient, or (`after` given) the shortest that takes the edge between two."""
    if after is None:
        return exploration.run_to(graph.nodes[before]["first"])
    edge = graph.edges[before, after]
    return exploration.run_to(edge["position"], edge["instance"])


def _expression(system: System, item: str | Expr) -> Expr:
    if isinstance(item, Expr):
        return system.check_expr(item, "quotient")
    if item in system.by_name:
        return system.by_name[item].expr
    if item in system.definitions:
        return system.definitions[item]
    raise UnknownName(f"{system.name} has no {item!r}; {did_you_mean(item, [*system.by_name, *system.definitions])}")


class _Classes:
    """Packed state -> tuple of the values of some expressions."""

    def __init__(self, system: System, watched: Sequence[Expr]) -> None:
        self.values: list[list[Value]] = []
        tests: list[Expr] = []
        for node in watched:
            if isinstance(node.sort, Bag | Record):
                raise LanguageError(f"`{node!r}` is {node.sort}: a quotient goes by scalar values, such as one field")
            assert isinstance(node.sort, Bool | Enum | Int | Seq)
            if node.sort.cardinality > MOST_CLASSES:
                raise LanguageError(f"`{node!r}` has {node.sort.cardinality} values; a quotient tells {MOST_CLASSES} apart")
            self.values.append(list(node.sort.values()))
            tests += [equal(node, value) for value in self.values[-1]]
        self.mask = Compiled(system, tests).predicates
        self.known: dict[int, Node] = {}

    def of(self, state: int) -> Node:
        """The values in a packed state."""
        mask = self.mask(state)
        if mask not in self.known:
            found, rest = [], mask
            for values in self.values:
                mine = rest & (1 << len(values)) - 1
                found.append(values[mine.bit_length() - 1])
                rest >>= len(values)
            self.known[mask] = tuple(found)
        return self.known[mask]
