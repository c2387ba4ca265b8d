"""Choosing an initial sequence number (RFC 9293 3.4.1), and what an incarnation's choice must avoid.

`fresh` and `number-fresh` are oracles: they look into the network and at the peer. No endpoint with bounded memory can do so
without a known packet lifetime, so verdicts that use them name them as an assumption. The least fresh number follows a number
that is in use (0 always is), so only those successors are candidates, whatever the size of the sequence space.
"""

from __future__ import annotations

from synproof.engine.expr import Expr, Operand, all_of, const, ite, implies, ordinal, slots
from synproof.engine.sorts import Seq

from .event import Event
from .history import begin_incarnation
from .telling import NEW_ISS

__all__ = ["choose_iss", "incarnation_length", "reused_number"]


def choose_iss(e: Event) -> Expr:
    """Select an ISS: a new incarnation of this end begins. The setting `isn` says how."""
    sort = e.me.iss.sort
    assert isinstance(sort, Seq)
    if e.s.isn in ("fresh", "number-fresh"):
        iss = _least_fresh(e, sort)
    elif e.s.isn == "any":
        iss = e.step.choose("iss", sort)
    else:
        assert e.s.isn == "reuse"
        iss = const(reused_number(e.me.end, sort.bits), sort)
    e.step.tags |= {NEW_ISS}
    begin_incarnation(e)
    return iss


def reused_number(end: str, bits: int) -> int:
    """The ISS that an end chooses each time under `isn=reuse`: one that is not 0, another at the other end."""
    return 1 if end == "client" else 1 + (1 << (bits - 1)) % ((1 << bits) - 1)


def incarnation_length(e: Event) -> int:
    """Sequence numbers that one incarnation may use: SYN, its octets, FIN."""
    return 1 + e.me.may_send + 1


def _in_use(e: Event) -> list[tuple[Operand, Expr]]:
    """The numbers that a fresh ISS keeps away from, each with the condition under which it is in use."""
    numbers: list[tuple[Operand, Expr]] = [(True, const(0, e.me.iss.sort))]
    numbers += [(full, segment.seq) for full, segment in slots(e.step.now(e.end.to_peer))]
    numbers += [(full & segment.ack_bit, segment.ack) for full, segment in slots(e.step.now(e.end.to_me))]
    return [*numbers, (True, e.peer.rcv_nxt), (True, e.peer.irs)]


def _least_fresh(e: Event, sort: Seq) -> Expr:
    """The least x such that nothing in [x, x + length + window - 1] (or, number-fresh, [x, x + length - 1]) is in use."""
    clear = incarnation_length(e) + (e.me.rcv_wnd if e.s.isn == "fresh" else 0)
    used = _in_use(e)
    found: Expr = const(False)
    least: Expr = const(0, sort)
    for condition, number in used:
        candidate = number + 1
        is_free = all_of(condition, *(implies(taken, other - candidate >= clear) for taken, other in used))
        better = is_free & (~found | (ordinal(candidate) < ordinal(least)))
        least = ite(better, candidate, least)
        found = found | is_free
    e.step.need("isn_exhausted", found)
    return least
