"""The states below ESTABLISHED and what they do with each call and segment: RFC 9293 3.10.4, 3.10.5, 3.10.7.4, 3.10.8."""

from __future__ import annotations

import pytest

from synproof.engine.api import assert_holds, assert_violated, load_model

from .ends import FIN_RECEIVED, FIN_SENT, IRS, ISS, Bench

SYNCHRONIZED = ("ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2", "CLOSE_WAIT", "CLOSING", "LAST_ACK", "TIME_WAIT")
NEXT = IRS + 1  # the number that a FIN of the client bears if nothing was sent before it
ACK_OF_FIN = ISS + 2


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench({"close": "on", "abort": "on", "data": "1:1"})


def ack(seq: int, number: int) -> str:
    return f"<SEQ={seq}><ACK={number}><CTL=ACK>"


def test_an_octet_in_the_place_of_another_is_no_delivery_of_that() -> None:
    """As many octets as were sent have arrived, but one of them is old: what belonged there never came."""
    old = {"old-duplicates": "server:A:2:10:1", "incarnations": 1, "data": "1:0", "close": "on"}
    name = "orderly-close-delivers"
    assert_violated(load_model("three-way-old-data", old | {"isn": "reuse"}, [name]), name)
    assert_holds(load_model("three-way-old-data", old | {"isn": "fresh"}, [name]), name)


# ---- CLOSE (3.10.4) --------------------------------------------------------------------------------------------------


def test_close_in_established_sends_a_fin(bench: Bench) -> None:
    out = bench.act(bench.state("ESTABLISHED"), "close_in_established")
    assert out is not None and out.state == "FIN_WAIT_1" and out["closed_by_user"] and not out["fin_waits"]
    assert out.sent == [f"<SEQ={ISS + 1}><ACK={NEXT}><CTL=FIN,ACK>"] and out["snd_nxt"] == ISS + 2


def test_close_behind_octets_waits_for_them(bench: Bench) -> None:
    waiting = bench.state("ESTABLISHED", queued=1)
    assert bench.act(waiting, "close_in_established") is None
    out = bench.act(waiting, "close_behind_octets_in_established")
    assert out is not None and out.state == "FIN_WAIT_1" and out["fin_waits"] and out.sent == []
    octet = bench.act(dict(out.step.after), "transmit_queued_octet_in_fin_wait_1")
    assert octet is not None and octet["queued"] == 0
    fin = bench.act(dict(octet.step.after), "transmit_queued_fin_in_fin_wait_1")
    assert fin is not None and fin.sent == [f"<SEQ={ISS + 2}><ACK={NEXT}><CTL=FIN,ACK>"] and not fin["fin_waits"]


def test_close_in_syn_received_sends_a_fin_at_once_by_the_letter(bench: Bench) -> None:
    out = bench.act(bench.state("SYN_RECEIVED"), "close_in_syn_received")
    assert out is not None and out.state == "FIN_WAIT_1" and out["snd_una"] == ISS, "the SYN still waits for its ACK"
    assert bench.act(bench.state("SYN_RECEIVED", queued=1), "close_in_syn_received") is None


def test_close_in_syn_received_may_wait_for_established() -> None:
    deferring = Bench({"close": "on", "close-in-syn-received": "defer"})
    queued = deferring.act(deferring.state("SYN_RECEIVED"), "queue_close_in_syn_received")
    assert queued is not None and queued.state == "SYN_RECEIVED" and queued["fin_waits"] and queued.sent == []
    established = deferring.deliver(dict(queued.step.after), f"ACK SEQ={NEXT} ACK={ISS + 1}")
    closed = deferring.act(dict(established.step.after), "process_queued_close")
    assert established.state == "ESTABLISHED" and closed is not None and closed.state == "FIN_WAIT_1"


def test_close_in_close_wait_leads_to_last_ack(bench: Bench) -> None:
    out = bench.act(bench.state("CLOSE_WAIT"), "close_in_close_wait")
    assert out is not None and out.state == "LAST_ACK" and out.sent == [f"<SEQ={ISS + 1}><ACK={IRS + 2}><CTL=FIN,ACK>"]


def test_nothing_is_sent_after_close(bench: Bench) -> None:
    for state in ("FIN_WAIT_1", "FIN_WAIT_2", "CLOSING", "LAST_ACK", "TIME_WAIT"):
        for call in ("send", "queue_send", "close"):
            assert bench.act(bench.state(state), f"{call}_in_{state.lower()}") is None
    assert bench.act(bench.state("CLOSE_WAIT", closed_by_user=True, fin_waits=True), "send_in_close_wait") is None


