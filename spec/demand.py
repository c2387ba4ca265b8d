"""Demands: what invariants and laws have in common, a named property that consists of clauses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, ParamSpec

from synproof.engine.expr import Expr

__all__ = ["Clause", "Demand"]

Clause = tuple[str, Expr]
"""Words, and the truth that is demanded."""

Of = ParamSpec("Of")


@dataclass(frozen=True)
class Demand(Generic[Of]):
    """What is demanded of something: the name and the sentence of the property that says it, and its clauses."""

    name: str
    sentence: str
    clauses: Callable[Of, Iterator[Clause]]
