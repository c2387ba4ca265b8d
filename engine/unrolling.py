"""Unrolling: the runs of a relation as terms, one step after the other, from the initial states or from any state at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .expr import Expr
from .relation import Relation, Step
from .smt import Leaf, Term, flat, literal, solver_module, symbol, value_in
from .sorts import Int, Value
from .system import Action, State

__all__ = ["Unrolling"]


class Unrolling:
    """States 0 .. n and the steps between them. `constraints` are what must hold.

    Of the variables outside the relation's cone nothing is said: `initial_state` and `instances` give what `trace.replay`
    needs to compute them.
    """

    def __init__(self, relation: Relation, from_anywhere: bool = False) -> None:
        self.relation = relation
        self.constraints: list[Term] = []
        self.steps: list[Step] = []
        self.states: list[Mapping[str, Leaf]] = []
        self._held: list[dict[int, tuple[Expr, Term]]] = []
        self._starts: list[int] = []
        self._start: Term = None
        if from_anywhere:
            state, conditions = relation.anything(0)
            self.constraints += conditions
            self._arrive(state)
        else:
            self._arrive(self._initially())

    def _initially(self) -> dict[str, Leaf]:
        """The initial state; where there are several, each is a value of one unknown (two that differ only outside the cone
        are one)."""
        variables = self.relation.variables
        different: dict[tuple[int, ...], int] = {}
        for position, state in enumerate(self.relation.system.initial):
            code = tuple(sort.encode(state[name]) for name, sort in variables.items())
            different.setdefault(code, position)
        self._starts = list(different.values())
        first, *others = [self.relation.system.initial[i] for i in self._starts]
        state = {name: literal(sort, first[name]) for name, sort in variables.items()}
        if not others:
            return state
        z3 = solver_module()
        self._start = symbol(Int(0, len(others)), "start")
        self.constraints.append(z3.ULE(self._start, len(others)))
        for number, other in enumerate(others, 1):
            for name, sort in variables.items():
                state[name] = _either(self._start == number, literal(sort, other[name]), state[name])
        return state

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
    def initial_state(self, model: Any) -> State:
        """The initial state of the run in a model."""
        number = 0 if self._start is None else value_in(model, Int(0, len(self._starts) - 1), self._start)
        return self.relation.system.initial[self._starts[number]]

    def instances(self, model: Any, length: int) -> list[tuple[Action, dict[str, Value]]]:
        """The actions and parameters of the first `length` steps of the run in a model."""
        pairs = zip(self.steps[:length], self.states, strict=False)
        return [self.relation.instance(model, step, before) for step, before in pairs]


def _either(condition: Term, then: Leaf, otherwise: Leaf) -> Leaf:
    z3 = solver_module()
    if isinstance(then, tuple):
        return tuple(z3.If(condition, a, b) for a, b in zip(then, otherwise, strict=True))
    return z3.If(condition, then, otherwise)


