"""Checking: each verdict by the rules, results as values, exit codes, agreement of engines, companions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from synproof.engine import checker
from synproof.engine.checker import Subject, Task, by_exploration, check
from synproof.engine.comparison import comparison_exit_code, distinctions, matrix
from synproof.engine.errors import LanguageError, SortMismatch, UnknownName
from synproof.engine.evaluate import choices, holds
from synproof.engine.expr import TRUE
from synproof.engine.fairness import liveness
from synproof.engine.property import Property, PropertyKind, Response, Verdict
from synproof.engine.results import EXIT_CODES, ModelResult, PropertyResult, disagreements, exit_code, stronger
from synproof.engine.search.explore import Exploration, Limits, Progress
from synproof.engine.sorts import Int
from synproof.engine.system import System, Variable
from synproof.engine.traces.companion import companion
from synproof.engine.traces.confirm import confirm, confirm_via
from synproof.engine.traces.trace import ReplayFailed, replay

from .door import door, named, properties


def subject(*names: str, **settings: Any) -> Subject:
    """A door with some of its properties, or all of them."""
    system = door(**settings)
    return Subject("door", system, named(system, *names) if names else tuple(properties(system)))


def verdicts(result: ModelResult) -> dict[str, str]:
    return {found.name: found.verdict.value for found in result.properties}


def explored(*names: str, limits: Limits | None = None, **settings: Any) -> ModelResult:
    return by_exploration(subject(*names, **settings), Task(limits=limits or Limits()))[0]


# ---- verdicts of exploration -----------------------------------------------------------------------------------------


def test_a_careful_door_is_judged_property_by_property() -> None:
    assert verdicts(explored()) == {
        "no-ghost": "holds",
        "inside": "reached",
        "pending": "reached",
        "entering": "reached",
        "nobody-enters": "violated",
        "no-deadlock": "violated",
        "enters": "violated",
        "never": "not-applicable",
    }


def test_an_eager_door_is_open_for_nobody_in_three_steps() -> None:
    found = explored(mode="eager").result("no-ghost")
    assert (found.verdict, found.steps) == (Verdict.VIOLATED, 3)
    assert found.trace is not None
    assert [step.action.name for step in found.trace.steps] == ["client.ask", "client.leave", "door.receive_ask_eagerly"]
    assert explored(mode="eager").result("pending").verdict is Verdict.NOT_REACHED


def test_the_counts_and_the_coverage_of_a_result_are_those_of_the_exploration() -> None:
    result, exploration = by_exploration(subject())
    assert (result.states, result.transitions, result.depth) == (13, 17, 4)
    assert result.complete
    assert result.actions is not None
    assert sum(result.actions.values()) == result.transitions == exploration.transitions
    assert result.silent_actions == []
    assert result.frontier == 0


def test_without_loss_nobody_waits_for_ever() -> None:
    assert verdicts(explored("no-deadlock", "enters", loss="off")) == {"no-deadlock": "holds", "enters": "holds"}


@pytest.mark.parametrize("name", ["no-ghost", "no-deadlock", "enters", "pending"])
def test_a_search_that_is_cut_never_says_holds_or_not_reached(name: str) -> None:
    mode = "eager" if name == "pending" else "careful"
    result = explored(name, limits=Limits(max_states=4), asks=3, loss="off", mode=mode)
    found = result.result(name)
    assert found.verdict is Verdict.INCOMPLETE
    assert "--max-states 4" in found.reason
    assert "waiting" in found.reason
    assert not result.complete


def test_what_was_found_before_the_cut_stays_found() -> None:
    result = explored("inside", "no-ghost", limits=Limits(max_states=9), mode="eager", asks=3)
    assert not result.complete
    assert result.result("no-ghost").verdict is Verdict.VIOLATED


def test_a_cut_search_says_how_long_the_runs_are_that_it_settled() -> None:
    whole = explored("no-ghost", asks=3)
    assert whole.states is not None
    for states in range(2, whole.states):
        cut = by_exploration(subject("no-ghost", asks=3), Task(limits=Limits(max_states=states)))
        found, exploration = cut[0].result("no-ghost"), cut[1]
        if exploration.complete:
            continue
        assert found.depth is not None
        unsettled = exploration.depth_of(exploration.expanded)
        assert found.depth == unsettled, "a run that leaves the first state not expanded is one step longer"


def test_a_drop_where_nothing_may_be_lost_leaves_nothing_excluded() -> None:
    result = explored("no-ghost", "pending", "inside", asks=2, loss="off", capacity=1)
    found = result.result("no-ghost")
    assert (found.verdict, found.reason.split()[0]) == (Verdict.INCOMPLETE, "capacity")
    assert result.result("inside").verdict is Verdict.REACHED
    assert result.overflows
    assert [p.name for p in result.properties] == ["no-ghost", "pending", "inside"], "the watch is no property of the user's"


def test_a_drop_where_things_are_lost_anyway_changes_no_verdict() -> None:
    result = explored("no-ghost", asks=2, capacity=1)
    assert result.overflows
    assert result.result("no-ghost").verdict is Verdict.HOLDS


def test_a_lack_leaves_nothing_excluded() -> None:
    result = explored("no-ghost", asks=2, patience=1)
    assert result.lacks == {"patience": 5}
    assert result.isn_exhausted == 5
    assert result.result("no-ghost").verdict is Verdict.INCOMPLETE
    assert "patience 5 times" in result.result("no-ghost").reason


def test_a_property_that_does_not_apply_says_why() -> None:
    found = explored("never").result("never")
    assert (found.verdict, found.reason) == (Verdict.NOT_APPLICABLE, "doors have no windows")


def test_an_interrupt_in_the_search_ends_it_with_what_was_found() -> None:
    def interrupt(progress: Progress) -> None:
        if progress.level == 4:
            raise KeyboardInterrupt

    task = Task(progress=interrupt)
    result = by_exploration(subject("no-ghost", "nobody-enters", "enters", asks=3, mode="eager"), task)[0]
    assert result.interrupted
    assert verdicts(result) == {"no-ghost": "violated", "nobody-enters": "violated", "enters": "incomplete"}
    assert exit_code([[result]]) == 130


def test_an_interrupt_while_a_property_is_decided_leaves_only_that_one_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(prop: Property, _trace: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(checker, "confirm", interrupted)
    result = explored("nobody-enters", "no-ghost")
    assert verdicts(result) == {"nobody-enters": "incomplete", "no-ghost": "holds"}
    assert result.interrupted


def test_after_an_interrupt_no_further_search_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def interrupted(_search: Exploration, prop: Property, _budget: object) -> None:
        asked.append(prop.name)
        raise KeyboardInterrupt

    monkeypatch.setattr(liveness, "check_responses", interrupted)
    one = subject("enters", "no-ghost", "entering")
    again = replace(one.properties[0], name="enters-again")
    result = by_exploration(replace(one, properties=(*one.properties, again)))[0]
    assert verdicts(result) == {
        "enters": "incomplete", "no-ghost": "holds", "entering": "reached", "enters-again": "incomplete"
    }  # fmt: skip
    assert asked == ["enters"]


def test_two_properties_of_one_name_are_refused() -> None:
    system = door()
    with pytest.raises(LanguageError, match="two properties have one name: inside"):
        Subject("door", system, named(system, "inside") * 2)


def test_an_unknown_engine_is_refused_with_those_that_exist() -> None:
    with pytest.raises(LanguageError, match="explore, smt, both"):
        check(subject("inside"), Task(engine="guess"))


# ---- confirmation ----------------------------------------------------------------------------------------------------


def steps_of(subject: Subject, *names: str) -> Any:
    """The trace of actions by name; each has one choice at most."""
    system = subject.system
    trace = replay(system, system.initial[0], [])
    for name in names:
        action = system.actions[system.action_index[name]]
        params = next(p for p in choices(system, action, trace.final) if holds(action.enabled, trace.final, p))
        trace = replay(system, system.initial[0], [*((s.action, s.params) for s in trace.steps), (action, params)])
    return trace


CONFIRMED = {
    "no-ghost": ("client.ask", "client.leave", "door.receive_ask_eagerly"),
    "inside": ("client.ask", "door.receive_ask_eagerly", "client.receive_yes"),
    "entering": ("client.ask", "door.receive_ask_eagerly", "client.receive_yes"),
    "nobody-enters": ("client.ask", "door.receive_ask_eagerly", "client.receive_yes"),
    "no-deadlock": ("client.ask", "line.lose_to_door"),
}


@pytest.mark.parametrize("name", CONFIRMED)
def test_a_run_is_confirmed_to_decide_its_property_and_its_beginning_is_not(name: str) -> None:
    one = subject(name, mode="eager")
    (prop,) = one.properties
    names = CONFIRMED[name]
    assert confirm(prop, steps_of(one, *names)) is not None
    with pytest.raises(ReplayFailed, match=name):
        confirm(prop, steps_of(one, *names[:-1]))


def test_a_state_where_something_can_happen_is_no_deadlock() -> None:
    one = subject("no-deadlock")
    with pytest.raises(ReplayFailed, match=r"door\.receive_ask is possible"):
        confirm(one.properties[0], steps_of(one, "client.ask"))


def test_a_lasso_must_stay_where_the_goal_is_owed() -> None:
    one = subject("enters")
    (prop,) = one.properties
    trace = explored("enters").result("enters").trace
    assert trace is not None
    assert trace.loop is not None
    confirm(prop, trace)
    with pytest.raises(ReplayFailed):
        confirm(prop, replace(trace, loop=None))
    with pytest.raises(ReplayFailed):
        confirm(prop, replace(trace, loop=0))  # at the start nobody has asked


def test_a_run_by_way_of_predicates_is_confirmed_in_their_order() -> None:
    one = subject("no-ghost", mode="eager")
    by_name = {v.name: v.expr for v in one.system.variables}
    asked, away = by_name["client.state"] == "ASKED", by_name["client.state"] == "AWAY"
    trace = steps_of(one, *CONFIRMED["no-ghost"])
    assert confirm_via([asked, away], one.properties[0], trace) is trace
    with pytest.raises(ReplayFailed):
        confirm_via([asked, away, asked], None, trace)


def test_a_search_that_invents_a_run_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Exploration, "run_of", lambda self, _finding: self.run_to(0))
    with pytest.raises(ReplayFailed, match="nobody-enters: a run of 0 steps was found, but"):
        explored("nobody-enters")


# ---- results as values -----------------------------------------------------------------------------------------------


def of(name: str, verdict: Verdict, steps: int | None = None, **more: Any) -> PropertyResult:
    """A result with a trace of so many steps."""
    kind = PropertyKind.SOMETIMES if verdict in (Verdict.REACHED, Verdict.NOT_REACHED) else PropertyKind.ALWAYS
    prop = Property(name, more.pop("kind", kind), only_quiescent=more.pop("deadlock", False))
    trace = None
    if steps is not None:
        one = subject("no-ghost")
        trace = steps_of(one, *("client.ask", "line.lose_to_door", "client.leave")[:steps])
    return PropertyResult(prop, verdict, trace, **more)


@pytest.mark.parametrize(
    ("verdict", "kind", "steps"),
    [
        (Verdict.HOLDS, PropertyKind.SOMETIMES, None),
        (Verdict.REACHED, PropertyKind.ALWAYS, 1),
        (Verdict.NOT_REACHED, PropertyKind.ALWAYS, None),
        (Verdict.VIOLATED, PropertyKind.ALWAYS, None),
        (Verdict.HOLDS, PropertyKind.ALWAYS, 1),
    ],
)
def test_a_verdict_that_makes_no_sense_cannot_be_said(verdict: Verdict, kind: PropertyKind, steps: int | None) -> None:
    with pytest.raises(ValueError, match="x"):
        of("x", verdict, steps, kind=kind)


EVENTUALLY = PropertyKind.EVENTUALLY
ENDINGS: list[tuple[PropertyResult, int]] = [
    (of("a", Verdict.VIOLATED, 1), 12),
    (of("b", Verdict.VIOLATED, 1, deadlock=True), 11),
    (of("c", Verdict.VIOLATED, 1, kind=EVENTUALLY), 13),
    (of("d", Verdict.NOT_REACHED), 10),
    (of("e", Verdict.UNKNOWN), 21),
    (of("f", Verdict.INCOMPLETE), 152),
    (of("g", Verdict.HOLDS_UP_TO, depth=3), 152),
    (of("h", Verdict.HOLDS), 0),
    (of("i", Verdict.PROVED), 0),
    (of("j", Verdict.REACHED, 1), 0),
    (of("k", Verdict.NOT_APPLICABLE), 0),
]


@pytest.mark.parametrize(("found", "code"), ENDINGS, ids=lambda x: str(x) if isinstance(x, int) else x.verdict.value)
def test_each_verdict_has_its_exit_code(found: PropertyResult, code: int) -> None:
    assert exit_code([[ModelResult("m", "explore", (found,))]]) == code


def test_of_several_endings_the_first_in_the_documented_order_counts() -> None:
    order = [12, 11, 13, 10, 21, 152, 0]
    by_code = {code: found for found, code in reversed(ENDINGS)}
    for i, code in enumerate(order):
        rest = tuple(by_code[c] for c in reversed(order[i:]))
        assert exit_code([[ModelResult("m", "explore", rest)]]) == code
        assert exit_code([[ModelResult("m", "explore", (found,))] for found in rest]) == code
    everything = ModelResult("m", "explore", tuple(by_code.values()), interrupted=True)
    assert exit_code([[everything]]) == 130
    assert list(EXIT_CODES.values()) == [2, 150, 151, 153, 130, 20, 12, 11, 13, 10, 21, 152, 0]


def result_of(engine: str, *found: PropertyResult) -> ModelResult:
    return ModelResult("m", engine, found)


AGREEMENTS: list[tuple[PropertyResult, PropertyResult, bool]] = [
    (of("a", Verdict.VIOLATED, 2), of("a", Verdict.VIOLATED, 2), True),
    (of("a", Verdict.VIOLATED, 2), of("a", Verdict.VIOLATED, 3), False),
    (of("a", Verdict.VIOLATED, 3), of("a", Verdict.HOLDS_UP_TO, depth=2), True),
    (of("a", Verdict.VIOLATED, 3), of("a", Verdict.HOLDS_UP_TO, depth=3), False),
    (of("a", Verdict.VIOLATED, 3), of("a", Verdict.PROVED), False),
    (of("a", Verdict.VIOLATED, 3), of("a", Verdict.UNKNOWN), True),
    (of("a", Verdict.VIOLATED, 3), of("a", Verdict.NOT_APPLICABLE), True),
    (of("a", Verdict.HOLDS), of("a", Verdict.VIOLATED, 2), False),
    (of("a", Verdict.HOLDS), of("a", Verdict.HOLDS_UP_TO, depth=9), True),
    (of("a", Verdict.HOLDS), of("a", Verdict.PROVED), True),
    (of("a", Verdict.INCOMPLETE, depth=1), of("a", Verdict.VIOLATED, 2), True),
    (of("a", Verdict.INCOMPLETE, depth=2), of("a", Verdict.VIOLATED, 2), False),
    (of("a", Verdict.NOT_REACHED), of("a", Verdict.REACHED, 1), False),
    (of("a", Verdict.REACHED, 3), of("a", Verdict.INCOMPLETE, depth=3, kind=PropertyKind.SOMETIMES), False),
    (of("a", Verdict.REACHED, 3), of("a", Verdict.INCOMPLETE, depth=2, kind=PropertyKind.SOMETIMES), True),
]


@pytest.mark.parametrize(("one", "two", "agree"), AGREEMENTS)
def test_engines_contradict_each_other_where_one_has_a_run_that_the_other_excludes(
    one: PropertyResult, two: PropertyResult, agree: bool
) -> None:
    results = [result_of("explore", one), result_of("smt", two)]
    assert (disagreements(results) == []) is agree
    assert (exit_code([results]) == 20) is not agree


def test_the_stronger_verdict_counts() -> None:
    results = [result_of("explore", of("a", Verdict.HOLDS)), result_of("smt", of("a", Verdict.HOLDS_UP_TO, depth=4))]
    assert [found.verdict for found in stronger(results)] == [Verdict.HOLDS]
    assert exit_code([results]) == 0
    assert exit_code([results[1:]]) == 152


def test_the_json_form_has_the_documented_keys_and_plain_values() -> None:
    entry = explored().as_json()
    assert list(entry)[:10] == [
        "model", "settings", "engine", "complete", "states", "transitions", "depth", "seconds", "overflows", "isn_exhausted",
    ]  # fmt: skip
    assert json.loads(json.dumps(entry)) == entry
    by_name = {row["name"]: row for row in entry["properties"]}
    assert by_name["nobody-enters"]["steps"] == 3
    assert by_name["no-ghost"]["assumption"] == "the door is honest"
    assert by_name["enters"]["fairness"] == "weak: delivery"
    unknown = ModelResult("m", "smt", ()).as_json()
    keys = ("complete", "states", "transitions", "depth", "overflows", "isn_exhausted", "actions")
    assert {key: unknown[key] for key in keys} == dict.fromkeys(keys)


def test_the_same_check_gives_the_same_result_but_for_the_seconds() -> None:
    def plain(result: ModelResult) -> Mapping[str, Any]:
        traces = [[(s.action.name, dict(s.params)) for s in p.trace.steps] for p in result.properties if p.trace]
        return {**result.as_json(), "seconds": 0, "traces": traces}

    assert plain(explored(mode="eager", asks=2)) == plain(explored(mode="eager", asks=2))


# ---- the solver ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["careful", "eager"])
def test_both_engines_agree_on_a_door(mode: str) -> None:
    results = check(subject(mode=mode, asks=2), Task("both", depth=6))
    assert [result.engine for result in results] == ["explore", "smt"]
    assert disagreements(results) == []
    by_steps = [{p.name: p.steps for p in result.properties if p.name != "enters"} for result in results]
    assert by_steps[0] == by_steps[1]
    assert results[1].result("enters").verdict is Verdict.NOT_APPLICABLE


def test_a_bounded_search_never_says_holds_or_not_reached() -> None:
    (result,) = check(subject("no-ghost", "pending", mode="eager"), Task("smt", depth=2))
    assert verdicts(result) == {"no-ghost": "holds-up-to", "pending": "incomplete"}
    assert result.result("no-ghost").depth == 2


@pytest.mark.parametrize(
    ("settings", "reason"),
    [({"asks": 2, "patience": 1}, "ran out of: patience"), ({"asks": 2, "loss": "off", "capacity": 1}, "capacity")],
)
def test_the_solver_excludes_nothing_either_where_something_ran_out(settings: Mapping[str, Any], reason: str) -> None:
    (result,) = check(subject("no-ghost", **settings), Task("smt", depth=4))
    found = result.result("no-ghost")
    assert found.verdict is Verdict.INCOMPLETE
    assert found.reason.startswith(reason)


# ---- comparing -------------------------------------------------------------------------------------------------------


def test_the_companion_of_a_ghost_answers_the_same_question_and_comes_to_rest() -> None:
    ghost = explored("no-ghost", mode="eager").result("no-ghost").trace
    assert ghost is not None
    careful = door()
    beside = companion(ghost, careful)
    assert [step.action.name for step in beside.trace.steps] == [
        "client.ask", "client.leave", "door.receive_ask", "client.receive_yes_when_away", "door.receive_no",
    ]  # fmt: skip
    assert (beside.followed, beside.continued, beside.missing, beside.at_rest) == (3, 2, None, True)
    assert beside.trace.final["door.state"] == "SHUT"
    assert beside.trace.system is careful


def test_a_companion_stops_where_the_other_system_cannot_follow() -> None:
    system = door(mode="eager", asks=2)
    one = Subject("door", system, named(system, "no-ghost"))
    trace = steps_of(one, "client.ask", "client.leave", "client.ask")
    beside = companion(trace, door(asks=1))
    assert beside.followed == 2
    assert beside.missing is not None
    assert beside.missing.action.name == "client.ask"
    assert [step.action.name for step in beside.trace.steps[:2]] == ["client.ask", "client.leave"]


def test_a_lost_message_is_lost_in_the_companion_too() -> None:
    one = subject("no-deadlock", mode="eager")
    trace = steps_of(one, "client.ask", "door.receive_ask_eagerly", "line.lose_to_client")
    beside = companion(trace, door())
    assert [step.action.name for step in beside.trace.steps] == ["client.ask", "door.receive_ask", "line.lose_to_client"]
    assert beside.continued == 0


def compared(*modes: str) -> tuple[list[Subject], list[ModelResult]]:
    subjects = [replace(subject("no-ghost", "inside", "pending", mode=mode), name=mode) for mode in modes]
    return subjects, [by_exploration(one)[0] for one in subjects]


def test_a_matrix_has_a_row_for_each_property_and_marks_those_that_differ() -> None:
    _, results = compared("eager", "careful")
    rows = matrix(results)
    assert [(row.name, row.differs) for row in rows] == [("no-ghost", True), ("inside", False), ("pending", True)]
    assert [cell.verdict.value for cell in rows[0].cells if cell] == ["violated", "holds"]
    assert comparison_exit_code(results) == 0


def test_each_difference_is_shown_by_the_shortest_run_and_its_companion() -> None:
    subjects, results = compared("careful", "eager")
    shown = distinctions(subjects, matrix(results))
    assert [(d.rows, d.one, d.other) for d in shown] == [(("no-ghost",), 1, 0), (("pending",), 0, 1)]
    assert shown[0].found.steps == 3
    assert shown[0].companion.trace.system is subjects[0].system


def test_rows_that_the_same_run_distinguishes_are_shown_once() -> None:
    eager, careful = door(mode="eager"), door()

    def twice(system: Any) -> tuple[Property, ...]:
        (prop,) = named(system, "no-ghost")
        return prop, replace(prop, name="no-ghost-again")

    subjects = [Subject("eager", eager, twice(eager)), Subject("careful", careful, twice(careful))]
    (shown,) = distinctions(subjects, matrix([by_exploration(one)[0] for one in subjects]))
    assert shown.rows == ("no-ghost", "no-ghost-again")


def test_a_comparison_with_an_undecided_cell_is_incomplete() -> None:
    one = subject("no-ghost", asks=3)
    result = by_exploration(one, Task(limits=Limits(max_states=4)))[0]
    assert comparison_exit_code([result]) == 152
    assert comparison_exit_code([replace(result, interrupted=True)]) == 130


# ---- what is asked ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        (PropertyKind.EVENTUALLY, {"predicate": TRUE}, "p is eventually: it is not given by `predicate` but by `responses`"),
        (PropertyKind.ALWAYS, {"responses": (Response(),)}, "not given by `responses` but by `predicate` or `event`"),
        (PropertyKind.ALWAYS, {"predicate": TRUE, "event": "wrap"}, "two things at once: `predicate` and `event`"),
    ],
)
def test_a_property_asks_one_thing_that_its_kind_can_ask(kind: PropertyKind, given: dict[str, Any], said: str) -> None:
    with pytest.raises(LanguageError, match=said):
        Property("p", kind, **given)


def test_what_asks_nothing_or_speaks_of_something_else_is_no_subject() -> None:
    """It would hold of every system, which is no verdict that was earned."""
    x = Variable("x", Int(0, 1))
    system = System("s", (x,), ({"x": 0},), ())
    with pytest.raises(LanguageError, match="p asks nothing"):
        Subject("s", system, (Property("p", PropertyKind.ALWAYS),))
    other = Response(goal=Variable("y", Int(0, 1)).expr == 1)
    with pytest.raises(UnknownName, match="p reads 'y'"):
        Subject("s", system, (Property("p", PropertyKind.EVENTUALLY, responses=(other,)),))
    with pytest.raises(SortMismatch, match="x is "):
        Subject("s", system, (Property("p", PropertyKind.ALWAYS, predicate=Variable("x", Int(0, 2)).expr == 1),))
    with pytest.raises(LanguageError, match="no initial state"):
        Subject("s", System("s", (x,), (), ()), ())
    taken_as_it_is = Property("p", PropertyKind.ALWAYS, predicate=True)  # type: ignore[arg-type]
    assert Subject("s", system, (taken_as_it_is,)).properties
