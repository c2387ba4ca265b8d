"""Via: the shortest run that satisfies given predicates in order, and ends in the violation of a property."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..compile import Compiled
from ..errors import LanguageError
from ..expr import Expr, negate
from ..property import Property, PropertyKind
from ..system import System
from .explore import UNLIMITED, Limits, Progress, Run
from .limits import BATCH, PROGRESS_EVERY

__all__ = ["ViaResult", "shortest_via"]


@dataclass(frozen=True)
class ViaResult:
    """What a search by way of predicates found.

    `run` is None if there is no such run, or (`stopped_by` or `interrupted`: not `complete`) if none was found in time.
    `satisfied` tells, for each predicate, after how many steps of the run it counts as satisfied. A node is a state together
    with how many predicates are behind it.
    """

    run: Run | None
    satisfied: tuple[int, ...] = ()
    nodes: int = 0
    transitions: int = 0
    depth: int = 0
    stopped_by: str = ""
    interrupted: bool = False
    seconds: float = 0.0

    @property
    def complete(self) -> bool:
        """Whether the answer is final: a run was found, or there is none."""
        return self.run is not None or not self.stopped_by


def shortest_via(
    system: System,
    predicates: Sequence[Expr],
    final: Property | None = None,
    limits: Limits = UNLIMITED,
    progress: Callable[[Progress], None] | None = None,
) -> ViaResult:
    """The shortest run in which the predicates hold in this order, each in a state not before the one of its predecessor.

    One state may satisfy several. With `final`, an always-property, the run ends in its violation: in a state that violates
    it, or with a transition that causes its event (the state after that transition may still satisfy predicates). Among equally
    short runs the least by action order is found. `limits.max_states` counts nodes. A keyboard interrupt ends the search.
    Raises LanguageError if `final` is no always-property that applies, UnknownName or SortMismatch if a predicate does not
    speak of the system, ValueOutsideSort if an action leaves a sort.
    """
    for number, predicate in enumerate(predicates, 1):
        system.check_expr(predicate, f"predicate {number} on the way")
    if final is not None and (final.kind is not PropertyKind.ALWAYS or final.not_applicable):
        why = final.not_applicable or f"it is a property of kind {final.kind.value}"
        raise LanguageError(f"a run cannot end in the violation of {final.name}: {why}")
    search = _Search(system, predicates, final, limits, progress)
    run, interrupted = None, False
    try:
        run = search.run()
    except KeyboardInterrupt:
        search.stopped_by, interrupted = "interrupted", True
    return ViaResult(
        run, search.satisfied(run), len(search.states), search.transitions, search.depth, search.stopped_by, interrupted,
        time.monotonic() - search.started,
    )  # fmt: skip


class _Search:
    """Breadth first over nodes (state, how many predicates are satisfied). Satisfying early is never worse.

    So of the nodes of one state that are found later, only those are kept that have more predicates behind them: whatever goes
    on from another one goes on from an earlier node too.
    """

    def __init__(
        self, system: System, predicates: Sequence[Expr], final: Property | None, limits: Limits,
        progress: Callable[[Progress], None] | None,
    ) -> None:  # fmt: skip
        self.limits, self.progress, self.final = limits, progress, final
        bad = [negate(final.predicate)] if final is not None and final.predicate is not None else []
        self.unit = Compiled(system, [*predicates, *bad], [final.event] if final and final.event else [])
        self.goal = len(predicates)
        self.event = 2 << self.unit.events.index(final.event) if final and final.event in self.unit.events else 0
        self.protocol = [action.kind.is_protocol_step for action in system.actions]
        self.states: list[int] = []
        self.counts: list[int] = []  # predicates satisfied
        self.parents = array("q")
        self.labels: list[int] = []
        self.best: dict[int, int] = {}  # packed state -> most predicates satisfied so far
        self.started = self.told = time.monotonic()
        self.transitions = self.depth = self.expanded = 0
        self.stopped_by = ""

    def run(self) -> Run | None:
        """The run that is sought, or None: there is none, or `stopped_by` says why the search was cut."""
        for state in self.unit.system.initial:
            code = self.unit.layout.pack(state)
            mask = self.unit.predicates(code)
            count = self._advance(mask, 0)
            self._discover(code, count, -1, -1)
            if self._ends(mask, count):
                return Run(code)
        start = 0
        while start < len(self.states):
            end = len(self.states)
            self._tell()
            for batch in range(start, end, BATCH):
                found = self._expand(batch, min(batch + BATCH, end))
                if found is not None:
                    return found
                self.stopped_by = self.stopped_by or self.limits.met(len(self.states), self.started)
                if self.stopped_by and self.expanded < len(self.states):
                    return None
                if self.progress and time.monotonic() - self.told > PROGRESS_EVERY:
                    self._tell()
            start = end
            self.depth += start < len(self.states)
        self.stopped_by = ""
        return None

    def _advance(self, mask: int, count: int) -> int:
        """How many predicates are satisfied once a state with this mask is reached."""
        while count < self.goal and mask >> count & 1:
            count += 1
        return count

    def _ends(self, mask: int, count: int, flags: int = 0) -> bool:
        """Whether the run may end with this state (an `only_quiescent` one is looked at when it is expanded)."""
        if count < self.goal:
            return False
        if self.final is None:
            return True
        if self.final.event is not None:
            return bool(flags & self.event)
        return not self.final.only_quiescent and bool(mask >> self.goal & 1)

    def _discover(self, state: int, count: int, parent: int, label: int) -> None:
        if self.best.get(state, -1) < count:
            self.best[state] = count
            self.states.append(state)
            self.counts.append(count)
            self.parents.append(parent)
            self.labels.append(label)

    def _expand(self, start: int, end: int) -> Run | None:
        """Expand the nodes start .. end - 1, all of one level."""
        unit, best, shift = self.unit, self.best, self.unit.layout.param_bits
        predicates = unit.predicates
        lack = [0] * len(unit.needs)
        quiescent = self.final is not None and self.final.only_quiescent
        room = 1 << 62 if self.limits.max_states is None else self.limits.max_states
        out: list[tuple[int, int, int]] = []
        for node in range(start, end):
            state, count = self.states[node], self.counts[node]
            out.clear()
            unit.successors(state, out, lack)
            out.sort()
            self.transitions += len(out)
            if quiescent and count == self.goal and not any(self.protocol[label >> shift] for label, _, _ in out):
                bad = predicates(state) >> self.goal & 1
                if bad:
                    return self._run_to(node)
            for label, target, flags in out:
                known = best.get(target, -1)
                if known >= count and not flags & self.event:
                    continue  # whatever this state satisfies the earlier node has behind it
                mask = predicates(target)
                reached = self._advance(mask, count)
                if self._ends(mask, reached, flags):
                    return self._run_to(node, label)
                self._discover(target, reached, node, label)
            self.expanded = node + 1
            if len(self.states) > room:
                return None
        return None

    def _run_to(self, node: int, *further: int) -> Run:
        labels = list(further)
        while self.parents[node] >= 0:
            labels.insert(0, self.labels[node])
            node = self.parents[node]
        return Run(self.states[node], tuple(labels))

    def satisfied(self, run: Run | None) -> tuple[int, ...]:
        """After how many steps of the run each predicate is satisfied."""
        if run is None:
            return ()
        places: list[int] = []
        state = run.start
        for step in range(len(run) + 1):
            count = self._advance(self.unit.predicates(state), len(places))
            places += [step] * (count - len(places))
            if step < len(run):
                out: list[tuple[int, int, int]] = []
                self.unit.successors(state, out, [0] * len(self.unit.needs))
                state = next(target for label, target, _ in out if label == run.labels[step])
        return tuple(places)

    def _tell(self) -> None:
        if self.progress:
            self.told = time.monotonic()
            known = len(self.states)
            self.progress(Progress(self.depth, known, known - self.expanded, self.transitions, self.told - self.started))
