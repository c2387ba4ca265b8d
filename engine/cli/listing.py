"""`synproof list`: which models, properties, settings and reductions there are, and which claims are checked."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from ..catalogue import Catalogue, find
from ..reductions import REDUCTIONS
from .arguments import Parser, one_of
from .console import Console
from .trouble import NotBuiltYet

__all__ = ["configure", "run"]

LATER = ("proofs",)
CLAIMS = "claims"


def configure(parser: Parser) -> None:
    """The options of `list`."""
    what = (*_LISTS, CLAIMS, *LATER)
    parser.add_argument(
        "what", nargs="?", default="models", type=one_of(*what), metavar="|".join(what), help="what to list (models)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output and nothing else")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """List."""
    if arguments.what in LATER:
        raise NotBuiltYet(f"`synproof list {arguments.what}` is not built yet; there are: {', '.join([*_LISTS, CLAIMS])}")
    if arguments.what == CLAIMS:
        from .claiming import list_claims

        return list_claims(console, as_json=arguments.json)
    rows = _LISTS[arguments.what](find())
    if arguments.json:
        console.say_json({arguments.what: rows})
        return 0
    from .definitions import definition_lines

    console.say("\n".join(definition_lines([_told(row) for row in rows], console.width)))
    return 0


def _models(catalogue: Catalogue) -> list[dict[str, Any]]:
    return [{"name": name, "title": title} for name, title in catalogue.models()]


def _properties(catalogue: Catalogue) -> list[dict[str, Any]]:
    return [{"name": row.name, "kind": row.kind, "sentence": row.sentence} for row in catalogue.property_table()]


def _settings(catalogue: Catalogue) -> list[dict[str, Any]]:
    return [
        {"name": row.name, "values": row.values, "default": row.default, "meaning": row.meaning}
        for row in catalogue.settings_table()
    ]


def _reductions(_catalogue: Catalogue) -> list[dict[str, Any]]:
    return [{"name": name, "title": f"--reduce {name}: {what}"} for name, what in REDUCTIONS.items()]


_LISTS: dict[str, Callable[[Catalogue], list[dict[str, Any]]]] = {
    "models": _models,
    "properties": _properties,
    "settings": _settings,
    "reductions": _reductions,
}


def _told(row: dict[str, Any]) -> tuple[str, str]:
    if "title" in row:
        return row["name"], row["title"]
    if "sentence" in row:
        return row["name"], f"{row['kind']}: {row['sentence']}"
    return row["name"], f"{row['values']}; default {row['default']}. {row['meaning'][:1].upper()}{row['meaning'][1:]}"
