"""The inductive step: what is excluded at the beginning of a run from anywhere is excluded one step later too, says Z3."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from ..sorts import BOOL
from .asking import Answer, new_solver, solver_module
from .question import Question, Watch
from .terms import value_in
from .unrolling import Unrolling

__all__ = ["Asking", "Attempt"]

Asking: TypeAlias = Callable[..., Answer]


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
