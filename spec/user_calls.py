"""User calls: OPEN, SEND, CLOSE, ABORT (RFC 9293 3.10.1, 3.10.2, 3.10.4, 3.10.5).

RECEIVE (3.10.3) is no action: a RECEIVE is always pending, so that octets are delivered as soon as they are accepted. STATUS
(3.10.6) changes nothing. A passive OPEN leaves the remote socket unspecified, so a SEND in LISTEN is an error ("error: remote
socket unspecified") and changes nothing either. An end opens in one way: an active OPEN that turns LISTEN into SYN-SENT is not
modelled.
"""

from __future__ import annotations

from synproof.engine.expr import Expr, Operand, any_of
from synproof.engine.system import Kind

from .event import Event, Rule, rule
from .isn import choose_iss
from .settings import Settings
from .states import (
    ACTIVE,
    CLOSE_WAIT,
    CLOSED,
    CLOSING,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    LAST_ACK,
    LISTEN,
    NOTHING,
    PASSIVE,
    SYN_RECEIVED,
    SYN_SENT,
    TIME_WAIT,
)

__all__ = ["RULES"]


# ---- 3.10.1 OPEN -----------------------------------------------------------------------------------------------------


def _carries_syn_data(s: Settings) -> bool:
    return s.syn_data


def _open_actively(e: Event, octets: Operand) -> None:
    me = e.me
    e.when(me.role == "active", me.opens < e.s.incarnations, me.quiet == 0)
    iss = choose_iss(e)
    e.set(me.opens, me.opens + 1)
    e.set(me.opened, ACTIVE)
    e.set(me.told, NOTHING)
    e.set(me.iss, iss)
    e.set(me.snd_una, iss)
    e.set(me.snd_nxt, iss + 1)
    e.advance_snd_nxt(octets)
    e.enter(SYN_SENT)
    e.send(seq=iss, syn=True, octets=octets)


@rule(Kind.USER_CALL, "3.10.1, CLOSED", CLOSED)
def open_active(e: Event) -> None:
    """The user calls OPEN, active: an ISS is selected and a SYN sent."""
    _open_actively(e, octets=0)


@rule(Kind.USER_CALL, "3.10.1, CLOSED; 3.5", CLOSED, only_if=_carries_syn_data, choice="syn-data=on")
def open_active_with_data(e: Event) -> None:
    """The user calls OPEN, active, and SEND at once: the SYN carries the first octet."""
    octets = e.octets()
    e.when(octets <= e.me.may_send, e.within_rate(octets))
    _open_actively(e, octets)


@rule(Kind.USER_CALL, "3.10.1, CLOSED", CLOSED, tags=frozenset({"passive-open"}))
def open_passive(e: Event) -> None:
    """The user calls OPEN, passive: wait for a connection request."""
    me = e.me
    e.when(me.role == "passive", me.quiet == 0)
    if not e.s.relisten:
        e.when(~me.listened)
        e.set(me.listened, True)
    e.set(me.opened, PASSIVE)
    e.set(me.told, NOTHING)
    e.enter(LISTEN)


# ---- 3.10.2 SEND -----------------------------------------------------------------------------------------------------


def _may_send_more(e: Event, octets: Expr) -> None:
    """The user has octets to send, and has not called CLOSE: "No further SENDs from the user will be accepted" (3.6)."""
    me = e.me
    e.when(me.sent + me.queued + octets <= me.may_send)
    if me.may_close:
        e.when(~me.closed_by_user)


def _window_is_open(e: Event, numbers: Operand = 1) -> Expr:
    """So many more sequence numbers lie in the send window."""
    return (e.me.snd_nxt - e.me.snd_una) + numbers <= e.s.window


def _may_be_sent(e: Event, octets: Expr) -> Expr:
    """So many more octets lie in the send window, and within the end's rate."""
    return _window_is_open(e, octets) & e.within_rate(octets)


@rule(Kind.USER_CALL, "3.10.2, SYN-SENT and SYN-RECEIVED", SYN_SENT, SYN_RECEIVED)
def queue_send(e: Event) -> None:
    """The user calls SEND before the connection is established: its text is queued."""
    _queue_octets(e, e.octets())


def _queue_octets(e: Event, octets: Expr) -> None:
    _may_send_more(e, octets)
    e.set(e.me.queued, e.me.queued + octets)


def _send_octets(e: Event, octets: Expr) -> None:
    me = e.me
    e.advance_snd_nxt(octets)
    e.send(seq=me.snd_nxt, ack=me.rcv_nxt, octets=octets)


