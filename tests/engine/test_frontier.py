"""Frontiers: exactly the states that lie k steps from the beginning and not fewer, and runs that lead to them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from synproof.engine import bmc, frontier
from synproof.engine.bmc import bounded
from synproof.engine.evaluate import successors
from synproof.engine.frontier import Frontiers
from synproof.engine.property import Verdict
from synproof.engine.relation import Relation, cone
from synproof.engine.smt import Answer, ask
from synproof.engine.system import System
from synproof.engine.trace import replay

from .random_systems import draw
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


@pytest.mark.parametrize("seed", range(30))
def test_frontiers_are_the_levels_of_a_search_and_runs_lead_there(seed: int) -> None:
    system = draw(seed).system
    frontiers = Frontiers(everything(system))
    expected = levels(system)
    for depth, states in enumerate(expected):
        if depth:
            assert not frontiers.grow(ask)
        numbers = {frontiers.packing.number_of(state): state for state in states}
        assert set(frontiers.found[depth]) == set(numbers) and len(frontiers.found[depth]) == len(numbers)
        number, state = next(iter(numbers.items()))
        begun = frontiers.run_to(number, depth, ask)
        assert not isinstance(begun, str)
        trace = replay(system, *begun, about="frontier")
        assert len(trace.steps) == depth and trace.final == state
    frontiers.grow(ask)
    assert frontiers.found[-1] == [], "beyond the last there is nothing"


def test_a_frontier_without_a_state_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Frontiers.grow

    def forgetful(self: Frontiers, asking: frontier.Asking) -> str:
        reason = real(self, asking)
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


def test_a_frontier_grows_where_the_search_from_the_last_one_took_more() -> None:
    frontiers = Frontiers(everything(counting()))
    frontiers.grow(ask)
    assert frontiers.worth(0), "there are few states yet"
    patient = Frontiers(everything(counting()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frontier, "FEW", 0)
        patient.grow(ask)
        assert patient.worth(1e9) and not patient.worth(0)
        patch.setattr(frontier, "MOST", 1)
        patient.grow(ask)
        assert patient.depth == 1 and not patient.worth(1e9), "given up for good"


def test_where_z3_gives_up_in_a_frontier_the_search_ends_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Frontiers, "grow", lambda *_: "out of patience")
    found = bounded(counting(), [always(count < 5)], 6)
    assert only(found)[0] is Verdict.UNKNOWN
    assert found.stopped_by == "out of patience in the search for runs of 1 steps"


def test_where_z3_gives_up_on_the_way_to_a_state_nothing_is_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Frontiers, "run_to", lambda *_: "out of patience")
    found = bounded(counting(), [always(count < 5)], 6)
    assert only(found)[0] is Verdict.UNKNOWN


def test_what_z3_does_not_answer_while_a_frontier_grows_is_unknown() -> None:
    assert Frontiers(everything(counting())).grow(lambda _: Answer("unknown", reason="timeout")) == "timeout"
    assert bmc.HARDER > 1
