"""SEGMENT ARRIVES in all other states (RFC 9293 3.10.7.4), fifth to eighth: the ACK field, the text, the FIN.

The three steps are one case analysis here: what the ACK acknowledges (nothing sent, something old, something new, our FIN) and
whether it is the turn of the peer's FIN. The sixth, URG, is not modelled. TIME-WAIT has a module of its own.
"""

from __future__ import annotations

from synproof.engine.expr import Expr, Operand, all_of, const, ite
from synproof.engine.system import Kind

from . import history
from .arrives_in_other_states import STATES, is_syn_ack_of_figure_7, passes_fourth
from .event import Event, Rule, rule
from .settings import Settings
from .states import (
    CLOSE_WAIT,
    CLOSING,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    LAST_ACK,
    RECEIVING,
    SYN_RECEIVED,
    TIME_WAIT,
    TOLD_CLOSING,
)
from .text import Text, read_text, take_text
from .time_wait import answered_in_time_wait

__all__ = ["RULES", "acks_our_fin", "answer_fin_behind_fin", "is_bare_fin", "passes_ack_bit", "tell_of_fin"]

ARRIVES = Kind.SEGMENT_ARRIVES
ENDED = (CLOSE_WAIT, CLOSING, LAST_ACK)
"""The states behind the peer's FIN: text "should not occur", and is ignored.

Octets may still be outstanding in them, so ACKs are processed as in ESTABLISHED; of CLOSING the RFC says to "ignore the
segment" whose ACK is not of our FIN, and of LAST-ACK that nothing else can arrive.
"""


def _four_way(s: Settings) -> bool:
    return s.close_style == "four-way"


def _three_way(s: Settings) -> bool:
    return s.close_style == "three-way"


# ---- fifth, check the ACK field --------------------------------------------------------------------------------------


@rule(ARRIVES, "3.10.7.4, fifth", *STATES)
def receive_without_ack(e: Event) -> None:
    """A segment without ACK is dropped."""
    passes_fourth(e)
    e.when(~e.seg.ack_bit)


def _ack_in_range(e: Event) -> Expr:
    """(SND.UNA - MAX.SND.WND) =< SEG.ACK =< SND.NXT (RFC 5961 5, MAY-12); MAX.SND.WND is the window."""
    me = e.me
    lowest = me.snd_una - e.s.window
    return e.seg.ack - lowest <= me.snd_nxt - lowest


@rule(ARRIVES, "3.10.7.4, fifth; MAY-12", *STATES, only_if=lambda s: s.rfc5961 == "all", choice="rfc5961=all")
def receive_ack_out_of_range(e: Event) -> None:
    """An ACK outside the range that our sends allow is dropped, and answered by an ACK."""
    passes_fourth(e)
    e.when(e.seg.ack_bit, ~_ack_in_range(e))
    answered_in_time_wait(e)
    e.acknowledge()


def passes_ack_bit(e: Event) -> None:
    """The segment passes the first four steps and has an ACK, in the range of MAY-12 where that is asked for."""
    passes_fourth(e)
    e.when(e.seg.ack_bit)
    if e.s.rfc5961 == "all":
        e.when(_ack_in_range(e))


def _ack_is_usable(e: Event) -> Expr:
    """The ACK acknowledges something new, or is a duplicate, which "can be ignored": text and FIN of the segment count."""
    return e.ack_is_acceptable() if e.s.reads("old-ack-ignored") else e.ack_is_acceptable() | e.ack_is_old()


def acks_our_fin(e: Event) -> Expr:
    """Our FIN is acknowledged by this segment: it bears the last number that we use."""
    return all_of(e.me.fin_sent, e.ack_is_acceptable(), e.seg.ack == e.me.snd_nxt)


def _take_ack(e: Event, is_new: Operand = True) -> None:
    """SND.UNA <- SEG.ACK, if that is new. In FIN-WAIT-1 and CLOSING it may be the ACK of our SYN."""
    me = e.me
    if me.closes_early and (e.state is FIN_WAIT_1 or e.state is CLOSING):
        history.connected(e, me.irs, me.irs_from, when=all_of(is_new, ~me.syn_acknowledged))
    e.take_ack(is_new)


@rule(ARRIVES, "3.10.7.4, fifth, SYN-RECEIVED; 3.5.2", SYN_RECEIVED)
def receive_unacceptable_ack_in_syn_received(e: Event) -> None:
    """An ACK of something that this incarnation never sent is answered by a reset; the state stays."""
    passes_ack_bit(e)
    e.when(~e.ack_is_acceptable())
    if e.s.reads("on-after-reset"):
        e.when(~is_bare_fin(e))
    e.reset_by_ack()