@rule(Kind.USER_CALL, "3.10.2, ESTABLISHED and CLOSE-WAIT", ESTABLISHED, CLOSE_WAIT)
def send(e: Event) -> None:
    """The user calls SEND: its text is sent at once, with a piggybacked acknowledgment."""
    octets = e.octets()
    _may_send_more(e, octets)
    e.when(e.me.queued == 0, _may_be_sent(e, octets))
    _send_octets(e, octets)


@rule(Kind.USER_CALL, "3.10.2, ESTABLISHED and CLOSE-WAIT", ESTABLISHED, CLOSE_WAIT, name="queue_send")
def queue_send_in_turn(e: Event) -> None:
    """The user calls SEND while there is no room for its text, or other text waits already: it is queued."""
    octets = e.octets()
    _queue_octets(e, octets)
    e.when((e.me.queued > 0) | ~_may_be_sent(e, octets))


@rule(
    Kind.INTERNAL, "3.10.2, ESTABLISHED and CLOSE-WAIT; 3.10.4, ESTABLISHED", ESTABLISHED, FIN_WAIT_1, CLOSE_WAIT, CLOSING,
    tags=frozenset({"transmission"}),
)  # fmt: skip
def transmit_queued_octet(e: Event) -> None:
    """Queued text is sent as soon as there is room for it in the window, and in the tick if there is a rate."""
    octets = e.octets()
    e.when(octets <= e.me.queued, _may_be_sent(e, octets))
    e.set(e.me.queued, e.me.queued - octets)
    _send_octets(e, octets)


# ---- 3.10.4 CLOSE ----------------------------------------------------------------------------------------------------


def _calls_close(e: Event) -> None:
    e.when(e.me.may_close, ~e.me.closed_by_user)


def _fin_is_next(e: Event) -> Expr:
    """All preceding SENDs have been segmentized, and the FIN lies in the send window."""
    return (e.me.queued == 0) & _window_is_open(e)


def _close(e: Event, state: Expr) -> None:
    """The FIN is sent at once, and a state entered."""
    _calls_close(e)
    e.when(_fin_is_next(e))
    e.set(e.me.closed_by_user, True)
    e.send_fin()
    e.enter(state)


def _queue_close(e: Event) -> None:
    """The FIN will be sent later."""
    e.set(e.me.closed_by_user, True)
    e.set(e.me.fin_waits, True)


def _transmit_fin(e: Event) -> None:
    e.when(e.me.fin_waits, _fin_is_next(e))
    e.set(e.me.fin_waits, False)
    e.send_fin()


@rule(Kind.USER_CALL, "3.10.4, LISTEN", LISTEN)
def close_in_listen(e: Event) -> None:
    """The user calls CLOSE: the TCB is deleted."""
    e.when(e.me.may_close)
    e.delete_tcb()


@rule(Kind.USER_CALL, "3.10.4, SYN-SENT", SYN_SENT)
def close_in_syn_sent(e: Event) -> None:
    """The user calls CLOSE: the TCB is deleted, and what was queued with it."""
    e.when(e.me.may_close)
    e.delete_tcb()


@rule(
    Kind.USER_CALL, "3.10.4, SYN-RECEIVED", SYN_RECEIVED,
    only_if=lambda s: s.close_in_syn_received == "fin-wait-1", choice="close-in-syn-received=fin-wait-1",
)  # fmt: skip
def close_in_syn_received(e: Event) -> None:
    """The user calls CLOSE, and has called no SEND: a FIN is sent at once, whoever it was that sent the SYN."""
    me = e.me
    _calls_close(e)
    e.when(me.queued == 0, me.sent == 0, ~me.reopened)
    e.set(me.closed_by_user, True)
    e.set(me.syn_text, 0)  # it was not acknowledged, and will come again
    e.send_fin()
    e.enter(FIN_WAIT_1)


@rule(Kind.USER_CALL, "3.10.4, SYN-RECEIVED", SYN_RECEIVED)
def queue_close_in_syn_received(e: Event) -> None:
    """The user calls CLOSE: it is queued until the connection is established, or the attempt has failed."""
    me = e.me
    _calls_close(e)
    if e.s.close_in_syn_received == "fin-wait-1":
        e.when(any_of(me.queued > 0, me.sent > 0, me.reopened))
    _queue_close(e)


@rule(Kind.USER_CALL, "3.10.4, ESTABLISHED", ESTABLISHED)
def close_in_established(e: Event) -> None:
    """The user calls CLOSE: a FIN is sent."""
    _close(e, FIN_WAIT_1)


@rule(Kind.USER_CALL, "3.10.4, ESTABLISHED", ESTABLISHED)
def close_behind_octets_in_established(e: Event) -> None:
    """The user calls CLOSE: the FIN is queued behind the octets that wait, or until the window allows it."""
    _calls_close(e)
    e.when(~_fin_is_next(e))
    _queue_close(e)
    e.enter(FIN_WAIT_1)


