"""Invariants: what every reachable state satisfies, of one end at a time, by the definitions of the RFC's variables."""

from __future__ import annotations

from collections.abc import Iterator

from synproof.engine.expr import FALSE, Expr, all_of, any_of, const, count_if, has, implies, ite, item
from synproof.engine.rewriting import substitute
from synproof.engine.sorts import Bag
from synproof.engine.system import Kind, System

from .demand import Clause, Demand
from .settings import Settings
from .states import (
    CLOSE_WAIT,
    CLOSED,
    CLOSING,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    LAST_ACK,
    LISTEN,
    PASSIVE,
    RECEIVING,
    SYN_RECEIVED,
    SYN_SENT,
    SYNCHRONIZED,
    TIME_WAIT,
)
from .system import ends
from .tcb import ZERO, Tcb

__all__ = ["INVARIANTS", "Invariant"]


class Invariant(Demand[[Settings, System]]):
    """An invariant: what it demands of every state."""


def _absent(me: Tcb, *but: Expr) -> Expr:
    """There is nothing in the TCB (history apart), but for some variables."""
    history = {v.name for v in me.variables if v.history}
    spared = history | {str(variable.attr) for variable in but}
    return all_of(*(v == const(value, v.sort) for v, value in me.block if v.attr not in spared))


def _tcb(s: Settings, _: System) -> Iterator[Clause]:
    """3.3.2: CLOSED "represents the state when there is no TCB"."""
    for me in ends(s):
        yield f"the {me.end} has no TCB where it is CLOSED", implies(me.state == CLOSED, _absent(me))


def _listen(s: Settings, _: System) -> Iterator[Clause]:
    """3.10.7.4, second: "return this connection to LISTEN state"; MUST-11 for how the connection was opened."""
    for me in ends(s):
        clean = _absent(me, me.opened) & (any_of(not s.must_11, me.opened == PASSIVE))
        yield f"the {me.end} keeps nothing of an attempt in LISTEN", implies(me.state == LISTEN, clean)


def _numbers(s: Settings, _: System) -> Iterator[Clause]:
    """3.4: SND.UNA =< SND.NXT, a SYN and a FIN take one number each; 3.3.1: ISS and IRS; 3.10.2 and 3.8.6 for the window."""
    on_syn = s.mss if s.syn_data else 0
    for me in ends(s):
        sent, acknowledged, received = me.numbers_used, me.numbers_acknowledged, me.numbers_received
        begun = me.state.isin(SYN_SENT, SYN_RECEIVED)
        open_ = me.state.isin(*SYNCHRONIZED)
        unconfirmed = s.handshake == "two-way" or me.closes_early  # our SYN may still wait for its ACK
        window = max(s.window, 1 + on_syn) if s.handshake == "two-way" else s.window
        at_once = me.closes_early or s.close_style == "three-way"  # a FIN is then sent without a look at the window
        outstanding = window + (1 if at_once else 0)
        yield f"{me.end}: before ESTABLISHED, ISS = SND.UNA < SND.NXT", implies(
            begun, all_of(acknowledged == 0, sent >= 1, sent <= 1 + on_syn)
        )
        yield f"{me.end}: in SYN-SENT nothing is received", implies(
            me.state == SYN_SENT, all_of(me.irs == 0, me.rcv_nxt == 0, me.syn_text == 0)
        )
        yield f"{me.end}: in SYN-RECEIVED, RCV.NXT = IRS + 1", implies(me.state == SYN_RECEIVED, received == 1)
        yield f"{me.end}: from ESTABLISHED on, ISS < SND.UNA =< SND.NXT", implies(
            open_,
            all_of(acknowledged >= (0 if unconfirmed else 1), acknowledged <= sent, received >= 1, me.syn_text == 0),
        )
        yield f"{me.end}: no more is sent than the window and the user allow", implies(
            open_, all_of(sent - acknowledged <= outstanding, sent <= 1 + me.may_send + ite(me.fin_sent, 1, 0))
        )
        yield f"{me.end}: nothing is sent again where all is acknowledged", implies(
            me.snd_una == me.snd_nxt, me.retries == 0
        )
        yield f"{me.end}: what is sent and what waits is what the user may send", me.sent + me.queued <= me.may_send
        if me.octets_sent is not ZERO:
            yield f"{me.end}: SND.NXT is ISS and what was counted", implies(begun | open_, me.snd_nxt == me.iss + sent)
        if me.octets_delivered is not ZERO:
            more = me.octets_delivered > me.may_receive  # than there are: the count ends there
            yield f"{me.end}: RCV.NXT is IRS and what was counted", implies(open_ & ~more, me.rcv_nxt == me.irs + received)
        if me.held:
            receives = me.state.isin(*RECEIVING)
            yield f"{me.end}: nothing is held but where text is received", implies(
                ~receives, all_of(*(~bit for bit in me.held), me.held_fin == 0)
            )


