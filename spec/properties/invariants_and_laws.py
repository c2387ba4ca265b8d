"""Invariants and laws as named properties: they are long, so they are written only where they are asked for."""

from __future__ import annotations

from dataclasses import replace

from synproof.engine.expr import all_of
from synproof.engine.property import Property, PropertyKind

from ..invariants import INVARIANTS, Invariant
from ..laws import LAWS, Law
from .named import Named, Row
from .pair import Pair
from .why_not import NOBODY_CLOSES

__all__ = ["INVARIANTS_AND_LAWS"]


def _invariant(invariant: Invariant) -> Named:
    def decide(prop: Property, pair: Pair) -> Property:
        clauses = tuple(invariant.clauses(pair.s, pair.system))
        demands = all_of(*(truth for _, truth in clauses))
        return replace(prop, predicate=demands, clauses=clauses, not_applicable="" if clauses else NOBODY_CLOSES)

    return Named(Row(invariant.name, PropertyKind.ALWAYS, invariant.sentence), decide)


def _law(law: Law) -> Named:
    def decide(prop: Property, pair: Pair) -> Property:
        watched = not pair.events.isdisjoint(law.event for law in LAWS)
        assert watched, f"{law.name} needs the system that spec.laws.observing.observe_system gives"
        return replace(prop, event=law.event, not_applicable=law.why_not(pair.s))

    return Named(Row(law.name, PropertyKind.ALWAYS, law.sentence), decide)


INVARIANTS_AND_LAWS: tuple[Named, ...] = (*map(_invariant, INVARIANTS), *map(_law, LAWS))
