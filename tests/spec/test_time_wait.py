"""TIME-WAIT where time is modelled: what restarts it under each rule, and when it may end (RFC 9293 3.6.1, 3.10.7.4)."""

from __future__ import annotations

from functools import cache

import pytest

from synproof.engine.sorts import Value

from .ends import IRS, ISS, Bench

RULES = ("fin", "reply", "any-ack", "never")
NEXT = IRS + 2  # RCV.NXT in TIME-WAIT, behind the peer's FIN
ACKED = ISS + 2  # what the peer acknowledges there
MSL, TIME_WAIT = 2, 4

SEGMENTS: dict[str, tuple[str, bool, tuple[str, ...]]] = {
    "the FIN again": (f"FIN,ACK SEQ={NEXT - 1} ACK={ACKED}", True, ("fin", "reply")),
    "an octet and the FIN again": (f"FIN,ACK SEQ={NEXT - 2} ACK={ACKED} LEN=1", True, ("fin", "reply")),
    "an old octet": (f"ACK SEQ={NEXT - 2} ACK={ACKED} LEN=1", True, ("reply",)),
    "a FIN that is older": (f"FIN,ACK SEQ={NEXT - 2} ACK={ACKED}", True, ("reply",)),
    "an old ACK": (f"ACK SEQ={NEXT - 1} ACK={ACKED}", True, ("reply",)),
    "an old SYN": (f"SYN SEQ={IRS}", True, ()),
    "a new SYN": (f"SYN SEQ={NEXT}", True, ()),
    "an old SYN-ACK": (f"SYN,ACK SEQ={IRS} ACK={ISS + 1}", True, ("reply",)),
    "the last ACK that it can be sent": (f"ACK SEQ={NEXT} ACK={ACKED}", False, ("any-ack",)),
    "a FIN behind the FIN": (f"FIN,ACK SEQ={NEXT} ACK={ACKED}", True, ("reply", "any-ack")),
    "a reset at RCV.NXT": (f"RST SEQ={NEXT}", False, ()),
    "a reset in the window": (f"RST SEQ={NEXT + 1}", False, ()),
    "a reset outside": (f"RST SEQ={NEXT - 1}", False, ()),
}  # fmt: skip
"""Segment -> the segment, whether it is answered, and which rules let it restart TIME-WAIT."""


@cache
def bench(rule: str = "fin", quiet: str = "off") -> Bench:
    time = {"msl": MSL, "time-wait": TIME_WAIT, "time-wait-restart": rule, "quiet-time": quiet}
    return Bench({"close": "on", "rfc1337": "on", "data": "1:1", "crash": "server:1", **time})


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("what", SEGMENTS)
def test_a_segment_restarts_time_wait_under_these_rules(rule: str, what: str) -> None:
    at = bench(rule)
    text, answered, restarting = SEGMENTS[what]
    out = at.deliver(at.state("TIME_WAIT", waited=3), text)
    assert out.state == "TIME_WAIT"
    assert out["waited"] == (0 if rule in restarting else 3)
    assert out.sent == ([f"<SEQ={ACKED}><ACK={NEXT}><CTL=ACK>"] if answered else [])


def test_a_rule_that_never_restarts_and_one_that_always_may_differ_somewhere() -> None:
    for rule in RULES[:-1]:
        assert any(rule in restarting for _, _, restarting in SEGMENTS.values()), rule


@pytest.mark.parametrize("rule", RULES)
def test_an_answer_is_late_unless_it_goes_with_a_restart(rule: str) -> None:
    at = bench(rule)
    for text, answered, restarting in SEGMENTS.values():
        if answered:
            out = at.deliver(at.state("TIME_WAIT", waited=3), text)
            ((_, answer, _),) = out.step.sent()
            late = at.system.channel_element("network.to_client").as_dict(answer)["late"]
            assert late is (rule not in restarting), text


def test_a_restart_makes_what_was_sent_before_it_timely() -> None:
    at = bench()
    late = at.system.channel_element("network.to_client").value(
        present=True, ack_bit=True, seq=ACKED, ack=NEXT, late=True, age=1
    )
    state = {**at.state("TIME_WAIT", waited=3), "network.to_client": (late,)}
    out = at.deliver(state, SEGMENTS["the FIN again"][0])
    sort = at.system.channel_element("network.to_client")
    in_flight = out.step.after["network.to_client"]
    assert isinstance(in_flight, tuple) and len(in_flight) == 2
    assert not any(sort.as_dict(segment)["late"] for segment in in_flight)


# ---- when it may end -------------------------------------------------------------------------------------------------


def in_flight(at: Bench, state: dict[str, Value], channel: str, age: int) -> dict[str, Value]:
    return {**state, channel: (at.segment(f"ACK SEQ={NEXT} ACK={ACKED} AGE={age}"),)}


@pytest.mark.parametrize("waited", range(TIME_WAIT + 1))
def test_time_wait_ends_when_its_time_has_passed_and_not_before(waited: int) -> None:
    at = bench()
    out = at.act(at.state("TIME_WAIT", waited=waited), "leave_time_wait")
    assert (out is not None) is (waited == TIME_WAIT)


@pytest.mark.parametrize("channel", ["network.to_server", "network.to_client"])
@pytest.mark.parametrize("age", range(MSL + 1))
def test_at_the_instant_at_which_time_wait_ends_a_segment_of_age_msl_is_gone(channel: str, age: int) -> None:
    at = bench()
    out = at.act(in_flight(at, at.state("TIME_WAIT", waited=TIME_WAIT), channel, age), "leave_time_wait")
    assert (out is not None) is (age < MSL)


@pytest.mark.parametrize("quiet", ["on", "after-forgetting"])
@pytest.mark.parametrize("channel", ["network.to_server", "network.to_client"])
@pytest.mark.parametrize("age", range(MSL + 1))
def test_the_quiet_time_ends_under_the_same_rule(quiet: str, channel: str, age: int) -> None:
    at = bench(quiet=quiet)
    out = at.act(in_flight(at, at.state("CLOSED", quiet=1), channel, age), "end_quiet_time")
    assert (out is not None) is (age < MSL)


def test_time_wait_may_last_longer_than_it_must() -> None:
    at = bench()
    state = at.state("TIME_WAIT", waited=TIME_WAIT)
    after = at.tick(state)
    assert after is not None and after["server.waited"] == TIME_WAIT


@pytest.mark.parametrize("age", range(MSL + 1))
def test_time_passes_until_a_segment_has_the_age_of_msl(age: int) -> None:
    at = bench()
    after = at.tick(in_flight(at, at.state("TIME_WAIT"), "network.to_server", age))
    assert (after is not None) is (age < MSL)
    if after is not None:
        in_transit = after["network.to_server"]
        assert isinstance(in_transit, tuple)
        (segment,) = in_transit
        assert at.system.channel_element("network.to_server").as_dict(segment)["age"] == age + 1
        assert after["server.waited"] == 1
