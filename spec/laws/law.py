"""What a law is: a named property, and what it demands of each step of an end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from synproof.engine.expr import Operand

from ..settings import Settings
from .does import Does

__all__ = ["Clause", "Law"]

Clause = tuple[str, Operand]  # words, and the truth that the law demands


@dataclass(frozen=True)
class Law:
    """A law: the property that says it, what it demands of a step, and why it may say nothing under some settings."""

    name: str
    sentence: str
    clauses: Callable[[Does], Iterator[Clause]]
    why_not: Callable[[Settings], str] = lambda _: ""

    @property
    def event(self) -> str:
        """The event of breaking the law."""
        return f"breaks {self.name}"
