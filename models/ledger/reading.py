"""Reading the ledger: TOML tables become claims, hazards, divisions of the text and topics, each with its experiments.

The files lie beside this module. They say what is expected; what is found is never written in them.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

from synproof.engine.errors import SynproofError, did_you_mean
from synproof.engine.experiment import Experiment
from synproof.engine.ledger import Ablation, Claim, Exhibit, Holding, Quote, Removal, Topic
from synproof.engine.property import Fairness, PropertyKind, Verdict

__all__ = [
    "Assumption", "Division", "Hazard", "LedgerError", "ablations", "assumptions", "claims", "divisions", "hazards", "topics",
    "with_it",
]  # fmt: skip

Table = dict[str, Any]
EXHIBIT = {"shows", "model", "settings", "property", "expect", "via", "rules-out", "unread", "drawn"}


class LedgerError(SynproofError):
    """A table of the ledger that says what it cannot say: a fault of this distribution."""

    exit_code = 153


@dataclass(frozen=True)
class Hazard:
    """A published result or known hazard: what is said of it, what is found, and what flips the verdict.

    `correction` says where our own expectation was wrong and why; `open` what is missing if nothing is checked yet.
    """

    name: str
    group: str
    situation: str
    said: str
    source: str
    found: tuple[Exhibit, ...]
    flips: tuple[Exhibit, ...]
    remark: str = ""
    correction: str = ""
    open: str = ""

    @property
    def experiments(self) -> tuple[Experiment, ...]:
        """What it rests on."""
        return tuple(exhibit.experiment for exhibit in (*self.found, *self.flips))


@dataclass(frozen=True)
class Division:
    """A place where the RFC contradicts itself, is silent or leaves a choice: readings, what follows, and a better wording."""

    name: str
    title: str
    quotes: tuple[Quote, ...]
    trouble: str
    readings: tuple[Exhibit, ...]
    wording: str
    afterwards: str = ""
    open: str = ""

    @property
    def experiments(self) -> tuple[Experiment, ...]:
        """What it rests on."""
        return tuple(exhibit.experiment for exhibit in self.readings)


@dataclass(frozen=True)
class Assumption:
    """An assumption of fairness: what it says, why it is true outside of models, and what goes wrong without it.

    `parts` are what it is to the engine, one for each tag or channel. Each exhibit of `needed` gives up one of them and
    violates a property that holds with it; `idle` says of properties that have the assumption why they can do without.
    """

    name: str
    parts: tuple[Fairness, ...]
    says: str
    real: str
    quote: Quote
    needed: tuple[Exhibit, ...]
    idle: tuple[tuple[str, str], ...]

    @property
    def experiments(self) -> tuple[Experiment, ...]:
        """What it rests on: each property without the assumption, and with it."""
        without = [exhibit.experiment for exhibit in self.needed]
        return (*without, *map(with_it, without))


def with_it(without: Experiment) -> Experiment:
    """The same question with all of the property's fairness: there it holds."""
    return replace(without, expect=Verdict.HOLDS, unfair=Fairness())


@cache
def claims() -> tuple[Claim, ...]:
    """The tutorial's claims, in its order."""
    return tuple(_claim(table) for table in _tables("claims", "claim"))


@cache
def hazards() -> tuple[Hazard, ...]:
    """The hazards, in the order of their groups."""
    return tuple(_hazard(table) for table in _tables("hazards", "hazard"))


@cache
def divisions() -> tuple[Division, ...]:
    """Where the text divides."""
    return tuple(_division(table) for table in _tables("rfc-text", "division"))


@cache
def topics() -> tuple[Topic, ...]:
    """The mechanisms that can be taken away."""
    return tuple(_topic(table) for table in _tables("why", "topic"))


@cache
def ablations() -> tuple[Ablation, ...]:
    """The models from which mechanisms are taken away in turn."""
    return tuple(_ablation(table) for table in _tables("ablation", "ablation"))


@cache
def assumptions() -> tuple[Assumption, ...]:
    """The assumptions of fairness."""
    return tuple(_assumption(table) for table in _tables("fairness", "assumption", "prose"))


# ---- tables ----------------------------------------------------------------------------------------------------------


def _tables(file: str, key: str, *others: str) -> list[Table]:
    document = tomllib.loads((Path(__file__).parent / f"{file}.toml").read_text(encoding="utf-8"))
    _check_keys(document, {key, *others}, f"{file}.toml")
    return list(document[key])


def _check_keys(table: Table, known: set[str], where: str) -> None:
    for key in table:
        if key not in known:
            raise LedgerError(f"{where}: there is no key {key!r}; {did_you_mean(key, known)}")


