"""Every state and what it does with each kind of segment: RFC 9293 3.10.7, in its order."""

from __future__ import annotations

import pytest

from .ends import IRS, ISS, Bench


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench({"abort": "on", "close": "on", "data": "1:1"})


# ---- CLOSED (3.10.7.1) -----------------------------------------------------------------------------------------------


def test_closed_discards_rst(bench: Bench) -> None:
    out = bench.deliver(bench.state("CLOSED"), "RST SEQ=7")
    assert out.unchanged and out.sent == []


def test_closed_answers_syn_with_rst_that_acknowledges_it(bench: Bench) -> None:
    out = bench.deliver(bench.state("CLOSED"), "SYN SEQ=7")
    assert out.sent == ["<SEQ=0><ACK=8><CTL=RST,ACK>"] and out.state == "CLOSED"


def test_closed_counts_octets_in_the_number_it_acknowledges(bench: Bench) -> None:
    assert bench.deliver(bench.state("CLOSED"), "SYN SEQ=7 LEN=1").sent == ["<SEQ=0><ACK=9><CTL=RST,ACK>"]


def test_closed_answers_ack_with_rst_at_its_number(bench: Bench) -> None:
    assert bench.deliver(bench.state("CLOSED"), "ACK SEQ=7 ACK=3").sent == ["<SEQ=3><CTL=RST>"]


def test_closed_is_silent_if_told_so() -> None:
    silent = Bench({"rst-on-closed": "off"})
    out = silent.deliver(silent.state("CLOSED"), "SYN SEQ=7")
    assert out.sent == [] and out.unchanged


# ---- LISTEN (3.10.7.2) -----------------------------------------------------------------------------------------------


def test_listen_ignores_rst(bench: Bench) -> None:
    out = bench.deliver(bench.state("LISTEN"), "RST,ACK SEQ=7 ACK=3")
    assert out.unchanged and out.sent == []


def test_listen_answers_ack_with_rst(bench: Bench) -> None:
    out = bench.deliver(bench.state("LISTEN"), "SYN,ACK SEQ=7 ACK=3")
    assert out.sent == ["<SEQ=3><CTL=RST>"] and out.state == "LISTEN"


def test_listen_answers_syn_and_enters_syn_received(bench: Bench) -> None:
    out = bench.deliver(bench.state("LISTEN"), "SYN SEQ=7")
    assert out.state == "SYN_RECEIVED"
    assert (out["irs"], out["rcv_nxt"], out["snd_una"], out["snd_nxt"]) == (7, 8, out["iss"], out["iss"] + 1)
    assert out.sent == [f"<SEQ={out['iss']}><ACK=8><CTL=SYN,ACK>"]


def test_listen_keeps_text_of_a_syn_for_later() -> None:
    carrying = Bench({"syn-data": "on", "data": "1:0"})
    out = carrying.deliver(carrying.state("LISTEN"), "SYN SEQ=7 LEN=1")
    assert out["syn_text"] == 1 and out["rcv_nxt"] == 8, "the SYN-ACK acknowledges the SYN alone"


def test_listen_two_way_is_established_at_once() -> None:
    two_way = Bench({"handshake": "two-way"})
    out = two_way.deliver(two_way.state("LISTEN"), "SYN SEQ=7")
    assert out.state == "ESTABLISHED" and out["snd_una"] == out["iss"], "its SYN stays on the retransmission queue"


def test_listen_drops_what_has_no_flags(bench: Bench) -> None:
    out = bench.deliver(bench.state("LISTEN"), "- SEQ=7")
    assert out.unchanged and out.sent == []


# ---- SYN-SENT (3.10.7.3) ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def opener() -> Bench:
    return Bench({"server": "active", "data": "1:1"})


@pytest.mark.parametrize("ack", [ISS, ISS - 1, ISS + 2])
def test_syn_sent_answers_unacceptable_ack_with_rst(opener: Bench, ack: int) -> None:
    out = opener.deliver(opener.state("SYN_SENT"), f"SYN,ACK SEQ=7 ACK={ack}")
    assert out.sent == [f"<SEQ={ack}><CTL=RST>"] and out.unchanged


def test_syn_sent_drops_rst_with_unacceptable_ack(opener: Bench) -> None:
    out = opener.deliver(opener.state("SYN_SENT"), f"RST,ACK SEQ=0 ACK={ISS}")
    assert out.sent == [] and out.unchanged


def test_syn_sent_believes_rst_that_acknowledges_the_syn(opener: Bench) -> None:
    out = opener.deliver(opener.state("SYN_SENT"), f"RST,ACK SEQ=0 ACK={ISS + 1}")
    assert out.state == "CLOSED" and out["told"] == "REFUSED" and out.sent == []


