"""Exploration against a plain breadth-first search by the reference evaluator; limits; interrupts; what a finding says."""

from __future__ import annotations

import signal
import threading

import pytest

from synproof.engine.evaluate import holds
from synproof.engine.property import Property, PropertyKind, Response
from synproof.engine.search.explore import Exploration, Limits, Progress, Run, explore
from synproof.engine.sorts import Int
from synproof.engine.system import Kind, Step, System, Variable
from synproof.engine.traces.trace import ReplayFailed

from ..graph_systems import Dice, Graph, graph_of, least_ways, way_of


def grid(side: int) -> System:
    """`side` x `side` states: two numbers that only grow; the second also starts anew."""
    x, y = Variable("x", Int(0, side - 1)), Variable("y", Int(0, side - 1))
    actions = []
    for variable in (x, y):
        step = Step(f"more {variable.name}", actor="it", kind=Kind.TIMEOUT)
        step.when(variable.expr < side - 1)
        step.set(variable.expr, variable.expr + 1)
        actions.append(step.action())
    step = Step("anew", actor="it", kind=Kind.USER_CALL)
    step.when(y.expr == side - 1)
    step.event("wrap", x.expr == 1)
    step.set(y.expr, 0)
    return System("grid", (x, y), ({"x": 0, "y": 0},), (*actions, step.action()))


# ---- against the evaluator -------------------------------------------------------------------------------------------


def expected_findings(graph: Graph, properties: list[Property]) -> dict[str, tuple[int, str | None]]:
    """Property -> (position of the state, action of the transition), by the words of `Property`."""
    found: dict[str, tuple[int, str | None]] = {}
    for prop in properties:
        if prop.event is not None:
            hits = [(s, t.action.name) for s, t, _ in graph.edges if prop.event in t.events()]
            found |= {prop.name: hits[0]} if hits else {}
            continue
        assert prop.predicate is not None
        moving = {s for s, t, _ in graph.edges if t.action.kind.is_protocol_step}
        for position, state in enumerate(graph.states):
            if prop.only_quiescent and position in moving:
                continue
            if holds(prop.predicate, state) is (prop.kind is PropertyKind.SOMETIMES):
                found[prop.name] = (position, None)
                break
    return found


def check_against(graph: Graph, properties: list[Property], result: Exploration) -> None:
    system, layout = graph.system, result.unit.layout
    assert [layout.unpack(code) for code in result.states] == graph.states
    assert result.index == {code: i for i, code in enumerate(result.states)}
    assert result.transitions == len(graph.edges)
    assert result.depth == max(graph.depth)
    assert [result.depth_of(i) for i in range(len(graph.states))] == graph.depth
    assert result.complete and result.frontier == 0 and not result.interrupted
    assert result.overflows == graph.overflows
    assert result.lacks == graph.lacks
    assert result.coverage == {a.name: sum(t.action is a for _, t, _ in graph.edges) for a in system.actions}
    assert [(s, layout.unpack_label(label)[0].name, t) for s, label, t in result.edges()] == [
        (s, step.action.name, t) for s, step, t in graph.edges
    ]
    found = {
        name: (f.state, None if f.label is None else layout.unpack_label(f.label)[0].name)
        for name, f in result.findings.items()
    }
    assert found == expected_findings(graph, properties)
    for position in range(0, len(graph.states), 7):
        trace = result.run_to(position).trace(system)
        assert dict(trace.final) == graph.states[position]
        assert len(trace) == graph.depth[position]


def test_agrees_with_the_evaluator_on_random_systems() -> None:
    sizes = []
    for seed in range(400):
        dice = Dice(seed, channels=1 + seed % 2, capacity=2, top=3, steps=5)
        system = dice.system()
        properties = dice.properties()
        graph = graph_of(system, 200)
        if graph is not None:
            check_against(graph, properties, explore(system, properties))
            sizes.append((len(graph.states), max(graph.depth), graph.overflows, sum(graph.lacks.values())))
    assert len(sizes) >= 300
    assert sum(states >= 10 for states, *_ in sizes) >= 200
    assert sum(overflows > 0 for *_, overflows, _ in sizes) >= 50
    assert sum(lacks > 0 for *_, lacks in sizes) >= 50


def test_the_path_is_the_least_by_action_order_among_the_shortest() -> None:
    compared = 0
    for seed in range(60):
        graph = graph_of(Dice(seed, top=3, steps=5).system(), 60)
        if graph is not None:
            result = explore(graph.system)
            ways = least_ways(graph)
            assert [way_of(graph.system, result.run_to(i)) for i in range(len(graph.states))] == ways
            compared += sum(len(way) > 3 for way in ways)
    assert compared > 300


# ---- findings --------------------------------------------------------------------------------------------------------


def test_finding_of_an_event_is_the_run_that_ends_with_it() -> None:
    system = grid(3)
    result = explore(system, [Property("never wraps", PropertyKind.ALWAYS, event="wrap")])
    trace = result.run_of(result.findings["never wraps"]).trace(system, "never wraps")
    assert [step.action.name for step in trace.steps] == ["more x", "more y", "more y", "anew"]
    assert "wrap" in trace.steps[-1].events()
    assert trace.about == "never wraps"


def test_not_applicable_and_eventually_properties_are_not_watched() -> None:
    x = grid(3).by_name["x"].expr
    off = Property("off", PropertyKind.ALWAYS, predicate=x < 1, not_applicable="no reason")
    later = Property("later", PropertyKind.EVENTUALLY, responses=(Response(goal=x < 1),))
    assert explore(grid(3), [off, later]).findings == {}


