"""What befalls an end from outside the protocol: crash and restart (RFC 9293 3.5.1, 3.4.2)."""

from __future__ import annotations

from synproof.engine.system import Kind

from .event import Event, Rule, rule
from .states import ESTABLISHED, LISTEN, NOTHING, SYN_RECEIVED, SYN_SENT

__all__ = ["RULES"]


@rule(Kind.ENVIRONMENT, "3.5.1; 3.4.2", LISTEN, SYN_SENT, SYN_RECEIVED, ESTABLISHED, only_if=lambda s: any(s.crash))
def crash(e: Event) -> None:
    """The end crashes and restarts: all memory of its connections is lost, and nobody is told."""
    me = e.me
    e.when(me.crashes_left > 0)
    e.set(me.crashes_left, me.crashes_left - 1)
    e.set(me.told, NOTHING)
    e.delete_tcb()


RULES: tuple[Rule, ...] = (crash,)
