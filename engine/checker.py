"""Checking: one system, its properties, one or two engines; every verdict by the rules of the project.

A search that was cut, a channel that dropped a message where nothing may be lost, or a resource that ran out never says
`holds` or `not-reached`. What says `violated` or `reached` has a run that the reference evaluator has rebuilt (`replay`) and
that was confirmed to decide the property (`traces.confirm`), before the result exists.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from .errors import LanguageError, UnknownName, did_you_mean
from .property import Property, PropertyKind, Verdict
from .reductions.reduced import Reduced, reduced
from .results import ModelResult, PropertyResult
from .search.budget import Budget, LimitMet
from .search.explore import ALONE, Exploration, Limits, Means, Progress, Run, explore
from .system import System
from .traces.confirm import confirm

if TYPE_CHECKING:
    from .solver.bmc import Deepening

__all__ = ["DEPTH", "ENGINES", "HIDDEN", "LOSSLESS_DROP", "Subject", "Task", "by_exploration", "check", "explored", "watched"]

DEPTH = 12  # how far a bounded search goes unless told otherwise
ENGINES = ("explore", "smt", "both")
LOSSLESS_DROP = "lossless-drop"
"""The event by which a system says that a full channel dropped a message at a time when the model loses none."""


@dataclass(frozen=True)
class Subject:
    """What is checked: a system with its properties, the model's name, and the settings it was built from.

    `changed` are the settings that differ from their defaults. Raises LanguageError if two properties have one name, one asks
    nothing, or there is no initial state; UnknownName or SortMismatch if a property speaks of what this system does not have.
    """

    name: str
    system: System
    properties: tuple[Property, ...]
    settings: Mapping[str, str | int] = field(default_factory=dict)
    changed: Mapping[str, str | int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [prop.name for prop in self.properties]
        if doubled := sorted({name for name in names if names.count(name) > 1}):
            raise LanguageError(f"{self.name}: two properties have one name: {', '.join(doubled)}")
        if not self.system.initial:
            raise LanguageError(f"{self.name} has no initial state, so that whatever is asked of it would hold")
        for prop in self.properties:
            if prop.asks_nothing:
                raise LanguageError(f"{prop.name} asks nothing: give it a predicate, an event, or what else its kind can ask")
            for expr in () if prop.not_applicable else prop.asked_of_states:
                self.system.check_expr(expr, prop.name)
            if not (prop.not_applicable or prop.shared):
                self._check_names(prop)

    def _check_names(self, prop: Property) -> None:
        system = self.system
        known: dict[str, frozenset[str]] = {
            "event": system.event_names, "action": frozenset(action.name for action in system.actions), "tag": system.tags,
            "channel": frozenset(channel.variable for channel in system.channels),
        }  # fmt: skip
        for what, names in prop.names.items():
            for name in sorted(names - known[what]):
                there = did_you_mean(name, sorted(known[what])) if known[what] else f"it has no {what}s"
                raise UnknownName(f"{prop.name}: {self.name} has no {what} {name!r}; {there}")


@dataclass(frozen=True)
class Task:
    """How it is checked. `depth` bounds the solver's runs; `progress` and `deepening` are told how far a search has come.

    `reduce` names the reductions by which exploration may save states (see `reductions`). Raises LanguageError for a depth or
    limits of another kind.
    """

    engine: str = "explore"
    depth: int = DEPTH
    limits: Limits = field(default_factory=Limits)
    progress: Callable[[Progress], None] | None = None
    deepening: Callable[[Deepening], None] | None = None
    reduce: tuple[str, ...] = ()
    means: Means = ALONE

    def __post_init__(self) -> None:
        if type(self.depth) is not int or self.depth < 0:
            raise LanguageError(f"depth is a number of steps, not {self.depth!r}")
        if not isinstance(self.limits, Limits):
            raise LanguageError(f"limits are Limits(...), not {self.limits!r}")


def check(subject: Subject, task: Task = Task()) -> tuple[ModelResult, ...]:
    """The result of each engine, exploration first. A keyboard interrupt ends the check with what was found.

    The limits of the task bound the check as a whole: what exploration has used of the time the solver does not get.

    Raises ReplayFailed if the reference evaluator does not reproduce a run that a search found (a bug of an engine), and
    ValueOutsideSort if an action leaves a sort (a bug of the system).
    """
    if task.engine not in ENGINES:
        raise LanguageError(f"there is no engine {task.engine!r}; known: {', '.join(ENGINES)}")
    budget = Budget(task.limits)
    results: list[ModelResult] = []
    if task.engine in ("explore", "both"):
        results.append(by_exploration(subject, task)[0])
    if task.engine in ("smt", "both") and not any(result.interrupted for result in results):
        from .checker_smt import by_solver

        results.append(by_solver(subject, replace(task, limits=budget.left)))
    return tuple(results)


def explored(subject: Subject, task: Task = Task()) -> Exploration:
    """The exploration behind a check: the graph, and which of the properties it decided."""
    return explore(subject.system, watched(subject), task.limits, task.progress, task.means)


def by_exploration(subject: Subject, task: Task = Task()) -> tuple[ModelResult, Exploration]:
    """What exploration says of every property, and the exploration itself."""
    started = time.monotonic()
    asked = watched(subject)
    smaller = reduced(subject.system, asked, task.reduce)
    exploration = explore(smaller.system, asked, task.limits, task.progress, task.means, smaller.mirror)
    judge = _Judge(smaller, exploration, Budget(task.limits, started))
    found = tuple(judge.result(prop) for prop in subject.properties)
    result = ModelResult(
        model=subject.name,
        engine="explore",
        properties=found,
        settings=subject.settings,
        changed=subject.changed,
        complete=exploration.complete,
        states=len(exploration.states),
        transitions=exploration.transitions,
        depth=exploration.depth,
        frontier=exploration.frontier,
        seconds=time.monotonic() - started,
        overflows=exploration.overflows,
        lacks=dict(exploration.lacks),
        actions=smaller.counts(exploration.coverage),
        stopped_by=exploration.stopped_by,
        interrupted=judge.interrupted,
        reductions=smaller.applied,
        not_reduced=smaller.refused,
    )
    return result, exploration


def watched(subject: Subject) -> list[Property]:
    """The properties, and one that no user sees: that nothing is dropped where nothing may be lost."""
    listed = list(subject.properties)
    if any(name == LOSSLESS_DROP for action in subject.system.actions for name, _ in action.events):
        listed.append(Property(HIDDEN, PropertyKind.ALWAYS, event=LOSSLESS_DROP))
    return listed


HIDDEN = " nothing is dropped where nothing may be lost"  # no name of a property begins with a space


class _Judge:
    """Makes verdicts of what an exploration found."""

    def __init__(self, explored: Reduced, exploration: Exploration, budget: Budget) -> None:
        self.explored, self.budget = explored, budget
        self.exploration = exploration
        self.interrupted = exploration.interrupted
        self.lacking: dict[str, str] = {}  # of a property that asks for several steps: those that no run takes
        self.doubt = self._doubt()

    def _doubt(self) -> str:
        """Why nothing can be excluded although it was not found, or empty."""
        search = self.exploration
        if not search.complete:
            return f"{search.stopped_by}: {search.expanded} states explored, {search.frontier} waiting"
        lacking = [f"{name} {count} times" for name, count in search.lacks.items() if count]
        if lacking:
            return f"ran out of: {', '.join(lacking)}; some runs end early"
        if HIDDEN in search.findings:
            return "capacity was reached where nothing may be lost (a full channel dropped a message)"
        return ""

    def result(self, prop: Property) -> PropertyResult:
        """The verdict on one property. An interrupt or a limit that is met while it is sought leaves it incomplete."""
        if prop.not_applicable:
            return PropertyResult(prop, Verdict.NOT_APPLICABLE, reason=prop.not_applicable)
        sometimes = prop.kind is PropertyKind.SOMETIMES
        try:
            run = self._run(prop)
            if run is not None:
                trace = confirm(prop, self.explored.trace(run, prop.name))
                return PropertyResult(prop, prop.shown, trace)
        except KeyboardInterrupt:
            self.interrupted = True
            return PropertyResult(prop, Verdict.INCOMPLETE, reason="interrupted before it was decided")
        except LimitMet as met:
            return PropertyResult(prop, Verdict.INCOMPLETE, reason=self.doubt or f"{met.limit}: met before it was decided")
        if self.doubt:
            return PropertyResult(prop, Verdict.INCOMPLETE, reason=self.doubt, depth=self._settled_depth(prop))
        return PropertyResult(
            prop, Verdict.NOT_REACHED if sometimes else Verdict.HOLDS, reason=self.lacking.get(prop.name, "")
        )

    def _run(self, prop: Property) -> Run | None:
        """The shortest run that decides the property, if there is one in what was explored."""
        search = self.exploration
        if self.interrupted and prop.asks_the_graph:
            raise KeyboardInterrupt  # whoever has interrupted a check waits for no further question
        if prop.kind is PropertyKind.EVENTUALLY:
            from .fairness.liveness import check_feasible, check_responses

            if prop.is_feasibility:
                return check_feasible(search, prop.fairness, self.budget).run
            return check_responses(search, prop, self.budget).run
        if prop.scenario is not None:
            from .search.scenario import find_scenario

            return find_scenario(search, prop.scenario, self.budget)
        if prop.each:
            return self._farthest(prop)
        finding = search.findings.get(prop.name)
        return None if finding is None else search.run_of(finding)

    def _farthest(self, prop: Property) -> Run | None:
        """Of the shortest runs to each of the property's steps the longest; None if one is taken in no run."""
        from .search.scenario import first_steps

        runs = first_steps(self.exploration, prop.each, self.budget)
        if lacking := [line.text for line, run in zip(prop.each, runs, strict=True) if run is None]:
            self.lacking[prop.name] = f"no run takes: {'; '.join(lacking)}"
            return None
        found = [run for run in runs if run is not None]
        for run in found:
            confirm(prop, self.explored.trace(run, prop.name))
        return max(found, key=lambda run: len(run.labels))

    def _settled_depth(self, prop: Property) -> int | None:
        """How long the runs are that were all looked at although the verdict is incomplete."""
        search = self.exploration
        if prop.asks_the_graph:
            return None
        if search.complete:
            return search.depth + (not prop.only_quiescent)
        whole_levels = sum(1 for start in search.level_starts[1:] if start <= search.expanded)
        settled = whole_levels - 1 + (not prop.only_quiescent)
        return settled if settled >= 0 else None
