"""SEGMENT ARRIVES in all other states (RFC 9293 3.10.7.4), step by step in the RFC's order.

Each step presupposes that the ones before it let the segment pass: `_passes_first` to `_passes_ack_bit` say what that means. A
segment that begins before RCV.NXT is trimmed (step 1): a SYN outside the window is seen by step 4 only for the challenge
of RFC 5961.
"""

from __future__ import annotations

from synproof.engine.expr import Expr, all_of, const
from synproof.engine.system import Kind

from . import history
from .event import Event, Rule, rule
from .segment import in_window, seg_len
from .settings import Settings
from .states import ACTIVE, ESTABLISHED, PASSIVE, REFUSED, RESET, SYN_RECEIVED
from .text import receive_text

__all__ = ["RULES"]

ARRIVES = Kind.SEGMENT_ARRIVES
STATES = (SYN_RECEIVED, ESTABLISHED)  # of those in 3.10.7.4, the ones that need no close


def _challenges(s: Settings) -> bool:
    return s.rfc5961 != "off"


def _does_not_challenge(s: Settings) -> bool:
    return s.rfc5961 == "off"


# ---- before the steps: figure 7 --------------------------------------------------------------------------------------


def _is_syn_ack_of_figure_7(e: Event) -> Expr:
    """The SYN-ACK of a simultaneous open, whose SYN has arrived already: Table 6 rejects it, figure 7 draws it accepted."""
    me, seg = e.me, e.seg
    if e.s.simultaneous_open != "figure-7":
        return const(False)
    return all_of(
        me.state == SYN_RECEIVED, seg.syn_bit, seg.ack_bit, ~seg.rst_bit, seg.seq == me.irs, e.ack_is_acceptable()
    )


@rule(
    ARRIVES, "3.5, figure 7", SYN_RECEIVED,
    only_if=lambda s: s.simultaneous_open == "figure-7", choice="simultaneous-open=figure-7",
)  # fmt: skip
def receive_syn_ack_in_syn_received(e: Event) -> None:
    """The SYN-ACK of a simultaneous open: ESTABLISHED, as figure 7 draws it."""
    e.when(_is_syn_ack_of_figure_7(e))
    _establish(e)


# ---- first, check sequence number ------------------------------------------------------------------------------------


@rule(ARRIVES, "3.10.7.4, first", *STATES)
def receive_unacceptable_rst(e: Event) -> None:
    """A reset outside the window is dropped."""
    e.when(~e.acceptable(), e.seg.rst_bit)


@rule(ARRIVES, "3.10.7.4, first", *STATES)
def receive_unacceptable(e: Event) -> None:
    """A segment outside the window is dropped, and answered by an ACK that says what is expected."""
    e.when(~e.acceptable(), ~e.seg.rst_bit, ~_is_syn_ack_of_figure_7(e))
    e.acknowledge()


def _passes_first(e: Event) -> None:
    e.when(e.acceptable())


# ---- second, check the RST bit ---------------------------------------------------------------------------------------


def _rst_is_believed(e: Event) -> Expr:
    """Exactly RCV.NXT with RFC 5961, anywhere in the window without."""
    return e.seg.rst_bit if e.s.rfc5961 == "off" else e.seg.rst_bit & (e.seg.seq == e.me.rcv_nxt)


@rule(ARRIVES, "3.10.7.4, second, 3)", *STATES, only_if=_challenges, choice="rfc5961=rst-syn")
def receive_inexact_rst(e: Event) -> None:
    """A reset in the window but not at RCV.NXT is dropped, and answered by a challenge ACK."""
    _passes_first(e)
    e.when(e.seg.rst_bit, e.seg.seq != e.me.rcv_nxt)
    e.acknowledge()


@rule(ARRIVES, "3.10.7.4, second, SYN-RECEIVED", SYN_RECEIVED)
def receive_rst_in_syn_received_after_passive_open(e: Event) -> None:
    """A reset in SYN-RECEIVED after a passive OPEN: back to LISTEN; the user need not be told."""
    _passes_first(e)
    e.when(_rst_is_believed(e), e.me.opened == PASSIVE)
    e.step.event("cleared-by-rst", True)
    e.return_to_listen()


@rule(ARRIVES, "3.10.7.4, second, SYN-RECEIVED; MUST-11", SYN_RECEIVED, only_if=lambda s: s.must_11)
def receive_rst_in_syn_received_after_active_open(e: Event) -> None:
    """A reset in SYN-RECEIVED after an active OPEN: the connection is refused."""
    _passes_first(e)
    e.when(_rst_is_believed(e), e.me.opened == ACTIVE)
    history.refused(e)
    e.delete_tcb(told=REFUSED)


