"""SEGMENT ARRIVES in TIME-WAIT, fifth to eighth (RFC 9293 3.10.7.4).

What the RFC expects here, a retransmission of the remote FIN, lies before RCV.NXT and was answered in step 1: see `time_wait`.
"""

from __future__ import annotations

from synproof.engine.system import Kind

from .arrives_acceptably import answer_fin_behind_fin, passes_ack_bit
from .event import Event, Rule, rule
from .states import TIME_WAIT
from .time_wait import acceptable_in_time_wait, reopen, reopens

__all__ = ["RULES"]


@rule(Kind.SEGMENT_ARRIVES, "3.10.7.4, fifth and eighth, TIME-WAIT", TIME_WAIT)
def receive_acceptable_in_time_wait(e: Event) -> None:
    """Nothing new can arrive behind both FINs: a FIN that is acceptable all the same is acknowledged, anything else ignored."""
    passes_ack_bit(e)
    acceptable_in_time_wait(e)
    answer_fin_behind_fin(e)


@rule(
    Kind.SEGMENT_ARRIVES, "3.6.1, MAY-2; RFC 1122, 4.2.2.13", TIME_WAIT,
    only_if=lambda s: s.time_wait_reuse != "off", choice="time-wait-reuse",
)  # fmt: skip
def receive_syn_to_reopen_in_time_wait(e: Event) -> None:
    """A SYN reopens the connection from TIME-WAIT: it is answered by a SYN-ACK with a greater initial number."""
    e.when(reopens(e))
    reopen(e)


RULES: tuple[Rule, ...] = (receive_acceptable_in_time_wait, receive_syn_to_reopen_in_time_wait)
