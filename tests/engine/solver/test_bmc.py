"""Bounded search by Z3: lengths, verdicts, and what happens where Z3 gives up or is interrupted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from synproof.engine.errors import UnknownName, ValueOutsideSort
from synproof.engine.expr import TRUE, Expr, clamp, has, param, record, var
from synproof.engine.property import Property, PropertyKind, Response, Scenario, ScenarioLine, Verdict
from synproof.engine.search.explore import Limits, explore
from synproof.engine.search.scenario import find_scenario
from synproof.engine.solver import asking, bmc
from synproof.engine.solver.asking import Answer
from synproof.engine.solver.bmc import BoundedResult, Deepening, bounded
from synproof.engine.solver.relation import Relation, cone
from synproof.engine.sorts import BOOL, Bag, Int, Record, Sort, Value
from synproof.engine.system import Action, Kind, Step, System, Variable
from synproof.engine.traces.trace import ReplayFailed

from ..graph_systems import Dice, graph_of
from ..search.test_scenario import random_scenario

ALWAYS, SOMETIMES = PropertyKind.ALWAYS, PropertyKind.SOMETIMES
count, armed = var("count", Int(0, 7)), var("armed", BOOL)
MESSAGE = Record("Message", (("n", Int(0, 3)),))
NET = Bag(MESSAGE, 2)


def step(name: str, kind: Kind = Kind.USER_CALL) -> Step:
    return Step(name, actor="a", kind=kind)


def counting(*more: Action, sorts: dict[str, Sort] | None = None, starts: Sequence[dict[str, Value]] = ({},)) -> System:
    """Counts to 7 by `tick`, which also arms at 3; `reset` starts again."""
    tick = step("tick", Kind.TIMEOUT)
    tick.when(count < 7)
    tick.set(count, count + 1)
    tick.set(armed, armed | (count == 3))
    tick.event("halfway", count == 3)
    reset = step("reset")
    reset.when(count > 1)
    reset.set(count, 0)
    variables = {"count": count.sort, "armed": armed.sort, **(sorts or {})}
    initial = [{name: start.get(name, sort.default) for name, sort in variables.items()} for start in starts]
    held = tuple(Variable(name, sort) for name, sort in variables.items())
    return System("counting", held, tuple(initial), (tick.action(), reset.action(), *more))


def always(predicate: Expr, name: str = "p", **rest: Any) -> Property:
    return Property(name, ALWAYS, predicate=predicate, **rest)


def only(found: BoundedResult) -> tuple[Verdict, int | None]:
    (result,) = found.properties
    return result.verdict, result.steps


# ---- lengths and verdicts --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [5, 6, 12])
def test_the_shortest_violation_is_found(depth: int) -> None:
    found = bounded(counting(), [always(count < 5)], depth)
    assert only(found) == (Verdict.VIOLATED, 5)
    trace = found.result("p").trace
    assert trace is not None and [t.action.name for t in trace.steps] == ["tick"] * 5
    assert trace.final["count"] == 5
    assert found.depth == 5, "the search ends where nothing is left to decide"


def test_where_nothing_new_is_left_any_depth_is_reached_at_once() -> None:
    found = bounded(counting(), [always(armed | (count != 6))], 10**12).result("p")
    assert (found.verdict, found.depth) == (Verdict.HOLDS_UP_TO, 10**12)
    # more lines than a search looks back
    ticks = tuple(ScenarioLine("tick", frozenset({"tick"}), after=count == 0) for _ in range(9))
    endless = Property("p", SOMETIMES, scenario=Scenario(TRUE, ticks))
    assert bounded(counting(), [endless], 10**12).result("p").depth == 10**12


def test_below_its_depth_it_is_not_found() -> None:
    found = bounded(counting(), [always(count < 5)], 4)
    assert only(found) == (Verdict.HOLDS_UP_TO, None)
    assert found.result("p").depth == 4 == found.depth


def test_a_violation_in_an_initial_state_has_no_steps() -> None:
    assert only(bounded(counting(), [always(count > 0)], 3)) == (Verdict.VIOLATED, 0)


def test_a_witness_is_reached_and_its_absence_settles_nothing() -> None:
    early, late = Property("early", SOMETIMES, predicate=armed), Property("late", SOMETIMES, predicate=armed & (count == 7))
    found = bounded(counting(), [early, late], 5)
    assert (found.result("early").verdict, found.result("early").steps) == (Verdict.REACHED, 4)
    assert found.result("late").verdict is Verdict.INCOMPLETE
    assert "up to 5 steps" in found.result("late").reason


def test_an_event_counts_with_the_step_that_causes_it() -> None:
    found = bounded(counting(), [Property("p", ALWAYS, event="halfway")], 9)
    assert only(found) == (Verdict.VIOLATED, 4)
    assert only(bounded(counting(), [Property("p", ALWAYS, event="nothing of the kind")], 3))[0] is Verdict.PROVED


def test_several_properties_are_decided_each_at_its_depth_and_given_in_their_order() -> None:
    properties = [always(count != n, f"p{n}") for n in (6, 2, 4, 0)] + [always(count <= 7, "fine")]
    found = bounded(counting(), properties, 8)
    assert [(p.name, p.steps) for p in found.properties] == [("p6", 6), ("p2", 2), ("p4", 4), ("p0", 0), ("fine", None)]
    assert found.result("fine").verdict is Verdict.PROVED


def test_quiescence_means_that_no_protocol_step_is_enabled() -> None:
    stuck = always(count == 0, only_quiescent=True)
    assert only(bounded(counting(), [stuck], 9)) == (Verdict.VIOLATED, 7)


def test_a_run_begins_in_an_initial_state_of_its_own() -> None:
    starts = [{"count": 0}, {"count": 2, "armed": True}, {"count": 3}]
    three = Property("q", SOMETIMES, predicate=count == 3)
    found = bounded(counting(starts=starts), [always(~(armed & (count == 4))), three], 5)
    assert [p.steps for p in found.properties] == [1, 0]
    trace = found.result("p").trace
    assert trace is not None and trace.initial["count"] == 3, "of two that need one step, only this one gets there by arming"


def test_what_is_not_decided_by_a_finite_run_does_not_apply() -> None:
    eventually = Property("e", PropertyKind.EVENTUALLY, responses=(Response(),))
    absent = always(TRUE, "n", not_applicable="data=0")
    several = Property("each", SOMETIMES, each=(ScenarioLine("tick", frozenset({"tick"})),))
    found = bounded(counting(), [eventually, absent, several], 2)
    assert [p.verdict for p in found.properties] == [Verdict.NOT_APPLICABLE] * 3
    assert found.result("each").reason == "a bounded search looks for one run, and this asks for several"
    assert found.result("n").reason == "data=0"


def test_where_no_run_goes_on_nothing_is_found_further_on() -> None:
    still = System("still", (Variable("count", count.sort),), ({"count": 1},), ())
    found = bounded(still, [always(count == 1), Property("q", SOMETIMES, predicate=count == 2)], 4)
    assert [p.verdict for p in found.properties] == [Verdict.PROVED, Verdict.INCOMPLETE]


def test_a_step_that_leaves_a_sort_is_not_looked_at() -> None:
    over = step("over")
    over.when(count == 7)
    over.set(count, count + 1)
    system = counting(over.action())
    assert only(bounded(system, [Property("p", SOMETIMES, predicate=armed & (count == 0))], 4))[0] is Verdict.INCOMPLETE
    assert only(bounded(system, [Property("p", SOMETIMES, predicate=armed & (count == 0))], 5)) == (Verdict.REACHED, 5)
    with pytest.raises(ValueOutsideSort):
        explore(system)


def test_the_lack_of_a_need_is_told_with_its_depth() -> None:
    use = step("use")
    use.when(count >= 2)
    use.need("room", count < 4)
    use.need("luck", ~armed)
    found = bounded(counting(use.action()), [always(count < 9)], 8)
    assert found.lacks == {"room": 4, "luck": 7}, "luck is asked for only where there is room"
    assert found.result("p").verdict is Verdict.HOLDS_UP_TO, "nothing is proved where runs may end for want of something"
    assert explore(counting(use.action())).lacks == {"room": 4, "luck": 2}


def test_names_that_do_not_exist_are_errors() -> None:
    with pytest.raises(UnknownName, match="p reads 'cuont'"):
        bounded(counting(), [always(var("cuont", Int(0, 7)) == 1)], 2)


# ---- scenarios -------------------------------------------------------------------------------------------------------


def sending() -> System:
    send = step("send")
    send.send(var("net", NET), record(MESSAGE, n=clamp(count, 0, 3)))
    receive = step("receive", Kind.SEGMENT_ARRIVES)
    message = receive.take("segment", var("net", NET))
    receive.set(armed, message.n == 3)
    return counting(send.action(), receive.action(), sorts={"net": NET})


def test_a_scenario_is_followed_line_by_line_with_nothing_between() -> None:
    lines = (
        ScenarioLine("sent", frozenset({"send"}), after=has(var("net", NET), 0)),
        ScenarioLine("received", frozenset({"receive", "no such action"}), param("segment", MESSAGE).n == 2, count == 2),
        ScenarioLine("sent", frozenset({"send"})),
    )
    found = bounded(sending(), [Property("p", SOMETIMES, scenario=Scenario(count == 2, lines))], 6)
    assert only(found) == (Verdict.REACHED, 5)
    trace = found.result("p").trace
    assert trace is not None and [t.action.name for t in trace.steps[2:]] == ["send", "receive", "send"]


def test_a_line_that_reads_what_its_action_has_not_is_an_error() -> None:
    line = ScenarioLine("odd", frozenset({"send"}), param("segment", MESSAGE).n == 2)
    with pytest.raises(UnknownName, match="'odd': send has no parameter 'segment'"):
        bounded(sending(), [Property("p", SOMETIMES, scenario=Scenario(TRUE, (line,)))], 2)


def test_scenarios_agree_with_exploration_on_random_systems() -> None:
    tally: Counter[str] = Counter()
    for seed in range(110):
        dice = Dice(seed + 300, channels=1 + seed % 2, capacity=2, top=3, steps=4)
        system = dice.system()
        graph = graph_of(system, 40)
        if graph is None or len(graph.states) < 4:
            continue
        exploration = explore(system)
        scenarios = [random_scenario(dice, system) for _ in range(5)]
        found = bounded(system, [Property(f"s{i}", SOMETIMES, scenario=s) for i, s in enumerate(scenarios)], 5)
        for scenario, result in zip(scenarios, found.properties, strict=True):
            run = find_scenario(exploration, scenario)
            expected = None if run is None or len(run) > 5 else len(run)
            assert result.steps == expected, f"seed {seed}"
            tally["found" if expected is not None else "not found"] += 1
    assert min(tally.values()) > 15, tally


# ---- the cone --------------------------------------------------------------------------------------------------------


def test_variables_that_decide_nothing_are_not_followed() -> None:
    history = var("history", Int(0, 7))
    note = step("note")
    note.set(history, count)
    system = counting(note.action(), sorts={"history": history.sort})
    assert cone(system, system.actions, [count < 5]) == {"count"}
    assert cone(system, system.actions, [history < 5]) == {"count", "history"}
    found = bounded(system, [always(count < 5)], 6)
    assert found.followed == ("count",)
    trace = found.result("p").trace
    assert trace is not None and trace.final["history"] == 0, "the evaluator computes the others"


def test_an_effect_that_may_leave_its_sort_is_followed() -> None:
    other = var("other", Int(0, 1))
    grow = step("grow")
    grow.set(other, other + 1)
    system = counting(grow.action(), sorts={"other": other.sort})
    assert "other" in cone(system, system.actions, [count < 5])


# ---- where Z3 gives up, is interrupted, or is wrong -----------------------------------------------------------------


def answering(monkeypatch: pytest.MonkeyPatch, after: int, what: Answer | None) -> None:
    """From the call number `after` on Z3 gives this answer (None: Ctrl-C is pressed)."""
    calls = iter(range(10_000))
    real = asking.ask

    def ask(*args: Any, **rest: Any) -> Answer:
        if next(calls) < after:
            return real(*args, **rest)
        if what is None:
            raise KeyboardInterrupt
        return what

    monkeypatch.setattr(bmc, "ask", ask)


def test_unknown_is_never_a_verdict_about_the_property(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, 6, Answer("unknown", reason="timeout"))
    found = bounded(counting(), [always(count < 5), always(count != 1, "q")], 9)
    assert found.result("q").verdict is Verdict.VIOLATED, "what was found before stays found"
    undecided = found.result("p")
    assert undecided.verdict is Verdict.UNKNOWN
    assert undecided.reason.startswith("timeout in the search for runs of ")
    assert found.stopped_by and not found.interrupted


def test_where_memory_is_full_the_search_ends_and_says_so() -> None:
    found = bounded(counting(), [always(count < 5), always(count <= 7, "fine")], 9, Limits(max_memory=1))
    assert [(p.verdict, p.depth) for p in found.properties] == [(Verdict.HOLDS_UP_TO, 0)] * 2, "it is so as far as it was seen"
    assert found.result("p").reason == "--max-memory 1 in the search for runs of 1 steps; no run of up to 0 steps decides it"
    assert only(bounded(counting(), [always(count < 5)], 9, Limits(max_memory=1 << 40))) == (Verdict.VIOLATED, 5)


def test_time_that_was_spent_before_is_not_had_again() -> None:
    assert only(bounded(counting(), [always(count < 5)], 9, Limits(timeout=60, spent=61)))[0] is Verdict.HOLDS_UP_TO


def test_how_much_work_a_proof_may_take_is_counted_and_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    """So the same is proved on a slow machine as on a fast one."""
    assert only(bounded(counting(), [always(count <= 7)], 3)) == (Verdict.PROVED, None)
    monkeypatch.setattr(bmc, "PROOF_WORK", 1)
    assert only(bounded(counting(), [always(count <= 7)], 3)) == (Verdict.HOLDS_UP_TO, None)
    for most, verdict in ((1000, "unknown"), (1 << 31, "sat")):
        solver = asking.new_solver()
        x, y = asking.solver_module().BitVecs("x y", 40)
        solver.add(x * y == 1009 * 2003, x > 1, y > 1, x < 1 << 12, y < 1 << 12)
        assert asking.ask(solver, most=most).verdict == verdict


def test_where_time_is_over_what_was_seen_is_said_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    late = Property("late", SOMETIMES, predicate=count == 6)
    found = bounded(counting(), [always(count < 6), late], 9, Limits(timeout=0))
    assert [(p.verdict, p.depth) for p in found.properties] == [(Verdict.HOLDS_UP_TO, 0), (Verdict.INCOMPLETE, 0)]
    assert found.stopped_by == "--timeout 0 in the search for runs of 1 steps"
    monkeypatch.setattr(bmc.Search, "_search", lambda search, _: search._stop("anything", 0))
    nothing = bounded(counting(), [always(count < 6)], 9, Limits(timeout=0)).result("p")
    assert (nothing.verdict, nothing.depth) == (Verdict.INCOMPLETE, None), "not even a run of no steps was looked at"


def test_a_keyboard_interrupt_ends_the_search_with_what_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, 6, None)
    found = bounded(counting(), [always(count < 5), always(count != 1, "q")], 9)
    assert found.interrupted and found.stopped_by == "interrupted"
    assert found.result("q").verdict is Verdict.VIOLATED
    assert found.result("p").verdict is Verdict.INCOMPLETE
    assert found.result("p").reason.startswith("interrupted; no run of up to ")


def test_a_run_that_the_evaluator_does_not_reproduce_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Relation.instance

    def wrong(self: Relation, *args: Any) -> tuple[Action, dict[str, Value]]:
        _, params = real(self, *args)
        return self.system.actions[1], params

    monkeypatch.setattr(Relation, "instance", wrong)
    with pytest.raises(ReplayFailed):
        bounded(counting(), [always(count < 5)], 6)


def test_progress_tells_depth_by_depth() -> None:
    told: list[Deepening] = []
    found = bounded(counting(), [always(count < 3), always(count != 5, "q")], 9, progress=told.append)
    assert [(d.depth, d.undecided) for d in told] == [(0, 2), (1, 2), (2, 2), (3, 1), (4, 1), (5, 0)]
    assert len(found.seconds_per_depth) == 6 and found.seconds > 0
