"""Frontiers: exactly the states that lie k steps from the beginning and not fewer, and runs that lead to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from synproof.engine.evaluate import successors
from synproof.engine.property import Verdict
from synproof.engine.solver import bmc, frontier
from synproof.engine.solver.asking import ask, new_solver
from synproof.engine.solver.bmc import bounded
from synproof.engine.solver.frontier import Frontiers
from synproof.engine.solver.images import Images
from synproof.engine.solver.relation import Relation, cone
from synproof.engine.system import System
from synproof.engine.traces.trace import replay

from ..random_systems import draw
from .test_bmc import always, count, counting, only


def levels(system: System) -> list[list[Mapping[str, object]]]:
    """The states at each distance from the beginning, by the evaluator alone."""
    seen: set[frozenset[tuple[str, object]]] = set()
    found = []
    level = list(system.initial)
    while level:
        new = {frozenset(state.items()): state for state in level}
        found.append([state for key, state in new.items() if key not in seen])
        seen |= new.keys()
        level = [step.after for state in found[-1] for step in successors(system, state)]
    return found[:-1]


def everything(system: System) -> Relation:
    """The relation over all variables."""
    kept = cone(system, system.actions, [variable.expr for variable in system.variables])
    return Relation(system, kept, range(len(system.actions)))


def still_time() -> str:
    return ""


@pytest.mark.parametrize("seed", range(30))
def test_frontiers_are_the_levels_of_a_search_and_runs_lead_there(seed: int) -> None:
    system = draw(seed).system
    frontiers = Frontiers(everything(system))
    expected = levels(system)
    for depth, states in enumerate(expected):
        if depth:
            assert not frontiers.grow(still_time)
        numbers = {frontiers.packing.number_of(state): state for state in states}
        assert set(frontiers.found[depth]) == set(numbers) and len(frontiers.found[depth]) == len(numbers)
        number, state = next(iter(numbers.items()))
        trace = replay(system, *frontiers.run_to(number), about="frontier")
        assert len(trace.steps) == depth and trace.final == state
    frontiers.grow(still_time)
    assert frontiers.found[-1] == [], "beyond the last there is nothing"


@pytest.mark.parametrize("seed", range(30, 60))
def test_images_are_what_the_evaluator_and_the_relation_say(seed: int) -> None:
    """State by state: the successors, by which action; and the solver finds no other step in the relation."""
    system = draw(seed).system
    relation = everything(system)
    frontiers = Frontiers(relation)
    images, packing = Images(relation, frontiers.packing), frontiers.packing
    states = [state for level in levels(system) for state in level]
    for state in states[:20]:
        number = packing.number_of(state)
        found = {(images.instance(number, choice)[0].name, after) for choice, after in images.of(number)}
        assert found == {(step.action.name, packing.number_of(step.after)) for step in successors(system, state)}
    before, conditions = packing.among([packing.number_of(state)])
    step = relation.step(before, 1)
    solver = new_solver()
    solver.add(*conditions, *step.constraints, *(packing.number(step.after) != packing.constant(n) for _, n in found))
    assert ask(solver).verdict == "unsat"


def test_an_image_is_made_with_the_instance_that_is_named() -> None:
    """The parameters of an instance, an element of a channel or a value, make of the state what its image says."""
    for seed in range(40):
        system = draw(seed).system
        if not any(action.params for action in system.actions):
            continue
        frontiers = Frontiers(everything(system))
        images, packing = Images(frontiers.relation, frontiers.packing), frontiers.packing
        for state in [state for level in levels(system) for state in level][:10]:
            number = packing.number_of(state)
            for choice, after in images.of(number):
                action, params = images.instance(number, choice)
                trace = replay(replace(system, initial=(state,)), state, [(action, params)], about="image")
                assert packing.number_of(trace.final) == after


def test_a_frontier_without_a_state_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Frontiers.grow

    def forgetful(self: Frontiers, over: Callable[[], str]) -> str:
        reason = real(self, over)
        del self.found[-1][:1]
        return reason

    monkeypatch.setattr(Frontiers, "grow", forgetful)
    assert only(bounded(counting(), [always(count < 5)], 6)) != (Verdict.VIOLATED, 5)


@pytest.mark.parametrize("few", [0, 2, 4, 100])
@pytest.mark.parametrize("most", [2, 5, 100])
def test_however_far_frontiers_go_the_lengths_are_the_same(monkeypatch: pytest.MonkeyPatch, few: int, most: int) -> None:
    monkeypatch.setattr(frontier, "FEW", few)
    monkeypatch.setattr(frontier, "MOST", most)
    properties = [always(count < n, f"p{n}") for n in (1, 3, 5, 7)]
    found = bounded(counting(), properties, 8)
    assert [p.steps for p in found.properties] == [1, 3, 5, 7]
    assert [p.verdict for p in bounded(counting(), [always(count < 7)], 6).properties] == [Verdict.HOLDS_UP_TO]


@pytest.mark.parametrize("together", [1, 2, 1000])
@pytest.mark.parametrize("last", [0, 1, 3])
def test_in_whatever_groups_runs_set_out_and_however_early_the_lengths_are_the_same(
    monkeypatch: pytest.MonkeyPatch, together: int, last: int
) -> None:
    monkeypatch.setattr(bmc, "TOGETHER", together)
    monkeypatch.setattr(bmc, "LAST", last)
    for seed in range(12):
        drawn = draw(seed)
        explored = drawn.explored
        shortest = {name: len(explored.run_of(finding)) for name, finding in explored.findings.items()}
        found = bounded(drawn.system, drawn.properties, 4)
        assert {p.name: p.steps for p in found.properties if p.steps is not None} == {
            name: steps for name, steps in shortest.items() if steps <= 4
        }


def test_a_system_of_too_many_choices_is_searched_along_its_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frontier, "CHOICES", 1)
    assert not Frontiers(everything(counting())).worth(1e9)
    assert only(bounded(counting(), [always(count < 5)], 6)) == (Verdict.VIOLATED, 5)


def test_a_frontier_grows_where_the_search_from_the_last_one_took_more() -> None:
    frontiers = Frontiers(everything(counting()))
    frontiers.grow(still_time)
    assert frontiers.worth(0), "there are few states yet"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frontier, "FEW", 0)
        assert frontiers.worth(1e9) and not frontiers.worth(0)
        patch.setattr(frontier, "MOST", 2)
        frontiers.grow(still_time)
        assert frontiers.depth == 1 and not frontiers.worth(1e9), "given up for good"


def test_where_time_is_over_in_a_frontier_the_search_ends_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Frontiers, "grow", lambda *_: "out of patience")
    found = bounded(counting(), [always(count < 5)], 6)
    assert only(found)[0] is Verdict.UNKNOWN
    assert found.stopped_by == "out of patience in the search for runs of 2 steps"


def test_a_frontier_that_is_not_whole_is_none() -> None:
    reasons = iter(["", "", "timeout"])
    frontiers = Frontiers(everything(counting()))
    assert [frontiers.grow(lambda: next(reasons)) for _ in range(3)] == ["", "", "timeout"]
    assert frontiers.depth == 2 and frontiers.grow(still_time) == "" and len(frontiers.found[3]) == 1
    assert bmc.HARDER > 1
