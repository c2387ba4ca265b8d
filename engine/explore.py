"""Exhaustive exploration: breadth first, exact, to the end or to a stated limit.

Whole states are stored (no fingerprints), so "holds" carries no probability; breadth first, so what is found first is reached
in the fewest steps, and among equally short runs in the least by action order.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from .compile import OVERFLOW, Compiled
from .expr import Expr, negate
from .property import Property, PropertyKind
from .system import System

__all__ = ["Exploration", "Finding", "Limits", "Progress", "explore", "memory_in_use"]

CHECK_EVERY = 512  # states between two looks at clock and memory


@dataclass(frozen=True)
class Limits:
    """Where a search stops early; what is then not settled is `incomplete`. Bytes and seconds."""

    max_states: int | None = None
    max_memory: int | None = None
    timeout: float | None = None


@dataclass(frozen=True)
class Progress:
    """How far a search has come."""

    level: int
    states: int
    frontier: int
    transitions: int
    seconds: float


@dataclass(frozen=True)
class Finding:
    """Where a property was decided: the position of a state, and for an event the label of the transition out of it."""

    state: int
    label: int | None = None


@dataclass
class Exploration:
    """The reachable states in the order of discovery, how each was reached, and what was found on the way."""

    unit: Compiled
    states: list[int] = field(default_factory=list)
    parents: array[int] = field(default_factory=lambda: array("q"))  # position of the parent, -1 for initial states
    labels: list[int] = field(default_factory=list)  # the action instance that led here from the parent
    level_starts: list[int] = field(default_factory=list)  # position of the first state of each level
    expanded: int = 0
    transitions: int = 0
    overflows: int = 0
    lacks: dict[str, int] = field(default_factory=dict)
    coverage: dict[str, int] = field(default_factory=dict)  # action -> transitions
    findings: dict[str, Finding] = field(default_factory=dict)  # property -> where it was violated or reached
    stopped_by: str = ""  # why the search ended early, or empty
    interrupted: bool = False
    seconds: float = 0.0

    @property
    def complete(self) -> bool:
        """Whether every reachable state was expanded."""
        return not self.stopped_by

    @property
    def depth(self) -> int:
        """Steps to the farthest state."""
        return len(self.level_starts) - 1

    @property
    def frontier(self) -> int:
        """States that were found but not expanded."""
        return len(self.states) - self.expanded

    def path(self, position: int) -> tuple[int, list[int]]:
        """How a state was reached: the position of an initial state, and the labels from there."""
        labels: list[int] = []
        while self.parents[position] >= 0:
            labels.append(self.labels[position])
            position = self.parents[position]
        return position, labels[::-1]

    def edges(self) -> Iterator[tuple[int, int, int]]:
        """Every transition of the explored graph again: (position of the source, label, packed target)."""
        out: list[tuple[int, int, int]] = []
        lack = [0] * len(self.unit.needs)
        for position in range(self.expanded):
            out.clear()
            self.unit.successors(self.states[position], out, lack)
            out.sort()
            for label, target, _ in out:
                yield position, label, target


def explore(
    system: System,
    properties: Sequence[Property] = (),
    limits: Limits = Limits(),
    progress: Callable[[Progress], None] | None = None,
) -> Exploration:
    """Explore a system and watch for violations of always-properties and witnesses of sometimes-properties.

    Scenarios and eventually-properties are questions about the finished graph: see `scenario` and `liveness`. A keyboard
    interrupt ends the search with what was found so far. Raises ValueOutsideSort if an action leaves a sort.
    """
    watch = _Watch(properties)
    unit = Compiled(system, watch.predicates)
    result = Exploration(unit)
    search = _Search(result, watch, limits, progress)
    try:
        search.run()
    except KeyboardInterrupt:
        result.stopped_by, result.interrupted = "interrupted", True
    search.finish()
    return result


class _Watch:
    """Which bit of which mask decides which property."""

    def __init__(self, properties: Sequence[Property]) -> None:
        self.predicates: list[Expr] = []
        self.state_bits: dict[int, str] = {}
        self.quiescent_bits: dict[int, str] = {}
        self.event_names: dict[str, str] = {}
        for prop in properties:
            if prop.not_applicable or prop.kind is PropertyKind.EVENTUALLY:
                continue
            if prop.event is not None:
                self.event_names[prop.event] = prop.name
            elif prop.predicate is not None:
                bits = self.quiescent_bits if prop.only_quiescent else self.state_bits
                bits[1 << len(self.predicates)] = prop.name
                wanted = prop.kind is PropertyKind.SOMETIMES
                self.predicates.append(prop.predicate if wanted else negate(prop.predicate))


class _Search:
    def __init__(
        self, result: Exploration, watch: _Watch, limits: Limits, progress: Callable[[Progress], None] | None
    ) -> None:
        self.result, self.watch, self.limits, self.progress = result, watch, limits, progress
        self.unit = result.unit
        self.started = time.monotonic()
        self.lack = [0] * len(self.unit.needs)
        self.taken = [0] * len(self.unit.system.actions)
        self.protocol = [a.kind.is_protocol_step for a in self.unit.system.actions]
        self.seen: dict[int, int] = {}

    def run(self) -> None:
        """Level by level until nothing new is found or a limit is met."""
        result, seen = self.result, self.seen
        for state in self.unit.system.initial:
            self._discover(self.unit.layout.pack(state), -1, -1)
        level, end = 0, 0
        while end < len(result.states):
            start, end = end, len(result.states)
            result.level_starts.append(start)
            if self.progress:
                self.progress(Progress(level, end, end - start, result.transitions, time.monotonic() - self.started))
            self._expand(start, end)
            if result.stopped_by:
                return
            level += 1
        assert len(seen) == len(result.states)

    def _discover(self, state: int, parent: int, label: int) -> None:
        if state in self.seen:
            return
        result = self.result
        position = len(result.states)
        self.seen[state] = position
        result.states.append(state)
        result.parents.append(parent)
        result.labels.append(label)
        if self.watch.predicates:
            self._look(position, state)

    def _look(self, position: int, state: int) -> None:
        mask = self.unit.predicates(state)
        for bit in [b for b in self.watch.state_bits if mask & b]:
            self.result.findings[self.watch.state_bits.pop(bit)] = Finding(position)

    def _expand(self, start: int, end: int) -> None:
        """Expand the states start .. end - 1 (one level)."""
        result, seen, taken, lack = self.result, self.seen, self.taken, self.lack
        states, parents, labels, successors = result.states, result.parents, result.labels, self.unit.successors
        shift = self.unit.layout.param_bits
        predicates = self.unit.predicates if self.watch.predicates else None
        wanted = sum(self.watch.state_bits)
        events = {1 << i + 1: n for i, n in enumerate(self.unit.events) if n in self.watch.event_names}
        watched = sum(events)
        quiescent = self.watch.quiescent_bits
        out: list[tuple[int, int, int]] = []
        for position in range(start, end):
            if position % CHECK_EVERY == 0 and self._limit_met():
                break
            state = states[position]
            out.clear()
            successors(state, out, lack)
            out.sort()
            for label, target, flags in out:
                taken[label >> shift] += 1
                if flags:
                    result.overflows += flags & OVERFLOW
                    if flags & watched:
                        for bit in [b for b in events if flags & b]:
                            self.result.findings[self.watch.event_names[events.pop(bit)]] = Finding(position, label)
                            watched -= bit
                if target not in seen:
                    seen[target] = len(states)
                    states.append(target)
                    parents.append(position)
                    labels.append(label)
                    if predicates is not None and predicates(target) & wanted:
                        self._look(len(states) - 1, target)
                        wanted = sum(self.watch.state_bits)
            result.transitions += len(out)
            if quiescent and not any(self.protocol[label >> shift] for label, _, _ in out):
                mask = self.unit.predicates(state)
                for bit in [b for b in quiescent if mask & b]:
                    result.findings[quiescent.pop(bit)] = Finding(position)
            result.expanded = position + 1
        for name in [n for n in self.watch.event_names.values() if n in result.findings]:
            self.watch.event_names = {e: p for e, p in self.watch.event_names.items() if p != name}

    def _limit_met(self) -> bool:
        limits, result = self.limits, self.result
        if limits.max_states is not None and len(result.states) >= limits.max_states:
            result.stopped_by = f"--max-states {limits.max_states}"
        elif limits.timeout is not None and time.monotonic() - self.started > limits.timeout:
            result.stopped_by = f"--timeout {limits.timeout:g}"
        elif limits.max_memory is not None and memory_in_use() > limits.max_memory:
            result.stopped_by = f"--max-memory {limits.max_memory}"
        return bool(result.stopped_by)

    def finish(self) -> None:
        """Write the counters into the result."""
        result = self.result
        result.seconds = time.monotonic() - self.started
        result.lacks = dict(zip(self.unit.needs, self.lack, strict=True))
        result.coverage = {a.name: n for a, n in zip(self.unit.system.actions, self.taken, strict=True)}


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
