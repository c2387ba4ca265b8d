"""Experiments: a model, settings that win over its own, one property and the verdict expected; each is checked once.

What documents say rests on experiments. A `Laboratory` is told in advance which there will be, explores a model with the same
settings once for all that is asked of it, and remembers what was found. A verdict that differs from the expected one is a
`Difference`: whoever writes a document from it must refuse to.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from .catalogue import Catalogue
from .checker import Task, by_exploration
from .choosing import Chosen, choose
from .errors import LanguageError, SynproofError
from .expr import FALSE, remove
from .property import Fairness, PropertyKind, Verdict
from .prose import show
from .results import ModelResult, PropertyResult
from .search.budget import Budget, LimitMet
from .search.explore import UNLIMITED, Limits, Progress
from .system import Action, System
from .via import check_via, way_of

__all__ = ["NOTHING", "Difference", "Experiment", "Found", "Laboratory", "not_looking", "without_rules"]

Settings = tuple[tuple[str, str | int], ...]
Setup = tuple[str, Settings, tuple[str, ...], tuple[tuple[str, str], ...]]
NOTHING = Fairness()


class Difference(SynproofError):
    """An experiment does not find what is said of it."""

    exit_code = 1


@dataclass(frozen=True)
class Experiment:
    """One question and the answer expected (None: whatever is found).

    `prop` is a named property, or a name for one of one's own (`kind` and `text`). With `via` the question is for the shortest
    run that satisfies these expressions in order and then violates the property, if one is named. `without` are rules that are
    taken out of the system (names of actions at either end, `*` standing for anything), `unread` what a rule does not look at.
    Of an eventually-property `unfair` is what is given up of its fairness.
    """

    model: str
    prop: str
    expect: Verdict | None = None
    settings: Settings = ()
    kind: PropertyKind | None = None
    text: str = ""
    via: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    unread: tuple[tuple[str, str], ...] = ()
    unfair: Fairness = NOTHING

    @property
    def setup(self) -> Setup:
        """What is explored: experiments that have it in common are decided by one search."""
        return self.model, self.settings, self.without, self.unread

    @property
    def place(self) -> str:
        """The model with what is changed in it: `two-way`, `three-way with isn=reuse`."""
        settings = ", ".join(f"{name}={value}" for name, value in self.settings)
        rules = [f"without rule {rule}" for rule in self.without]
        rules += [f"with rule {rule} not looking at {name}" for rule, name in self.unread]
        rules += [f"without the fairness of {self.unfair}"] if self.unfair != NOTHING else []
        return " ".join([self.model, *([f"with {settings}"] if settings else []), *rules])

    @property
    def command(self) -> str:
        """The command that makes the experiment; of one without rules, which no command can make, the model's."""
        parts = ["synproof check", self.model, *(f"-s {name}={_quoted(str(value))}" for name, value in self.settings)]
        parts += [f'--via "{text}"' for text in self.via]
        if self.kind is not None:
            parts.append(f'--{self.kind.value} "{self.text}"')
        elif self.prop:
            parts.append(f"-p {self.prop}")
        return " ".join(parts)


@dataclass(frozen=True)
class Found:
    """What an experiment found: the result of its property, and of the search as a whole."""

    experiment: Experiment
    result: PropertyResult
    search: ModelResult

    @property
    def verdict(self) -> Verdict:
        """The verdict."""
        return self.result.verdict

    @property
    def steps(self) -> int | None:
        """The length of the shortest run."""
        return self.result.steps

    @property
    def is_open(self) -> bool:
        """Whether it is no answer."""
        return not self.verdict.is_settled

    @property
    def told(self) -> str:
        """The verdict with the steps of its run."""
        return verdict_told(self.verdict, self.steps)

    @property
    def differs(self) -> str:
        """In what the verdict differs from the expected one, or empty."""
        want = self.experiment.expect
        if want is None or want is self.verdict:
            return ""
        reason = f" ({self.result.reason})" if self.result.reason else ""
        return f"{self.experiment.place}: {self.result.name} is said to be {want.value}, found {self.verdict.value}{reason}"


def verdict_told(verdict: Verdict, steps: int | None) -> str:
    """A verdict and the steps of its run.

    >>> verdict_told(Verdict.VIOLATED, 4), verdict_told(Verdict.HOLDS, None)
    ('violated (4)', 'holds')
    """
    return verdict.value if steps is None else f"{verdict.value} ({steps})"


