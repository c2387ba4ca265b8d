"""Writing down what an end does at an event: the vocabulary of RFC 9293 3.10 ("set", "enter", "send", "delete the TCB").

A rule of the specification is a function of an `Event`. It says for one end (`me`) when it applies and what then happens; the
network and the other end appear only as where segments go and, in `history`, for the properties.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from synproof.engine.expr import FALSE, TRUE, Expr, Operand, clamp, const, ite, lift, record
from synproof.engine.sorts import Bag, Int
from synproof.engine.system import Kind, Step

from . import history
from .segment import LAP, LATE_MARK, is_acceptable
from .settings import Settings
from .states import ACTIVE, CLOSED, LISTEN, STATE, SYN_RECEIVED, TIME_WAIT
from .tcb import ZERO, Tcb

__all__ = ["OCTETS", "End", "Event", "Rule", "every_setting", "rule"]

OCTETS = "octets"
"""The parameter of an action that chooses how many octets it is about."""


@dataclass(frozen=True)
class End:
    """One end in its surroundings: its TCB, the peer's, and the two directions of the network."""

    me: Tcb
    peer: Tcb
    to_me: Expr
    to_peer: Expr


class Event:
    """An event at one end in one state, while the action for it is being written. `seg` is the arriving segment, if any."""

    def __init__(self, step: Step, end: End, settings: Settings, state: Expr, seg: Expr | None = None) -> None:
        self.step, self.end, self.s, self.state = step, end, settings, state
        self.restarts_time_wait: Expr = FALSE  # known before the segment that this step sends
        self.me, self.peer = end.me, end.peer
        self._seg = seg

    @property
    def seg(self) -> Expr:
        """SEG: the arriving segment."""
        assert self._seg is not None, f"{self.step.name} is not about a segment"
        return self._seg

    def reads(self, reading: str) -> bool:
        """Whether a place of the RFC is read in another way (see `readings`); if so, the step says that it is."""
        if not self.s.reads(reading):
            return False
        self.step.choice = "; ".join(filter(None, (self.step.choice, f"readings={reading}")))
        return True

    # -- when ----------------------------------------------------------------------------------------------------
    def when(self, *conditions: Operand) -> None:
        """The rule applies only where all conditions hold."""
        self.step.when(*conditions)

    def acceptable(self) -> Expr:
        """First: the segment is acceptable by Table 6."""
        return is_acceptable(self.seg, self.me.rcv_nxt, self.me.rcv_wnd)

    def ack_is_acceptable(self) -> Expr:
        """SND.UNA < SEG.ACK =< SND.NXT, an interval on the circle (3.4)."""
        progress = self.seg.ack - self.me.snd_una
        return (progress > 0) & (progress <= self.me.snd_nxt - self.me.snd_una)

    def ack_is_old(self) -> Expr:
        """SEG.ACK =< SND.UNA, "a duplicate": up to half the circle behind."""
        return self.me.snd_una - self.seg.ack < (1 << (self.s.seq_bits - 1))

    def within_rate(self, octets: Operand) -> Expr:
        """So many octets more may be sent in this tick."""
        return TRUE if self.s.rate is None else self.me.sent_now + octets <= self.s.rate

    # -- what is chosen ------------------------------------------------------------------------------------------
    def octets(self) -> Expr:
        """How many octets a segment carries, or a SEND hands over: one, or any choice up to `mss` (3.7.1)."""
        return const(1) if self.s.mss == 1 else self.step.choose(OCTETS, Int(1, self.s.mss))

    # -- what happens --------------------------------------------------------------------------------------------
    def set(self, variable: Expr, value: Operand) -> None:
        """The variable takes the value."""
        self.step.set(variable, value)

    def enter(self, state: Expr) -> None:
        """Enter the state."""
        self.step.set(self.me.state, state)
        if self.me.former and self.state is SYN_RECEIVED and not any(state is end for end in (CLOSED, LISTEN, TIME_WAIT)):
            for _, former in self.me.former:  # the SYN was no old duplicate: there is no way back
                self.set(former, 0)
            self.set(self.me.reopened, FALSE)
        history.state_entered(self, state)

    def send(
        self, *, seq: Expr, ack: Expr | None = None, syn: bool = False, fin: bool = False, rst: bool = False,
        octets: Operand = 0, when: Operand = True,
    ) -> None:  # fmt: skip
        """Send a segment; the ACK bit is on if there is an acknowledgment number."""
        channel = self.end.to_peer
        assert isinstance(channel.sort, Bag)
        fields: dict[str, Operand] = {"seq": seq, "len": octets, "syn_bit": syn, "fin_bit": fin, "rst_bit": rst}
        if ack is not None:
            fields |= {"ack": ack, "ack_bit": True}
        if not rst:  # a reset speaks for no incarnation
            fields |= {"present": True, "known": ack is not None and history.knows_peer(self)}
            if LATE_MARK in channel.sort.element.index:
                fields |= {LATE_MARK: history.is_late(self)}
            if LAP in channel.sort.element.index and not syn:
                fields |= {LAP: history.lap(self, seq, octets)}
        self.step.send(channel, record(channel.sort.element, **fields), when)

    def advance_snd_nxt(self, octets: Operand) -> None:
        """SND.NXT moves over octets that are sent for the first time."""
        me, step = self.me, self.step
        step.change(me.snd_nxt, step.now(me.snd_nxt) + octets)
        for count in (me.octets_sent, me.sent_now):
            assert isinstance(count.sort, Int)
            if count is not ZERO:
                step.change(count, clamp(count + octets, 0, count.sort.hi))

    def acknowledge(self, rcv_nxt: Expr | None = None, when: Operand = True) -> None:
        """<SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>"""
        self.send(seq=self.me.snd_nxt, ack=self.me.rcv_nxt if rcv_nxt is None else rcv_nxt, when=when)

    def send_fin(self) -> None:
        """<SEQ=SND.NXT><ACK=RCV.NXT><CTL=FIN,ACK>; it takes one sequence number."""
        self.send(seq=self.me.snd_nxt, ack=self.step.now(self.me.rcv_nxt), fin=True)
        self.set(self.me.snd_nxt, self.me.snd_nxt + 1)

    def reset_by_ack(self) -> None:
        """<SEQ=SEG.ACK><CTL=RST>"""
        self.send(seq=self.seg.ack, rst=True)

    def reset_without_ack(self, length: Expr) -> None:
        """<SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>"""
        self.send(seq=const(0, self.seg.seq.sort), ack=self.seg.seq + length, rst=True)

    def take_ack(self, is_new: Operand = True) -> None:
        """SND.UNA <- SEG.ACK, where that is new: what it acknowledges is retransmitted no more."""
        me = self.me
        self.set(me.snd_una, ite(is_new, self.seg.ack, me.snd_una))
        self.set(me.retries, ite(is_new, 0, me.retries))
        self.restart(me.unacknowledged_for, is_new)

    def restart(self, timer: Expr, when: Operand = True) -> None:
        """The timer, where it is there, runs from its beginning."""
        if timer is not ZERO:
            self.step.change(timer, ite(when, 0, self.step.now(timer)))

    def peer_is_alive(self) -> None:
        """A segment has arrived, whatever it was: the connection is not idle (3.8.4)."""
        for timer in (self.me.idle_for, self.me.probes, self.me.silent_for):
            self.restart(timer)

    def keep_quiet(self) -> None:
        """What numbers were used is forgotten: for one MSL none is assigned, and nothing sent (3.4.3)."""
        if self.me.quiet is not ZERO:
            self.step.change(self.me.quiet, self.s.msl + 1)

    def delete_tcb(self, told: Expr | None = None) -> None:
        """Delete the TCB and enter CLOSED; `told` is what the user is told, if anything."""
        if self.s.quiet_time == "after-forgetting" and self.me.role == "passive" and self.state is not LISTEN:
            self.keep_quiet()
        self.enter(CLOSED)
        history.closed_first(self)
        self._forget()
        if told is not None:
            self.step.set(self.me.told, told)

    def linger_after_reset(self) -> None:
        """Enter TIME-WAIT with a reset on its way: the queues are flushed, and of the numbers SND.NXT and RCV.NXT are kept.

        ISS and IRS move up to them, so that nothing counts as sent or delivered any more.
        """
        me = self.me
        kept = {me.snd_una: me.snd_nxt, me.iss: me.snd_nxt - 1, me.irs: me.rcv_nxt - 1, me.reset_sent: TRUE}
        for variable, absent in me.block:
            if variable in kept:
                self.set(variable, kept[variable])
            elif not any(variable is same for same in (me.opened, me.snd_nxt, me.rcv_nxt)):
                self.set(variable, lift(absent, variable.sort))
        self.enter(TIME_WAIT)

    def return_to_listen(self) -> None:
        """Return this connection to LISTEN: the queues are flushed, nothing of the attempt is kept, a queued CLOSE neither."""
        if self.s.reads("queued-close-ends"):
            self.when(~self.me.fin_waits)
        self.enter(LISTEN)
        self._forget(but=self.me.opened)

    def _forget(self, but: Expr | None = None) -> None:
        for variable, absent in self.me.block:
            if variable is not but:
                self.step.set(variable, absent)
        history.tcb_deleted(self)

    def peer_is_opening(self) -> Expr:
        """The peer has an active open under way (for the history of refusals)."""
        return self.peer.state.isin("SYN_SENT", "SYN_RECEIVED") & (self.peer.opened == ACTIVE)


