"""The drain table (docs/two-msl.md): a sample of its entries, and with `-m slow` all of them, at MSL = 1, 2 and 3 ticks."""

from __future__ import annotations

from itertools import product

import pytest

from synproof.engine.experiment import Laboratory
from synproof.models.catalogue import catalogue
from synproof.models.ledger.drain import ASSUMPTIONS, KINDS, LISTENER, LONGEST, OPENER, Closer, Entry, entries

OF_NUMBERS, ACKS, RESETS = KINDS

SAMPLE: list[tuple[Closer, str, bool, str, str, int | None]] = [
    (OPENER, "fin", False, "strong", OF_NUMBERS, 2),
    (OPENER, "fin", False, "weak", OF_NUMBERS, 3),
    (OPENER, "fin", False, "strong", RESETS, 3),
    (OPENER, "fin", False, "none", OF_NUMBERS, None),
    (OPENER, "reply", False, "weak", OF_NUMBERS, 2),
    (OPENER, "reply", False, "weak", ACKS, 1),
    (LISTENER, "reply", False, "weak", OF_NUMBERS, 3),
    (OPENER, "never", False, "weak", OF_NUMBERS, None),
]


def entry(closer: Closer, rule: str, data: bool, assumed: str, kind: str) -> Entry:
    return next(e for e in entries(closer, (data,), (rule,)) if (e.assumed, e.kind) == (assumed, kind))


@pytest.fixture(scope="module")
def laboratory() -> Laboratory:
    made = Laboratory(catalogue)
    for closer, rule, data, assumed, kind, _ in SAMPLE:
        made.plan(entry(closer, rule, data, assumed, kind).sharp(1))
    return made


@pytest.mark.parametrize(("closer", "rule", "data", "assumed", "kind", "bound"), SAMPLE)
def test_an_entry_is_sharp(
    laboratory: Laboratory, closer: Closer, rule: str, data: bool, assumed: str, kind: str, bound: int | None
) -> None:
    one = entry(closer, rule, data, assumed, kind)
    assert one.bound == bound
    for experiment in one.sharp(1):
        assert not laboratory.found(experiment).differs


def test_without_the_rule_of_the_tie_two_msl_are_too_little_and_a_tick_more_is_enough() -> None:
    one = entry(OPENER, "fin", False, "strong", OF_NUMBERS)
    assert one.bound is not None and one.ticks(2, tied=False) == 2 * one.bound + 1
    laboratory = Laboratory(catalogue)
    laboratory.plan(one.sharp(2, tied=False))
    assert laboratory.every_difference() == []


def test_every_entry_is_there_once_and_a_weaker_assumption_never_asks_for_less() -> None:
    for closer in (OPENER, LISTENER):
        found = list(entries(closer))
        assert len(found) == len({(e.rule, e.data, e.prop) for e in found}) == 4 * 2 * len(ASSUMPTIONS) * len(KINDS)
        for strong, weak in (("strong", "weak"), ("weak", "none")):
            for one in (e for e in found if e.assumed == strong):
                less = entry(closer, one.rule, one.data, weak, one.kind)
                assert (one.bound or LONGEST + 1) <= (less.bound or LONGEST + 1), less


@pytest.mark.slow
def test_the_whole_table_is_sharp() -> None:
    laboratory = Laboratory(catalogue)
    for closer, msl in product((OPENER, LISTENER), (1, 2, 3)):
        for one in entries(closer):
            laboratory.plan(one.sharp(msl))
    assert laboratory.every_difference() == []
