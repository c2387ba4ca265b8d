"""Choosing: from the name of a model, with settings and properties, to a subject that can be checked."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from .catalogue import Catalogue, Declaration, LoadedModel
from .checker import Subject
from .property import PropertyKind
from .search.limits import Limits

__all__ = ["Chosen", "Own", "choose", "declarations", "with_declared"]


@dataclass(frozen=True)
class Own:
    """A property of the user's own: an expression with a name."""

    name: str
    kind: PropertyKind
    text: str


@dataclass(frozen=True)
class Chosen:
    """A model as it was read, and what of it is checked."""

    model: LoadedModel
    subject: Subject
    seconds: float = 0.0  # that reading and building it took

    def within(self, limits: Limits) -> Limits:
        """Limits for a check of this model, to which it belongs that the model is built."""
        return replace(limits, spent=limits.spent + self.seconds)


def choose(
    catalogue: Catalogue,
    name: str,
    settings: Mapping[str, object] | None = None,
    only: Sequence[str] = (),
    own: Sequence[Own] = (),
    given: Mapping[str, str] = {},
) -> Chosen:
    """A model with its properties: those named in `only`, or if there are none all that it declares; and those of one's own.

    `given` says of a setting how it was given, if not by `-s`. Raises whatever is wrong with the file, the settings, the
    names or the expressions.
    """
    started = time.monotonic()
    model = catalogue.load(name, settings or None, given)
    system, properties = catalogue.build(model, tuple(dict.fromkeys(only)))
    properties += [catalogue.own_property(model, system, prop.name, prop.kind, prop.text) for prop in own]
    values = model.settings.as_dict()
    default = {row.name: row.default for row in catalogue.settings_table()}
    changed = {name: value for name, value in values.items() if value != default.get(name)}
    subject = Subject(model.name, system, tuple(properties), values, changed)
    return Chosen(model, subject, time.monotonic() - started)


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
