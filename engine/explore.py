"""Exhaustive exploration: breadth first, exact, to the end or to a stated limit.

Whole states are stored (no fingerprints), so "holds" carries no probability; breadth first, so what is found first is reached
in the fewest steps, and among equally short runs in the least by action order.
"""

from __future__ import annotations

import time
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, MutableSequence, Sequence
from dataclasses import dataclass, field

from .compile import OVERFLOW, Compiled
from .expr import Expr, negate
from .layout import Layout
from .property import Property, PropertyKind
from .system import System
from .trace import Trace, replay

__all__ = ["UNLIMITED", "Exploration", "Finding", "Limits", "Progress", "Run", "explore", "memory_in_use"]

BATCH = 512  # states between two looks at clock and memory
PROGRESS_EVERY = 0.2  # seconds


@dataclass(frozen=True)
class Limits:
    """Where a search stops early; what is then not settled is `incomplete`. Bytes and seconds."""

    max_states: int | None = None
    max_memory: int | None = None
    timeout: float | None = None

    def met(self, states: int, started: float) -> str:
        """The limit that a search which began at `started` (time.monotonic) has met, as it is written on the command line."""
        if self.max_states is not None and states > self.max_states:
            return f"--max-states {self.max_states}"
        if self.timeout is not None and time.monotonic() - started > self.timeout:
            return f"--timeout {self.timeout:g}"
        if self.max_memory is not None and memory_in_use() > self.max_memory:
            return f"--max-memory {self.max_memory}"
        return ""


UNLIMITED = Limits()


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


@dataclass(frozen=True)
class Run:
    """A run as a search finds it: a packed initial state and the labels of the steps from there.

    `loop`, if given, makes it a lasso: after the last step the run goes on from the state after `loop` steps, for ever (if
    that is the last state, it rests there).
    """

    start: int
    labels: tuple[int, ...] = ()
    loop: int | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def trace(self, system: System, about: str = "") -> Trace:
        """The run rebuilt by the reference evaluator, as what decides the property `about`.

        Raises ReplayFailed if the evaluator does not reproduce it.
        """
        layout = Layout(system)
        instances = [layout.unpack_label(label) for label in self.labels]
        return replay(system, layout.unpack(self.start), instances, loop=self.loop, about=about)


@dataclass
class Exploration:
    """The reachable states in the order of discovery, how each was reached, and what was found on the way.

    The *position* of a state is its place in that order. States `0 .. expanded - 1` were expanded: their transitions are known.
    """

    unit: Compiled
    states: list[int] = field(default_factory=list)
    index: dict[int, int] = field(default_factory=dict)  # packed state -> position
    parents: array[int] = field(default_factory=lambda: array("q"))  # position of the parent, -1 for initial states
    labels: MutableSequence[int] = field(default_factory=list)  # the action instance that led here (-1: initial)
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
    def system(self) -> System:
        """The system that was explored."""
        return self.unit.system

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

    def depth_of(self, position: int) -> int:
        """Steps to a state."""
        return bisect_right(self.level_starts, position) - 1

    def path(self, position: int) -> tuple[int, list[int]]:
        """How a state was reached: the position of an initial state, and the labels from there."""
        labels: list[int] = []
        while self.parents[position] >= 0:
            labels.append(self.labels[position])
            position = self.parents[position]
        return position, labels[::-1]

    def run_to(self, position: int, *further: int) -> Run:
        """The shortest run to a state, and then the steps `further`, given by their labels."""
        first, labels = self.path(position)
        return Run(self.states[first], (*labels, *further))

    def run_of(self, finding: Finding) -> Run:
        """The shortest run to what was found."""
        return self.run_to(finding.state, *(() if finding.label is None else (finding.label,)))

    def successors(self, position: int) -> list[tuple[int, int, int]]:
        """The transitions of a state again, in action order: (label, packed target, flags). See `Compiled.successors`."""
        out: list[tuple[int, int, int]] = []
        self.unit.successors(self.states[position], out, [0] * len(self.unit.needs))
        out.sort()
        return out

    def edges(self) -> Iterator[tuple[int, int, int]]:
        """Every transition of the expanded states again: (position of the source, label, position of the target)."""
        index = self.index
        for position in range(self.expanded):
            for label, target, _ in self.successors(position):
                yield position, label, index[target]


def explore(
    system: System,
    properties: Sequence[Property] = (),
    limits: Limits = UNLIMITED,
    progress: Callable[[Progress], None] | None = None,
) -> Exploration:
    """Explore a system and watch for violations of always-properties and witnesses of sometimes-properties.

    Scenarios and eventually-properties are questions about the finished graph: see `scenario` and `liveness`. A search stops
    when it knows more than `max_states` states (by less than the successors of one state). A keyboard interrupt ends it with
    what was found so far. Raises ValueOutsideSort if an action leaves a sort.
    """
    watch = _Watch(properties)
    unit = Compiled(system, watch.predicates, watch.event_names)
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


