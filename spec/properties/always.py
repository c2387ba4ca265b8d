"""What always holds between two ends: their numbers agree, and neither waits for what cannot come any more."""

from __future__ import annotations

from dataclasses import replace

from synproof.engine.expr import Expr, all_of, any_of, implies
from synproof.engine.property import Property, PropertyKind

from ..clock import runs_out
from ..states import CLOSE_WAIT, CLOSED, ESTABLISHED, FIN_WAIT_2, LISTEN, REFUSED, RESET, TIMED_OUT
from ..tcb import ZERO, Tcb
from .named import Named, Row
from .pair import Pair

__all__ = ["ALWAYS"]


def _numbers_agree(prop: Property, pair: Pair) -> Property:
    clauses = [
        (f"{me.end}.irs is {peer.end}.iss, of the same incarnation", me.is_matched & (me.irs == peer.iss))
        for me, peer in pair.sides
    ]
    clauses += [
        (f"{peer.end}.snd_una =< {me.end}.rcv_nxt =< {peer.end}.snd_nxt", _received_what_was_sent(me, peer))
        for me, peer in pair.sides
    ]
    return replace(
        prop,
        predicate=implies(pair.both_synchronized, all_of(*(truth for _, truth in clauses))),
        clauses=(("both ends are synchronized", pair.both_synchronized), *clauses),
    )


def _received_what_was_sent(me: Tcb, peer: Tcb) -> Expr:
    if peer.octets_sent is ZERO:
        return me.rcv_nxt - peer.snd_una <= peer.snd_nxt - peer.snd_una
    received = me.numbers_received
    return all_of(peer.numbers_acknowledged <= received, received <= peer.numbers_used)


def _no_deadlock(prop: Property, pair: Pair) -> Property:
    a, b = pair.ends
    at_rest = a.state.isin(CLOSED, LISTEN) & b.state.isin(CLOSED, LISTEN)
    pairs = ((ESTABLISHED, ESTABLISHED), (FIN_WAIT_2, CLOSE_WAIT), (CLOSE_WAIT, FIN_WAIT_2))
    together = any_of(*((a.state == x) & (b.state == y) for x, y in pairs)) & pair.matching
    told = any_of(*(me.told.isin(REFUSED, RESET, TIMED_OUT) for me in pair.ends))
    clauses: tuple[tuple[str, Expr], ...] = (
        ("both ends are CLOSED or LISTEN", at_rest),
        ("both ends are connected to each other", together),
        ("a user was told of a refusal, a reset or a timeout", told),
    )
    if pair.s.msl:
        clauses = (*clauses, ("a timer runs", any_of(*(runs_out(me) for me in pair.ends))))
    return replace(
        prop,
        predicate=any_of(*(truth for _, truth in clauses)),
        only_quiescent=True,
        clauses=(("no protocol step is possible", all_of(True)), *clauses),
    )


ALWAYS: tuple[Named, ...] = (
    Named(
        Row(
            "numbers-agree", PropertyKind.ALWAYS,
            "When both ends are ESTABLISHED or later, each IRS is the other's ISS, and the receive numbers lie within what was "
            "sent.",
        ),
        _numbers_agree,
    ),
    Named(
        Row(
            "no-deadlock", PropertyKind.ALWAYS,
            "Where no protocol step is possible, both ends are at rest or connected to each other, a user was told of a "
            "failure, or a timer runs.",
        ),
        _no_deadlock,
    ),
)  # fmt: skip