def test_half_close_send_works_in_close_wait(bench: Bench) -> None:
    out = bench.act(bench.state("CLOSE_WAIT"), "send_in_close_wait")
    assert out is not None and out.sent == [f"<SEQ={ISS + 1}><ACK={IRS + 2}><DATA=1><CTL=ACK>"]


# ---- ABORT (3.10.5) --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["FIN_WAIT_1", "FIN_WAIT_2", "CLOSE_WAIT"])
def test_abort_sends_rst_while_a_fin_is_missing(bench: Bench, state: str) -> None:
    at = bench.state(state)
    out = bench.act(at, f"abort_in_{state.lower()}")
    assert out is not None and out.sent == [f"<SEQ={at['server.snd_nxt']}><CTL=RST>"] and out.state == "CLOSED"


@pytest.mark.parametrize("state", ["CLOSING", "LAST_ACK", "TIME_WAIT"])
def test_abort_is_quiet_after_both_fins(bench: Bench, state: str) -> None:
    out = bench.act(bench.state(state), f"abort_behind_fin_in_{state.lower()}")
    assert out is not None and out.sent == [] and out.state == "CLOSED"


# ---- SEGMENT ARRIVES: RST and SYN ------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", SYNCHRONIZED)
def test_rst_at_rcv_nxt_ends_every_synchronized_state(bench: Bench, state: str) -> None:
    at = bench.state(state)
    out = bench.deliver(at, f"RST SEQ={at['server.rcv_nxt']}")
    told = "NOTHING" if state in ("CLOSING", "LAST_ACK", "TIME_WAIT") else "RESET"
    assert out.state == "CLOSED" and out["told"] == told and out.sent == []


def test_time_wait_ignores_rst_if_told_so() -> None:
    deaf = Bench({"close": "on", "rfc1337": "on"})
    for beyond in (0, 1):  # at RCV.NXT, and in the window behind it, where it would be challenged
        out = deaf.deliver(deaf.state("TIME_WAIT"), f"RST SEQ={IRS + 2 + beyond}")
        assert out.unchanged and out.sent == []


@pytest.mark.parametrize("state", SYNCHRONIZED)
def test_syn_is_challenged_in_every_synchronized_state(bench: Bench, state: str) -> None:
    at = bench.state(state)
    out = bench.deliver(at, f"SYN SEQ={at['server.rcv_nxt']}")
    assert out.unchanged and out.sent == [ack(int(str(at["server.snd_nxt"])), int(str(at["server.rcv_nxt"])))]


# ---- SEGMENT ARRIVES: ACK --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("state", "after"), [("FIN_WAIT_1", "FIN_WAIT_2"), ("CLOSING", "TIME_WAIT"), ("LAST_ACK", "CLOSED")])
def test_ack_of_our_fin_leads_on(bench: Bench, state: str, after: str) -> None:
    at = bench.state(state)
    out = bench.deliver(at, f"ACK SEQ={at['server.rcv_nxt']} ACK={ACK_OF_FIN}")
    assert out.state == after and out.sent == []


@pytest.mark.parametrize("state", ["FIN_WAIT_1", "CLOSING", "LAST_ACK"])
def test_ack_of_an_octet_before_our_fin_does_not(bench: Bench, state: str) -> None:
    at = bench.state(state, snd_nxt=ISS + 3)
    out = bench.deliver(at, f"ACK SEQ={at['server.rcv_nxt']} ACK={ISS + 2}")
    assert out.state == state and out["snd_una"] == ISS + 2


# ---- SEGMENT ARRIVES: text and FIN -----------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2"])
def test_text_is_delivered_until_the_peer_closes(bench: Bench, state: str) -> None:
    at = bench.state(state)
    out = bench.deliver(at, f"ACK SEQ={NEXT} ACK={at['server.snd_una']} LEN=1")
    assert out["rcv_nxt"] == IRS + 2 and out.state == state and len(out.sent) == 1


@pytest.mark.parametrize("state", ["CLOSE_WAIT", "CLOSING", "LAST_ACK", "TIME_WAIT"])
def test_text_behind_the_fin_is_ignored(bench: Bench, state: str) -> None:
    at = bench.state(state)
    out = bench.deliver(at, f"ACK SEQ={IRS + 2} ACK={at['server.snd_una']} LEN=1")
    assert out.unchanged and out.sent == []


