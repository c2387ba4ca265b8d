"""k-induction: proofs that always-properties hold in runs of any length, by Z3.

A property that no run of fewer than k steps violates, and that cannot be violated for the first time k steps after *any* state,
reachable or not, is never violated. A bounded search tries k = 1 by itself. References: Sheeran, Singh, Stålmarck, "Checking
safety properties using induction and a SAT-solver" (FMCAD 2000).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum as PyEnum

from ..errors import LanguageError
from ..property import Property, PropertyKind, Verdict
from ..search.limits import Limits
from ..system import System
from .bmc import Search
from .inductive_step import Attempt
from .question import Watch, question_of

__all__ = ["Induction", "Outcome", "k_induction"]


class Outcome(PyEnum):
    """What an attempt at a proof comes to."""

    PROVED = "proved"
    NOT_PROVED = "not proved"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Induction:
    """The outcome of k-induction, and why it is not a proof if it is none."""

    outcome: Outcome
    k: int
    reason: str = ""


def k_induction(
    system: System, prop: Property, k: int, timeout: float | None = None, *, distinct: bool = False
) -> Induction:
    """Try to prove an always-property for runs of any length: no run of fewer than `k` steps violates it, and none whose first
    `k` states are fine violates it with its next step, wherever in the space of all states it begins.

    `distinct` lets the induction look only at runs without a repeated state: stronger, and slower. `proved` needs both parts to
    be answered; where Z3 gives up, or `timeout` seconds are over, the outcome is `unknown`. Raises LanguageError for a property
    that is not of the kind always, or a `k` below 1.
    """
    question = question_of(system, prop)
    if prop.kind is not PropertyKind.ALWAYS or question is None or prop.not_applicable:
        raise LanguageError(f"{prop.name}: only an always-property that applies can be proved by induction")
    if k < 1:
        raise LanguageError(f"k-induction needs a k of at least 1, not {k}")
    base = Search(system, [prop], Limits(timeout=timeout))
    base.run(k - 1, None, inductive=False)
    (found,) = base.result().properties
    if found.verdict is Verdict.VIOLATED:
        return Induction(Outcome.NOT_PROVED, k, f"violated in {found.steps} steps")
    if base.stopped_by:
        return Induction(Outcome.UNKNOWN, k, found.reason)
    attempt = Attempt(Watch(system, [question]), distinct)
    if attempt.proved([question], k, base.ask):
        return Induction(Outcome.PROVED, k)
    if attempt.reason:
        return Induction(Outcome.UNKNOWN, k, attempt.reason)
    return Induction(Outcome.NOT_PROVED, k, f"it can be violated {k} steps after a state that may be unreachable")