@rule(Kind.INTERNAL, "3.10.4, SYN-RECEIVED and ESTABLISHED", ESTABLISHED, tags=frozenset({"transmission"}))
def process_queued_close(e: Event) -> None:
    """The CLOSE that was queued in SYN-RECEIVED is processed now that the connection is established."""
    e.when(e.me.may_close, e.me.fin_waits)
    e.enter(FIN_WAIT_1)


@rule(Kind.INTERNAL, "3.10.4, ESTABLISHED", FIN_WAIT_1, CLOSING, tags=frozenset({"transmission"}))
def transmit_queued_fin(e: Event) -> None:
    """All preceding SENDs have been segmentized: the FIN is sent."""
    _transmit_fin(e)


@rule(Kind.USER_CALL, "3.10.4, CLOSE-WAIT", CLOSE_WAIT, tags=frozenset({"close-in-close-wait"}))
def close_in_close_wait(e: Event) -> None:
    """The user calls CLOSE, and the peer has closed before: a FIN is sent."""
    _close(e, LAST_ACK)


@rule(Kind.USER_CALL, "3.10.4, CLOSE-WAIT", CLOSE_WAIT, tags=frozenset({"close-in-close-wait"}))
def queue_close_in_close_wait(e: Event) -> None:
    """The user calls CLOSE: it is queued behind the octets that wait, or until the window allows a FIN."""
    _calls_close(e)
    e.when(~_fin_is_next(e))
    _queue_close(e)


@rule(Kind.INTERNAL, "3.10.4, CLOSE-WAIT", CLOSE_WAIT, tags=frozenset({"transmission"}))
def transmit_queued_fin_in_close_wait(e: Event) -> None:
    """All preceding SENDs have been segmentized: the FIN is sent."""
    _transmit_fin(e)
    e.enter(LAST_ACK)


# ---- 3.10.5 ABORT ----------------------------------------------------------------------------------------------------


@rule(Kind.USER_CALL, "3.10.5, LISTEN and SYN-SENT", LISTEN, SYN_SENT)
def abort_quietly(e: Event) -> None:
    """The user calls ABORT: the TCB is deleted; there is nobody to tell."""
    e.when(e.me.end in e.s.abort)
    e.delete_tcb()


def _abort_with_reset(e: Event) -> None:
    e.when(e.me.end in e.s.abort)
    e.send(seq=e.me.snd_nxt, rst=True)


@rule(
    Kind.USER_CALL, "3.10.5, SYN-RECEIVED to CLOSE-WAIT",
    SYN_RECEIVED, ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT,
    only_if=lambda s: s.abort_to == "closed",
)  # fmt: skip
def abort(e: Event) -> None:
    """The user calls ABORT: a reset is sent, the queues are flushed and the TCB is deleted."""
    _abort_with_reset(e)
    e.delete_tcb()


@rule(
    Kind.USER_CALL, "3.10.5, SYN-RECEIVED to CLOSE-WAIT; against it 3.5.2 and figure 5, note 3",
    SYN_RECEIVED, ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT,
    only_if=lambda s: s.abort_to == "time-wait", choice="abort-to=time-wait", name="abort",
)  # fmt: skip
def abort_and_linger(e: Event) -> None:
    """The user calls ABORT: a reset is sent and the queues are flushed; TIME-WAIT remains."""
    _abort_with_reset(e)
    e.linger_after_reset()


@rule(Kind.USER_CALL, "3.10.5, CLOSING, LAST-ACK and TIME-WAIT", CLOSING, LAST_ACK, TIME_WAIT)
def abort_behind_fin(e: Event) -> None:
    """The user calls ABORT where no reset is owed: the TCB is deleted, even if our FIN waits."""
    e.when(e.me.end in e.s.abort)
    if e.state is CLOSING and e.reads("reset-for-fin"):
        e.step.sentence = "The user calls ABORT where no reset is owed, since our FIN was sent: the TCB is deleted."
        e.when(~e.me.fin_waits)
    if e.state is TIME_WAIT and e.s.reads("linger-in-full"):
        e.when(~e.me.reset_sent)
    e.delete_tcb()


RULES: tuple[Rule, ...] = (
    open_active, open_active_with_data, open_passive, queue_send, send, queue_send_in_turn, transmit_queued_octet,
    close_in_listen, close_in_syn_sent, close_in_syn_received, queue_close_in_syn_received, close_in_established,
    close_behind_octets_in_established, process_queued_close, transmit_queued_fin, close_in_close_wait,
    queue_close_in_close_wait, transmit_queued_fin_in_close_wait, abort_quietly, abort, abort_and_linger,
    abort_behind_fin,
)  # fmt: skip
