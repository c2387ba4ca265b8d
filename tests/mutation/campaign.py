"""The campaign: each mutant against the shipped models, the smallest first, until a named property notices it.

Whether a mutant changes a model's reachable graph is decided exactly, on the original's states alone: the graphs are equal
if and only if, in every state that the original reaches, the changed actions lead where the original's do (history apart;
what several actions do alike counts once). Only where they differ is the mutant explored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum as PyEnum

from synproof.engine.compile import Compiled
from synproof.engine.errors import ValueOutsideSort
from synproof.engine.explore import Limits
from synproof.engine.layout import Layout
from synproof.engine.sorts import Bag
from synproof.engine.system import Action

from .mutants import Mutation, mutate, mutations
from .originals import Original, search_mutant, verdicts

__all__ = ["Fate", "Outcome", "all_mutations", "fate_of"]

FACTOR, SLACK = 4, 2_000
"""A mutant with more than FACTOR times the original's states, and SLACK, is not explored to its end."""


class Outcome(PyEnum):
    """What becomes of a mutant."""

    EQUIVALENT = "equivalent"  # no model's reachable graph changes
    NOTICED = "noticed"  # the verdict of a property changes
    ILL_FORMED = "ill-formed"  # a variable leaves its sort: the engine refuses the mutant
    SURVIVES = "survives"


@dataclass(frozen=True)
class Fate:
    """What became of a mutant: which model and properties noticed it, and which of the models looked at it changes."""

    mutation: Mutation
    outcome: Outcome
    model: str = ""
    by: tuple[str, ...] = ()
    declared: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()


def all_mutations(models: Iterable[Original]) -> list[Mutation]:
    """Every mutation that some of the models has a place for, sorted."""
    found: dict[Mutation, None] = {}
    for original in models:
        found.update(dict.fromkeys(mutations(original.settings, original.system)))
    return sorted(found)


def fate_of(mutation: Mutation, models: Sequence[Original]) -> Fate:
    """Try a mutant on the models in their order."""
    changes: list[str] = []
    ill_formed = False
    for original in models:
        changed = mutate(original.settings, original.system, mutation)
        if not changed or not _changes_graph(original, changed):
            continue
        changes.append(original.name)
        try:
            differing = _differing(original, changed)
        except ValueOutsideSort:
            ill_formed = True
            continue
        if differing:
            declared = tuple(name for name in differing if name in original.declared)
            return Fate(mutation, Outcome.NOTICED, original.name, tuple(differing), declared, tuple(changes))
    if not changes:
        return Fate(mutation, Outcome.EQUIVALENT)
    return Fate(mutation, Outcome.ILL_FORMED if ill_formed else Outcome.SURVIVES, changes=tuple(changes))


def _differing(original: Original, changed: dict[str, Action]) -> list[str]:
    """The properties whose verdicts the mutant changes."""
    limit = FACTOR * original.states + SLACK
    search = search_mutant(original, changed, Limits(max_states=limit))
    live = original.is_small and search.complete
    return original.verdicts.differ(verdicts(search, original.properties, live=live))


# ---- graphs ----------------------------------------------------------------------------------------------------------


def _changes_graph(original: Original, changed: dict[str, Action]) -> bool:
    """Whether the reachable graphs differ, history and the names of actions apart."""
    before = original.successors_of(changed)
    after = Compiled(replace(before.system, actions=tuple(changed.values())))
    needs, bare = [0] * len(after.needs), _without_history(before.layout)
    out: list[tuple[int, int, int]] = []
    for state in original.exploration.states:
        out.clear()
        before.successors(state, out, needs)
        here = {target for _, target, _ in out}
        out.clear()
        try:
            after.successors(state, out, needs)
        except ValueOutsideSort:
            return True
        there = {target for _, target, _ in out}
        if here != there and _leads_elsewhere(original, changed, state, there, bare):
            return True
    return False


def _leads_elsewhere(
    original: Original, changed: dict[str, Action], state: int, there: set[int], bare: Callable[[int], int]
) -> bool:
    """Whether all actions together lead from a state to others than before."""
    search = original.exploration
    shift, actions = search.unit.layout.param_bits, original.system.actions
    out: list[tuple[int, int, int]] = []
    search.unit.successors(state, out, [0] * len(search.unit.needs))
    all_before = {bare(target) for _, target, _ in out}
    kept = {target for label, target, _ in out if actions[label >> shift].name not in changed}
    return all_before != {bare(target) for target in kept | there}


def _without_history(layout: Layout) -> Callable[[int], int]:
    """Packed states with all history erased; segments that are then equal are in one order."""
    keep, bags = 0, []
    for variable in layout.system.variables:
        places = layout.places[variable.name]
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
