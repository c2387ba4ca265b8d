"""Subjects: from what a command line names (models, settings, properties, expressions) to what is checked."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ..catalogue import Catalogue, Declaration, LoadedModel
from ..checker import Subject
from ..property import Property, PropertyKind
from ..system import System
from .trouble import CommandLineError

__all__ = [
    "Chosen", "Own", "choose", "declarations", "overrides", "own_properties", "properties_options", "settings_option", "shipped",
    "with_declared",
]  # fmt: skip


@dataclass(frozen=True)
class Own:
    """A property that stands on the command line."""

    name: str
    kind: PropertyKind
    text: str


@dataclass(frozen=True)
class Chosen:
    """A model as it was read, and what of it is checked."""

    model: LoadedModel
    subject: Subject


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
        ("eventually", "EXPR comes to hold"),
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


def choose(
    catalogue: Catalogue,
    name: str,
    settings: Mapping[str, object] | None = None,
    only: Sequence[str] = (),
    own: Sequence[Own] = (),
    *,
    called: str = "",
) -> Chosen:
    """A model with its properties: those named in `only`, or if there are none all that it declares; and those of one's own.

    `called` is its name in results. Raises whatever is wrong with the file, the settings, the names or the expressions.
    """
    model = catalogue.load(name, settings or None)
    system, properties = catalogue.build(model, tuple(dict.fromkeys(only)))
    properties += [_own(catalogue, model, system, prop, properties) for prop in own]
    values = model.settings.as_dict()
    default = {row.name: row.default for row in catalogue.settings_table()}
    changed = {name: value for name, value in values.items() if value != default.get(name)}
    return Chosen(model, Subject(called or model.name, system, tuple(properties), values, changed))


def _own(catalogue: Catalogue, model: LoadedModel, system: System, own: Own, others: Sequence[Property]) -> Property:
    if any(own.name == other.name for other in others):
        raise CommandLineError(f"{model.name} has a property named {own.name}, as the expression on the command line would be")
    return catalogue.own_property(model, system, own.name, own.kind, own.text)


def declarations(chosen: Chosen) -> list[Declaration]:
    """The properties of a subject, as a model file would declare them."""
    own = {declaration.name: declaration for declaration in chosen.model.properties}
    return [own.get(prop.name, Declaration(prop.name)) for prop in chosen.subject.properties]


def with_declared(catalogue: Catalogue, chosen: Chosen, declarations: Sequence[Declaration]) -> Chosen:
    """The same model with further properties, as other models declare them (for comparing). Names it has already stay."""
    subject, model = chosen.subject, chosen.model
    have = {prop.name for prop in subject.properties}
    wanted = [d for d in declarations if d.name not in have]
    named = [d.name for d in wanted if d.text is None]
    more = list(catalogue.build(model, named)[1]) if named else []
    more += [
        catalogue.own_property(model, subject.system, d.name, d.kind, d.text)
        for d in wanted
        if d.kind is not None and d.text is not None
    ]
    expected_of_others = [replace(prop, expect=None, expect_steps=None) for prop in more]
    return replace(chosen, subject=replace(subject, properties=(*subject.properties, *expected_of_others)))


def shipped(catalogue: Catalogue, names: Sequence[str], every: bool) -> list[str]:
    """The models that are asked for. Raises CommandLineError if that is none."""
    if every and names:
        raise CommandLineError("--all and the name of a model exclude each other")
    if every:
        return [name for name, _ in catalogue.models()]
    if not names:
        known = [name for name, _ in catalogue.models()]
        raise CommandLineError(f"which model? Known: {', '.join(known) or 'none'}; or a file of your own; or --all")
    doubled = [name for name in names if list(names).count(name) > 1]
    if doubled:
        raise CommandLineError(f"{doubled[0]} is named twice")
    return list(names)