def test_replay_refuses_a_run_that_is_none() -> None:
    result = explore(grid(3))
    label = result.successors(0)[0][0]
    with pytest.raises(ReplayFailed):
        Run(result.states[4], (label,)).trace(grid(3))  # not an initial state
    with pytest.raises(ReplayFailed):
        Run(result.states[0], (label,) * 3).trace(grid(3))  # not enabled the third time
    with pytest.raises(ReplayFailed):
        Run(result.states[0], (label,), loop=0).trace(grid(3))  # does not return


# ---- limits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("most", [1, 2, 10, 99, 600])
def test_max_states_stops_before_too_many_are_known_and_says_so(most: int) -> None:
    result = explore(grid(40), limits=Limits(max_states=most))
    assert not result.complete and result.stopped_by == f"--max-states {most}"
    assert most - 2 < len(result.states) <= most
    assert result.frontier > 0 and result.expanded + result.frontier == len(result.states)
    whole = explore(grid(40))
    assert result.states == whole.states[: len(result.states)]
    assert list(result.labels) == list(whole.labels)[: len(result.states)]
    assert [result.depth_of(i) for i in range(len(result.states))] == [whole.depth_of(i) for i in range(len(result.states))]
    assert result.depth == whole.depth_of(len(result.states) - 1)
    assert sum(result.coverage.values()) == result.transitions == sum(1 for _ in result.edges())


def test_more_initial_states_than_may_be_known() -> None:
    x = Variable("x", Int(0, 3))
    result = explore(System("many", (x,), tuple({"x": i} for i in range(4)), ()), limits=Limits(max_states=3))
    assert len(result.states) == 3 and not result.complete and result.depth == 0 and result.level_starts == [0]


def test_what_a_state_before_which_the_search_stops_would_lack_is_not_counted() -> None:
    x = Variable("x", Int(0, 9))
    steps = [Step(name, actor="it", kind=Kind.TIMEOUT) for name in ("one more", "two more")]
    for by, step in enumerate(steps, 1):
        step.when(x.expr < 8)
        step.set(x.expr, x.expr + by)
    steps.append(Step("ask", actor="it", kind=Kind.TIMEOUT))
    steps[-1].need("ink", x.expr == 9)
    system = System("lack", (x,), ({"x": 0},), tuple(step.action() for step in steps))
    for most in (3, 4, 5):
        result = explore(system, limits=Limits(max_states=most))
        assert (len(result.states), result.expanded, result.lacks) == (most, most - 2, {"ink": most - 2})


@pytest.mark.parametrize("most", [1600, 1601, 10_000])
def test_a_limit_that_cuts_nothing_leaves_the_search_complete(most: int) -> None:
    result = explore(grid(40), limits=Limits(max_states=most))
    assert result.complete and len(result.states) == 1600


def test_a_limit_met_when_nothing_is_left_to_do_cuts_nothing() -> None:
    result = explore(grid(1), limits=Limits(timeout=0, max_memory=1))
    assert result.complete and result.stopped_by == "" and len(result.states) == 1


def test_one_state_below_the_whole_is_incomplete() -> None:
    assert not explore(grid(40), limits=Limits(max_states=1599)).complete


def test_no_time_and_no_memory_stop_the_search() -> None:
    late = explore(grid(100), limits=Limits(timeout=0))
    assert late.stopped_by == "--timeout 0" and 0 < late.expanded < 10_000
    big = explore(grid(100), limits=Limits(max_memory=1))
    assert big.stopped_by == "--max-memory 1" and 0 < big.expanded < 10_000


def test_a_violation_found_before_the_limit_is_kept() -> None:
    system = grid(40)
    prop = Property("small", PropertyKind.ALWAYS, predicate=system.by_name["x"].expr < 3)
    result = explore(system, [prop], Limits(max_states=30))
    assert not result.complete
    assert len(result.run_of(result.findings["small"])) == 3


# ---- progress and interrupts -----------------------------------------------------------------------------------------


def test_progress_is_told_once_a_level_and_grows() -> None:
    told: list[Progress] = []
    explore(grid(10), progress=told.append)
    assert [p.level for p in told] == list(range(19))
    assert [p.states for p in told] == sorted(p.states for p in told)
    assert told[5].frontier == 6


def test_an_interrupt_ends_the_search_with_what_was_found() -> None:
    system = grid(60)
    whole = explore(system)

    def interrupt(progress: Progress) -> None:
        if progress.level == 20:
            raise KeyboardInterrupt

    prop = Property("small", PropertyKind.ALWAYS, predicate=system.by_name["x"].expr < 3)
    result = explore(system, [prop], progress=interrupt)
    assert result.interrupted and not result.complete and result.stopped_by == "interrupted"
    assert result.states == whole.states[: len(result.states)]
    assert len(result.run_of(result.findings["small"])) == 3


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs signals to a thread")
@pytest.mark.parametrize("delay", [0.0, 0.003, 0.01, 0.03, 0.1, 0.15])
def test_a_signal_at_any_moment_leaves_a_whole_result(delay: float) -> None:
    main = threading.get_ident()
    timer = threading.Timer(delay, signal.pthread_kill, (main, signal.SIGINT))
    system = grid(400)
    try:
        timer.start()
        result = explore(system)
        timer.join()
    except KeyboardInterrupt:
        return  # before the search began
    assert len(result.states) == len(result.parents) == len(result.labels) == len(result.index)
    assert result.transitions == sum(result.coverage.values()) == sum(1 for _ in result.edges())
    assert all(result.index[code] == i for i, code in enumerate(result.states))
    assert result.expanded <= len(result.states)
    if result.states:
        last = len(result.states) - 1
        trace = result.run_to(last).trace(system) if result.depth < 200 else None
        assert trace is None or len(trace) == result.depth_of(last)
