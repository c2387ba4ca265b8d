"""Resets: when one is sent and what it bears (3.5.2), and when one is believed (3.5.3)."""

from __future__ import annotations

from collections.abc import Iterator

from synproof.engine.expr import FALSE, TRUE, all_of, any_of, implies

from ..segment import seg_len
from ..states import CLOSE_WAIT, CLOSED, LISTEN, PASSIVE, RECEIVING, SYN_RECEIVED, SYN_SENT
from .does import ABORT, Does
from .law import Clause, Law

__all__ = ["RESETS_ARE_BELIEVABLE", "RESETS_ARE_BELIEVED"]


def _resets_sent(does: Does) -> Iterator[Clause]:
    """3.5.2; 3.10.5 for the reset of ABORT."""
    me = does.me
    before, after = me.state, does.after(me.state)
    if does.seg is None:
        with_peer = before.isin(SYN_RECEIVED, *RECEIVING, CLOSE_WAIT)
        owed = with_peer if does.is_named(*ABORT) else FALSE
        sends = does.some(lambda s: s.rst_bit)
        yield "ABORT sends a reset from SYN-RECEIVED to CLOSE-WAIT, and nothing else does", sends == owed
        yield "its number is SND.NXT", does.every(lambda s: implies(s.rst_bit, all_of(s.seq == me.snd_nxt, ~s.ack_bit)))
        return
    a, seg = does.arriving, does.seg
    owed = any_of(
        all_of(before == CLOSED, does.s.rst_on_closed, ~seg.rst_bit, me.quiet == 0),
        all_of(before == LISTEN, ~seg.rst_bit, seg.ack_bit),
        all_of(before == SYN_SENT, ~seg.rst_bit, seg.ack_bit, ~a.ack_acceptable),
        a.ack_of_nothing_sent,
        a.syn_is_error,
    )
    yield "a reset answers what is not meant for this connection, and only that", does.some(lambda s: s.rst_bit) == owed
    yield "its number comes from the ACK field of what it answers, or it is 0 and it acknowledges that", does.every(
        lambda s: implies(
            s.rst_bit,
            any_of(
                all_of(seg.ack_bit, s.seq == seg.ack, ~s.ack_bit),
                all_of(~seg.ack_bit, s.seq == 0, s.ack_bit, s.ack == seg.seq + seg_len(seg)),
            ),
        )
    )
    yield "the state stays", implies(owed & ~a.syn_is_error, after == before)


def _resets_believed(does: Does) -> Iterator[Clause]:
    """3.5.3; MUST-11; RFC 5961 for the challenge ACK."""
    if does.seg is None:
        return
    me, a, rst = does.me, does.arriving, does.arriving.seg.rst_bit
    after = does.after(me.state)
    listens = (me.state == SYN_RECEIVED) & ((me.opened == PASSIVE) if does.s.must_11 else TRUE)
    yield "a valid reset returns SYN-RECEIVED after a passive OPEN to where the attempt began", implies(
        a.rst_valid & listens, after == does.where_it_began
    )
    yield "and ends anything else", implies(a.rst_valid & ~listens, after == CLOSED)
    yield "any other reset changes nothing", implies(rst & ~a.rst_valid, does.keeps_all())
    yield "a reset is answered only by a challenge ACK", implies(rst & ~a.challenged, does.every(lambda _: FALSE))
    yield "a reset in the window that is not at RCV.NXT is challenged", implies(a.challenged, does.some(lambda s: s.ack_bit))


RESETS_ARE_BELIEVABLE = Law(
    "resets-are-believable",
    "A reset is sent by ABORT, or answers what is not meant for this connection, and bears a number that is believed.",
    _resets_sent,
)
RESETS_ARE_BELIEVED = Law(
    "resets-are-believed",
    "A valid reset ends the connection or the attempt; any other reset changes nothing.",
    _resets_believed,
)
