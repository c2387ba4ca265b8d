"""Observing: a system, or an action, with the events of breaking the laws. Its runs are the same."""

from __future__ import annotations

from dataclasses import replace

from synproof.engine.expr import FALSE, all_of, negate
from synproof.engine.system import Action, System

from ..settings import Settings
from ..system import ends
from ..tcb import Tcb
from . import LAWS
from .does import Does

__all__ = ["observe_action", "observe_system"]


def observe_system(system: System, settings: Settings) -> System:
    """The system, built from these settings, with the events of breaking a law."""
    by_end = {me.end: me for me in ends(settings)}
    actions = (observe_action(a, by_end[a.actor], settings) if a.actor in by_end else a for a in system.actions)
    return replace(system, actions=tuple(actions))


def observe_action(action: Action, me: Tcb, settings: Settings) -> Action:
    """An action of an end with the events of its breaking a law."""
    does = Does(action, me, settings)
    events, clauses = list(action.events), list(action.clauses)
    for law in LAWS:
        if law.why_not(settings):
            continue
        demands = tuple(law.clauses(does))
        broken = negate(all_of(*(truth for _, truth in demands)))
        if broken is not FALSE:
            events.append((law.event, broken))
            clauses.append((law.event, demands))
    return replace(action, events=tuple(events), clauses=tuple(clauses))
