"""Graph questions on compressed sparse arrays: what `graph` answers, for graphs of millions of transitions.

numpy and scipy (the extra `fast`) do the work; the answers are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..expr import Expr
from ..search.explore import Exploration, Run
from ..sorts import Bool, Int, Sort, Value
from .edges import column, edges_of, where

if TYPE_CHECKING:
    import networkx as nx
    import numpy as np

__all__ = ["array_attractors", "array_components", "array_quotient", "array_shortest_run", "positions_without"]


def array_components(exploration: Exploration) -> list[list[int]]:
    """The strongly connected components, as lists of packed states."""
    return _listed(exploration, _components(exploration)[0])


def array_attractors(exploration: Exploration) -> list[list[int]]:
    """The components that no transition leaves."""
    import numpy as np

    part, count, source, target = _components(exploration)
    left = np.zeros(count, dtype=bool)
    left[part[source[part[source] != part[target]]]] = True
    return _listed(exploration, np.where(left[part], -1, part))


def _components(exploration: Exploration) -> tuple[np.ndarray, int, np.ndarray, np.ndarray]:
    """For each state its component, how many there are, and the transitions."""
    import numpy as np
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    edges, states = edges_of(exploration), len(exploration.states)
    indptr = np.concatenate([edges.indptr, np.full(states - exploration.expanded, edges.indptr[-1])])
    graph = csr_array((np.ones(len(edges.targets), dtype=np.int8), edges.targets, indptr), shape=(states, states))
    count, part = connected_components(graph, directed=True, connection="strong")
    return part, count, edges.sources(), edges.targets


def _listed(exploration: Exploration, part: np.ndarray) -> list[list[int]]:
    """The packed states of each part (-1: of none), in the order of their positions; the parts by their first states."""
    import numpy as np

    order = np.argsort(part, kind="stable")
    order = order[part[order] >= 0]
    ends = np.flatnonzero(np.diff(part[order])) + 1
    groups = sorted(np.split(order, ends), key=lambda group: group[0]) if len(order) else []
    return [[exploration.states[i] for i in group.tolist()] for group in groups]


def positions_without(exploration: Exploration, actions: Sequence[bool]) -> list[int]:
    """The expanded states that have no transition by one of the marked actions."""
    import numpy as np

    edges = edges_of(exploration)
    marked = np.array(actions, dtype=bool)[edges.labels >> exploration.unit.layout.param_bits]
    without = np.ones(exploration.expanded, dtype=bool)
    without[edges.sources()[marked]] = False
    found: list[int] = np.flatnonzero(without).tolist()
    return found


def array_shortest_run(exploration: Exploration, target: Expr, avoiding: Expr) -> Run | None:
    """The shortest run to a state where `target` holds, through none where `avoiding` does, the least by action order."""
    import numpy as np

    edges = edges_of(exploration)
    layout = exploration.unit.layout
    free = ~where(layout, edges.words, avoiding)
    wanted = free & where(layout, edges.words, target)
    before = np.full(len(free), -1, dtype=np.int64)
    by = np.full(len(free), -1, dtype=np.int64)
    level = np.flatnonzero(np.asarray(exploration.parents) < 0)
    known = np.zeros(len(free), dtype=bool)
    known[level] = True
    while len(level):
        found = level[wanted[level]]
        if len(found):
            return _run(exploration, before, by, int(found[0]))
        level = level[free[level] & (level < exploration.expanded)]
        out, place = edges.leaving(level)
        new = ~known[edges.targets[out]]
        there, first = np.unique(edges.targets[out[new]], return_index=True)
        before[there], by[there] = level[place[new][first]], edges.labels[out[new]][first]
        known[there] = True
        level = there[np.argsort(first)]
    return None


def _run(exploration: Exploration, before: np.ndarray, by: np.ndarray, position: int) -> Run:
    labels = []
    while before[position] >= 0:
        labels.append(int(by[position]))
        position = int(before[position])
    return Run(exploration.states[position], tuple(reversed(labels)))


def array_quotient(exploration: Exploration, names: Sequence[str], watched: Sequence[Expr]) -> nx.DiGraph:
    """The explored graph seen through the values of scalar expressions (see `graph.quotient`)."""
    import networkx as nx
    import numpy as np

    system, shift = exploration.system, exploration.unit.layout.param_bits
    edges = edges_of(exploration)
    values = [column(exploration.unit.layout, edges.words, expr) for expr in watched]
    where_of, firsts = _classes(values, len(edges.words))
    count = len(firsts)
    initial = np.zeros(count, dtype=bool)
    initial[where_of[np.asarray(exploration.parents) < 0]] = True
    a, b = where_of[edges.sources()], where_of[edges.targets]
    states, inside = np.bincount(where_of, minlength=count).tolist(), np.bincount(a[a == b], minlength=count).tolist()
    graph = nx.DiGraph(name=system.name, complete=exploration.complete, by=tuple(names))
    nodes = []
    for i, position in enumerate(firsts.tolist()):
        node = tuple(_value(expr.sort, found[position]) for expr, found in zip(watched, values, strict=True))
        nodes.append(node)
        shown = " ".join(f"{n}={e.sort.show(v)}" for n, e, v in zip(names, watched, node, strict=True))
        graph.add_node(node, states=states[i], first=position, depth=exploration.depth_of(position), initial=bool(initial[i]),
                       inside=inside[i], label=shown)  # fmt: skip
    crossing = np.flatnonzero(a != b)
    keys, first, number = np.unique(a[crossing] * count + b[crossing], return_index=True, return_counts=True)
    taken: dict[int, list[str]] = {key: [] for key in keys.tolist()}
    actions = edges.labels[crossing] >> shift
    for both in np.unique((a[crossing] * count + b[crossing]) * len(system.actions) + actions).tolist():
        taken[both // len(system.actions)].append(system.actions[both % len(system.actions)].name)
    sources = edges.sources()
    for i in np.argsort(first).tolist():
        edge, key = int(crossing[first[i]]), int(keys[i])
        position = int(sources[edge])
        graph.add_edge(
            nodes[key // count], nodes[key % count], transitions=int(number[i]), actions=tuple(taken[key]),
            steps=exploration.depth_of(position) + 1, position=position, instance=int(edges.labels[edge]),
        )  # fmt: skip
    return graph


def _classes(values: Sequence[np.ndarray], states: int) -> tuple[np.ndarray, np.ndarray]:
    """For each state the number of its tuple of values, numbered as they first occur; and where each first occurs."""
    import numpy as np

    number = np.zeros(states, dtype=np.int64)
    for found in values:
        kinds, code = np.unique(found, return_inverse=True)
        _, number = np.unique(number * len(kinds) + code, return_inverse=True)
    _, first = np.unique(number, return_index=True)
    order = np.argsort(first)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank[number], first[order]


def _value(sort: Sort, found: Any) -> Value:
    """A concrete value, from what bulk evaluation has for it."""
    return bool(found) if isinstance(sort, Bool) else int(found) if isinstance(sort, Int) else sort.decode(int(found))
