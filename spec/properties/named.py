"""What a named property is: the row that says it, and how it is decided for the two ends of a system."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from synproof.engine.property import Property, PropertyKind

from .pair import Pair
from .why_not import Reason

__all__ = ["Named", "Row", "of_event"]


@dataclass(frozen=True)
class Row:
    """One named property: its name, its kind, and the sentence that says it."""

    name: str
    kind: PropertyKind
    sentence: str


@dataclass(frozen=True)
class Named:
    """A row, and `decide`, which completes a property that has no more than name, kind, sentence and assumption."""

    row: Row
    decide: Callable[[Property, Pair], Property]

    def of(self, pair: Pair) -> Property:
        """The property of the system that has these ends."""
        row = self.row
        assumption = "" if row.kind is PropertyKind.SOMETIMES else pair.assumption
        return self.decide(Property(row.name, row.kind, row.sentence, assumption=assumption, shared=True), pair)


def of_event(row: Row, event: str, why_not: Reason) -> Named:
    """A property of steps: an event that never happens, or that happens."""
    return Named(row, lambda prop, pair: replace(prop, event=event, not_applicable=why_not(pair)))
