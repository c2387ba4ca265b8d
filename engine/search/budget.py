"""Budgets: what is left of the limits of a check, for the questions that come after the search itself.

A search knows its limits (`limits.Limits`). What is asked of a finished graph (scenarios, fair components) may take long too
and belongs to the same check: its loops call `spend`, so that the limits of time and memory bound the check as a whole.
"""

from __future__ import annotations

import time
from dataclasses import replace

from .limits import UNLIMITED, Limits

__all__ = ["Budget", "LimitMet"]

EVERY = 256  # calls between two looks at clock and memory


class LimitMet(Exception):
    """A limit is met: the question stays open. `limit` is the limit as it is written on the command line."""

    def __init__(self, limit: str) -> None:
        super().__init__(limit)
        self.limit = limit


class Budget:
    """Limits, and when the check began to which they apply (now, unless given: a time of `time.monotonic`)."""

    def __init__(self, limits: Limits = UNLIMITED, started: float | None = None) -> None:
        self.limits = limits
        self.started = time.monotonic() if started is None else started
        self._calls = 0

    @property
    def left(self) -> Limits:
        """The limits of what else belongs to the check, beginning now."""
        if self.limits.timeout is None:
            return self.limits
        return replace(self.limits, spent=self.limits.spent + time.monotonic() - self.started)

    def spend(self) -> None:
        """To be called in every loop that may be long, once a state or so. Raises LimitMet."""
        if self._calls % EVERY == 0 and (limit := self.limits.met(0, self.started)):
            raise LimitMet(limit)
        self._calls += 1
