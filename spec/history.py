"""History: which incarnation sent what to whom. It serves the properties; no guard reads it, and erasing it changes no step.

Every choice of an ISS begins a new *incarnation* of an end. Counting them would make the state space infinite (a
passive end can pass through unboundedly many half-opened incarnations), so bits are kept:

* of a segment: `present`, `known`, `taken` (see `segment.segment_sort`);
* of an end: `irs_from`, whose SYN set its IRS; `taken` and `irs_taken`, who has connected to whom; `peer_was_unwilling`, since
  when it opens; `missed`, `dropped` and `ended`, how its connection was closed.

Where time is modelled, the mark `late` of a segment and `heard` of an end say whether the ACK of its FIN was sent before
TIME-WAIT was last begun.

Where sequence numbers come again within one connection (`wrap`), a number does not say which octet it is. Octets sent and
delivered are then counted, and a segment bears the mark `lap`: together they give the place of each octet among all that its
sender has sent. The receiver's count stops two beyond all octets that there are, where every octet is out of its place.

A FIN that waits (`reassembly=on`) has no mark of its own: where a later octet lets an old one be taken, `no-stale-acceptance`
does not see it. Resets, and what an attacker sent, count as old when TIME-WAIT ends. A connection that one end has left by a
new one before the other has left it is not asked what it delivered.

Of the incarnations of one end that are past, those with equal bits are not told apart: `no-stale-data` and
`no-stale-acceptance` may miss a step in which one past incarnation passes for another. They never see one that is not there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from synproof.engine.expr import FALSE, Expr, Operand, all_of, any_of, bag_of, clamp, count_if, ite, negate, slots
from synproof.engine.sorts import Bag, Int

from .segment import replace
from .states import (
    ACTIVE,
    CLOSE_WAIT,
    CLOSED,
    KEPT_ALIVE,
    KNOWN,
    LAST_ACK,
    LATE,
    LISTEN,
    NO,
    NOBODY,
    PAST,
    PRESENT,
    SYN_RECEIVED,
    SYN_SENT,
    TIME_WAIT,
    TIMELY,
    WILLING,
)
from .tcb import ZERO
from .telling import NEW_ISS

if TYPE_CHECKING:
    from collections.abc import Callable

    from .event import Event

__all__ = [
    "aborted", "arrival", "begin_incarnation", "closed_first", "connected", "delivered", "ended_by_fins", "fin_acknowledged",
    "fin_taken", "found_dead", "is_late", "is_misplaced", "is_stale", "knows_peer", "lap", "octets_dropped", "origin",
    "refused", "set_aside", "stale_acceptance", "state_entered", "syn_text_delivered", "take_irs", "take_up_again",
    "tcb_deleted", "time_wait_cut_short", "time_wait_over", "time_wait_restarted",
]  # fmt: skip


def _rewrite(e: Event, channel: Expr, change: Callable[[Expr], Expr]) -> None:
    """Change every segment in flight in a direction."""
    bag = e.step.now(channel)
    assert isinstance(bag.sort, Bag)
    e.step.change(channel, bag_of(bag.sort, [(full, change(segment)) for full, segment in slots(bag)]))


# ---- incarnations begin and end --------------------------------------------------------------------------------------


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

    _rewrite(e, e.end.to_peer, past)
    _rewrite(e, e.end.to_me, lambda segment: replace(segment, known=False))
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


# ---- events ----------------------------------------------------------------------------------------------------------


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

    _rewrite(e, e.end.to_me, spent)


def arrival(e: Event) -> None:
    """Witnesses: what an arriving segment shows of the past."""
    seg = e.seg
    old = ~seg.present & ~seg.rst_bit
    e.step.event("old-syn", old & seg.syn_bit)
    e.step.event("old-ack", all_of(old, seg.ack_bit, ~seg.syn_bit, ~(seg.len > 0)))
    e.step.event("old-data", old & (seg.len > 0))
    if e.s.keepalive is not None and any(e.state is kept for kept in KEPT_ALIVE):
        e.step.event("kept-alive-by-old", old & any_of(e.me.idle_for > 0, e.me.probes > 0))


def _same_source(e: Event, segment: Expr) -> Expr:
    """The segment was sent by the incarnation whose SYN set the present IRS."""
    me = e.me
    return any_of(
        (me.irs_from == PRESENT) & segment.present,
        ~segment.present & any_of((me.irs_from == KNOWN) & segment.known, (me.irs_from == PAST) & ~segment.known),
    )


def is_stale(e: Event) -> Expr:
    """The data of the arriving segment was not sent by the incarnation that this end is connected to, to this
    incarnation (after it had taken its IRS from it, or on that SYN itself)."""
    return ~(_same_source(e, e.seg) & (e.seg.known | e.seg.syn_bit))


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


def stale_acceptance(e: Event, changes: Operand) -> None:
    """The arriving segment changes something (where `changes` holds): an event if another incarnation sent it."""
    same = _same_source(e, e.seg)
    words = f"the segment was sent by the incarnation whose SYN set the {e.me.end}'s IRS"
    e.step.event("stale-acceptance", all_of(changes, ~same), (words, same))


def syn_text_delivered(e: Event, octets: Expr) -> None:
    """The octets that came on the SYN are delivered."""
    e.step.event("syn-data-delivered", octets > 0)
    _count_delivered(e, octets)


def _count_delivered(e: Event, octets: Expr) -> None:
    if (count := e.me.octets_delivered) is not ZERO:
        assert isinstance(count.sort, Int)
        e.step.change(count, clamp(e.step.now(count) + octets, 0, count.sort.hi))


def delivered(e: Event, octets: Expr, stale: Operand) -> None:
    """So many octets are delivered to the user, some of which are `stale`."""
    sender = f"the octets were sent by the incarnation of the {e.peer.end} that the {e.me.end} is connected to"
    receiver = f"and they were sent to the present incarnation of the {e.me.end}"
    clauses: list[tuple[str, Expr]] = [(sender, _same_source(e, e.seg)), (receiver, any_of(e.seg.known, e.seg.syn_bit))]
    _count_delivered(e, octets)
    if e.me.octets_delivered is not ZERO:
        misplaced = all_of(stale, *(truth for _, truth in clauses))
        clauses.append(("and each belongs where it is delivered: it is no older one of the same number", negate(misplaced)))
    if e.me.gets_fin and e.me.sends_fin:  # else the connection does not end by FINs
        e.step.change(e.me.missed, e.me.missed | all_of(stale))  # for it took the place of another
    e.step.event("stale-data", stale, *clauses)


def aborted(e: Event) -> None:
    """This end's connection is ended by a reset or by giving up: an event if both ends were synchronized with each other."""
    me, peer = e.me, e.peer
    both = all_of(me.is_synchronized, peer.is_synchronized, me.is_matched, peer.is_matched)
    words = f"one of the ends is not synchronized with the other when the {me.end}'s connection is ended"
    e.step.event("spurious-abort", both, (words, ~both))


