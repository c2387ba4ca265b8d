"""SEGMENT ARRIVES in TIME-WAIT, fifth and eighth (RFC 9293 3.10.7.4)."""

from __future__ import annotations

from synproof.engine.system import Kind

from .arrives_acceptably import passes_ack_bit
from .event import Event, Rule, rule
from .states import TIME_WAIT

__all__ = ["RULES"]


@rule(Kind.SEGMENT_ARRIVES, "3.10.7.4, fifth, TIME-WAIT", TIME_WAIT)
def receive_acceptable_in_time_wait(e: Event) -> None:
    """Nothing new can arrive behind both FINs: what is acceptable all the same is ignored."""
    passes_ack_bit(e)


RULES: tuple[Rule, ...] = (receive_acceptable_in_time_wait,)
