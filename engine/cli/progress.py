"""Progress: how far a search has come, in one line: level, states, rate, growth of the frontier, memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..search.explore import Progress, memory_in_use

__all__ = ["ProgressLine", "size"]


@dataclass
class ProgressLine:
    """Makes lines of one search's reports; it remembers how large the frontier was when the last levels began.

    >>> line = ProgressLine(memory=lambda: 50 << 20)
    >>> line.text(Progress(level=6, states=9_000, frontier=500, transitions=70_000, seconds=1.5))
    'level 6 · 9,000 states · 6,000/s · frontier 500 · 50 MB'
    >>> line.text(Progress(level=7, states=12_345, frontier=650, transitions=90_000, seconds=2.0))
    'level 7 · 12,345 states · 6,172/s · frontier 650 (×1.3) · 50 MB'
    """

    memory: Callable[[], int] = memory_in_use
    _level: int = -1
    _before: int = 0
    _now: int = 0

    def text(self, progress: Progress) -> str:
        """The line for a terminal."""
        if progress.level != self._level:
            self._level, self._before, self._now = progress.level, self._now, progress.frontier
        growth = f" (×{self._now / self._before:.1f})" if self._before else ""
        rate = progress.states / progress.seconds if progress.seconds > 0 else 0
        parts = [
            f"level {progress.level}",
            f"{progress.states:,} states",
            f"{int(rate):,}/s",
            f"frontier {progress.frontier:,}{growth}",
            size(self.memory()),
        ]
        return " · ".join(parts)


def size(octets: int) -> str:
    """A number of bytes as people read it.

    >>> size(1_500_000), size(2 << 30)
    ('1 MB', '2.0 GB')
    """
    return f"{octets / 2**30:.1f} GB" if octets >= 2**30 else f"{octets >> 20} MB"
