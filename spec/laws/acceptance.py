"""Acceptance: what becomes of a segment outside the window, and of a SYN or an ACK in it that is not taken (3.10.7.4)."""

from __future__ import annotations

from collections.abc import Iterator

from synproof.engine.expr import all_of, any_of, implies

from .does import Does
from .law import Clause, Law

__all__ = ["UNACCEPTABLE_IS_ANSWERED"]


def _unacceptable(does: Does) -> Iterator[Clause]:
    """3.5.2, group 3; 3.10.7.4: first, fourth (RFC 5961) and fifth (an ACK of something not yet sent; MAY-12)."""
    if does.seg is None:
        return
    me, a = does.me, does.arriving
    refused = any_of(a.outside & ~a.seg.rst_bit, a.syn_challenged, a.ack_out_of_range)
    yield "a segment outside the window changes nothing", implies(a.outside, does.keeps_all())
    yield "nor does a SYN in it, or an ACK of what was never sent", implies(refused, does.keeps_all())
    answered = does.some(
        lambda s: all_of(s.seq == me.snd_nxt, s.ack_bit, s.ack == me.rcv_nxt, ~s.syn_bit, ~s.rst_bit, s.len == 0)
    )
    yield "it is answered by an ACK, unless it is a reset", implies(refused, answered)


UNACCEPTABLE_IS_ANSWERED = Law(
    "unacceptable-is-answered",
    "A segment outside the window changes nothing, and is answered by an ACK unless it is a reset.",
    _unacceptable,
)