def test_syn_sent_ignores_rst_without_ack(opener: Bench) -> None:
    out = opener.deliver(opener.state("SYN_SENT"), f"RST SEQ={ISS + 1}")
    assert out.unchanged and out.sent == []


def test_syn_sent_is_established_by_syn_ack(opener: Bench) -> None:
    out = opener.deliver(opener.state("SYN_SENT"), f"SYN,ACK SEQ=9 ACK={ISS + 1}")
    assert out.state == "ESTABLISHED" and out["irs"] == 9 and out["snd_una"] == ISS + 1
    assert out.sent == [f"<SEQ={ISS + 1}><ACK=10><CTL=ACK>"]


def test_syn_sent_puts_a_waiting_octet_on_the_third_segment(opener: Bench) -> None:
    out = opener.deliver(opener.state("SYN_SENT", queued=1), f"SYN,ACK SEQ=9 ACK={ISS + 1}")
    assert out.sent == [f"<SEQ={ISS + 1}><ACK=10><DATA=1><CTL=ACK>"]
    assert out["queued"] == 0 and out["snd_nxt"] == ISS + 2


def test_syn_sent_answers_bare_syn_and_enters_syn_received(opener: Bench) -> None:
    out = opener.deliver(opener.state("SYN_SENT"), "SYN SEQ=9")
    assert out.state == "SYN_RECEIVED" and out.sent == [f"<SEQ={ISS}><ACK=10><CTL=SYN,ACK>"]


def test_syn_sent_drops_ack_without_syn(opener: Bench) -> None:
    out = opener.deliver(opener.state("SYN_SENT"), f"ACK SEQ=9 ACK={ISS + 1}")
    assert out.unchanged and out.sent == []


# ---- SYN-RECEIVED (3.10.7.4) -----------------------------------------------------------------------------------------


def test_syn_received_answers_what_is_outside_the_window(bench: Bench) -> None:
    out = bench.deliver(bench.state("SYN_RECEIVED"), f"SYN SEQ={IRS}")
    assert out.unchanged and out.sent == [f"<SEQ={ISS + 1}><ACK={IRS + 1}><CTL=ACK>"]


def test_syn_received_drops_rst_outside_the_window(bench: Bench) -> None:
    out = bench.deliver(bench.state("SYN_RECEIVED"), f"RST SEQ={IRS}")
    assert out.unchanged and out.sent == []


def test_syn_received_returns_to_listen_on_rst_after_passive_open(bench: Bench) -> None:
    out = bench.deliver(bench.state("SYN_RECEIVED"), f"RST SEQ={IRS + 1}")
    assert out.state == "LISTEN" and out["told"] == "NOTHING" and out["iss"] == 0


def test_syn_received_needs_no_ack_bit_on_a_rst(bench: Bench) -> None:
    with_ack = bench.deliver(bench.state("SYN_RECEIVED"), f"RST,ACK SEQ={IRS + 1} ACK=1")
    assert with_ack.state == "LISTEN", "nor does the ACK matter if it is there"


def test_syn_received_is_refused_by_rst_after_active_open(opener: Bench) -> None:
    out = opener.deliver(opener.state("SYN_RECEIVED"), f"RST SEQ={IRS + 1}")
    assert out.state == "CLOSED" and out["told"] == "REFUSED"


def test_syn_received_challenges_rst_that_is_not_exact(bench: Bench) -> None:
    out = bench.deliver(bench.state("SYN_RECEIVED"), f"RST SEQ={IRS + 2}")
    assert out.unchanged and out.sent == [f"<SEQ={ISS + 1}><ACK={IRS + 1}><CTL=ACK>"]


def test_syn_received_returns_to_listen_on_syn_in_window_after_passive_open(bench: Bench) -> None:
    assert bench.deliver(bench.state("SYN_RECEIVED"), f"SYN SEQ={IRS + 1}").state == "LISTEN"


def test_syn_received_challenges_syn_in_window_after_active_open(opener: Bench) -> None:
    out = opener.deliver(opener.state("SYN_RECEIVED"), f"SYN SEQ={IRS + 1}")
    assert out.unchanged and out.sent == [f"<SEQ={ISS + 1}><ACK={IRS + 1}><CTL=ACK>"]


def test_syn_received_drops_what_has_no_ack(bench: Bench) -> None:
    out = bench.deliver(bench.state("SYN_RECEIVED"), f"- SEQ={IRS + 1} LEN=1")
    assert out.unchanged and out.sent == []


@pytest.mark.parametrize("ack", [ISS, ISS + 2, ISS - 3])
def test_syn_received_answers_unacceptable_ack_with_rst_and_stays(bench: Bench, ack: int) -> None:
    out = bench.deliver(bench.state("SYN_RECEIVED"), f"ACK SEQ={IRS + 1} ACK={ack}")
    assert out.unchanged and out.sent == [f"<SEQ={ack}><CTL=RST>"]


