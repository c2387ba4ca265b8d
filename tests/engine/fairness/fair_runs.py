"""Fair runs by the words of `Response` and `Fairness`: what a lasso must be, and two ways to find the states of all of them.

Nothing here is shared with `liveness`: states and transitions are those of the reference evaluator, and components are
found by trying sets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from synproof.engine.evaluate import Transition, choices, enabled_steps, holds
from synproof.engine.expr import Expr, Op
from synproof.engine.property import Fairness, Response
from synproof.engine.sorts import Bag
from synproof.engine.system import Kind, State, System
from synproof.engine.traces.trace import Trace

from ..graph_systems import Graph

PROCESS = set(Kind) - {Kind.NETWORK}
ENDPOINT = PROCESS - {Kind.ENVIRONMENT}


# ---- what a fair run is ----------------------------------------------------------------------------------------------


def told(system: System, channel: str, element: Any) -> tuple[str, tuple[Any, ...]]:
    """A message without its history fields, and without what changes on its way."""
    sort = system.channel_element(channel)
    silent = sort.history | sort.transit
    return channel, tuple(v for (name, _), v in zip(sort.fields, element, strict=True) if name not in silent)


@dataclass(frozen=True)
class Facts:
    """What a state, or a transition, has to do with fairness."""

    enabled: frozenset[str] = frozenset()  # weakly fair actions possible, and those that recur
    flying: frozenset[Any] = frozenset()  # messages in channels that deliver all
    taken: str = ""
    sent: frozenset[Any] = frozenset()
    delivered: frozenset[Any] = frozenset()
    sends: bool = False
    repeats: bool = True


def state_facts(system: System, fairness: Fairness, response: Response, state: State) -> Facts:
    enabled = {action.name for action, _ in enabled_steps(system, state) if action.tags & fairness.weak}
    enabled |= {step.taken for step in refused(system, fairness, response, state)}
    enabled |= {action.name for action in system.actions if action.tags & fairness.recurring}
    flying = frozenset(told(system, channel, e) for channel in fairness.delivery for e in state[channel])
    return Facts(frozenset(enabled), flying)


def step_facts(system: System, fairness: Fairness, response: Response, step: Transition) -> Facts:
    kind = step.action.kind
    sent = step.sent() if kind in PROCESS else []
    delivered = frozenset(
        told(system, p.channel, step.params[p.name])
        for p in step.action.params
        if p.channel is not None and p.channel == step.action.takes and kind is Kind.SEGMENT_ARRIVES
    )
    return Facts(
        taken=step.action.name,
        sent=frozenset(told(system, channel, e) for channel, e, _ in sent if channel in fairness.compassion),
        delivered=delivered,
        sends=bool(sent) and kind in ENDPOINT,
        repeats=kind not in response.without,
    )


def refused(system: System, fairness: Fairness, response: Response, state: State) -> list[Facts]:
    """What is tried in vain in a state: weakly fair actions that lack nothing but room in a channel with compassion."""
    found = []
    for action in system.actions:
        room = [c for c in action.guard if asks_for_room(c, fairness)]
        fair = action.tags & fairness.weak and not action.tags & fairness.recurring
        if not room or not fair or action.kind in response.without:
            continue
        for params in choices(system, action, state):
            others = [*(c for c in action.guard if not asks_for_room(c, fairness)), *(need for _, need in action.needs)]
            if all(holds(c, state, params) for c in others) and not all(holds(c, state, params) for c in room):
                sent = Transition(action, params, state, state).sent()
                values = frozenset(told(system, channel, e) for channel, e, _ in sent if channel in fairness.compassion)
                found.append(Facts(taken=action.name, sent=values))
    return found


def asks_for_room(conjunct: Expr, fairness: Fairness) -> bool:
    if conjunct.op is not Op.NOT or conjunct.args[0].op is not Op.HAS:
        return False
    channel, last = conjunct.args[0].args[0], conjunct.args[0].attr
    assert isinstance(channel.sort, Bag)
    return channel.op is Op.VAR and channel.attr in fairness.compassion and last == channel.sort.capacity - 1


def unfair(states: list[Facts], steps: list[Facts], response: Response) -> list[str]:
    """What is wrong with a run that passes exactly these states and takes exactly these steps infinitely often."""
    taken = {step.taken for step in steps}
    delivered = set().union(*(step.delivered for step in steps))
    sent = set().union(*(step.sent for step in steps))
    always_enabled = frozenset.intersection(*(state.enabled for state in states))
    always_flying = frozenset.intersection(*(state.flying for state in states))
    wrong = [f"{name} is possible for ever, or must recur, and is never taken" for name in sorted(always_enabled - taken)]
    wrong += [f"{message} is sent for ever and never delivered" for message in sorted(sent - delivered)]
    wrong += [f"{message} is in flight for ever" for message in sorted(always_flying - delivered)]
    wrong += [f"{step.taken} must not repeat" for step in steps if not step.repeats]
    wrong += ["nothing is sent for ever"] if response.sending and not any(step.sends for step in steps) else []
    return wrong


def waits(response: Response, state: State) -> bool:
    return holds(response.meanwhile, state) and not holds(response.goal, state)


def lasso_faults(trace: Trace, response: Response, fairness: Fairness) -> list[str]:
    """What keeps a replayed lasso from being a fair violation of a response (nothing, one hopes)."""
    if trace.loop is None:
        return ["no lasso"]
    system, states = trace.system, trace.states
    if dict(states[trace.loop]) != dict(trace.final):
        return ["it does not return"]
    owed = [i for i in range(trace.loop + 1) if holds(response.trigger, states[i])]
    owed = [i for i in owed if all(waits(response, state) for state in states[i:])]
    if not owed:
        return ["nothing is owed from a trigger on"]
    passed = [state_facts(system, fairness, response, state) for state in states[trace.loop :]]
    steps = [step_facts(system, fairness, response, step) for step in trace.steps[trace.loop :]]
    delivered = frozenset[Any]().union(*(step.delivered for step in steps))
    vain = [step for state in states[trace.loop :] for step in refused(system, fairness, response, state)]
    return unfair(passed, steps + [step for step in vain if step.sent <= delivered], response)


# ---- oracles ---------------------------------------------------------------------------------------------------------


class Oracle:
    """The region of a response in the evaluator's graph, and which of its states a fair run can pass for ever."""

    def __init__(self, graph: Graph, response: Response, fairness: Fairness) -> None:
        self.graph, self.response = graph, response
        system = graph.system
        waiting = [waits(response, state) for state in graph.states]
        self.distance: dict[int, int] = {}  # steps from an initial state by way of a trigger, all the rest in the region
        triggers = {i for i, state in enumerate(graph.states) if waiting[i] and holds(response.trigger, state)}
        layer, before = 0, set[int]()
        while before or layer <= max(graph.depth):
            ready = {i for i in triggers if graph.depth[i] == layer}
            ready |= {t for s, _, t in graph.edges if s in before and waiting[t]}
            before = ready - set(self.distance)
            self.distance |= dict.fromkeys(before, layer)
            layer += 1
        self.state = {i: state_facts(system, fairness, response, graph.states[i]) for i in self.distance}
        self.vain = [(i, step, i) for i in self.distance for step in refused(system, fairness, response, graph.states[i])]
        self.steps = [
            (s, step_facts(system, fairness, response, step), t)
            for s, step, t in graph.edges
            if s in self.distance and t in self.distance
        ] + self.vain
        self.resting = {i for i in self.distance if not unfair([self.state[i]], self._tried_at_rest(i), response)}

    def _tried_at_rest(self, position: int) -> list[Facts]:
        return [step for i, step, _ in self.vain if i == position and not step.sent]

    def by_subsets(self) -> set[int]:
        """States on a fair set of steps; every set of at most 11 steps is tried."""
        found = set(self.resting)
        steps = [step for step in self.steps if step[1].repeats]
        assert len(steps) <= 11
        for chosen in range(1, 1 << len(steps)):
            some = [step for i, step in enumerate(steps) if chosen >> i & 1]
            states = {s for s, _, _ in some}
            if states != {t for _, _, t in some} or states <= found or not connected(states, some):
                continue
            if not unfair([self.state[i] for i in states], [step for _, step, _ in some], self.response):
                found |= states
        return found

    def by_guessing(self) -> set[int]:
        """States on a fair set of steps; every choice of the messages that are sent for ever is tried."""
        found = set(self.resting)
        messages = sorted(set().union(*(step.sent for _, step, _ in self.steps)))
        for chosen in range(1 << len(messages)):
            allowed = {m for i, m in enumerate(messages) if chosen >> i & 1}
            steps = [(s, step, t) for s, step, t in self.steps if step.repeats and step.sent <= allowed]
            for states in circles(steps):
                some = [(s, step, t) for s, step, t in steps if s in states and t in states]
                if not unfair([self.state[i] for i in states], [step for _, step, _ in some], self.response):
                    found |= states
        return found


Steps = list[tuple[int, Facts, int]]


def closure(steps: Steps) -> dict[int, set[int]]:
    """State -> the states that one or more steps lead to."""
    after: dict[int, set[int]] = {}
    for s, _, t in steps:
        after.setdefault(s, set()).add(t)
    growing = True
    while growing:
        growing = False
        for reached in after.values():
            more = set().union(*(after.get(t, set()) for t in reached)) - reached
            if more:
                reached |= more
                growing = True
    return after


def connected(states: set[int], steps: Steps) -> bool:
    after = closure(steps)
    return all(after.get(s, set()) >= states for s in states)


def circles(steps: Steps) -> Iterator[set[int]]:
    after = closure(steps)
    seen: set[int] = set()
    for s in sorted(after):
        if s in after[s] and s not in seen:
            mine = {t for t in after[s] if s in after.get(t, set())}
            seen |= mine
            yield mine
