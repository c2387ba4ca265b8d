"""Keepalive (RFC 9293 3.8.4): an idle connection is probed, and ended when nothing answers."""

from __future__ import annotations

from synproof.engine.expr import ite
from synproof.engine.system import Kind

from . import history
from .clock import due
from .event import Event, Rule, rule
from .settings import Settings
from .states import KEPT_ALIVE, TIMED_OUT
from .timeouts import TIMER

__all__ = ["RULES"]


def _keeps_alive(s: Settings) -> bool:
    return s.keepalive is not None


def _is_idle(e: Event, asked: bool) -> None:
    """Nothing is outstanding, nothing waits to be sent, and the peer has said nothing for long enough.

    `asked`: as many probes were sent as may be.
    """
    me, alive = e.me, e.s.keepalive
    assert alive is not None
    e.when(me.snd_una == me.snd_nxt, me.queued == 0, (me.probes == alive.probes) if asked else (me.probes < alive.probes))
    if alive.idle is not None and alive.interval is not None:
        due(e, me.idle_for, alive.interval if asked else ite(me.probes == 0, alive.idle, alive.interval))


@rule(Kind.TIMEOUT, "3.8.4", *KEPT_ALIVE, only_if=_keeps_alive, choice="keepalive", tags=TIMER)
def send_keepalive(e: Event) -> None:
    """The connection is idle: a probe is sent, without data and with a number that the peer has acknowledged already."""
    me = e.me
    _is_idle(e, asked=False)
    e.set(me.probes, me.probes + 1)
    e.restart(me.idle_for)
    e.send(seq=me.snd_nxt - 1, ack=me.rcv_nxt)


@rule(Kind.TIMEOUT, "3.8.4; MUST-29", *KEPT_ALIVE, only_if=_keeps_alive, choice="keepalive", tags=TIMER)
def give_up_idle_connection(e: Event) -> None:
    """No probe was answered, and there are no more: the connection is closed and the user told."""
    _is_idle(e, asked=True)
    history.aborted(e)
    history.found_dead(e)
    e.delete_tcb(told=TIMED_OUT)


RULES: tuple[Rule, ...] = (send_keepalive, give_up_idle_connection)
