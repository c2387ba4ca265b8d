"""Octets: whether those that are delivered are of this connection, and each is the one that belongs at its place.

Where sequence numbers come again within one connection (`wrap`), a number does not say which octet it is. Octets sent and
delivered are then counted, and a segment bears the mark `lap`: together they give the place of each octet among all that its
sender has sent. The receiver's count stops two beyond all octets that there are, where every octet is out of its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from synproof.engine.expr import FALSE, Expr, Operand, all_of, any_of, clamp, count_if, ite, negate
from synproof.engine.sorts import Int

from ..tcb import ZERO
from .incarnations import same_source

if TYPE_CHECKING:
    from ..event import Event

__all__ = ["delivered", "is_misplaced", "is_stale", "lap", "syn_text_delivered"]


def is_stale(e: Event) -> Expr:
    """The data of the arriving segment was not sent by the incarnation that this end is connected to, to this
    incarnation (after it had taken its IRS from it, or on that SYN itself)."""
    return ~(same_source(e, e.seg) & (e.seg.known | e.seg.syn_bit))


def lap(e: Event, seq: Expr, octets: Operand) -> Operand:
    """How often the numbers of octets had come again at SEQ, for the octets that are sent there now; 0 where there are none."""
    if not isinstance(octets, Expr):
        return 0
    place = e.me.numbers_used - (e.me.snd_nxt - seq)
    begins = [place >= (i << e.s.seq_bits) for i in range(1, e.s.laps + 1)]
    return ite(octets > 0, count_if(begins), 0)


def is_misplaced(e: Event, rcv_nxt: Expr, within: Expr, *, ahead: int = 0) -> Expr:
    """The octet that comes `within` so many others in the arriving segment's text is not the one that belongs at RCV.NXT +
    `ahead`, though it bears that number. `rcv_nxt` is RCV.NXT as the earlier steps left it."""
    me, seg = e.me, e.seg
    if me.octets_delivered is ZERO:
        return FALSE
    belongs = me.numbers_received + (rcv_nxt - me.rcv_nxt) + ahead
    place = (seg.seq - me.irs) + ite(seg.syn_bit, 1, 0) + within
    for i in range(1, e.s.laps + 1):
        place = place + ite(seg.lap >= i, 1 << e.s.seq_bits, 0)
    return place != belongs


def syn_text_delivered(e: Event, octets: Expr) -> None:
    """The octets that came on the SYN are delivered."""
    e.step.event("syn-data-delivered", octets > 0)
    _count_delivered(e, octets)


def delivered(e: Event, octets: Expr, stale: Operand) -> None:
    """So many octets are delivered to the user, some of which are `stale`."""
    sender = f"the octets were sent by the incarnation of the {e.peer.end} that the {e.me.end} is connected to"
    receiver = f"and they were sent to the present incarnation of the {e.me.end}"
    clauses: list[tuple[str, Expr]] = [(sender, same_source(e, e.seg)), (receiver, any_of(e.seg.known, e.seg.syn_bit))]
    _count_delivered(e, octets)
    if e.me.octets_delivered is not ZERO:
        misplaced = all_of(stale, *(truth for _, truth in clauses))
        clauses.append(("and each belongs where it is delivered: it is no older one of the same number", negate(misplaced)))
    if e.me.gets_fin and e.me.sends_fin:  # else the connection does not end by FINs
        e.step.change(e.me.missed, e.me.missed | all_of(stale))  # for it took the place of another
    e.step.event("stale-data", stale, *clauses)


def _count_delivered(e: Event, octets: Expr) -> None:
    if (count := e.me.octets_delivered) is not ZERO:
        assert isinstance(count.sort, Int)
        e.step.change(count, clamp(e.step.now(count) + octets, 0, count.sort.hi))
