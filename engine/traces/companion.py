"""Companions: a run of one system, followed in another one as far as the same things can happen there, and on to rest.

It answers "and what happens there?": where one system violates a property, the companion shows how the other deals with the
same events. It is a run of the other system and nothing more: replayed, not chosen for what it proves.

* *The same* is: the same call of the same user, the same timer, the same deed of the network to the corresponding message, the
  arrival of the corresponding message, whatever the receiver makes of it. Messages correspond that were sent by corresponding
  steps, whatever their numbers are.
* *To rest* is the shortest way by protocol steps alone (what the ends do by themselves, when nothing is lost and no user asks
  for more) to a state where no message is in flight; if there is one, to a state where no protocol step is possible either.

Ties are broken by action order, so the companion of a run is always the same.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from ..compile import Compiled
from ..evaluate import Transition, apply, choices, holds
from ..expr import all_of, has, negate
from ..sorts import Value
from ..system import Action, Kind, System
from .flights import Fate, Flight, Part, fields_of, follow
from .trace import Trace, replay

__all__ = ["Companion", "companion", "ground"]

MOST_STATES = 20_000  # how many states are looked at for a way to rest


@dataclass(frozen=True)
class Companion:
    """A run of another system beside a given one.

    Its first `followed` steps are the same as the given run's; if that is not all of them, `missing` is the first step that
    cannot happen here. The rest of the run leads to rest; `at_rest` says whether it gets there.
    """

    trace: Trace
    followed: int
    missing: Transition | None
    at_rest: bool

    @property
    def continued(self) -> int:
        """The number of steps that lead to rest."""
        return len(self.trace) - self.followed


def companion(run: Trace, system: System, unit: Compiled | None = None) -> Companion:
    """The run of `system` that goes with a run of another system. `unit` (see `ground`) may serve for many runs."""
    followed, missing = _followed(run, system)
    further = _way_to_rest(unit or ground(system), followed)
    if further is None:
        return Companion(replace(followed, about=run.about), len(followed), missing, False)
    instances = [*((step.action, step.params) for step in followed.steps), *further]
    trace = replay(system, followed.initial, instances, about=run.about)
    return Companion(trace, len(followed), missing, True)


# ---- the same steps --------------------------------------------------------------------------------------------------


def _followed(run: Trace, system: System) -> tuple[Trace, Transition | None]:
    """The longest beginning of the run that can happen in the system, and the step after it."""
    flights, parts = follow(run)
    states = [dict(state) for state in run.system.initial]
    place = states.index(dict(run.initial)) if dict(run.initial) in states else 0
    here = Trace(system, dict(system.initial[min(place, len(system.initial) - 1)]), ())
    for step, part in zip(run.steps, parts, strict=True):
        found = _same_step(step, _concerned(flights, part), here)
        if found is None:
            return here, step
        action, params = found
        here = replace(here, steps=(*here.steps, _transition(system, here, action, params)))
    return here, None


def _transition(system: System, here: Trace, action: Action, params: Mapping[str, Value]) -> Transition:
    return Transition(action, dict(params), here.final, apply(system, action, here.final, params))


def _concerned(flights: Iterable[Flight], part: Part) -> Flight | None:
    """The message that a step of the given run receives, loses or doubles."""
    listed = tuple(flights)
    return next((listed[i] for i in (*part.delivered, *part.lost, *part.copied)), None)


def _same_step(step: Transition, message: Flight | None, here: Trace) -> tuple[Action, dict[str, Value]] | None:
    """What is the same as a step of the given run, at the end of the run so far, or None."""
    wanted = _elements(message, here) if message is not None else ()
    best: tuple[tuple[int, int], tuple[Action, dict[str, Value]]] | None = None
    for action in here.system.actions:
        likeness = _likeness(step.action, action)
        if likeness is None:
            continue
        for params in choices(here.system, action, here.final):
            other_choices = 0
            for p in action.params:
                if p.channel is None:
                    other_choices += params[p.name] != step.params.get(p.name)
                elif message is None or p.channel != message.channel or params[p.name] not in wanted:
                    break
            else:
                rank = (likeness, other_choices)
                if (best is None or rank < best[0]) and holds(action.enabled, here.final, params):
                    best = rank, (action, params)
    return best[1] if best else None


def _likeness(one: Action, other: Action) -> int | None:
    """0 for the same action; 1 for what is the same event although another rule answers it; None for something else."""
    if one.name == other.name:
        return 0
    if one.kind is not other.kind or one.actor != other.actor:
        return None
    if one.kind is Kind.SEGMENT_ARRIVES:
        return 1 if one.takes == other.takes else None
    if one.kind in (Kind.USER_CALL, Kind.TIMEOUT) and _verb(one) == _verb(other):
        return 1
    return None


def _verb(action: Action) -> str:
    """The first word of an action's name: what is called, in whatever state (`abort` of `client.abort_in_established`)."""
    return action.name.removeprefix(f"{action.actor}.").split("_")[0]


def _elements(message: Flight, here: Trace) -> tuple[Value, ...]:
    """The elements in flight here that correspond to a message of the given run: sent by the same step, or else equal."""
    sort = here.system.channel_element(message.channel)
    flights, _ = follow(here)
    in_flight = [f for f in flights if f.channel == message.channel and f.fate is Fate.IN_FLIGHT]
    same = [f for f in in_flight if f.sent == message.sent and (message.sent is not None or f.fields == message.fields)]
    fields = [f.fields for f in same or [f for f in in_flight if f.fields == message.fields]]
    return tuple(element for element in here.final[message.channel] if fields_of(sort, element) in fields)


# ---- the way to rest -------------------------------------------------------------------------------------------------


def ground(system: System) -> Compiled:
    """The generated code with which a way to rest is sought; its one predicate says that nothing is in flight."""
    channels = [system.by_name[channel.variable].expr for channel in system.channels]
    return Compiled(system, [all_of(*(negate(has(channel, 0)) for channel in channels))])


def _way_to_rest(unit: Compiled, run: Trace) -> list[tuple[Action, dict[str, Value]]] | None:
    """The shortest way to rest by protocol steps, or None if there is none among the states looked at."""
    protocol = [action.kind.is_protocol_step for action in unit.system.actions]
    start = unit.layout.pack(run.final)
    came: dict[int, tuple[int, int] | None] = {start: None}
    queue = deque([start])
    empty: int | None = None
    while queue and len(came) < MOST_STATES:
        state = queue.popleft()
        steps = list(_protocol_steps(unit, protocol, state))
        if unit.predicates(state):
            if not steps:
                return _way(unit, came, state)
            empty = state if empty is None else empty
        for label, target in steps:
            if target not in came:
                came[target] = state, label
                queue.append(target)
    return None if empty is None else _way(unit, came, empty)


def _protocol_steps(unit: Compiled, protocol: list[bool], state: int) -> Iterator[tuple[int, int]]:
    out: list[tuple[int, int, int]] = []
    unit.successors(state, out, [0] * len(unit.needs))
    out.sort()
    return ((label, target) for label, target, _ in out if protocol[label >> unit.layout.param_bits])


def _way(unit: Compiled, came: Mapping[int, tuple[int, int] | None], state: int) -> list[tuple[Action, dict[str, Value]]]:
    labels = []
    at = came[state]
    while at is not None:
        before, label = at
        labels.append(label)
        at = came[before]
    return [unit.layout.unpack_label(label) for label in reversed(labels)]
