"""The ledger: claims that are checked, topics that explain a mechanism, and pages that are generated; all rest on experiments.

A room above fills it with its own claims, topics and pages (see `catalogue`); the command line lists, tells and writes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum as PyEnum

from .experiment import Experiment, Laboratory
from .property import PropertyKind

__all__ = ["Ablation", "Alternative", "Claim", "Exhibit", "Holding", "Page", "Quote", "Removal", "Topic"]


class Holding(PyEnum):
    """What became of a claim, once it was checked."""

    TRUE = "true"
    CONDITIONAL = "true-if"  # under assumptions that it does not name
    REFUTED = "refuted"  # as it is worded
    OPEN = "open"  # what would decide it is not built yet


@dataclass(frozen=True)
class Quote:
    """Words of another text, and where they stand."""

    text: str
    source: str


@dataclass(frozen=True)
class Exhibit:
    """An experiment that is shown: what it shows, and whether its run is drawn."""

    shows: str
    experiment: Experiment
    drawn: bool = False


@dataclass(frozen=True)
class Claim:
    """A claim of a text: its words (the original's, and in English), and what the exhibits make of it.

    `needs` are the assumptions without which it is not true, `finding` says in prose what was found, `saved` what would save it
    if it is refuted.
    """

    name: str
    says: str
    quotes: tuple[Quote, ...]
    holding: Holding
    finding: str
    needs: tuple[str, ...] = ()
    saved: str = ""
    exhibits: tuple[Exhibit, ...] = ()

    @property
    def experiments(self) -> tuple[Experiment, ...]:
        """What it rests on."""
        return tuple(exhibit.experiment for exhibit in self.exhibits)


@dataclass(frozen=True)
class Topic:
    """A mechanism that is taken away: the same question asked with it and without it.

    `goal`, where given, is an expression that a run reaches both times: what the mechanism costs is measured on the shortest.
    """

    name: str
    question: str
    answer: str
    quote: Quote
    present: Exhibit
    removed: Exhibit
    more: tuple[Exhibit, ...] = ()
    goal: str = ""
    goal_words: str = ""
    cost: str = ""

    @property
    def goals(self) -> tuple[Experiment, ...]:
        """The shortest runs to the goal, with the mechanism and without it."""
        if not self.goal:
            return ()
        return tuple(_towards(self.goal, exhibit.experiment) for exhibit in (self.present, self.removed))

    @property
    def experiments(self) -> tuple[Experiment, ...]:
        """What it rests on."""
        return (*(exhibit.experiment for exhibit in (self.present, self.removed, *self.more)), *self.goals)


def _towards(goal: str, like: Experiment) -> Experiment:
    return Experiment(like.model, "goal", None, like.settings, PropertyKind.SOMETIMES, goal, without=like.without)


def _none() -> Iterable[Experiment]:
    return ()


@dataclass(frozen=True)
class Page:
    """A page that is generated: `write` gives its text from what a laboratory finds.

    `experiments` says in advance which it will ask for, so that each model is explored once for all pages; a page that asks
    for others gets them too.
    """

    name: str
    write: Callable[[Laboratory], str]
    experiments: Callable[[], Iterable[Experiment]] = field(default=_none)


@dataclass(frozen=True)
class Alternative:
    """Another value of one setting. `about` says in a word or two whose matter the setting is."""

    setting: str
    value: str | int
    about: str

    @property
    def change(self) -> Mapping[str, str | int]:
        """As settings that win over a model's."""
        return {self.setting: self.value}


@dataclass(frozen=True)
class Removal:
    """One mechanism taken away: in a word or two, and as settings."""

    words: str
    settings: tuple[tuple[str, str | int], ...]


@dataclass(frozen=True)
class Ablation:
    """A model with all its mechanisms, and those that are taken away one at a time.

    `settings` win over the model's own; those of a removal win over both.
    """

    model: str
    title: str
    removals: tuple[Removal, ...]
    settings: tuple[tuple[str, str | int], ...] = ()

    def without(self, removal: Removal | None) -> tuple[tuple[str, str | int], ...]:
        """The settings without one mechanism (None: with all)."""
        return tuple({**dict(self.settings), **dict(removal.settings if removal else ())}.items())
