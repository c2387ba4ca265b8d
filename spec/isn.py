"""Choosing an initial sequence number (RFC 9293 3.4.1), and what an incarnation's choice must avoid.

`fresh` and `number-fresh` are oracles: they look into the network and at the peer. No endpoint with bounded memory can do so
without a known packet lifetime, so verdicts that use them name them as an assumption. The least fresh number lies just behind a
number in use, or a window behind it, so only those are candidates, whatever the size of the sequence space.

`clock` is what 3.4.1 asks for: the number advances by one with each tick, and two OPENs at one instant get the same. There is
one clock; the two ends read it half the circle apart.
"""

from __future__ import annotations

from dataclasses import dataclass

from synproof.engine.expr import Expr, Operand, all_of, const, implies, ite, ordinal, slots
from synproof.engine.sorts import Seq

from .clock import now
from .event import Event
from .history import begin_incarnation

__all__ = ["choose_iss", "incarnation_length"]


def choose_iss(e: Event) -> Expr:
    """Select an ISS: a new incarnation of this end begins. The setting `isn` says how."""
    sort = e.me.iss.sort
    assert isinstance(sort, Seq)
    if e.s.isn in ("fresh", "number-fresh"):
        iss = _least_fresh(e, sort)
    elif e.s.isn == "any":
        iss = e.step.choose("iss", sort)
    elif e.s.isn == "clock":
        iss = now(e.s) + _number_of_end(e.me.end, sort.bits)
    else:
        assert e.s.isn == "reuse"
        iss = const(_number_of_end(e.me.end, sort.bits), sort)
    begin_incarnation(e)
    return iss


def _number_of_end(end: str, bits: int) -> int:
    """The ISS that an end chooses each time under `isn=reuse`, and what it adds to the clock: another number at each end."""
    return 1 if end == "client" else 1 + (1 << bits - 1)


def incarnation_length(e: Event) -> int:
    """Sequence numbers that one incarnation may use: SYN, its octets, FIN."""
    return 1 + e.me.may_send + 1


@dataclass(frozen=True)
class _Used:
    """A number in use, the condition under which it is, and whether a receive window may stand on it."""

    number: Expr
    condition: Operand = True
    opens_window: bool = False


def _in_use(e: Event) -> list[_Used]:
    """The numbers that a fresh ISS keeps away from."""
    used = [_Used(const(0, e.me.iss.sort))]
    used += [_Used(segment.seq, full, True) for full, segment in slots(e.step.now(e.end.to_peer))]
    used += [_Used(segment.ack, full & segment.ack_bit) for full, segment in slots(e.step.now(e.end.to_me))]
    return [*used, _Used(e.peer.rcv_nxt, e.peer.irs != e.peer.rcv_nxt, True), _Used(e.peer.irs)]


def _least_fresh(e: Event, sort: Seq) -> Expr:
    """The least x that is fresh.

    `number-fresh`: nothing in [x, x + length - 1] is in use. `fresh`: nothing in [x, x + length + window - 1] is, so
    that no old segment lies in a window that the new connection opens; and nothing in [x - window, x - 1] is the SEQ
    of a segment in flight or the peer's RCV.NXT, so that the new SYN lies in no window that an old SYN has opened or
    will open.
    """
    windows = e.s.isn == "fresh"
    ahead = incarnation_length(e) + (e.me.rcv_wnd if windows else 0)
    behind = e.me.rcv_wnd if windows else 0
    used = _in_use(e)

    def is_clear(candidate: Expr, other: _Used) -> Expr:
        clear = other.number - candidate >= ahead
        return implies(other.condition, clear & (candidate - other.number > behind) if other.opens_window else clear)

    candidates = [(u, u.number + 1) for u in used]
    candidates += [(u, u.number + behind + 1) for u in used if windows and u.opens_window]
    found: Expr = const(False)
    least: Expr = const(0, sort)
    for u, candidate in candidates:
        is_free = all_of(u.condition, *(is_clear(candidate, other) for other in used))
        better = is_free & (~found | (ordinal(candidate) < ordinal(least)))
        least = ite(better, candidate, least)
        found = found | is_free
    e.step.need("isn_exhausted", found)
    return least
