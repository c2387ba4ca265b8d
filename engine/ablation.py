"""Ablation: mechanisms taken away one at a time, and what each is for: the properties whose verdict changes.

What a mechanism costs is measured too: the messages that arrive in the shortest run to a goal with it and without it, and the
states that there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .catalogue import Catalogue
from .errors import SynproofError
from .experiment import Experiment, Found, Laboratory
from .ledger import Ablation, Topic
from .property import Verdict
from .search.budget import LimitMet
from .system import Kind
from .traces.telling import Fate, tell

__all__ = ["Ablated", "Cost", "Mend", "ablated", "asked_of", "costs", "mends", "planned"]


@dataclass(frozen=True)
class Cost:
    """One measure, with the mechanism and without it."""

    what: str
    present: int
    removed: int

    @property
    def words(self) -> str:
        """In words."""
        return f"{self.what}: {self.present:,} with it, {self.removed:,} without"


def costs(laboratory: Laboratory, topic: Topic) -> list[Cost]:
    """What a topic's mechanism costs, as far as it can be measured. Raises LimitMet if the laboratory's limits do."""
    found: list[Cost] = []
    runs = [laboratory.found(experiment) for experiment in topic.goals]
    if runs and all(run.result.trace is not None for run in runs):
        found.append(Cost(f"segments that arrive until {topic.goal_words}", *(_arriving(run) for run in runs)))
        found.append(Cost("steps of the shortest run there", *(run.steps or 0 for run in runs)))
        ticks = Cost("ticks of the clock in it", *(_ticks(run) for run in runs))
        found += [ticks] if ticks.present or ticks.removed else []
    searches = [laboratory.found(exhibit.experiment).search for exhibit in (topic.present, topic.removed)]
    states = [search.states for search in searches if search.states is not None and search.complete]
    if len(states) == len(searches):
        found.append(Cost(f"states of the model {topic.present.experiment.model}", *states))
    return found


def _arriving(run: Found) -> int:
    """The messages that a run delivers."""
    assert run.result.trace is not None
    return sum(flight.fate is Fate.DELIVERED for flight in tell(run.result.trace).flights)


def _ticks(run: Found) -> int:
    """How much time passes in a run."""
    assert run.result.trace is not None
    return sum(step.action.kind is Kind.CLOCK for step in run.result.trace.steps)


# ---- the matrix ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ablated:
    """One model's matrix: the verdicts of every property with all mechanisms and without each.

    If the laboratory met a `limit`, only the first mechanisms are `removed`; if not even one is, there may be nothing `whole`.
    """

    ablation: Ablation
    whole: Mapping[str, Found]
    removed: tuple[Mapping[str, Found], ...]
    limit: str = ""

    @property
    def changed(self) -> list[str]:
        """The properties whose verdict changes with some mechanism, in the order in which results are shown."""
        return [
            name for name, found in self.whole.items()
            if any(_differ(found, column[name]) for column in self.removed)
        ]  # fmt: skip

    def cell(self, name: str, column: int) -> str:
        """The verdict without one mechanism; empty if it is the one with all."""
        found = self.removed[column][name]
        return found.told if _differ(found, self.whole[name]) else ""

    @property
    def is_decided(self) -> bool:
        """Whether nothing of it is open."""
        return not self.limit and not any(self.undecided(column) for column in range(len(self.removed)))

    def undecided(self, column: int) -> list[str]:
        """The properties of which nobody knows whether their verdict changes without one mechanism."""
        removed = self.removed[column]
        return [name for name, found in self.whole.items() if found.is_open or removed[name].is_open]


def _differ(one: Found, other: Found) -> bool:
    return one.verdict is not other.verdict and not one.is_open and not other.is_open


def planned(catalogue: Catalogue, ablations: Sequence[Ablation]) -> list[Experiment]:
    """The experiments of ablations."""
    names = [row.name for row in catalogue.property_table() if not row.of_steps]
    return [
        Experiment(ablation.model, name, settings=ablation.without(removal))
        for ablation in ablations
        for removal in (None, *ablation.removals)
        for name in names
    ]


def ablated(laboratory: Laboratory, ablation: Ablation) -> Ablated:
    """The matrix of one model."""
    columns: list[Mapping[str, Found]] = []
    limit = ""
    try:
        for removal in (None, *ablation.removals):
            columns.append(laboratory.all_named(ablation.model, ablation.without(removal)))
    except LimitMet as met:
        limit = met.limit
    whole, *removed = columns or [{}]
    return Ablated(ablation, whole, tuple(removed), limit)


# ---- one change that mends -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mend:
    """One change of one setting, and what becomes of a property with it."""

    setting: str
    value: str | int
    about: str
    verdict: Verdict

    @property
    def is_open(self) -> bool:
        """Whether nobody knows what becomes of it."""
        return not self.verdict.is_settled


def asked_of(model: str, name: str, settings: Mapping[str, str | int]) -> Experiment:
    """The question for a property's verdict in a model."""
    return Experiment(model, name, settings=tuple(settings.items()))


def mends(laboratory: Laboratory, base: Found) -> Iterator[Mend]:
    """Every change of one setting of a model that gives a property another verdict than `base`, or leaves it open.

    Changes that contradict other settings of the model are left out.
    """
    asked = base.experiment
    settings = dict(asked.settings)
    catalogue = laboratory.catalogue
    for alternative in catalogue.alternatives(catalogue.load(asked.model, settings or None)):
        changed = {**settings, alternative.setting: alternative.value}
        try:
            catalogue.load(asked.model, changed)
        except SynproofError:
            continue  # together with the others it makes no sense, or is not built yet
        try:
            verdict = laboratory.found(asked_of(asked.model, asked.prop, changed)).verdict
        except LimitMet:
            verdict = Verdict.INCOMPLETE
        if verdict is not base.verdict:
            yield Mend(alternative.setting, alternative.value, alternative.about, verdict)
