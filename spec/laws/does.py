"""What a finished action of one end does: its variables before and after, the arriving segment, the segments it sends.

This is read off the action's effects, whatever its rule was written to do; the laws judge it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from synproof.engine.expr import FALSE, TRUE, Expr, Operand, all_of, any_of, const, count_if, implies, ite, negate
from synproof.engine.sorts import Int
from synproof.engine.system import Action

from ..event import OCTETS
from ..settings import Settings
from ..states import (
    CLOSE_WAIT,
    CLOSING,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    LAST_ACK,
    LISTEN,
    PASSIVE,
    SYN_RECEIVED,
    SYN_SENT,
    SYNCHRONIZED,
    TIME_WAIT,
)
from ..system import RULES
from ..tcb import Tcb

__all__ = ["ABORT", "ACTIVE_OPEN", "GIVE_UP", "Arriving", "Does"]

ACTIVE_OPEN = ("open_active", "open_active_with_data")
ABORT = ("abort", "abort_quietly", "abort_before_fin", "abort_behind_fin")
GIVE_UP = ("give_up", "give_up_with_queued_close")
"""The names of rules that do one thing in several ways."""


def _without_state(name: str) -> str:
    """A rule's, or an action's, name up to the state in which it applies."""
    return name.partition("_in_")[0]


RULE_NAMES = frozenset(_without_state(rule.name) for rule in RULES)


class Does:
    """What an action of one end does: its variables before and after, the arriving segment, the segments sent."""

    def __init__(self, action: Action, me: Tcb, settings: Settings) -> None:
        self.action, self.me, self.s = action, me, settings
        self.effects = dict(action.effects)
        self.sends = [(send.element, send.when) for send in action.sends]
        self.seg = next((p.expr for p in action.params if p.channel is not None), None)
        self.octets: Expr = next((p.expr for p in action.params if p.name == OCTETS), const(1))

    def after(self, variable: Expr) -> Expr:
        """The variable after the step."""
        return self.effects.get(variable.attr, variable)

    def keeps(self, variable: Expr) -> Expr:
        """The step does not change the variable."""
        return self.after(variable) == variable

    def keeps_all(self) -> Expr:
        """The step changes neither the state nor anything in the TCB (history and timers apart)."""
        me = self.me
        apart = {v.name for v in me.variables if v.history} | {timer.attr for timer in (*me.timers.values(), me.probes)}
        return all_of(self.keeps(me.state), *(self.keeps(v) for v, _ in me.block if v.attr not in apart))

    def every(self, says: Callable[[Expr], Operand]) -> Expr:
        """Every segment sent is so."""
        return all_of(*(implies(when, says(segment)) for segment, when in self.sends))

    def some(self, says: Callable[[Expr], Operand]) -> Expr:
        """Some segment sent is so."""
        return any_of(*(all_of(when, says(segment)) for segment, when in self.sends))

    def is_named(self, *names: str) -> bool:
        """The action is of a rule with one of these names, in whatever state."""
        assert RULE_NAMES.issuperset(names), f"no rules: {set(names) - RULE_NAMES}"
        return _without_state(self.action.name.partition(".")[2]) in names

    @property
    def reopens(self) -> Expr:
        """The step leads from TIME-WAIT to a new connection (MAY-2)."""
        return (self.me.state == TIME_WAIT) & (self.after(self.me.state) == SYN_RECEIVED)

    @property
    def gives_way(self) -> Expr:
        """The step leads from such an attempt back to TIME-WAIT."""
        return (self.me.state == SYN_RECEIVED) & (self.after(self.me.state) == TIME_WAIT)

    @property
    def goes_on(self) -> Expr:
        """There is a connection, or an attempt at one, before the step and after it, and it is the same one."""
        me = self.me
        return all_of(
            *(state.isin(SYN_SENT, SYN_RECEIVED, *SYNCHRONIZED) for state in (me.state, self.after(me.state))),
            ~self.reopens, ~self.gives_way, self.keeps(me.reset_sent) if me.reset_sent is not FALSE else TRUE,
        )  # fmt: skip

    @property
    def where_it_began(self) -> Expr:
        """The state to which an attempt after a passive OPEN returns: LISTEN, or TIME-WAIT (MAY-2)."""
        return ite(self.me.reopened, TIME_WAIT, LISTEN)

    # -- the arriving segment ------------------------------------------------------------------------------------
    @cached_property
    def arriving(self) -> Arriving:
        """What the RFC asks of the arriving segment."""
        assert self.seg is not None
        return Arriving(self)


def _meets_window(segment: Expr, me: Tcb) -> Expr:
    """Some number that the segment occupies lies in the window; if it occupies none, the number that it bears does.

    Table 6 asks this of the first and of the last number only, which is the same for segments that do not span the window.
    """
    text = segment.len.sort
    assert isinstance(text, Int)
    length = segment.len + count_if([segment.syn_bit, segment.fin_bit])
    first = segment.seq - me.rcv_nxt < me.rcv_wnd
    others = (all_of(i < length, ~segment.rst_bit, segment.seq + i - me.rcv_nxt < me.rcv_wnd) for i in range(1, text.hi + 2))
    return any_of(first, *others)


class Arriving:
    """An arriving segment, as the RFC's conditions speak of it."""

    def __init__(self, does: Does) -> None:
        me, seg, s = does.me, does.seg, does.s
        assert seg is not None
        self.seg = seg
        self.late: Expr = me.state.isin(SYN_RECEIVED, *SYNCHRONIZED)  # of 3.10.7.4
        connected = me.state.isin(ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT, CLOSING, LAST_ACK)
        progress = seg.ack - me.snd_una
        self.ack_acceptable: Expr = all_of(seg.ack_bit, progress > 0, progress <= me.snd_nxt - me.snd_una)
        passive = (me.state == SYN_RECEIVED) & (me.opened == PASSIVE)
        self.acceptable: Expr = _meets_window(seg, me)
        self.syn_seen: Expr = seg.syn_bit & any_of(
            seg.seq - me.rcv_nxt < me.rcv_wnd, all_of(s.rfc5961 != "off", ~passive)
        )
        self.bare_syn: Expr = all_of(seg.syn_bit, ~seg.ack_bit, ~seg.rst_bit)
        exact = TRUE if s.rfc5961 == "off" else seg.seq == me.rcv_nxt
        deaf = (me.state == TIME_WAIT) & all_of(s.rfc1337)
        greater = me.rcv_nxt < seg.seq if s.time_wait_reuse == "bsd" else TRUE
        self.reopening: Expr = all_of(me.state == TIME_WAIT, s.time_wait_reuse != "off", self.bare_syn, greater)
        self.rst_valid: Expr = seg.rst_bit & any_of(
            (me.state == SYN_SENT) & self.ack_acceptable, all_of(self.late, self.acceptable, exact, ~deaf)
        )
        self.challenged: Expr = all_of(seg.rst_bit, self.late, self.acceptable, negate(exact), ~deaf)
        self.in_figure_7: Expr = all_of(
            s.simultaneous_open == "figure-7", me.state == SYN_RECEIVED, seg.syn_bit, ~seg.rst_bit, seg.seq == me.irs,
            self.ack_acceptable,
        )  # fmt: skip
        lowest = me.snd_una - s.window
        in_range = seg.ack - lowest <= me.snd_nxt - lowest if s.rfc5961 == "all" else TRUE
        old = me.snd_una - seg.ack < (1 << (s.seq_bits - 1))
        in_window = all_of(self.late, self.acceptable, ~seg.rst_bit, ~self.reopening)
        passes = all_of(in_window, ~self.syn_seen, seg.ack_bit)
        self.outside: Expr = all_of(self.late, ~self.acceptable, ~self.in_figure_7, ~self.reopening)
        self.ack_counts: Expr = any_of(
            all_of(passes, in_range, self.ack_acceptable, me.state != TIME_WAIT), self.in_figure_7
        )
        self.ack_usable: Expr = any_of(self.ack_counts, all_of(passes, in_range, connected, old))
        self.ack_out_of_range: Expr = passes & any_of(~in_range, all_of(connected, ~self.ack_acceptable, ~old))
        self.acks_fin: Expr = all_of(self.ack_counts, me.fin_sent, seg.ack == me.snd_nxt)
        self.ack_of_nothing_sent: Expr = all_of(passes, in_range, ~self.ack_acceptable, me.state == SYN_RECEIVED)
        self.syn_is_error: Expr = all_of(s.rfc5961 == "off", in_window, self.syn_seen, ~passive)
        self.syn_challenged: Expr = all_of(s.rfc5961 != "off", in_window, self.syn_seen, ~passive)
