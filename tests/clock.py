"""A clock that goes when it is told to: for tests of limits, which depend on no machine then."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Clock"]


@dataclass
class Clock:
    """What `time.monotonic` says, in seconds."""

    now: float = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now
