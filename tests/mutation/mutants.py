"""Mutants: the specification with one small mistake in one rule, the same at both ends.

A `Mutation` names the rule's action (without its end), the place and the change. The rules themselves are run, with an event
that tampers at that place: a conjunct of the guard is left out, a state, number or flag is another, an assignment or a
segment is missing. History stays true to what the mutant does: see `told_truly`. What the network does is mutated as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from synproof.engine.expr import FALSE, TRUE, Expr, Op, Operand, all_of, clamp, const, lift, negate
from synproof.engine.prose import show
from synproof.engine.sorts import Bool, Enum, Int, Seq
from synproof.engine.system import Action, Kind, Step, System
from synproof.spec import Settings, history
from synproof.spec.event import End, Event, Rule
from synproof.spec.laws import observed
from synproof.spec.network import Network
from synproof.spec.states import CLOSED, ESTABLISHED, LISTEN, SYN_RECEIVED, SYN_SENT
from synproof.spec.system import RULES, ends

from .told_truly import AS_WRITTEN, Telling, entered_instead, told_truly, who_changed_what

__all__ = ["Mutation", "mutate", "mutations", "rewritten"]

STATES = (CLOSED, LISTEN, SYN_SENT, SYN_RECEIVED, ESTABLISHED)
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
            sends_syn=wanted.change not in ("is not sent", "SYN flipped"),
        )


# ---- rules that are tampered with ------------------------------------------------------------------------------------


class _Step(Step):
    """A step whose guard and assignments are tampered with."""

    tamper: _Tampering
    forgetting = False

    def when(self, *conditions: Operand) -> None:
        """Each conjunct may be left out."""
        for condition in conditions:
            node = all_of(condition)
            for conjunct in node.args if node.op is Op.AND else (node,):
                plain = conjunct.op is Op.CONST
                if plain or not self.tamper("guard", f"without {_text(conjunct, self.actor)}"):
                    super().when(conjunct)

    def set(self, variable: Expr, value: Operand) -> None:
        """Each assignment may be left out or be another."""
        name = str(variable.attr).partition(".")[2]
        if name in HISTORY:
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
            if other is not state and tamper("state", f"enters {other.attr}"):
                entered_instead(self, other)
                super().enter(other)
                return
        super().enter(state)

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


def _history() -> frozenset[str]:
    client, _ = ends(Settings())
    return frozenset(v.name.partition(".")[2] for v in client.variables if v.history) | {"held_stale_1", "held_stale_2"}


HISTORY = _history()


def _text(conjunct: Expr, actor: str) -> str:
    """A conjunct as people read it, the same for both ends and all bounds."""
    text = re.sub(r"\b\d+\b", "#", show(conjunct))
    if actor in ("client", "server"):
        peer = "server" if actor == "client" else "client"
        text = text.replace(f"network.to_{peer}", "to_peer").replace(f"network.to_{actor}", "to_me")
        return text.replace(f"{actor}.", "").replace(f"{peer}.", "peer.")
    return re.sub(r"network\.to_(client|server)", "channel", text)


def _write(rule: Rule, state: Expr, side: End, settings: Settings, wanted: Mutation | None) -> tuple[Action, _Tampering]:
    """The rule's action at one end, as `spec.system` writes it, with the wanted change; and all changes it offers."""
    name = rule.action_name(state)
    tamper = _Tampering(name, wanted)
    step = _Step(
        f"{side.me.end}.{name}", actor=side.me.end, kind=rule.kind, sentence=rule.sentence, clause=rule.clause,
        choice=rule.choice, tags=rule.tags,
    )  # fmt: skip
    step.tamper = tamper
    step.when(side.me.state == state)
    segment = step.take("segment", side.to_me) if rule.kind is Kind.SEGMENT_ARRIVES else None
    event = _Event(step, side, settings, state, segment)
    if segment is not None:
        history.arrival(event)
    if wanted is None:
        rule.write(event)
    else:
        with told_truly(tamper.told()):
            rule.write(event)
        who_changed_what(event)
    return step.action(), tamper


def _mark_drops(action: Action, network: Network) -> Action:
    """As `spec.system` marks the drops of a channel that loses nothing."""
    drop = all_of(action.overflow, network.loses_nothing_now)
    return action if drop is FALSE else replace(action, events=(*action.events, ("lossless-drop", drop)))


def _sides(settings: Settings, network: Network) -> tuple[End, End]:
    client, server = ends(settings)
    return (
        End(client, server, network.to_client, network.to_server),
        End(server, client, network.to_server, network.to_client),
    )


# ---- what the network does -------------------------------------------------------------------------------------------


def _rule_of(action: Action) -> str:
    """The name of an action without its end or direction."""
    if action.actor in ("client", "server"):
        return action.name.partition(".")[2]
    return re.sub(r"_to_(client|server)$", "", action.name)


def _tamper_with(action: Action, wanted: Mutation | None) -> tuple[Action, _Tampering]:
    """An action of the network or the attacker, with the wanted change; and all changes it offers."""
    tamper = _Tampering(_rule_of(action), wanted)
    guard = [c for c in action.guard if not tamper("guard", f"without {_text(c, action.actor)}")]
    effects = []
    for name, value in action.effects:
        place = "channel" if name.startswith("network.to_") else name.partition(".")[2]
        if isinstance(value.sort, Int) and len(guard) < len(action.guard):
            value = clamp(value, 0, value.sort.hi)  # a budget that nothing bounds any more stays at its end
        if not tamper(place, "is not changed"):
            effects.append((name, value))
    return replace(action, guard=tuple(guard), effects=tuple(effects)), tamper


# ---- mutants of a system ---------------------------------------------------------------------------------------------


def _rewrite(settings: Settings, system: System, wanted: Mutation | None) -> Iterator[tuple[Action, _Tampering]]:
    """Each action of the system (only the wanted rule's, if one is), written anew."""
    network = Network(settings)
    written = {action.name: action for action in system.actions}
    for side in _sides(settings, network):
        for rule in RULES:
            for state in rule.states if rule.only_if(settings) else ():
                name = rule.action_name(state)
                if f"{side.me.end}.{name}" in written and (wanted is None or wanted.action == name):
                    action, tamper = _write(rule, state, side, settings, wanted)
                    yield observed(_mark_drops(action, network), side.me, settings), tamper
    for action in system.actions:
        if action.actor not in ("client", "server") and (wanted is None or wanted.action == _rule_of(action)):
            yield _tamper_with(action, wanted)


def rewritten(settings: Settings, system: System) -> list[Action]:
    """The actions of the (observed) system as the mutants are written, but without a mistake: the same actions."""
    return [action for action, _ in _rewrite(settings, system, None)]


def mutations(settings: Settings, system: System) -> list[Mutation]:
    """Every mutation that the system has a place for, without repetition, in the order of the rules."""
    return list(dict.fromkeys(m for _, tamper in _rewrite(settings, system, None) for m in tamper.offered))


def mutate(settings: Settings, system: System, mutation: Mutation) -> dict[str, Action]:
    """The actions that the mutation changes, by name (empty if the system has no place for it)."""
    found = {}
    for action, tamper in _rewrite(settings, system, mutation):
        if mutation in tamper.offered:
            found[action.name] = action
    return found
