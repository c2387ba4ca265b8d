"""Laws: what no single step of an end may do, said a second time and in another order than by the rules.

The RFC says much twice: figure 5 draws the arcs that 3.10 describes, 3.5.2 and 3.5.3 say when resets are sent and believed, 3.4
which numbers a segment may bear. The laws follow these; what 3.10 alone says they ask of all states at once. A law reads off a
finished action what it does, whatever its rule was written to do; where the two accounts differ that is an event, and a named
property says that it never happens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from synproof.engine.expr import FALSE, TRUE, Expr, Operand, all_of, any_of, implies, ite, negate
from synproof.engine.system import Action, System

from .does import Does
from .segment import seg_len
from .settings import Settings
from .states import (
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
    NOTHING,
    PASSIVE,
    RECEIVING,
    REFUSED,
    RESET,
    SENDING,
    SYN_RECEIVED,
    SYN_SENT,
    SYNCHRONIZED,
    TIME_WAIT,
    TIMED_OUT,
    TOLD_CLOSING,
)
from .system import ends
from .tcb import Tcb

__all__ = ["LAWS", "Law", "observe", "observed"]

Clause = tuple[str, Operand]  # words, and the truth that the law demands


@dataclass(frozen=True)
class Law:
    """A law: the property that says it, what it demands of a step, and why it may say nothing under some settings."""

    name: str
    sentence: str
    clauses: Callable[[Does], Iterator[Clause]]
    why_not: Callable[[Settings], str] = lambda _: ""

    @property
    def event(self) -> str:
        """The event of breaking the law."""
        return f"breaks {self.name}"


# ---- figure 5 --------------------------------------------------------------------------------------------------------


def _arcs(does: Does) -> Iterator[Clause]:
    """Figure 5 with its notes; MUST-11; 3.8.3 and 3.10.8 for the timeouts; 3.5.1 for the crash."""
    before, after = does.me.state, does.after(does.me.state)
    begins = (before != TIME_WAIT) & (after == TIME_WAIT)
    yield "TIME-WAIT begins with its whole timeout before it", implies(begins, does.after(does.me.waited) == 0)
    if does.seg is not None:
        yield from _arcs_of_arrival(does)
    elif does.is_call("open_active"):
        yield "an active OPEN leads from CLOSED to SYN-SENT", (before == CLOSED) & (after == SYN_SENT)
        yield "and sends a SYN", does.some(lambda s: s.syn_bit & ~s.ack_bit & ~s.rst_bit)
    elif does.is_call("open_passive"):
        yield "a passive OPEN leads from CLOSED to LISTEN", (before == CLOSED) & (after == LISTEN)
    elif does.is_call("close", "queue_close", "process_queued_close", "transmit_queued_fin"):
        yield from _arcs_of_close(does)
    elif does.is_call("abort", "crash"):
        lingers = all_of(does.is_call("abort"), does.s.abort_to == "time-wait", does.some(lambda s: s.rst_bit))
        yield "ABORT and a crash lead to CLOSED", (before != CLOSED) & (after == ite(lingers, TIME_WAIT, CLOSED))
    elif does.is_call("give_up_idle"):
        yield "keepalive leads from where nothing need be outstanding to CLOSED", before.isin(*KEPT_ALIVE) & (after == CLOSED)
    elif does.is_call("end_quiet_time"):
        yield "the quiet time leaves CLOSED as it is", (before == CLOSED) & (after == CLOSED)
    elif does.is_call("send_keepalive"):
        yield "keepalive leaves the state as it is", before.isin(*KEPT_ALIVE) & (after == before)
    elif does.is_call("user_timeout", "give_up"):
        listens = (before == SYN_RECEIVED) & (does.me.opened == PASSIVE) & does.is_call("give_up")
        yield "something waits for its acknowledgment", does.me.something_unacknowledged
        spent = does.me.retries == (does.s.retransmit or 0)
        yield "and was sent as often as allowed, for giving up", spent | does.is_call("user_timeout")
        yield "the timeout ends the attempt", (after == does.where_it_began) == listens
        yield "or the connection", after.isin("CLOSED", "LISTEN", "TIME_WAIT")
    elif does.is_call("leave"):
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
    yield "a SYN in SYN-RECEIVED after a passive OPEN leads to LISTEN", implies(returns, after == does.where_it_began)
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


# ---- resets ----------------------------------------------------------------------------------------------------------


def _resets_sent(does: Does) -> Iterator[Clause]:
    """3.5.2; 3.10.5 for the reset of ABORT."""
    me = does.me
    before, after = me.state, does.after(me.state)
    if does.seg is None:
        with_peer = before.isin(SYN_RECEIVED, *RECEIVING, CLOSE_WAIT)
        owed = with_peer if does.is_call("abort") else FALSE
        sends = does.some(lambda s: s.rst_bit)
        yield "ABORT sends a reset from SYN-RECEIVED to CLOSE-WAIT, and nothing else does", sends == owed
        yield "its number is SND.NXT", does.every(lambda s: implies(s.rst_bit, all_of(s.seq == me.snd_nxt, ~s.ack_bit)))
        return
    a, seg = does.arriving, does.seg
    owed = any_of(
        all_of(before == CLOSED, does.s.rst_on_closed, ~seg.rst_bit, me.quiet == 0),
        all_of(before == LISTEN, ~seg.rst_bit, seg.ack_bit),
        all_of(before == SYN_SENT, ~seg.rst_bit, seg.ack_bit, ~a.ack_acceptable),
        a.ack_of_nothing_sent,
        a.syn_is_error,
    )
    yield "a reset answers what is not meant for this connection, and only that", does.some(lambda s: s.rst_bit) == owed
    yield "its number comes from the ACK field of what it answers, or it is 0 and it acknowledges that", does.every(
        lambda s: implies(
            s.rst_bit,
            any_of(
                all_of(seg.ack_bit, s.seq == seg.ack, ~s.ack_bit),
                all_of(~seg.ack_bit, s.seq == 0, s.ack_bit, s.ack == seg.seq + seg_len(seg)),
            ),
        )
    )
    yield "the state stays", implies(owed & ~a.syn_is_error, after == before)


def _resets_believed(does: Does) -> Iterator[Clause]:
    """3.5.3; MUST-11; RFC 5961 for the challenge ACK."""
    if does.seg is None:
        return
    me, a, rst = does.me, does.arriving, does.arriving.seg.rst_bit
    after = does.after(me.state)
    listens = (me.state == SYN_RECEIVED) & ((me.opened == PASSIVE) if does.s.must_11 else TRUE)
    yield "a valid reset returns SYN-RECEIVED after a passive OPEN to LISTEN", implies(
        a.rst_valid & listens, after == does.where_it_began
    )
    yield "and ends anything else", implies(a.rst_valid & ~listens, after == CLOSED)
    yield "any other reset changes nothing", implies(rst & ~a.rst_valid, does.keeps_all())
    yield "a reset is answered only by a challenge ACK", implies(rst & ~a.challenged, does.every(lambda _: FALSE))
    yield "a reset in the window that is not at RCV.NXT is challenged", implies(a.challenged, does.some(lambda s: s.ack_bit))


# ---- segments --------------------------------------------------------------------------------------------------------


def _unacceptable(does: Does) -> Iterator[Clause]:
    """3.5.2, group 3; 3.10.7.4: first, fourth (RFC 5961) and fifth (an ACK of something not yet sent; MAY-12)."""
    if does.seg is None:
        return
    me, a = does.me, does.arriving
    refused = any_of(a.outside & ~a.seg.rst_bit, a.syn_challenged, a.ack_out_of_range)
    yield "a segment outside the window changes nothing", implies(a.outside, does.keeps_all())
    yield "nor does a SYN in it, or an ACK of what was never sent", implies(refused, does.keeps_all())
    answered = does.some(
        lambda s: all_of(s.seq == me.snd_nxt, s.ack_bit, s.ack == me.rcv_nxt, ~s.syn_bit, ~s.rst_bit, s.len == 0)
    )
    yield "it is answered by an ACK, unless it is a reset", implies(refused, answered)


def _segments(does: Does) -> Iterator[Clause]:
    """3.4; 3.10.1 to 3.10.3; 3.10.8 for what is sent again. Of the numbers after the step, which the segment shows."""
    me = does.me
    state, iss, una, nxt = (does.after(v) for v in (me.state, me.iss, me.snd_una, me.snd_nxt))
    yield "a SYN bears the number ISS", does.every(lambda s: implies(s.syn_bit, all_of(s.seq == iss, ~s.rst_bit)))
    yield "it takes one number, and its text the next ones", does.every(
        lambda s: implies(s.syn_bit, all_of(nxt - iss >= s.len + 1, una - iss <= 1))
    )
    yield "text is sent from ESTABLISHED on, or on the SYN", does.every(
        lambda s: implies(s.len > 0, all_of(~s.rst_bit, s.syn_bit | state.isin(*SENDING)))
    )
    yield "text bears numbers that are not acknowledged yet", does.every(
        lambda s: implies(all_of(s.len > 0, ~s.syn_bit), all_of(s.seq - una < nxt - una, (s.seq - una) + s.len <= nxt - una))
    )
    probe = TRUE if does.is_call("send_keepalive") else FALSE
    yield "an ACK without text takes no number: it bears SND.NXT", does.every(
        lambda s: implies(all_of(s.len == 0, ~s.syn_bit, ~s.fin_bit, ~s.rst_bit, ~probe), s.seq == nxt)
    )
    yield "a FIN takes the last number that is used, and is alone", does.every(
        lambda s: implies(s.fin_bit, all_of(s.seq + 1 == nxt, s.len == 0, s.ack_bit, ~s.syn_bit, ~s.rst_bit))
    )
    yield "only the SYN of an active OPEN has no ACK", does.every(
        lambda s: any_of(s.ack_bit, s.rst_bit, s.syn_bit & (state == SYN_SENT))
    )
    yield "an ACK acknowledges RCV.NXT", does.every(
        lambda s: implies(s.ack_bit & ~s.rst_bit, all_of(s.ack == does.after(me.rcv_nxt), state != SYN_SENT))
    )
    if "retransmission" in does.action.tags:
        fin = me.fin_sent & (una + 1 == nxt)
        yield "what is sent again is the front of the queue: the SYN, the oldest octet, or the FIN", does.some(
            lambda s: all_of(
                s.seq == una, s.syn_bit == ~me.syn_acknowledged, s.fin_bit == fin,
                s.len == ite(s.syn_bit, me.octets_on_syn, ite(fin, 0, does.octets)),
            )
        )  # fmt: skip
        yield "and it was not acknowledged", una != nxt
    yield "where SND.NXT moves on, the octet or the FIN behind it is sent", implies(
        _goes_on(does) & (nxt != me.snd_nxt), does.some(lambda s: ((s.len > 0) | s.fin_bit) & (s.seq == me.snd_nxt))
    )


def _goes_on(does: Does) -> Expr:
    """There is a connection, or an attempt at one, before the step and after it, and it is the same one."""
    before, after = does.me.state, does.after(does.me.state)
    return all_of(
        *(state.isin(SYN_SENT, SYN_RECEIVED, *SYNCHRONIZED) for state in (before, after)),
        ~does.reopens, ~does.gives_way, does.keeps(does.me.reset_sent) if does.me.reset_sent is not FALSE else TRUE,
    )  # fmt: skip


def _numbers(does: Does) -> Iterator[Clause]:
    """3.4 and 3.3.1: of a connection that goes on. Its ISS is for life, its IRS too once it is known; nothing moves back."""
    me = does.me
    before, goes_on = me.state, _goes_on(does)
    yield "ISS stays", implies(goes_on, does.keeps(me.iss))
    yield "IRS stays", implies(goes_on & (before != SYN_SENT), does.keeps(me.irs))
    yield "it stays known how it was opened", implies(goes_on, does.keeps(me.opened))
    una, nxt, retries = (does.after(v) for v in (me.snd_una, me.snd_nxt, me.retries))
    half = 1 << (does.s.seq_bits - 1)
    yield "a reopened connection begins behind all numbers that were used", implies(
        does.reopens, all_of(does.after(me.iss) + 1 - me.snd_nxt > 0, does.after(me.iss) - me.snd_nxt < half)
    )
    for number, former in me.former:
        yield f"{number.attr} is kept, for the way back to TIME-WAIT", all_of(
            implies(does.reopens, does.after(former) == number), implies(does.gives_way, does.after(number) == former)
        )
    if does.seg is None:
        yield "without a segment nothing is acknowledged", implies(goes_on, does.keeps(me.snd_una))
        yield "nor received", implies(goes_on, does.keeps(me.rcv_nxt))
        again = "retransmission" in does.action.tags and does.s.retransmit is not None
        yield "each retransmission counts", implies(goes_on, retries == me.retries + 1 if again else does.keeps(me.retries))
        offered = does.octets if does.is_call("send_in", "queue_send") else 0
        fin = ite(does.some(lambda s: s.fin_bit & (s.seq == me.snd_nxt)), 1, 0)
        yield "what is sent or waits was waiting, or is the octet of a SEND, or the FIN", implies(
            goes_on, (nxt - me.snd_nxt) + does.after(me.queued) == me.queued + offered + fin
        )
        full = (nxt - me.snd_una) + does.octets > does.s.window
        spent = FALSE if does.s.rate is None else me.sent_now + does.octets > does.s.rate
        yield "a SEND in ESTABLISHED or CLOSE-WAIT waits only for others, for the window or for the next tick", implies(
            before.isin(ESTABLISHED, CLOSE_WAIT) & does.is_call("queue_send"), any_of(me.queued > 0, full, spent)
        )
    else:
        a, seg = does.arriving, does.seg
        counts = any_of(all_of(before == SYN_SENT, a.ack_acceptable, seg.syn_bit, ~seg.rst_bit), a.ack_counts)
        yield "SND.UNA becomes SEG.ACK, if that is new", implies(goes_on & counts, una == seg.ack)
        yield "else it stays", implies(goes_on & ~counts, una == me.snd_una)
        yield "and so does the count of retransmissions", implies(
            goes_on, any_of(all_of(counts, retries == 0), all_of(~counts, does.keeps(me.retries)))
        )
        if does.s.close_style == "four-way":  # the other style drops what waits
            yield "what is sent was waiting", implies(goes_on, (nxt - me.snd_nxt) + does.after(me.queued) == me.queued)


def _delivery(does: Does) -> Iterator[Clause]:
    """3.10.7.4, seventh: text in order is delivered and acknowledged at once, and other text is not; SHLD-31."""
    if does.seg is None:
        return
    me, a, seg = does.me, does.arriving, does.seg
    moved = does.after(me.rcv_nxt) - me.rcv_nxt
    receives = [state.isin(*RECEIVING) for state in (me.state, does.after(me.state))]
    stays = all_of(*receives)
    begins = a.late & receives[1]
    usable = stays & a.ack_usable
    start = seg.seq - me.rcv_nxt
    yield "RCV.NXT stays where the next octet has not come", implies(stays & (start != 0) & (start < me.rcv_wnd), moved == 0)
    yield "the next octet is delivered", implies(all_of(usable, ~seg.syn_bit, me.rcv_nxt - seg.seq < seg.len), moved > 0)
    yield "what is delivered is acknowledged", implies(begins & (moved > 0), does.some(lambda s: s.ack_bit & ~s.rst_bit))
    yield "an ACK without text is not answered", implies(
        all_of(begins, a.ack_usable, seg.len == 0, moved == 0), does.every(lambda _: FALSE)
    )
    for i, held in enumerate(me.held, 1):
        early = any_of(held, all_of(a.ack_usable, ~seg.syn_bit, me.rcv_nxt + i - seg.seq < seg.len))
        yield f"octet RCV.NXT+{i} is kept if it came early", implies(all_of(begins, early, moved == 0), does.after(held))


def _keepalive(does: Does) -> Iterator[Clause]:
    """3.8.4: MUST-26 and SHLD-12 for the probe, MUST-29 for giving up; "no incoming segments received" for what is idle."""
    me, alive = does.me, does.s.keepalive
    assert alive is not None
    idle, interval = alive.idle or 0, alive.interval or 0
    if does.is_call("send_keepalive", "give_up_idle"):
        yield "nothing is outstanding, and nothing waits to be sent", all_of(me.snd_una == me.snd_nxt, me.queued == 0)
        yield "nothing has arrived for long enough", any_of(
            alive.idle is None, *(all_of(me.probes == n, me.silent_for >= idle + n * interval) for n in range(alive.probes + 1))
        )
    if does.is_call("send_keepalive"):
        yield "a probe carries no data, and a number that the peer has acknowledged", does.every(
            lambda s: all_of(s.seq + 1 == me.snd_nxt, s.ack_bit, s.len == 0, ~s.syn_bit, ~s.fin_bit, ~s.rst_bit)
        )
        yield "a probe is sent, and counted", does.some(lambda s: s.ack_bit) & (does.after(me.probes) == me.probes + 1)
    elif does.is_call("give_up_idle"):
        yield "no single probe decides: all were sent in vain", me.probes == alive.probes
    elif does.seg is not None:
        yield "whatever arrives, the connection is not idle", all_of(does.after(me.probes) == 0, does.after(me.idle_for) == 0)
    else:
        yield "nothing but time, and probes, makes a connection idle", does.after(me.idle_for) <= me.idle_for


def _user_timeout(does: Does) -> Iterator[Clause]:
    """3.10.8 and 3.9.1.1: what is aborted was "not successfully delivered to the destination within the timeout period"."""
    me, timer = does.me, does.me.unacknowledged_for
    anew, moved = does.after(timer) == 0, ~does.keeps(me.snd_una)
    waits, goes_on = me.something_unacknowledged, _goes_on(does)
    waits_then = ~does.after(me.state).isin(CLOSED, LISTEN) & (does.after(me.snd_una) != does.after(me.snd_nxt))
    if does.is_call("user_timeout"):
        assert isinstance(does.s.user_timeout, int)
        yield "what ends the connection has waited for the whole timeout", timer == does.s.user_timeout
    yield "what begins to wait has the whole timeout before it", implies(~waits & waits_then, anew)
    yield "and so has what comes to the front of the queue", implies(goes_on & moved, anew)
    yield "nothing else starts the timeout anew, no retransmission either", implies(
        all_of(goes_on, waits, waits_then, ~moved), does.keeps(timer)
    )


def _timeout_in_ticks(s: Settings) -> str:
    return "" if isinstance(s.user_timeout, int) else f"user-timeout={s.user_timeout}: it has no length"


# ---- what the user is told -------------------------------------------------------------------------------------------


def _told(does: Does) -> Iterator[Clause]:
    """MUST-12 (3.6); 3.10.7.3 and 3.10.7.4, second, for resets, eighth for the FIN; 3.8.3 and 3.10.8 for timeouts."""
    me = does.me
    told, ended = does.after(me.told), does.after(me.state) == CLOSED
    if does.seg is None:
        if does.is_call("open", "crash"):
            yield "an OPEN begins with nothing told", told == NOTHING
        elif does.is_call("user_timeout", "give_up"):
            kept = ite(does.gives_way, TOLD_CLOSING, me.told)
            yield "a connection that ends by a timeout is told so", told == ite(ended, TIMED_OUT, kept)
        else:
            yield "who calls is told nothing new", told == me.told
        return
    a = does.arriving
    refused = a.rst_valid & me.state.isin("SYN_SENT", "SYN_RECEIVED") & ended
    unaware = me.state.isin(*RECEIVING, CLOSE_WAIT)
    reset = ended & any_of(a.rst_valid & unaware, a.syn_is_error)
    after = does.after(me.state)
    closing = ~me.state.isin(*FIN_RECEIVED) & after.isin(*FIN_RECEIVED)
    yield "an opening that a reset ends is told to be refused", implies(refused, told == REFUSED)
    yield "a connection that is reset is told so", implies(reset, told == RESET)
    yield "that the peer closes is told when its FIN is taken", implies(closing, told == TOLD_CLOSING)
    again = any_of(does.reopens, does.gives_way)
    yield "a connection that is reopened begins with nothing told, and the one before it had been closed", implies(
        again, told == ite(does.reopens, NOTHING, TOLD_CLOSING)
    )
    yield "nothing else is told", any_of(refused, reset, closing, again, told == me.told)


def _three_way_only(s: Settings) -> str:
    return "" if s.handshake == "three-way" else "figure 5 shows the three-way handshake"


LAWS: tuple[Law, ...] = (
    Law(
        "follows-figure-5",
        "Every change of state is an arc of figure 5, with what is written at it, or added by reset, timeout, crash or MAY-2.",
        _arcs, _three_way_only,
    ),
    Law(
        "resets-are-believable",
        "A reset is sent by ABORT, or answers what is not meant for this connection, and bears a number that is believed.",
        _resets_sent,
    ),
    Law(
        "resets-are-believed",
        "A valid reset ends the connection or the attempt; any other reset changes nothing.",
        _resets_believed,
    ),
    Law(
        "unacceptable-is-answered",
        "A segment outside the window changes nothing, and is answered by an ACK unless it is a reset.",
        _unacceptable,
    ),
    Law(
        "segments-are-true",
        "What is sent bears the sender's numbers: a SYN ISS, text what is not acknowledged yet, an ACK RCV.NXT.",
        _segments,
    ),
    Law(
        "numbers-move-forward",
        "While a connection lasts, ISS and IRS stay, and only a segment that acknowledges something moves SND.UNA.",
        _numbers,
    ),
    Law(
        "next-octet-is-delivered",
        "Where text is received, the next octet is delivered and acknowledged when it comes, and no other is.",
        _delivery,
    ),
    Law(
        "keepalive-asks-first",
        "An idle connection is probed without data, ended after as many probes as are set, and not idle when anything arrives.",
        _keepalive, lambda s: "" if s.keepalive is not None else "keepalive=off",
    ),
    Law(
        "user-timeout-in-full",
        "The user timeout ends a connection only when the front of the queue has waited for its whole length.",
        _user_timeout, _timeout_in_ticks,
    ),
    Law(
        "user-is-told",
        "The user is told of a refusal, a reset, a timeout or the peer's FIN where 3.10 says so, and of nothing else.",
        _told,
    ),
)  # fmt: skip
"""The laws, in the order in which they are shown."""


def observe(system: System, settings: Settings) -> System:
    """The system, built from these settings, with the events of breaking a law. It has the same runs."""
    by_end = {me.end: me for me in ends(settings)}
    actions = (observed(a, by_end[a.actor], settings) if a.actor in by_end else a for a in system.actions)
    return replace(system, actions=tuple(actions))


def observed(action: Action, me: Tcb, settings: Settings) -> Action:
    """An action of an end with the events of its breaking a law."""
    does = Does(action, me, settings)
    events, clauses = list(action.events), list(action.clauses)
    for law in LAWS:
        if law.why_not(settings):
            continue
        demands = [(words, all_of(truth)) for words, truth in law.clauses(does)]
        broken = negate(all_of(*(truth for _, truth in demands)))
        if broken is not FALSE:
            events.append((law.event, broken))
            clauses.append((law.event, tuple(demands)))
    return replace(action, events=tuple(events), clauses=tuple(clauses))
