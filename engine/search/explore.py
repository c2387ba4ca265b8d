"""Exhaustive exploration: breadth first, exact, to the end or to a stated limit.

Whole states are stored (no fingerprints), so "holds" carries no probability; breadth first, so what is found first is reached
in the fewest steps, and among equally short runs in the least by action order.

A search begins in plain Python. If it grows, it goes on in machine code (`engine.large`), with the same result.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Container, Iterable, Sequence
from typing import TYPE_CHECKING

from ..compile import OVERFLOW, Compiled
from ..expr import Expr, negate
from ..interrupts import shielded
from ..large.moving import Mover
from ..property import Property, PropertyKind
from ..reductions.mirror import Mirror
from ..system import System
from .exploration import Exploration, Finding, Run
from .keeping import keep, kept, load, pages_of, restore
from .limits import ALONE, BATCH, PROGRESS_EVERY, UNLIMITED, Limits, Means, Progress, memory_in_use

if TYPE_CHECKING:
    from ..large.machine import Machine
    from .checkpoint import Keeper

__all__ = [
    "ALONE", "UNLIMITED", "Exploration", "Finding", "Limits", "Means", "Progress", "Run", "Search", "explore", "memory_in_use",
]  # fmt: skip


def explore(
    system: System,
    properties: Sequence[Property] = (),
    limits: Limits = UNLIMITED,
    progress: Callable[[Progress], None] | None = None,
    means: Means = ALONE,
    mirror: Mirror | None = None,
) -> Exploration:
    """Explore a system and watch for violations of always-properties and witnesses of sometimes-properties.

    With `mirror`, of each state and its mirror image one stands for both (see `reductions.symmetry`).

    Scenarios and eventually-properties are questions about the finished graph: see `scenario` and `fairness.liveness`. A
    keyboard interrupt ends the search with what was found so far. Raises ValueOutsideSort if an action leaves a sort.
    """
    watch = Watch(properties)
    unit = Compiled(system, watch.predicates, watch.event_names, mirror)
    result = Exploration(unit)
    search = Search(result, watch, limits, progress, means)
    try:
        with shielded() as pause:
            search.run(pause)
    except KeyboardInterrupt:
        result.interrupted = True
        if result.frontier or not result.states:
            result.stopped_by = "interrupted"
    search.finish()
    return result


class Watch:
    """Which bit of which mask decides which property."""

    def __init__(self, properties: Sequence[Property]) -> None:
        self.predicates: list[Expr] = []
        self.state_bits: dict[int, str] = {}
        self.quiescent_bits: dict[int, str] = {}
        self.event_names: dict[str, list[str]] = {}
        for prop in properties:
            if prop.not_applicable or prop.kind is PropertyKind.EVENTUALLY:
                continue
            if prop.event is not None:
                self.event_names.setdefault(prop.event, []).append(prop.name)
            elif prop.predicate is not None:
                bits = self.quiescent_bits if prop.only_quiescent else self.state_bits
                bits[1 << len(self.predicates)] = prop.name
                wanted = prop.kind is PropertyKind.SOMETIMES
                self.predicates.append(prop.predicate if wanted else negate(prop.predicate))

    def forget(self, decided: Container[str]) -> None:
        """Leave out the properties that are decided."""
        for bits in (self.state_bits, self.quiescent_bits):
            for bit in [bit for bit, name in bits.items() if name in decided]:
                del bits[bit]


class Search:
    """The loop: batches of packed states in, their successors and what was noticed out."""

    def __init__(
        self, result: Exploration, watch: Watch, limits: Limits = UNLIMITED,
        progress: Callable[[Progress], None] | None = None, means: Means = ALONE,
    ) -> None:  # fmt: skip
        self.result, self.watch, self.limits, self.progress, self.means = result, watch, limits, progress, means
        self.unit = result.unit
        self.mover = Mover(self.unit, means)
        self.shift = self.unit.layout.param_bits
        self.started = self.told = time.monotonic()
        self.lack = [0] * len(self.unit.needs)
        self.taken = [0] * len(self.unit.system.actions)
        self.protocol = [a.kind.is_protocol_step for a in self.unit.system.actions]
        self.events = {2 << i: watch.event_names[n] for i, n in enumerate(self.unit.events) if n in watch.event_names}
        self.keeper: Keeper | None = None
        self.level_end = 0
        self.states: list[int] = []
        self.index: dict[int, int] = {}
        self.parents = array("q")
        self.labels: array[int] | list[int] = array("q")
        if len(self.unit.system.actions).bit_length() + self.shift >= 64:
            self.labels = []
        result.states, result.index, result.parents, result.labels = self.states, self.index, self.parents, self.labels

    def run(self, pause: Callable[[], None]) -> None:
        """Level by level until nothing new is found or a limit is met. `pause` is called where an interrupt does no harm."""
        self.mover.pause = pause
        with kept(self, pause) as self.keeper:
            if self.keeper is None or self.keeper.saved is None:
                self._begin()
            else:
                restore(self, self.keeper.saved)
                if self._moves(self.mover.at_once(), self.keeper.pages(), pause):
                    return
                load(self, self.keeper.pages())
            self._go_on(pause)

    def _go_on(self, pause: Callable[[], None]) -> None:
        result, states = self.result, self.states
        while result.expanded < len(states):
            self.next_level(len(states))
            if result.stopped_by or self._moves(self.mover.machines(result.transitions), pages_of(self, 0, len(states)), pause):
                return
            self._expand(min(result.expanded + BATCH, self.level_end), pause)
            if result.frontier and (limit := self.limits.met(len(states), self.started)):
                result.stopped_by = limit
            self.now_and_then(pause)

    def next_level(self, known: int) -> None:
        """Enter the next level, if one ends here; so many states are known."""
        if self.result.expanded == self.level_end < known:
            self.result.level_starts.append(self.level_end)
            self.level_end = known
            self.tell()

    def _moves(
        self, machines: list[Machine] | None, pages: Iterable[tuple[bytes, bytes]], pause: Callable[[], None]
    ) -> bool:
        """Go on in machine code, if there is some, from the states of the pages: whether that was done, to the end."""
        if machines is None:
            return False
        from ..large.search import LargeSearch

        large = LargeSearch(self, machines, pages)
        self.states.clear()
        self.index.clear()
        self.parents, self.labels = array("q"), []
        large.run(pause)
        return True

    def _begin(self) -> None:
        """Discover the initial states."""
        most = self.limits.max_states
        for code in dict.fromkeys(self.unit.standing(self.unit.layout.pack(state)) for state in self.unit.system.initial):
            if len(self.states) == most:
                self.result.stopped_by = f"--max-states {most}"
                return
            self.index[code] = len(self.states)
            self.states.append(code)
            self.parents.append(-1)
            self.labels.append(-1)
            self.note(self.watch.state_bits, self.unit.predicates(code), len(self.states) - 1)

    def now_and_then(self, pause: Callable[[], None]) -> None:
        """Tell how far the search has come, and write a checkpoint, if it is time for that."""
        if self.progress and time.monotonic() - self.told > PROGRESS_EVERY:
            self.tell()
        if self.keeper is not None and self.keeper.is_due:
            keep(self, self.keeper, pause)

    def _expand(self, end: int, pause: Callable[[], None]) -> None:
        """Expand the next states up to end - 1, all of one level; stop early only where there would be too many states."""
        result, states, index, taken, lack = self.result, self.states, self.index, self.taken, self.lack
        parents, labels, successors, predicates = self.parents, self.labels, self.unit.successors, self.unit.predicates
        shift, quiescent = self.shift, self.watch.quiescent_bits
        room = 1 << 62 if self.limits.max_states is None else self.limits.max_states
        wanted, watched = sum(self.watch.state_bits), sum(self.events)
        out: list[tuple[int, int, int]] = []
        for position in range(result.expanded, end):
            pause()
            out.clear()
            successors(states[position], out, lack)
            out.sort()
            if len(states) + len(out) > room and self._too_many(position, out, room):
                return
            for label, target, flags in out:
                taken[label >> shift] += 1
                if flags:
                    result.overflows += flags & OVERFLOW
                    if flags & watched:
                        self.note_events(position, label, flags)
                        watched = sum(self.events)
                if target not in index:
                    index[target] = len(states)
                    states.append(target)
                    parents.append(position)
                    labels.append(label)
                    if wanted and (mask := predicates(target) & wanted):
                        self.note(self.watch.state_bits, mask, len(states) - 1)
                        wanted = sum(self.watch.state_bits)
            result.transitions += len(out)
            if quiescent and not any(self.protocol[label >> shift] for label, _, _ in out):
                self.note(quiescent, predicates(states[position]), position)
            result.expanded = position + 1

    def _too_many(self, position: int, out: list[tuple[int, int, int]], room: int) -> bool:
        """Whether the successors of a state are too many; then it is as if they had not been asked for."""
        fresh = {target for _, target, _ in out if target not in self.index}
        if len(self.states) + len(fresh) <= room:
            return False
        counted = [0] * len(self.lack)
        self.unit.successors(self.states[position], [], counted)
        self.lack[:] = [n - again for n, again in zip(self.lack, counted, strict=True)]
        self.result.stopped_by = f"--max-states {room}"
        return True

    # -- what is noticed -------------------------------------------------------------------------------------------
    def note(self, bits: dict[int, str], mask: int, position: int) -> None:
        """A state decides the properties of those bits that are in the mask."""
        for bit in [bit for bit in bits if mask & bit]:
            self.result.findings[bits.pop(bit)] = Finding(position)

    def note_events(self, position: int, label: int, flags: int) -> None:
        """A transition decides the properties of its events."""
        for bit in [bit for bit in self.events if flags & bit]:
            for name in self.events.pop(bit):
                self.result.findings[name] = Finding(position, label)

    def tell(self) -> None:
        """Tell how far the search has come."""
        if self.progress:
            result, self.told = self.result, time.monotonic()
            level, states = len(result.level_starts) - 1, len(result.states)
            seconds = self.told - self.started
            self.progress(Progress(level, states, result.frontier, result.transitions, seconds, self.mover.note()))

    def finish(self) -> None:
        """Write the counters into the result."""
        result = self.result
        if len(result.states) > self.level_end and self.level_end not in result.level_starts[-1:]:
            result.level_starts.append(self.level_end)  # cut short: what lies beyond the level being expanded is a level
        result.seconds = time.monotonic() - self.started
        result.lacks = dict(zip(self.unit.needs, self.lack, strict=True))
        result.coverage = {a.name: n for a, n in zip(self.unit.system.actions, self.taken, strict=True)}
