"""k-induction: proofs that always-properties hold in runs of any length, by Z3.

A property that no run of fewer than k steps violates, and that cannot be violated for the first time k steps after *any* state,
reachable or not, is never violated. References: Sheeran, Singh, Stålmarck, "Checking safety properties using induction and a
SAT-solver" (FMCAD 2000).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum as PyEnum
from typing import TypeAlias

from ..expr import Expr
from ..sorts import BOOL
from ..system import System
from .question import Question
from .relation import Relation, cone
from .smt import Answer, Term, new_solver, solver_module, value_in
from .unrolling import Unrolling

__all__ = ["Asking", "Attempt", "Induction", "Outcome", "Watch"]

Asking: TypeAlias = Callable[..., Answer]


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


class Watch:
    """A relation that watches for what questions ask, and where each question's conditions are among the watched ones."""

    def __init__(self, system: System, questions: Iterable[Question]) -> None:
        listed = list(questions)
        self._first: dict[Question, int] = {}
        watched: list[Mapping[int, Expr]] = []
        for question in listed:
            self._first[question] = len(watched)
            watched += question.steps
        kept = cone(system, system.actions, [e for question in listed for e in question.expressions])
        self.relation = Relation(system, kept, range(len(system.actions)), watched)

    def term(self, question: Question, runs: Unrolling, depth: int) -> Term:
        """The question about runs of that many steps."""
        return question.asked(runs, depth, self._first[question])


class Attempt:
    """The inductive step, for several questions together: what one of them excludes may help to exclude another."""

    def __init__(self, watch: Watch, distinct: bool = False) -> None:
        self.watch = watch
        self.distinct = distinct  # whether the states of a run must all be different, which loses no shortest violation
        self.reason = ""
        self._runs: Unrolling | None = None

    def proved(self, candidates: Sequence[Question], k: int, asking: Asking) -> list[Question]:
        """Those that, excluded in the first k states of a run from anywhere (and on the steps between them), are excluded one
        step later too. Each is excluded from the beginning of runs by what the caller knows of runs of fewer than k steps.

        Where there is no answer (`asking` asks a solver, under assumptions, within its limits) it is none of them; `reason`
        then says why.
        """
        z3 = solver_module()
        self._runs = runs = self._runs or Unrolling(self.watch.relation)
        while len(runs.steps) < k:
            runs.extend()
        left = {question: z3.Bool(f"assume {i}") for i, question in enumerate(candidates)}
        broken = {question: self.watch.term(question, runs, k) for question in candidates}
        solver = new_solver()
        solver.add(*runs.constraints)
        if self.distinct:
            solver.add(*(runs.differ(one, other) for one in range(k + 1) for other in range(one)))
        for question, flag in left.items():
            before = [z3.Not(self.watch.term(question, runs, depth)) for depth in range(k)]
            solver.add(z3.Implies(flag, z3.And(before)))
        for round_ in range(len(left)):
            some = z3.Bool(f"some {round_}")
            solver.add(z3.Implies(some, z3.Or([broken[question] for question in left])))
            answer = asking(solver, some, *left.values())
            if answer.verdict == "unknown":
                self.reason = answer.reason
                return []
            if answer.verdict == "unsat":
                return list(left)
            for question in [q for q in left if value_in(answer.model, BOOL, broken[q])]:
                del left[question]
        return []
