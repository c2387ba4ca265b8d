"""The catalogue of TCP models: what the command line sees of models, settings and properties.

>>> model = catalogue.load("three-way", {"window": 1})
>>> model.settings.as_dict()["window"], str(model.sources["window"])
(1, '-s')
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING

from synproof.engine.catalogue import Catalogue, Declaration, LoadedModel, PropertyRow, SettingRow
from synproof.engine.errors import SynproofError, did_you_mean
from synproof.engine.property import Fairness, Property, PropertyKind

from .files import ModelFileError, read_template, shipped_titles

if TYPE_CHECKING:
    from synproof.engine.ledger import Ablation, Alternative, Claim, Page, Topic
    from synproof.engine.query import Names
    from synproof.engine.system import System

    from .loader import Model

__all__ = ["TcpCatalogue", "UnknownProperty", "catalogue"]

ALL_SETTINGS = "# (every setting)\n"


class UnknownProperty(SynproofError):
    """A property was asked for that neither the model nor the specification has."""

    exit_code = 2


class TcpCatalogue:
    """Everything of `engine.catalogue.Catalogue`. What is needed is imported when it is needed: `models` costs little."""

    def models(self) -> list[tuple[str, str]]:
        """Name and title of each shipped model."""
        return list(shipped_titles())

    def load(
        self, name_or_path: str, overrides: Mapping[str, object] | None = None, given: Mapping[str, str] = {}
    ) -> Model:
        """A checked model. Raises ModelFileError (150), SettingError (151; 2 for what is unknown)."""
        from .loader import load

        return load(name_or_path, overrides, _kinds, given)

    def build(self, model: LoadedModel, only: Sequence[str] = ()) -> tuple[System, list[Property]]:
        """The model's system, and its properties in the order in which they are declared, or of `only`.

        A model that declares none has every named property that applies. Raises ModelFileError for an expression of the
        file that does not fit the system, UnknownProperty for a name in `only` that does not exist.
        """
        from synproof.engine.query import Names
        from synproof.spec import build
        from synproof.spec.laws.observing import observe_system
        from synproof.spec.properties import needs_observing, properties

        settings = _own(model).settings
        declared = {declaration.name: declaration for declaration in model.properties}
        asked = (only or declared) or _kinds()
        system = observe_system(build(settings), settings) if needs_observing(asked) else build(settings)
        named = {prop.name: prop for prop in properties(settings, system, asked)}
        if only:
            wanted = [declared.get(name) or Declaration(name) for name in only]
        elif declared:
            wanted = list(declared.values())
        else:
            wanted = [Declaration(name) for name, prop in named.items() if not prop.not_applicable]
        names, fairness = Names(system), _shared_fairness(named.values())
        return system, [_property(declaration, named, declared, names, fairness) for declaration in wanted]

    def own_property(self, model: LoadedModel, system: System, name: str, kind: PropertyKind, text: str) -> Property:
        """A property from an expression of the user's. Raises ExpressionError."""
        from synproof.engine.query import property_of
        from synproof.spec.properties import properties

        named = properties(_own(model).settings, system, ()) if kind is PropertyKind.EVENTUALLY else []
        return property_of(name, kind, text, system, _shared_fairness(named))

    def settings_table(self) -> list[SettingRow]:
        """Every setting, in the order of the documentation."""
        from synproof.spec.settings import SETTINGS

        return [SettingRow(row.name, row.values.text, row.default, row.meaning) for row in SETTINGS]

    def property_table(self) -> list[PropertyRow]:
        """Every named property, in the order in which results are shown."""
        from synproof.spec.properties import COSTLY, rows

        costly = {row.name for row in COSTLY}
        return [PropertyRow(row.name, row.kind.value, row.sentence, row.name in costly) for row in rows()]

    def template(self) -> str:
        """A commented model file, with every setting that it does not use at its default in comments."""
        from synproof.spec.settings import SETTINGS

        lines, text = [], read_template()
        for row in SETTINGS:
            if f"\n{row.name} = " in text:
                continue  # it is there already: a second one would be an error
            default = row.default if isinstance(row.default, int) else f'"{row.default}"'
            lines.append(f"# {f'{row.name} = {default}':<36} # {row.values.text}\n")
        return text.replace(ALL_SETTINGS, "".join(lines))

    def claims(self) -> Sequence[Claim]:
        """The tutorial's claims."""
        from .ledger.reading import claims

        return claims()

    def topics(self) -> Sequence[Topic]:
        """The mechanisms of TCP that can be taken away."""
        from .ledger.reading import topics

        return topics()

    def ablations(self) -> Sequence[Ablation]:
        """The models from which they are taken away in turn."""
        from .ledger.reading import ablations

        return ablations()

    def pages(self) -> Sequence[Page]:
        """The pages that are generated."""
        from .ledger.pages import PAGES

        return PAGES

    def alternatives(self, model: LoadedModel) -> Sequence[Alternative]:
        """Every change of one setting that is worth trying."""
        from .ledger.alternatives import alternatives

        return tuple(alternatives(model.settings.as_dict()))


catalogue: Catalogue = TcpCatalogue()


def _property(
    declaration: Declaration, named: Mapping[str, Property], own: Iterable[str], names: Names, fairness: Fairness
) -> Property:
    """A declared property with what is expected of it."""
    from synproof.engine.query import ExpressionError, property_of

    if declaration.kind is None or declaration.text is None:
        prop = named.get(declaration.name)
        if prop is None:
            name = declaration.name[:80]
            near = did_you_mean(name, [*_kinds(), *own], "synproof list properties")
            raise UnknownProperty(f"there is no property {name!r}; {near}")
    else:
        try:
            prop = property_of(declaration.name, declaration.kind, declaration.text, names, fairness)
        except ExpressionError as error:
            text = f"property {declaration.name!r}: {error}"
            raise ModelFileError(text, declaration.file, declaration.line) from None
    return replace(prop, expect=declaration.expect, expect_steps=declaration.steps)


def _shared_fairness(properties: Iterable[Property]) -> Fairness:
    """What all named eventually-properties suppose, and so those of the user's own."""
    found = [prop.fairness for prop in properties if prop.responses and not prop.not_applicable]

    def both(a: Fairness, b: Fairness) -> Fairness:
        return Fairness(
            weak=a.weak & b.weak,
            recurring=a.recurring & b.recurring,
            compassion=a.compassion & b.compassion,
            delivery=a.delivery & b.delivery,
        )

    return reduce(both, found) if found else Fairness()


def _kinds() -> Mapping[str, PropertyKind]:
    from synproof.spec.properties import rows

    return {row.name: row.kind for row in rows()}


def _own(model: LoadedModel) -> Model:
    from .loader import Model

    if not isinstance(model, Model):
        raise TypeError(f"{model.name} was loaded by another catalogue")
    return model
