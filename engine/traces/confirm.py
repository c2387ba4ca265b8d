"""Confirming: does a replayed run really decide its property? Asked of the reference evaluator, before a result exists.

The searches run on generated code and on solvers; `replay` has rebuilt their runs step by step. What is confirmed here is the
rest: that the last state falsifies the predicate, that the event happened, that the scenario's lines are there, that a lasso
stays where its response is owed. (Whether a lasso is *fair* is the question of `fairness.liveness`, asked once.)
"""

from __future__ import annotations

from collections.abc import Sequence

from ..evaluate import Transition, enabled_steps, holds
from ..expr import Expr
from ..property import Property, PropertyKind, Response, Scenario, ScenarioLine
from .trace import ReplayFailed, Trace

__all__ = ["confirm", "confirm_via"]


def confirm(prop: Property, trace: Trace) -> Trace:
    """The trace itself, if it violates the property (witnesses it, for a sometimes-property). Raises ReplayFailed."""
    if fault := _fault(prop, trace):
        raise ReplayFailed(f"{prop.name}: a run of {len(trace)} steps was found, but {fault}")
    return trace


def confirm_via(predicates: Sequence[Expr], final: Property | None, trace: Trace) -> Trace:
    """The trace itself, if it satisfies the predicates in this order and then violates `final`. Raises ReplayFailed."""
    passed = 0
    for state in trace.states:
        while passed < len(predicates) and holds(predicates[passed], state):
            passed += 1
    if passed < len(predicates):
        raise ReplayFailed(f"a run of {len(trace)} steps was found, but it never satisfies `{predicates[passed]}` in its turn")
    return trace if final is None else confirm(final, trace)


def _fault(prop: Property, trace: Trace) -> str:
    if prop.event is not None:
        happened = bool(trace.steps) and prop.event in trace.steps[-1].events()
        return "" if happened else f"its last step does not cause the event {prop.event!r}"
    if prop.scenario is not None:
        return "" if _follows(prop.scenario, trace) else "its end is not the scenario"
    if prop.each:
        taken = bool(trace.steps) and any(_is_step(line, trace.steps[-1]) for line in prop.each)
        return "" if taken else "its last step is none of those that are asked for"
    if prop.predicate is not None:
        return _predicate_fault(prop, trace)
    if prop.is_feasibility:
        return ""  # that no fair run goes on from its end is for `fairness.liveness` to know
    return "" if any(_is_owed(response, trace) for response in prop.responses) else "what it owes comes about"


def _predicate_fault(prop: Property, trace: Trace) -> str:
    assert prop.predicate is not None
    wanted = prop.kind is PropertyKind.SOMETIMES
    if holds(prop.predicate, trace.final) is not wanted:
        return f"its last state does {'not ' if wanted else ''}satisfy the predicate"
    if prop.only_quiescent:
        for action, _ in enabled_steps(trace.system, trace.final):
            if action.kind.is_protocol_step:
                return f"{action.name} is possible in its last state"
    return ""


def _follows(scenario: Scenario, trace: Trace) -> bool:
    first = len(trace) - len(scenario.lines)
    if first < 0 or not holds(scenario.start, trace.states[first]):
        return False
    return all(_is_step(line, step) for line, step in zip(scenario.lines, trace.steps[first:], strict=True))


def _is_step(line: ScenarioLine, step: Transition) -> bool:
    return (
        step.action.name in line.actions and holds(line.before, step.before, step.params) and holds(line.after, step.after)
    )


def _is_owed(response: Response, trace: Trace) -> bool:
    """Whether the lasso stays, from some trigger on, where `meanwhile` holds and `goal` does not."""
    if trace.loop is None:
        return False
    loop = trace.steps[trace.loop :]
    if any(step.action.kind in response.without for step in loop):
        return False
    if response.sending and not any(step.sent() for step in loop):
        return False
    for state in reversed(trace.states):  # the longest end of the run in which it is owed must begin with a trigger somewhere
        if holds(response.goal, state) or not holds(response.meanwhile, state):
            return False
        if holds(response.trigger, state):
            return _loop_stays(response, trace)
    return False


def _loop_stays(response: Response, trace: Trace) -> bool:
    assert trace.loop is not None
    states = trace.states[trace.loop :]
    return all(holds(response.meanwhile, state) and not holds(response.goal, state) for state in states)
