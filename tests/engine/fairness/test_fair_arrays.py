"""Liveness on compressed arrays finds what the plain search finds: verdict, run, and how many states wait; and it is fast."""

from __future__ import annotations

import time
from collections import Counter

import pytest

from synproof.engine.api import load_model
from synproof.engine.fairness import liveness
from synproof.engine.fairness.liveness import check_feasible, check_responses
from synproof.engine.graphs import edges
from synproof.engine.property import Fairness, Response, Verdict
from synproof.engine.search.budget import Budget
from synproof.engine.search.explore import Exploration, Limits, explore
from synproof.engine.system import Kind

from .test_liveness import eventually, random_case

pytest.importorskip("scipy", reason="the extra `fast` is not installed")

SOME = frozenset({Kind.SEGMENT_ARRIVES})
TIMES = [pytest.param(300, id="some"), pytest.param(2000, id="many", marks=pytest.mark.slow)]


@pytest.mark.parametrize("systems", TIMES)
def test_random_systems_get_the_same_verdicts_and_runs(systems: int) -> None:
    found: Counter[object] = Counter()
    for seed in range(systems):
        size = {"top": 1, "steps": 2} if seed % 3 == 0 else {"channels": 1 + seed % 2, "capacity": 2, "top": 2, "steps": 4}
        system, response, fairness = random_case(seed + 20_000, **size)
        limit = Limits(max_states=20 if seed % 4 == 0 else 2000)
        explored = explore(system, limits=limit)
        prop = eventually(response, fairness)
        plain = check_responses(explored, prop, arrays=False)
        assert check_responses(explored, prop, arrays=True) == plain, f"seed {seed}"
        found[plain.verdict] += 1
        found["going round"] += plain.run is not None and plain.run.loop != len(plain.run)
        feasible = check_feasible(explored, fairness, arrays=False)
        assert check_feasible(explored, fairness, arrays=True) == feasible, f"seed {seed}"
        found["stranded"] += feasible.run is not None
        quiet = check_feasible(explored, fairness, arrays=False, without=SOME)
        assert check_feasible(explored, fairness, arrays=True, without=SOME) == quiet, f"seed {seed}"
        found["stranded only without"] += quiet.run is not None and feasible.run is None
    assert found[Verdict.HOLDS] > systems / 3 and found[Verdict.VIOLATED] > systems / 5
    assert found["going round"] > systems / 20 and found["stranded"] > systems / 50
    assert found["stranded only without"] > systems / 100


MODELS = ["give-up", "handshake", "listener-crashes", "lossless-two-way", "reassembly", "simultaneous-open", "user-timeout"]


@pytest.mark.parametrize("name", MODELS)
def test_models_get_the_same_verdicts_and_runs(name: str) -> None:
    asked = ["establishes", "half-open-is-discovered", "falls-quiet"]
    subject = load_model(name, properties=asked)
    explored = explore(subject.system, subject.properties)
    for prop in subject.properties:
        if not prop.not_applicable:
            assert check_responses(explored, prop, arrays=True) == check_responses(explored, prop, arrays=False)


def test_arrays_serve_large_graphs_only_and_only_where_they_can(monkeypatch: pytest.MonkeyPatch) -> None:
    explored = Exploration(explore(random_case(1)[0]).unit)
    for transitions, expected in ((edges.LARGE - 1, False), (edges.LARGE, True)):
        explored.transitions = transitions
        assert edges.arrays_serve(explored) is expected
    monkeypatch.setattr(edges, "find_spec", lambda _: None)
    assert not edges.arrays_serve(explored)


def test_edges_are_kept_for_the_next_question_if_they_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    explored = explore(random_case(5005, capacity=2, top=2, steps=4)[0])
    assert edges.edges_of(explored) is edges.edges_of(explored)
    monkeypatch.setattr(edges, "KEPT", -1)
    explored.edges_kept = None
    assert edges.edges_of(explored) is not edges.edges_of(explored)


def test_without_the_extra_a_large_graph_is_searched_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    system, response, fairness = random_case(5005, capacity=2, top=2, steps=4)
    explored = explore(system)
    monkeypatch.setattr(edges, "LARGE", 1)
    monkeypatch.setattr(edges, "find_spec", lambda _: None)
    monkeypatch.setattr(liveness, "edges_of", None)  # calling it would fail
    plain = check_responses(explored, eventually(response, fairness))
    assert plain == check_responses(explored, eventually(response, fairness), arrays=False)


@pytest.mark.slow
def test_the_cost_of_an_edge_does_not_grow_with_the_graph() -> None:
    """From a quarter of a million edges to seven million; the search itself, without the arrays that it is given."""
    from synproof.engine.fairness.arrays import ArrayRegion

    seconds = {}
    for capacity in ("2:1", "2:2"):
        subject = load_model("three-way", {"capacity": capacity}, ["falls-quiet"])
        explored = explore(subject.system)
        arrays = edges.edges_of(explored)
        (prop,) = subject.properties
        started = time.process_time()
        region = ArrayRegion(explored, arrays, prop.responses[0], prop.fairness, Budget())
        assert region.lasso() is not None
        seconds[len(arrays.targets)] = time.process_time() - started
    (few, short), (many, long) = sorted(seconds.items())
    assert many > 20 * few and long / short < 3 * many / few


def test_a_response_about_another_system_is_refused() -> None:
    from synproof.engine.errors import UnknownName

    explored = explore(random_case(1)[0])
    stranger = Response(goal=load_model("handshake").system.quiescent)
    for arrays in (False, True):
        with pytest.raises(UnknownName):
            check_responses(explored, eventually(stranger, Fairness()), arrays=arrays)
