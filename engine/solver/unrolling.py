"""Unrolling: the runs of a relation as terms, one step after the other, from given states or from any state at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from ..expr import Expr
from ..sorts import Value
from ..system import Action
from .asking import Term, solver_module
from .relation import Relation, Step
from .terms import Leaf, flat

__all__ = ["Start", "Unrolling"]

Start: TypeAlias = tuple[Mapping[str, Leaf], Sequence[Term]]


class Unrolling:
    """States 0 .. n and the steps between them. `constraints` are what must hold.

    State 0 is `start`, a state with the conditions on it, or anything. Of the variables outside the relation's cone nothing is
    said: `traces.trace.replay` computes them.
    """

    def __init__(self, relation: Relation, start: Start | None = None) -> None:
        self.relation = relation
        self.steps: list[Step] = []
        self.states: list[Mapping[str, Leaf]] = []
        self._held: list[dict[int, tuple[Expr, Term]]] = []
        first, conditions = start or relation.anything(0)
        self.constraints: list[Term] = list(conditions)
        self._arrive(first)

    def _arrive(self, state: Mapping[str, Leaf]) -> None:
        self.states.append(state)
        self._held.append({})

    def extend(self) -> Step:
        """One more step."""
        step = self.relation.step(self.states[-1], len(self.steps) + 1)
        self.constraints += step.constraints
        self.steps.append(step)
        self._arrive(step.after)
        return step

    def holds(self, predicate: Expr, depth: int) -> Term:
        """A predicate over the state after `depth` steps."""
        known = self._held[depth]
        if id(predicate) not in known:
            known[id(predicate)] = predicate, self.relation.at(self.states[depth], [predicate])[0]
        return known[id(predicate)][1]

    def differ(self, one: int, other: int) -> Term:
        """Whether the states after `one` and `other` steps are different."""
        z3 = solver_module()
        pairs = zip(flat(self.states[one].values()), flat(self.states[other].values()), strict=True)
        return z3.Or([a != b for a, b in pairs])

    # -- reading a model -----------------------------------------------------------------------------------------
    def instances(self, model: Any, length: int) -> list[tuple[Action, dict[str, Value]]]:
        """The actions and parameters of the first `length` steps of the run in a model."""
        pairs = zip(self.steps[:length], self.states, strict=False)
        return [self.relation.instance(model, step, before) for step, before in pairs]

