"""Budgets: the limits of a check bound what is asked of the finished graph too."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from synproof.engine import checker, checker_smt
from synproof.engine.checker import Subject, Task, by_exploration, check
from synproof.engine.expr import FALSE, TRUE
from synproof.engine.fairness.liveness import check_responses
from synproof.engine.property import Fairness, Property, PropertyKind, Response, Scenario, ScenarioLine, Verdict
from synproof.engine.results import ModelResult
from synproof.engine.search.budget import EVERY, Budget, LimitMet
from synproof.engine.search.explore import Limits, explore
from synproof.engine.search.scenario import find_scenario

from ...clock import Clock
from ..door import door, named

pytestmark = pytest.mark.usefixtures("clock")


def spent() -> Budget:
    """Nothing is left of it."""
    return Budget(Limits(timeout=0.0), time.monotonic() - 1)


def test_a_budget_is_spent_when_a_limit_is_met_and_says_which(clock: Clock) -> None:
    late = Budget(Limits(timeout=5))
    clock.now += 5
    late.spend()
    with pytest.raises(LimitMet, match="--timeout 5"):
        Budget(Limits(timeout=5), clock.now - 6).spend()
    with pytest.raises(LimitMet, match="--max-memory 1"):
        Budget(Limits(max_memory=1)).spend()
    for _ in range(1000):
        Budget(Limits(max_states=0, timeout=5)).spend()


def test_a_limit_that_is_met_later_is_noticed_soon(clock: Clock) -> None:
    budget = Budget(Limits(timeout=5))
    for _ in range(1_000):
        budget.spend()
    clock.now += 6
    with pytest.raises(LimitMet):
        for _ in range(EVERY):
            budget.spend()


def test_what_is_left_is_what_the_time_has_not_taken(clock: Clock) -> None:
    assert Budget(Limits(max_states=3)).left == Limits(max_states=3)
    left = Budget(Limits(timeout=9, max_memory=7), clock.now - 4).left
    assert left.seconds_left == 5
    assert (left.timeout, left.max_memory) == (9, 7), "limits are told as they were written"
    assert spent().left.seconds_left == 0
    assert Budget(left, clock.now - 3).left.spent == 7
    assert Limits(timeout=1, spent=2).met(0, clock.now) == "--timeout 1"


ALWAYS_WAITING = Property("waits", PropertyKind.EVENTUALLY, responses=(Response(goal=FALSE),), fairness=Fairness())


def test_fair_components_and_scenarios_keep_to_the_budget() -> None:
    search = explore(door(asks=3))
    with pytest.raises(LimitMet):
        check_responses(search, ALWAYS_WAITING, spent())
    line = ScenarioLine("ask", frozenset({"client.ask"}))
    with pytest.raises(LimitMet):
        find_scenario(search, Scenario(TRUE, (line,)), spent())
    assert find_scenario(search, Scenario(TRUE, (line,))) is not None


def test_a_property_for_which_no_time_is_left_is_incomplete_and_says_why(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = door(loss="off")
    one = Subject("door", system, named(system, "no-ghost", "enters", "inside"))

    def slow(*given: Any) -> Any:
        found = explore(*given)
        clock.now += 6  # the search itself was in time
        return found

    monkeypatch.setattr(checker, "explore", slow)
    result, exploration = by_exploration(one, Task(limits=Limits(timeout=5)))
    assert exploration.complete
    found = result.result("enters")
    assert (found.verdict, found.reason) == (Verdict.INCOMPLETE, "--timeout 5: met before it was decided")
    assert result.result("no-ghost").verdict is Verdict.HOLDS
    assert result.result("inside").verdict is Verdict.REACHED


def test_the_solver_gets_the_time_that_exploration_has_left(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Limits] = []

    def solver(subject: Subject, task: Task) -> ModelResult:
        given.append(task.limits)
        return ModelResult(subject.name, "smt", ())

    def slow(subject: Subject, task: Task) -> Any:
        clock.now += 3
        return original(subject, task)

    original = by_exploration
    monkeypatch.setattr(checker, "by_exploration", slow)
    monkeypatch.setattr(checker_smt, "by_solver", solver)
    system = door()
    check(Subject("door", system, ()), replace(Task("both"), limits=Limits(timeout=10)))
    (limits,) = given
    assert limits.seconds_left == 7
