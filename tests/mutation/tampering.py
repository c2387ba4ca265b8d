"""Tampering: a step and an event that offer every small change to what a rule says, and make the wanted one.

A conjunct of the guard is left out, a state, number or flag is another, an assignment, a restart of a timer or a segment is
missing, a timer ends one tick early. What the history is told of it: see `told_truly`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from synproof.engine.expr import TRUE, Expr, Op, Operand, all_of, clamp, const, lift, negate
from synproof.engine.prose import show
from synproof.engine.sorts import Bool, Enum, Int, Seq
from synproof.engine.system import Step
from synproof.spec.event import Event
from synproof.spec.states import LISTEN, STATE
from synproof.spec.tcb import ZERO, Tcb

from .told_truly import AS_WRITTEN, Telling, entered_instead

__all__ = ["Mutation", "TamperedEvent", "TamperedStep", "Tampering", "conjunct_text"]

STATES = tuple(const(name, STATE) for name in STATE.members)
STAYS = "the state stays"
EARLIER = "ends one tick early"


@dataclass(frozen=True, order=True)
class Mutation:
    """One change: in `action` (a rule in a state, or what the network does), at `place`, to `change`."""

    action: str
    place: str
    change: str

    def __str__(self) -> str:
        return f"{self.action}: {self.place}: {self.change}"

    @property
    def applies_elsewhere(self) -> bool:
        """The mutant may apply where its rule does not: its guard is another."""
        return self.place == "guard" or self.change == EARLIER


class Tampering:
    """Offers every possible change, and makes the wanted one."""

    def __init__(self, action: str, wanted: Mutation | None) -> None:
        self.action, self.wanted = action, wanted
        self.offered: dict[Mutation, None] = {}

    def __call__(self, place: str, change: str) -> bool:
        """Whether this is the change to be made."""
        mutation = Mutation(self.action, place, change)
        self.offered[mutation] = None
        return mutation == self.wanted

    def number(self, place: str, value: Expr, bounds: Int | None = None) -> Expr:
        """The number, or one beside it (a whole number stays within its bounds)."""
        for change, by in (("one more", 1), ("one less", -1)):
            other = value + by if bounds is None else clamp(value + by, bounds.lo, bounds.hi)
            if other is not value and self(place, change):
                return other
        return value

    @property
    def lets_through_too_much(self) -> bool:
        """The wanted change leaves out a conjunct here."""
        return self.wanted is not None and self.wanted.place == "guard" and self.wanted.action == self.action

    def told(self) -> Telling:
        """What the wanted change makes of the rule's reports to the history."""
        wanted = self.wanted
        if wanted is None or wanted.action != self.action:
            return AS_WRITTEN
        entered = next((s for s in STATES if wanted == Mutation(self.action, "state", f"enters {s.attr}")), None)
        return Telling(
            entered=entered,
            stays=wanted == Mutation(self.action, "state", STAYS),
            delivers=(wanted.place, wanted.change) != ("rcv_nxt", "is not set"),
            restarts=(wanted.place, wanted.change) != ("waited", "is not restarted"),
            sends_syn=wanted.change not in ("is not sent", "SYN flipped"),
        )


