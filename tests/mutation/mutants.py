"""Mutants: the specification with one small mistake in one rule, the same at both ends.

A `Mutation` names the rule's action (without its end), the place and the change. The rules themselves are run, with an event
that tampers at that place: a conjunct of the guard is left out, a state, number or flag is another, an assignment or a
segment is missing. History stays true to what the mutant does: see `told_truly`. What the network does is mutated as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

from synproof.engine.expr import TRUE, Expr, Op, Operand, all_of, clamp, const, insert, lift, negate
from synproof.engine.prose import show
from synproof.engine.sorts import Bag, Bool, Enum, Int, Seq
from synproof.engine.system import Action, Step, System
from synproof.spec import Settings, segment
from synproof.spec.clock import DEADLINE, TICK, Clock
from synproof.spec.event import End, Event, Rule
from synproof.spec.laws import observed
from synproof.spec.network import Network
from synproof.spec.states import LISTEN, STATE
from synproof.spec.system import in_force, mark_drops, sides, written
from synproof.spec.tcb import ZERO, Tcb

from .told_truly import AS_WRITTEN, Telling, entered_instead, told_truly, who_changed_what

__all__ = ["Mutation", "conjunct_text", "mutate", "mutations", "rewritten"]

STATES = tuple(const(name, STATE) for name in STATE.members)
STAYS = "the state stays"


@dataclass(frozen=True, order=True)
class Mutation:
    """One change: in `action` (a rule in a state, or what the network does), at `place`, to `change`."""

    action: str
    place: str
    change: str

    def __str__(self) -> str:
        return f"{self.action}: {self.place}: {self.change}"


class _Tampering:
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


# ---- rules that are tampered with ------------------------------------------------------------------------------------


class _Step(Step):
    """A step of `me` whose guard and assignments are tampered with."""

    forgetting = False
    entering_another_state = False

    def __init__(self, tamper: _Tampering, me: Tcb, *args: Any, **kwargs: Any) -> None:
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
        if back is None or timer.attr in self.hidden or not self.tamper(_short(timer), "ends one tick early"):
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


class _Event(Event):
    """An event whose states and segments are tampered with."""

    step: _Step
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
_SHORTER = (
    (f"segment.seq - rcv_nxt < # or # < {_LENGTH} and (segment.seq + (({_LENGTH}) - #)) - rcv_nxt < #", "segment acceptable"),
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


def _write(rule: Rule, state: Expr, side: End, settings: Settings, wanted: Mutation | None) -> tuple[Action, _Tampering]:
    """The rule's action at one end with the wanted change; and all changes it offers."""
    tamper = _Tampering(rule.action_name(state), wanted)

    def step_of(*args: Any, **kwargs: Any) -> Step:
        return _Step(tamper, side.me, *args, **kwargs)

    with nullcontext() if wanted is None else told_truly(tamper.told()):
        event = written(rule, state, side, settings, step_of, _Event)
    if wanted is not None:
        who_changed_what(event)
    if DEADLINE in event.step.tags and tamper("tags", "time need not wait for it"):
        event.step.tags -= {DEADLINE}
    return event.step.action(), tamper


# ---- what the network does -------------------------------------------------------------------------------------------


def _rule_of(action: Action) -> str:
    """The name of an action without its end or direction."""
    if action.actor in ("client", "server"):
        return action.name.partition(".")[2]
    return re.sub(r"_to_(client|server)$", "", action.name)


def _tamper_with(action: Action, wanted: Mutation | None, hidden: frozenset[str]) -> tuple[Action, _Tampering]:
    """An action of the network, the attacker or the clock, with the wanted change; and all changes it offers."""
    tamper = _Tampering(_rule_of(action), wanted)
    guard = [c for c in action.guard if not tamper("guard", f"without {conjunct_text(c, action.actor)}")]
    effects = []
    for name, value in action.effects:
        place = "channel" if name.startswith("network.to_") else name.partition(".")[2]
        if isinstance(value.sort, Int) and len(guard) < len(action.guard):
            value = clamp(value, 0, value.sort.hi)  # a budget that nothing bounds any more stays at its end
        if name in hidden or not tamper(place, "is not changed"):
            effects.append((name, _young_again(value, tamper)))
    return replace(action, guard=tuple(guard), effects=tuple(effects)), tamper


def _young_again(value: Expr, tamper: _Tampering) -> Expr:
    """A copy that the network makes may begin its life anew."""
    if value.op is Op.INSERT and isinstance(value.sort, Bag) and segment.AGE in value.sort.element.index:
        bag, copy = value.args
        if tamper("channel", "a duplicate gets a new lifetime"):
            return insert(bag, segment.replace(copy, age=const(0)))
    return value


# ---- mutants of a system ---------------------------------------------------------------------------------------------


def _rewrite(settings: Settings, system: System, wanted: Mutation | None) -> Iterator[tuple[Action, _Tampering]]:
    """Each action of the system (only the wanted rule's, if one is), written anew."""
    network = Network(settings)
    both = sides(settings, network)
    shipped = {action.name: action for action in system.actions}
    late: dict[str, Action] = {}
    for side in both:
        for rule, state in in_force(side.me, settings):
            name = rule.action_name(state)
            known = shipped.get(f"{side.me.end}.{name}")
            if known is not None and (wanted is None or wanted.action == name):
                action, tamper = _write(rule, state, side, settings, wanted)
                if DEADLINE in known.tags:
                    late[action.name] = action
                yield observed(mark_drops(action, network), side.me, settings), tamper
    if late and wanted is not None:  # time waits for what is done before a deadline
        others = [late.get(action.name, action) for action in system.actions]
        clock = Clock(settings, network, [side.me for side in both])
        ticks = clock.actions([action for action in others if TICK not in action.tags])
        yield from ((tick, _Tampering("", None)) for tick in ticks)
    hidden = frozenset(variable.name for variable in system.variables if variable.history)
    for action in system.actions:
        if action.actor not in ("client", "server") and (wanted is None or wanted.action == _rule_of(action)):
            yield _tamper_with(action, wanted, hidden)


def rewritten(settings: Settings, system: System) -> list[Action]:
    """The actions of the (observed) system as the mutants are written, but without a mistake: the same actions."""
    return [action for action, _ in _rewrite(settings, system, None)]


def mutations(settings: Settings, system: System) -> list[Mutation]:
    """Every mutation that the system has a place for, without repetition, in the order of the rules."""
    return list(dict.fromkeys(m for _, tamper in _rewrite(settings, system, None) for m in tamper.offered))


def mutate(settings: Settings, system: System, mutation: Mutation) -> dict[str, Action]:
    """The actions that differ from the system's where the mistake is made, by name (none if there is no place for it)."""
    found, offered = {}, False
    for action, tamper in _rewrite(settings, system, mutation):
        offered = offered or mutation in tamper.offered
        found[action.name] = action
    shipped = {action.name: action for action in system.actions}
    return {name: a for name, a in found.items() if offered and not _does_the_same(a, shipped[name])}


def _does_the_same(action: Action, other: Action) -> bool:
    """The actions have the same guards and effects, history included, and the same deadlines."""
    def does(one: Action) -> list[object]:
        effects = sorted((name, id(value)) for name, value in one.effects)  # equal expressions are one object
        return [list(map(id, one.guard)), effects, one.tags]

    return does(action) == does(other)
