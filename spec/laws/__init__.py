"""Laws: what no single step of an end may do, said a second time and in another order than by the rules.

The RFC says much twice: figure 5 draws the arcs that 3.10 describes, 3.5.2 and 3.5.3 say when resets are sent and believed, 3.4
which numbers a segment may bear. The laws follow these; what 3.10 alone says they ask of all states at once. A law reads off a
finished action what it does, whatever its rule was written to do; where the two accounts differ that is an event, and a named
property says that it never happens.
"""

from __future__ import annotations

from dataclasses import replace

from synproof.engine.expr import FALSE, all_of, negate
from synproof.engine.system import Action, System

from ..does import Does
from ..settings import Settings
from ..system import ends
from ..tcb import Tcb
from .acceptance import UNACCEPTABLE_IS_ANSWERED
from .arcs import FOLLOWS_FIGURE_5
from .delivery import NEXT_OCTET_IS_DELIVERED
from .law import Law
from .numbers import NUMBERS_MOVE_FORWARD
from .resets import RESETS_ARE_BELIEVABLE, RESETS_ARE_BELIEVED
from .segments import SEGMENTS_ARE_TRUE
from .timeouts import KEEPALIVE_ASKS_FIRST, USER_TIMEOUT_IN_FULL
from .told import USER_IS_TOLD

__all__ = ["LAWS", "Law", "observe", "observed"]

LAWS: tuple[Law, ...] = (
    FOLLOWS_FIGURE_5,
    RESETS_ARE_BELIEVABLE,
    RESETS_ARE_BELIEVED,
    UNACCEPTABLE_IS_ANSWERED,
    SEGMENTS_ARE_TRUE,
    NUMBERS_MOVE_FORWARD,
    NEXT_OCTET_IS_DELIVERED,
    KEEPALIVE_ASKS_FIRST,
    USER_TIMEOUT_IN_FULL,
    USER_IS_TOLD,
)
"""The laws, in the order in which they are shown."""


def observe(system: System, settings: Settings) -> System:
    """The system, built from these settings, with the events of breaking a law. It has the same runs."""
    by_end = {me.end: me for me in ends(settings)}
    actions = (observed(a, by_end[a.actor], settings) if a.actor in by_end else a for a in system.actions)
    return replace(system, actions=tuple(actions))


def observed(action: Action, me: Tcb, settings: Settings) -> Action:
    """An action of an end with the events of its breaking a law."""
    does = Does(action, me, settings)
    events, clauses = list(action.events), list(action.clauses)
    for law in LAWS:
        if law.why_not(settings):
            continue
        demands = [(words, all_of(truth)) for words, truth in law.clauses(does)]
        broken = negate(all_of(*(truth for _, truth in demands)))
        if broken is not FALSE:
            events.append((law.event, broken))
            clauses.append((law.event, tuple(demands)))
    return replace(action, events=tuple(events), clauses=tuple(clauses))
