"""Sequence numbers that come again within one connection: what is delivered in the place of another octet, and when."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from synproof.engine.api import check, load_model
from synproof.engine.checker import Subject
from synproof.engine.expr import Operand
from synproof.engine.results import ModelResult
from synproof.models.catalogue import catalogue
from synproof.spec import Settings, build
from synproof.spec.event import Event
from synproof.spec.properties import properties

FOUR_NUMBERS: dict[str, object] = {
    "incarnations": 1, "relisten": "off", "isn": "reuse", "seq-bits": 2, "window": 1, "wrap": "on", "data": "5:0",
}  # fmt: skip
EIGHT_NUMBERS = FOUR_NUMBERS | {"seq-bits": 3, "data": "9:0"}
IN_ORDER: dict[str, object] = {"reorder": "off", "duplicate": "off"}


def found(values: dict[str, object], *names: str) -> ModelResult:
    """What exploration says of some properties (none: only the counts)."""
    settings = Settings.of(values)
    system = build(settings)
    asked = [prop for prop in properties(settings, system, ()) if prop.name in names]
    result = check(Subject("wrapping", system, tuple(asked)))
    assert result.complete
    return result


def first_fault(values: dict[str, object]) -> tuple[str, int | None]:
    """The verdict of no-stale-data, and in how many steps."""
    stale = found(values, "no-stale-data").result("no-stale-data")
    return stale.verdict.value, stale.steps


def least_msl(numbers: int, window: int, rate: int, *, reassembly: bool, retransmit: bool = True) -> int:
    """The least MSL with which an old octet can be taken for a new one.

    Of the numbers that are to be used again, those need not be sent any more within the life of the old octet that were sent
    when it was (it was sent again, and its window was full), nor those that the new one may overtake (it is kept).
    """
    to_be_sent = numbers - (window if retransmit else 0) - (window - 1 if reassembly else 0)
    return max(1, -(-to_be_sent // rate) - 1)  # in MSL ticks there are MSL + 1 instants


# --- when ---------------------------------------------------------------------------------------------------


QUICK = (
    (4, 1, 1, "off", "unlimited"), (4, 1, 1, "off", "off"), (4, 1, 2, "off", "off"), (8, 2, 2, "off", "unlimited"),
    (8, 2, 2, "on", "unlimited"), (8, 3, 1, "on", "unlimited"),
)  # fmt: skip
ALL = tuple(
    (numbers, window, rate, reassembly, "unlimited")
    for numbers in (4, 8) for window in range(1, numbers // 2 + 1) for rate in (1, 2) for reassembly in ("off", "on")
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("numbers", "window", "rate", "reassembly", "retransmit"), [one for one in ALL if one not in QUICK])
def test_so_it_is_for_all_windows_up_to_half(numbers: int, window: int, rate: int, reassembly: str, retransmit: str) -> None:
    test_old_octets_are_taken_for_new_ones_if_they_live_long_enough(numbers, window, rate, reassembly, retransmit)


@pytest.mark.parametrize(("numbers", "window", "rate", "reassembly", "retransmit"), QUICK)
def test_old_octets_are_taken_for_new_ones_if_they_live_long_enough(
    numbers: int, window: int, rate: int, reassembly: str, retransmit: str
) -> None:
    space = FOUR_NUMBERS if numbers == 4 else EIGHT_NUMBERS
    msl = least_msl(numbers, window, rate, reassembly=reassembly == "on", retransmit=retransmit != "off")
    values = space | {"window": window, "rate": rate, "reassembly": reassembly, "retransmit": retransmit}
    assert first_fault(values | {"msl": msl})[0] == "violated"
    if msl > 1:
        assert first_fault(values | {"msl": msl - 1}) == ("holds", None)


def test_a_number_more_is_enough_of_them() -> None:
    """Five octets and eight numbers: none comes again, and time need not be modelled."""
    assert first_fault(FOUR_NUMBERS)[0] == "violated"
    assert first_fault(FOUR_NUMBERS | {"seq-bits": 3})[0] == "holds"


@pytest.mark.parametrize(("window", "verdict"), [(1, "holds"), (2, "holds"), (3, "violated")])
def test_two_windows_must_not_be_more_than_all_numbers(window: int, verdict: str) -> None:
    """In order, without copies and without time: only what is sent again is there twice."""
    assert first_fault(FOUR_NUMBERS | IN_ORDER | {"reassembly": "on", "window": window})[0] == verdict


# --- what it does -------------------------------------------------------------------------------------------


def test_what_is_delivered_in_the_place_of_another_is_missed() -> None:
    """As many octets arrive as were sent, and both ends close in order; yet one of those octets never arrived."""
    closing = FOUR_NUMBERS | {"close": "on", "capacity": "2:1", "retransmit": 1}
    names = ("no-stale-data", "orderly-close-delivers", "accepted-is-delivered")
    wrapping = found(closing, *names)
    assert {name: wrapping.result(name).verdict.value for name in names} == dict.fromkeys(names, "violated")
    trace = wrapping.result("orderly-close-delivers").trace
    assert trace is not None
    missed = next(state for state in trace.states if state["server.told"] == "CLOSING")
    assert missed["server.octets_delivered"] == missed["client.octets_sent"] == 5


@pytest.mark.parametrize(
    "values",
    [
        FOUR_NUMBERS | IN_ORDER,
        FOUR_NUMBERS | IN_ORDER | {"data": "5:1"},
        FOUR_NUMBERS | IN_ORDER | {"handshake": "two-way"},
        EIGHT_NUMBERS | IN_ORDER | {"window": 2, "reassembly": "on"},
        EIGHT_NUMBERS | IN_ORDER | {"window": 3, "mss": 2, "retransmit": 1},
        FOUR_NUMBERS | {"rate": 1, "msl": 1},
    ],
)
def test_where_nothing_is_mistaken_it_does_not_matter_that_numbers_come_again(values: dict[str, object]) -> None:
    """With so many numbers that none comes again the same happens, step for step (but for resets, which bear 0)."""
    few, many = found(values), found(values | {"seq-bits": 6, "wrap": "off"})
    assert (few.states, few.transitions, few.depth) == (many.states, many.transitions, many.depth)


@pytest.mark.parametrize(
    "values",
    [
        FOUR_NUMBERS | {"close": "client", "retransmit": 1, "duplicate": 1},
        FOUR_NUMBERS | {"handshake": "two-way", "data": "4:0", "retransmit": 1, "duplicate": 1, "close": "client"},
        FOUR_NUMBERS | {"server": "active", "retransmit": 1, "duplicate": 1},
        FOUR_NUMBERS | IN_ORDER | {"window": 3, "reassembly": "on"},
        FOUR_NUMBERS | IN_ORDER | {"window": 3, "mss": 1, "rate": 2, "msl": 1, "syn-data": "on"},
        EIGHT_NUMBERS | IN_ORDER | {"window": 3, "mss": 2, "retransmit": 1},
    ],
)
def test_what_is_counted_agrees_with_the_numbers(values: dict[str, object]) -> None:
    """And the invariants of one end, and one rule for each segment, hold whatever is mistaken for what."""
    names = ("tcb-iff-not-closed", "listen-is-clean", "numbers-in-order", "closing-in-order", "one-rule-per-segment")
    settings = Settings.of(values)
    system = build(settings)
    asked = tuple(p for p in properties(settings, system, names) if p.name in names and not p.not_applicable)
    result = check(Subject("wrapping", system, asked))
    assert result.complete and {p.verdict.value for p in result.properties} == {"holds"}


def test_a_count_that_is_not_kept_is_noticed() -> None:
    def forgets(event: Event, octets: Operand) -> None:
        event.step.change(event.me.snd_nxt, event.step.now(event.me.snd_nxt) + octets)

    with patch.object(Event, "advance_snd_nxt", forgets):
        settings = Settings.of(FOUR_NUMBERS | IN_ORDER)
        system = build(settings)
    asked = tuple(prop for prop in properties(settings, system, ("numbers-in-order",)) if prop.name == "numbers-in-order")
    assert check(Subject("wrapping", system, asked)).result("numbers-in-order").verdict.value == "violated"


LAWS = (
    "follows-figure-5", "resets-are-believable", "resets-are-believed", "unacceptable-is-answered", "segments-are-true",
    "numbers-move-forward", "next-octet-is-delivered", "user-is-told",
)  # fmt: skip


@pytest.mark.parametrize("name", ["wrap-within-msl", "window-over-half"])
def test_each_end_does_what_it_should(name: str) -> None:
    """No step of any end is wrong: what goes wrong is that a number says too little."""
    subject = load_model(name, {}, LAWS)
    result = check(subject)
    assert {p.name: p.verdict.value for p in result.properties} == dict.fromkeys(LAWS, "holds")
    assert "no-stale-data" in {prop.name for prop in catalogue.load(name).properties}
