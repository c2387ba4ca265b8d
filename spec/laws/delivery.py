"""Delivery: text in order is delivered and acknowledged as it comes (3.10.7.4, seventh)."""

from __future__ import annotations

from collections.abc import Iterator

from synproof.engine.expr import FALSE, all_of, any_of, implies

from ..states import RECEIVING
from .does import Does
from .law import Clause, Law

__all__ = ["NEXT_OCTET_IS_DELIVERED"]


def _delivery(does: Does) -> Iterator[Clause]:
    """3.10.7.4, seventh: text in order is delivered and acknowledged at once, and other text is not; SHLD-31."""
    if does.seg is None:
        return
    me, a, seg = does.me, does.arriving, does.seg
    moved = does.after(me.rcv_nxt) - me.rcv_nxt
    receives = [state.isin(*RECEIVING) for state in (me.state, does.after(me.state))]
    stays = all_of(*receives)
    begins = a.late & receives[1]
    usable = stays & a.ack_usable
    start = seg.seq - me.rcv_nxt
    yield "RCV.NXT stays where the next octet has not come", implies(stays & (start != 0) & (start < me.rcv_wnd), moved == 0)
    yield "the next octet is delivered", implies(all_of(usable, ~seg.syn_bit, me.rcv_nxt - seg.seq < seg.len), moved > 0)
    yield "what is delivered is acknowledged", implies(begins & (moved > 0), does.some(lambda s: s.ack_bit & ~s.rst_bit))
    yield "an ACK without text is not answered", implies(
        all_of(begins, a.ack_usable, seg.len == 0, moved == 0), does.every(lambda _: FALSE)
    )
    for i, held in enumerate(me.held, 1):
        early = any_of(held, all_of(a.ack_usable, ~seg.syn_bit, me.rcv_nxt + i - seg.seq < seg.len))
        yield f"octet RCV.NXT+{i} is kept if it came early", implies(all_of(begins, early, moved == 0), does.after(held))
    if me.held and me.gets_fin:
        place, kept = start + seg.len, does.after(me.held_fin) + moved
        yield "a FIN is kept if it came early", implies(
            all_of(usable, seg.fin_bit, ~seg.syn_bit, place > moved, place < me.rcv_wnd), kept == place
        )
        yield "and until it is next", implies(all_of(stays, ~seg.fin_bit, me.held_fin > moved), kept == me.held_fin)


NEXT_OCTET_IS_DELIVERED = Law(
    "next-octet-is-delivered",
    "Where text is received, the next octet is delivered and acknowledged when it comes, and no other is.",
    _delivery,
)
