"""Seventh, process the segment text (RFC 9293 3.10.7.4): what of a segment is new, what is delivered, what waits.

Sequence numbers are compared as distances from RCV.NXT. Octets that arrive early wait only under `reassembly=on` (SHLD-31);
otherwise they are dropped and will be retransmitted.
"""

from __future__ import annotations

from dataclasses import dataclass

from synproof.engine.expr import Expr, all_of, any_of, clamp, const, ite

from . import history
from .event import Event

__all__ = ["Text", "receive_text"]


@dataclass(frozen=True)
class Text:
    """What becomes of the text of an arriving segment: RCV.NXT afterwards, and how many octets that delivers."""

    rcv_nxt: Expr
    advance: Expr


def receive_text(e: Event, rcv_nxt: Expr) -> Text:
    """Deliver what is in order, keep or drop what is early; sets RCV.NXT and reports stale octets to the history.

    `rcv_nxt` is RCV.NXT as the earlier steps left it.
    """
    me, seg = e.me, e.seg
    starts = seg.seq + ite(seg.syn_bit, 1, 0)
    already = rcv_nxt - starts  # octets of this text that lie before RCV.NXT
    in_order = ite(already < seg.len, clamp(seg.len - already, 0, e.s.window), const(0))
    if not me.held:
        text = Text(rcv_nxt + in_order, in_order)
        history.delivered(e, all_of(in_order > 0, history.is_stale(e)))
        e.set(me.rcv_nxt, text.rcv_nxt)
        return text
    return _reassemble(e, rcv_nxt, starts, in_order)


def _reassemble(e: Event, rcv_nxt: Expr, starts: Expr, in_order: Expr) -> Text:
    """With held octets: `got[i]` says whether octet RCV.NXT + i is there now; the run of them from 0 on is delivered."""
    me, window = e.me, e.s.window
    arrives = [in_order > 0] + [rcv_nxt + i - starts < e.seg.len for i in range(1, window)]
    held = [const(False), *me.held]
    stale = [const(False), *me.held_stale]
    arrives_stale = history.is_stale(e)
    got = [any_of(a, h) for a, h in zip(arrives, held, strict=True)]
    bad = [ite(h, s, a & arrives_stale) for a, h, s in zip(arrives, held, stale, strict=True)]
    run = [all_of(*got[: i + 1]) for i in range(window)]  # octets 0..i are all there
    advance: Expr = const(0)
    for i in range(window):
        advance = ite(run[i], i + 1, advance)
    history.delivered(e, any_of(*(run[i] & bad[i] for i in range(window))))
    for i, (variable, mark) in enumerate(zip(me.held, me.held_stale, strict=True), 1):
        e.set(variable, _moved(got, advance, i))
        e.set(mark, _moved([g & b for g, b in zip(got, bad, strict=True)], advance, i))
    e.set(me.rcv_nxt, rcv_nxt + advance)
    return Text(rcv_nxt + advance, advance)


def _moved(bits: list[Expr], advance: Expr, i: int) -> Expr:
    """Bit i after the window has moved on by `advance`."""
    found: Expr = const(False)
    for by in range(len(bits)):
        if i + by < len(bits):
            found = any_of(found, all_of(advance == by, bits[i + by]))
    return found
