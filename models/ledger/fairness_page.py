"""The page of fairness: what is assumed of runs that go on for ever, whether it can be met, and what goes wrong without it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from synproof.engine.experiment import Experiment, Laboratory
from synproof.engine.ledger import Exhibit, Page
from synproof.engine.property import Fairness, PropertyKind, Verdict

from ..catalogue import catalogue
from .reading import Assumption, assumptions, with_it
from .writing import exhibit_lines, head, ladder, paragraph, quotation, table

__all__ = ["FEASIBLE", "PAGE", "PROPERTIES", "declaring"]

PROSE = Path(__file__).with_name("fairness.toml")

PROPERTIES = ("establishes", "half-open-is-discovered", "falls-quiet", "closes", "fin-wait-2-ends")
"""The named properties that are owed something under fairness."""

FEASIBLE = "fairness-is-feasible"

ROOM = {"last-ack-without-retransmission": (("capacity", "3:3"),)}
"""Models of which no verdict but "incomplete" is due as they are: a full channel drops where nothing may be lost."""

STOPPED = Exhibit(
    "No rule does what is due when the user timeout ends:",
    Experiment("wasted-connection-user-timeout", FEASIBLE, Verdict.VIOLATED, without=("user_timeout_in_*",)),
    drawn=True,
)


def declaring() -> list[str]:
    """The shipped models that declare an eventually-property, the smallest first."""
    kinds = {row.name: row.kind for row in catalogue.property_table()}
    eventually = PropertyKind.EVENTUALLY
    models = [catalogue.load(name) for name, _ in catalogue.models()]
    chosen = [
        model for model in models
        if any((prop.kind or PropertyKind(kinds[prop.name])) is eventually for prop in model.properties)
    ]  # fmt: skip
    return [model.name for model in sorted(chosen, key=lambda model: (model.expect.states or 0, model.name))]


def _feasible(model: str) -> Experiment:
    return Experiment(model, FEASIBLE, Verdict.HOLDS, ROOM.get(model, ()))


def _write(laboratory: Laboratory) -> str:
    prose = tomllib.loads(PROSE.read_text(encoding="utf-8"))["prose"]
    lines = head("Fairness: what is assumed of runs that go on for ever", prose["question"], prose["how"])
    lines += ["## Which property needs what", "", *paragraph(prose["table"]), "", *_matrix(laboratory), ""]
    for assumption in assumptions():
        lines += _section(laboratory, assumption)
    lines += ["## What is not assumed", "", *paragraph(prose["none"]), ""]
    lines += ["## All at once, whatever has happened", "", *paragraph(prose["feasible"]), ""]
    lines += [*table(("model", "states", "`fairness-is-feasible`"), _feasible_rows(laboratory)), ""]
    lines += [*paragraph(prose["infeasible"]), "", *exhibit_lines(laboratory, STOPPED)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _matrix(laboratory: Laboratory) -> list[str]:
    rows = [
        (f"`{part}`", *(_cell(laboratory, assumption, part, prop) for prop in PROPERTIES))
        for assumption in assumptions() for part in assumption.parts
    ]  # fmt: skip
    return table(("without", *(f"`{prop}`" for prop in PROPERTIES)), rows)


def _cell(laboratory: Laboratory, assumption: Assumption, part: Fairness, prop: str) -> str:
    for exhibit in assumption.needed:
        if (exhibit.experiment.unfair, exhibit.experiment.prop) == (part, prop):
            return str(laboratory.found(exhibit.experiment).steps)
    return "idle" if prop in dict(assumption.idle) else "–"


def _section(laboratory: Laboratory, assumption: Assumption) -> list[str]:
    lines = [f"## {assumption.name}", "", *paragraph(f"{assumption.says} {assumption.real}"), ""]
    lines += [*quotation(assumption.quote), ""]
    needed = map(partial(_needed, laboratory), assumption.needed)
    lines += [*table(("violates", "without", "steps", "holds with it"), needed), ""]
    for exhibit in assumption.needed:
        if exhibit.drawn:
            lines += [*paragraph(f"`{exhibit.experiment.prop}` without `{exhibit.experiment.unfair}`:"), ""]
            lines += ladder(laboratory.found(exhibit.experiment))
    for prop, why in assumption.idle:
        lines += paragraph(f"`{prop}` does without: {why}", "* ", "  ")
    return [*lines, ""] if lines[-1] else lines


def _needed(laboratory: Laboratory, exhibit: Exhibit) -> tuple[str, ...]:
    without = exhibit.experiment
    assert laboratory.found(with_it(without)).verdict is Verdict.HOLDS
    return f"`{without.prop}`", f"`{without.unfair}`", str(laboratory.found(without).steps), f"`{without.command}`"


def _feasible_rows(laboratory: Laboratory) -> Iterator[tuple[str, ...]]:
    for model in declaring():
        found = laboratory.found(_feasible(model))
        yield f"`{found.experiment.place}`", f"{found.search.states:,}", found.verdict.value


def _experiments() -> Iterator[Experiment]:
    for assumption in assumptions():
        yield from assumption.experiments
    yield from (_feasible(model) for model in declaring())
    yield STOPPED.experiment


PAGE = Page("fairness", _write, _experiments)
