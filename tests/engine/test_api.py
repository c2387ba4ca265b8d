"""The Python interface: models as values, assertions for tests, the explored graph."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from synproof.engine.api import (
    Limits,
    Property,
    PropertyKind,
    Subject,
    Verdict,
    assert_holds,
    assert_violated,
    check,
    explored_graph,
    load_model,
    model_names,
)
from synproof.engine.errors import LanguageError, SynproofError, UnknownName
from synproof.engine.property import Fairness, ScenarioLine
from synproof.engine.sorts import BOOL
from synproof.engine.system import Kind, Step, System, Variable

from .door import door, named, properties


def doors(**settings: object) -> Subject:
    system = door(**settings)
    return Subject("door", system, tuple(properties(system)))


def test_a_system_of_ones_own_is_checked_with_either_engine() -> None:
    explored, solved = check(doors(mode="eager")), check(doors(mode="eager"), engine="smt", depth=4)
    for name in ("no-ghost", "inside", "nobody-enters"):
        assert explored.result(name).steps == solved.result(name).steps == 3
    with pytest.raises(KeyError):
        explored.result("nothing")


@pytest.mark.parametrize("engine", ["both", "guess"])
def test_check_takes_one_engine(engine: str) -> None:
    with pytest.raises(LanguageError, match="explore or smt"):
        check(doors(), engine=engine)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"settings": {3: 4}}, "settings are a mapping"),
        ({"settings": 5}, "settings are a mapping"),
        ({"settings": {"window": 0}}, "^settings: window = 0"),
        ({"properties": "no-ghost-connection"}, "a sequence of names"),
        ({"properties": None}, "a sequence of names"),
        ({"name_or_path": 3}, "by its name or a path"),
    ],
)
def test_arguments_of_another_kind_are_refused_by_name(given: dict[str, Any], text: str) -> None:
    with pytest.raises(SynproofError, match=text):
        load_model(**{"name_or_path": "two-way", **given})


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: check(doors(), depth="x"),  # type: ignore[arg-type]
        lambda: check(doors(), limits=3),  # type: ignore[arg-type]
        lambda: explored_graph(doors(), limits=0),  # type: ignore[arg-type]
        lambda: check(3),  # type: ignore[arg-type]
        lambda: Limits(timeout="a"),  # type: ignore[arg-type]
        lambda: Limits(max_states=-1),
        lambda: assert_holds(doors(), None),  # type: ignore[arg-type]
        lambda: Property("a", "always"),  # type: ignore[arg-type]
    ],
)
def test_values_of_another_kind_are_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(LanguageError):
        wrong()


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"kind": PropertyKind.ALWAYS, "event": "gohst"}, "no event 'gohst'"),
        ({"kind": PropertyKind.SOMETIMES, "event": "gohst"}, "no event 'gohst'"),
        ({"kind": PropertyKind.SOMETIMES, "each": (ScenarioLine("", frozenset({"fly"})),)}, "no action 'fly'"),
        ({"kind": PropertyKind.EVENTUALLY, "fairness": Fairness(weak=frozenset({"timers"}))}, "no tag 'timers'"),
        ({"kind": PropertyKind.EVENTUALLY, "fairness": Fairness(compassion=frozenset({"air"}))}, "no channel 'air'"),
    ],
)
def test_what_a_property_names_is_there(given: dict[str, Any], text: str) -> None:
    system = door(mode="eager")
    with pytest.raises(UnknownName, match=text):
        Subject("door", system, (Property("mine", **given),))
    Subject("door", system, (Property("mine", **given, shared=True),))


def test_an_event_that_cannot_happen_may_be_asked_for() -> None:
    x = Variable("x", BOOL)
    step = Step("set", actor="it", kind=Kind.INTERNAL)
    step.set(x.expr, True)
    step.event("bang", False)
    system = System("one", (x,), ({"x": False},), (step.action(),))
    assert check(Subject("one", system, (Property("quiet", PropertyKind.ALWAYS, event="bang"),))).result("quiet").settled


def test_what_holds_is_asserted_and_gives_the_result() -> None:
    result = assert_holds(doors(), "no-ghost")
    assert (result.states, [found.name for found in result.properties]) == (13, ["no-ghost"])
    assert_holds(doors(), "inside")
    system = door()
    assert_holds(Subject("door", system, ()), named(system, "no-ghost")[0])


def test_an_assertion_that_fails_shows_the_counterexample() -> None:
    with pytest.raises(AssertionError, match="no-ghost is not true of door: violated") as failure:
        assert_holds(doors(mode="eager"), "no-ghost")
    assert "no-ghost: violated in 3 steps" in str(failure.value)


def test_an_unfinished_search_passes_no_assertion() -> None:
    with pytest.raises(AssertionError, match=r"incomplete.*--max-states 3"):
        assert_holds(doors(), "no-ghost", limits=Limits(max_states=3))
    with pytest.raises(AssertionError, match="incomplete"):
        assert_violated(doors(), "no-ghost", limits=Limits(max_states=3))


def test_what_does_not_apply_is_neither_true_nor_violated() -> None:
    with pytest.raises(AssertionError, match="not-applicable"):
        assert_holds(doors(), "never")
    with pytest.raises(AssertionError, match="not-applicable"):
        assert_violated(doors(), "never")


def test_a_violation_is_asserted_with_its_length_and_gives_the_trace() -> None:
    trace = assert_violated(doors(mode="eager"), "no-ghost", steps=3)
    assert trace.final["door.state"] == "OPEN"
    with pytest.raises(AssertionError, match="violated, but not in 4 steps"):
        assert_violated(doors(mode="eager"), "no-ghost", steps=4)
    with pytest.raises(AssertionError, match="is not violated of door: holds"):
        assert_violated(doors(), "no-ghost")


def test_a_property_that_the_model_does_not_have_is_named_with_those_it_has() -> None:
    with pytest.raises(LanguageError, match="no property 'no-gost'; it has: no-ghost, inside"):
        assert_holds(doors(), "no-gost")
    with pytest.raises(LanguageError, match="settings"):
        assert_holds(doors(), "no-ghost", settings={"mode": "eager"})


def test_the_explored_graph_has_every_state_and_transition() -> None:
    graph = explored_graph(doors())
    assert graph.number_of_nodes() == 13
    assert sum(len(labels) for _, _, labels in graph.edges(data="labels")) == 17
    assert graph.graph["complete"]
    assert not explored_graph(doors(), limits=Limits(max_states=3)).graph["complete"]


def test_shipped_models_are_loaded_by_name_with_settings() -> None:
    assert "three-way" in model_names()
    model = load_model("three-way", {"handshake": "two-way"}, ["no-ghost-connection"])
    assert model.settings["handshake"] == "two-way"
    assert check(model).result("no-ghost-connection").verdict is Verdict.VIOLATED
    assert_violated("three-way", "no-ghost-connection", steps=4, settings={"handshake": "two-way"})
    with pytest.raises(SynproofError, match="three-wya"):
        load_model("three-wya")


def test_a_model_of_ones_own_is_loaded_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('extends = "two-way"\n', encoding="utf-8")
    assert load_model(path).name == load_model(str(path)).name == "mine"