# ---- connections end -------------------------------------------------------------------------------------------------


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


def time_wait_cut_short(e: Event) -> None:
    """TIME-WAIT ends by something that arrives."""
    e.step.event("time-wait-cut-short", True)


def time_wait_restarted(e: Event, when: Operand) -> None:
    """Where `when` holds TIME-WAIT begins again: whatever this end has sent so far was sent before."""
    peer = e.peer
    if peer.heard is ZERO:
        return
    _rewrite(e, e.end.to_peer, lambda segment: replace(segment, late=segment.late & ~all_of(when)))
    e.step.change(peer.heard, ite((peer.heard == LATE) & all_of(when), TIMELY, peer.heard))


def is_late(e: Event) -> Operand:
    """What this end sends now is sent in TIME-WAIT after that was last begun."""
    return negate(e.restarts_time_wait) if e.state is TIME_WAIT else False


def fin_acknowledged(e: Event) -> None:
    """The ACK of this end's FIN has come."""
    if e.me.heard is not ZERO:
        e.step.change(e.me.heard, ite(e.seg.late, LATE, TIMELY))


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


def found_dead(e: Event) -> None:
    """Keepalive gives the peer up: events, and whether it has done so after the time that its settings say."""
    alive = e.s.keepalive
    e.step.event("found-dead", True)
    if alive is not None and alive.idle is not None and alive.interval is not None:
        in_time = e.me.silent_for == alive.idle + alive.probes * alive.interval
        words = f"the {e.me.end} had heard nothing for IDLE + PROBES * INTERVAL ticks"
        e.step.event("found-dead-at-another-time", ~in_time, (words, in_time))


def refused(e: Event) -> None:
    """This end's active open is refused: an event if the peer was willing all the time."""
    words = f"since the {e.me.end}'s OPEN the {e.peer.end} was not willing at some time"
    e.step.event("spurious-refusal", ~e.me.peer_was_unwilling, (words, e.me.peer_was_unwilling))