def _claim(table: Table) -> Claim:
    name = table["name"]
    _check_keys(table, {"name", "says", "quote", "verdict", "finding", "needs", "saved", "exhibit"}, name)
    claim = Claim(
        name, _text(table, "says"), _quotes(table), Holding(table["verdict"]), _text(table, "finding"),
        tuple(table.get("needs", ())), _text(table, "saved"), _exhibits(table, "exhibit", name),
    )  # fmt: skip
    if not claim.exhibits and claim.holding is not Holding.OPEN:
        raise LedgerError(f"{name} is said to be {claim.holding.value}, and nothing shows it")
    return claim


def _hazard(table: Table) -> Hazard:
    name = table["name"]
    known = {"name", "group", "situation", "said", "source", "found", "flip", "remark", "correction", "open"}
    _check_keys(table, known, name)
    hazard = Hazard(
        name, _text(table, "group"), _text(table, "situation"), _text(table, "said"), _text(table, "source"),
        _exhibits(table, "found", name), _exhibits(table, "flip", name),
        _text(table, "remark"), _text(table, "correction"), _text(table, "open"),
    )  # fmt: skip
    if not hazard.found and not hazard.open:
        raise LedgerError(f"{name}: nothing is found, and `open` does not say why")
    return hazard


def _division(table: Table) -> Division:
    name = table["name"]
    _check_keys(table, {"name", "title", "quote", "trouble", "reading", "wording", "afterwards", "open"}, name)
    return Division(
        name, _text(table, "title"), _quotes(table), _text(table, "trouble"), _exhibits(table, "reading", name),
        _text(table, "wording"), _text(table, "afterwards"), _text(table, "open"),
    )  # fmt: skip


def _topic(table: Table) -> Topic:
    name = table["name"]
    known = {"name", "question", "answer", "quote", "with", "without", "more", "goal", "goal-words", "cost"}
    _check_keys(table, known, name)
    (quote,) = _quotes(table)
    return Topic(
        name, _text(table, "question"), _text(table, "answer"), quote, _exhibit(table["with"], name),
        _exhibit({"drawn": True, **table["without"]}, name), _exhibits(table, "more", name),
        _text(table, "goal"), _text(table, "goal-words"), _text(table, "cost"),
    )  # fmt: skip


def _ablation(table: Table) -> Ablation:
    _check_keys(table, {"model", "title", "settings", "removal"}, "ablation")
    removals = tuple(Removal(_text(one, "words"), tuple(one["settings"].items())) for one in table["removal"])
    return Ablation(table["model"], _text(table, "title"), removals, tuple(table.get("settings", {}).items()))


def _assumption(table: Table) -> Assumption:
    name = table["name"]
    kinds = {kind.name for kind in fields(Fairness)}
    _check_keys(table, {"name", "says", "real", "quote", "needed", "idle", *kinds}, name)
    (kind,) = kinds & table.keys()
    needed = []
    for one in table.get("needed", []):
        named = {one["without"]} if "without" in one else set(table[kind])
        if not named <= set(table[kind]) or len(named) != 1:
            raise LedgerError(f"{name}: `without` must name one of {', '.join(table[kind])}")
        exhibit = _exhibit({"shows": "", "expect": "violated", **{k: v for k, v in one.items() if k != "without"}}, name)
        unfair = Fairness(**{kind: frozenset(named)})
        needed.append(replace(exhibit, experiment=replace(exhibit.experiment, unfair=unfair)))
    (quote,) = _quotes(table)
    parts = tuple(Fairness(**{kind: frozenset({part})}) for part in table[kind])
    return Assumption(
        name, parts, _text(table, "says"), _text(table, "real"), quote, tuple(needed), tuple(table.get("idle", {}).items())
    )


def _quotes(table: Table) -> tuple[Quote, ...]:
    found = table.get("quote", [])
    return tuple(Quote(_text(quote, "text"), quote["source"]) for quote in ([found] if isinstance(found, dict) else found))


def _exhibits(table: Table, key: str, where: str) -> tuple[Exhibit, ...]:
    return tuple(_exhibit(one, f"{where}, {key} {number}") for number, one in enumerate(table.get(key, []), 1))


def _exhibit(table: Table, where: str) -> Exhibit:
    kinds = [kind for kind in PropertyKind if kind.value in table]
    _check_keys(table, EXHIBIT | {kind.value for kind in kinds}, where)
    kind = kinds[0] if kinds else None
    experiment = Experiment(
        table["model"],
        table.get("property", "" if kind is None else "own"),
        Verdict(table["expect"]),
        tuple(table.get("settings", {}).items()),
        kind,
        "" if kind is None else table[kind.value],
        tuple(table.get("via", ())),
        tuple(table.get("rules-out", ())),
        tuple(table.get("unread", {}).items()),
    )
    return Exhibit(_text(table, "shows"), experiment, table.get("drawn", False))


def _text(table: Table, key: str) -> str:
    """A text, its lines joined; an empty line between two paragraphs stays."""
    paragraphs = str(table.get(key, "")).strip().split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
