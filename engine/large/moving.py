"""When a search moves from plain Python to machine code, and what is told if it cannot."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

from ..compile import Compiled
from ..search.limits import Means
from .machine import Machine, available

__all__ = ["Mover"]

LONG = 3_000_000  # transitions after which it is worth telling how a search becomes faster
MOMENT = 0.05  # seconds between two pauses
HOW = "a long search in plain Python; about twenty times faster: pip install 'synproof[fast]'"


class Mover:
    """Gets the machine code of a search when that pays. What has to be made is made by a thread, while the search goes on."""

    def __init__(self, unit: Compiled, means: Means) -> None:
        self.unit, self.means = unit, means
        self.pause: Callable[[], None] = lambda: None  # called while the search waits
        self.notes: list[str] = []
        self.stages = self._stages()
        self.next = min(means.move, means.move_known) if means.move is not None else 1 << 62
        self.making: threading.Thread | None = None
        self.trouble = ""

    def machines(self, transitions: int) -> list[Machine] | None:
        """The machine code, when a search that has seen so many transitions should go on with it."""
        return None if transitions < self.next else next(self.stages)

    def at_once(self) -> list[Machine] | None:
        """The machine code, now, unless it cannot or shall not be."""
        if self.means.move is None:
            return None
        self.means, self.next = replace(self.means, move=0), 0
        return self.machines(0)

    def note(self) -> str:
        """Something to tell that was not told yet."""
        return self.notes.pop() if self.notes else ""

    def _stages(self) -> Iterator[list[Machine] | None]:
        """What `machines` gives each time it is asked after `next` transitions."""
        from .machine_code import obstacle

        if why := obstacle(self.unit) if available() else HOW:
            yield from self._never(why)
        from .search import machines_of

        assert self.means.move is not None
        machines = machines_of(self.unit)
        if not all(machine.is_made for machine in machines):
            self.next = self.means.move
            if self.means.move > self.means.move_known:
                yield None
            self.making = threading.Thread(target=self._make, args=[machines], name="machine code")
            self.making.start()
            while self.means.move and self.making.is_alive():
                yield None
            while self.making.is_alive():
                self.making.join(MOMENT)
                self.pause()
        yield from self._never(self.trouble) if self.trouble else [machines]

    def _never(self, why: str) -> Iterator[None]:
        self.next = max(self.next, LONG)
        yield None
        self.notes.append(why)
        self.next = 1 << 62
        yield None

    def _make(self, machines: list[Machine]) -> None:
        try:
            for machine in machines:
                machine.make()
        except Exception as error:  # whatever it is, there is another way to search
            self.trouble = f"machine code could not be made ({type(error).__name__}: {error}); the search goes on without"
