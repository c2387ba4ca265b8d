"""Traces: a run as one value, rebuilt and checked step by step by the reference evaluator.

A trace never comes from a search directly: searches give action instances, and `replay` runs them through `evaluate`. What it
cannot reproduce it refuses, so nobody is ever shown a run that the specification does not have.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..errors import SynproofError
from ..evaluate import Transition, apply, choices, holds
from ..sorts import Value
from ..system import Action, State, System

__all__ = ["ReplayFailed", "Trace", "replay"]


class ReplayFailed(SynproofError):
    """The reference evaluator does not reproduce a run."""


@dataclass(frozen=True)
class Trace:
    """A finite run, or a lasso: after the last step the run goes on from state `loop` for ever.

    `steps[i]` leads from `states[i]` to `states[i + 1]`. In a lasso the last state equals `states[loop]`; where `loop` is the
    last state itself, the run rests there (nothing that fairness demands is possible). `about` names the property it decides.
    """

    system: System
    initial: State
    steps: tuple[Transition, ...]
    loop: int | None = None
    about: str = ""

    @property
    def states(self) -> list[State]:
        """The initial state and the state after each step."""
        return [self.initial, *(step.after for step in self.steps)]

    @property
    def final(self) -> State:
        """The last state."""
        return self.steps[-1].after if self.steps else self.initial

    def __len__(self) -> int:
        return len(self.steps)


def replay(
    system: System,
    initial: State,
    instances: Iterable[tuple[Action, Mapping[str, Value]]],
    *,
    loop: int | None = None,
    about: str = "",
) -> Trace:
    """The trace of action instances from an initial state, computed by the reference evaluator.

    Raises ReplayFailed, with the step, if the state is not initial, an action is not enabled, a parameter is not to be had or
    the loop does not close.
    """
    if dict(initial) not in [dict(state) for state in system.initial]:
        raise ReplayFailed(f"step 0: not an initial state of {system.name}")
    steps: list[Transition] = []
    state: State = dict(initial)
    for number, (action, params) in enumerate(instances, 1):
        if dict(params) not in list(choices(system, action, state)):
            raise ReplayFailed(f"step {number}: {action.name} has no such choice: {dict(params)}")
        failed = [str(conjunct) for conjunct in action.guard if not holds(conjunct, state, params)]
        failed += [name for name, need in action.needs if not holds(need, state, params)]
        if failed:
            raise ReplayFailed(f"step {number}: {action.name} is not enabled: {failed[0]} is false")
        after = apply(system, action, state, params)
        steps.append(Transition(action, dict(params), state, after))
        state = after
    trace = Trace(system, dict(initial), tuple(steps), loop, about)
    if loop is not None and not (0 <= loop <= len(steps) and dict(trace.states[loop]) == dict(state)):
        raise ReplayFailed(f"the run does not return to state {loop}")
    return trace