class _Search:
    """The loop: batches of packed states in, their successors and what was noticed out."""

    def __init__(
        self, result: Exploration, watch: _Watch, limits: Limits, progress: Callable[[Progress], None] | None
    ) -> None:
        self.result, self.watch, self.limits, self.progress = result, watch, limits, progress
        self.unit = result.unit
        self.started = self.told = time.monotonic()
        self.lack = [0] * len(self.unit.needs)
        self.taken = [0] * len(self.unit.system.actions)
        self.protocol = [a.kind.is_protocol_step for a in self.unit.system.actions]
        self.events = {2 << i: watch.event_names[n] for i, n in enumerate(self.unit.events) if n in watch.event_names}
        self.level_end = 0
        if len(self.unit.system.actions).bit_length() + self.unit.layout.param_bits < 64:
            result.labels = array("q")

    def run(self) -> None:
        """Level by level until nothing new is found or a limit is met."""
        result = self.result
        self._begin()
        start = 0
        while start < len(result.states):
            result.level_starts.append(start)
            self.level_end = len(result.states)
            self._tell()
            for batch in range(start, self.level_end, BATCH):
                self._expand(batch, min(batch + BATCH, self.level_end))
                result.stopped_by = result.stopped_by or self.limits.met(len(result.states), self.started)
                if result.stopped_by and result.frontier:
                    return
                if self.progress and time.monotonic() - self.told > PROGRESS_EVERY:
                    self._tell()
            start = self.level_end
        result.stopped_by = ""  # a limit that is met when nothing is left to do has cut nothing
        assert len(result.index) == len(result.states) == result.expanded

    def _begin(self) -> None:
        """Discover the initial states."""
        result = self.result
        for state in self.unit.system.initial:
            code = self.unit.layout.pack(state)
            if code not in result.index:
                result.index[code] = len(result.states)
                result.states.append(code)
                result.parents.append(-1)
                result.labels.append(-1)
                self._look(len(result.states) - 1, code)

    def _look(self, position: int, state: int) -> None:
        """Note the state properties that a new state decides."""
        mask = self.unit.predicates(state)
        for bit in [b for b in self.watch.state_bits if mask & b]:
            self.result.findings[self.watch.state_bits.pop(bit)] = Finding(position)

    def _expand(self, start: int, end: int) -> None:
        """Expand the states start .. end - 1, all of one level; stop early only where there are too many states."""
        result, index, taken, lack = self.result, self.result.index, self.taken, self.lack
        states, parents, labels, successors = result.states, result.parents, result.labels, self.unit.successors
        predicates, shift = self.unit.predicates, self.unit.layout.param_bits
        room = 1 << 62 if self.limits.max_states is None else self.limits.max_states
        wanted, watched = sum(self.watch.state_bits), sum(self.events)
        quiescent = self.watch.quiescent_bits
        out: list[tuple[int, int, int]] = []
        for position in range(start, end):
            out.clear()
            successors(states[position], out, lack)
            out.sort()
            for label, target, flags in out:
                taken[label >> shift] += 1
                if flags:
                    result.overflows += flags & OVERFLOW
                    if flags & watched:
                        self._note_events(position, label, flags)
                        watched = sum(self.events)
                if target not in index:
                    index[target] = len(states)
                    states.append(target)
                    parents.append(position)
                    labels.append(label)
                    if wanted and predicates(target) & wanted:
                        self._look(len(states) - 1, target)
                        wanted = sum(self.watch.state_bits)
            result.transitions += len(out)
            if quiescent:
                self._note_quiescence(position, out)
            result.expanded = position + 1
            if len(states) > room:
                return

    def _note_events(self, position: int, label: int, flags: int) -> None:
        for bit in [b for b in self.events if flags & b]:
            for name in self.events.pop(bit):
                self.result.findings[name] = Finding(position, label)

    def _note_quiescence(self, position: int, out: list[tuple[int, int, int]]) -> None:
        shift, protocol = self.unit.layout.param_bits, self.protocol
        for label, _, _ in out:
            if protocol[label >> shift]:
                return
        mask = self.unit.predicates(self.result.states[position])
        for bit in [b for b in self.watch.quiescent_bits if mask & b]:
            self.result.findings[self.watch.quiescent_bits.pop(bit)] = Finding(position)

    def _tell(self) -> None:
        if self.progress:
            result, now = self.result, time.monotonic()
            self.told = now
            level, states = len(result.level_starts) - 1, len(result.states)
            self.progress(Progress(level, states, result.frontier, result.transitions, now - self.started))

    def finish(self) -> None:
        """Write the counters into the result, and make whole what an interrupt has left half done."""
        result = self.result
        known = min(len(result.states), len(result.parents), len(result.labels))
        del result.states[known:], result.parents[known:], result.labels[known:]
        while result.index and next(reversed(result.index.values())) >= known:
            result.index.popitem()
        if known > self.level_end and self.level_end not in result.level_starts[-1:]:
            result.level_starts.append(self.level_end)  # cut short: what lies beyond the level being expanded is a level
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
