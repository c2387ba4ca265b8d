"""What comes about in the end: eventually-properties, and the fairness without which nothing has to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from synproof.engine.expr import Expr, all_of, any_of
from synproof.engine.property import Fairness, Property, PropertyKind, Response
from synproof.engine.system import Kind

from ..clock import TICK
from ..states import CLOSED, FIN_WAIT_2, LISTEN, SYN_RECEIVED, SYN_SENT, WILLING
from ..tcb import Tcb
from .named import Named, Row
from .pair import Pair
from .why_not import NOBODY_CLOSES, no_clock, no_opener

__all__ = ["EVENTUALLY"]


def _fairness(pair: Pair, *tags: str) -> Fairness:
    """Timers and what waits to be sent come to their turn, time goes on, and what is sent again and again arrives."""
    channels = frozenset(channel.variable for channel in pair.network.channels)
    weak = frozenset({"retransmission", "timer", "transmission", *tags})
    recurring = frozenset({TICK}) if pair.s.msl else frozenset()
    lossless = channels if pair.s.loss is not None else frozenset()
    return Fairness(weak=weak, recurring=recurring, compassion=channels, delivery=lossless)


# ---- connections begin -----------------------------------------------------------------------------------------------


def _establishes(prop: Property, pair: Pair) -> Property:
    openers = [(me, peer) for me, peer in pair.sides if me.role == "active"]
    return replace(
        prop,
        responses=tuple(_opening(pair, me, peer) for me, peer in openers),
        fairness=_fairness(pair, "passive-open"),
        not_applicable=no_opener(pair),
    )


def _opening(pair: Pair, me: Tcb, peer: Tcb) -> Response:
    willing = peer.state.isin(*WILLING) | (peer.is_synchronized & peer.is_matched)
    if peer.role == "passive" and pair.s.relisten:
        willing = willing | (peer.state == CLOSED)  # its next OPEN is a matter of fairness
    connected = all_of(pair.both_synchronized, pair.matching)
    return Response(
        trigger=me.state.isin(SYN_SENT, SYN_RECEIVED),
        goal=connected | me.state.isin(CLOSED, LISTEN),
        meanwhile=willing,
        label=f"the {me.end}'s open",
    )


# ---- and end ---------------------------------------------------------------------------------------------------------


def _half_open_is_discovered(prop: Property, pair: Pair) -> Property:
    def lost(me: Tcb, peer: Tcb) -> Expr:
        return me.is_synchronized & any_of(~me.is_matched, peer.state.isin(CLOSED, LISTEN), peer.reset_sent)

    return replace(
        prop, responses=tuple(_leaves(me, after=lost(me, peer)) for me, peer in pair.sides), fairness=_fairness(pair)
    )


def _falls_quiet(prop: Property, pair: Pair) -> Property:
    silent = frozenset({Kind.USER_CALL, Kind.ENVIRONMENT})
    return replace(
        prop, responses=(Response(sending=True, without=silent, label="sending for ever"),), fairness=_fairness(pair)
    )


def _closes(prop: Property, pair: Pair) -> Property:
    a, b = pair.ends
    together = all_of(a.closed_by_user, b.closed_by_user, pair.both_synchronized, pair.matching)
    return replace(
        prop,
        responses=tuple(_leaves(me, after=together) for me in pair.ends),
        fairness=_fairness(pair),
        not_applicable="" if a.sends_fin and b.sends_fin else "one end at least never calls CLOSE",
    )


def _leaves(me: Tcb, after: Expr) -> Response:
    return Response(trigger=after, goal=~me.is_synchronized, label=f"the {me.end}'s connection")


def _fin_wait_2_ends(prop: Property, pair: Pair) -> Property:
    ends_there = [me for me in pair.ends if me.can_be_in(FIN_WAIT_2)]
    return replace(
        prop,
        responses=tuple(
            Response(trigger=me.state == FIN_WAIT_2, goal=me.state != FIN_WAIT_2, label=f"the {me.end}'s FIN-WAIT-2")
            for me in ends_there
        ),
        fairness=_fairness(pair, "close-in-close-wait"),
        not_applicable="" if ends_there else NOBODY_CLOSES,
    )


# ---- what is asked can be done ---------------------------------------------------------------------------------------


def _time_can_pass(prop: Property, pair: Pair) -> Property:
    fairness = Fairness(recurring=frozenset({TICK}))
    return replace(prop, fairness=fairness, assumption="", not_applicable=no_clock(pair))


def _fairness_is_feasible(prop: Property, pair: Pair) -> Property:
    return replace(prop, fairness=_fairness(pair, "passive-open", "close-in-close-wait"), assumption="")


def _eventually(name: str, sentence: str, decide: Callable[[Property, Pair], Property]) -> Named:
    return Named(Row(name, PropertyKind.EVENTUALLY, sentence), decide)


EVENTUALLY: tuple[Named, ...] = (
    _eventually(
        "establishes",
        "An active open whose peer stays willing leads to a connection with that peer, or the attempt ends.",
        _establishes,
    ),
    _eventually(
        "half-open-is-discovered",
        "An end in a synchronized state whose peer no longer has this incarnation leaves it.",
        _half_open_is_discovered,
    ),
    _eventually("falls-quiet", "Once the applications are silent, no endpoint sends any more.", _falls_quiet),
    _eventually("closes", "After CLOSE at both ends of one connection both leave it.", _closes),
    _eventually("fin-wait-2-ends", "FIN-WAIT-2 is left.", _fin_wait_2_ends),
    _eventually("time-can-pass", "Whatever has happened, the clock can go on for ever.", _time_can_pass),
    _eventually(
        "fairness-is-feasible",
        "Whatever has happened, all that fairness asks can be done, all at once.",
        _fairness_is_feasible,
    ),
)
