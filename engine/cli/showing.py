"""`synproof show`: a model's settings and where each comes from, its properties, and what is expected of them."""

from __future__ import annotations

import argparse
import textwrap
from typing import Any

from ..catalogue import Catalogue, Declaration, LoadedModel, find
from ..property import Property
from .arguments import Parser
from .console import Console
from .definitions import definition_lines
from .subjects import overrides, settings_option

__all__ = ["configure", "run"]


def configure(parser: Parser) -> None:
    """The options of `show`."""
    parser.add_argument("model", metavar="MODEL", help="a model's name, or a file of your own")
    settings_option(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output and nothing else")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Show one model."""
    catalogue = find()
    model = catalogue.load(arguments.model, overrides(arguments.settings) or None)
    _, properties = catalogue.build(model)
    if arguments.json:
        console.say_json(_as_json(model, properties))
    else:
        console.say("\n".join(_lines(catalogue, model, properties, console.width)))
    return 0


def _as_json(model: LoadedModel, properties: list[Property]) -> dict[str, Any]:
    expect = model.expect
    return {
        "model": model.name,
        "title": model.title,
        "path": model.path,
        "settings": {
            name: {"value": value, "source": str(model.sources[name])} for name, value in model.settings.as_dict().items()
        },
        "properties": [
            {
                "name": prop.name,
                "kind": prop.kind.value,
                "sentence": prop.sentence,
                "expect": prop.expect.value if prop.expect else None,
                "steps": prop.expect_steps,
                "not_applicable": prop.not_applicable or None,
            }
            for prop in properties
        ],
        "expect": {"states": expect.states, "transitions": expect.transitions, "depth": expect.depth},
    }


def _lines(catalogue: Catalogue, model: LoadedModel, properties: list[Property], columns: int) -> list[str]:
    lines = textwrap.wrap(f"{model.name}: {model.title}" if model.title else model.name, columns)
    lines += [f"from {model.path}", "", *textwrap.wrap("settings (those not named here have their defaults)", columns)]
    defaults = {row.name: row.default for row in catalogue.settings_table()}
    values = model.settings.as_dict()
    named = [name for name in values if model.sources[name].kind != "default"]
    width = max((len(f"{name} = {values[name]}") for name in named), default=0)
    for name in named:
        text = f"{name} = {values[name]}"
        note = " (the default)" if values[name] == defaults.get(name) else ""
        source = f"{model.sources[name]}{note}"
        beside = f"  {text:<{width}}  {source}"
        lines += [beside] if len(beside) <= columns else [f"  {text}", f"      {source}"]
    lines += ["  all have their defaults"] if not named else []
    others = [f"{name}={value}" for name, value in values.items() if name not in named]
    lines += textwrap.wrap(
        f"defaults: {' '.join(others)}", columns, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False
    )
    own = {declaration.name: declaration for declaration in model.properties}
    source = "as the file declares them" if own else "the file declares none: every one that applies"
    lines += ["", *textwrap.wrap(f"properties ({source})", columns)]
    rows = [(prop.name, _told(prop, own.get(prop.name))) for prop in properties]
    lines += ["  " + line for line in definition_lines(rows, columns - 2)]
    expect = model.expect
    counts = [
        f"{name} {value:,}"
        for name, value in (("states", expect.states), ("transitions", expect.transitions), ("depth", expect.depth))
        if value is not None
    ]
    return [*lines, "", *textwrap.wrap(f"expected counts: {', '.join(counts) or 'none declared'}", columns)]


def _told(prop: Property, declared: Declaration | None) -> str:
    if prop.not_applicable:
        return f"{prop.kind.value}; not applicable: {prop.not_applicable}"
    expected = ""
    if prop.expect:
        steps = "" if prop.expect_steps is None else f" in {prop.expect_steps} steps"
        expected = f"; expected: {prop.expect.value}{steps}"
    text = f" {declared.text}" if declared and declared.text else ""
    return f"{prop.kind.value}{text}{expected}"
