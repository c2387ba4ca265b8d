"""SEGMENT ARRIVES in all other states (RFC 9293 3.10.7.4), first to fourth: sequence number, RST, SYN.

Each step presupposes that the ones before it let the segment pass: `passes_first` to `passes_fourth` say what that means. A
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
from .states import (
    ACTIVE,
    CLOSE_WAIT,
    CLOSING,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    LAST_ACK,
    PASSIVE,
    REFUSED,
    RESET,
    SYN_RECEIVED,
    SYNCHRONIZED,
    TIME_WAIT,
)
from .time_wait import answered_in_time_wait, reopens, return_to_time_wait

__all__ = [
    "RULES", "STATES", "acks_nothing_sent", "is_syn_ack_of_figure_7", "passes_first", "passes_fourth", "rst_is_believed",
    "syn_is_seen",
]  # fmt: skip

ARRIVES = Kind.SEGMENT_ARRIVES
STATES = (SYN_RECEIVED, *SYNCHRONIZED)
BEFORE_TIME_WAIT = STATES[:-1]


def _challenges(s: Settings) -> bool:
    return s.rfc5961 != "off"


def _does_not_challenge(s: Settings) -> bool:
    return s.rfc5961 == "off"


def is_syn_ack_of_figure_7(e: Event) -> Expr:
    """The SYN-ACK of a simultaneous open, whose SYN has arrived already: Table 6 rejects it, figure 7 draws it accepted."""
    me, seg = e.me, e.seg
    if e.s.simultaneous_open != "figure-7":
        return const(False)
    return all_of(
        me.state == SYN_RECEIVED, seg.syn_bit, seg.ack_bit, ~seg.rst_bit, seg.seq == me.irs, e.ack_is_acceptable()
    )


# ---- first, check sequence number ------------------------------------------------------------------------------------


@rule(ARRIVES, "3.10.7.4, first", *STATES)
def receive_unacceptable_rst(e: Event) -> None:
    """A reset outside the window is dropped."""
    e.when(~e.acceptable(), e.seg.rst_bit)


@rule(ARRIVES, "3.10.7.4, first", *STATES)
def receive_unacceptable(e: Event) -> None:
    """A segment outside the window is dropped, and answered by an ACK that says what is expected."""
    e.when(~e.acceptable(), ~e.seg.rst_bit, ~is_syn_ack_of_figure_7(e), ~reopens(e))
    if e.state is SYN_RECEIVED and e.s.reads("reset-outside"):
        e.when(~acks_nothing_sent(e))
    answered_in_time_wait(e)
    e.acknowledge()


def acks_nothing_sent(e: Event) -> Expr:
    """The segment carries an ACK, and not one of what SYN-RECEIVED has sent."""
    return e.seg.ack_bit & ~e.ack_is_acceptable()


def passes_first(e: Event) -> None:
    """The segment is acceptable, and does not reopen the connection."""
    e.when(e.acceptable(), ~reopens(e))


# ---- second, check the RST bit ---------------------------------------------------------------------------------------


def rst_is_believed(e: Event) -> Expr:
    """Exactly RCV.NXT with RFC 5961, anywhere in the window without."""
    return e.seg.rst_bit if e.s.rfc5961 == "off" else e.seg.rst_bit & (e.seg.seq == e.me.rcv_nxt)


@rule(ARRIVES, "3.10.7.4, second, 3)", *BEFORE_TIME_WAIT, only_if=_challenges, choice="rfc5961")
def receive_inexact_rst(e: Event) -> None:
    """A reset in the window but not at RCV.NXT is dropped, and answered by a challenge ACK."""
    passes_first(e)
    e.when(e.seg.rst_bit, e.seg.seq != e.me.rcv_nxt)
    answered_in_time_wait(e)
    e.acknowledge()


@rule(
    ARRIVES, "3.10.7.4, second, 3)", TIME_WAIT,
    only_if=lambda s: _challenges(s) and _heeds_rst_in_time_wait(s), choice="rfc5961", name="receive_inexact_rst_in_time_wait",
)  # fmt: skip
def challenge_inexact_rst_in_time_wait(e: Event) -> None:
    """A reset in the window but not at RCV.NXT is dropped, and answered by a challenge ACK."""
    receive_inexact_rst.write(e)


@rule(ARRIVES, "3.10.7.4, second, SYN-RECEIVED", SYN_RECEIVED)
def receive_rst_in_syn_received_after_passive_open(e: Event) -> None:
    """A reset in SYN-RECEIVED after a passive OPEN: back to LISTEN; the user need not be told."""
    passes_first(e)
    e.when(rst_is_believed(e), e.me.opened == PASSIVE, ~e.me.reopened)
    e.step.event("cleared-by-rst", True)
    e.return_to_listen()


def _may_be_reopened(s: Settings) -> bool:
    return s.time_wait_reuse != "off"


@rule(
    ARRIVES, "3.10.7.4, second, SYN-RECEIVED; MAY-2 (2)", SYN_RECEIVED, only_if=_may_be_reopened, choice="time-wait-reuse"
)  # fmt: skip
def receive_rst_in_syn_received_after_time_wait(e: Event) -> None:
    """A reset in SYN-RECEIVED after TIME-WAIT: the SYN was an old duplicate, and TIME-WAIT begins again."""
    passes_first(e)
    e.when(rst_is_believed(e), e.me.opened == PASSIVE)
    return_to_time_wait(e)


def _refuses(s: Settings) -> bool:
    return s.must_11 and not s.reads("same-syn-again") and not s.reads("new-syn-again")


@rule(ARRIVES, "3.10.7.4, second, SYN-RECEIVED; MUST-11", SYN_RECEIVED, only_if=_refuses)
def receive_rst_in_syn_received_after_active_open(e: Event) -> None:
    """A reset in SYN-RECEIVED after an active OPEN: the connection is refused."""
    passes_first(e)
    e.when(rst_is_believed(e), e.me.opened == ACTIVE)
    history.refused(e)
    e.delete_tcb(told=REFUSED)


@rule(
    ARRIVES, "3.5 against MUST-11", SYN_RECEIVED,
    only_if=lambda s: not s.must_11, choice="must-11=off", name="receive_rst_in_syn_received_after_active_open",
)  # fmt: skip
def receive_rst_in_syn_received_whatever_the_open(e: Event) -> None:
    """A reset in SYN-RECEIVED leads to LISTEN although the OPEN was active (a sentence of 3.5 taken literally)."""
    passes_first(e)
    e.when(rst_is_believed(e), e.me.opened == ACTIVE)
    e.return_to_listen()


@rule(ARRIVES, "3.10.7.4, second", ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT)
def receive_rst(e: Event) -> None:
    """A reset ends the connection, and the user is told."""
    passes_first(e)
    e.when(rst_is_believed(e))
    history.aborted(e)
    e.delete_tcb(told=RESET)


def _does_not_tell(s: Settings) -> bool:
    return not s.reads("reset-is-told")


def _heeds_rst_in_time_wait(s: Settings) -> bool:
    return not s.rfc1337 and _does_not_tell(s)


@rule(
    ARRIVES, "3.10.7.4, second, CLOSING and LAST-ACK", CLOSING, LAST_ACK, only_if=_does_not_tell, name="receive_rst"
)  # fmt: skip
def receive_rst_behind_fin(e: Event) -> None:
    """A reset ends the connection, and nobody is told: the user has called CLOSE, and knows that the peer has."""
    passes_first(e)
    e.when(rst_is_believed(e))
    history.aborted(e)
    e.delete_tcb()


@rule(ARRIVES, "3.10.7.4, second, TIME-WAIT", TIME_WAIT, only_if=_heeds_rst_in_time_wait)
def receive_rst_in_time_wait(e: Event) -> None:
    """A reset ends TIME-WAIT before its time: the assassination of RFC 1337."""
    passes_first(e)
    e.when(rst_is_believed(e))
    history.aborted(e)
    history.time_wait_cut_short(e)
    e.delete_tcb()


@rule(
    ARRIVES, "RFC 1337, 3, F1", TIME_WAIT,
    only_if=lambda s: s.rfc1337, choice="rfc1337=on", name="receive_rst_in_time_wait",
)  # fmt: skip
def ignore_rst_in_time_wait(e: Event) -> None:
    """A reset in TIME-WAIT is ignored, and not even challenged if its number is inexact."""
    passes_first(e)
    e.when(e.seg.rst_bit)


def _passes_second(e: Event) -> None:
    passes_first(e)
    e.when(~e.seg.rst_bit)


# ---- fourth, check the SYN bit (third, security, is not modelled) ----------------------------------------------------


def syn_is_seen(e: Event) -> Expr:
    """The SYN bit counts: RFC 5961 challenges it "irrespective of the sequence number".

    Where a SYN means more than a challenge ACK it must lie in the window, as what trimming leaves of the segment (step 1).
    """
    seg, me = e.seg, e.me
    challenged: Expr = const(False)
    if _challenges(e.s) and not e.s.reads("syn-trimmed"):
        challenged = (me.state != SYN_RECEIVED) | (me.opened == ACTIVE)
    if e.s.reads("syn-untrimmed"):
        challenged = challenged | ((me.state == SYN_RECEIVED) & (me.opened == PASSIVE))
    return seg.syn_bit & (challenged | in_window(seg.seq, me.rcv_nxt, me.rcv_wnd))


def _syn_with_listener(e: Event) -> None:
    """By another reading the SYN need not lie in the window."""
    _passes_second(e)
    e.when(syn_is_seen(e), e.me.opened == PASSIVE)
    if e.reads("syn-untrimmed"):
        e.step.sentence = e.step.sentence.replace("A SYN in the window of", "A SYN, wherever its number lies, in")


@rule(ARRIVES, "3.10.7.4, fourth, SYN-RECEIVED", SYN_RECEIVED)
def receive_syn_in_syn_received_after_passive_open(e: Event) -> None:
    """A SYN in the window of SYN-RECEIVED after a passive OPEN: back to LISTEN."""
    _syn_with_listener(e)
    e.when(~e.me.reopened)
    history.stale_acceptance(e, True)
    e.return_to_listen()


@rule(
    ARRIVES, "3.10.7.4, fourth, SYN-RECEIVED; MAY-2 (2)", SYN_RECEIVED, only_if=_may_be_reopened, choice="time-wait-reuse"
)  # fmt: skip
def receive_syn_in_syn_received_after_time_wait(e: Event) -> None:
    """A SYN in the window of SYN-RECEIVED after TIME-WAIT: one of the two was an old duplicate, and TIME-WAIT begins again."""
    _syn_with_listener(e)
    history.stale_acceptance(e, True)
    return_to_time_wait(e)


def _syn_without_listener(e: Event) -> None:
    _passes_second(e)
    e.when(syn_is_seen(e), (e.me.state != SYN_RECEIVED) | (e.me.opened == ACTIVE))


@rule(ARRIVES, "3.10.7.4, fourth", *STATES, only_if=_challenges, choice="rfc5961")
def receive_syn(e: Event) -> None:
    """A SYN is dropped, wherever its number lies, and answered by a challenge ACK."""
    _syn_without_listener(e)
    if e.reads("syn-trimmed"):
        e.step.sentence = "A SYN in the window is dropped, and answered by a challenge ACK."
    answered_in_time_wait(e)
    e.acknowledge()


@rule(ARRIVES, "3.10.7.4, fourth (RFC 793)", *STATES, only_if=_does_not_challenge, choice="rfc5961=off", name="receive_syn")
def receive_syn_as_error(e: Event) -> None:
    """A SYN in the window is an error: a reset is sent, the connection ends and the user is told."""
    _syn_without_listener(e)
    history.stale_acceptance(e, True)
    history.aborted(e)
    if e.state is TIME_WAIT:
        history.time_wait_cut_short(e)
    seg, number = e.seg, e.seg.seq.sort
    e.send(seq=seg.ack, rst=True, when=seg.ack_bit)
    e.send(seq=const(0, number), ack=seg.seq + seg_len(seg), rst=True, when=~seg.ack_bit)
    e.delete_tcb(told=RESET)


def passes_fourth(e: Event) -> None:
    """The segment is acceptable, no reset, and its SYN, if any, lies before the window."""
    _passes_second(e)
    e.when(~syn_is_seen(e))


RULES: tuple[Rule, ...] = (
    receive_unacceptable_rst, receive_unacceptable, receive_inexact_rst, challenge_inexact_rst_in_time_wait,
    receive_rst_in_syn_received_after_passive_open, receive_rst_in_syn_received_after_time_wait,
    receive_rst_in_syn_received_after_active_open,
    receive_rst_in_syn_received_whatever_the_open, receive_rst, receive_rst_behind_fin,
    receive_rst_in_time_wait, ignore_rst_in_time_wait, receive_syn_in_syn_received_after_passive_open,
    receive_syn_in_syn_received_after_time_wait, receive_syn,
    receive_syn_as_error,
)  # fmt: skip
