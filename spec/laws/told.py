"""Told: what the user is told of a connection, and where it is told nothing (3.6, 3.8.3, 3.10)."""

from __future__ import annotations

from collections.abc import Iterator

from synproof.engine.expr import any_of, implies, ite

from ..states import (
    CLOSE_WAIT,
    CLOSED,
    FIN_RECEIVED,
    NOTHING,
    RECEIVING,
    REFUSED,
    RESET,
    TIMED_OUT,
    TOLD_CLOSING,
)
from .does import ACTIVE_OPEN, GIVE_UP, Does
from .law import Clause, Law

__all__ = ["USER_IS_TOLD"]


def _told(does: Does) -> Iterator[Clause]:
    """MUST-12 (3.6); 3.10.7.3 and 3.10.7.4, second, for resets, eighth for the FIN; 3.8.3 and 3.10.8 for timeouts."""
    me = does.me
    told, ended = does.after(me.told), does.after(me.state) == CLOSED
    if does.seg is None:
        if does.is_named(*ACTIVE_OPEN, "open_passive", "crash"):
            yield "an OPEN begins with nothing told", told == NOTHING
        elif does.is_named("user_timeout", "give_up_idle_connection", *GIVE_UP):
            kept = ite(does.gives_way, TOLD_CLOSING, me.told)
            yield "a connection that ends by a timeout is told so", told == ite(ended, TIMED_OUT, kept)
        else:
            yield "who calls is told nothing new", told == me.told
        return
    a = does.arriving
    refused = a.rst_valid & me.state.isin("SYN_SENT", "SYN_RECEIVED") & ended
    unaware = me.state.isin(*RECEIVING, CLOSE_WAIT)
    reset = ended & any_of(a.rst_valid & unaware, a.syn_is_error)
    after = does.after(me.state)
    closing = ~me.state.isin(*FIN_RECEIVED) & after.isin(*FIN_RECEIVED)
    yield "an opening that a reset ends is told to be refused", implies(refused, told == REFUSED)
    yield "a connection that is reset is told so", implies(reset, told == RESET)
    yield "that the peer closes is told when its FIN is taken", implies(closing, told == TOLD_CLOSING)
    again = any_of(does.reopens, does.gives_way)
    yield "a connection that is reopened begins with nothing told, and the one before it had been closed", implies(
        again, told == ite(does.reopens, NOTHING, TOLD_CLOSING)
    )
    yield "nothing else is told", any_of(refused, reset, closing, again, told == me.told)


USER_IS_TOLD = Law(
    "user-is-told",
    "The user is told of a refusal, a reset, a timeout or the peer's FIN where 3.10 says so, and of nothing else.",
    _told,
)
