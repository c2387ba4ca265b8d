"""What an end does where the text is read in another way (`readings`), if that is more than a word in the rule concerned.

In the order of RFC 9293: user calls, arriving segments, timeouts. The rules whose place these take leave it to them.
"""

from __future__ import annotations

from collections.abc import Callable

from synproof.engine.expr import Expr, Operand, const, lift
from synproof.engine.system import Kind

from . import history
from .arrives_acceptably import ENDED, acks_our_fin, is_bare_fin, passes_ack_bit, tell_of_fin
from .arrives_in_other_states import acks_nothing_sent, passes_first, rst_is_believed, syn_is_seen
from .event import Event, Rule, rule
from .isn import choose_iss
from .states import (
    ACTIVE,
    CLOSE_WAIT,
    CLOSING,
    LAST_ACK,
    NOBODY,
    PASSIVE,
    RECEIVING,
    RESET,
    SYN_RECEIVED,
    SYN_SENT,
    TIME_WAIT,
)
from .timeouts import TIMER, budget_spent

__all__ = ["RULES"]

ARRIVES = Kind.SEGMENT_ARRIVES


# ---- user calls ------------------------------------------------------------------------------------------------------


@rule(
    Kind.USER_CALL, "3.10.5, CLOSING", CLOSING,
    only_if=lambda s: s.reads("reset-for-fin"), choice="readings=reset-for-fin",
)  # fmt: skip
def abort_before_fin(e: Event) -> None:
    """The user calls ABORT while our FIN still waits: a reset is sent, the queues are flushed and the TCB is deleted."""
    e.when(e.me.end in e.s.abort, e.me.fin_waits)
    e.send(seq=e.me.snd_nxt, rst=True)
    e.delete_tcb()


# ---- SEGMENT ARRIVES in SYN-SENT and SYN-RECEIVED --------------------------------------------------------------------


@rule(
    ARRIVES, "3.10.7.3, second", SYN_SENT,
    only_if=lambda s: s.reads("refusal-at-rcv-nxt"), choice="readings=refusal-at-rcv-nxt",
)  # fmt: skip
def disbelieve_refusal_in_syn_sent(e: Event) -> None:
    """A reset that acknowledges our SYN is dropped: RCV.NXT has no value that its number could match."""
    e.when(e.seg.ack_bit, e.ack_is_acceptable(), e.seg.rst_bit)


@rule(
    ARRIVES, "3.5.2, 2, against 3.10.7.4, first", SYN_RECEIVED,
    only_if=lambda s: s.reads("reset-outside"), choice="readings=reset-outside",
)  # fmt: skip
def reset_unacceptable_ack_outside(e: Event) -> None:
    """A segment outside the window whose ACK is of something that this incarnation never sent is answered by a reset."""
    e.when(~e.acceptable(), ~e.seg.rst_bit, acks_nothing_sent(e))
    e.reset_by_ack()


def _ask_again(e: Event, new_iss: Callable[[Event], Expr]) -> None:
    """Back to SYN-SENT with a SYN: what the peer seemed to have sent is forgotten, and what the user asked for is kept."""
    me = e.me
    passes_first(e)
    e.when(rst_is_believed(e), me.opened == ACTIVE)
    iss, octets = new_iss(e), me.octets_on_syn
    numbers: dict[Expr, Operand] = {me.iss: iss, me.snd_una: iss, me.snd_nxt: iss + 1 + octets}
    kept = (me.opened, me.queued, me.closed_by_user, me.fin_waits, me.peer_was_unwilling)
    for variable, absent in me.block:
        if not any(variable is other for other in kept):
            e.step.change(variable, numbers[variable] if variable in numbers else lift(absent, variable.sort))
    e.step.change(me.irs_from, NOBODY)
    e.enter(SYN_SENT)
    e.send(seq=iss, syn=True, octets=octets)


@rule(
    ARRIVES, "3.10.7.4, second, SYN-RECEIVED", SYN_RECEIVED,
    only_if=lambda s: s.must_11 and s.reads("same-syn-again"), choice="readings=same-syn-again",
)  # fmt: skip
def receive_rst_in_syn_received_and_send_syn(e: Event) -> None:
    """A reset in SYN-RECEIVED after an active OPEN: it was an old SYN that seemed to open; SYN-SENT and the same SYN again."""
    _ask_again(e, lambda e: e.me.iss)


@rule(
    ARRIVES, "3.10.7.4, second, SYN-RECEIVED", SYN_RECEIVED,
    only_if=lambda s: s.must_11 and s.reads("new-syn-again"), choice="readings=new-syn-again",
)  # fmt: skip
def receive_rst_in_syn_received_and_send_new_syn(e: Event) -> None:
    """A reset in SYN-RECEIVED after an active OPEN: it was an old SYN that seemed to open; SYN-SENT again, with a new ISS."""
    _ask_again(e, choose_iss)


