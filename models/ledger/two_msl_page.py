"""The page of 2 MSL: the drain table with a run that makes each entry sharp, and why whole ticks are exact for real time."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from itertools import chain, product
from pathlib import Path

from synproof.engine.experiment import Experiment, Laboratory
from synproof.engine.ledger import Exhibit, Page
from synproof.engine.property import Verdict

from .drain import ASSUMPTIONS, KINDS, LISTENER, LONGEST, MODEL, OPENER, RULES, Closer, Entry, entries, settings
from .writing import exhibit_lines, head, paragraph, table

__all__ = ["PAGE"]

PROSE = Path(__file__).with_name("two-msl.toml")

FINER = (2, 3)
"""The MSL, in ticks, at which the entries of the opener without data are made sharp once more."""

OF_NUMBERS = next(iter(KINDS))
"""Segments that occupy sequence numbers."""

DRAWN: tuple[tuple[str, Closer, str, bool, str], ...] = (
    ("1 MSL under `fin`, strong:", OPENER, "fin", False, "strong"),
    (
        "2 MSL under `fin`, weak; the ACK that is heard was drawn after t* by something older than the FIN:",
        OPENER, "fin", False, "weak",
    ),
    (f"{LONGEST} MSL under `fin`, weak, with data; what comes again is the octet:", OPENER, "fin", True, "weak"),
    ("2 MSL under `reply`, weak, where the listener closes first:", LISTENER, "reply", False, "weak"),
)
"""Entries whose run is drawn."""


def _anybody(ticks: int, rule: str, assumed: str, expect: Verdict) -> Experiment:
    """Either end, or both, may close first, and the other when it likes."""
    ends: dict[str, str | int] = {"close": "on", "close-style": "four-way", "capacity": "2:1"}
    changes = settings({**ends, "time-wait": ticks, "time-wait-restart": rule})
    return Experiment(MODEL, ASSUMPTIONS[assumed], expect, changes)


WHOEVER_CLOSES = (
    Exhibit("`fin`, strong, 2 MSL:", _anybody(2, "fin", "strong", Verdict.HOLDS)),
    Exhibit("`fin`, strong, 1 MSL:", _anybody(1, "fin", "strong", Verdict.VIOLATED)),
    Exhibit("`reply`, weak, 3 MSL:", _anybody(3, "reply", "weak", Verdict.HOLDS)),
    Exhibit("`reply`, weak, 2 MSL:", _anybody(2, "reply", "weak", Verdict.VIOLATED)),
)

ASSASSINATED = Exhibit(
    f"TIME-WAIT of {LONGEST} MSL:",
    Experiment(MODEL, "time-wait-lasts", Verdict.VIOLATED, settings({"rfc1337": "off", "time-wait": LONGEST})),
)

FOR_WHAT = (
    Exhibit("Numbers repeat, 1 MSL:", Experiment("short-time-wait", "no-stale-data", Verdict.VIOLATED)),
    Exhibit("Numbers repeat, 2 MSL:", Experiment("textbook-time-wait", "no-stale-data", Verdict.VIOLATED)),
    Exhibit("Numbers repeat, 3 MSL:", Experiment("long-time-wait", "no-stale-data", Verdict.HOLDS)),
    Exhibit("Fresh numbers and no TIME-WAIT:", Experiment("no-time-wait-fresh", "no-stale-data", Verdict.HOLDS)),
    Exhibit("The network then:", Experiment("no-time-wait-fresh", "drained-after-time-wait", Verdict.VIOLATED)),
)


def _write(laboratory: Laboratory) -> str:
    prose = tomllib.loads(PROSE.read_text(encoding="utf-8"))
    numbers = prose["numbers"].format(longest=LONGEST)
    lines = head("Why 2 MSL?", *(text.strip() for text in (prose["question"], prose["terms"], numbers)))
    lines += _section("The opener closes first", _table(laboratory, OPENER, (False, True)))
    lines += _section("The listener closes first", [*_table(laboratory, LISTENER, (False,)), "", *paragraph(prose["reply"])])
    drawn = (
        Exhibit(words, _entry(closer, rule, data, assumed, OF_NUMBERS).too_short(1), drawn=True)
        for words, closer, rule, data, assumed in DRAWN
    )
    runs = [exhibit_lines(laboratory, exhibit) for exhibit in drawn]
    lines += _section("Shortest runs", [line for run in runs for line in run])
    finer = table(("`time-wait-restart`", "last ACK", *KINDS), _finer_rows())
    lines += _section("Finer ticks, and both readings of a tie", [*paragraph(prose["tie"]), "", *finer])
    lines += _section("Whoever closes first", [
        *paragraph(prose["whoever"]), "", *_exhibits(laboratory, WHOEVER_CLOSES), "",
        *paragraph(prose["reset"]), "", *_exhibits(laboratory, (ASSASSINATED,)),
    ])  # fmt: skip
    lines += _section("What it is for", [*paragraph(prose["purpose"]), "", *_exhibits(laboratory, FOR_WHAT)])
    states = [laboratory.found(one).search.states or 0 for one in _experiments() if one.model == MODEL]
    bounds = prose["bounds"].format(least=f"{min(states):,}", most=f"{max(states):,}")
    lines += _section("Bounds of the searches", paragraph(bounds))
    lines += _section("Why whole ticks are exact for real time", paragraph(prose["exact"].strip()))
    return "\n".join(lines).rstrip("\n") + "\n"


def _section(title: str, lines: list[str]) -> list[str]:
    return [f"## {title}", "", *lines, *([""] if lines[-1] else [])]


def _exhibits(laboratory: Laboratory, exhibits: tuple[Exhibit, ...]) -> list[str]:
    return [line for exhibit in exhibits for line in exhibit_lines(laboratory, exhibit)]


def _entry(closer: Closer, rule: str, data: bool, assumed: str, kind: str) -> Entry:
    return next(e for e in entries(closer, (data,), (rule,)) if (e.assumed, e.kind) == (assumed, kind))


def _table(laboratory: Laboratory, closer: Closer, data: tuple[bool, ...]) -> list[str]:
    rows = []
    for rule, sends, assumed in product(RULES, data, ASSUMPTIONS):
        cells = [_cell(laboratory, _entry(closer, rule, sends, assumed, kind)) for kind in KINDS]
        rows.append((f"`{rule}`", "yes" if sends else "no", assumed, *cells))
    return table(("`time-wait-restart`", "data before the last FIN", "last ACK", *KINDS), rows)


def _cell(laboratory: Laboratory, entry: Entry) -> str:
    steps = [laboratory.found(experiment).steps for experiment in entry.sharp(1)]
    return f"{'none' if entry.bound is None else entry.bound} ({steps[0]})"


def _finer_rows() -> Iterator[tuple[str, ...]]:
    """The bounds that the experiments expect; whoever writes a page has made them all."""
    for rule, assumed in product(RULES, ASSUMPTIONS):
        found = [_entry(OPENER, rule, False, assumed, kind) for kind in KINDS]
        cells = ("none" if e.bound is None else f"{e.ticks(2)}, {e.ticks(2, tied=False)}" for e in found)
        yield f"`{rule}`", assumed, *cells


def _experiments() -> Iterator[Experiment]:
    for entry in chain(entries(OPENER), entries(LISTENER, (False,))):
        yield from entry.sharp(1)
    for entry in entries(OPENER, (False,)):
        for msl in FINER:
            yield from entry.sharp(msl)
        if entry.bound is not None:
            yield from entry.sharp(2, tied=False)
    yield from (exhibit.experiment for exhibit in (*WHOEVER_CLOSES, ASSASSINATED, *FOR_WHAT))


PAGE = Page("two-msl", _write, _experiments)
