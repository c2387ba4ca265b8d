"""Graph questions on arrays have the answers that the plain ones have, to the order of nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import networkx as nx
import pytest

from synproof.engine.api import load_model
from synproof.engine.expr import FALSE, Expr, all_of
from synproof.engine.graphs import edges
from synproof.engine.graphs.graph import attractors, components, deadlocks, quotient, shortest_run, to_networkx
from synproof.engine.search.explore import Exploration, Limits, explore

from ..graph_systems import Dice

pytest.importorskip("scipy", reason="the extra `fast` is not installed")


def explorations(count: int) -> list[tuple[Dice, Exploration]]:
    """Random ones, every third of them cut short."""
    found = []
    for seed in range(count):
        dice = Dice(seed + 700, channels=1 + seed % 2, capacity=2, top=3, steps=4)
        found.append((dice, explore(dice.system(), limits=Limits(max_states=300 if seed % 3 else 12))))
    return found


def plain(graph: nx.DiGraph) -> Any:
    """A quotient with the order of its nodes and edges."""
    return graph.graph, list(graph.nodes(data=True)), list(graph.edges(data=True))


def both(monkeypatch: pytest.MonkeyPatch, ask: Callable[..., Any], *given: Any) -> tuple[Any, Any]:
    """The plain answer, and the one on arrays."""
    monkeypatch.setattr(edges, "LARGE", 1 << 60)
    first = ask(*given)
    monkeypatch.setattr(edges, "LARGE", 0)
    return first, ask(*given)


def seen_through(explored: Exploration, by: Sequence[str | Expr]) -> Any:
    return plain(quotient(explored, by))


def test_the_answers_are_the_same_on_random_graphs(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: Counter[str] = Counter()
    for dice, explored in explorations(120):
        names = [dice.a.name, dice.b.name, dice.h.name]
        one, other = both(monkeypatch, seen_through, explored, names)
        assert one == other
        one, other = both(monkeypatch, components, explored)
        assert one == other == components(to_networkx(explored))
        seen["several components"] += 1 < len(one) < len(explored.states)
        one, other = both(monkeypatch, attractors, explored)
        assert one == other == attractors(to_networkx(explored))
        classes = {"one": dice.condition(), "two": dice.condition()}
        one, other = both(monkeypatch, deadlocks, explored, classes)
        assert one == other
        seen["deadlocks"] += any(one.values())
        for n in range(6):
            target, avoiding = all_of(dice.condition(), dice.condition()), FALSE if n % 2 else dice.condition()
            one, other = both(monkeypatch, shortest_run, explored, target, avoiding)
            assert one == other
            seen["none" if one is None else "far" if len(one) > 1 else "near"] += 1
        seen["cut"] += not explored.complete
    assert min(seen[k] for k in ("several components", "deadlocks", "none", "far", "near", "cut")) >= 10, seen


def test_the_answers_are_the_same_of_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    explored = explore(load_model("user-timeout").system)
    by: list[str | Expr] = ["client.state", "server.state", explored.system.definitions["client.delivered"]]
    one, other = both(monkeypatch, seen_through, explored, by)
    assert one == other and len(one[1]) >= 10
    client, server = (explored.system.by_name[f"{end}.state"].expr for end in ("client", "server"))
    target = (client == "ESTABLISHED") & (server == "ESTABLISHED")
    one, other = both(monkeypatch, shortest_run, explored, target, client == "SYN_RECEIVED")
    assert one == other is not None
