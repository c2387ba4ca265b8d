"""Timeouts (RFC 9293 3.10.8) with that of FIN-WAIT-2 that common stacks have, and giving up (3.8.3).

Where time is not modelled a timer that runs may fire at any moment; so may retransmission in any case, for nothing here
speaks of its timeout.

The retransmission queue needs no variable: what lies between SND.UNA and SND.NXT is on it, and its front is the SYN
as long as that is not acknowledged, then the oldest octet (or several, where `mss` allows that), at last the FIN. A
retransmission needs room in the network.
"""

from __future__ import annotations

from synproof.engine.expr import Expr, all_of, is_full, ite
from synproof.engine.system import Kind

from . import history
from .clock import due, ripe
from .event import Event, Rule, rule
from .settings import Settings
from .states import (
    CLOSING,
    FIN_WAIT_1,
    FIN_WAIT_2,
    LAST_ACK,
    PASSIVE,
    SENDING,
    SYN_RECEIVED,
    SYN_SENT,
    TIME_WAIT,
    TIMED_OUT,
)
from .time_wait import return_to_time_wait

__all__ = ["RULES", "TIMER", "budget_spent"]

RETRANSMISSION = frozenset({"retransmission"})
TIMER = frozenset({"timer"})


def _retransmits(s: Settings) -> bool:
    return s.retransmit != 0


def _once_more(e: Event) -> None:
    """Retransmission is possible: there is room, and the budget is not spent."""
    me = e.me
    e.when(~is_full(e.end.to_peer))
    if e.s.retransmit is not None:
        e.when(me.retries < e.s.retransmit)
        e.set(me.retries, me.retries + 1)


@rule(Kind.TIMEOUT, "3.10.8, RETRANSMISSION TIMEOUT", SYN_SENT, only_if=_retransmits, tags=RETRANSMISSION)
def retransmit_syn(e: Event) -> None:
    """The retransmission timer expires: the SYN is sent again."""
    me = e.me
    _once_more(e)
    e.step.event("syn-again", True)
    e.send(seq=me.iss, syn=True, octets=me.octets_on_syn)


@rule(
    Kind.TIMEOUT, "3.10.8, RETRANSMISSION TIMEOUT", SYN_RECEIVED, *SENDING, only_if=_retransmits, tags=RETRANSMISSION
)  # fmt: skip
def retransmit_syn_ack(e: Event) -> None:
    """The retransmission timer expires: the SYN-ACK, not acknowledged yet, is sent again."""
    me = e.me
    e.when(~me.syn_acknowledged)
    _once_more(e)
    e.send(seq=me.iss, ack=me.rcv_nxt, syn=True, octets=me.octets_on_syn)


@rule(Kind.TIMEOUT, "3.10.8, RETRANSMISSION TIMEOUT", *SENDING, only_if=_retransmits, tags=RETRANSMISSION)
def retransmit_data(e: Event) -> None:
    """The retransmission timer expires: the oldest text that is not acknowledged is sent again."""
    me = e.me
    octets = e.octets()
    e.when(me.syn_acknowledged, octets <= (me.snd_nxt - me.snd_una) - ite(me.fin_sent, 1, 0))
    _once_more(e)
    e.send(seq=me.snd_una, ack=me.rcv_nxt, octets=octets)


def _fin_is_front(e: Event) -> Expr:
    """The FIN is all that is not acknowledged."""
    return all_of(e.me.fin_sent, e.me.snd_una + 1 == e.me.snd_nxt)


@rule(
    Kind.TIMEOUT, "3.10.8, RETRANSMISSION TIMEOUT", FIN_WAIT_1, CLOSING, LAST_ACK, only_if=_retransmits, tags=RETRANSMISSION
)  # fmt: skip
def retransmit_fin(e: Event) -> None:
    """The retransmission timer expires: the FIN is sent again."""
    me = e.me
    e.when(_fin_is_front(e))
    _once_more(e)
    e.send(seq=me.snd_una, ack=me.rcv_nxt, fin=True)


