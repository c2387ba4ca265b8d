"""Packing: whole states of a relation as single numbers, and sets of such numbers as terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

from ..sorts import Bag, Sort
from ..system import State
from .asking import Term, solver_module
from .terms import Leaf, flat, literal, symbol

__all__ = ["Packing", "code"]


class Packing:
    """Numbers the states over some variables: two states are equal if and only if their numbers are.

    `unknown` is a state in symbols. Each of its terms (variables, and the slots of bags) has a place in the number:
    `places` are the pairs (lowest bit, bits), in the order of the terms.
    """

    def __init__(self, variables: Mapping[str, Sort]) -> None:
        z3 = solver_module()
        self.variables = variables
        self.unknown = {name: symbol(sort, f"{name}@0") for name, sort in variables.items()}
        widths = [1 if z3.is_bool(term) else term.size() for term in flat(self.unknown.values())]
        self.width = sum(widths)
        self.places = [(self.width - end, width) for end, width in zip(accumulate(widths), widths, strict=True)]

    def number(self, leaves: Mapping[str, Leaf]) -> Term:
        """The number of a state, as a term (of a state without variables: a constant)."""
        z3 = solver_module()
        one, zero = z3.BitVecVal(1, 1), z3.BitVecVal(0, 1)
        parts = [zero, *(z3.If(term, one, zero) if z3.is_bool(term) else term for term in flat(leaves.values()))]
        return z3.simplify(z3.Concat(parts)) if len(parts) > 1 else zero

    def number_of(self, state: State) -> int:
        """The number of a concrete state (variables beyond these do not matter)."""
        return int(self.number({name: literal(sort, state[name]) for name, sort in self.variables.items()}).as_long())

    def parts(self, number: int) -> dict[str, tuple[int, ...]]:
        """The codes of which a number is made: of each variable one, of a bag one for each slot."""
        codes = iter([number >> at & (1 << width) - 1 for at, width in self.places])
        return {name: tuple(next(codes) for _ in flat([leaf])) for name, leaf in self.unknown.items()}

    def constant(self, number: int) -> Term:
        """A number as a term that can stand beside `number(...)`."""
        return solver_module().BitVecVal(number, self.width + 1)

    def among(self, numbers: Sequence[int]) -> tuple[dict[str, Leaf], list[Term]]:
        """A state that has one of these numbers, and the conditions for that. What they have in common is constant in it."""
        z3 = solver_module()
        terms = []
        for unknown, (at, width) in zip(flat(self.unknown.values()), self.places, strict=True):
            values = {number >> at & (1 << width) - 1 for number in numbers}
            terms.append(code(unknown, *values) if len(values) == 1 else unknown)
        state = self._leaves(terms)
        if len(numbers) == 1:
            return state, []
        chosen = [z3.Bool(f"start {i}") for i in range(len(numbers))]
        number = self.number(state)
        equal = [z3.Implies(this, number == self.constant(n)) for this, n in zip(chosen, numbers, strict=True)]
        return state, [z3.Or(chosen), *equal]

    def _leaves(self, terms: Sequence[Term]) -> dict[str, Leaf]:
        rest = iter(terms)
        return {
            name: tuple(next(rest) for _ in range(sort.capacity)) if isinstance(sort, Bag) else next(rest)
            for name, sort in self.variables.items()
        }

    def read(self, model: Any, number: Term) -> int:
        """The number that a state has in a Z3 model."""
        return int(model.eval(number, model_completion=True).as_long())


def code(like: Term, value: int) -> Term:
    """A packed value as a constant of the same kind as a term."""
    z3 = solver_module()
    return z3.BoolVal(bool(value)) if z3.is_bool(like) else z3.BitVecVal(value, like.size())