@rule(
    ARRIVES, "3.5 against MUST-11", SYN_RECEIVED,
    only_if=lambda s: not s.must_11, choice="must-11=off", name="receive_rst_in_syn_received_after_active_open",
)  # fmt: skip
def receive_rst_in_syn_received_whatever_the_open(e: Event) -> None:
    """A reset in SYN-RECEIVED leads to LISTEN although the OPEN was active (a sentence of 3.5 taken literally)."""
    _passes_first(e)
    e.when(_rst_is_believed(e), e.me.opened == ACTIVE)
    e.return_to_listen()


@rule(ARRIVES, "3.10.7.4, second", ESTABLISHED)
def receive_rst_in_established(e: Event) -> None:
    """A reset ends the connection, and the user is told."""
    _passes_first(e)
    e.when(_rst_is_believed(e))
    history.aborted(e)
    e.delete_tcb(told=RESET)


def _passes_second(e: Event) -> None:
    _passes_first(e)
    e.when(~e.seg.rst_bit)


# ---- fourth, check the SYN bit (third, security, is not modelled) ----------------------------------------------------


def _syn_is_seen(e: Event) -> Expr:
    """The SYN bit counts: RFC 5961 challenges it "irrespective of the sequence number".

    Where a SYN means more than a challenge ACK it must lie in the window, as what trimming leaves of the segment (step 1).
    """
    seg, me = e.seg, e.me
    challenged = (me.state != SYN_RECEIVED) | (me.opened == ACTIVE) if _challenges(e.s) else const(False)
    return seg.syn_bit & (challenged | in_window(seg.seq, me.rcv_nxt, me.rcv_wnd))


@rule(ARRIVES, "3.10.7.4, fourth, SYN-RECEIVED", SYN_RECEIVED)
def receive_syn_in_syn_received_after_passive_open(e: Event) -> None:
    """A SYN in the window of SYN-RECEIVED after a passive OPEN: back to LISTEN."""
    _passes_second(e)
    e.when(_syn_is_seen(e), e.me.opened == PASSIVE)
    history.stale_acceptance(e, True)
    e.return_to_listen()


def _syn_without_listener(e: Event) -> None:
    _passes_second(e)
    e.when(_syn_is_seen(e), (e.me.state != SYN_RECEIVED) | (e.me.opened == ACTIVE))


@rule(ARRIVES, "3.10.7.4, fourth", *STATES, only_if=_challenges, choice="rfc5961=rst-syn")
def receive_syn(e: Event) -> None:
    """A SYN is dropped, wherever its number lies, and answered by a challenge ACK."""
    _syn_without_listener(e)
    e.acknowledge()


@rule(ARRIVES, "3.10.7.4, fourth (RFC 793)", *STATES, only_if=_does_not_challenge, choice="rfc5961=off", name="receive_syn")
def receive_syn_as_error(e: Event) -> None:
    """A SYN in the window is an error: a reset is sent, the connection ends and the user is told."""
    _syn_without_listener(e)
    history.stale_acceptance(e, True)
    history.aborted(e)
    seg, number = e.seg, e.seg.seq.sort
    e.send(seq=seg.ack, rst=True, when=seg.ack_bit)
    e.send(seq=const(0, number), ack=seg.seq + seg_len(seg), rst=True, when=~seg.ack_bit)
    e.delete_tcb(told=RESET)


def _passes_fourth(e: Event) -> None:
    _passes_second(e)
    e.when(~_syn_is_seen(e))


# ---- fifth, check the ACK field --------------------------------------------------------------------------------------


@rule(ARRIVES, "3.10.7.4, fifth", *STATES)
def receive_without_ack(e: Event) -> None:
    """A segment without ACK is dropped."""
    _passes_fourth(e)
    e.when(~e.seg.ack_bit)


def _ack_in_range(e: Event) -> Expr:
    """(SND.UNA - MAX.SND.WND) =< SEG.ACK =< SND.NXT (RFC 5961 5, MAY-12); MAX.SND.WND is the window."""
    me = e.me
    lowest = me.snd_una - e.s.window
    return e.seg.ack - lowest <= me.snd_nxt - lowest


