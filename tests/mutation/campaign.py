"""The campaign: each mutant against the shipped models, the smallest first, until a named property notices it.

A mutant is tried only on the models that have a place for it, first on those in which its rule applies somewhere, and explored
only where it changes the reachable graph.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum as PyEnum

from synproof.engine.errors import ValueOutsideSort
from synproof.engine.search.explore import Limits

from .mutants import differences, with_laws
from .originals import Original
from .patched import Patched
from .same_graph import changes_graph
from .tampering import Mutation

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
    return sorted(frozenset[Mutation]().union(*(original.offers for original in models)))


def fate_of(mutation: Mutation, models: Sequence[Original], patience: int | None = None) -> Fate:
    """Try a mutant on the models in their order, on those in which its rule applies nowhere last.

    It survives for the time being if it is noticed in none of the first `patience` models that it changes.
    """
    changes: list[str] = []
    ill_formed = False
    places = [o for o in models if mutation in o.offers and not o.cannot_change(mutation)]
    for original in sorted(places, key=lambda o: mutation.action not in o.happens):
        changed = differences(original.settings, original.system, mutation)
        if not changed:
            continue
        try:
            if not changes_graph(original, changed):
                continue
            if len(changes) == patience:
                break
            changes.append(original.name)
            mutant = Patched(original, with_laws(original.settings, changed.values()))
            noticed = mutant.noticed_by(Limits(max_states=FACTOR * original.states + SLACK))
        except ValueOutsideSort:
            ill_formed = True
            continue
        if noticed:
            declared = tuple(name for name in noticed if name in original.declared)
            return Fate(mutation, Outcome.NOTICED, original.name, tuple(noticed), declared, tuple(changes))
    if ill_formed:
        return Fate(mutation, Outcome.ILL_FORMED, changes=tuple(changes))
    return Fate(mutation, Outcome.SURVIVES if changes else Outcome.EQUIVALENT, changes=tuple(changes))
