"""Arcs: each change of state is one that figure 5 draws (3.3.2), with what is written at it, or that 3.10 adds."""

from __future__ import annotations

from collections.abc import Iterator

from synproof.engine.expr import all_of, any_of, implies, ite

from ..settings import Settings
from ..states import (
    CLOSE_WAIT,
    CLOSED,
    CLOSING,
    ESTABLISHED,
    FIN_RECEIVED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    KEPT_ALIVE,
    LAST_ACK,
    LISTEN,
    PASSIVE,
    RECEIVING,
    SENDING,
    SYN_RECEIVED,
    SYN_SENT,
    SYNCHRONIZED,
    TIME_WAIT,
)
from .does import ABORT, ACTIVE_OPEN, GIVE_UP, Does
from .law import Clause, Law

__all__ = ["FOLLOWS_FIGURE_5"]

CLOSE = ("close", "close_behind_octets", "queue_close", "process_queued_close", "transmit_queued_fin")
"""The names of the rules of CLOSE, whose FIN may be sent later."""


def _arcs(does: Does) -> Iterator[Clause]:
    """Figure 5 with its notes; MUST-11; 3.8.3 and 3.10.8 for the timeouts; 3.5.1 for the crash."""
    before, after = does.me.state, does.after(does.me.state)
    begins = (before != TIME_WAIT) & (after == TIME_WAIT)
    yield "TIME-WAIT begins with its whole timeout before it", implies(begins, does.after(does.me.waited) == 0)
    if does.seg is not None:
        yield from _arcs_of_arrival(does)
    elif does.is_named(*ACTIVE_OPEN):
        yield "an active OPEN leads from CLOSED to SYN-SENT", (before == CLOSED) & (after == SYN_SENT)
        yield "and sends a SYN", does.some(lambda s: s.syn_bit & ~s.ack_bit & ~s.rst_bit)
    elif does.is_named("open_passive"):
        yield "a passive OPEN leads from CLOSED to LISTEN", (before == CLOSED) & (after == LISTEN)
    elif does.is_named(*CLOSE):
        yield from _arcs_of_close(does)
    elif does.is_named(*ABORT, "crash"):
        lingers = all_of(does.is_named(*ABORT), does.s.abort_to == "time-wait", does.some(lambda s: s.rst_bit))
        yield "ABORT and a crash lead to CLOSED", (before != CLOSED) & (after == ite(lingers, TIME_WAIT, CLOSED))
    elif does.is_named("give_up_idle_connection"):
        yield "keepalive leads from where nothing need be outstanding to CLOSED", before.isin(*KEPT_ALIVE) & (after == CLOSED)
    elif does.is_named("end_quiet_time"):
        yield "the quiet time leaves CLOSED as it is", (before == CLOSED) & (after == CLOSED)
    elif does.is_named("send_keepalive"):
        yield "keepalive leaves the state as it is", before.isin(*KEPT_ALIVE) & (after == before)
    elif does.is_named("user_timeout", *GIVE_UP):
        listens = (before == SYN_RECEIVED) & (does.me.opened == PASSIVE) & does.is_named(*GIVE_UP)
        yield "something waits for its acknowledgment", does.me.something_unacknowledged
        spent = does.me.retries == (does.s.retransmit or 0)
        yield "and was sent as often as allowed, for giving up", spent | does.is_named("user_timeout")
        yield "the timeout ends the attempt", (after == does.where_it_began) == listens
        yield "or the connection", after.isin("CLOSED", "LISTEN", "TIME_WAIT")
    elif does.is_named("leave_time_wait", "leave_fin_wait_2"):
        yield "a timer leads from TIME-WAIT, or FIN-WAIT-2, to CLOSED", before.isin(TIME_WAIT, FIN_WAIT_2) & (after == CLOSED)
    else:
        yield "SEND and retransmission leave the state as it is", after == before
        yield "and need a connection", before.isin(SYN_SENT, SYN_RECEIVED, *SENDING)


def _arcs_of_close(does: Does) -> Iterator[Clause]:
    """CLOSE, at once or when what was handed over before it has been sent."""
    before, after = does.me.state, does.after(does.me.state)
    arcs = any_of(
        before.isin(LISTEN, SYN_SENT) & (after == CLOSED),
        before.isin(SYN_RECEIVED, ESTABLISHED) & (after == FIN_WAIT_1),
        (before == CLOSE_WAIT) & (after == LAST_ACK),
    )
    waits = before.isin(SYN_RECEIVED, CLOSE_WAIT, FIN_WAIT_1, CLOSING) & (after == before)
    yield "CLOSE leads to CLOSED, FIN-WAIT-1 or LAST-ACK, or waits", arcs | waits
    sends = does.some(lambda s: s.fin_bit)
    yield "LAST-ACK begins with a FIN", implies((before == CLOSE_WAIT) & (after == LAST_ACK), sends)
    yield "nothing is sent where CLOSE deletes the TCB", implies(after == CLOSED, ~sends)
    yield "a FIN is sent once, behind all octets", implies(sends, ~does.me.fin_sent & (does.me.queued == 0))