def every_setting(_settings: Settings) -> bool:
    """The rule exists whatever the settings are."""
    return True


@dataclass(frozen=True)
class Rule:
    """One rule of the specification: the event it answers, where the RFC says so, and the function that writes it.

    A rule that the RFC states for several states becomes one action per state, with the state's name at the end of its own.
    """

    name: str
    kind: Kind
    clause: str
    sentence: str
    write: Callable[[Event], None]
    states: tuple[Expr, ...]
    only_if: Callable[[Settings], bool]
    choice: str
    tags: frozenset[str]

    def choice_under(self, settings: Settings) -> str:
        """The setting that makes the choice, with its value; `choice` may name the setting alone."""
        if not self.choice or "=" in self.choice:
            return self.choice
        return f"{self.choice}={settings.value(self.choice)}"

    def action_name(self, state: Expr) -> str:
        """The action's name in one of the rule's states."""
        return self.name if len(self.states) == 1 else f"{self.name}_in_{str(state.attr).lower()}"


def rule(
    kind: Kind,
    clause: str,
    *states: Expr,
    only_if: Callable[[Settings], bool] = every_setting,
    choice: str = "",
    tags: frozenset[str] = frozenset(),
    name: str = "",
) -> Callable[[Callable[[Event], None]], Rule]:
    """Make a rule of a function whose docstring is the sentence that people read.

    Rules that exclude one another by `only_if` may share a `name`: the same event, differently decided.
    """

    def make(write: Callable[[Event], None]) -> Rule:
        sentence = " ".join((write.__doc__ or "").split())
        assert sentence, f"{write.__name__} needs a sentence"
        assert all(state.sort == STATE for state in states)
        return Rule(name or write.__name__, kind, clause, sentence, write, states, only_if, choice, tags)

    return make