def is_bare_fin(e: Event) -> Expr:
    """A FIN with the number RCV.NXT, and no text before it."""
    return all_of(e.seg.fin_bit, e.seg.seq == e.me.rcv_nxt, ~(e.seg.len > 0))


def _establish(e: Event, *, fin: bool) -> Expr:
    """The ACK of our SYN confirms the connection; text that waited and text that came are delivered. Gives RCV.NXT."""
    me = e.me
    text = read_text(e, me.rcv_nxt + me.syn_text)
    if me.gets_fin:
        e.when(text.fin if fin else ~text.fin)
    history.stale_acceptance(e, True)
    history.connected(e, me.irs, me.irs_from)
    if e.reads("syn-unacknowledged"):
        e.step.sentence += " SND.UNA stays."
    else:
        e.take_ack()
    e.set(me.syn_text, 0)
    e.step.event("third-segment-data", text.advance > 0)
    history.syn_text_delivered(e, me.syn_text)
    rcv_nxt = take_text(e, text, fin=fin)
    if not fin:
        e.acknowledge(rcv_nxt, when=(text.advance > 0) | (me.syn_text > 0))
    return rcv_nxt


@rule(
    ARRIVES, "3.5, figure 7", SYN_RECEIVED,
    only_if=lambda s: s.simultaneous_open == "figure-7", choice="simultaneous-open=figure-7",
)  # fmt: skip
def receive_syn_ack_in_syn_received(e: Event) -> None:
    """The SYN-ACK of a simultaneous open: ESTABLISHED, as figure 7 draws it."""
    e.when(is_syn_ack_of_figure_7(e))
    _establish(e, fin=False)
    e.enter(ESTABLISHED)


@rule(ARRIVES, "3.10.7.4, fifth, SYN-RECEIVED", SYN_RECEIVED)
def receive_ack_in_syn_received(e: Event) -> None:
    """The ACK of our SYN: the connection is established; what text there is in order is delivered and acknowledged."""
    passes_ack_bit(e)
    e.when(e.ack_is_acceptable())
    _establish(e, fin=False)
    e.enter(ESTABLISHED)


@rule(ARRIVES, "3.10.7.4, fifth, ESTABLISHED; 3.5.2", *RECEIVING, *ENDED)
def receive_ack_of_nothing_sent(e: Event) -> None:
    """An ACK of something not yet sent is dropped, and answered by an ACK."""
    passes_ack_bit(e)
    e.when(~e.ack_is_acceptable(), ~e.ack_is_old())
    e.acknowledge()


# ---- seventh, process the segment text -------------------------------------------------------------------------------


def _text_alone(e: Event) -> Text:
    """The text, where it is not the turn of the peer's FIN."""
    text = read_text(e)
    if e.me.gets_fin:
        e.when(~text.fin)
    return text


def _deliver(e: Event, text: Text) -> None:
    """Deliver what there is and acknowledge it."""
    rcv_nxt = take_text(e, text)
    e.acknowledge(rcv_nxt, when=text.advance > 0)


@rule(ARRIVES, "3.10.7.4, fifth and seventh, ESTABLISHED", *RECEIVING)
def receive_new_ack(e: Event) -> None:
    """An ACK of something new: SND.UNA advances; what text there is in order is delivered and acknowledged."""
    passes_ack_bit(e)
    e.when(e.ack_is_acceptable())
    if e.state is FIN_WAIT_1:
        e.when(~acks_our_fin(e))
    text = _text_alone(e)
    history.stale_acceptance(e, True)
    if e.s.handshake == "two-way":  # where ESTABLISHED may still wait for the ACK of its SYN
        e.step.event("third-segment-data", ~e.me.syn_acknowledged & (text.advance > 0))
    _take_ack(e)
    _deliver(e, text)


def _heeds_old_ack(s: Settings) -> bool:
    return not s.reads("old-ack-ignored")


@rule(ARRIVES, "3.10.7.4, fifth and seventh, ESTABLISHED", *RECEIVING, only_if=_heeds_old_ack)
def receive_old_ack(e: Event) -> None:
    """A duplicate ACK is ignored; what text there is in order is delivered and acknowledged."""
    passes_ack_bit(e)
    e.when(~e.ack_is_acceptable(), e.ack_is_old())
    text = _text_alone(e)
    history.stale_acceptance(e, text.advance > 0)
    _deliver(e, text)


