"""Segments: which numbers, bits and text may be in what is sent (3.4, 3.10.8)."""

from __future__ import annotations

from collections.abc import Iterator

from synproof.engine.expr import FALSE, TRUE, all_of, any_of, implies, ite

from ..states import SENDING, SYN_SENT
from .does import Does
from .law import Clause, Law

__all__ = ["SEGMENTS_ARE_TRUE"]


def _segments(does: Does) -> Iterator[Clause]:
    """3.4; 3.10.1 to 3.10.3; 3.10.8 for what is sent again. Of the numbers after the step, which the segment shows."""
    me = does.me
    state, iss, una, nxt = (does.after(v) for v in (me.state, me.iss, me.snd_una, me.snd_nxt))
    yield "a SYN bears the number ISS", does.every(lambda s: implies(s.syn_bit, all_of(s.seq == iss, ~s.rst_bit)))
    yield "it takes one number, and its text the next ones", does.every(
        lambda s: implies(s.syn_bit, all_of(nxt - iss >= s.len + 1, una - iss <= 1))
    )
    yield "text is sent from ESTABLISHED on, or on the SYN", does.every(
        lambda s: implies(s.len > 0, all_of(~s.rst_bit, s.syn_bit | state.isin(*SENDING)))
    )
    yield "text bears numbers that are not acknowledged yet", does.every(
        lambda s: implies(all_of(s.len > 0, ~s.syn_bit), all_of(s.seq - una < nxt - una, (s.seq - una) + s.len <= nxt - una))
    )
    yield "text lies within the send window, but for that on a SYN", does.every(
        lambda s: implies(all_of(s.len > 0, ~s.syn_bit), (s.seq - una) + s.len <= does.s.window)
    )
    probe = TRUE if does.is_named("send_keepalive") else FALSE
    yield "an ACK without text takes no number: it bears SND.NXT", does.every(
        lambda s: implies(all_of(s.len == 0, ~s.syn_bit, ~s.fin_bit, ~s.rst_bit, ~probe), s.seq == nxt)
    )
    yield "a FIN takes the last number that is used, and is alone", does.every(
        lambda s: implies(s.fin_bit, all_of(s.seq + 1 == nxt, s.len == 0, s.ack_bit, ~s.syn_bit, ~s.rst_bit))
    )
    yield "only the SYN of an active OPEN has no ACK", does.every(
        lambda s: any_of(s.ack_bit, s.rst_bit, s.syn_bit & (state == SYN_SENT))
    )
    yield "an ACK acknowledges RCV.NXT", does.every(
        lambda s: implies(s.ack_bit & ~s.rst_bit, all_of(s.ack == does.after(me.rcv_nxt), state != SYN_SENT))
    )
    if "retransmission" in does.action.tags:
        fin = me.fin_sent & (una + 1 == nxt)
        yield "what is sent again is the front of the queue: the SYN, the oldest octet, or the FIN", does.some(
            lambda s: all_of(
                s.seq == una, s.syn_bit == ~me.syn_acknowledged, s.fin_bit == fin,
                s.len == ite(s.syn_bit, me.octets_on_syn, ite(fin, 0, does.octets)),
            )
        )  # fmt: skip
        yield "and it was not acknowledged", una != nxt
    yield "where SND.NXT moves on, the octet or the FIN behind it is sent", implies(
        does.goes_on & (nxt != me.snd_nxt), does.some(lambda s: ((s.len > 0) | s.fin_bit) & (s.seq == me.snd_nxt))
    )


SEGMENTS_ARE_TRUE = Law(
    "segments-are-true",
    "What is sent bears the sender's numbers: a SYN ISS, text what is not acknowledged yet, an ACK RCV.NXT.",
    _segments,
)