@pytest.mark.parametrize(
    ("state", "number", "after"),
    [
        ("SYN_RECEIVED", ISS + 1, "CLOSE_WAIT"),
        ("ESTABLISHED", ISS + 1, "CLOSE_WAIT"),
        ("FIN_WAIT_1", ISS + 1, "CLOSING"),
        ("FIN_WAIT_1", ACK_OF_FIN, "TIME_WAIT"),
        ("FIN_WAIT_2", ACK_OF_FIN, "TIME_WAIT"),
    ],
)  # fmt: skip
def test_fin_is_taken_acknowledged_and_told(bench: Bench, state: str, number: int, after: str) -> None:
    at = bench.state(state)
    out = bench.deliver(at, f"FIN,ACK SEQ={NEXT} ACK={number}")
    assert out.state == after and out["rcv_nxt"] == IRS + 2 and out["told"] == "CLOSING"
    assert out.sent == [ack(int(str(at["server.snd_nxt"])), IRS + 2)]


@pytest.mark.parametrize("state", FIN_RECEIVED)
def test_a_repeated_fin_is_acknowledged_again(bench: Bench, state: str) -> None:
    at = bench.state(state)
    out = bench.deliver(at, f"FIN,ACK SEQ={NEXT} ACK={at['server.snd_una']}")
    assert out.unchanged and out.sent == [ack(int(str(at["server.snd_nxt"])), IRS + 2)]


def test_a_fin_that_comes_early_is_dropped_without_reassembly(bench: Bench) -> None:
    out = bench.deliver(bench.state("ESTABLISHED"), f"FIN,ACK SEQ={NEXT + 1} ACK={ISS + 1}")
    assert out.unchanged and out.sent == []


def test_a_fin_that_comes_early_waits_with_reassembly() -> None:
    keeping = Bench({"close": "on", "reassembly": "on", "data": "1:0"})
    early = keeping.deliver(keeping.state("ESTABLISHED"), f"FIN,ACK SEQ={NEXT + 1} ACK={ISS + 1}")
    assert early.state == "ESTABLISHED" and early["held_fin"] == 1
    both = keeping.deliver(dict(early.step.after), f"ACK SEQ={NEXT} ACK={ISS + 1} LEN=1")
    assert both.state == "CLOSE_WAIT" and both["rcv_nxt"] == NEXT + 2 and both["held_fin"] == 0


def test_three_way_style_answers_a_fin_by_a_fin() -> None:
    style = Bench({"close": "on", "close-style": "three-way", "data": "1:1"})
    out = style.deliver(style.state("ESTABLISHED", queued=1), f"FIN,ACK SEQ={NEXT} ACK={ISS + 1}")
    assert out.state == "LAST_ACK" and out["queued"] == 0, "what waited is dropped"
    assert out.sent == [f"<SEQ={ISS + 1}><ACK={IRS + 2}><CTL=FIN,ACK>"]


# ---- timeouts (3.10.8) -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [state for state in FIN_SENT if state not in ("FIN_WAIT_2", "TIME_WAIT")])
def test_the_fin_is_sent_again_until_it_is_acknowledged(bench: Bench, state: str) -> None:
    at = bench.state(state)
    out = bench.act(at, f"retransmit_fin_in_{state.lower()}")
    assert out is not None and out.sent == [f"<SEQ={ISS + 1}><ACK={at['server.rcv_nxt']}><CTL=FIN,ACK>"]
    assert bench.act(at, f"retransmit_data_in_{state.lower()}") is None


def test_what_was_sent_before_the_fin_is_sent_again_first(bench: Bench) -> None:
    at = bench.state("FIN_WAIT_1", snd_nxt=ISS + 3)
    out = bench.act(at, "retransmit_data_in_fin_wait_1")
    assert out is not None and out.sent == [f"<SEQ={ISS + 1}><ACK={NEXT}><DATA=1><CTL=ACK>"]
    assert bench.act(at, "retransmit_fin_in_fin_wait_1") is None


def test_time_wait_ends_by_its_timer(bench: Bench) -> None:
    out = bench.act(bench.state("TIME_WAIT"), "leave_time_wait")
    assert out is not None and out.state == "CLOSED" and out.sent == []


def test_fin_wait_2_has_a_timer_only_if_told_so(bench: Bench) -> None:
    assert bench.act(bench.state("FIN_WAIT_2"), "leave_fin_wait_2") is None
    timed = Bench({"close": "on", "fin-wait-2-timeout": "may-fire"})
    out = timed.act(timed.state("FIN_WAIT_2"), "leave_fin_wait_2")
    assert out is not None and out.state == "CLOSED"
