"""Incarnations: they begin, learn of each other, connect, and show themselves in what arrives."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from synproof.engine.expr import Expr, Operand, all_of, any_of, bag_of, ite, slots
from synproof.engine.sorts import Bag

from ..segment import replace
from ..states import (
    ACTIVE,
    CLOSED,
    KEPT_ALIVE,
    KNOWN,
    LISTEN,
    NO,
    NOBODY,
    PAST,
    PRESENT,
    SYN_RECEIVED,
    SYN_SENT,
    WILLING,
)
from ..tcb import ZERO
from ..telling import NEW_ISS

if TYPE_CHECKING:
    from ..event import Event

__all__ = [
    "arrival", "begin_incarnation", "change_in_flight", "connected", "knows_peer", "origin", "same_source", "set_aside",
    "stale_acceptance", "state_entered", "take_irs", "take_up_again", "tcb_deleted",
]  # fmt: skip


def change_in_flight(e: Event, channel: Expr, change: Callable[[Expr], Expr]) -> None:
    """Change every segment in flight in a direction."""
    bag = e.step.now(channel)
    assert isinstance(bag.sort, Bag)
    e.step.change(channel, bag_of(bag.sort, [(full, change(segment)) for full, segment in slots(bag)]))


def begin_incarnation(e: Event) -> None:
    """A new ISS was chosen: what this end has in flight is now of an earlier incarnation, and so is what the peer
    knows of it."""
    me, peer = e.me, e.peer
    e.step.tags |= {NEW_ISS}
    acquainted = me.irs_from == PRESENT

    def past(segment: Expr) -> Expr:
        bare_syn = segment.present & segment.syn_bit & ~segment.ack_bit
        return replace(
            segment,
            present=False,
            known=segment.known | (bare_syn & acquainted),
            taken=ite(segment.present & segment.syn_bit, me.taken, segment.taken),
        )

    change_in_flight(e, e.end.to_peer, past)
    change_in_flight(e, e.end.to_me, lambda segment: replace(segment, known=False))
    gone = ite(peer.state.isin(CLOSED, LISTEN), NOBODY, ite(acquainted, KNOWN, PAST))
    e.step.change(peer.irs_from, ite(peer.irs_from == PRESENT, gone, peer.irs_from))
    if peer.former:
        e.step.change(peer.former_irs_from, ite(peer.former_irs_from == PRESENT, gone, peer.former_irs_from))
    e.step.change(me.taken, False)
    e.step.change(me.irs_from, NOBODY)
    for mark in (me.ended, me.missed, me.dropped, peer.ended):
        e.step.change(mark, False)
    if me.heard is not ZERO:
        e.step.change(me.heard, NO)


# ---- whom they know --------------------------------------------------------------------------------------------------


def origin(segment: Expr) -> Expr:
    """Whose SYN this is, as seen by the receiver's present incarnation."""
    return ite(segment.present, PRESENT, ite(segment.known, KNOWN, PAST))


def take_irs(e: Event, *, begun: bool = False) -> None:
    """IRS was set from the SYN of the arriving segment. `begun`: this end's incarnation begins with this very step."""
    e.step.change(e.me.irs_from, ite(e.seg.present, PRESENT, PAST) if begun else origin(e.seg))
    e.step.change(e.me.irs_taken, _is_taken(e))


def _is_taken(e: Event) -> Expr:
    return ite(e.seg.present, e.peer.taken, e.seg.taken)


def tcb_deleted(e: Event) -> None:
    """Without a TCB only this still matters: that the present incarnation had taken its IRS from the peer's present one."""
    now = e.step.now(e.me.irs_from)
    e.step.change(e.me.irs_from, ite(now == PRESENT, PRESENT, NOBODY))


def set_aside(e: Event) -> None:
    """The connection is reopened from TIME-WAIT, and may have to be taken up again."""
    e.step.change(e.me.former_irs_from, e.me.irs_from)


def take_up_again(e: Event) -> None:
    """The new connection was none: TIME-WAIT is again that of the one before."""
    e.step.change(e.me.irs_from, e.me.former_irs_from)
    e.step.change(e.me.former_irs_from, NOBODY)


