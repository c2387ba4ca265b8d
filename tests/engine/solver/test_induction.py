"""k-induction by Z3: what is proved with which k, what is never proved away, and what an answer that fails to come is worth."""

from __future__ import annotations

import pytest

from synproof.engine.errors import LanguageError
from synproof.engine.expr import TRUE, const, ite
from synproof.engine.property import Property, Verdict
from synproof.engine.solver.asking import Answer
from synproof.engine.solver.bmc import bounded
from synproof.engine.solver.induction import Outcome, k_induction
from synproof.engine.sorts import BOOL
from synproof.engine.system import System, Variable

from .test_bmc import ALWAYS, SOMETIMES, always, answering, armed, count, counting, only, step


def stairs() -> System:
    """Goes 0, 1, 2, 3, 0, ...; 4 to 7 are unreachable, and lead to the bad 5: from 4 in one step, from 6 in two."""
    go, up = step("go"), count + 1
    go.set(count, ite(count < 3, up, ite(count == 3, const(0), ite(count.isin(5, 7), const(5), up))))
    return System("stairs", (Variable("count", count.sort),), ({"count": 0},), (go.action(),))


def test_what_is_inductive_is_proved() -> None:
    assert k_induction(stairs(), always(count < 4), 1).outcome is Outcome.PROVED
    assert only(bounded(stairs(), [always(count < 4)], 5))[0] is Verdict.PROVED


def test_what_needs_more_steps_is_proved_with_a_larger_k() -> None:
    prop = always(count != 5)
    results = [k_induction(stairs(), prop, k) for k in (1, 2, 3, 4)]
    assert [r.outcome for r in results] == [Outcome.NOT_PROVED] * 2 + [Outcome.PROVED] * 2
    assert "may be unreachable" in results[0].reason


def test_states_that_must_differ_make_induction_stronger() -> None:
    wait = step("wait")
    wait.set(armed, armed)
    wait.when(TRUE)
    go = step("go")
    go.set(count, ite(count < 2, 1 - count, ite(count == 6, const(5), ite(count == 7, 6, count))))
    system = System(
        "waiting", (Variable("count", count.sort), Variable("armed", BOOL)), ({"count": 0, "armed": False},),
        (wait.action(), go.action()),
    )  # fmt: skip
    prop = always(count != 5)
    assert k_induction(system, prop, 4).outcome is Outcome.NOT_PROVED
    assert k_induction(system, prop, 4, distinct=True).outcome is Outcome.PROVED


def test_a_violation_is_not_proved_away() -> None:
    result = k_induction(counting(), always(count < 3), 5)
    assert (result.outcome, result.reason) == (Outcome.NOT_PROVED, "violated in 3 steps")


def test_a_violation_just_at_k_is_not_proved_away() -> None:
    for k in (1, 2, 3, 4, 5):
        assert k_induction(counting(), always(count < 3), k).outcome is Outcome.NOT_PROVED
        assert k_induction(counting(), Property("p", ALWAYS, event="halfway"), k).outcome is Outcome.NOT_PROVED


def test_an_event_that_cannot_happen_is_proved_absent() -> None:
    never = step("never")
    never.when(count > 6, count < 6)
    never.event("odd", TRUE)
    assert k_induction(counting(never.action()), Property("p", ALWAYS, event="odd"), 1).outcome is Outcome.PROVED


def test_only_what_always_holds_is_proved() -> None:
    with pytest.raises(LanguageError, match="w: only an always-property"):
        k_induction(counting(), Property("w", SOMETIMES, predicate=armed), 1)
    with pytest.raises(LanguageError, match="k of at least 1, not 0"):
        k_induction(counting(), always(count < 3), 0)


def test_unknown_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, 0, Answer("unknown", reason="incomplete"))
    for k in (1, 2, 3):
        result = k_induction(stairs(), always(count != 5), k)
        assert result.outcome is Outcome.UNKNOWN and "incomplete" in result.reason
    assert only(bounded(stairs(), [always(count < 4)], 3))[0] is Verdict.UNKNOWN


def test_a_proof_that_had_no_time_is_unknown() -> None:
    assert k_induction(stairs(), always(count != 5), 3, timeout=0).outcome is Outcome.UNKNOWN
