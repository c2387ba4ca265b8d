"""A mutant of an explored model, at the price of what it changes: only the changed actions are compiled.

What the others do is asked of the original, whose transitions are known in every state that it reaches.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any

from synproof.engine.compile import Compiled
from synproof.engine.expr import Op, all_of
from synproof.engine.layout import Layout
from synproof.engine.property import Property
from synproof.engine.search.explore import UNLIMITED, Exploration, Limits, Means, Search, Watch
from synproof.engine.sorts import Bag
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

    def _with(self, events: tuple[str, ...]) -> Any:
        return Compiled(self._small, events=events).successors

    @cached_property
    def _there(self) -> Any:
        """Where the changed actions lead."""
        return self._with(())

    @cached_property
    def _flagged(self) -> Any:
        """Where the changed actions lead, and what happens then."""
        return self._with(self.events)

    @cached_property
    def successors(self) -> Any:
        """The successor function: see `Compiled`."""
        known, ask, changed = self.original.transitions, self.original.unit.successors, self._flagged
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

    # -- whether anything changes --------------------------------------------------------------------------------
    def changes_graph(self) -> bool:
        """Whether the reachable graphs differ, history and the names of actions apart. Raises ValueOutsideSort.

        This is decided exactly on the original's states: the graphs are equal if and only if in each of them the changed
        actions lead where the original's do (what several actions do alike counts once).
        """
        known, shift, replaced, bare = self.original.transitions, self._shift, self._replaced, self._bare
        needs = [0] * max(1, len(self.needs))
        for state in self._where_it_matters():
            here = {target for label, target, _ in known[state] if label >> shift in replaced}
            found: list[Transition] = []
            self._there(state, found, needs)
            there = {target for _, target, _ in found}
            if here != there:
                kept = {target for label, target, _ in known[state] if label >> shift not in replaced}
                if {bare(target) for target in kept | here} != {bare(target) for target in kept | there}:
                    return True
        return False

    def _where_it_matters(self) -> Iterator[int]:
        """The original's states in which a changed action may do something else."""
        places: set[tuple[str, str]] = set()
        for name, action in self.changed.items():
            before = self.original.system.actions[self.original.system.action_index[name]]
            idle = not self.original.exploration.coverage[name]
            if idle and list(map(id, before.guard)) == list(map(id, action.guard)):
                continue
            for guard in (action.guard, before.guard):
                found = [
                    (str(c.args[0].attr), str(c.args[1].attr)) for c in guard
                    if c.op is Op.EQ and c.args[0].op is Op.VAR and c.args[1].op is Op.CONST
                    and str(c.args[0].attr) == f"{action.actor}.state"
                ]  # fmt: skip
                if not found:
                    yield from self.original.exploration.states
                    return
                places.add(found[0])
        for place in places:
            yield from self.original.by_state.get(place, ())

    @cached_property
    def _bare(self) -> Any:
        """Packed states with all history erased; segments that are then equal are in one order."""
        keep, bags = 0, []
        for variable in self.system.variables:
            places = self.layout.places[variable.name]
            if isinstance(variable.sort, Bag):
                element = variable.sort.element
                mask = 1
                for (name, sort), offset in zip(element.fields, element.offsets, strict=True):
                    if name not in element.history:
                        mask |= ((1 << sort.width) - 1) << offset + 1
                bags.append((places, mask, variable.sort.ordered))
            elif not variable.history:
                keep |= sum(place.mask << place.offset for place in places)

        def bare(state: int) -> int:
            code = state & keep
            for places, mask, ordered in bags:
                slots = [state >> place.offset & mask for place in places]
                if not ordered:
                    slots.sort(reverse=True)
                for place, slot in zip(places, slots, strict=True):
                    code |= slot << place.offset
            return code

        return bare

    # -- what notices it -----------------------------------------------------------------------------------------
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