def test_syn_received_with_range_check_answers_old_ack_with_ack() -> None:
    checked = Bench({"rfc5961": "all"})
    out = checked.deliver(checked.state("SYN_RECEIVED"), f"ACK SEQ={IRS + 1} ACK={ISS + 9}")
    assert out.unchanged and out.sent == [f"<SEQ={ISS + 1}><ACK={IRS + 1}><CTL=ACK>"]


def test_syn_received_is_established_by_the_ack_of_its_syn(bench: Bench) -> None:
    out = bench.deliver(bench.state("SYN_RECEIVED"), f"ACK SEQ={IRS + 1} ACK={ISS + 1}")
    assert out.state == "ESTABLISHED" and out["snd_una"] == ISS + 1 and out.sent == []


def test_syn_received_delivers_data_on_the_third_segment(bench: Bench) -> None:
    out = bench.deliver(bench.state("SYN_RECEIVED"), f"ACK SEQ={IRS + 1} ACK={ISS + 1} LEN=1")
    assert out["rcv_nxt"] == IRS + 2 and out.sent == [f"<SEQ={ISS + 1}><ACK={IRS + 2}><CTL=ACK>"]


def test_syn_received_delivers_data_of_the_syn_once_established() -> None:
    carrying = Bench({"syn-data": "on", "data": "1:0"})
    waiting = carrying.state("SYN_RECEIVED", syn_text=1)
    out = carrying.deliver(waiting, f"ACK SEQ={IRS + 1} ACK={ISS + 1}")
    assert out["rcv_nxt"] == IRS + 2 and out["syn_text"] == 0
    assert out.sent == [f"<SEQ={ISS + 1}><ACK={IRS + 2}><CTL=ACK>"]


# ---- ESTABLISHED -----------------------------------------------------------------------------------------------------


def test_established_is_reset_at_rcv_nxt(bench: Bench) -> None:
    out = bench.deliver(bench.state("ESTABLISHED"), f"RST SEQ={IRS + 1}")
    assert out.state == "CLOSED" and out["told"] == "RESET"


def test_established_of_rfc793_is_reset_anywhere_in_the_window() -> None:
    old = Bench({"rfc5961": "off"})
    assert old.deliver(old.state("ESTABLISHED"), f"RST SEQ={IRS + 2}").state == "CLOSED"
    assert old.deliver(old.state("ESTABLISHED"), f"RST SEQ={IRS + 3}").unchanged


def test_established_of_rfc793_is_ended_by_syn_in_window() -> None:
    old = Bench({"rfc5961": "off"})
    out = old.deliver(old.state("ESTABLISHED"), f"SYN SEQ={IRS + 1}")
    assert out.state == "CLOSED" and out["told"] == "RESET" and out.sent == [f"<SEQ=0><ACK={IRS + 2}><CTL=RST,ACK>"]


def test_established_acknowledges_again_what_comes_again(bench: Bench) -> None:
    out = bench.deliver(bench.state("ESTABLISHED"), f"SYN,ACK SEQ={IRS} ACK={ISS + 1}")
    assert out.unchanged and out.sent == [f"<SEQ={ISS + 1}><ACK={IRS + 1}><CTL=ACK>"]


def test_established_takes_a_new_ack(bench: Bench) -> None:
    out = bench.deliver(bench.state("ESTABLISHED", snd_nxt=ISS + 2), f"ACK SEQ={IRS + 1} ACK={ISS + 2}")
    assert out["snd_una"] == ISS + 2 and out.sent == []


def test_established_answers_ack_of_what_was_never_sent(bench: Bench) -> None:
    out = bench.deliver(bench.state("ESTABLISHED"), f"ACK SEQ={IRS + 1} ACK={ISS + 2} LEN=1")
    assert out.unchanged and out.sent == [f"<SEQ={ISS + 1}><ACK={IRS + 1}><CTL=ACK>"]


def test_established_ignores_old_ack_but_takes_its_text(bench: Bench) -> None:
    out = bench.deliver(bench.state("ESTABLISHED"), f"ACK SEQ={IRS + 1} ACK={ISS + 1} LEN=1")
    assert out["rcv_nxt"] == IRS + 2 and out.sent == [f"<SEQ={ISS + 1}><ACK={IRS + 2}><CTL=ACK>"]


def test_established_drops_early_text_without_reassembly(bench: Bench) -> None:
    out = bench.deliver(bench.state("ESTABLISHED"), f"ACK SEQ={IRS + 2} ACK={ISS + 1} LEN=1")
    assert out.unchanged and out.sent == []


