"""Frontiers: the states that lie k steps from the beginning and not fewer, found one by one by Z3.

The runs of a given length are far more than the states that they lead to: what independent steps do in any order comes to one
state. A search along runs looks at each of them; a search that sets out from a frontier has all that lies before behind it.
A shortest run of d steps has after k of them a state of frontier k.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from .packing import Packing
from .relation import Relation, Step
from .smt import Answer, Leaf, Term, new_solver, work
from .sorts import Value
from .system import Action, State

__all__ = ["Frontiers", "Instance"]

Instance: TypeAlias = tuple[Action, dict[str, Value]]  # an action and its parameters
Asking: TypeAlias = Callable[[Any], Answer]  # asks a solver

FEW = 200  # as long as there are not more states than these, the next frontier is found without further question
MOST = 5000  # a frontier that makes them so many is given up


class Frontiers:
    """Frontiers 0, 1, ... of a relation: of each, the numbers of its states (over the variables of the relation's cone)."""

    def __init__(self, relation: Relation) -> None:
        self.relation = relation
        self.packing = Packing(relation.variables)
        numbers = [self.packing.number_of(state) for state in relation.system.initial]
        self.found: list[list[int]] = [list(dict.fromkeys(numbers))]
        self._seen = set(numbers)
        self._initial = dict(zip(reversed(numbers), reversed(relation.system.initial), strict=True))
        self._last_work = 0  # what the last frontier took
        self._given_up = False

    @property
    def depth(self) -> int:
        """The last frontier that was found."""
        return len(self.found) - 1

    def worth(self, work: float) -> bool:
        """Whether the next frontier will hardly take more than this work of Z3's: it tends to take twice what the last took."""
        few = len(self._seen) + 2 * len(self.found[-1]) <= FEW
        return not self._given_up and (few or 2 * self._last_work <= work)

    def states(self, depth: int) -> tuple[dict[str, Leaf], list[Term]]:
        """Any state of a frontier, and the conditions for that."""
        return self.packing.among(self.found[depth])

    def read(self, model: Any, state: Mapping[str, Leaf]) -> int:
        """The number of a state in a Z3 model."""
        return self.packing.read(model, self.packing.number(state))

    def grow(self, asking: Asking) -> str:
        """Find the next frontier. Where Z3 gives up there is none, and its reason is given back."""
        ahead, new = self._step_from(self.depth), list[int]()
        before = work(ahead.solver)
        ahead.solver.add(*(ahead.number != self.packing.constant(old) for old in self._seen))
        while (answer := asking(ahead.solver)).verdict == "sat":
            new.append(self.packing.read(answer.model, ahead.number))
            ahead.solver.add(ahead.number != self.packing.constant(new[-1]))
            if len(self._seen) + len(new) > MOST:
                self._given_up = True
                return ""
        if answer.verdict == "unknown":
            return answer.reason
        self._last_work = work(ahead.solver) - before
        self.found.append(new)
        self._seen.update(new)
        return ""

    def run_to(self, number: int, depth: int, asking: Asking) -> tuple[State, list[Instance]] | str:
        """A run to a state of a frontier: where it begins, and its steps. Where Z3 gives up, its reason."""
        instances: list[Instance] = []
        for level in reversed(range(depth)):
            ahead = self._step_from(level)
            ahead.solver.add(ahead.number == self.packing.constant(number))
            answer = asking(ahead.solver)
            if answer.verdict != "sat":
                return answer.reason
            instances.append(self.relation.instance(answer.model, ahead.step, ahead.before))
            number = self.read(answer.model, ahead.before)
        return self._initial[number], instances[::-1]

    def _step_from(self, depth: int) -> _Ahead:
        before, conditions = self.states(depth)
        step = self.relation.step(before, 1)
        solver = new_solver()
        solver.add(*conditions, *step.constraints)
        return _Ahead(before, step, self.packing.number(step.after), solver)


@dataclass(frozen=True)
class _Ahead:
    """One step from a frontier: the state before it, the step, the number of the state after it, and a solver that has both."""

    before: Mapping[str, Leaf]
    step: Step
    number: Term
    solver: Any
