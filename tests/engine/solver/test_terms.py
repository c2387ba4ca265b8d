"""Terms: packed values are read back, and what lies within a sort is just its values."""

from __future__ import annotations

import pytest

from synproof.engine.solver.asking import ask, new_solver, solver_module
from synproof.engine.solver.terms import Bundle, Leaf, flat, literal, symbol, value_in, within
from synproof.engine.sorts import BOOL, Bag, Enum, Int, Record, Seq, Sort, Value

from ..formulas import ONLY, SORTS, Formulas

SMALL = Record("Small", (("a", Int(3, 5)), ("only", ONLY), ("b", BOOL)))
COUNTED = {
    BOOL: 2,
    ONLY: 1,
    Enum("Three", ("x", "y", "z")): 3,
    Int(5, 7): 3,
    Int(-4, 3): 8,
    Int(4, 4): 1,
    Seq(3): 8,
    Seq(0): 1,
    SMALL: 6,
    Bag(SMALL, 2): 1 + 6 + 21,  # none, one, two: a multiset
    Bag(SMALL, 2, ordered=True): 1 + 6 + 36,
}


def models(sort: Sort, leaf: Leaf) -> set[Value]:
    """Every value that the conditions of `within` leave."""
    z3, solver = solver_module(), new_solver()
    solver.add(*within(sort, leaf))
    found: set[Value] = set()
    while (answer := ask(solver)).verdict == "sat":
        found.add(value_in(answer.model, sort, leaf))
        different = [term != answer.model.eval(term, model_completion=True) for term in flat([leaf])]
        solver.add(z3.Or(different))
        assert len(found) < 100
    return found


@pytest.mark.parametrize("sort", COUNTED, ids=str)
def test_within_leaves_just_the_values_of_the_sort(sort: Sort) -> None:
    found = models(sort, symbol(sort, "x"))
    assert len(found) == COUNTED[sort]
    assert all(sort.contains(value) for value in found)


@pytest.mark.parametrize("sort", SORTS, ids=str)
def test_a_literal_is_read_back_and_lies_within_its_sort(sort: Sort) -> None:
    z3, draw = solver_module(), Formulas(0)
    for _ in range(20):
        value = draw.value(sort)
        leaf, unknown = literal(sort, value), symbol(sort, "x")
        solver = new_solver()
        solver.add(*within(sort, leaf), *(a == b for a, b in zip(flat([unknown]), flat([leaf]), strict=True)))
        answer = ask(solver)
        assert answer.verdict == "sat"
        assert value_in(answer.model, sort, unknown) == value
        assert z3.is_true(Bundle([z3.And(within(sort, leaf))]).at([])[0])
