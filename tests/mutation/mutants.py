"""Mutants: the specification with one small mistake in one rule, the same at both ends.

A `Mutation` names the rule's action (without its end), the place and the change. The rules themselves are run, with a step and
an event that tamper at that place. History stays true to what the mutant does: see `told_truly`. What the network, the attacker
and the clock do is mutated as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from synproof.engine.expr import Expr, Op, clamp, const, insert
from synproof.engine.sorts import Bag, Int
from synproof.engine.system import Action, Step, System
from synproof.spec import Settings, segment
from synproof.spec.clock import DEADLINE, TICK, Clock
from synproof.spec.event import End, Rule
from synproof.spec.laws.observing import observe_action
from synproof.spec.network import Network
from synproof.spec.system import ends, in_force, mark_drops, sides, written

from .tampering import Mutation, TamperedEvent, TamperedStep, Tampering, conjunct_text
from .told_truly import told_truly, who_changed_what

__all__ = ["differences", "mutate", "mutations", "rewritten", "rule_of", "told_anew", "with_laws"]


def _write(rule: Rule, state: Expr, side: End, settings: Settings, wanted: Mutation | None) -> tuple[Action, Tampering]:
    """The rule's action at one end with the wanted change; and all changes it offers."""
    tamper = Tampering(rule.action_name(state), wanted)

    def step_of(*args: Any, **kwargs: Any) -> Step:
        return TamperedStep(tamper, side.me, *args, **kwargs)

    with nullcontext() if wanted is None else told_truly(tamper.told()):
        event = written(rule, state, side, settings, step_of, TamperedEvent)
    if wanted is not None:
        who_changed_what(event)
    if DEADLINE in event.step.tags and tamper("tags", "time need not wait for it"):
        event.step.tags -= {DEADLINE}
    return event.step.action(), tamper


# ---- what the network does -------------------------------------------------------------------------------------------


def rule_of(action: Action) -> str:
    """The name of an action without its end or direction."""
    if action.actor in ("client", "server"):
        return action.name.partition(".")[2]
    return re.sub(r"_to_(client|server)$", "", action.name)


def _tamper_with(action: Action, wanted: Mutation | None, hidden: frozenset[str]) -> tuple[Action, Tampering]:
    """An action of the network, the attacker or the clock, with the wanted change; and all changes it offers."""
    tamper = Tampering(rule_of(action), wanted)
    guard = [c for c in action.guard if not tamper("guard", f"without {conjunct_text(c, action.actor)}")]
    effects = []
    for name, value in action.effects:
        place = "channel" if name.startswith("network.to_") else name.partition(".")[2]
        if isinstance(value.sort, Int) and len(guard) < len(action.guard):
            value = clamp(value, 0, value.sort.hi)  # a budget that nothing bounds any more stays at its end
        if name in hidden or not tamper(place, "is not changed"):
            effects.append((name, _young_again(value, tamper)))
    return replace(action, guard=tuple(guard), effects=tuple(effects)), tamper


def _young_again(value: Expr, tamper: Tampering) -> Expr:
    """A copy that the network makes may begin its life anew."""
    if value.op is Op.INSERT and isinstance(value.sort, Bag) and segment.AGE in value.sort.element.index:
        bag, copy = value.args
        if tamper("channel", "a duplicate gets a new lifetime"):
            return insert(bag, segment.replace(copy, age=const(0)))
    return value


# ---- mutants of a system ---------------------------------------------------------------------------------------------


def _rewrite(settings: Settings, system: System, wanted: Mutation | None) -> Iterator[tuple[Action, Tampering]]:
    """Each action of the system (only the wanted rule's, if one is), written anew, without the events of breaking a law."""
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
                yield mark_drops(action, network), tamper
    if late and wanted is not None:  # time waits for what is done before a deadline
        others = [late.get(action.name, action) for action in system.actions]
        clock = Clock(settings, network, [side.me for side in both])
        ticks = clock.actions([action for action in others if TICK not in action.tags])
        yield from ((tick, Tampering("", None)) for tick in ticks)
    hidden = frozenset(variable.name for variable in system.variables if variable.history)
    for action in system.actions:
        if action.actor not in ("client", "server") and (wanted is None or wanted.action == rule_of(action)):
            yield _tamper_with(action, wanted, hidden)


def rewritten(settings: Settings, system: System) -> list[Action]:
    """The actions of the (observed) system as the mutants are written, but without a mistake: the same actions."""
    return list(with_laws(settings, (action for action, _ in _rewrite(settings, system, None))).values())


def told_anew(settings: Settings, system: System) -> dict[str, Action]:
    """The actions of the ends without a mistake, but with what is told of them told as it is of a mutant, by name."""
    network = Network(settings)
    shipped = {action.name for action in system.actions}
    found = {}
    for side in sides(settings, network):
        for rule, state in in_force(side.me, settings):
            if f"{side.me.end}.{rule.action_name(state)}" in shipped:
                action, _ = _write(rule, state, side, settings, Mutation(rule.action_name(state), "nowhere", "nothing"))
                found[action.name] = mark_drops(action, network)
    return with_laws(settings, found.values())


def with_laws(settings: Settings, actions: Iterable[Action]) -> dict[str, Action]:
    """The actions with the events of their breaking a law, by name."""
    by_end = {me.end: me for me in ends(settings)}
    return {a.name: observe_action(a, by_end[a.actor], settings) if a.actor in by_end else a for a in actions}


def mutations(settings: Settings, system: System) -> list[Mutation]:
    """Every mutation that the system has a place for, without repetition, in the order of the rules."""
    return list(dict.fromkeys(m for _, tamper in _rewrite(settings, system, None) for m in tamper.offered))


def mutate(settings: Settings, system: System, mutation: Mutation) -> dict[str, Action]:
    """The actions that differ from the system's where the mistake is made, by name (none if there is no place for it)."""
    return with_laws(settings, differences(settings, system, mutation).values())


def differences(settings: Settings, system: System, mutation: Mutation) -> dict[str, Action]:
    """The same, without the events of breaking a law: what is enough to see whether the graph changes."""
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
