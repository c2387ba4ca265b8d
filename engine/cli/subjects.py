"""What a command line says of models, settings and properties, read and checked for form."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence

from ..catalogue import Catalogue
from ..choosing import Chosen, Own
from ..errors import SynproofError
from ..property import PropertyKind
from .trouble import CommandLineError, Several

__all__ = ["all_of_them", "distinct", "overrides", "own_properties", "properties_options", "settings_option", "shipped"]


def settings_option(parser: argparse.ArgumentParser) -> None:
    """-s name=value"""
    parser.add_argument(
        "-s", "--set", action="append", default=[], metavar="NAME=VALUE", dest="settings",
        help="a setting that wins over the model's (synproof list settings)",
    )  # fmt: skip


def properties_options(parser: argparse.ArgumentParser) -> None:
    """-p NAME, and properties of one's own."""
    parser.add_argument(
        "-p", "--property", action="append", default=[], metavar="NAME", dest="properties",
        help="check this named property only (repeatable; synproof list properties)",
    )  # fmt: skip
    for kind, says in (
        ("always", "EXPR holds in every state"),
        ("sometimes", "EXPR holds in some state"),
        ("eventually", "EXPR holds again and again; implies(A, B): whenever A holds, B does then or later"),
    ):
        parser.add_argument(f"--{kind}", action="append", default=[], metavar="EXPR", help=f"a property of your own: {says}")


def overrides(pairs: Sequence[str]) -> dict[str, str]:
    """The settings of `-s name=value`. Raises CommandLineError for one that is malformed or given twice."""
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        name = name.strip()
        if not equals or not name:
            raise CommandLineError(f"-s {pair}: write -s name=value (synproof list settings)")
        if found.setdefault(name, value) != value:
            raise CommandLineError(f"-s {name} is given twice: {found[name]} and {value}")
    return found


def own_properties(arguments: argparse.Namespace) -> list[Own]:
    """The properties of one's own, in the order always, sometimes, eventually, numbered from 1 within each."""
    return [
        Own(f"{kind.value}-{number}", kind, text)
        for kind in PropertyKind
        for number, text in enumerate(getattr(arguments, kind.value), 1)
    ]


def distinct(names: Sequence[str], why: str) -> None:
    """Raise CommandLineError if two models have one name."""
    if doubled := [name for name in names if list(names).count(name) > 1]:
        raise CommandLineError(f"two models are called {doubled[0]}, and {why}: give one of the files another `name`")


def shipped(catalogue: Catalogue, names: Sequence[str], every: bool) -> list[str]:
    """The models that are asked for. Raises CommandLineError if that is none."""
    if every and names:
        raise CommandLineError("--all and the name of a model exclude each other")
    if every:
        return [name for name, _ in catalogue.models()]
    if not names:
        raise CommandLineError("which model? `synproof list` names those that are shipped; or a file of your own; or --all")
    doubled = [name for name in names if list(names).count(name) > 1]
    if doubled:
        raise CommandLineError(f"{doubled[0]} is named twice")
    return list(names)


def all_of_them(choices: Iterable[Callable[[], Chosen]]) -> list[Chosen]:
    """What is chosen. Raises whatever is wrong with it: if that is more than one thing, all of them together."""
    chosen: list[Chosen] = []
    errors: list[SynproofError] = []
    for choice in choices:
        try:
            chosen.append(choice())
        except SynproofError as error:
            errors.append(error)
    if errors:
        raise errors[0] if len(errors) == 1 else Several(errors)
    return chosen