@rule(ARRIVES, "3.10.7.4, fifth; MAY-12", *STATES, only_if=lambda s: s.rfc5961 == "all", choice="rfc5961=all")
def receive_ack_out_of_range(e: Event) -> None:
    """An ACK outside the range that our sends allow is dropped, and answered by an ACK."""
    _passes_fourth(e)
    e.when(e.seg.ack_bit, ~_ack_in_range(e))
    e.acknowledge()


def _passes_ack_bit(e: Event) -> None:
    _passes_fourth(e)
    e.when(e.seg.ack_bit)
    if e.s.rfc5961 == "all":
        e.when(_ack_in_range(e))


@rule(ARRIVES, "3.10.7.4, fifth, SYN-RECEIVED; 3.5.2", SYN_RECEIVED)
def receive_unacceptable_ack_in_syn_received(e: Event) -> None:
    """An ACK of something that this incarnation never sent is answered by a reset; the state stays."""
    _passes_ack_bit(e)
    e.when(~e.ack_is_acceptable())
    e.reset_by_ack()


def _establish(e: Event) -> None:
    """Enter ESTABLISHED from SYN-RECEIVED on an acceptable ACK; text that waited and text that came are delivered."""
    me, seg = e.me, e.seg
    history.stale_acceptance(e, True)
    history.connected(e, me.irs, me.irs_from)
    e.set(me.snd_una, seg.ack)
    e.set(me.retries, 0)
    e.enter(ESTABLISHED)
    text = receive_text(e, me.rcv_nxt + me.syn_text)
    e.set(me.syn_text, 0)
    e.step.event("third-segment-data", text.advance > 0)
    e.step.event("syn-data-delivered", me.syn_text > 0)
    e.acknowledge(text.rcv_nxt, when=(text.advance > 0) | (me.syn_text > 0))


@rule(ARRIVES, "3.10.7.4, fifth, SYN-RECEIVED", SYN_RECEIVED)
def receive_ack_in_syn_received(e: Event) -> None:
    """The ACK of our SYN: the connection is established; what text there is in order is delivered and acknowledged."""
    _passes_ack_bit(e)
    e.when(e.ack_is_acceptable())
    _establish(e)


@rule(ARRIVES, "3.10.7.4, fifth, ESTABLISHED", ESTABLISHED)
def receive_ack_of_nothing_sent_in_established(e: Event) -> None:
    """An ACK of something not yet sent is dropped, and answered by an ACK."""
    _passes_ack_bit(e)
    e.when(~e.ack_is_acceptable(), ~e.ack_is_old())
    e.acknowledge()


@rule(ARRIVES, "3.10.7.4, fifth and seventh, ESTABLISHED", ESTABLISHED)
def receive_new_ack_in_established(e: Event) -> None:
    """An ACK of something new: SND.UNA advances; what text there is in order is delivered and acknowledged."""
    me, seg = e.me, e.seg
    _passes_ack_bit(e)
    e.when(e.ack_is_acceptable())
    history.stale_acceptance(e, True)
    e.set(me.snd_una, seg.ack)
    e.set(me.retries, 0)
    text = receive_text(e, me.rcv_nxt)
    if e.s.handshake == "two-way":  # where ESTABLISHED may still wait for the ACK of its SYN
        e.step.event("third-segment-data", (me.snd_una == me.iss) & (text.advance > 0))
    e.acknowledge(text.rcv_nxt, when=text.advance > 0)


@rule(ARRIVES, "3.10.7.4, fifth and seventh, ESTABLISHED", ESTABLISHED)
def receive_old_ack_in_established(e: Event) -> None:
    """A duplicate ACK is ignored; what text there is in order is delivered and acknowledged."""
    me = e.me
    _passes_ack_bit(e)
    e.when(~e.ack_is_acceptable(), e.ack_is_old())
    text = receive_text(e, me.rcv_nxt)
    history.stale_acceptance(e, text.advance > 0)
    e.acknowledge(text.rcv_nxt, when=text.advance > 0)


RULES: tuple[Rule, ...] = (
    receive_syn_ack_in_syn_received, receive_unacceptable_rst, receive_unacceptable, receive_inexact_rst,
    receive_rst_in_syn_received_after_passive_open, receive_rst_in_syn_received_after_active_open,
    receive_rst_in_syn_received_whatever_the_open, receive_rst_in_established,
    receive_syn_in_syn_received_after_passive_open, receive_syn, receive_syn_as_error, receive_without_ack,
    receive_ack_out_of_range, receive_unacceptable_ack_in_syn_received, receive_ack_in_syn_received,
    receive_ack_of_nothing_sent_in_established, receive_new_ack_in_established, receive_old_ack_in_established,
)  # fmt: skip
