"""Numbers: what moves ISS, IRS, SND.UNA and SND.NXT while a connection lasts, and what is counted (3.3.1, 3.4)."""

from __future__ import annotations

from collections.abc import Iterator

from synproof.engine.expr import FALSE, all_of, any_of, implies, ite

from ..states import CLOSE_WAIT, ESTABLISHED, SYN_SENT
from .does import Does
from .law import Clause, Law

__all__ = ["NUMBERS_MOVE_FORWARD"]

CALLS = ("send", "queue_send", "close", "close_behind_octets", "queue_close")
"""The calls that 3.10.2 and 3.10.4 refuse behind a CLOSE: "connection closing"."""


def _numbers(does: Does) -> Iterator[Clause]:
    """3.4 and 3.3.1: of a connection that goes on. Its ISS is for life, its IRS too once it is known; nothing moves back."""
    me = does.me
    before, goes_on = me.state, does.goes_on
    yield "ISS stays", implies(goes_on, does.keeps(me.iss))
    yield "IRS stays", implies(goes_on & (before != SYN_SENT), does.keeps(me.irs))
    yield "it stays known how it was opened", implies(goes_on, does.keeps(me.opened))
    una, nxt, retries = (does.after(v) for v in (me.snd_una, me.snd_nxt, me.retries))
    half = 1 << (does.s.seq_bits - 1)
    yield "a reopened connection begins behind all numbers that were used", implies(
        does.reopens, all_of(does.after(me.iss) + 1 - me.snd_nxt > 0, does.after(me.iss) - me.snd_nxt < half)
    )
    for number, former in me.former:
        yield f"{number.attr} is kept, for the way back to TIME-WAIT", all_of(
            implies(does.reopens, does.after(former) == number), implies(does.gives_way, does.after(number) == former)
        )
    if does.is_named(*CALLS):
        yield "who has called CLOSE sends nothing more, and closes no more", ~me.closed_by_user
    if does.seg is None:
        yield "without a segment nothing is acknowledged", implies(goes_on, does.keeps(me.snd_una))
        yield "nor received", implies(goes_on, does.keeps(me.rcv_nxt))
        again = "retransmission" in does.action.tags and does.s.retransmit is not None
        yield "each retransmission counts", implies(goes_on, retries == me.retries + 1 if again else does.keeps(me.retries))
        offered = does.octets if does.is_named("send", "queue_send") else 0
        fin = ite(does.some(lambda s: s.fin_bit & (s.seq == me.snd_nxt)), 1, 0)
        yield "what is sent or waits was waiting, or is the octet of a SEND, or the FIN", implies(
            goes_on, (nxt - me.snd_nxt) + does.after(me.queued) == me.queued + offered + fin
        )
        full = (nxt - me.snd_una) + does.octets > does.s.window
        spent = FALSE if does.s.rate is None else me.sent_now + does.octets > does.s.rate
        yield "a SEND in ESTABLISHED or CLOSE-WAIT waits only for others, for the window or for the next tick", implies(
            before.isin(ESTABLISHED, CLOSE_WAIT) & does.is_named("queue_send"), any_of(me.queued > 0, full, spent)
        )
    else:
        a, seg = does.arriving, does.seg
        counts = any_of(all_of(before == SYN_SENT, a.ack_acceptable, seg.syn_bit, ~seg.rst_bit), a.ack_counts)
        yield "SND.UNA becomes SEG.ACK, if that is new", implies(goes_on & counts, una == seg.ack)
        yield "else it stays", implies(goes_on & ~counts, una == me.snd_una)
        yield "and so does the count of retransmissions", implies(
            goes_on, any_of(all_of(counts, retries == 0), all_of(~counts, does.keeps(me.retries)))
        )
        if does.s.close_style == "four-way":  # the other style drops what waits
            yield "what is sent was waiting", implies(goes_on, (nxt - me.snd_nxt) + does.after(me.queued) == me.queued)


NUMBERS_MOVE_FORWARD = Law(
    "numbers-move-forward",
    "While a connection lasts, ISS and IRS stay, and only a segment that acknowledges something moves SND.UNA.",
    _numbers,
)