@rule(ARRIVES, "3.10.7.4, fifth, CLOSE-WAIT, CLOSING and LAST-ACK", *ENDED, name="receive_new_ack")
def receive_new_ack_after_fin(e: Event) -> None:
    """An ACK of something new, not of our FIN: SND.UNA advances. Text behind the peer's FIN is ignored, a FIN acknowledged."""
    passes_ack_bit(e)
    e.when(e.ack_is_acceptable())
    if e.state is not CLOSE_WAIT:
        e.when(const(not e.s.reads("only-ack-of-fin")), ~acks_our_fin(e))
    history.stale_acceptance(e, True)
    _take_ack(e)
    answer_fin_behind_fin(e)


def answer_fin_behind_fin(e: Event) -> None:
    """A FIN behind the peer's FIN is acknowledged."""
    me, seg = e.me, e.seg
    if e.reads("fin-again"):
        e.step.sentence += " If the FIN is next, RCV.NXT advances over it."
        e.set(me.rcv_nxt, me.rcv_nxt + ite(seg.fin_bit & (seg.seq + seg.len == me.rcv_nxt), 1, 0))
    e.acknowledge(e.step.now(me.rcv_nxt), when=seg.fin_bit)


@rule(
    ARRIVES, "3.10.7.4, fifth, CLOSE-WAIT, CLOSING and LAST-ACK", *ENDED, only_if=_heeds_old_ack, name="receive_old_ack"
)  # fmt: skip
def receive_old_ack_after_fin(e: Event) -> None:
    """A duplicate ACK is ignored, and so is text behind the peer's FIN; a FIN there is acknowledged."""
    passes_ack_bit(e)
    e.when(~e.ack_is_acceptable(), e.ack_is_old())
    answer_fin_behind_fin(e)


@rule(ARRIVES, "3.10.7.4, fifth, FIN-WAIT-1", FIN_WAIT_1)
def receive_ack_of_fin_in_fin_wait_1(e: Event) -> None:
    """The ACK of our FIN: FIN-WAIT-2; what text there is in order is delivered and acknowledged."""
    passes_ack_bit(e)
    e.when(acks_our_fin(e))
    text = _text_alone(e)
    history.stale_acceptance(e, True)
    history.fin_acknowledged(e)
    _take_ack(e)
    e.step.event("half-close-data", text.advance > 0)  # "enter FIN-WAIT-2 and continue processing in that state"
    _deliver(e, text)
    e.enter(FIN_WAIT_2)


@rule(ARRIVES, "3.10.7.4, fifth, CLOSING", CLOSING)
def receive_ack_of_fin_in_closing(e: Event) -> None:
    """The ACK of our FIN, and the peer's was received before: TIME-WAIT."""
    passes_ack_bit(e)
    e.when(acks_our_fin(e))
    history.stale_acceptance(e, True)
    history.fin_acknowledged(e)
    _take_ack(e)
    e.enter(TIME_WAIT)


@rule(ARRIVES, "3.10.7.4, fifth, LAST-ACK", LAST_ACK)
def receive_ack_of_fin_in_last_ack(e: Event) -> None:
    """The ACK of our FIN: the TCB is deleted."""
    passes_ack_bit(e)
    e.when(acks_our_fin(e))
    history.stale_acceptance(e, True)
    history.fin_acknowledged(e)
    history.ended_by_fins(e)
    e.delete_tcb()


# ---- eighth, check the FIN bit ---------------------------------------------------------------------------------------


def _take_fin(e: Event) -> None:
    """The FIN is next: the text before it is delivered, RCV.NXT advances over it, and the user is told."""
    passes_ack_bit(e)
    e.when(_ack_is_usable(e))
    text = read_text(e)
    e.when(text.fin)
    history.stale_acceptance(e, True)
    _take_ack(e, e.ack_is_acceptable())
    take_text(e, text, fin=True)
    tell_of_fin(e)


def tell_of_fin(e: Event) -> None:
    """The user is told "connection closing", and nothing more is expected. The history looks what was not delivered."""
    e.set(e.me.told, TOLD_CLOSING)
    history.fin_taken(e)


def _acknowledge_fin(e: Event) -> None:
    e.acknowledge(e.step.now(e.me.rcv_nxt))