def knows_peer(e: Event) -> Expr:
    """Whether what this end sends now acknowledges the SYN of the peer's present incarnation."""
    return e.step.now(e.me.irs_from) == PRESENT


def state_entered(e: Event, state: Expr) -> None:
    """Keep `peer_was_unwilling` of both ends: it matters only while that end's active open is under way."""
    if not any(state is willing for willing in WILLING):
        e.step.change(e.peer.peer_was_unwilling, e.peer.peer_was_unwilling | e.peer_is_opening())
    if state is SYN_SENT and e.state is CLOSED:
        e.step.change(e.me.peer_was_unwilling, ~e.peer.state.isin(*WILLING))
    elif state is not CLOSED and state is not LISTEN:  # these two delete the TCB
        still = state is SYN_RECEIVED or state is SYN_SENT
        e.step.change(e.me.peer_was_unwilling, e.me.peer_was_unwilling & (e.me.opened == ACTIVE) if still else False)


# ---- they connect ----------------------------------------------------------------------------------------------------


def connected(
    e: Event, irs: Expr, source: Expr, *, taken: Expr | None = None, begun: bool = False, when: Operand = True
) -> None:
    """Where `when` holds, this end enters a synchronized state on a SYN of the incarnation `source`, which chose `irs`."""
    me, peer, happens = e.me, e.peer, all_of(when)
    has_met_me: Operand = False if begun else peer.irs_from == PRESENT
    e.step.event(
        "ghost-connection",
        happens & ~ite(source == PRESENT, (peer.state != CLOSED) | has_met_me, source == KNOWN),
        (f"the SYN was sent by the {peer.end}'s present incarnation", source == PRESENT),
        (f"that incarnation is there: the {peer.end} is not CLOSED", (source == PRESENT) & (peer.state != CLOSED)),
        (f"or it has taken its IRS from this incarnation of the {me.end}", ite(source == PRESENT, has_met_me, source == KNOWN)),
    )
    used = me.irs_taken if taken is None else all_of(taken)
    words = f"no earlier incarnation of the {me.end} has connected on a SYN of that incarnation"
    e.step.event("second-connection", happens & used, (words, ~used))
    e.step.change(me.irs_taken, ite(happens, False, e.step.now(me.irs_taken)))
    e.step.change(peer.taken, peer.taken | all_of(happens, source == PRESENT))
    same = all_of(happens, source != PRESENT)

    def spent(segment: Expr) -> Expr:
        return replace(
            segment, taken=segment.taken | all_of(same, ~segment.present, segment.syn_bit, ~segment.rst_bit, segment.seq == irs)
        )

    change_in_flight(e, e.end.to_me, spent)


# ---- what arrives ----------------------------------------------------------------------------------------------------


def arrival(e: Event) -> None:
    """Witnesses: what an arriving segment shows of the past."""
    seg = e.seg
    old = ~seg.present & ~seg.rst_bit
    e.step.event("old-syn", old & seg.syn_bit)
    e.step.event("old-ack", all_of(old, seg.ack_bit, ~seg.syn_bit, ~(seg.len > 0)))
    e.step.event("old-data", old & (seg.len > 0))
    if e.s.keepalive is not None and any(e.state is kept for kept in KEPT_ALIVE):
        e.step.event("kept-alive-by-old", old & any_of(e.me.idle_for > 0, e.me.probes > 0))


def same_source(e: Event, segment: Expr) -> Expr:
    """The segment was sent by the incarnation whose SYN set the present IRS."""
    me = e.me
    return any_of(
        (me.irs_from == PRESENT) & segment.present,
        ~segment.present & any_of((me.irs_from == KNOWN) & segment.known, (me.irs_from == PAST) & ~segment.known),
    )


def stale_acceptance(e: Event, changes: Operand) -> None:
    """The arriving segment changes something (where `changes` holds): an event if another incarnation sent it."""
    same = same_source(e, e.seg)
    words = f"the segment was sent by the incarnation whose SYN set the {e.me.end}'s IRS"
    e.step.event("stale-acceptance", all_of(changes, ~same), (words, same))
