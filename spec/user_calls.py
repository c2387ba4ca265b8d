"""User calls: OPEN, SEND, CLOSE, ABORT (RFC 9293 3.10.1, 3.10.2, 3.10.4, 3.10.5).

RECEIVE (3.10.3) is no action: a RECEIVE is always pending, so that octets are delivered as soon as they are accepted. STATUS
(3.10.6) changes nothing. A passive OPEN leaves the remote socket unspecified, so an active OPEN or a SEND in LISTEN is an error
("error: remote socket unspecified") and changes nothing either.
"""

from __future__ import annotations

from synproof.engine.system import Kind

from .event import Event, Rule, rule
from .isn import choose_iss
from .settings import Settings
from .states import (
    ACTIVE,
    CLOSED,
    ESTABLISHED,
    LISTEN,
    NOTHING,
    PASSIVE,
    SYN_RECEIVED,
    SYN_SENT,
)

__all__ = ["RULES"]


def _carries_syn_data(s: Settings) -> bool:
    return s.syn_data


def _open_actively(e: Event, octets: int) -> None:
    me = e.me
    e.when(me.role == "active", me.opens < e.s.incarnations)
    iss = choose_iss(e)
    e.set(me.opens, me.opens + 1)
    e.set(me.opened, ACTIVE)
    e.set(me.told, NOTHING)
    e.set(me.iss, iss)
    e.set(me.snd_una, iss)
    e.set(me.snd_nxt, iss + 1 + octets)
    e.enter(SYN_SENT)
    e.send(seq=iss, syn=True, octets=octets)


@rule(Kind.USER_CALL, "3.10.1, CLOSED", CLOSED)
def open_active(e: Event) -> None:
    """The user calls OPEN, active: an ISS is selected and a SYN sent."""
    _open_actively(e, octets=0)


@rule(Kind.USER_CALL, "3.10.1, CLOSED; 3.5", CLOSED, only_if=_carries_syn_data, choice="syn-data=on")
def open_active_with_data(e: Event) -> None:
    """The user calls OPEN, active, and SEND at once: the SYN carries the first octet."""
    e.when(e.me.may_send > 0)
    _open_actively(e, octets=1)


@rule(Kind.USER_CALL, "3.10.1, CLOSED", CLOSED, tags=frozenset({"passive-open"}))
def open_passive(e: Event) -> None:
    """The user calls OPEN, passive: wait for a connection request."""
    me = e.me
    e.when(me.role == "passive")
    if not e.s.relisten:
        e.when(~me.listened)
        e.set(me.listened, True)
    e.set(me.opened, PASSIVE)
    e.set(me.told, NOTHING)
    e.enter(LISTEN)


@rule(Kind.USER_CALL, "3.10.2, SYN-SENT and SYN-RECEIVED", SYN_SENT, SYN_RECEIVED)
def queue_send(e: Event) -> None:
    """The user calls SEND before the connection is established: the octet is queued."""
    me = e.me
    e.when(me.sent + me.queued < me.may_send)
    e.set(me.queued, me.queued + 1)


@rule(Kind.USER_CALL, "3.10.2, ESTABLISHED", ESTABLISHED)
def send_in_established(e: Event) -> None:
    """The user calls SEND: the octet is sent at once, with a piggybacked acknowledgment."""
    me = e.me
    e.when(me.sent < me.may_send, me.queued == 0, me.snd_nxt - me.snd_una < e.s.window)
    e.set(me.snd_nxt, me.snd_nxt + 1)
    e.send(seq=me.snd_nxt, ack=me.rcv_nxt, octets=1)


@rule(Kind.USER_CALL, "3.10.2, ESTABLISHED", ESTABLISHED)
def queue_send_in_established(e: Event) -> None:
    """The user calls SEND while the window is full or octets wait already: the octet is queued."""
    me = e.me
    e.when(me.sent + me.queued < me.may_send, (me.queued > 0) | (me.snd_nxt - me.snd_una >= e.s.window))
    e.set(me.queued, me.queued + 1)


@rule(Kind.INTERNAL, "3.10.2, ESTABLISHED", ESTABLISHED, tags=frozenset({"transmission"}))
def transmit_queued_octet(e: Event) -> None:
    """A queued octet is sent as soon as the window allows."""
    me = e.me
    e.when(me.queued > 0, me.snd_nxt - me.snd_una < e.s.window)
    e.set(me.queued, me.queued - 1)
    e.set(me.snd_nxt, me.snd_nxt + 1)
    e.send(seq=me.snd_nxt, ack=me.rcv_nxt, octets=1)


@rule(Kind.USER_CALL, "3.10.4, LISTEN", LISTEN)
def close_in_listen(e: Event) -> None:
    """The user calls CLOSE: the TCB is deleted."""
    e.when(e.me.end in e.s.close)
    e.delete_tcb()


@rule(Kind.USER_CALL, "3.10.4, SYN-SENT", SYN_SENT)
def close_in_syn_sent(e: Event) -> None:
    """The user calls CLOSE: the TCB is deleted, and what was queued with it."""
    e.when(e.me.end in e.s.close)
    e.delete_tcb()


@rule(Kind.USER_CALL, "3.10.5, LISTEN and SYN-SENT", LISTEN, SYN_SENT)
def abort_quietly(e: Event) -> None:
    """The user calls ABORT: the TCB is deleted; there is nobody to tell."""
    e.when(e.me.end in e.s.abort)
    e.delete_tcb()


@rule(Kind.USER_CALL, "3.10.5, SYN-RECEIVED and ESTABLISHED", SYN_RECEIVED, ESTABLISHED)
def abort(e: Event) -> None:
    """The user calls ABORT: a reset is sent, the queues are flushed and the TCB is deleted."""
    e.when(e.me.end in e.s.abort)
    e.send(seq=e.me.snd_nxt, rst=True)
    e.delete_tcb()


RULES: tuple[Rule, ...] = (
    open_active, open_active_with_data, open_passive, queue_send, send_in_established, queue_send_in_established,
    transmit_queued_octet, close_in_listen, close_in_syn_sent, abort_quietly, abort,
)  # fmt: skip