def _arcs_of_arrival(does: Does) -> Iterator[Clause]:
    """3.10.7: an arc is taken where the segment written at it arrives, and nowhere else.

    An opening goes on in four ways: a SYN is answered (in LISTEN, or in TIME-WAIT by MAY-2), two SYNs are crossing, our SYN is
    confirmed by SYN,ACK in SYN-SENT, or the handshake is completed by an ACK in SYN-RECEIVED. It returns to where it began by
    a SYN in SYN-RECEIVED after a passive OPEN. FINs are the matter of `_arcs_of_fin`.
    """
    me, a = does.me, does.arriving
    before, after = me.state, does.after(me.state)
    answers = any_of((before == LISTEN) & a.bare_syn, a.reopening)
    crossing = (before == SYN_SENT) & a.bare_syn
    confirmed = all_of(before == SYN_SENT, a.ack_acceptable, a.seg.syn_bit, ~a.seg.rst_bit)
    completed = (before == SYN_RECEIVED) & a.ack_counts
    returns = all_of(before == SYN_RECEIVED, a.acceptable, ~a.seg.rst_bit, a.syn_seen, me.opened == PASSIVE)
    yield "a SYN in LISTEN or SYN-SENT leads to SYN-RECEIVED", (answers | crossing) == (
        (before != SYN_RECEIVED) & (after == SYN_RECEIVED)
    )
    yield "and is answered by SYN,ACK", implies(answers | crossing, does.some(lambda s: s.syn_bit & s.ack_bit))
    yield "a SYN,ACK, or the ACK of the SYN, establishes the connection", (confirmed | completed) == (
        before.isin(SYN_SENT, SYN_RECEIVED) & after.isin(ESTABLISHED, CLOSE_WAIT, LAST_ACK)
    )
    yield "nothing else leads to ESTABLISHED", implies((before != after) & (after == ESTABLISHED), confirmed | completed)
    yield "a SYN,ACK is answered by an ACK", implies(confirmed, does.some(lambda s: s.ack_bit & ~s.syn_bit & ~s.rst_bit))
    yield from _arcs_of_fin(does)
    resets = a.rst_valid & does.after(me.state).isin("CLOSED", "LISTEN")
    ended = (before != after) & after.isin("CLOSED", "LISTEN")
    last_ack = all_of(before == LAST_ACK, a.acks_fin, after == CLOSED)
    rightly = any_of(resets, returns & (after == LISTEN), a.syn_is_error, last_ack)
    yield "nothing but a reset, a SYN or the last ACK ends what was begun", implies(ended, rightly)
    yield "the last ACK ends LAST-ACK", implies((before == LAST_ACK) & a.acks_fin, after == CLOSED)
    yield "a SYN in SYN-RECEIVED after a passive OPEN leads back to where the attempt began", implies(
        returns, after == does.where_it_began
    )
    yield "no arriving segment leads to SYN-SENT", (after != SYN_SENT) | (before == SYN_SENT)


def _arcs_of_fin(does: Does) -> Iterator[Clause]:
    """Where the peer's FIN is taken, and where ours is acknowledged: one case for each of the arcs below ESTABLISHED."""
    me, a = does.me, does.arriving
    before, after = me.state, does.after(me.state)
    open_, stays_on = before.isin(*RECEIVING), after.isin(*SYNCHRONIZED)
    taken = open_ & after.isin(*FIN_RECEIVED)
    received = CLOSE_WAIT if does.s.close_style == "four-way" else LAST_ACK
    yield "a FIN in ESTABLISHED leads to CLOSE-WAIT", implies(taken & (before == ESTABLISHED), after == received)
    yield "in FIN-WAIT-1 to CLOSING, or to TIME-WAIT if it acknowledges ours", implies(
        taken & (before == FIN_WAIT_1), after == ite(a.acks_fin, TIME_WAIT, CLOSING)
    )
    yield "in FIN-WAIT-2 to TIME-WAIT", implies(taken & (before == FIN_WAIT_2), after == TIME_WAIT)
    answered = does.some(lambda s: s.ack_bit & (s.ack == does.after(me.rcv_nxt)))
    yield "what is taken is acknowledged", implies(taken, answered)
    if not me.held:
        fin_at = a.seg.seq + a.seg.len
        is_next = all_of(a.seg.fin_bit, me.rcv_nxt - a.seg.seq <= a.seg.len, fin_at - me.rcv_nxt < me.rcv_wnd)
        yield "a FIN is taken when, and only when, it is next", implies(open_ & stays_on, taken == (a.ack_usable & is_next))
        yield "and RCV.NXT lies behind it", implies(taken, does.after(me.rcv_nxt) == fin_at + 1)
    yield "the ACK of our FIN leads on to FIN-WAIT-2 or TIME-WAIT", implies(
        a.acks_fin & ~taken,
        after == ite(before == FIN_WAIT_1, FIN_WAIT_2, ite(before == CLOSING, TIME_WAIT, CLOSED)),
    )
    behind = before.isin(*FIN_RECEIVED) & ~after.isin(CLOSED, LISTEN) & ~does.reopens
    yield "behind the peer's FIN nothing more is received", implies(behind, does.keeps(me.rcv_nxt))
    yield "and the state stays, but for the ACK of our FIN", implies(behind & ~a.acks_fin, after == before)


def _three_way_only(s: Settings) -> str:
    return "" if s.handshake == "three-way" else "figure 5 shows the three-way handshake"


FOLLOWS_FIGURE_5 = Law(
    "follows-figure-5",
    "Every change of state is an arc of figure 5, with what is written at it, or added by reset, timeout, crash or MAY-2.",
    _arcs,
    _three_way_only,
)
