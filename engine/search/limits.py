"""What bounds a search, what it may use, and how it tells how far it has come."""

from __future__ import annotations

import time
from dataclasses import dataclass

from ..errors import LanguageError

__all__ = ["ALONE", "BATCH", "PROGRESS_EVERY", "UNLIMITED", "Limits", "Means", "Progress", "memory_in_use"]

BATCH = 512  # states between two looks at clock and memory
PROGRESS_EVERY = 0.2  # seconds


@dataclass(frozen=True)
class Limits:
    """Where a search stops early; what is then not settled is `incomplete`. Bytes and seconds.

    At most `max_states` states get known: the search stops before the first state whose successors would be too many.
    `spent` are the seconds that were gone before the search began (the model had to be built).
    """

    max_states: int | None = None
    max_memory: int | None = None
    timeout: float | None = None
    spent: float = 0.0

    def __post_init__(self) -> None:
        for name, kind in (("max_states", int), ("max_memory", int), ("timeout", float)):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, kind | int) or value < 0):
                raise LanguageError(f"{name} is {'a number of seconds' if kind is float else 'a whole number'}, not {value!r}")

    @property
    def seconds_left(self) -> float | None:
        """How long a search may take that begins now."""
        return None if self.timeout is None else max(0.0, self.timeout - self.spent)

    def met(self, states: int, started: float) -> str:
        """The limit that a search which began at `started` (time.monotonic) has met, as it is written on the command line."""
        if self.max_states is not None and states > self.max_states:
            return f"--max-states {self.max_states}"
        if self.timeout is not None and time.monotonic() - started + self.spent > self.timeout:
            return f"--timeout {self.timeout:g}"
        if self.max_memory is not None and memory_in_use() > self.max_memory:
            return f"--max-memory {self.max_memory}"
        return ""


UNLIMITED = Limits()


@dataclass(frozen=True)
class Progress:
    """How far a search has come; `note` is something else to tell, once."""

    level: int
    states: int
    frontier: int
    transitions: int
    seconds: float
    note: str = ""


@dataclass(frozen=True)
class Means:
    """What a search may use; the result is the same.

    It begins in plain Python and goes on in machine code, if the extra `fast` is installed, when it has seen so many
    transitions: `move_known` if the code is kept from an earlier search, `move` if it has to be made (None: never). Then
    `workers` search at the same time.
    """

    workers: int = 1
    move: int | None = 300_000
    move_known: int = 100_000
    keep: str | None = None  # the folder for checkpoints (see `checkpoint`)
    resume: bool = False  # go on from the one that is there
    keep_every: float = 30.0  # seconds


ALONE = Means()


def memory_in_use() -> int:
    """Bytes of memory that this process occupies now (its peak where the system tells no more)."""
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:
            pages = int(statm.read().split()[1])
        import resource

        return pages * resource.getpagesize()
    except (OSError, ImportError):
        try:
            import resource
            import sys

            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            return peak if sys.platform == "darwin" else peak * 1024
        except ImportError:
            return 0