class TamperedStep(Step):
    """A step of `me` whose guard and assignments are tampered with."""

    forgetting = False
    entering_another_state = False

    def __init__(self, tamper: Tampering, me: Tcb, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tamper = tamper
        self.hidden = {variable.name for variable in me.variables if variable.history}
        self.timers = {timer.attr: -1 for timer in me.timers.values()} | {me.quiet.attr: 1}  # how it counts, backwards

    def when(self, *conditions: Operand) -> None:
        """Each conjunct may be left out, and a timer may end one tick early."""
        for condition in conditions:
            node = all_of(condition)
            for conjunct in node.args if node.op is Op.AND else (node,):
                plain = conjunct.op is Op.CONST
                if plain or not self.tamper("guard", f"without {conjunct_text(conjunct, self.actor)}"):
                    super().when(self._earlier(conjunct))

    def _earlier(self, conjunct: Expr) -> Expr:
        if conjunct.op is not Op.EQ or conjunct.args[0].op is not Op.VAR or conjunct.args[1] is const(0):
            return conjunct
        timer, length = conjunct.args
        back = self.timers.get(timer.attr)
        if back is None or timer.attr in self.hidden or not self.tamper(_short(timer), EARLIER):
            return conjunct
        return timer == length + back

    def set(self, variable: Expr, value: Operand) -> None:
        """Each assignment may be left out or be another."""
        name = _short(variable)
        if self.entering_another_state and str(variable.attr) in self._written:
            return  # entering it has set this already
        if variable.attr in self.hidden:
            self.change(variable, value)  # a state entered instead may have set it
        elif name == "state":
            super().set(variable, value)
        elif self.forgetting:
            if not self.tamper(name, "is not forgotten"):
                super().set(variable, value)
        elif not self.tamper(name, "is not set"):
            node = lift(value, variable.sort)
            if isinstance(variable.sort, Int) and self.tamper.lets_through_too_much:
                node = clamp(node, variable.sort.lo, variable.sort.hi)  # a count that nothing bounds any more stays at its end
            super().set(variable, self._other(name, variable, node))

    def _other(self, name: str, variable: Expr, value: Expr) -> Expr:
        match variable.sort:
            case Int() as bounds:
                return self.tamper.number(name, value, bounds)
            case Seq():
                return self.tamper.number(name, value)
            case Bool():
                return negate(value) if self.tamper(name, "is the opposite") else value
            case Enum(members=members) if value.op is Op.CONST:
                for other in members:
                    if other != value.attr and self.tamper(name, f"is {other}"):
                        return const(other, variable.sort)
        return value

    def event(self, name: str, condition: Operand, *clauses: tuple[str, Operand]) -> None:
        """A witness is none if the mutant does not do what it says."""
        telling = self.tamper.told()
        untrue = {
            "cleared-by-rst": not telling.is_as_written,
            "syn-again": not telling.sends_syn,
            "third-segment-data": not telling.delivers,
            "syn-data-delivered": not telling.delivers,
        }
        if not untrue.get(name, False):
            super().event(name, condition, *clauses)


class TamperedEvent(Event):
    """An event whose states and segments are tampered with."""

    step: TamperedStep
    sent = 0

    def enter(self, state: Expr) -> None:
        """Another state may be entered, or none."""
        tamper = self.step.tamper
        if tamper("state", STAYS):
            return
        for other in STATES:
            possible = self.me.can_be_in(other) or other is LISTEN  # where real stacks went after an active OPEN, too
            if possible and other is not state and tamper("state", f"enters {other.attr}"):
                self.step.entering_another_state = True
                entered_instead(self, other)
                super().enter(other)
                return
        super().enter(state)

    def restart(self, timer: Expr, when: Operand = True) -> None:
        """A timer may go on instead, or be restarted whatever happens."""
        tamper, name = self.step.tamper, _short(timer)
        if timer is not ZERO and timer.attr not in self.step.hidden:
            if tamper(name, "is not restarted"):
                return
            if all_of(when) is not TRUE and tamper(name, "is restarted whatever happens"):
                when = True
        super().restart(timer, when)

    def keep_quiet(self) -> None:
        """The quiet time may be forgotten."""
        if self.me.quiet is ZERO or not self.step.tamper("quiet", "is not kept"):
            super().keep_quiet()

    def _forget(self, but: Expr | None = None) -> None:
        self.step.forgetting = True
        super()._forget(but)
        self.step.forgetting = False

    def send(
        self, *, seq: Expr, ack: Expr | None = None, syn: bool = False, fin: bool = False, rst: bool = False,
        octets: Operand = 0, when: Operand = True,
    ) -> None:  # fmt: skip
        """The segment may be missing; its numbers, flags and length may be others."""
        tamper = self.step.tamper
        self.sent += 1
        place = "segment" if self.sent == 1 else f"segment {self.sent}"
        if tamper(place, "is not sent"):
            return
        if all_of(when) is not TRUE and tamper(place, "is sent whatever happens"):
            when = True
        seq = tamper.number(f"{place}, SEQ", seq)
        if ack is not None:
            ack = tamper.number(f"{place}, ACK", ack)
        syn = syn ^ tamper(place, "SYN flipped")
        fin = fin ^ tamper(place, "FIN flipped")
        rst = rst ^ tamper(place, "RST flipped")
        if tamper(place, "ACK flipped"):
            ack = self.me.rcv_nxt if ack is None else None
        longest = Int(0, 1)
        length = lift(octets, longest)
        if tamper(place, "data or none"):
            length = clamp(1 - length, 0, 1)
        octets = length if length.op is not Op.CONST else length.attr
        super().send(seq=seq, ack=ack, syn=syn, fin=fin, rst=rst, octets=octets, when=when)


def _short(variable: Expr) -> str:
    """A variable's name without its end; ZERO, which stands for a variable that is not there, has none."""
    return "" if variable is ZERO else str(variable.attr).partition(".")[2]


def conjunct_text(conjunct: Expr, actor: str) -> str:
    """A conjunct as people read it, the same for both ends and all bounds."""
    text = re.sub(r"\b\d+\b", "#", show(conjunct))
    if actor in ("client", "server"):
        peer = "server" if actor == "client" else "client"
        text = text.replace(f"network.to_{peer}", "to_peer").replace(f"network.to_{actor}", "to_me")
        text = text.replace(f"{actor}.", "").replace(f"{peer}.", "peer.")
    else:
        text = re.sub(r"network\.to_(client|server)", "channel", text)
        text = re.sub(r"\b(client|server)\.", "", text)
    for long, short in _SHORTER:
        text = text.replace(long, short)
    return text


_LENGTH = "(segment.len + (# if segment.syn_bit else #)) + (# if segment.fin_bit else #)"
_REACHES_IN = f"# < {_LENGTH} and not segment.rst_bit and (segment.seq + (({_LENGTH}) - #)) - rcv_nxt < #"
_SHORTER = (
    (f"segment.seq - rcv_nxt < # or {_REACHES_IN}", "segment acceptable"),
    ("segment.seq - rcv_nxt < #", "segment.seq in window"),
    ("clamp((snd_nxt - iss) - #, #, #)", "sent"),
    ("# < segment.ack - snd_una and segment.ack - snd_una <= snd_nxt - snd_una", "snd_una < segment.ack <= snd_nxt"),
    ("# < segment.ack - snd_una", "snd_una < segment.ack"),
    ("segment.ack - snd_una <= snd_nxt - snd_una", "segment.ack <= snd_nxt"),
    ("snd_una - segment.ack < #", "segment.ack <= snd_una"),
    ("not occupied(to_peer, #)", "there is room"),
    ("not occupied(channel, #)", "there is room"),
)
"""Conditions that have a name in the RFC, as the expressions spell them."""
