"""SEGMENT ARRIVES in TIME-WAIT, fifth to eighth (RFC 9293 3.10.7.4).

"The only thing that can arrive in this state is a retransmission of the remote FIN. Acknowledge it, and restart the 2 MSL
timeout": but such a FIN lies before RCV.NXT, so that Table 6 rejects and answers it in step 1. Without a clock there is
nothing to restart.
"""

from __future__ import annotations

from synproof.engine.system import Kind

from .arrives_acceptably import passes_ack_bit
from .event import Event, Rule, rule
from .states import TIME_WAIT

__all__ = ["RULES"]


@rule(Kind.SEGMENT_ARRIVES, "3.10.7.4, fifth and eighth, TIME-WAIT", TIME_WAIT)
def receive_acceptable_in_time_wait(e: Event) -> None:
    """Nothing new can arrive behind both FINs: a FIN that is acceptable all the same is acknowledged, anything else ignored."""
    passes_ack_bit(e)
    e.acknowledge(when=e.seg.fin_bit)


RULES: tuple[Rule, ...] = (receive_acceptable_in_time_wait,)