def _attempt_fails(e: Event) -> Expr:
    """A valid reset, or a SYN in the window."""
    return rst_is_believed(e) | (~e.seg.rst_bit & syn_is_seen(e))


@rule(
    ARRIVES, "3.10.7.4, second and fourth, SYN-RECEIVED", SYN_RECEIVED,
    only_if=lambda s: s.reads("queued-close-ends"), choice="readings=queued-close-ends",
)  # fmt: skip
def end_attempt_with_queued_close(e: Event) -> None:
    """A reset or a SYN in SYN-RECEIVED after a passive OPEN, and a CLOSE is queued: the TCB is deleted."""
    passes_first(e)
    e.when(_attempt_fails(e), e.me.opened == PASSIVE, ~e.me.reopened, e.me.fin_waits)
    e.delete_tcb()


@rule(
    ARRIVES, "3.10.7.4, fifth and eighth, SYN-RECEIVED", SYN_RECEIVED,
    only_if=lambda s: s.reads("on-after-reset"), choice="readings=on-after-reset",
)  # fmt: skip
def receive_fin_with_unacceptable_ack_in_syn_received(e: Event) -> None:
    """An ACK of what was never sent draws a reset; the FIN that comes with it is taken and acknowledged: CLOSE-WAIT."""
    me = e.me
    e.when(me.gets_fin)
    passes_ack_bit(e)
    e.when(~e.ack_is_acceptable(), is_bare_fin(e))
    e.reset_by_ack()
    history.stale_acceptance(e, True)
    history.connected(e, me.irs, me.irs_from)
    e.set(me.rcv_nxt, me.rcv_nxt + 1)
    e.set(me.syn_text, 0)
    tell_of_fin(e)
    e.enter(CLOSE_WAIT)
    e.acknowledge(e.step.now(me.rcv_nxt))


# ---- SEGMENT ARRIVES in synchronized states --------------------------------------------------------------------------


@rule(
    ARRIVES, "3.5.3 against 3.10.7.4, second", CLOSING, LAST_ACK, TIME_WAIT,
    only_if=lambda s: s.reads("reset-is-told"), choice="readings=reset-is-told",
)  # fmt: skip
def receive_rst_and_tell(e: Event) -> None:
    """A reset ends the connection, and the user is told although there is nothing left to SEND or to RECEIVE."""
    passes_first(e)
    e.when(rst_is_believed(e))
    history.aborted(e)
    if e.state is TIME_WAIT:
        e.when(const(not e.s.rfc1337))
        history.time_wait_cut_short(e)
    e.delete_tcb(told=RESET)


@rule(
    ARRIVES, "3.10.7.4, fifth, ESTABLISHED", *RECEIVING, *ENDED,
    only_if=lambda s: s.reads("old-ack-ignored"), choice="readings=old-ack-ignored",
)  # fmt: skip
def ignore_old_ack(e: Event) -> None:
    """A segment with a duplicate ACK is ignored, with its text and its FIN."""
    passes_ack_bit(e)
    e.when(~e.ack_is_acceptable(), e.ack_is_old())


@rule(
    ARRIVES, "3.10.7.4, fifth, CLOSING and LAST-ACK", CLOSING, LAST_ACK,
    only_if=lambda s: s.reads("only-ack-of-fin"), choice="readings=only-ack-of-fin",
)  # fmt: skip
def ignore_ack_of_octets(e: Event) -> None:
    """An ACK of something new, but not of our FIN, is ignored: SND.UNA stays."""
    passes_ack_bit(e)
    e.when(e.ack_is_acceptable(), ~acks_our_fin(e))


# ---- timeouts --------------------------------------------------------------------------------------------------------


@rule(
    Kind.TIMEOUT, "3.8.3, (c)", SYN_RECEIVED, tags=TIMER,
    only_if=lambda s: s.give_up and s.reads("queued-close-ends") and not s.reads("give-up-closes"),
    choice="readings=queued-close-ends",
)  # fmt: skip
def give_up_with_queued_close(e: Event) -> None:
    """The SYN-ACK was sent as often as allowed, and a CLOSE is queued: the TCB is deleted."""
    budget_spent(e)
    e.when(e.me.opened == PASSIVE, ~e.me.reopened, e.me.fin_waits)
    e.delete_tcb()


RULES: tuple[Rule, ...] = (
    abort_before_fin, disbelieve_refusal_in_syn_sent, reset_unacceptable_ack_outside,
    receive_rst_in_syn_received_and_send_syn, receive_rst_in_syn_received_and_send_new_syn, end_attempt_with_queued_close,
    receive_fin_with_unacceptable_ack_in_syn_received, receive_rst_and_tell, ignore_old_ack, ignore_ack_of_octets,
    give_up_with_queued_close,
)  # fmt: skip
