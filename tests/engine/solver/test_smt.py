"""The smt interpretation: whole numbers never wrap, and no expression is too deep."""

from __future__ import annotations

from itertools import product

import pytest

from synproof.engine.evaluate import evaluate
from synproof.engine.expr import Expr, clamp, const, ite, negate, var
from synproof.engine.solver.asking import ask, new_solver
from synproof.engine.solver.smt import Reading
from synproof.engine.solver.terms import Bundle, literal, symbol
from synproof.engine.sorts import BOOL, Int


@pytest.mark.parametrize("left", [Int(-2, -2), Int(-5, 3), Int(0, 7), Int(4, 9), Int(-8, -3), Int(0, 0)], ids=str)
@pytest.mark.parametrize("right", [Int(-1, 0), Int(3, 3), Int(-4, 4), Int(1, 16)], ids=str)
def test_whole_numbers_never_wrap(left: Int, right: Int) -> None:
    x, y = var("x", left), var("y", right)
    formulas: list[Expr] = [
        x + y == const(3), x - y < x, x + x - y <= y - x, y - x - x >= 0, clamp(x - y, -1, 2) == 2, (x + y).isin(0, 1, 30),
        ite(x < y, x, y) + 1 > y,
    ]  # fmt: skip
    for a, b in product(left.values(), right.values()):
        reading = Reading({"x": literal(left, a), "y": literal(right, b)})
        got = [str(term) for term in Bundle([reading.term(formula) for formula in formulas]).at([])]
        assert got == [str(evaluate(formula, {"x": a, "y": b})) for formula in formulas], f"x={a}, y={b}"


def test_depth_is_no_limit() -> None:
    p, q = var("p", BOOL), var("q", BOOL)
    deep: Expr = p
    for _ in range(5_000):
        deep = ite(q, negate(deep), p)
    solver = new_solver()
    reading = Reading({"p": symbol(BOOL, "p"), "q": symbol(BOOL, "q")})
    solver.add(reading.term(deep), reading.term(q), reading.term(negate(p)))
    assert ask(solver).verdict == "unsat"
