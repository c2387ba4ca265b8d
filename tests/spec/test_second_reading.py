"""The specification does what a second reading of RFC 9293 3.10.7 does, in random states, with random 32-bit segments."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from synproof.spec.alone import (
    ActiveOpen,
    Arrives,
    Close,
    Connection,
    Endpoint,
    Event,
    GoOn,
    PassiveOpen,
    Segment,
    Send,
    Timeout,
    Timer,
)

from . import second_reading as second
from .second_reading import ANY, HALF, MOD, Stack

TIMES = [pytest.param(30, id="some"), pytest.param(1500, id="many", marks=pytest.mark.slow)]
CORNERS = (0, 1, HALF, MOD - 2, MOD - 1)


def draw_stack(rng: random.Random) -> tuple[Stack, Endpoint]:
    """An implementation, and the specification with its choices."""
    window = rng.choice((1, 2, 4, 8, 29200, 65535, HALF - 1))
    stack = Stack(window, rng.choice(("rst-syn", "off", "all")), rng.random() < 0.5, window <= 32 and rng.random() < 0.5,
                  rng.random() < 0.7)  # fmt: skip
    words = {False: "off", True: "on"}
    endpoint = Endpoint({
        "window": window, "mss": min(window, rng.choice((1, 3, 1460))), "rfc5961": stack.rfc5961,
        "rfc1337": words[stack.rfc1337], "reassembly": words[stack.reassembly], "rst-on-closed": words[stack.rst_on_closed],
        "close-in-syn-received": rng.choice(("fin-wait-1", "defer")),
    })  # fmt: skip
    return stack, endpoint


def near(rng: random.Random, number: int, window: int) -> int:
    """A sequence number at, or about, or far from a number that matters."""
    offsets = (0, 0, 0, 0, 1, 2, -1, -2, window - 1, window, window + 1, -window, HALF - 3, 3 - HALF, rng.randrange(MOD))
    return (number + rng.choice(offsets)) % MOD


def draw_segment(rng: random.Random, now: Connection, window: int) -> Segment:
    if now.state in ("CLOSED", "LISTEN", "SYN_SENT"):
        seq = rng.choice((*CORNERS, rng.randrange(MOD)))
    else:
        seq = near(rng, now.rcv_nxt, window)
    acked = rng.choice((now.snd_nxt, now.snd_nxt, now.snd_una, now.iss, (now.snd_una + 1) % MOD))
    ack = near(rng, acked, window) if rng.random() < 0.3 else acked
    kind = rng.choice(("ACK",) * 5 + ("FIN", "FIN", "SYN", "RST", "none"))
    has_ack = kind == "ACK" or rng.random() < {"FIN": 1.0, "SYN": 0.5, "RST": 0.5, "none": 0.0}[kind]
    octets = rng.choice((0, 0, 0, 1, 1, 2, 3, window, window + 1))
    return Segment(seq, ack if has_ack else None, min(octets, HALF - 1), kind == "SYN", kind == "FIN", kind == "RST")


def draw_event(rng: random.Random, now: Connection, window: int) -> Event:
    """Whatever leads somewhere: mostly segments, of which in the early states some are those that lead on."""
    iss = rng.choice((*CORNERS, rng.randrange(MOD)))
    if now.state == "CLOSED" and rng.random() < 0.6:
        return rng.choice((ActiveOpen(iss), PassiveOpen()))
    if now.state in ("LISTEN", "SYN_SENT") and rng.random() < 0.4:
        ack = now.snd_nxt if now.state == "SYN_SENT" and rng.random() < 0.5 else None
        return Arrives(Segment(iss, ack, rng.choice((0, 0, 1, window + 1)) % HALF, syn=True), iss)
    if rng.random() < 0.7:
        return Arrives(draw_segment(rng, now, window), iss)
    return rng.choice((Send(1), Send(1), Close(), GoOn(), GoOn(), Timeout(Timer.RETRANSMISSION), Timeout(Timer.TIME_WAIT)))


def contradicts_itself(tcb: second.Endpoint, seg: Segment) -> bool:
    """Octets behind a FIN, or two FINs, where some arrive early: whatever is done with that, its sender is no TCP."""
    end = (seg.seq + seg.len - tcb.rcv_nxt + HALF) % MOD - HALF
    fins = {place for place in (tcb.early_fin, end if seg.fin else None) if place is not None}
    return bool(fins) and (len(fins) > 1 or max(end, *(place + 1 for place in tcb.early), 0) > min(fins) >= 0)


def faults(now: Connection, seg: Segment, iss: int, stack: Stack, endpoint: Endpoint) -> tuple[list[str], str]:
    """Where specification and second reading differ, and the rule that answered."""
    (found,) = endpoint.outcomes(now, Arrives(seg, iss))
    tcb = second.Endpoint.of(now, stack)
    answers = tcb.arrives(seg, iss)
    after = second.Endpoint.of(found.connection, stack)
    said = []
    if tcb.state != after.state:
        said.append(f"state {after.state}, second reading {tcb.state}")
    if not (tcb.told == after.told or (tcb.told is ANY and after.told in ANY)):
        said.append(f"told {after.told}, second reading {tcb.told}")
    carried = sum(segment.len for segment in found.segments)
    names = ["iss", "snd_una"] if tcb.state not in ("CLOSED", "LISTEN") else []
    names += ["irs", "rcv_nxt", "early", "early_fin"] if tcb.state not in ("CLOSED", "LISTEN", "SYN_SENT") else []
    said += [
        f"{n} {getattr(after, n)}, second reading {getattr(tcb, n)}" for n in names if getattr(after, n) != getattr(tcb, n)
    ]
    for answer in answers:
        if answer.kind == "may" and not found.segments:
            break
        if len(found.segments) != 1:
            said.append(f"sent {len(found.segments)} segments, second reading {answer.segment}")
            break
        (sent,) = found.segments
        carries = answer.kind == "may carry"
        if Segment(sent.seq, sent.ack, 0 if carries else sent.len, sent.syn, sent.fin, sent.rst) != answer.segment:
            said.append(f"sent {sent}, second reading {answer.segment}")
        if names and after.snd_nxt != (tcb.snd_nxt + carried * (carries and not sent.syn)) % MOD:
            said.append(f"snd_nxt {after.snd_nxt}, second reading {tcb.snd_nxt}")
    if found.segments and not answers:
        said.append(f"sent {found.segments[0]}, second reading nothing")
    return said, found.rule


@pytest.mark.parametrize("times", TIMES)
def test_a_segment_does_what_a_second_reading_says(times: int) -> None:
    seen: Counter[str] = Counter()
    for seed in range(times):
        rng = random.Random(seed)
        stack, endpoint = draw_stack(rng)
        now = endpoint.closed
        run: list[str] = []
        for _ in range(150):
            event = draw_event(rng, now, stack.window)
            if isinstance(event, Arrives):
                assert event.iss is not None
                if contradicts_itself(second.Endpoint.of(now, stack), event.segment):
                    continue
                said, rule = faults(now, event.segment, event.iss, stack, endpoint)
                assert not said, f"seed {seed}, {stack}: {now} and {event.segment} by {rule}: {said}; before it: {run[-5:]}"
                seen[rule] += 1
            found = endpoint.outcomes(now, event)
            if found:
                now = rng.choice(found).connection
                run.append(f"{event} -> {now}")
    quiet = {rule for rule in RULES if not seen[rule]}
    assert not quiet, f"no segment was answered by {sorted(quiet)}"


RULES = (
    "receive_segment_without_ack_in_closed", "receive_ack_in_listen", "receive_syn_in_listen", "receive_syn_in_syn_sent",
    "receive_refusal_in_syn_sent", "receive_syn_ack_in_syn_sent", "receive_ack_in_syn_received",
    "receive_rst_in_syn_received_after_passive_open", "receive_rst_in_syn_received_after_active_open",
    "receive_unacceptable_in_established", "receive_inexact_rst_in_established", "receive_rst_in_established",
    "receive_syn_in_established", "receive_ack_of_nothing_sent_in_established", "receive_new_ack_in_established",
    "receive_fin_in_established", "receive_ack_of_fin_in_fin_wait_1", "receive_fin_in_fin_wait_1",
    "receive_fin_in_fin_wait_2", "receive_ack_of_fin_in_last_ack", "receive_ack_of_fin_in_closing",
    "receive_old_ack_in_close_wait", "receive_acceptable_in_time_wait", "receive_unacceptable_in_time_wait",
)  # fmt: skip
"""Rules that a walk must come by, or it has walked too little: those that the states of figure 5 hang on."""
