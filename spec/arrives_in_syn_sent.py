"""SEGMENT ARRIVES in SYN-SENT (RFC 9293 3.10.7.3), step by step in the RFC's order.

Second step: "the sequence number exactly matches RCV.NXT" cannot be asked here, where RCV.NXT has no value yet; 3.5.3
decides: a reset in SYN-SENT is acceptable if its ACK field acknowledges the SYN.
"""

from __future__ import annotations

from synproof.engine.expr import clamp, ite
from synproof.engine.system import Kind

from . import history
from .event import Event, Rule, rule
from .segment import text_on_syn
from .states import ESTABLISHED, REFUSED, SYN_RECEIVED, SYN_SENT

__all__ = ["RULES"]

ARRIVES = Kind.SEGMENT_ARRIVES


# ---- first, check the ACK bit ----------------------------------------------------------------------------------------
# SND.UNA is ISS here, so that an ACK is acceptable unless "SEG.ACK =< ISS or SEG.ACK > SND.NXT".


@rule(ARRIVES, "3.10.7.3, first", SYN_SENT)
def receive_unacceptable_rst_in_syn_sent(e: Event) -> None:
    """A reset that acknowledges nothing we sent is dropped."""
    e.when(e.seg.ack_bit, ~e.ack_is_acceptable(), e.seg.rst_bit)


@rule(ARRIVES, "3.10.7.3, first", SYN_SENT)
def receive_unacceptable_ack_in_syn_sent(e: Event) -> None:
    """A segment that acknowledges nothing we sent is answered by a reset with the number that it acknowledges."""
    e.when(e.seg.ack_bit, ~e.ack_is_acceptable(), ~e.seg.rst_bit)
    e.reset_by_ack()


# ---- second, check the RST bit ---------------------------------------------------------------------------------------


@rule(ARRIVES, "3.10.7.3, second; 3.5.3", SYN_SENT, only_if=lambda s: not s.reads("refusal-at-rcv-nxt"))
def receive_refusal_in_syn_sent(e: Event) -> None:
    """A reset that acknowledges our SYN: the connection is refused."""
    e.when(e.seg.ack_bit, e.ack_is_acceptable(), e.seg.rst_bit)
    history.refused(e)
    e.delete_tcb(told=REFUSED)


@rule(ARRIVES, "3.10.7.3, second", SYN_SENT)
def receive_rst_without_ack_in_syn_sent(e: Event) -> None:
    """A reset without ACK is dropped: nothing shows that it answers our SYN."""
    e.when(~e.seg.ack_bit, e.seg.rst_bit)


# ---- fourth, check the SYN bit ---------------------------------------------------------------------------------------


@rule(ARRIVES, "3.10.7.3, fourth", SYN_SENT)
def receive_syn_ack_in_syn_sent(e: Event) -> None:
    """A SYN that acknowledges ours: ESTABLISHED; the ACK that answers it carries the first octets that wait, if any."""
    me, seg = e.me, e.seg
    e.when(seg.ack_bit, e.ack_is_acceptable(), ~seg.rst_bit, seg.syn_bit)
    source = history.origin(seg)
    history.take_irs(e)
    history.connected(e, seg.seq, source, taken=e.step.now(me.irs_taken))
    octets_on_syn = text_on_syn(seg, me.rcv_wnd)
    rcv_nxt = seg.seq + 1 + octets_on_syn
    history.syn_text_delivered(e, octets_on_syn)
    e.set(me.irs, seg.seq)
    e.set(me.rcv_nxt, rcv_nxt)
    e.take_ack()
    e.enter(ESTABLISHED)
    room = e.s.window - (me.snd_nxt - seg.ack)
    octets = clamp(ite(me.queued < room, me.queued, room), 0, e.s.mss)
    if e.s.rate is not None:
        left = e.s.rate - me.sent_now
        octets = clamp(ite(octets < left, octets, left), 0, e.s.mss)
    e.set(me.queued, me.queued - octets)
    e.advance_snd_nxt(octets)
    e.send(seq=me.snd_nxt, ack=rcv_nxt, octets=octets)


def _take_bare_syn(e: Event) -> None:
    me, seg = e.me, e.seg
    e.when(~seg.ack_bit, ~seg.rst_bit, seg.syn_bit)
    history.take_irs(e)
    e.set(me.irs, seg.seq)


@rule(ARRIVES, "3.10.7.3, fourth; MUST-10", SYN_SENT, only_if=lambda s: s.handshake == "three-way")
def receive_syn_in_syn_sent(e: Event) -> None:
    """A bare SYN while ours is under way: both ends open at once, or so it seems; it is answered by a SYN-ACK."""
    me, seg = e.me, e.seg
    _take_bare_syn(e)
    e.set(me.rcv_nxt, seg.seq + 1)
    e.set(me.syn_text, text_on_syn(seg, me.rcv_wnd))
    e.enter(SYN_RECEIVED)
    e.send(seq=me.iss, ack=seg.seq + 1, syn=True)


@rule(
    ARRIVES, "3.10.7.3, fourth", SYN_SENT,
    only_if=lambda s: s.handshake == "two-way", choice="handshake=two-way", name="receive_syn_in_syn_sent",
)  # fmt: skip
def receive_syn_in_syn_sent_two_way(e: Event) -> None:
    """A bare SYN while ours is under way is answered by a SYN-ACK, and the connection is ESTABLISHED at once."""
    me, seg = e.me, e.seg
    _take_bare_syn(e)
    history.connected(e, seg.seq, e.step.now(me.irs_from), taken=e.step.now(me.irs_taken))
    octets_on_syn = text_on_syn(seg, me.rcv_wnd)
    rcv_nxt = seg.seq + 1 + octets_on_syn
    history.syn_text_delivered(e, octets_on_syn)
    e.set(me.rcv_nxt, rcv_nxt)
    e.enter(ESTABLISHED)
    e.send(seq=me.iss, ack=rcv_nxt, syn=True)


# ---- fifth -----------------------------------------------------------------------------------------------------------


@rule(ARRIVES, "3.10.7.3, fifth", SYN_SENT)
def receive_other_in_syn_sent(e: Event) -> None:
    """A segment with neither SYN nor RST is dropped."""
    e.when(~e.seg.rst_bit, ~e.seg.syn_bit, ~e.seg.ack_bit | e.ack_is_acceptable())


RULES: tuple[Rule, ...] = (
    receive_unacceptable_rst_in_syn_sent, receive_unacceptable_ack_in_syn_sent, receive_refusal_in_syn_sent,
    receive_rst_without_ack_in_syn_sent, receive_syn_ack_in_syn_sent, receive_syn_in_syn_sent,
    receive_syn_in_syn_sent_two_way, receive_other_in_syn_sent,
)  # fmt: skip
