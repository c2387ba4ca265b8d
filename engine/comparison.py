"""Comparing: the verdicts of several models beside each other, and for each difference the runs that show it.

A row differs if one model has a run (a violation, a witness) and another excludes it. It is shown by the shortest run there is,
and its companion in the first model that excludes it: the same things happening there (`traces.companion`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .checker import Subject
from .compile import Compiled
from .property import Verdict
from .results import EXIT_CODES, ModelResult, PropertyResult
from .traces.companion import Companion, companion, ground

__all__ = ["Distinction", "Row", "comparison_exit_code", "distinctions", "matrix"]

EXCLUDES = (Verdict.HOLDS, Verdict.PROVED, Verdict.NOT_REACHED)


@dataclass(frozen=True)
class Row:
    """One property, and its result in each model (None where it was not asked)."""

    name: str
    cells: tuple[PropertyResult | None, ...]

    @property
    def differs(self) -> bool:
        """Whether one model has a run and another one excludes it."""
        return self.run is not None and self.excluded is not None

    @property
    def run(self) -> int | None:
        """The model with the shortest run, the first of several."""
        lengths = [(cell.steps, i) for i, cell in enumerate(self.cells) if cell is not None and cell.steps is not None]
        return min(lengths)[1] if lengths else None

    @property
    def excluded(self) -> int | None:
        """The first model that excludes such a run."""
        return next((i for i, cell in enumerate(self.cells) if cell is not None and cell.verdict in EXCLUDES), None)


@dataclass(frozen=True)
class Distinction:
    """A run of one model and its companion in another, and the rows that it distinguishes. Models are positions."""

    rows: tuple[str, ...]
    one: int
    found: PropertyResult
    other: int
    excluded: PropertyResult
    companion: Companion


def matrix(results: Sequence[ModelResult]) -> list[Row]:
    """A row for every property, in the order in which the models name them."""
    names = dict.fromkeys(found.name for result in results for found in result.properties)
    by_name: list[Mapping[str, PropertyResult]] = [{found.name: found for found in result.properties} for result in results]
    return [Row(name, tuple(found.get(name) for found in by_name)) for name in names]


def distinctions(subjects: Sequence[Subject], rows: Sequence[Row]) -> list[Distinction]:
    """For each row that differs its distinguishing runs; rows that are shown by the same runs are one."""
    found: dict[tuple[object, ...], Distinction] = {}
    grounds: dict[int, Compiled] = {}
    for row in rows:
        one, other = row.run, row.excluded
        if one is None or other is None:
            continue
        with_run, without = row.cells[one], row.cells[other]
        assert with_run is not None and with_run.trace is not None and without is not None
        steps = tuple((step.action.name, tuple(step.params.items())) for step in with_run.trace.steps)
        key = (one, other, with_run.verdict, tuple(with_run.trace.initial.items()), steps, with_run.trace.loop)
        if key in found:
            known = found[key]
            found[key] = Distinction((*known.rows, row.name), one, known.found, other, known.excluded, known.companion)
        else:
            if other not in grounds:
                grounds[other] = ground(subjects[other].system)
            beside = companion(with_run.trace, subjects[other].system, grounds[other])
            found[key] = Distinction((row.name,), one, with_run, other, without, beside)
    return list(found.values())


def comparison_exit_code(results: Sequence[ModelResult]) -> int:
    """0 if every cell is decided, whatever the verdicts; else what keeps the first from it, in the order of the exit codes."""
    endings = set()
    for result in results:
        if result.interrupted:
            endings.add("interrupted")
        for found in result.properties:
            if not found.settled:
                endings.add("unknown" if found.verdict is Verdict.UNKNOWN else "incomplete")
    return next(code for name, code in EXIT_CODES.items() if name in endings or name == "as asked")
