"""What a law is: a named property, and what it demands of each step of an end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..demand import Clause, Demand
from ..settings import Settings
from .does import Does

__all__ = ["Clause", "Law"]


@dataclass(frozen=True)
class Law(Demand[[Does]]):
    """A law: what it demands of a step, and why it may say nothing under some settings."""

    why_not: Callable[[Settings], str] = lambda _: ""

    @property
    def event(self) -> str:
        """The event of breaking the law."""
        return f"breaks {self.name}"
