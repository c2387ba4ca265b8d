"""Ablation: mechanisms taken away one at a time, and what each is for: the properties whose verdict changes.

What a mechanism costs is measured too: the messages that arrive in the shortest run to a goal with it and without it, and the
states that there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .catalogue import Catalogue
from .experiment import Experiment, Found, Laboratory
from .ledger import Ablation, Topic
from .property import Verdict
from .system import Kind
from .traces.telling import Fate, tell

__all__ = ["Ablated", "Cost", "Mend", "ablated", "costs", "mends", "planned"]


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
    """What a topic's mechanism costs, as far as it can be measured."""
    found: list[Cost] = []
    runs = [laboratory.found(experiment) for experiment in topic.goals]
    if runs and all(run.result.trace is not None for run in runs):
        found.append(Cost(f"segments that arrive until {topic.goal_words}", *(_arriving(run) for run in runs)))
        found.append(Cost("steps of the shortest run there", *(run.steps or 0 for run in runs)))
        ticks = Cost("ticks of the clock in it", *(_ticks(run) for run in runs))
        found += [ticks] if ticks.present or ticks.removed else []
    states = [laboratory.found(exhibit.experiment).search.states for exhibit in (topic.present, topic.removed)]
    if states[0] is not None and states[1] is not None:
        found.append(Cost(f"states of the model {topic.present.experiment.model}", states[0], states[1]))
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
    """One model's matrix: the verdicts of every property with all mechanisms and without each."""

    ablation: Ablation
    whole: Mapping[str, Found]
    removed: tuple[Mapping[str, Found], ...]

    @property
    def changed(self) -> list[str]:
        """The properties whose verdict changes with some mechanism, in the order in which results are shown."""
        return [
            name for name, found in self.whole.items()
            if any(_says(column[name]) != _says(found) for column in self.removed)
        ]  # fmt: skip

    def cell(self, name: str, column: int) -> str:
        """The verdict without one mechanism; empty if it is the one with all."""
        found = self.removed[column][name]
        return "" if _says(found) == _says(self.whole[name]) else found.told


def _says(found: Found) -> Verdict:
    return found.verdict


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
    whole, *columns = (laboratory.all_named(ablation.model, ablation.without(one)) for one in (None, *ablation.removals))
    return Ablated(ablation, whole, tuple(columns))


# ---- one change that mends -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mend:
    """One change of one setting, and what becomes of a property with it (`error`: the setting cannot be changed alone)."""

    setting: str
    value: str | int
    about: str
    verdict: Verdict


def mends(laboratory: Laboratory, model: str, name: str, settings: Mapping[str, str]) -> tuple[Found, list[Mend]]:
    """What a property's verdict is in a model, and every change of one setting that makes it another one that is settled.

    Changes that contradict other settings of the model are left out.
    """
    from .errors import SynproofError

    catalogue = laboratory.catalogue
    loaded = catalogue.load(model, settings or None)
    base = laboratory.found(Experiment(model, name, settings=tuple(settings.items())))
    found: list[Mend] = []
    for alternative in catalogue.alternatives(loaded):
        changed = {**settings, alternative.setting: alternative.value}
        try:
            catalogue.load(model, changed)
        except SynproofError:
            continue  # together with the others it makes no sense, or is not built yet
        verdict = laboratory.found(Experiment(model, name, settings=tuple(changed.items()))).verdict
        if verdict is not base.verdict:
            found.append(Mend(alternative.setting, alternative.value, alternative.about, verdict))
    return base, found
