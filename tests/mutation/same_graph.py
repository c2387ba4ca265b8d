"""Whether a mutant changes a model's graph at all: only the changed actions are compiled, and asked where they may apply."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from synproof.engine.compile import Compiled
from synproof.engine.expr import Op
from synproof.engine.sorts import Bag
from synproof.engine.system import Action

from .originals import Original, Transition

__all__ = ["changes_graph"]


def changes_graph(original: Original, changed: Mapping[str, Action]) -> bool:
    """Whether the reachable graphs differ, history and the names of actions apart. Raises ValueOutsideSort.

    This is decided exactly on the original's states: the graphs are equal if and only if in each of them the changed
    actions lead where the original's do (what several actions do alike counts once).
    """
    system, moves, bare = original.graph.system, original.moves, _without_history(original.graph.unit)
    shift = original.graph.unit.layout.param_bits
    replaced = {system.action_index[name] for name in changed}
    mutant = Compiled(replace(system, actions=tuple(changed.values())))
    needs = [0] * len(mutant.needs)
    for state in _where_it_matters(original, changed):
        here = {target for label, target, _ in moves[state] if label >> shift in replaced}
        found: list[Transition] = []
        mutant.successors(state, found, needs)
        there = {target for _, target, _ in found}
        if here != there:
            kept = {target for label, target, _ in moves[state] if label >> shift not in replaced}
            if {bare(target) for target in kept | here} != {bare(target) for target in kept | there}:
                return True
    return False


def _where_it_matters(original: Original, changed: Mapping[str, Action]) -> Iterator[int]:
    """The original's states in which a changed action may do something else."""
    system, coverage = original.graph.system, original.graph.coverage
    places: set[tuple[str, str]] = set()
    for name, action in changed.items():
        before = system.actions[system.action_index[name]]
        if not coverage[name] and list(map(id, before.guard)) == list(map(id, action.guard)):
            continue
        for guard in (action.guard, before.guard):
            found = [
                (str(c.args[0].attr), str(c.args[1].attr)) for c in guard
                if c.op is Op.EQ and c.args[0].op is Op.VAR and c.args[1].op is Op.CONST
                and str(c.args[0].attr) == f"{action.actor}.state"
            ]  # fmt: skip
            if not found:
                yield from original.graph.states
                return
            places.add(found[0])
    for place in places:
        yield from original.by_state.get(place, ())


def _without_history(unit: Compiled) -> Callable[[int], int]:
    """Packed states with all history erased; segments that are then equal are in one order."""
    keep, bags = 0, []
    for variable in unit.system.variables:
        places = unit.layout.places[variable.name]
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