def _gives_up(s: Settings) -> bool:
    return s.give_up


def budget_spent(e: Event) -> None:
    """The front of the queue was sent as often as allowed."""
    assert e.s.retransmit is not None, "give-up needs a retransmission budget"
    e.when(e.me.something_unacknowledged, e.me.retries == e.s.retransmit)


def _goes_on_listening(s: Settings) -> bool:
    return s.give_up and not s.reads("give-up-closes")


@rule(Kind.TIMEOUT, "3.8.3, (c); 3.5.3", SYN_RECEIVED, only_if=_goes_on_listening, choice="give-up=on", tags=TIMER)
def give_up_in_syn_received_after_passive_open(e: Event) -> None:
    """The SYN-ACK was sent as often as allowed: the attempt ends, and a passive end goes back to LISTEN, as after a reset."""
    budget_spent(e)
    e.when(e.me.opened == PASSIVE, ~e.me.reopened)
    e.return_to_listen()


@rule(
    Kind.TIMEOUT, "3.8.3, (c); MAY-2 (2)", SYN_RECEIVED,
    only_if=lambda s: s.give_up and s.time_wait_reuse != "off", choice="give-up=on", tags=TIMER,
)  # fmt: skip
def give_up_in_syn_received_after_time_wait(e: Event) -> None:
    """The SYN-ACK was sent as often as allowed: the SYN was an old duplicate, and TIME-WAIT begins again."""
    budget_spent(e)
    return_to_time_wait(e)


@rule(Kind.TIMEOUT, "3.8.3, (c)", SYN_SENT, SYN_RECEIVED, *SENDING, only_if=_gives_up, choice="give-up=on", tags=TIMER)
def give_up(e: Event) -> None:
    """The front of the queue was sent as often as allowed: the connection is closed and the user told."""
    budget_spent(e)
    goes_back = e.me.reopened if e.s.reads("give-up-closes") else e.me.opened == PASSIVE
    e.when((e.me.state != SYN_RECEIVED) | ~goes_back)
    history.aborted(e)
    e.delete_tcb(told=TIMED_OUT)


@rule(
    Kind.TIMEOUT, "3.10.8, USER TIMEOUT", SYN_SENT, SYN_RECEIVED, *SENDING,
    only_if=lambda s: s.user_timeout != "off", choice="user-timeout", tags=TIMER,
)  # fmt: skip
def user_timeout(e: Event) -> None:
    """The user timeout expires on something that is not acknowledged: the connection is aborted and the user told."""
    e.when(e.me.something_unacknowledged)
    due(e, e.me.unacknowledged_for, e.s.user_timeout)
    history.aborted(e)
    e.delete_tcb(told=TIMED_OUT)


@rule(
    Kind.TIMEOUT, "not in the RFC", FIN_WAIT_2,
    only_if=lambda s: s.fin_wait_2_timeout != "off", choice="fin-wait-2-timeout", tags=TIMER,
)  # fmt: skip
def leave_fin_wait_2(e: Event) -> None:
    """A timer that common stacks have ends FIN-WAIT-2: the TCB is deleted, and nobody is told."""
    due(e, e.me.fin_waited, e.s.fin_wait_2_timeout)
    e.delete_tcb()


@rule(Kind.TIMEOUT, "3.10.8, TIME-WAIT TIMEOUT", TIME_WAIT, tags=TIMER)
def leave_time_wait(e: Event) -> None:
    """The time-wait timeout expires: the TCB is deleted."""
    ripe(e, e.me.waited, e.s.time_wait)
    history.time_wait_over(e)
    history.ended_by_fins(e)
    e.delete_tcb()


RULES: tuple[Rule, ...] = (
    retransmit_syn, retransmit_syn_ack, retransmit_data, retransmit_fin, give_up_in_syn_received_after_passive_open,
    give_up_in_syn_received_after_time_wait, give_up, user_timeout, leave_fin_wait_2, leave_time_wait,
)  # fmt: skip
