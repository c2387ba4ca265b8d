"""Endings: connections are refused, aborted, given up or closed by FINs, and then something may be missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synproof.engine.expr import all_of

from ..states import CLOSE_WAIT, LAST_ACK
from ..tcb import ZERO

if TYPE_CHECKING:
    from ..event import Event

__all__ = ["aborted", "closed_first", "ended_by_fins", "fin_taken", "found_dead", "octets_dropped", "refused"]


def aborted(e: Event) -> None:
    """This end's connection is ended by a reset or by giving up: an event if both ends were synchronized with each other."""
    me, peer = e.me, e.peer
    both = all_of(me.is_synchronized, peer.is_synchronized, me.is_matched, peer.is_matched)
    words = f"one of the ends is not synchronized with the other when the {me.end}'s connection is ended"
    e.step.event("spurious-abort", both, (words, ~both))


def refused(e: Event) -> None:
    """This end's active open is refused: an event if the peer was willing all the time."""
    words = f"since the {e.me.end}'s OPEN the {e.peer.end} was not willing at some time"
    e.step.event("spurious-refusal", ~e.me.peer_was_unwilling, (words, e.me.peer_was_unwilling))


def found_dead(e: Event) -> None:
    """Keepalive gives the peer up: events, and whether it has done so after the time that its settings say."""
    alive = e.s.keepalive
    e.step.event("found-dead", True)
    if alive is not None and alive.idle is not None and alive.interval is not None:
        in_time = e.me.silent_for == alive.idle + alive.probes * alive.interval
        words = f"the {e.me.end} had heard nothing for IDLE + PROBES * INTERVAL ticks"
        e.step.event("found-dead-at-another-time", ~in_time, (words, in_time))


def fin_taken(e: Event) -> None:
    """The peer's FIN is processed: note whether something that the peer sent before it was not delivered here."""
    me, peer = e.me, e.peer
    delivered = (e.step.now(me.rcv_nxt) - me.irs) - 2  # behind the SYN, and without the FIN
    missed = delivered != peer.sent
    if me.octets_delivered is not ZERO:
        missed = e.step.now(me.octets_delivered) != peer.sent
    both = all_of(peer.is_synchronized, me.is_matched, peer.is_matched)
    e.step.change(me.missed, e.step.now(me.missed) | (both & missed))


def octets_dropped(e: Event) -> None:
    """What the user has handed over and was not sent yet will not be sent any more."""
    e.step.change(e.me.dropped, e.me.queued > 0)


def ended_by_fins(e: Event) -> None:
    """This end's connection ends by FINs alone: an event if the other end's has too, and something is missing."""
    me, peer = e.me, e.peer
    both = all_of(me.is_matched, peer.ended, ~me.reset_sent)
    missed, dropped = me.missed | peer.missed, me.dropped | peer.dropped
    sent = "every octet that was sent has been delivered"
    handed_over = "every octet that a user had handed over was sent"
    e.step.event("octets-missed", both & missed, (sent, ~missed))
    e.step.event("octets-lost", both & (missed | dropped), (sent, ~missed), (handed_over, ~dropped))
    e.step.change(me.ended, me.is_matched & ~me.reset_sent)


def closed_first(e: Event) -> None:
    """This end enters CLOSED: an event if the other has received its FIN first and is not CLOSED yet."""
    me, peer = e.me, e.peer
    if peer.gets_fin:
        waits = all_of(me.is_matched, peer.is_matched, peer.state.isin(CLOSE_WAIT, LAST_ACK))
        words = f"the {peer.end}, which received the first FIN, is CLOSED when the {me.end} enters CLOSED"
        e.step.event("active-closer-first", waits, (words, ~waits))
