"""Checking by Z3: what bounded search and induction say of every property, under the same rules for verdicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from .checker import HIDDEN, Subject, Task, watched
from .property import Verdict
from .results import ModelResult, PropertyResult
from .solver.bmc import BoundedResult, Deepening, bounded

__all__ = ["by_solver"]


def by_solver(subject: Subject, task: Task) -> ModelResult:
    """What Z3 says of runs of up to `task.depth` steps."""
    found = bounded(
        subject.system, watched(subject), task.depth, task.limits, progress=_progress(task),
    )  # fmt: skip
    doubt = _doubt(found)
    verdicts = [_doubted(p, doubt) if doubt else p for p in found.properties if p.name != HIDDEN]
    if any(p.name == HIDDEN and p.verdict is not Verdict.PROVED for p in found.properties):
        verdicts = [_only_so_far(p, found.depth) for p in verdicts]
    return ModelResult(
        model=subject.name,
        engine="smt",
        properties=tuple(verdicts),
        settings=subject.settings,
        changed=subject.changed,
        seconds=found.seconds,
        stopped_by=found.stopped_by,
        interrupted=found.interrupted,
    )


def _progress(task: Task) -> Callable[[Deepening], None] | None:
    return task.deepening


def _doubt(found: BoundedResult) -> str:
    """Why nothing can be excluded although it was not found, or empty."""
    lacks: Mapping[str, int] = found.lacks
    if lacks:
        named = ", ".join(f"{name} after {steps} steps" for name, steps in lacks.items())
        return f"ran out of: {named}; some runs end early"
    hidden = [p for p in found.properties if p.name == HIDDEN and p.verdict is Verdict.VIOLATED]
    if hidden:
        return "capacity was reached where nothing may be lost (a full channel dropped a message)"
    return ""


def _doubted(result: PropertyResult, doubt: str) -> PropertyResult:
    if result.verdict in (Verdict.HOLDS_UP_TO, Verdict.PROVED):
        return replace(result, verdict=Verdict.INCOMPLETE, reason=doubt)
    return result


def _only_so_far(result: PropertyResult, depth: int) -> PropertyResult:
    """Where a drop that must not be is not excluded for ever, no proof is more than a search."""
    return replace(result, verdict=Verdict.HOLDS_UP_TO, depth=depth) if result.verdict is Verdict.PROVED else result
