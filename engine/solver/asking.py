"""Asking: Z3's module, its solvers, and what they say within limits of time, memory and work.

This is the only module that imports Z3, and it does so when it is first used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager
from ctypes import ArgumentError
from dataclasses import dataclass
from functools import cache
from threading import Thread
from typing import Any, TypeAlias

__all__ = ["Answer", "Term", "ask", "interruptible", "new_solver", "one_shot_solver", "solver_module", "work"]

Term: TypeAlias = Any  # a z3.BoolRef or z3.BitVecRef

EVERY = 0.1  # seconds between two questions whether a check has to stop
_WORK = "rlimit count"
_FOR_EVER = 0xFFFFFFFF  # milliseconds: Z3's own word for no limit


@cache
def solver_module() -> Any:
    """Z3's Python module, imported on the first call.

    Python may collect garbage in any thread, and with it terms, while Z3 is at work in another: unless Z3 is told of that, the
    two meet in its memory.
    """
    import z3

    z3.Z3_enable_concurrent_dec_ref(z3.main_ctx().ref())
    return z3


@dataclass(frozen=True)
class Answer:
    """What Z3 said: "sat", "unsat" or "unknown"; for "sat" the model, for "unknown" the solver's reason."""

    verdict: str
    model: Any = None
    reason: str = ""


def new_solver() -> Any:
    """An incremental solver for bit-vectors and truth values, always with the same seed."""
    solver = solver_module().SolverFor("QF_FD")
    solver.set("random_seed", 0)
    return solver


def one_shot_solver() -> Any:
    """A solver for one problem that is given in one piece: slower to begin with, and twice as fast where it is hard."""
    z3 = solver_module()
    stages = ("simplify", "propagate-values", "solve-eqs", "elim-uncnstr", "simplify", "bit-blast", "sat")
    solver = z3.Then(*stages).solver()
    solver.set("random_seed", 0)
    return solver


def ask(
    solver: Any, *assumptions: Term, timeout: float | None = None, over: Callable[[], str] | None = None,
    most: int | None = None,
) -> Answer:  # fmt: skip
    """Check a solver under assumptions, for at most `timeout` seconds, or until `over` (asked now and then) gives a reason to
    stop, with at most so much `work`. A keyboard interrupt ends it. A solver that was stopped is of no further use.
    """
    z3 = solver_module()
    solver.set("timeout", _FOR_EVER if timeout is None else max(1, int(timeout * 1000)))
    if most is not None:
        solver.set("rlimit", most)
    said = _check(solver, assumptions, over)
    if isinstance(said, str):
        return Answer("unknown", reason=said)
    if said == z3.unknown:
        return Answer("unknown", reason=solver.reason_unknown() or "no reason given")
    return Answer("sat", solver.model()) if said == z3.sat else Answer("unsat")


def _check(solver: Any, assumptions: Sequence[Term], over: Callable[[], str] | None) -> Any:
    """What `check` says, or `over`, from a thread of its own, while this one waits for it or for an interrupt.

    Z3 takes the interrupt signal for itself while it checks, and forgets one that comes just before it has its answer; of many
    short checks each is just before. So it is told to leave the signal alone, and to stop when the signal has come here. Nor
    is its own limit of memory of use: it ends the whole process.
    """
    solver.set("ctrl_c", False)
    done: Future[Any] = Future()

    def run() -> None:
        try:
            done.set_result(solver.check(*assumptions))
        except BaseException as error:
            done.set_exception(error)

    checking = Thread(target=run, name="Z3")
    checking.start()
    try:
        while over is not None and not wait([done], EVERY).done:
            if reason := over():
                _stop(solver, checking)
                return reason
        said = done.result()
        checking.join()  # what it still holds of Z3 it lets go of before Z3 is asked again
        return said
    except KeyboardInterrupt:
        _stop(solver, checking)
        raise


def _stop(solver: Any, checking: Thread) -> None:
    while checking.is_alive():  # an interrupt that comes before the check has begun would be forgotten
        solver.interrupt()
        checking.join(0.05)


def work(solver: Any) -> int:
    """How much Z3 has done so far in this process: grows with the time it takes, but is the same on every machine."""
    known = solver.statistics()
    return int(known.get_key_value(_WORK)) if _WORK in known.keys() else 0  # noqa: SIM118 (it is no mapping)


@contextmanager
def interruptible() -> Iterator[None]:
    """Where Z3 raises its own exception for Ctrl-C, the KeyboardInterrupt that it swallowed."""
    try:
        yield
    except (solver_module().Z3Exception, ArgumentError) as error:  # ctypes wraps what is raised while it converts arguments
        if any(word in str(error) for word in ("keyboard", "KeyboardInterrupt", "interrupted", "canceled")):
            raise KeyboardInterrupt from error
        raise
