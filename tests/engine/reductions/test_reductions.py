"""Reductions change no verdict and no shortest length, on random systems and on models; their runs are the system's own."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from synproof.engine.api import load_model, model_names
from synproof.engine.checker import Subject, Task, by_exploration
from synproof.engine.errors import LanguageError
from synproof.engine.property import Fairness, Property, PropertyKind, Response, Verdict
from synproof.engine.reductions import REDUCTIONS
from synproof.engine.reductions.dead_variables import controls, dead_at
from synproof.engine.reductions.reduced import reduced
from synproof.engine.results import ModelResult
from synproof.engine.search.explore import explore
from synproof.engine.sorts import Enum, Int
from synproof.engine.system import Kind, Step, System, Variable

from ..fairness.fair_runs import lasso_faults
from ..fairness.test_liveness import eventually, random_case
from ..graph_systems import Dice
from ..random_systems import draw
from .table import rows, true_row

TIMES = [pytest.param(1, id="some"), pytest.param(25, id="many", marks=pytest.mark.slow)]
ALWAYS = PropertyKind.ALWAYS


def both(subject: Subject, *names: str) -> tuple[ModelResult, ModelResult]:
    """A subject checked without reductions and with them. Every run in the results was replayed on the system itself."""
    plain, _ = by_exploration(subject)
    small, _ = by_exploration(subject, Task(reduce=names))
    return plain, small


def agree(plain: ModelResult, small: ModelResult) -> None:
    """Equal verdicts, and equal lengths but for lassos."""
    for one, other in zip(plain.properties, small.properties, strict=True):
        assert one.verdict is other.verdict, one.name
        if one.kind is PropertyKind.EVENTUALLY:
            if one.trace is not None and other.trace is not None:
                assert other.trace.loop is not None and one.trace.loop is not None
                assert other.trace.loop >= one.trace.loop
        else:
            assert one.steps == other.steps, one.name
    assert (plain.complete, bool(plain.overflows)) == (small.complete, bool(small.overflows))
    assert {n for n, c in (plain.lacks or {}).items() if c} == {n for n, c in (small.lacks or {}).items() if c}
    assert plain.silent_actions == small.silent_actions
    assert plain.states is not None and small.states is not None and small.states <= plain.states


# ---- random systems --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("times", TIMES)
def test_dead_variables_change_no_verdict_on_random_systems(times: int) -> None:
    saved: Counter[str] = Counter()
    for seed in range(80 * times):
        drawn = draw(seed)
        for properties in (drawn.properties, drawn.properties[:1]):
            plain, small = both(Subject("random", drawn.system, properties), "dead-variables")
            agree(plain, small)
            saved["less" if small.states != plain.states else "equal"] += 1
            saved.update(found.verdict.value for found in small.properties)
    assert saved["less"] >= 4 * times, saved
    assert min(saved["violated"], saved["holds"], saved["reached"]) >= 8 * times, saved


@pytest.mark.parametrize("times", TIMES)
def test_dead_variables_change_no_verdict_on_random_systems_with_fairness(times: int) -> None:
    saved: Counter[object] = Counter()
    for seed in range(200 * times):
        system, response, fairness = random_case(seed + 40_000, capacity=2, top=2, steps=4)
        prop = eventually(response, fairness)
        plain, small = both(Subject("random", system, (prop,)), "dead-variables")
        agree(plain, small)
        (found,) = small.properties
        saved[found.verdict] += 1
        saved["less"] += small.states != plain.states
        if found.trace is not None:
            assert found.trace.system is system
            assert lasso_faults(found.trace, response, fairness) == []
    assert saved["less"] >= 20 * times and min(saved[Verdict.HOLDS], saved[Verdict.VIOLATED]) >= 30 * times, saved


# ---- models ----------------------------------------------------------------------------------------------------------

QUICK = ["blind-reset-rfc793", "crash-of-server", "give-up", "laws-rfc793", "listener-crashes", "reset-without-ack-in-syn-sent",
         "simultaneous-open", "three-way-old-data", "user-timeout", "two-passive-ends", "crash-and-quiet-time-reuse",
         "keepalive", "reboot-unnoticed", "wasted-connection-user-timeout"]  # fmt: skip
MODELS = [pytest.param(n, marks=() if n in QUICK else pytest.mark.slow) for n in model_names() if n != "template"]


@pytest.mark.parametrize("name", MODELS)
def test_reductions_change_no_verdict_of_a_model(name: str) -> None:
    agree(*both(load_model(name), *REDUCTIONS))


LINES = [pytest.param(*row, id=f"{row[1]}{row[2]}", marks=() if len(row[3]) < 6 else pytest.mark.slow) for row in rows()]


@pytest.mark.parametrize(("row", "name", "settings", "_states"), LINES)
def test_the_table_of_what_reductions_save_is_true(row: str, name: str, settings: str, _states: str) -> None:
    assert row == true_row(name, settings), "python -m tests.engine.reductions.table writes it anew"


def test_the_table_has_large_and_small_models() -> None:
    assert len(rows()) > 20 and sum(len(states) < 6 for _, _, _, states in rows()) >= 5


# ---- dead variables --------------------------------------------------------------------------------------------------

PLACE = Enum("Place", ("HOME", "ROAD", "SEA"))


def voyage(*, remembered: bool = False) -> System:
    """A traveller packs at home, counts steps on the road, and (if `remembered`) is asked at sea how many they were."""
    place, bags, steps = Variable("place", PLACE), Variable("bags", Int(0, 2)), Variable("steps", Int(0, 3))
    pack = Step("pack", actor="he", kind=Kind.USER_CALL)
    pack.when(place.expr == "HOME", bags.expr < 2)
    pack.set(bags.expr, bags.expr + 1)
    leave = Step("leave", actor="he", kind=Kind.USER_CALL)
    leave.when(place.expr == "HOME")
    leave.set(place.expr, "ROAD")
    leave.set(steps.expr, 0)
    walk = Step("walk", actor="he", kind=Kind.INTERNAL)
    walk.when(place.expr == "ROAD", steps.expr < 3)
    walk.set(steps.expr, steps.expr + 1)
    sail = Step("sail", actor="he", kind=Kind.INTERNAL)
    sail.when(place.expr == "ROAD", steps.expr > 0)
    sail.set(place.expr, "SEA")
    back = Step("return", actor="he", kind=Kind.INTERNAL)
    back.when(place.expr == "SEA")
    if remembered:
        back.when(steps.expr > 1)
    back.set(place.expr, "HOME")
    back.set(bags.expr, 0)
    first = {"place": "HOME", "bags": 0, "steps": 0}
    steps_of_him = (pack, leave, walk, sail, back)
    return System("voyage", (place, bags, steps), (first,), tuple(step.action() for step in steps_of_him))


def test_what_is_read_nowhere_before_it_is_overwritten_is_dead() -> None:
    system = voyage()
    assert [v.name for v in controls(system)] == ["place"]
    assert dead_at(system, (), "place")["bags"] == {"ROAD", "SEA"}
    assert dead_at(system, (), "place")["steps"] == {"HOME", "SEA"}
    assert dead_at(voyage(remembered=True), (), "place")["steps"] == {"HOME"}


def test_what_a_property_reads_is_not_dead_where_it_reads_it() -> None:
    system = voyage()
    place, bags, _ = (v.expr for v in system.variables)
    light = Property("light at sea", ALWAYS, predicate=(place != "SEA") | (bags < 2))
    assert dead_at(system, (light,), "place")["bags"] == frozenset()
    at_home = Property("light at home", ALWAYS, predicate=(place != "HOME") | (bags < 2))
    assert dead_at(system, (at_home,), "place")["bags"] == {"ROAD", "SEA"}
    unasked = replace(light, not_applicable="nobody asks")
    assert dead_at(system, (unasked,), "place")["bags"] == {"ROAD", "SEA"}


def test_states_that_differ_in_dead_variables_only_are_one() -> None:
    system = voyage()
    small = reduced(system, (), ["dead-variables"])
    assert small.applied == ("dead-variables",)
    states = [explore(small.system).unit.layout.unpack(code) for code in explore(small.system).states]
    assert len(states) == 3 + 4 + 1 < len(explore(system).states)
    assert all(state["bags"] == 0 for state in states if state["place"] != "HOME")
    assert all(state["steps"] == 0 for state in states if state["place"] != "ROAD")


def test_a_lasso_goes_round_until_the_system_itself_returns() -> None:
    """The reduced system returns to HOME with what it had; the traveller has no bags any more, and must go round twice."""
    system = voyage()
    first = {**system.initial[0], "steps": 3}
    system = replace(system, initial=(first,))
    always_on = Property(
        "stays", PropertyKind.EVENTUALLY, responses=(Response(sending=False, goal=system.variables[1].expr == 1),),
        fairness=Fairness(weak=frozenset({"go"})),
    )  # fmt: skip
    going = tuple(replace(a, tags=frozenset({"go"}) if a.name != "pack" else frozenset()) for a in system.actions)
    plain, small = both(Subject("voyage", replace(system, actions=going), (always_on,)), "dead-variables")
    agree(plain, small)
    trace = small.properties[0].trace
    assert trace is not None and trace.loop is not None and trace.loop > 0
    assert trace.states[trace.loop] == trace.final != trace.initial


def test_an_unknown_reduction_is_refused_with_those_that_exist() -> None:
    system = Dice(1).system()
    with pytest.raises(LanguageError, match="did you mean 'dead-variables'"):
        reduced(system, (), ["dead-variable"])


def test_without_reductions_nothing_is_said_of_them() -> None:
    subject = load_model("handshake")
    plain, small = both(subject, "dead-variables")
    assert "reductions" not in plain.as_json()
    assert small.as_json()["reductions"] == ["dead-variables"] and small.as_json()["not_reduced"] == {}


