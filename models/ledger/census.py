"""The census: what the shipped models do, rule by rule and state by state, and the shortest run to every change of state.

Each model is explored once, the smallest first. A change of state of one end is an edge of the quotient of the explored graph
by that end's state, told apart by the rule that causes it. Models that are none of figure 5 (a handshake of two ways, a close
of three segments) witness only what is a choice of theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from synproof.engine.property import ScenarioLine
from synproof.engine.search.exploration import Exploration
from synproof.engine.search.explore import explore
from synproof.engine.search.scenario import first_steps
from synproof.engine.system import Action, System
from synproof.engine.traces.trace import Trace
from synproof.spec import build
from synproof.spec.event import Rule
from synproof.spec.figure_5 import why_not_figure_5
from synproof.spec.setting_values import ENDS
from synproof.spec.settings import Settings
from synproof.spec.system import RULES

from ..catalogue import catalogue
from ..loader import Model

__all__ = ["Census", "Change", "Deed", "Witness", "deeds", "take_census"]


@dataclass(frozen=True)
class Deed:
    """A rule in one of its states: one action of each end."""

    rule: Rule
    state: str

    @property
    def function(self) -> str:
        """The name of the rule's function in spec/."""
        return self.rule.write.__name__

    @property
    def action(self) -> str:
        """The name of its actions, without the end. Rules that exclude one another share it."""
        return self.rule.name if len(self.rule.states) == 1 else f"{self.rule.name}_in_{self.state.lower()}"


@dataclass(frozen=True)
class Change:
    """A change of state: by which rule, from where, to where."""

    function: str
    before: str
    after: str


@dataclass(frozen=True)
class Witness:
    """The shortest run to a change of state: which model has it, how many steps it takes, and what is told of its last one."""

    model: str
    steps: int
    sentence: str


@dataclass(frozen=True)
class Census:
    """What the models do: for each deed the models that have it, and those that take it; for each change its witness."""

    models: tuple[str, ...]
    had: dict[Deed, tuple[str, ...]]
    taken: dict[Deed, tuple[str, ...]]
    changes: dict[Change, Witness]

    def times(self, function: str, state: str) -> tuple[str, ...]:
        """The models in which a rule is taken in a state."""
        return next((names for deed, names in self.taken.items() if (deed.function, deed.state) == (function, state)), ())


def deeds() -> dict[tuple[str, str], Deed]:
    """(name of an action without its end, its sentence) -> the deed that it is."""
    every = [Deed(rule, str(state.attr)) for rule in RULES for state in rule.states]
    return {(deed.action, deed.rule.sentence): deed for deed in every}


def take_census(only: Collection[str] = (), *, told: Callable[[str], None] = lambda _: None) -> Census:
    """Explore every shipped model, or those in `only`. `told` hears the name of each before it is explored."""
    known, names = deeds(), tuple(name for name in _smallest_first() if not only or name in only)
    had: dict[Deed, list[str]] = {deed: [] for deed in known.values()}
    taken: dict[Deed, list[str]] = {deed: [] for deed in known.values()}
    best: dict[Change, tuple[int, str, Trace]] = {}
    for name in names:
        told(name)
        settings = _settings(name)
        system = build(settings)
        exploration = explore(system)
        of_action = {action.name: _deed_of(action, known) for action in system.actions if action.actor in ENDS}
        for deed in dict.fromkeys(of_action.values()):
            had[deed].append(name)
        for deed in dict.fromkeys(deed for action, deed in of_action.items() if exploration.coverage[action]):
            taken[deed].append(name)
        of_figure_5 = not why_not_figure_5(settings)
        mine = {action: deed for action, deed in of_action.items() if of_figure_5 or deed.rule.choice}
        _find_changes(name, exploration, mine, best)
    changes = {change: Witness(name, steps, _last_sentence(trace)) for change, (steps, name, trace) in best.items()}
    return Census(names, _frozen(had), _frozen(taken), changes)


def _frozen(lists: dict[Deed, list[str]]) -> dict[Deed, tuple[str, ...]]:
    return {deed: tuple(names) for deed, names in lists.items()}


def _smallest_first() -> tuple[str, ...]:
    """The shipped models by the number of states that they declare."""
    models = [catalogue.load(name) for name, _ in catalogue.models()]
    return tuple(model.name for model in sorted(models, key=lambda model: (model.expect.states or 0, model.name)))


def _settings(name: str) -> Settings:
    model = catalogue.load(name)
    assert isinstance(model, Model)
    return model.settings


def _key(action: Action) -> tuple[str, str]:
    return action.name.partition(".")[2], action.sentence


def _deed_of(action: Action, known: Mapping[tuple[str, str], Deed]) -> Deed:
    """The deed that an action is; a setting may have added to its rule's sentence."""
    name, sentence = _key(action)
    if (name, sentence) in known:
        return known[name, sentence]
    return next(deed for (other, begins), deed in known.items() if other == name and sentence.startswith(begins))


def _find_changes(
    name: str, exploration: Exploration, of_action: dict[str, Deed], best: dict[Change, tuple[int, str, Trace]]
) -> None:
    """Note the shortest run to each change of state that this model has, where none as short is known."""
    actions: dict[Change, set[str]] = {}
    for action, change in _changes(exploration.system, of_action):
        if exploration.coverage[action]:
            actions.setdefault(change, set()).add(action)
    new = {change: names for change, names in actions.items() if change not in best}
    old = {change: names for change, names in actions.items() if change in best}
    shorter = max((best[change][0] for change in old), default=1) - 1
    for wanted, limit in ((new, None), (old, shorter)):
        lines = [ScenarioLine(str(change), frozenset(names)) for change, names in wanted.items()]
        for change, run in zip(wanted, first_steps(exploration, lines, at_most=limit), strict=True):
            if run is not None and (change not in best or len(run.labels) < best[change][0]):
                best[change] = len(run.labels), name, run.trace(exploration.system)


def _changes(system: System, of_action: dict[str, Deed]) -> Iterator[tuple[str, Change]]:
    """The actions that change the state of their end, each with the change. A rule enters one state, whatever arrives."""
    for action in system.actions:
        entered = dict(action.effects).get(f"{action.actor}.state")
        if action.name in of_action and entered is not None:
            deed = of_action[action.name]
            yield action.name, Change(deed.function, deed.state, str(entered.attr))


def _last_sentence(trace: Trace) -> str:
    assert trace.system.narrate is not None
    return trace.system.narrate(trace)[-1]
