"""The catalogue: what the command line asks of a room above it: which models, settings and properties there are.

The engine knows no room above it. A distribution names its catalogue as an entry point of the group `synproof.catalogue`,
`find` loads it, and the protocols here say what it must be able to do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from .errors import SynproofError
from .property import Property, PropertyKind, Verdict
from .system import System

if TYPE_CHECKING:
    from .ledger import Ablation, Alternative, Claim, Page, Topic

__all__ = [
    "Catalogue", "Declaration", "Expectation", "LoadedModel", "NoCatalogue", "PropertyRow", "SettingRow", "SettingValues",
    "Source", "find",
]  # fmt: skip


class NoCatalogue(SynproofError):
    """The installation names no catalogue."""

    exit_code = 153


@dataclass(frozen=True)
class Source:
    """Where the value of a setting comes from: `default`, `file`, `-s` or `--vary`; of a file, which one and where in it."""

    kind: str
    file: str = ""
    line: int | None = None

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return place if self.kind == "file" else self.kind


@dataclass(frozen=True)
class Declaration:
    """A property as a model file declares it: a named one (`kind` and `text` are None), or one of its own."""

    name: str
    kind: PropertyKind | None = None
    text: str | None = None  # EXPR
    expect: Verdict | None = None
    steps: int | None = None
    file: str = ""
    line: int | None = None


@dataclass(frozen=True)
class Expectation:
    """The counts that a model file declares."""

    states: int | None = None
    transitions: int | None = None
    depth: int | None = None


@dataclass(frozen=True)
class SettingRow:
    """A setting, as it is listed."""

    name: str
    values: str
    default: str | int
    meaning: str


@dataclass(frozen=True)
class PropertyRow:
    """A named property, as it is listed. `of_steps`: it judges single states or steps of one end, which takes long to check."""

    name: str
    kind: str
    sentence: str
    of_steps: bool = False


class SettingValues(Protocol):
    """A model's settings."""

    def as_dict(self) -> dict[str, str | int]:
        """Name -> canonical value, in the order of the documentation."""


class LoadedModel(Protocol):
    """A model that has been read and found to be well formed."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def title(self) -> str:
        """One line about it."""

    @property
    def path(self) -> str:
        """The file it was read from, as people write it."""

    @property
    def shipped(self) -> bool:
        """Whether it came with the distribution."""

    @property
    def settings(self) -> SettingValues:
        """Every setting's value."""

    @property
    def sources(self) -> Mapping[str, Source]:
        """Setting -> where its value comes from."""

    @property
    def properties(self) -> Sequence[Declaration]:
        """The properties that the file declares; none: every named one that applies."""

    @property
    def expect(self) -> Expectation:
        """The counts that the file declares."""


class Catalogue(Protocol):
    """What there is, and how a model becomes a system. Errors are `SynproofError`s that know their `exit_code`."""

    def models(self) -> list[tuple[str, str]]:
        """Name and title of each model that is shipped, in the order of the names. Fast: nothing is built or checked."""

    def load(
        self, name_or_path: str, overrides: Mapping[str, object] | None = None, given: Mapping[str, str] = {}
    ) -> LoadedModel:
        """Read a shipped model, or a file; `overrides` are settings that win over the file's.

        They are said to come from `-s`, unless `given` says of one how else it was given (`--vary`).
        """

    def build(self, model: LoadedModel, only: Sequence[str] = ()) -> tuple[System, list[Property]]:
        """The model's system, and its properties with what is expected of them; with `only`, the properties so named."""

    def own_property(self, model: LoadedModel, system: System, name: str, kind: PropertyKind, text: str) -> Property:
        """A property from an expression of the user's."""

    def settings_table(self) -> list[SettingRow]:
        """Every setting."""

    def property_table(self) -> list[PropertyRow]:
        """Every named property."""

    def template(self) -> str:
        """The text of a model file to start from."""

    def claims(self) -> Sequence[Claim]:
        """The claims that are checked, in the order of the text that makes them."""

    def topics(self) -> Sequence[Topic]:
        """The mechanisms that can be taken away."""

    def ablations(self) -> Sequence[Ablation]:
        """The models from which mechanisms are taken away in turn, to be judged by all properties."""

    def pages(self) -> Sequence[Page]:
        """The pages that are generated from checked results."""

    def alternatives(self, model: LoadedModel) -> Sequence[Alternative]:
        """Every change of one setting of a model that is worth trying."""


def find() -> Catalogue:
    """The installed catalogue. Raises NoCatalogue."""
    from importlib.metadata import entry_points

    found = sorted(entry_points(group="synproof.catalogue"), key=lambda point: point.name)
    if not found:
        raise NoCatalogue("synproof is not completely installed: no catalogue of models is registered; install it again")
    catalogue: Catalogue = found[0].load()
    return catalogue
