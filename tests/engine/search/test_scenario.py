"""Scenarios, against all ways of following the lines through the evaluator's graph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from synproof.engine.checker import Subject, Task, check
from synproof.engine.errors import UnknownName
from synproof.engine.evaluate import holds
from synproof.engine.expr import TRUE, Expr, param
from synproof.engine.property import Property, PropertyKind, Scenario, ScenarioLine, Verdict
from synproof.engine.search.explore import Limits, explore
from synproof.engine.search.scenario import find_scenario, first_steps
from synproof.engine.sorts import BOOL, Int
from synproof.engine.system import Kind, Step, System, Variable
from synproof.engine.traces.confirm import confirm
from synproof.engine.traces.trace import ReplayFailed

from ..graph_systems import MESSAGE, Dice, Graph, graph_of, labels_of, least_ways, way_of

Way = tuple[int, ...]


def ways_along(graph: Graph, position: int, lines: tuple[ScenarioLine, ...]) -> Iterator[Way]:
    """The labels of every way to follow the lines from a state."""
    if not lines:
        yield ()
        return
    for step, target in graph.out[position]:
        line = lines[0]
        if step.action.name in line.actions and holds(line.before, step.before, step.params) and holds(line.after, step.after):
            for rest in ways_along(graph, target, lines[1:]):
                yield labels_of(graph.system, [step]) + rest


def random_scenario(dice: Dice, system: System) -> Scenario:
    def line() -> ScenarioLine:
        chosen = dice.rng.sample(system.actions, dice.rng.randint(1, min(3, len(system.actions))))
        before: Expr = TRUE if dice.chance(0.5) else dice.condition()
        if all("message" in [p.name for p in action.params] for action in chosen):
            before = before & (param("message", MESSAGE).v == dice.rng.choice((0, 1)))
        after = TRUE if dice.chance(0.5) else dice.condition()
        return ScenarioLine("something happens", frozenset(action.name for action in chosen), before, after)

    start = TRUE if dice.chance(0.2) else dice.condition()
    return Scenario(start, tuple(line() for _ in range(dice.rng.randint(1, 4))))


def test_agrees_with_all_ways_on_random_systems() -> None:
    found, missed, late = 0, 0, 0
    for seed in range(150):
        dice = Dice(seed + 300, channels=1 + seed % 2, capacity=2, top=3, steps=4)
        system = dice.system()
        graph = graph_of(system, 60)
        if graph is None or len(graph.states) < 4:
            continue
        exploration = explore(system)
        ways = least_ways(graph)
        for _ in range(6):
            scenario = random_scenario(dice, system)
            starts = [i for i, state in enumerate(graph.states) if holds(scenario.start, state)]
            all_ways = [ways[i] + along for i in starts for along in ways_along(graph, i, scenario.lines)]
            run = find_scenario(exploration, scenario)
            assert (run is None) == (not all_ways)
            if run is not None:
                assert way_of(system, run) == min(all_ways, key=lambda way: (len(way), way))
                assert dict(run.trace(system).initial) in [dict(state) for state in system.initial]
                found += 1
                late += len(run) > len(scenario.lines)
            else:
                missed += 1
    assert found >= 80 and missed >= 80 and late >= 20, (found, missed, late)


def test_first_steps_agree_with_all_transitions_of_random_systems() -> None:
    found, missed = 0, 0
    for seed in range(120):
        dice = Dice(seed + 900, channels=1 + seed % 2, capacity=2, top=3, steps=4)
        system = dice.system()
        graph = graph_of(system, 60)
        if graph is None or len(graph.states) < 4:
            continue
        exploration = explore(system)
        ways = least_ways(graph)
        lines = [line for _ in range(3) for line in random_scenario(dice, system).lines]
        for line, run in zip(lines, first_steps(exploration, lines), strict=True):
            all_ways = [ways[i] + along for i in range(len(graph.states)) for along in ways_along(graph, i, (line,))]
            assert (run is None) == (not all_ways)
            if run is not None:
                assert way_of(system, run) == min(all_ways, key=lambda way: (len(way), way))
                found += 1
            else:
                missed += 1
    assert found >= 150 and missed >= 50, (found, missed)


# ---- by hand ---------------------------------------------------------------------------------------------------------


def paths() -> tuple[System, Expr]:
    """From 0 by `left` to 1 or by `right` to 2; `on` from both, but only from 2 twice; `dig` picks a depth."""
    at, depth = Variable("at", Int(0, 4)), Variable("depth", Int(0, 2))
    actions = []
    for name, here, there in (("left", 0, 1), ("right", 0, 2), ("on", 1, 3), ("also on", 2, 3), ("home", 4, 0)):
        step = Step(name, actor="it", kind=Kind.USER_CALL)
        step.when(at.expr == here)
        step.set(at.expr, there)
        if there == 3:
            step.set(depth.expr, here - 1)
        actions.append(step.action())
    dig = Step("dig", actor="it", kind=Kind.USER_CALL)
    chosen = dig.choose("deep", Int(0, 2))
    dig.when(at.expr == 3, chosen <= depth.expr)
    dig.set(at.expr, 4)
    return System("paths", (at, depth), ({"at": 0, "depth": 0},), (*actions, dig.action())), at.expr


def names(system: System, scenario: Scenario, limits: Limits = Limits()) -> list[str] | None:  # noqa: B008
    run = find_scenario(explore(system, limits=limits), scenario)
    return None if run is None else [step.action.name for step in run.trace(system).steps]


def line(*actions: str, before: Expr = TRUE, after: Expr = TRUE) -> ScenarioLine:
    return ScenarioLine("", frozenset(actions), before, after)


ANY = ("left", "right")
ON = ("on", "also on")


def test_goes_back_where_a_later_line_cannot_follow() -> None:
    system, at = paths()
    deep = param("deep", Int(0, 2)) == 1
    assert names(system, Scenario(at == 0, (line(*ANY), line(*ON), line("dig")))) == ["left", "on", "dig"]
    assert names(system, Scenario(at == 0, (line(*ANY), line(*ON), line("dig", before=deep)))) == ["right", "also on", "dig"]


def test_starts_from_the_nearest_state_that_serves() -> None:
    system, at = paths()
    again = Scenario(at == 3, (line("dig"), line("home"), line("right")))
    assert names(system, again) == ["left", "on", "dig", "home", "right"]
    served = Scenario(TRUE, (line("dig", after=at == 4), line("home")))
    assert names(system, served) == ["left", "on", "dig", "home"]


def test_nothing_comes_in_between() -> None:
    system, at = paths()
    assert names(system, Scenario(at == 0, (line("left"), line("dig")))) is None


def test_no_lines_is_the_way_to_the_start() -> None:
    system, at = paths()
    assert names(system, Scenario(at == 3, ())) == ["left", "on"]
    assert names(system, Scenario(at == 9 - 9, ())) == []


def test_follows_beyond_what_was_expanded() -> None:
    system, at = paths()
    few = Limits(max_states=3)
    cut = explore(system, limits=few)
    assert not cut.complete and cut.expanded == 1
    assert names(system, Scenario(at == 2, (line("also on"), line("dig"), line("home"))), few) == [
        "right", "also on", "dig", "home",
    ]  # fmt: skip


def test_an_action_that_is_not_there_never_happens() -> None:
    system, at = paths()
    assert names(system, Scenario(at == 0, (line("left", "fly"),))) == ["left"]
    assert names(system, Scenario(at == 0, (line("fly"),))) is None


def test_each_of_several_steps_is_asked_for() -> None:
    system, at = paths()
    both = Property("both", PropertyKind.SOMETIMES, each=(line("home"), line("right")), shared=True)
    (result,) = check(Subject("paths", system, (both,)))
    found = result.result("both")
    assert (found.verdict, found.steps) == (Verdict.REACHED, 4), "the one that is farthest away"
    assert found.trace is not None and found.trace.steps[-1].action.name == "home"
    never = ScenarioLine("digging from 2", frozenset({"dig"}), before=at == 2)
    asked = replace(both, each=(*both.each, never, ScenarioLine("flying", frozenset({"fly"}))))
    (result,) = check(Subject("paths", system, (asked,)))
    found = result.result("both")
    assert (found.verdict, found.reason) == (Verdict.NOT_REACHED, "no run takes: digging from 2; flying")
    (result,) = check(Subject("paths", system, (asked,)), Task(limits=Limits(max_states=3)))
    assert result.result("both").verdict is Verdict.INCOMPLETE
    (result,) = check(Subject("paths", system, (both,)), Task(engine="smt"))
    assert result.result("both").verdict is Verdict.NOT_APPLICABLE


def test_a_run_that_takes_none_of_the_steps_is_no_witness() -> None:
    system, _ = paths()
    both = Property("both", PropertyKind.SOMETIMES, each=(line("home"), line("right")))
    run = find_scenario(explore(system), Scenario(TRUE, (line("left"),)))
    assert run is not None
    with pytest.raises(ReplayFailed, match="its last step is none of those that are asked for"):
        confirm(both, run.trace(system))


def test_mistakes_are_named() -> None:
    system, at = paths()
    exploration = explore(system)
    deep = param("deeep", Int(0, 2)) == 1
    with pytest.raises(UnknownName, match=r"dig has no parameter 'deeep'; did you mean 'deep'\?"):
        find_scenario(exploration, Scenario(at == 0, (line("left"), line("dig", before=deep))))
    with pytest.raises(UnknownName, match=r"line 1 of a scenario.*left has no parameter 'deep'; known: none"):
        find_scenario(exploration, Scenario(at == 0, (line("left", "dig", before=param("deep", Int(0, 2)) == 1),)))
    with pytest.raises(UnknownName, match=r"is Int\(0..2\), not Bool"):
        find_scenario(exploration, Scenario(at == 0, (line("dig", before=param("deep", BOOL)),)))
    with pytest.raises(UnknownName, match="the start of a scenario reads 'other'"):
        find_scenario(exploration, Scenario(Variable("other", BOOL).expr, ()))
    with pytest.raises(UnknownName, match="line 1 of a scenario"):
        find_scenario(exploration, Scenario(at == 0, (line("left", after=Variable("other", BOOL).expr),)))
