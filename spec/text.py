"""Seventh and eighth, the segment's text and its FIN (RFC 9293 3.10.7.4): what is new, what is delivered, what waits.

Sequence numbers are compared as distances from RCV.NXT. Octets and a FIN that arrive early wait only under `reassembly=on`
(SHLD-31); otherwise they are dropped and will be retransmitted.
"""

from __future__ import annotations

from dataclasses import dataclass

from synproof.engine.expr import Expr, Operand, all_of, any_of, clamp, const, ite
from synproof.engine.sorts import BOOL

from . import history
from .event import Event
from .segment import in_window
from .states import FIN_WAIT_2

__all__ = ["Text", "read_text", "take_text"]


@dataclass(frozen=True)
class Text:
    """What becomes of an arriving segment's text: RCV.NXT behind it, how many octets that delivers, whether the FIN follows.

    `fin`: the peer's FIN, that of this segment or one that waited, is the next number. `stale`: some octet delivered is not of
    this connection. `kept`: what waits afterwards.
    """

    rcv_nxt: Expr
    advance: Expr
    fin: Expr
    stale: Expr
    kept: tuple[tuple[Expr, Operand], ...] = ()


def read_text(e: Event, rcv_nxt: Expr | None = None) -> Text:
    """What there is to deliver. `rcv_nxt` is RCV.NXT as the earlier steps left it, if they have moved it."""
    me, seg = e.me, e.seg
    if rcv_nxt is None:
        rcv_nxt = me.rcv_nxt
    starts = seg.seq + ite(seg.syn_bit, 1, 0)
    already = rcv_nxt - starts  # octets of this text that lie before RCV.NXT
    in_order = ite(already < seg.len, clamp(seg.len - already, 0, e.s.window), const(0))
    if me.held:
        return _reassemble(e, rcv_nxt, starts, in_order)
    fin: Expr = const(False)
    if me.gets_fin:
        fin = all_of(seg.fin_bit, already <= seg.len, in_window(starts + seg.len, rcv_nxt, e.s.window))
    stale = any_of(history.is_stale(e), history.is_misplaced(e, rcv_nxt, already))
    return Text(rcv_nxt + in_order, in_order, fin, all_of(in_order > 0, stale))


def take_text(e: Event, text: Text, *, fin: bool = False) -> Expr:
    """Deliver the text, and advance RCV.NXT over it; and over the FIN, if it is to be processed. Gives RCV.NXT.

    What is held behind a FIN is not of this connection, and goes.
    """
    history.delivered(e, text.advance, text.stale)
    if e.state is FIN_WAIT_2:
        e.step.event("half-close-data", text.advance > 0)
    for variable, value in text.kept:
        e.set(variable, (False if variable.sort == BOOL else 0) if fin else value)
    rcv_nxt = text.rcv_nxt + 1 if fin else text.rcv_nxt
    e.set(e.me.rcv_nxt, rcv_nxt)
    return rcv_nxt


def _reassemble(e: Event, rcv_nxt: Expr, starts: Expr, in_order: Expr) -> Text:
    """With held octets: `got[i]` says whether octet RCV.NXT + i is there now; the run of them from 0 on is delivered."""
    me, window = e.me, e.s.window
    arrives = [in_order > 0] + [rcv_nxt + i - starts < e.seg.len for i in range(1, window)]
    held = [const(False), *me.held]
    stale = [const(False), *me.held_stale]
    is_stale = history.is_stale(e)
    arrives_stale = [
        any_of(is_stale, history.is_misplaced(e, rcv_nxt, rcv_nxt + i - starts, ahead=i)) for i in range(window)
    ]
    got = [any_of(a, h) for a, h in zip(arrives, held, strict=True)]
    bad = [ite(h, s, a & b) for a, h, s, b in zip(arrives, held, stale, arrives_stale, strict=True)]
    run = [all_of(*got[: i + 1]) for i in range(window)]  # octets 0..i are all there
    advance: Expr = const(0)
    for i in range(window):
        advance = ite(run[i], i + 1, advance)
    kept: list[tuple[Expr, Operand]] = []
    for i, (variable, mark) in enumerate(zip(me.held, me.held_stale, strict=True), 1):
        kept.append((variable, _moved(got, advance, i)))
        kept.append((mark, _moved([g & b for g, b in zip(got, bad, strict=True)], advance, i)))
    fin, waits = _reassemble_fin(e, starts + e.seg.len - rcv_nxt, advance)
    if me.gets_fin:
        kept.append((me.held_fin, waits))
    return Text(rcv_nxt + advance, advance, fin, any_of(*(run[i] & bad[i] for i in range(window))), tuple(kept))


def _reassemble_fin(e: Event, place: Expr, advance: Expr) -> tuple[Expr, Expr]:
    """Whether the FIN, at RCV.NXT + `place` or held, is next after `advance` octets; else where it waits (0: nowhere)."""
    me = e.me
    if not me.gets_fin:
        return const(False), const(0)
    comes = e.seg.fin_bit & (place < e.s.window)
    known = comes | (me.held_fin > 0)
    at = clamp(ite(comes, place, me.held_fin), 0, e.s.window - 1)
    fin = known & (at <= advance)
    return fin, ite(known & ~fin, clamp(at - advance, 0, e.s.window - 1), const(0))


def _moved(bits: list[Expr], advance: Expr, i: int) -> Expr:
    """Bit i after the window has moved on by `advance`."""
    found: Expr = const(False)
    for by in range(len(bits)):
        if i + by < len(bits):
            found = any_of(found, all_of(advance == by, bits[i + by]))
    return found
