"""A mutant of an explored model, at the price of what it changes: only the changed actions are compiled.

What the others do is asked of the original, whose transitions are known in every state that it reaches.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

from synproof.engine.compile import Compiled
from synproof.engine.expr import all_of
from synproof.engine.layout import Layout
from synproof.engine.property import Property
from synproof.engine.search.explore import UNLIMITED, Exploration, Limits, Means, Search, Watch
from synproof.engine.system import Action, System
from synproof.spec.invariants import INVARIANTS

from .originals import SPEAKS_OF_RULES, Original, Transition, asked_of_the_graph, asks_the_graph

__all__ = ["Patched"]


class _Enough(Exception):
    """A property has been decided otherwise than in the original, whatever is found beyond."""


class Patched(Compiled):
    """An original with some actions replaced, in the original's layout. Its functions are those of `Compiled`."""

    def __init__(self, original: Original, changed: dict[str, Action]) -> None:
        self.original, self.changed = original, changed
        unit = original.unit
        self.system, self.layout, self.mirror = original.system, unit.layout, unit.mirror
        self.events, self.needs, self.watched = unit.events, unit.needs, unit.watched
        self._small = replace(original.system, actions=tuple(changed.values()))
        self._shift = self.layout.param_bits
        index = original.system.action_index
        self._replaced = {index[name] for name in changed}
        self._heads = [index[name] << self._shift for name in changed]

    @cached_property
    def successors(self) -> Any:
        """The successor function: see `Compiled`."""
        known, ask = self.original.transitions, self.original.unit.successors
        changed = Compiled(self._small, events=self.events).successors
        replaced, shift, heads = self._replaced, self._shift, self._heads
        own = Layout(self._small).param_bits
        mask = (1 << own) - 1

        def successors(state: int, out: list[Transition], lack: list[int]) -> None:
            before = known.get(state)
            if before is None:
                before = []
                ask(state, before, lack)
            out += [found for found in before if found[0] >> shift not in replaced]
            extra: list[Transition] = []
            changed(state, extra, lack)
            out += [(heads[label >> own] | label & mask, target, flags) for label, target, flags in extra]

        return successors

    @property
    def predicates(self) -> Any:
        """The original's predicates."""
        return self.original.unit.predicates

    def noticed_by(self, limits: Limits = UNLIMITED, *, all_of_them: bool = False) -> list[str]:
        """Properties whose verdicts the mutant changes. Raises ValueOutsideSort.

        Unless all are wanted, what a single run or state settles ends the search, and the finished graph is asked only if
        nothing does.
        """
        original, watch = self.original, Watch(self.original.watched)
        excluded = original.verdicts.excluded
        result = Exploration(self)
        search = Search(result, watch, limits, means=Means(move=None))

        def look() -> None:
            if not all_of_them and not excluded.isdisjoint(result.findings):
                raise _Enough

        try:
            search.run(look)
            look()
        except _Enough:
            return sorted(excluded & result.findings.keys())
        search.finish()
        missing = original.verdicts.differ(original.verdicts_of(result, self._asked_before))
        if missing and not all_of_them:
            return missing
        self.system = self._whole
        asked = set[str]()
        for prop in original.properties:
            if asks_the_graph(prop) and asked_of_the_graph(result, self._anew(prop)):
                asked.add(prop.name)
        return original.verdicts.differ(original.verdicts_of(result, asked))

    @property
    def _asked_before(self) -> set[str]:
        """What the graph decided in the original: as long as it was not asked again, it is taken to be so still."""
        return {p.name for p in self.original.properties if asks_the_graph(p) and p.name in self.original.verdicts.found}

    @property
    def _whole(self) -> System:
        return replace(self.original.system, actions=self.original.with_actions(self.changed))

    def _anew(self, prop: Property) -> Property:
        """What speaks of the rules speaks of the mutant's."""
        if prop.name != SPEAKS_OF_RULES:
            return prop
        invariant = next(one for one in INVARIANTS if one.name == prop.name)
        clauses = tuple(invariant.clauses(self.original.settings, self.system))
        return replace(prop, predicate=all_of(*(truth for _, truth in clauses)), clauses=clauses)