class Laboratory:
    """Makes experiments, each once. Results are those of `check`: every run has been replayed.

    Of the limits, the states are those of each search; time and memory bound all of them together. Within limits what remains
    open differs from nothing.
    """

    def __init__(
        self, catalogue: Catalogue, progress: Callable[[Progress], None] | None = None, limits: Limits = UNLIMITED
    ) -> None:
        self.catalogue, self._task, self._budget = catalogue, Task(progress=progress, limits=limits), Budget(limits)
        self._planned: dict[Setup, dict[Experiment, None]] = {}
        self._found: dict[Experiment, Found] = {}

    def plan(self, experiments: Iterable[Experiment]) -> None:
        """Say which experiments there will be, so that each model is explored once for all of them."""
        for experiment in experiments:
            if experiment not in self._found:
                self._planned.setdefault(experiment.setup, {})[experiment] = None

    def found(self, experiment: Experiment) -> Found:
        """What an experiment finds. Raises Difference, and whatever is wrong with model, settings or property.

        Raises LimitMet if time or memory are used up before it begins.
        """
        if experiment not in self._found:
            self.plan([experiment])
            self._make(self._planned.pop(experiment.setup))
        found = self._found[experiment]
        if found.differs and not (found.is_open and self._budget.limits != UNLIMITED):
            raise Difference(found.differs)
        return found

    def every_difference(self) -> list[str]:
        """Make all that is planned, and say what differs from what is expected."""
        while self._planned:
            self._make(self._planned.pop(next(iter(self._planned))))
        return [found.differs for found in self._found.values() if found.differs]

    def all_named(self, model: str, settings: Settings = ()) -> dict[str, Found]:
        """What is found of every named property of a model, those of single steps aside: by name."""
        names = [row.name for row in self.catalogue.property_table() if not row.of_steps]
        experiments = [Experiment(model, name, settings=settings) for name in names]
        self.plan(experiments)
        return {experiment.prop: self.found(experiment) for experiment in experiments}

    def _make(self, experiments: Iterable[Experiment]) -> None:
        whole = [experiment for experiment in experiments if not experiment.via]
        if whole:
            self._explore(whole)
        for experiment in experiments:
            if experiment.via:
                self._go_via(experiment)

    def _left(self) -> Task:
        """How the next search is made. Raises LimitMet if nothing is left for it."""
        if limit := self._budget.limits.met(0, self._budget.started):
            raise LimitMet(limit)
        return replace(self._task, limits=self._budget.left)

    def _explore(self, experiments: Sequence[Experiment]) -> None:
        self._left()  # is there anything? Building the model takes time too
        first = experiments[0]
        named = list(dict.fromkeys(e.prop for e in experiments if e.kind is None))
        chosen = self._chosen(first, named)
        properties = chosen.subject.properties if named else ()
        names = {experiment: experiment.prop for experiment in experiments}
        for experiment in experiments:
            taken = {prop.name: prop for prop in properties}
            if experiment.kind is not None:
                name = experiment.prop
                while name in taken:
                    name += "'"  # another experiment calls a property of its own the same
                system = chosen.subject.system
                prop = self.catalogue.own_property(chosen.model, system, name, experiment.kind, experiment.text)
            elif experiment.unfair != NOTHING:
                prop = taken[experiment.prop]
                name = f"{prop.name} without {experiment.unfair}"
                prop = replace(prop, name=name, fairness=prop.fairness - experiment.unfair)
            else:
                continue
            names[experiment] = prop.name
            if prop.name not in taken:
                properties = (*properties, prop)
        search, _ = by_exploration(replace(chosen.subject, properties=properties), self._left())
        if search.interrupted:
            raise KeyboardInterrupt
        by_name = {result.name: result for result in search.properties}
        for experiment in experiments:
            self._found[experiment] = Found(experiment, by_name[names[experiment]], search)

    def _go_via(self, experiment: Experiment) -> None:
        self._left()
        named = [experiment.prop] if experiment.prop else []
        chosen = self._chosen(experiment, named)
        way = way_of(self.catalogue, chosen, experiment.via, named)
        search = check_via(way, self._left())
        if search.interrupted:
            raise KeyboardInterrupt
        self._found[experiment] = Found(experiment, search.properties[0], search)

    def _chosen(self, experiment: Experiment, named: Sequence[str]) -> Chosen:
        settings: Mapping[str, object] = dict(experiment.settings)
        chosen = choose(self.catalogue, experiment.model, settings, named)
        if not experiment.without and not experiment.unread:
            return chosen
        system = without_rules(chosen.subject.system, experiment.without)
        for rule, name in experiment.unread:
            system = not_looking(system, rule, name)
        return replace(chosen, subject=replace(chosen.subject, system=system))


def without_rules(system: System, rules: Sequence[str]) -> System:
    """The system without the rules that are so called at either end: what they would do does not happen.

    A segment for which a rule is missing is dropped as it arrives. Raises LanguageError for a name that fits no action.
    """
    for rule in rules:
        _check_rule(system, rule)
    actions = (
        _idle(action, system) if any(_fits(action, rule) for rule in rules) else action for action in system.actions
    )
    return replace(system, actions=tuple(actions))


def not_looking(system: System, rule: str, name: str) -> System:
    """The system in which a rule does not look at something: the conjuncts of its guard that read it are left out.

    Raises LanguageError for a name that fits no action, and if the guards of those that it fits never read `name`.
    """
    _check_rule(system, rule)
    reads = re.compile(rf"\b{re.escape(name)}\b")
    found = False
    actions = []
    for action in system.actions:
        if _fits(action, rule):
            kept = tuple(part for part in action.guard if not reads.search(show(part)))
            found = found or len(kept) < len(action.guard)
            action = replace(action, guard=kept)
        actions.append(action)
    if not found:
        raise LanguageError(f"{system.name}: rule {rule!r} does not look at {name!r}")
    return replace(system, actions=tuple(actions))


def _fits(action: Action, rule: str) -> bool:
    return fnmatch.fnmatchcase(action.name.partition(".")[2], rule)


def _check_rule(system: System, rule: str) -> None:
    if not any(_fits(action, rule) for action in system.actions):
        raise LanguageError(f"{system.name} has no rule {rule!r} that could be changed")


def _idle(action: Action, system: System) -> Action:
    """The action as it is without its rule."""
    if action.takes is None:
        return replace(action, guard=(FALSE,))
    channel = system.by_name[action.takes].expr
    element = next(p.expr for p in action.params if p.channel == action.takes)
    return replace(
        action, sentence="No rule says what to do: the segment is dropped.", clause="", choice="",
        effects=((action.takes, remove(channel, element)),), sends=(), needs=(), events=(), clauses=(),
    )  # fmt: skip


def _quoted(value: str) -> str:
    return value if all(c.isalnum() or c in "-:,._" for c in value) else f'"{value}"'
