"""A catalogue of doors in the place of the installed one, and a command line that runs within the test."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from synproof.engine.catalogue import Declaration, Expectation, PropertyRow, SettingRow, Source
from synproof.engine.cli.console import Console
from synproof.engine.cli.run import run
from synproof.engine.errors import SynproofError, did_you_mean
from synproof.engine.experiment import Experiment, Laboratory
from synproof.engine.ledger import Ablation, Alternative, Claim, Exhibit, Holding, Page, Quote, Removal, Topic
from synproof.engine.property import Property, PropertyKind, Verdict
from synproof.engine.query import parse
from synproof.engine.system import System

from ..engine.door import DEFAULTS, door, properties

CLAIMS = [
    Claim(
        "D1", "a careful door lets nobody in unasked", (Quote("nobody", "a book"),), Holding.TRUE, "So it is.",
        exhibits=(Exhibit("", Experiment("careful", "no-ghost", Verdict.HOLDS)),),
    ),
    Claim(
        "D2", "an eager door is safe", (Quote("safe", "a book"),), Holding.REFUTED, "It is not.", saved="care",
        exhibits=(Exhibit("", Experiment("eager", "no-ghost", Verdict.VIOLATED), drawn=True),),
    ),
]  # fmt: skip
TOPIC = Topic(
    "confirmation", "Why a confirmation?", "An eager door opens to an old knock.", Quote("Knock.", "a book"),
    Exhibit("", Experiment("careful", "no-ghost", Verdict.HOLDS)),
    Exhibit("", Experiment("careful", "no-ghost", Verdict.VIOLATED, (("mode", "eager"),)), drawn=True),
    goal="door.state == OPEN", goal_words="somebody is inside", cost="Patience.",
)  # fmt: skip
VALUES = {"mode": ("careful", "eager"), "loss": ("on", "off")}


class NoSuchFile(SynproofError):
    """A model that does not exist."""

    exit_code = 150


class WrongValue(SynproofError):
    """A setting with a wrong value."""

    exit_code = 151


class Unknown(SynproofError):
    """A setting or property that does not exist."""

    exit_code = 2


@dataclass(frozen=True)
class FakeSettings:
    """Settings of a door."""

    values: Mapping[str, str | int]

    def as_dict(self) -> dict[str, str | int]:
        """All of them."""
        return dict(self.values)


@dataclass(frozen=True)
class FakeModel:
    """A door with settings."""

    name: str
    title: str
    settings: FakeSettings
    sources: Mapping[str, Source]
    properties: tuple[Declaration, ...]
    expect: Expectation
    path: str = "doors.toml"
    shipped: bool = True


def declared(name: str, expect: Verdict | None = None, steps: int | None = None) -> Declaration:
    """A named property with what is expected of it."""
    return Declaration(name, expect=expect, steps=steps)


SAFE = (declared("no-ghost", Verdict.HOLDS), declared("inside", Verdict.REACHED, 3))
MODELS: Mapping[str, tuple[str, Mapping[str, Any], tuple[Declaration, ...], Expectation]] = {
    "careful": ("waits for a confirmation", {}, SAFE, Expectation(13, 17, 4)),
    "eager": ("opens at once", {"mode": "eager"}, (declared("no-ghost", Verdict.VIOLATED, 3), *SAFE[1:]), Expectation()),
    "stuck": ("may wait for ever", {}, (declared("no-deadlock", Verdict.VIOLATED), declared("inside")), Expectation()),
    "patient": ("gets in", {"loss": "off"}, (declared("enters", Verdict.HOLDS),), Expectation()),
    "waiting": ("may not get in", {}, (declared("enters", Verdict.VIOLATED),), Expectation()),
    "unreached": ("never waits", {"mode": "eager"}, (declared("pending", Verdict.NOT_REACHED),), Expectation()),
    "impatient": ("runs out of patience", {"asks": 2, "patience": 1}, (declared("no-ghost"),), Expectation()),
    "wrong": ("declares what is not so", {}, (declared("no-ghost", Verdict.VIOLATED),), Expectation(states=14)),
    "anything": ("declares nothing", {}, (), Expectation()),
}


@dataclass
class FakeCatalogue:
    """The doors, and what was asked of them."""

    loaded: list[str] = field(default_factory=list)

    def models(self) -> list[tuple[str, str]]:
        """Names and titles."""
        return [(name, row[0]) for name, row in sorted(MODELS.items())]

    def load(
        self, name_or_path: str, overrides: Mapping[str, object] | None = None, given: Mapping[str, str] = {}
    ) -> FakeModel:
        """A door by its name."""
        if name_or_path not in MODELS:
            raise NoSuchFile(f"there is no model {name_or_path!r}; {did_you_mean(name_or_path, MODELS)}")
        self.loaded.append(name_or_path)
        title, own, listed, expect = MODELS[name_or_path]
        values: dict[str, Any] = {**DEFAULTS, **own}
        sources = {name: Source("file", "doors.toml", 1) if name in own else Source("default") for name in values}
        for name, value in (overrides or {}).items():
            if name not in values:
                raise Unknown(f"there is no setting {name!r}; {did_you_mean(name, values)}")
            if name in VALUES and value not in VALUES[name] or name not in VALUES and not str(value).isdigit():
                raise WrongValue(f"{name} = {value!r} is not one of its values")
            values[name] = str(value) if name in VALUES else int(str(value))
            sources[name] = Source(given.get(name, "-s"))
        return FakeModel(name_or_path, title, FakeSettings(values), sources, listed, expect)

    def build(self, model: Any, only: Sequence[str] = ()) -> tuple[System, list[Property]]:
        """The system and its properties."""
        system = door(**model.settings.as_dict())
        made = {prop.name: prop for prop in properties(system)}
        rows = {d.name: d for d in model.properties}
        for name in only:
            if name not in made:
                raise Unknown(f"there is no property {name!r}; {did_you_mean(name, made)}")
        names = list(only) or list(rows) or [name for name, prop in made.items() if not prop.not_applicable]
        found = []
        for name in names:
            row = rows.get(name, Declaration(name))
            prop = made[name]
            found.append(Property(**{**vars(prop), "expect": row.expect, "expect_steps": row.steps}))
        return system, found

    def own_property(self, model: Any, system: System, name: str, kind: PropertyKind, text: str) -> Property:
        """A property from an expression."""
        query = parse(text, system)
        if kind is PropertyKind.EVENTUALLY:
            raise Unknown("doors have no eventually-properties of one's own")
        return Property(name, kind, text, predicate=query.expr, clauses=query.clauses)

    def settings_table(self) -> list[SettingRow]:
        """The settings."""
        return [SettingRow(n, ", ".join(VALUES.get(n, ("a number",))), v, "as it says") for n, v in DEFAULTS.items()]

    def property_table(self) -> list[PropertyRow]:
        """The properties."""
        return [PropertyRow(prop.name, prop.kind.value, prop.sentence) for prop in properties(door())]

    def claims(self) -> list[Claim]:
        """What is claimed of doors."""
        return CLAIMS

    def topics(self) -> list[Topic]:
        """What doors have a confirmation for."""
        return [TOPIC]

    def ablations(self) -> list[Ablation]:
        """A careful door without care."""
        return [Ablation("careful", "a door", (Removal("care", (("mode", "eager"),)),))]

    def pages(self) -> list[Page]:
        """A page that says what the experiments find."""

        def write(laboratory: Laboratory) -> str:
            return "# Doors\n" + "".join(f"{claim.name}: {laboratory.found(claim.experiments[0]).told}\n" for claim in CLAIMS)

        return [Page("doors", write, lambda: [claim.experiments[0] for claim in CLAIMS]), Page("plain", lambda _: "# Plain\n")]

    def alternatives(self, model: Any) -> list[Alternative]:
        """Other modes, and what may be lost."""
        values = model.settings.as_dict()
        return [
            Alternative(name, value, about)
            for name, about in (("mode", "what doors do"), ("loss", "what gets lost"))
            for value in VALUES[name]
            if value != values[name]
        ]

    def template(self) -> str:
        """A model file."""
        return '# a door\n[settings]\nmode = "eager"\n'


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        """Yes."""
        return True


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as the one JSON value that it is."""
        return json.loads(self.out)


def synproof(*arguments: str | Path, terminal: bool = False) -> Outcome:
    """Run a command within this process."""
    out, err = io.StringIO(), Terminal() if terminal else io.StringIO()
    code = run([str(word) for word in arguments], Console(out, err))
    return Outcome(code, out.getvalue(), err.getvalue())
