"""The smt interpretation: packed values, what belongs to a sort, what Z3 says when it is interrupted or out of time."""

from __future__ import annotations

import subprocess
import sys
from itertools import product

import pytest

from synproof.engine.evaluate import evaluate
from synproof.engine.expr import Expr, clamp, const, ite, negate, var
from synproof.engine.solver.smt import (
    Answer,
    Bundle,
    Leaf,
    Reading,
    ask,
    flat,
    literal,
    new_solver,
    solver_module,
    symbol,
    value_in,
    within,
)
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


# ---- packed values ---------------------------------------------------------------------------------------------------


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


# ---- whole numbers ---------------------------------------------------------------------------------------------------


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


# ---- asking ----------------------------------------------------------------------------------------------------------

HARD = """
from synproof.engine.solver.smt import ask, new_solver, solver_module
z3 = solver_module()
x, y = z3.BitVecs("x y", 64)
solver = new_solver()
solver.add(x * y == 18446743979220271189, z3.UGT(x, 1), z3.UGT(y, 1), z3.ULT(x, 1 << 33), z3.ULT(y, 1 << 33), z3.ULE(x, y))
solver.add(z3.UMulNoOverflow(x, y) if hasattr(z3, "UMulNoOverflow") else z3.BVMulNoOverflow(x, y, False))
"""


def run(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=300)


def test_the_module_is_loaded_when_it_is_needed_and_not_before() -> None:
    imports = "import sys, synproof.engine.solver.bmc, synproof.engine.solver.smt as smt\n"
    script = imports + "assert 'z3' not in sys.modules\nsmt.solver_module()"
    done = run(script)
    assert done.returncode == 0, done.stderr


def test_a_timeout_is_unknown_with_a_reason() -> None:
    done = run(HARD + "answer = ask(solver, timeout=0.3)\nprint(answer.verdict, bool(answer.reason))")
    assert done.stdout.split() == ["unknown", "True"], done.stderr


def test_a_keyboard_interrupt_that_z3_swallows_is_raised() -> None:
    script = HARD + (
        "import os, signal, threading, time\n"
        "def interrupt():\n"
        "    while not any(thread.name == 'Z3' for thread in threading.enumerate()): time.sleep(0.01)\n"
        "    time.sleep(0.3)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "threading.Thread(target=interrupt).start()\n"
        "try: print(ask(solver).verdict)\n"
        "except KeyboardInterrupt: print('interrupted')\n"
    )
    done = run(script)
    assert done.stdout.split() == ["interrupted"], done.stderr


def test_a_check_ends_when_there_is_a_reason_to_stop() -> None:
    script = HARD + (
        "reasons = ['too much', '', '']\n"
        "answer = ask(solver, over=lambda: reasons.pop())\n"
        "print(answer.verdict, answer.reason, reasons)\n"
    )
    done = run(script)
    assert done.stdout.split() == ["unknown", "too", "much", "[]"], done.stderr


def test_the_answers() -> None:
    z3, solver = solver_module(), new_solver()
    p = z3.Bool("p")
    assert ask(solver, p).verdict == "sat"
    solver.add(z3.Not(p))
    assert ask(solver, p) == Answer("unsat")
    assert ask(solver, timeout=5).verdict == "sat"
    assert ask(solver, over=lambda: "").verdict == "sat"