def _closing(s: Settings, _: System) -> Iterator[Clause]:
    """3.6; 3.10.4 for the FIN that waits; figure 5 for what the states below ESTABLISHED mean.

    3.10.5 for the queues, which ABORT flushes; MAY-2 for a connection that is reopened, and what it returns to.
    """
    for me in ends(s):
        if me.reset_sent is not FALSE:
            numbers = (me.iss, me.irs, me.snd_una, me.snd_nxt, me.rcv_nxt)
            yield f"{me.end}: behind ABORT, TIME-WAIT keeps numbers only", implies(
                me.reset_sent, (me.state == TIME_WAIT) & _absent(me, *numbers, me.opened, me.reset_sent, me.waited)
            )
            yield f"{me.end}: and they say that nothing was sent or delivered", implies(
                me.reset_sent, all_of(me.snd_una == me.snd_nxt, me.snd_nxt == me.iss + 1, me.rcv_nxt == me.irs + 1)
            )
        if not (me.sends_fin or me.gets_fin):
            continue
        closed = me.state.isin(FIN_WAIT_1, FIN_WAIT_2, CLOSING, LAST_ACK, TIME_WAIT) & ~me.reset_sent
        yield f"{me.end}: from FIN-WAIT-1 on, and in LAST-ACK, CLOSE was called", implies(closed, me.closed_by_user)
        may_wait = me.state.isin(SYN_RECEIVED, ESTABLISHED, FIN_WAIT_1, CLOSE_WAIT, CLOSING)
        yield f"{me.end}: a FIN waits only behind a CLOSE, where it is not sent yet", implies(
            me.fin_waits, me.closed_by_user & may_wait
        )
        not_yet = me.state.isin(SYN_SENT, SYN_RECEIVED, ESTABLISHED, CLOSE_WAIT)
        yield f"{me.end}: before FIN-WAIT-1 and LAST-ACK, a CLOSE that was called waits", implies(
            not_yet & me.closed_by_user, me.fin_waits
        )
        yield f"{me.end}: in FIN-WAIT-2 and TIME-WAIT all is acknowledged, the FIN too", implies(
            me.state.isin(FIN_WAIT_2, TIME_WAIT) & ~me.reset_sent, all_of(me.snd_una == me.snd_nxt, me.numbers_used >= 2)
        )
        yield f"{me.end}: behind its FIN nothing waits to be sent", implies(me.fin_sent, me.queued == 0)
        yield f"{me.end}: the peer's FIN took a number", implies(me.fin_received, me.numbers_received >= 2)
        if me.former:
            attempt = (me.state == SYN_RECEIVED) & (me.opened == PASSIVE)
            kept = any_of(*(former != 0 for _, former in me.former))
            yield f"{me.end}: while a SYN reopens TIME-WAIT, and only then, there is a way back", all_of(
                implies(me.reopened, attempt), me.reopened == kept
            )


def _one_rule(s: Settings, system: System) -> Iterator[Clause]:
    """3.10.7 is an exhaustive case analysis, and a segment is in one case of it."""
    for me in ends(s):
        rules = [a for a in system.actions if a.actor == me.end and a.kind is Kind.SEGMENT_ARRIVES]
        channel = next(c.variable for c in system.channels if c.receiver == me.end)
        bag = system.by_name[channel].expr
        sort = bag.sort
        assert isinstance(sort, Bag)
        for i in range(1 if sort.ordered else sort.capacity):
            segment = item(bag, i)
            apply = [substitute(all_of(*rule.guard), {rule.params[0].expr: segment}) for rule in rules]
            yield f"one rule says what becomes of segment {i + 1} to the {me.end}", implies(has(bag, i), count_if(apply) == 1)


INVARIANTS: tuple[Invariant, ...] = (
    Invariant("tcb-iff-not-closed", "Where an end is CLOSED there is no TCB: all its variables have absent values.", _tcb),
    Invariant("listen-is-clean", "An end in LISTEN keeps nothing of an earlier attempt, and it opened passively.", _listen),
    Invariant(
        "numbers-in-order",
        "ISS =< SND.UNA =< SND.NXT, within what the user and the window allow; RCV.NXT lies behind IRS.",
        _numbers,
    ),
    Invariant(
        "closing-in-order",
        "The states below ESTABLISHED mean what figure 5 says: whose FIN was sent, acknowledged and received.",
        _closing,
    ),
    Invariant(
        "one-rule-per-segment", "Whatever segment arrives in whatever state, exactly one rule says what happens.", _one_rule
    ),
)
"""The invariants, in the order in which they are shown."""
