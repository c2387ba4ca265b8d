"""Originals: the shipped models as they are, explored, with what decides each property, for mutants to be compared with."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from unittest.mock import patch

from synproof.engine.checker import HIDDEN, LOSSLESS_DROP
from synproof.engine.compile import Compiled
from synproof.engine.fairness.liveness import check_feasible, check_responses
from synproof.engine.property import Property, PropertyKind, Verdict
from synproof.engine.search.explore import Exploration, Means, Search, Watch
from synproof.engine.search.scenario import find_scenario, first_steps
from synproof.engine.system import Action, System
from synproof.models.catalogue import catalogue
from synproof.models.loader import Model
from synproof.spec import Settings, build
from synproof.spec.laws import observing
from synproof.spec.properties import names

from .mutants import mutations, rule_of, with_laws
from .tampering import Mutation

__all__ = ["LIVE", "SPEAKS_OF_RULES", "Original", "Transition", "Verdicts", "asks_the_graph", "asked_of_the_graph", "originals"]

LIVE = 2_000
"""Eventually-properties that are not declared are decided in models of at most so many states."""

SPEAKS_OF_RULES = "one-rule-per-segment"
"""The predicate that is made of the rules, and is therefore another for each mutant."""

Transition = tuple[int, int, int]
"""Label, packed target, flags."""


@dataclass(frozen=True)
class Verdicts:
    """Which properties a search decided by a run (`found`), and which it excluded; of the others it knows nothing."""

    found: frozenset[str]
    excluded: frozenset[str]

    def differ(self, other: Verdicts) -> list[str]:
        """The properties whose verdicts contradict each other."""
        return sorted(self.found & other.excluded | self.excluded & other.found)


def asks_the_graph(prop: Property) -> bool:
    """The property is a question about the finished graph, or speaks of the rules: it is not watched for on the way."""
    return prop.asks_the_graph or bool(prop.each) or prop.name == SPEAKS_OF_RULES


def asked_of_the_graph(search: Exploration, prop: Property) -> bool:
    """Whether the graph has what decides a property of which `asks_the_graph` is true."""
    if prop.is_feasibility:
        return check_feasible(search, prop.fairness).run is not None
    if prop.kind is PropertyKind.EVENTUALLY:
        return check_responses(search, prop).verdict is Verdict.VIOLATED
    if prop.scenario is not None:
        return find_scenario(search, prop.scenario) is not None
    if prop.each:
        return None not in first_steps(search, prop.each)
    broken = Compiled(search.system, Watch([prop]).predicates).predicates
    return any(map(broken, search.states))


class Original:
    """A shipped model: what it declares, and every other named property that applies to its settings.

    If it is `sparing`, rules that apply nowhere in it are not watched for breaking a law, should they apply in a mutant: that
    halves the time until the first mutant can be tried.
    """

    def __init__(self, model: Model, *, sparing: bool = False) -> None:
        self.model, self.sparing = model, sparing
        self.name: str = model.name
        self.settings: Settings = model.settings
        self.declared = frozenset(declaration.name for declaration in model.properties)

    @cached_property
    def _built(self) -> tuple[System, list[Property]]:
        own = [declaration.name for declaration in self.model.properties if declaration.kind is not None]
        with patch.object(observing, "observe_system", self._observe_system) if self.sparing else nullcontext():
            return catalogue.build(self.model, [*names(), *own])

    def _observe_system(self, system: System, settings: Settings) -> System:
        taken = with_laws(settings, (action for action in system.actions if self.graph.coverage[action.name]))
        return replace(system, actions=tuple(taken.get(action.name, action) for action in system.actions))

    @property
    def system(self) -> System:
        """The model's system, with the events of breaking a law."""
        return self._built[0]

    @cached_property
    def _applies(self) -> list[Property]:
        return [prop for prop in self._built[1] if not prop.not_applicable]

    @cached_property
    def properties(self) -> tuple[Property, ...]:
        """Every named property that applies, and the model's own (eventually-properties of large models: if declared)."""
        small = self.states <= LIVE
        return tuple(p for p in self._applies if small or p.kind is not PropertyKind.EVENTUALLY or p.name in self.declared)

    @cached_property
    def watched(self) -> tuple[Property, ...]:
        """What a search watches for, and that nothing is dropped where nothing may be lost."""
        hidden = Property(HIDDEN, PropertyKind.ALWAYS, event=LOSSLESS_DROP)
        return (*(prop for prop in self._applies if not asks_the_graph(prop)), hidden)

    @cached_property
    def unit(self) -> Compiled:
        """The model's transitions with the events that are watched for."""
        watch = Watch(self.watched)
        return Compiled(self.system, watch.predicates, watch.event_names)

    @cached_property
    def plain(self) -> System:
        """The model's system, with nothing watched for."""
        return build(self.settings)

    @cached_property
    def graph(self) -> Exploration:
        """Every reachable state, with nothing watched for: a tenth of the work."""
        result = Exploration(Compiled(self.plain))
        search = Search(result, Watch(()), means=Means(move=None))
        search.run(lambda: None)
        search.finish()
        return result

    @cached_property
    def moves(self) -> dict[int, list[Transition]]:
        """The transitions of every reachable state; the flags say nothing of events."""
        return {state: self.graph.successors(position) for position, state in enumerate(self.graph.states)}

    @cached_property
    def exploration(self) -> Exploration:
        """Every reachable state."""
        result = Exploration(self.unit)
        search = Search(result, Watch(self.watched))
        search.run(lambda: None)
        search.finish()
        return result

    @cached_property
    def transitions(self) -> dict[int, list[Transition]]:
        """The transitions of every reachable state."""
        found: dict[int, list[Transition]] = {}
        for state in self.exploration.states:
            self.unit.successors(state, found.setdefault(state, []), [0] * len(self.unit.needs))
        return found

    def explored(self, *, watched: bool = True) -> None:
        """Find out now what will be asked of it: its graph, and what is watched for."""
        _ = self.offers, self.moves, self.by_state
        if watched:
            _ = self.transitions, self.verdicts

    @cached_property
    def states(self) -> int:
        """How many states there are, as the model expects it."""
        expected = self.model.expect.states
        return len(self.exploration.states) if expected is None else expected

    @cached_property
    def verdicts(self) -> Verdicts:
        """What the model says of its properties."""
        search = self.exploration
        asked = {p.name for p in self.properties if asks_the_graph(p) and asked_of_the_graph(search, p)}
        return self.verdicts_of(search, asked)

    def verdicts_of(self, search: Exploration, asked: set[str]) -> Verdicts:
        """What a search of this model or of a mutant says, by the rules of `engine.checker`; `asked` the graph has decided."""
        found = asked | search.findings.keys() - {HIDDEN}
        certain = search.complete and not sum(search.lacks.values()) and HIDDEN not in search.findings
        excluded = {p.name for p in self.properties} - found if certain else set[str]()
        return Verdicts(frozenset(found), frozenset(excluded))

    @cached_property
    def offers(self) -> frozenset[Mutation]:
        """The mutations for which there is a place."""
        return frozenset(mutations(self.settings, self.plain))

    @cached_property
    def happens(self) -> frozenset[str]:
        """The rules that apply somewhere, as mutations name them."""
        return frozenset(rule_of(action) for action in self.graph.system.actions if self.graph.coverage[action.name])

    def cannot_change(self, mutation: Mutation) -> bool:
        """The mutant applies where its rule does, and the rule nowhere."""
        return not mutation.applies_elsewhere and mutation.action not in self.happens

    @cached_property
    def by_state(self) -> dict[tuple[str, str], list[int]]:
        """The packed states in which an end is in a connection state, by the variable's name and the state's."""
        layout, system = self.graph.unit.layout, self.graph.system
        found: dict[tuple[str, str], list[int]] = {}
        for name in ("client.state", "server.state"):
            place, sort = layout.places[name][0], system.by_name[name].sort
            for state in self.graph.states:
                found.setdefault((name, str(sort.decode(state >> place.offset & place.mask))), []).append(state)
        return found

    def with_actions(self, changed: dict[str, Action]) -> tuple[Action, ...]:
        """Its actions, some of them replaced."""
        return tuple(changed.get(a.name, a) for a in self.system.actions)


def originals(only: Sequence[str] = (), *, at_most: int | None = None, sparing: bool = False) -> list[Original]:
    """The shipped models (or those named), the smallest first, those of at most so many states."""
    listed = [Original(_load(name), sparing=sparing) for name, _ in catalogue.models() if not only or name in only]
    kept = [o for o in listed if at_most is None or o.states <= at_most]
    return sorted(kept, key=lambda o: (o.states, o.name))


def _load(name: str) -> Model:
    model = catalogue.load(name)
    assert isinstance(model, Model)
    return model
