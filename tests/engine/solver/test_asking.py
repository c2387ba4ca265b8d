"""Asking Z3: what it says when it is interrupted, out of time, or told to stop; and that it is loaded when it is needed."""

from __future__ import annotations

import subprocess
import sys

from synproof.engine.solver.asking import Answer, ask, new_solver, solver_module

HARD = """
from synproof.engine.solver.asking import ask, new_solver, solver_module
z3 = solver_module()
x, y = z3.BitVecs("x y", 64)
solver = new_solver()
solver.add(x * y == 18446743979220271189, z3.UGT(x, 1), z3.UGT(y, 1), z3.ULT(x, 1 << 33), z3.ULT(y, 1 << 33), z3.ULE(x, y))
solver.add(z3.UMulNoOverflow(x, y) if hasattr(z3, "UMulNoOverflow") else z3.BVMulNoOverflow(x, y, False))
"""


def run(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=300)


def test_the_module_is_loaded_when_it_is_needed_and_not_before() -> None:
    imports = "import sys, synproof.engine.solver.bmc, synproof.engine.solver.asking as asking\n"
    script = imports + "assert 'z3' not in sys.modules\nasking.solver_module()"
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
