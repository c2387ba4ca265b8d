"""SEGMENT ARRIVES in CLOSED (RFC 9293 3.10.7.1) and in LISTEN (3.10.7.2), step by step in the RFC's order."""

from __future__ import annotations

from synproof.engine.system import Kind

from . import history
from .event import Event, Rule, rule
from .isn import choose_iss
from .segment import seg_len, text_on_syn
from .settings import Settings
from .states import CLOSED, ESTABLISHED, LISTEN, SYN_RECEIVED

__all__ = ["RULES"]

ARRIVES = Kind.SEGMENT_ARRIVES


def _answers_with_rst(s: Settings) -> bool:
    return s.rst_on_closed


def _is_silent(s: Settings) -> bool:
    return not s.rst_on_closed


def _is_not_quiet(e: Event) -> None:
    """It is not the quiet time, or what is sent in it assigns no sequence numbers (3.4.2)."""
    if not e.reads("quiet-but-for-resets"):
        e.when(e.me.quiet == 0)


def _discards_when_quiet(s: Settings) -> bool:
    return s.quiet_time != "off" and s.rst_on_closed and not s.reads("quiet-but-for-resets")


# ---- 3.10.7.1 CLOSED -------------------------------------------------------------------------------------------------


@rule(ARRIVES, "3.10.7.1", CLOSED)
def receive_rst_in_closed(e: Event) -> None:
    """A reset for a connection that does not exist is discarded."""
    e.when(e.seg.rst_bit)


@rule(ARRIVES, "3.10.7.1", CLOSED, only_if=_answers_with_rst)
def receive_segment_without_ack_in_closed(e: Event) -> None:
    """A segment without ACK for a connection that does not exist is answered by a reset that acknowledges it."""
    e.when(~e.seg.rst_bit, ~e.seg.ack_bit)
    _is_not_quiet(e)
    e.reset_without_ack(seg_len(e.seg))


@rule(ARRIVES, "3.10.7.1", CLOSED, only_if=_answers_with_rst)
def receive_segment_with_ack_in_closed(e: Event) -> None:
    """A segment with ACK for a connection that does not exist is answered by a reset with the number that it acknowledges."""
    e.when(~e.seg.rst_bit, e.seg.ack_bit)
    _is_not_quiet(e)
    e.reset_by_ack()


@rule(ARRIVES, "3.4.3", CLOSED, only_if=_discards_when_quiet, choice="quiet-time")
def discard_segment_in_quiet_time(e: Event) -> None:
    """A segment that arrives in the quiet time is discarded without an answer: nothing is sent."""
    e.when(~e.seg.rst_bit, e.me.quiet > 0)


@rule(ARRIVES, "3.10.7.1", CLOSED, only_if=_is_silent, choice="rst-on-closed=off")
def discard_segment_in_closed(e: Event) -> None:
    """A segment for a connection that does not exist is discarded without an answer."""
    e.when(~e.seg.rst_bit)


# ---- 3.10.7.2 LISTEN -------------------------------------------------------------------------------------------------


@rule(ARRIVES, "3.10.7.2, first", LISTEN)
def receive_rst_in_listen(e: Event) -> None:
    """A reset in LISTEN is ignored: nothing that this incarnation sent can have caused it."""
    e.when(e.seg.rst_bit)


@rule(ARRIVES, "3.10.7.2, second", LISTEN)
def receive_ack_in_listen(e: Event) -> None:
    """Any acknowledgment is bad in LISTEN: it is answered by a reset with the number that it acknowledges."""
    e.when(~e.seg.rst_bit, e.seg.ack_bit)
    e.reset_by_ack()


def _answer_syn(e: Event) -> None:
    """ISS is selected and <SEQ=ISS><ACK=RCV.NXT><CTL=SYN,ACK> sent; text on the SYN waits (3.5)."""
    me, seg = e.me, e.seg
    e.when(~e.seg.rst_bit, ~e.seg.ack_bit, e.seg.syn_bit)
    iss = choose_iss(e)
    history.take_irs(e, begun=True)
    e.set(me.irs, seg.seq)
    e.set(me.iss, iss)
    e.set(me.snd_una, iss)
    e.set(me.snd_nxt, iss + 1)


@rule(ARRIVES, "3.10.7.2, third", LISTEN, only_if=lambda s: s.handshake == "three-way")
def receive_syn_in_listen(e: Event) -> None:
    """A SYN in LISTEN is answered by a SYN-ACK; whether it is an old duplicate, the third segment will tell."""
    me, seg = e.me, e.seg
    _answer_syn(e)
    if at_once := e.reads("syn-text-at-once"):
        e.step.sentence += " Its text is delivered at once."
    if dropped := e.reads("syn-text-dropped"):
        e.step.sentence += " Its text is dropped."
    octets_on_syn = text_on_syn(seg, me.rcv_wnd)
    if at_once:
        history.syn_text_delivered(e, octets_on_syn)
    rcv_nxt = seg.seq + 1 + octets_on_syn if at_once else seg.seq + 1
    e.set(me.rcv_nxt, rcv_nxt)
    e.set(me.syn_text, 0 if at_once or dropped else octets_on_syn)
    e.enter(SYN_RECEIVED)
    e.send(seq=e.step.now(me.iss), ack=rcv_nxt, syn=True)


@rule(
    ARRIVES, "3.10.7.2, third", LISTEN,
    only_if=lambda s: s.handshake == "two-way", choice="handshake=two-way", name="receive_syn_in_listen",
)  # fmt: skip
def receive_syn_in_listen_two_way(e: Event) -> None:
    """A SYN in LISTEN is answered by a SYN-ACK and the connection is ESTABLISHED at once: nobody is asked whether it is old."""
    me, seg = e.me, e.seg
    _answer_syn(e)
    source = e.step.now(me.irs_from)
    history.connected(e, seg.seq, source, taken=e.step.now(me.irs_taken), begun=True)
    octets_on_syn = text_on_syn(seg, me.rcv_wnd)
    rcv_nxt = seg.seq + 1 + octets_on_syn
    history.syn_text_delivered(e, octets_on_syn)
    e.set(me.rcv_nxt, rcv_nxt)
    e.enter(ESTABLISHED)
    e.send(seq=e.step.now(me.iss), ack=rcv_nxt, syn=True)


@rule(ARRIVES, "3.10.7.2, fourth", LISTEN)
def receive_other_in_listen(e: Event) -> None:
    """Anything else in LISTEN is dropped; the RFC says that this should not be reached."""
    e.when(~e.seg.rst_bit, ~e.seg.ack_bit, ~e.seg.syn_bit)


RULES: tuple[Rule, ...] = (
    receive_rst_in_closed, receive_segment_without_ack_in_closed, receive_segment_with_ack_in_closed,
    discard_segment_in_quiet_time, discard_segment_in_closed, receive_rst_in_listen, receive_ack_in_listen,
    receive_syn_in_listen, receive_syn_in_listen_two_way, receive_other_in_listen,
)  # fmt: skip
