"""Timeouts: what keepalive asks before it gives up (3.8.4), and what the user timeout waits for (3.10.8)."""

from __future__ import annotations

from collections.abc import Iterator

from synproof.engine.expr import all_of, any_of, implies

from ..settings import Settings
from ..states import CLOSED, LISTEN
from .does import Does
from .law import Clause, Law

__all__ = ["KEEPALIVE_ASKS_FIRST", "USER_TIMEOUT_IN_FULL"]


def _keepalive(does: Does) -> Iterator[Clause]:
    """3.8.4: MUST-26 and SHLD-12 for the probe, MUST-29 for giving up; "no incoming segments received" for what is idle."""
    me, alive = does.me, does.s.keepalive
    assert alive is not None
    idle, interval = alive.idle or 0, alive.interval or 0
    if does.is_named("send_keepalive", "give_up_idle_connection"):
        yield "nothing is outstanding, and nothing waits to be sent", all_of(me.snd_una == me.snd_nxt, me.queued == 0)
        yield "nothing has arrived for long enough", any_of(
            alive.idle is None, *(all_of(me.probes == n, me.silent_for >= idle + n * interval) for n in range(alive.probes + 1))
        )
    if does.is_named("send_keepalive"):
        yield "a probe carries no data, and a number that the peer has acknowledged", does.every(
            lambda s: all_of(s.seq + 1 == me.snd_nxt, s.ack_bit, s.len == 0, ~s.syn_bit, ~s.fin_bit, ~s.rst_bit)
        )
        yield "a probe is sent, and counted", does.some(lambda s: s.ack_bit) & (does.after(me.probes) == me.probes + 1)
    elif does.is_named("give_up_idle_connection"):
        yield "no single probe decides: all were sent in vain", me.probes == alive.probes
    elif does.seg is not None:
        yield "whatever arrives, the connection is not idle", all_of(does.after(me.probes) == 0, does.after(me.idle_for) == 0)
    else:
        yield "nothing but time, and probes, makes a connection idle", does.after(me.idle_for) <= me.idle_for


def _user_timeout(does: Does) -> Iterator[Clause]:
    """3.10.8 and 3.9.1.1: what is aborted was "not successfully delivered to the destination within the timeout period"."""
    me, timer = does.me, does.me.unacknowledged_for
    anew, moved = does.after(timer) == 0, ~does.keeps(me.snd_una)
    waits, goes_on = me.something_unacknowledged, does.goes_on
    waits_then = ~does.after(me.state).isin(CLOSED, LISTEN) & (does.after(me.snd_una) != does.after(me.snd_nxt))
    if does.is_named("user_timeout"):
        assert isinstance(does.s.user_timeout, int)
        yield "what ends the connection has waited for the whole timeout", timer == does.s.user_timeout
    yield "what begins to wait has the whole timeout before it", implies(~waits & waits_then, anew)
    yield "and so has what comes to the front of the queue", implies(goes_on & moved, anew)
    yield "nothing else starts the timeout anew, no retransmission either", implies(
        all_of(goes_on, waits, waits_then, ~moved), does.keeps(timer)
    )


def _timeout_in_ticks(s: Settings) -> str:
    return "" if isinstance(s.user_timeout, int) else f"user-timeout={s.user_timeout}: it has no length"


KEEPALIVE_ASKS_FIRST = Law(
    "keepalive-asks-first",
    "An idle connection is probed without data, ended after as many probes as are set, and not idle when anything arrives.",
    _keepalive,
    lambda s: "" if s.keepalive is not None else "keepalive=off",
)
USER_TIMEOUT_IN_FULL = Law(
    "user-timeout-in-full",
    "The user timeout ends a connection only when the front of the queue has waited for its whole length.",
    _user_timeout,
    _timeout_in_ticks,
)
