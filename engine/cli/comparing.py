"""`synproof compare`: the verdicts of several models, or of one with settings varied, and the runs that tell them apart."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

from ..catalogue import Catalogue, find
from ..checker import Task, by_exploration
from ..choosing import Chosen, choose, declarations, with_declared
from ..comparison import Distinction, comparison_exit_code, distinctions, matrix
from ..property import Verdict
from ..render import Column, Look, render_side_by_side
from ..results import ModelResult
from ..traces.telling import actors_of, tell
from .arguments import Parser, limits_of, limits_options, reduce_option
from .console import Console
from .matrix import matrix_lines
from .report import assumptions, plural, reductions_told, ruled
from .subjects import all_of_them, distinct, overrides, settings_option
from .trouble import CommandLineError

__all__ = ["configure", "run"]

MOST_CELLS = 64


def configure(parser: Parser) -> None:
    """The options of `compare`."""
    parser.add_argument("models", nargs="*", metavar="MODEL", help="two models or more; or one, and --vary")
    parser.add_argument(
        "--vary", action="append", default=[], metavar="NAME=A,B",
        help="compare values of a setting (repeatable: every combination)",
    )  # fmt: skip
    settings_option(parser)
    parser.add_argument(
        "-p", "--property", action="append", default=[], metavar="NAME", dest="properties",
        help="compare this property only (repeatable)",
    )  # fmt: skip
    limits_options(parser)
    reduce_option(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output and nothing else")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Compare, and say what differs."""
    catalogue = find()
    results: list[ModelResult] = []
    if arguments.json:
        console.so_far = partial(as_json, results)
    chosen = _cells(catalogue, arguments)
    asked = {declaration.name: declaration for one in reversed(chosen) for declaration in declarations(one)}
    chosen = [with_declared(catalogue, one, list(asked.values())) for one in chosen]
    limits = limits_of(arguments)
    try:
        for one in chosen:
            task = Task(limits=one.within(limits), progress=console.progress(), reduce=arguments.reduce)
            results.append(by_exploration(one.subject, task)[0])
            if results[-1].interrupted:
                break
    except KeyboardInterrupt:  # before the search of the next one has begun
        if not results or arguments.json:
            raise
        _tell(console, chosen, results)
        raise
    if arguments.json:
        console.say_json(as_json(results))
    else:
        _tell(console, chosen, results)
    return comparison_exit_code(results)


def as_json(results: Sequence[ModelResult]) -> dict[str, Any]:
    """The object that `compare --json` prints; a cell that was not asked is left out."""
    names = [result.model for result in results]
    reduced = {r.model: {"reductions": list(r.reductions), "not_reduced": dict(r.not_reduced)} for r in results}
    return {
        "models": names,
        **({"reduced": reduced} if any(r.reductions or r.not_reduced for r in results) else {}),
        "rows": [
            {
                "property": row.name,
                "cells": [
                    {"model": name, "verdict": cell.verdict.value, "steps": cell.steps}
                    for name, cell in zip(names, row.cells, strict=True)
                    if cell is not None
                ],
            }
            for row in matrix(results)
        ],
    }


# ---- what is compared ------------------------------------------------------------------------------------------------


def _cells(catalogue: Catalogue, arguments: argparse.Namespace) -> list[Chosen]:
    """The models, each with every combination of the varied settings."""
    fixed = overrides(arguments.settings)
    varied = _varied(arguments.vary)
    if both := sorted(set(fixed) & set(varied)):
        raise CommandLineError(f"{both[0]} is both set by -s and varied by --vary")
    combinations = [dict(zip(varied, values, strict=True)) for values in product(*varied.values())]
    if not arguments.models or len(arguments.models) * len(combinations) < 2:
        raise CommandLineError(
            "compare needs two models (synproof compare two-way three-way), or one and --vary NAME=A,B; "
            "`synproof list` shows the models"
        )
    if len(arguments.models) * len(combinations) > MOST_CELLS:
        raise CommandLineError(f"that makes {len(arguments.models) * len(combinations)} models; {MOST_CELLS} are allowed")
    if doubled := [name for name in arguments.models if arguments.models.count(name) > 1]:
        raise CommandLineError(f"{doubled[0]} is named twice")
    cells = product(arguments.models, combinations)
    found = all_of_them(partial(_cell, catalogue, name, fixed, values, arguments.properties) for name, values in cells)
    distinct([one.subject.name for one in found], "could not be told apart")
    return found