def _close_at_once(e: Event) -> None:
    """What `close-style=three-way` does of itself: the FIN goes with the ACK, and what still waits to be sent is dropped."""
    me = e.me
    history.octets_dropped(e)
    e.set(me.queued, 0)
    e.set(me.fin_waits, False)
    e.set(me.closed_by_user, True)
    e.send_fin()
    e.enter(LAST_ACK)


@rule(ARRIVES, "3.10.7.4, fifth and eighth, SYN-RECEIVED", SYN_RECEIVED, only_if=_four_way)
def receive_fin_in_syn_received(e: Event) -> None:
    """The ACK of our SYN with the peer's FIN: the connection is established, and closed by the peer: CLOSE-WAIT."""
    _take_fin_in_syn_received(e)
    e.enter(CLOSE_WAIT)
    _acknowledge_fin(e)


def _take_fin_in_syn_received(e: Event) -> None:
    e.when(e.me.gets_fin)
    passes_ack_bit(e)
    e.when(e.ack_is_acceptable())
    _establish(e, fin=True)
    tell_of_fin(e)


@rule(
    ARRIVES, "3.10.7.4, fifth and eighth, SYN-RECEIVED", SYN_RECEIVED,
    only_if=_three_way, choice="close-style=three-way", name="receive_fin_in_syn_received",
)  # fmt: skip
def receive_fin_in_syn_received_and_close(e: Event) -> None:
    """The ACK of our SYN with the peer's FIN: the connection is established, and closed at both ends: LAST-ACK."""
    _take_fin_in_syn_received(e)
    _close_at_once(e)


@rule(ARRIVES, "3.10.7.4, eighth, ESTABLISHED", ESTABLISHED, only_if=_four_way)
def receive_fin_in_established(e: Event) -> None:
    """The peer's FIN: CLOSE-WAIT; it is acknowledged, and the user is told."""
    _take_fin(e)
    e.enter(CLOSE_WAIT)
    _acknowledge_fin(e)


@rule(
    ARRIVES, "3.10.7.4, eighth, ESTABLISHED", ESTABLISHED,
    only_if=_three_way, choice="close-style=three-way", name="receive_fin_in_established",
)  # fmt: skip
def receive_fin_in_established_and_close(e: Event) -> None:
    """The peer's FIN: it is acknowledged by a FIN at once, whether the user has closed or not: LAST-ACK."""
    _take_fin(e)
    _close_at_once(e)


@rule(ARRIVES, "3.10.7.4, eighth, FIN-WAIT-1", FIN_WAIT_1)
def receive_fin_in_fin_wait_1(e: Event) -> None:
    """The peer's FIN while ours is not acknowledged: CLOSING; both close at once."""
    e.when(~acks_our_fin(e))
    _take_fin(e)
    e.enter(CLOSING)
    _acknowledge_fin(e)


@rule(ARRIVES, "3.10.7.4, eighth, FIN-WAIT-1; figure 5, note 2", FIN_WAIT_1)
def receive_fin_with_ack_of_fin_in_fin_wait_1(e: Event) -> None:
    """The peer's FIN, which acknowledges ours: TIME-WAIT, without FIN-WAIT-2."""
    e.when(acks_our_fin(e))
    history.fin_acknowledged(e)
    _take_fin(e)
    e.enter(TIME_WAIT)
    _acknowledge_fin(e)


@rule(ARRIVES, "3.10.7.4, eighth, FIN-WAIT-2", FIN_WAIT_2)
def receive_fin_in_fin_wait_2(e: Event) -> None:
    """The peer's FIN: TIME-WAIT; it is acknowledged, and the user is told."""
    _take_fin(e)
    e.restart(e.me.fin_waited)
    e.enter(TIME_WAIT)
    _acknowledge_fin(e)


RULES: tuple[Rule, ...] = (
    receive_syn_ack_in_syn_received, receive_without_ack, receive_ack_out_of_range, receive_unacceptable_ack_in_syn_received,
    receive_ack_in_syn_received, receive_ack_of_nothing_sent, receive_new_ack, receive_old_ack, receive_new_ack_after_fin,
    receive_old_ack_after_fin, receive_ack_of_fin_in_fin_wait_1, receive_ack_of_fin_in_closing,
    receive_ack_of_fin_in_last_ack, receive_fin_in_syn_received, receive_fin_in_syn_received_and_close,
    receive_fin_in_established, receive_fin_in_established_and_close, receive_fin_in_fin_wait_1,
    receive_fin_with_ack_of_fin_in_fin_wait_1, receive_fin_in_fin_wait_2,
)  # fmt: skip