def test_established_keeps_early_text_with_reassembly() -> None:
    keeping = Bench({"reassembly": "on", "data": "2:0"})
    early = keeping.deliver(keeping.state("ESTABLISHED"), f"ACK SEQ={IRS + 2} ACK={ISS + 1} LEN=1")
    assert early["held_1"] and early["rcv_nxt"] == IRS + 1
    both = keeping.deliver(dict(early.step.after), f"ACK SEQ={IRS + 1} ACK={ISS + 1} LEN=1")
    assert both["rcv_nxt"] == IRS + 3 and not both["held_1"]


@pytest.mark.parametrize("number", [IRS, IRS + 1])
def test_established_challenges_syn_wherever_it_lies(number: int) -> None:
    carrying = Bench({"old-duplicates": "server:S:9:0:1", "data": "1:0"})
    out = carrying.deliver(carrying.state("ESTABLISHED"), f"SYN,ACK SEQ={number} ACK={ISS + 1} LEN=1")
    assert out.unchanged, "RFC 5961: irrespective of the sequence number, even where the text reaches into the window"
    assert out.sent == [f"<SEQ={ISS + 1}><ACK={IRS + 1}><CTL=ACK>"]


def test_established_of_rfc793_sees_only_the_text_of_a_syn_before_the_window() -> None:
    old = Bench({"rfc5961": "off", "data": "1:0"})
    out = old.deliver(old.state("ESTABLISHED"), f"SYN,ACK SEQ={IRS} ACK={ISS + 1} LEN=1")
    assert out.state == "ESTABLISHED" and out["rcv_nxt"] == IRS + 2


def test_old_text_that_comes_early_is_kept_although_nobody_sends_any() -> None:
    keeping = Bench({"reassembly": "on", "data": 0, "old-duplicates": f"server:A:{IRS + 2}:{ISS + 1}:1"})
    early = keeping.deliver(keeping.state("ESTABLISHED"), f"ACK SEQ={IRS + 2} ACK={ISS + 1} LEN=1")
    assert early["held_1"] and early["rcv_nxt"] == IRS + 1


# ---- user calls and timeouts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["SYN_RECEIVED", "ESTABLISHED"])
def test_abort_sends_rst_where_there_is_a_peer(bench: Bench, state: str) -> None:
    out = bench.act(bench.state(state), f"abort_in_{state.lower()}")
    assert out is not None and out.sent == [f"<SEQ={ISS + 1}><CTL=RST>"] and out.state == "CLOSED"


def test_abort_in_listen_is_quiet(bench: Bench) -> None:
    out = bench.act(bench.state("LISTEN"), "abort_quietly_in_listen")
    assert out is not None and out.sent == [] and out.state == "CLOSED"


def test_send_queues_before_established_and_sends_then(bench: Bench) -> None:
    queued = bench.act(bench.state("SYN_RECEIVED"), "queue_send_in_syn_received")
    assert queued is not None and queued["queued"] == 1 and queued.sent == []
    sent = bench.act(bench.state("ESTABLISHED"), "send_in_established")
    assert sent is not None and sent.sent == [f"<SEQ={ISS + 1}><ACK={IRS + 1}><DATA=1><CTL=ACK>"]


def test_retransmission_sends_the_front_of_the_queue(bench: Bench) -> None:
    syn_ack = bench.act(bench.state("SYN_RECEIVED"), "retransmit_syn_ack")
    assert syn_ack is None, "three-way: one action per state, named after it"
    again = bench.act(bench.state("SYN_RECEIVED"), "retransmit_syn_ack_in_syn_received")
    assert again is not None and again.sent == [f"<SEQ={ISS}><ACK={IRS + 1}><CTL=SYN,ACK>"]
    octet = bench.act(bench.state("ESTABLISHED", snd_nxt=ISS + 2), "retransmit_data_in_established")
    assert octet is not None and octet.sent == [f"<SEQ={ISS + 1}><ACK={IRS + 1}><DATA=1><CTL=ACK>"]


def test_giving_up_returns_a_passive_end_to_listen_and_tells_an_active_one() -> None:
    passive = Bench({"retransmit": 1, "give-up": "on"})
    out = passive.act(passive.state("SYN_RECEIVED", retries=1), "give_up_in_syn_received_after_passive_open")
    assert out is not None and out.state == "LISTEN"
    active = Bench({"retransmit": 1, "give-up": "on", "server": "active"})
    told = active.act(active.state("SYN_SENT", retries=1), "give_up_in_syn_sent")
    assert told is not None and told.state == "CLOSED" and told["told"] == "TIMEOUT"
    assert active.act(active.state("SYN_SENT", retries=0), "give_up_in_syn_sent") is None


def test_user_timeout_fires_only_on_something_outstanding() -> None:
    timed = Bench({"user-timeout": "may-fire"})
    assert timed.act(timed.state("ESTABLISHED"), "user_timeout_in_established") is None
    out = timed.act(timed.state("ESTABLISHED", snd_nxt=ISS + 2), "user_timeout_in_established")
    assert out is not None and out["told"] == "TIMEOUT"