def _cell(
    catalogue: Catalogue, name: str, fixed: Mapping[str, str], varied: Mapping[str, str], properties: Sequence[str]
) -> Chosen:
    """A model with settings of `-s` and of `--vary`; the latter are part of its name."""
    one = choose(catalogue, name, {**fixed, **varied}, properties, given=dict.fromkeys(varied, "--vary"))
    values = ",".join(f"{setting}={value}" for setting, value in varied.items())
    return replace(one, subject=replace(one.subject, name=f"{one.model.name}[{values}]")) if values else one


def _varied(options: Sequence[str]) -> dict[str, list[str]]:
    """Setting -> the values it is to have."""
    found: dict[str, list[str]] = {}
    for option in options:
        name, equals, text = option.partition("=")
        values = [value.strip() for value in text.split(",")]
        if not equals or not name.strip() or not all(values):
            raise CommandLineError(f"--vary {option}: write --vary name=value,value (synproof list settings)")
        if name.strip() in found:
            raise CommandLineError(f"--vary {name.strip()} is given twice; name all its values in one")
        if doubled := [value for value in values if values.count(value) > 1]:
            raise CommandLineError(f"--vary {option}: {doubled[0]} is there twice")
        found[name.strip()] = values
    return found


# ---- how it is told --------------------------------------------------------------------------------------------------


def _tell(console: Console, chosen: Sequence[Chosen], results: Sequence[ModelResult]) -> None:
    rows = matrix(results)
    for name, title in dict.fromkeys((one.model.name, one.model.title) for one in chosen):
        console.say("\n".join(textwrap.wrap(f"{name}: {title}" if title else name, console.width, subsequent_indent="  ")))
    console.say()
    console.say("\n".join(matrix_lines(results, rows, console.width)))
    width = console.width
    beneath = [[*reductions_told(r, r.model, width), *assumptions(r.properties, width)] for r in results]
    for line in dict.fromkeys(line for lines in beneath for line in lines):
        console.say(line)
    found = distinctions([one.subject for one in chosen], rows)
    for distinction in found:
        console.say()
        console.say(_side_by_side(distinction, results, console.look()))
    if not found:
        decided = comparison_exit_code(results) == 0
        console.say("\nno verdict differs" if decided else "\nno difference was found in what is decided")


def _side_by_side(shown: Distinction, results: Sequence[ModelResult], look: Look) -> str:
    trace, beside = shown.found.trace, shown.companion
    assert trace is not None
    lines = ruled(", ".join(shown.rows), look.width)
    verdict = f"{shown.found.verdict.value}: the shortest run, {plural(len(trace), 'step')}"
    left = Column(_heading(results[shown.one].model), verdict, tell(trace, shown.found.prop, shown.found.verdict))
    right = Column(
        _heading(results[shown.other].model),
        f"{shown.excluded.verdict.value}: {_what_is_the_same(shown)}",
        tell(beside.trace) if len(beside.trace) else None,
    )
    lines += ["", render_side_by_side(left, right, look).rstrip("\n")]
    if beside.at_rest:
        lines += ["", *textwrap.wrap(_at_the_end(shown, results[shown.other].model), look.width)]
    return "\n".join(lines)


def _heading(name: str) -> str:
    """The name of a model so that it can be broken between the settings that it was varied in."""
    return name.replace("[", " [").replace(",", ", ")


def _what_is_the_same(shown: Distinction) -> str:
    beside = shown.companion
    if beside.missing is None:
        same = "the same run"
    elif not beside.followed:
        return f"the run cannot begin here: {_short(beside.missing.action.sentence)}"
    else:
        same = f"the same run as far as step {beside.followed}"
    return f"{same}, and on until nothing is in flight" if beside.continued else same


def _at_the_end(shown: Distinction, model: str) -> str:
    """What the other model has come to."""
    trace = shown.companion.trace
    labels = tell(trace).steps[-1].labels if len(trace) else tell(trace).labels
    states = ", ".join(f"{actor} {label}" for actor, label in zip(actors_of(trace.system), labels, strict=True) if label)
    word = "never happens" if shown.excluded.verdict is Verdict.NOT_REACHED else "holds in every run"
    return f"{model} comes to rest after {plural(len(trace), 'step')} ({states}); there {', '.join(shown.rows)} {word}."


def _short(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].rstrip(".")
