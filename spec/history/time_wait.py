"""TIME-WAIT: whether the ACK of the FIN was sent before it was last begun, and what the network still has when it ends.

Where time is modelled, the mark `late` of a segment and `heard` of an end say so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from synproof.engine.expr import Expr, Operand, all_of, any_of, ite, negate, slots

from ..segment import replace
from ..states import LATE, NO, PRESENT, TIME_WAIT, TIMELY
from ..tcb import ZERO
from .incarnations import change_in_flight

if TYPE_CHECKING:
    from ..event import Event

__all__ = ["fin_acknowledged", "is_late", "time_wait_cut_short", "time_wait_over", "time_wait_restarted"]


def fin_acknowledged(e: Event) -> None:
    """The ACK of this end's FIN has come."""
    if e.me.heard is not ZERO:
        e.step.change(e.me.heard, ite(e.seg.late, LATE, TIMELY))


def is_late(e: Event) -> Operand:
    """What this end sends now is sent in TIME-WAIT after that was last begun."""
    return negate(e.restarts_time_wait) if e.state is TIME_WAIT else False


def time_wait_restarted(e: Event, when: Operand) -> None:
    """Where `when` holds TIME-WAIT begins again: whatever this end has sent so far was sent before."""
    peer = e.peer
    if peer.heard is ZERO:
        return
    change_in_flight(e, e.end.to_peer, lambda segment: replace(segment, late=segment.late & ~all_of(when)))
    e.step.change(peer.heard, ite((peer.heard == LATE) & all_of(when), TIMELY, peer.heard))


def time_wait_cut_short(e: Event) -> None:
    """TIME-WAIT ends by something that arrives."""
    e.step.event("time-wait-cut-short", True)


def time_wait_over(e: Event) -> None:
    """TIME-WAIT ends by its timer: events for what the network still has of this connection, or of an older one."""
    new = ~(e.me.irs_from == PRESENT)  # what the peer's present incarnation sends is then of a newer connection
    old = [(full, segment) for full, segment in slots(e.end.to_peer)]
    old += [(full & ~(segment.present & new), segment) for full, segment in slots(e.end.to_me)]

    def left(kind: str, words: str, of_kind: Callable[[Expr], Expr]) -> None:
        found = any_of(*(full & of_kind(segment) for full, segment in old))
        none = f"no old {words} is in the network when the {e.me.end} leaves TIME-WAIT"
        e.step.event(kind, found, (none, ~found))
        if (heard := e.peer.heard) is not ZERO:
            e.step.event(f"{kind}-though-heard", found & (heard != NO), (none, ~found))
            e.step.event(f"{kind}-though-heard-in-time", found & (heard == TIMELY), (none, ~found))

    left("old-numbers-left", "SYN, data or FIN", lambda s: ~s.rst_bit & any_of(s.syn_bit, s.fin_bit, s.len > 0))
    left("old-acks-left", "pure ACK", lambda s: all_of(~s.rst_bit, s.ack_bit, ~s.syn_bit, ~s.fin_bit, ~(s.len > 0)))
    left("old-resets-left", "reset", lambda s: s.rst_bit)
