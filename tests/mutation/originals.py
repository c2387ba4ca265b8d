"""Originals: the shipped models as they are, explored, with what decides each property, for mutants to be compared with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from synproof.engine.checker import HIDDEN, LOSSLESS_DROP
from synproof.engine.compile import Compiled
from synproof.engine.explore import UNLIMITED, Exploration, Limits, explore
from synproof.engine.liveness import check_responses
from synproof.engine.property import Property, PropertyKind, Verdict
from synproof.engine.scenario import find_scenario
from synproof.engine.system import Action, System
from synproof.models.catalogue import catalogue
from synproof.models.loader import Model
from synproof.spec import Settings
from synproof.spec.properties import names, properties

__all__ = ["LIVE", "Original", "Verdicts", "originals", "verdicts"]

LIVE = 1_000
"""Eventually-properties are decided in models of at most so many states, and in their mutants."""


@dataclass(frozen=True)
class Verdicts:
    """Which properties a search decided by a run (`found`), and which it excluded; of the others it knows nothing."""

    found: frozenset[str]
    excluded: frozenset[str]

    def differ(self, other: Verdicts) -> list[str]:
        """The properties whose verdicts contradict each other."""
        return sorted(self.found & other.excluded | self.excluded & other.found)


class Original:
    """A shipped model: what it declares, and every other named property that applies to its settings."""

    def __init__(self, model: Model) -> None:
        self.name: str = model.name
        self.settings: Settings = model.settings
        self.declared = frozenset(declaration.name for declaration in model.properties)
        own = [d.name for d in model.properties if d.kind is not None]
        self.system, made = catalogue.build(model, [*names(), *own])
        self.properties = tuple(p for p in made if not p.not_applicable)

    @cached_property
    def exploration(self) -> Exploration:
        """Every reachable state."""
        return explore(self.system, _watched(self.properties))

    @property
    def states(self) -> int:
        """How many states there are."""
        return len(self.exploration.states)

    @property
    def is_small(self) -> bool:
        """Whether eventually-properties are decided here."""
        return self.states <= LIVE

    @cached_property
    def verdicts(self) -> Verdicts:
        """What the original says of its properties."""
        return verdicts(self.exploration, self.properties, live=self.is_small)

    def successors_of(self, names: Iterable[str]) -> Compiled:
        """The transitions of some of its actions."""
        wanted = set(names)
        return Compiled(replace(self.system, actions=tuple(a for a in self.system.actions if a.name in wanted)))

    def with_actions(self, changed: dict[str, Action]) -> System:
        """The system with some of its actions replaced."""
        return replace(self.system, actions=tuple(changed.get(a.name, a) for a in self.system.actions))


def _watched(props: Sequence[Property]) -> list[Property]:
    return [*props, Property(HIDDEN, PropertyKind.ALWAYS, event=LOSSLESS_DROP)]


def verdicts(search: Exploration, props: Sequence[Property], *, live: bool) -> Verdicts:
    """What an exploration that watched the properties says of them, by the rules of `engine.checker`."""
    found, looked_at = set[str](), set[str]()
    for prop in props:
        if prop.kind is PropertyKind.EVENTUALLY:
            if live:
                looked_at.add(prop.name)
                if check_responses(search, prop).verdict is Verdict.VIOLATED:
                    found.add(prop.name)
        else:
            looked_at.add(prop.name)
            by_scenario = prop.scenario is not None and find_scenario(search, prop.scenario) is not None
            if by_scenario or prop.name in search.findings:
                found.add(prop.name)
    certain = search.complete and not sum(search.lacks.values()) and HIDDEN not in search.findings
    return Verdicts(frozenset(found), frozenset(looked_at - found) if certain else frozenset())


def search_mutant(original: Original, changed: dict[str, Action], limits: Limits = UNLIMITED) -> Exploration:
    """Explore the original with some actions replaced. Raises ValueOutsideSort if a variable leaves its sort."""
    system = original.with_actions(changed)
    anew = {p.name: p for p in properties(original.settings, system)}  # what speaks of the rules speaks of the mutant's
    return explore(system, _watched([anew.get(p.name, p) for p in original.properties]), limits)


def originals(only: Sequence[str] = (), *, at_most: int | None = None) -> list[Original]:
    """The shipped models (or those named), the smallest first, those of at most so many states."""
    listed = [Original(_load(name)) for name, _ in catalogue.models() if not only or name in only]
    kept = [o for o in listed if at_most is None or o.states <= at_most]
    return sorted(kept, key=lambda o: (o.states, o.name))


def _load(name: str) -> Model:
    model = catalogue.load(name)
    assert isinstance(model, Model)
    return model
