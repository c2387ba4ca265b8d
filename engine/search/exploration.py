"""What a search has found: the reachable states in the order of discovery, and how each was reached."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, overload

from ..compile import Compiled
from ..layout import Layout
from ..system import System
from ..traces.trace import Trace, replay

if TYPE_CHECKING:
    from ..graphs.edges import Edges
    from ..large.search import LargeSearch

__all__ = ["Exploration", "Finding", "Labels", "Run"]


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
    states: Sequence[int] = field(default_factory=list)  # packed
    index: Mapping[int, int] = field(default_factory=dict)  # packed state -> position
    parents: Sequence[int] = field(default_factory=lambda: array("q"))  # position of the parent, -1 for initial states
    labels: Sequence[int] = field(default_factory=list)  # the action instance that led here (-1: initial)
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
    large: LargeSearch | None = None  # the search in machine code, if it came to that
    edges_kept: Edges | None = field(default=None, repr=False, compare=False)  # see `graphs.edges`

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


class Labels(Sequence[int]):
    """The action instance by which each state was found first: asked of its parent again. -1 for initial states."""

    def __init__(self, result: Exploration) -> None:
        self.result = result

    def __len__(self) -> int:
        return len(self.result.states)

    @overload
    def __getitem__(self, at: int) -> int: ...
    @overload
    def __getitem__(self, at: slice) -> list[int]: ...
    def __getitem__(self, at: int | slice) -> int | list[int]:
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(len(self)))]
        state, parent = self.result.states[at], self.result.parents[at]
        if parent < 0:
            return -1
        return next(label for label, target, _ in self.result.successors(parent) if target == state)

    def __iter__(self) -> Iterator[int]:
        return (self[i] for i in range(len(self)))
