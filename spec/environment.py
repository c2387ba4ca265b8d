"""What befalls an end from outside the protocol: crash and restart, and the quiet time behind it (RFC 9293 3.5.1, 3.4.3)."""

from __future__ import annotations

from synproof.engine.expr import const
from synproof.engine.system import Kind

from .clock import ripe
from .event import Event, Rule, rule
from .states import CLOSED, NOTHING, STATE
from .timeouts import TIMER

__all__ = ["RULES"]


WITH_TCB = tuple(const(state, STATE) for state in STATE.members if state != CLOSED.attr)


@rule(Kind.ENVIRONMENT, "3.5.1; 3.4.2", *WITH_TCB, only_if=lambda s: any(s.crash))
def crash(e: Event) -> None:
    """The end crashes and restarts: all memory of its connections is lost, and nobody is told."""
    me = e.me
    e.when(me.crashes_left > 0)
    e.set(me.crashes_left, me.crashes_left - 1)
    e.set(me.told, NOTHING)
    e.keep_quiet()
    e.delete_tcb()


@rule(Kind.TIMEOUT, "3.4.3", CLOSED, only_if=lambda s: s.quiet_time != "off", choice="quiet-time", tags=TIMER)
def end_quiet_time(e: Event) -> None:
    """The quiet time is over: sequence numbers may be assigned again."""
    ripe(e, e.me.quiet, 1)
    e.set(e.me.quiet, 0)


RULES: tuple[Rule, ...] = (crash, end_quiet_time)
