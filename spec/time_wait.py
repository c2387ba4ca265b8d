"""TIME-WAIT: what restarts its timeout (RFC 9293 3.10.7.4, fifth and eighth), and how it is reopened (3.6.1, MAY-2).

"The only thing that can arrive in this state is a retransmission of the remote FIN. Acknowledge it, and restart the 2 MSL
timeout": but Table 6 drops that FIN in step 1, with an answer and without reaching step 5 or 8, and what does reach
step 5 is any other acceptable ACK. The setting `time-wait-restart` names the readings.

A SYN may reopen the connection, if its end "(1) assigns its initial sequence number for the new connection to be larger than
the largest sequence number it used on the previous connection incarnation, and (2) returns to TIME-WAIT state if the SYN
turns out to be an old duplicate". The number is SND.NXT, the least that is larger; `time-wait-reuse=bsd` asks for
SEG.SEQ > RCV.NXT too. It is said of "when a connection is closed": where ABORT led to TIME-WAIT nothing is reopened, nor does
CLOSE send a FIN before it is known that the SYN was none of old.
"""

from __future__ import annotations

from synproof.engine.expr import FALSE, TRUE, Expr, all_of

from . import history
from .event import Event
from .segment import seg_len, text_on_syn
from .states import NOTHING, PASSIVE, SYN_RECEIVED, TIME_WAIT, TOLD_CLOSING

__all__ = ["acceptable_in_time_wait", "answered_in_time_wait", "reopen", "reopens", "return_to_time_wait"]


# ---- the timeout -----------------------------------------------------------------------------------------------------


def answered_in_time_wait(e: Event) -> None:
    """TIME-WAIT answers the segment by an ACK and drops it: in step 1, 2 or 4, or in 5 by MAY-12."""
    if e.state is not TIME_WAIT:
        return
    seg = e.seg
    if e.s.time_wait_restart == "fin":
        _restart(e, seg.fin_bit & (seg.seq + seg_len(seg) == e.me.rcv_nxt), "If it is the peer's FIN again, the")
    elif e.s.time_wait_restart == "reply":
        _restart(e, ~seg.syn_bit | seg.ack_bit, "Unless it is a SYN without ACK, the")


def acceptable_in_time_wait(e: Event) -> None:
    """The segment reaches step 5 with an ACK; if it has a FIN, that is answered."""
    if e.s.time_wait_restart == "any-ack":
        _restart(e, TRUE, "The")
    elif e.s.time_wait_restart == "reply":
        _restart(e, e.seg.fin_bit, "If it is answered, the")


def _restart(e: Event, when: Expr, words: str) -> None:
    """The timeout begins again where `when` holds. This comes before what is sent: see `history.is_late`."""
    if not e.s.msl:
        return
    e.step.sentence += f" {words} time-wait timeout is restarted."
    e.step.choice = "; ".join(filter(None, (e.step.choice, f"time-wait-restart={e.s.time_wait_restart}")))
    e.restarts_time_wait = when
    e.restart(e.me.waited, when)
    history.time_wait_restarted(e, when)


# ---- reopening -------------------------------------------------------------------------------------------------------


def reopens(e: Event) -> Expr:
    """The segment is a SYN that TIME-WAIT takes for a new connection, before Table 6 is asked."""
    seg, me = e.seg, e.me
    if e.s.time_wait_reuse == "off" or e.state is not TIME_WAIT:
        return FALSE
    greater = me.rcv_nxt < seg.seq if e.s.time_wait_reuse == "bsd" else TRUE
    return all_of(seg.syn_bit, ~seg.ack_bit, ~seg.rst_bit, greater, ~me.reset_sent)


def reopen(e: Event) -> None:
    """The SYN is answered as in LISTEN, with a greater ISS; the numbers of the connection before are kept."""
    me, seg = e.me, e.seg
    iss = me.snd_nxt
    for number, former in me.former:
        e.set(former, number)
    history.set_aside(e)
    history.begin_incarnation(e)
    history.take_irs(e, begun=True)
    for variable, value in (
        (me.reopened, TRUE), (me.opened, PASSIVE), (me.told, NOTHING), (me.closed_by_user, FALSE), (me.irs, seg.seq),
        (me.rcv_nxt, seg.seq + 1), (me.syn_text, text_on_syn(seg, me.rcv_wnd)),
        (me.iss, iss), (me.snd_una, iss), (me.snd_nxt, iss + 1),
    ):  # fmt: skip
        e.set(variable, value)
    e.restart(me.waited)
    e.enter(SYN_RECEIVED)
    e.send(seq=iss, ack=seg.seq + 1, syn=True)


def return_to_time_wait(e: Event) -> None:
    """The SYN was an old duplicate: TIME-WAIT again, with the numbers that it had, and from its beginning."""
    me = e.me
    e.when(me.reopened)
    if not me.former:
        return  # this end never is in TIME-WAIT
    for number, former in me.former:
        e.set(number, former)
        e.set(former, 0)
    for variable, value in (
        (me.reopened, FALSE), (me.snd_una, e.step.now(me.snd_nxt)), (me.told, TOLD_CLOSING), (me.closed_by_user, TRUE),
        (me.queued, 0), (me.fin_waits, FALSE), (me.syn_text, 0), (me.retries, 0),
    ):  # fmt: skip
        e.set(variable, value)
    e.restart(me.unacknowledged_for)
    history.take_up_again(e)
    history.time_wait_restarted(e, TRUE)
    e.enter(TIME_WAIT)
