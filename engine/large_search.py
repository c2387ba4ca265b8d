"""A search in machine code: batches of states in, their successors put in order, looked up and numbered.

It goes on where the plain search of `explore` has come to, and finds what that would: the same states in the same order, the
same counts, the same first findings. A batch is expanded by all workers, each a slice of it; then each puts into the table, for
the parts of it that are its own, what is new, in the order of the plain search; then the new states get their positions, in
that order.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from . import kernels
from .compile import Compiled
from .exploration import Labels
from .limits import memory_in_use
from .machine import Machine
from .machine_code import machine_source, most_successors
from .store import Index, Parents, States, Store

if TYPE_CHECKING:
    from .checkpoint import Page
    from .explore import Search
    from .store import Array

__all__ = ["LargeSearch", "machines_of"]

ROWS = 1 << 15  # successors in a slice of a batch, about
PARTS = 1 << kernels.PARTS
LOOK_EVERY = 0.05  # seconds between two looks at clock and memory


def machines_of(unit: Compiled) -> list[Machine]:
    """The machine code of the kernels for states of its width, and of a system and its predicates."""
    numbers = {name: value for name, value in vars(kernels).items() if name.isupper()} | {"WIDTH": unit.layout.words}
    return [Machine(inspect.getsource(kernels), numbers), Machine(machine_source(unit))]


@dataclass
class _Slice:
    """A part of a batch: `count` states from `start` on; their successors are in the rows first .. last - 1 of the buffers."""

    start: int
    count: int
    first: int
    ends: Array
    lack: Array
    chosen: Array  # for each owner of a part of the table a list of rows, `counts` of them
    counts: Array

    @property
    def last(self) -> int:
        """The row after the last."""
        return int(self.ends[self.count - 1]) if self.count else self.first


class LargeSearch:
    """Takes over what a plain search has found, and goes on with it."""

    def __init__(self, search: Search, machines: Sequence[Machine], pages: Iterable[Page]) -> None:
        import numpy

        for machine in machines:
            machine.load()
        self.search, self.result = search, search.result
        self.machine = {name: machine[name] for machine in machines for name in machine}
        self.workers = min(search.means.workers, PARTS)
        unit, result = search.unit, search.result
        self.store = Store(unit.layout.words, self.machine)
        for states, parents in pages:
            self.store.add(states, parents)
        result.states, result.index, result.parents = States(self.store), Index(self.store), Parents(self.store)
        result.labels, result.large = Labels(result), self
        self.rows = ROWS + most_successors(unit.system)
        rows = self.workers * self.rows
        self.labels, self.flags, self.hashes, self.slots = (numpy.empty(rows, numpy.int64) for _ in range(4))
        self.words = numpy.empty(rows * self.store.width, numpy.int64)
        self.ends = numpy.empty((self.workers, self.rows), numpy.int64)
        self.chosen = numpy.empty((self.workers, self.workers, self.rows), numpy.int64)
        self.quiet = numpy.empty(self.rows, numpy.uint8)
        self.masks = numpy.empty(self.rows, numpy.int64)
        self.protocol = numpy.array([*(a.kind.is_protocol_step for a in unit.system.actions), 0], numpy.uint8)
        self.taken = numpy.array([*search.taken, result.overflows], numpy.int64)
        self.lack = numpy.array([*search.lack, 0], numpy.int64)
        self.branching = 1.0  # successors of a state, lately
        self.pool: ThreadPoolExecutor | None = None

    # -- the loop --------------------------------------------------------------------------------------------------
    def run(self, pause: Callable[[], None] = lambda: None) -> None:
        """Go on until nothing new is found or a limit is met. `pause` is called where an interrupt does no harm."""
        search, result, store, looked = self.search, self.result, self.store, 0.0
        with ThreadPoolExecutor(self.workers) as self.pool:
            store.refill(pause)
            while result.expanded < store.known and not result.stopped_by:
                pause()
                level = len(result.level_starts)
                whole = self._step()
                if len(result.level_starts) > level:
                    search.tell()
                if whole and time.monotonic() - looked > LOOK_EVERY:
                    looked = time.monotonic()
                    result.stopped_by = search.limits.met(store.known, search.started)
                    search.now_and_then()
        self.pool = None
        if not result.frontier:
            result.stopped_by = ""  # a limit that is met when nothing is left to do has cut nothing

    def _each(self, slices: Sequence[Any], do: Callable[[Any], int]) -> list[int]:
        """Do something to each of some things, at the same time."""
        if len(slices) == 1 or self.pool is None:
            return [do(one) for one in slices]
        return list(self.pool.map(do, slices))

    def _slices(self, start: int, end: int) -> list[_Slice]:
        """The next states, as many as fill the buffers about."""
        import numpy

        count = min(end - start, self.workers * min(self.rows, int(ROWS * 0.9 / self.branching) + 1))
        workers = self.workers if count >= 64 * self.workers else 1
        counts = numpy.zeros((workers, workers), numpy.int64)
        bounds = [start + count * i // workers for i in range(workers + 1)]
        lacks = numpy.zeros((workers, len(self.lack)), numpy.int64)
        return [
            _Slice(a, b - a, i * self.rows, self.ends[i], lacks[i], self.chosen[i], counts[i])
            for i, (a, b) in enumerate(pairwise(bounds))
        ]

    def _expand(self, one: _Slice) -> int:
        """Write the successors of a slice, in order; how many of its states there was room for."""
        done: int = self.machine["expand"](
            self.store.states, one.start, one.start + one.count, one.first, one.first + ROWS,
            self.labels, self.words, self.flags, one.ends, one.lack,
        )  # fmt: skip
        self.machine["order"](done, one.first, one.ends, self.labels, self.words, self.flags, self.hashes)
        last = int(one.ends[done - 1]) if done else one.first
        self.machine["divide"](one.first, last, self.hashes, len(one.counts), self.rows, one.chosen, one.counts)
        return done

    def expanded(self, start: int, end: int) -> list[_Slice]:
        """The next slices of the states start .. end - 1, expanded: whole, but for the last."""
        slices = self._slices(start, end)
        kept: list[_Slice] = []
        for one, done in zip(slices, self._each(slices, self._expand), strict=True):
            whole = done == one.count
            one.count = done
            kept.append(one)
            if not whole:
                break
        self.branching = max(1e-3, sum(one.last - one.first for one in kept) / sum(one.count for one in kept))
        return kept

    def _step(self) -> bool:
        """Work off one batch; whether it was done wholly, and no limit is met."""
        result, store = self.result, self.store
        slices = self.expanded(result.expanded, store.known)
        found = sum(one.last - one.first for one in slices)
        while store.crowded(found) or not self._inserted(slices):
            if self._too_large(store.growth):
                return False
            store.double()
            store.refill()
        before = store.known
        store.reserve(found)
        slices = self._numbered(slices)
        self._count(slices)
        self._note_states(before)
        result.expanded = slices[-1].start + slices[-1].count
        return not result.stopped_by

    def _too_large(self, growth: int) -> bool:
        most = self.search.limits.max_memory
        if most is not None and memory_in_use() + growth > most:
            self.result.stopped_by = f"--max-memory {most}"
        return bool(self.result.stopped_by)

    # -- what is new -----------------------------------------------------------------------------------------------
    def _inserted(self, slices: list[_Slice]) -> bool:
        """Put what is new into the table; whether there was room in every part of it."""
        store = self.store

        def insert(owner: int) -> int:
            return sum(
                self.machine["insert"](
                    int(one.counts[owner]), one.chosen[owner], self.hashes, self.words, self.slots,
                    store.states, store.known, store.table, store.bits,
                )
                for one in slices
            )  # fmt: skip

        return not any(self._each(range(len(slices[0].counts)), insert))

    def _numbered(self, slices: list[_Slice]) -> list[_Slice]:
        """Give the new states their positions; what is left of the slices if that makes too many states."""
        import numpy

        store, result, search = self.store, self.result, self.search
        most = search.limits.max_states
        level = numpy.zeros(3 + 1 + sum(one.count for one in slices), numpy.int64)
        level[1] = search.level_end
        kept: list[_Slice] = []
        for one in slices:
            if result.stopped_by:
                self.machine["forget"](one.first, one.last, self.slots, store.table)
                continue
            store.known = self.machine["number"](
                one.start, one.count, one.first, one.ends, self.words, self.slots,
                store.states, store.parents, store.known, 1 << 62 if most is None else most, store.table, level,
            )  # fmt: skip
            if (done := int(level[0])) < one.count:
                result.stopped_by = f"--max-states {most}"
                last = one.last
                one.count = done
                self.machine["forget"](one.last, last, self.slots, store.table)
                one.lack[:] = 0
                self._expand(one)
            kept.append(one)
        for end in level[3 : 3 + level[2]].tolist():
            if end > search.level_end:
                result.level_starts.append(search.level_end)
            search.level_end = end
        return kept

    # -- what is noticed -------------------------------------------------------------------------------------------
    def _count(self, slices: list[_Slice]) -> None:
        """Count the transitions of the slices, and note the events and the quiescent states among them."""
        search, result = self.search, self.result
        for one in slices:
            if one.lack[-1]:
                self._raise(one)
            self.lack += one.lack
            seen = self.machine["tally"](
                one.count, one.first, one.ends, self.labels, self.flags, search.shift,
                len(self.taken) - 1, self.protocol, self.quiet, self.taken,
            )  # fmt: skip
            result.transitions += one.last - one.first
            self._note_events(one, seen)
            if search.watch.quiescent_bits:
                self._note_quiescence(one)
        *search.taken, result.overflows = self.taken.tolist()
        search.lack[:] = self.lack[:-1].tolist()

    def _raise(self, one: _Slice) -> None:
        """Raise ValueOutsideSort, as the plain successor function does."""
        for position in range(one.start, one.start + one.count):
            self.result.successors(position)
        raise AssertionError("a value is outside its sort in one reading of the successors and not in the other")

    def _note_events(self, one: _Slice, seen: int) -> None:
        for bit in [bit for bit in self.search.events if seen & bit]:
            row = one.first + int((self.flags[one.first : one.last] & bit != 0).argmax())
            position = one.start + int(one.ends[: one.count].searchsorted(row, "right"))
            self.search.note_events(position, int(self.labels[row]), bit)

    def _note_quiescence(self, one: _Slice) -> None:
        (places,) = self.quiet[: one.count].nonzero()
        rows = self.store.states[: self.store.known * self.store.width].reshape(-1, self.store.width)[one.start + places]
        self._first(rows.ravel(), one.start + places, self.search.watch.quiescent_bits)

    def _note_states(self, before: int) -> None:
        """Note what the states decide that are known since."""
        import numpy

        width, known, wanted = self.store.width, self.store.known, self.search.watch.state_bits
        for start in range(before, known, self.rows):
            end = min(start + self.rows, known)
            if wanted:
                self._first(self.store.states[start * width : end * width], numpy.arange(start, end), wanted)

    def _first(self, rows: Array, positions: Array, bits: dict[int, str]) -> None:
        """Note, for the predicates of some bits, the first of some states where they hold."""
        masks = self.masks[: len(positions)]
        self.machine["judge"](len(positions), rows, masks)
        for bit in [bit for bit in bits if (masks & bit).any()]:
            self.search.note(bits, bit, int(positions[(masks & bit != 0).argmax()]))

    # -- the transitions again -------------------------------------------------------------------------------------
    @property
    def words_of_states(self) -> Array:
        """The states as rows of unsigned words."""
        return self.store.states[: self.store.known * self.store.width].view("uint64").reshape(-1, self.store.width)

    def edge_arrays(self, pause: Callable[[], None] = lambda: None) -> tuple[Array, Array, Array]:
        """The transitions of the expanded states, as `edges.Edges` has them: where those of each begin, labels, targets.

        `pause` is called now and then.
        """
        import numpy

        result, store = self.result, self.store
        total = result.transitions
        indptr = numpy.zeros(result.expanded + 1, numpy.int64)
        labels = numpy.empty(total, numpy.int64)
        targets = numpy.empty(total, numpy.int64)
        start = at = 0
        while start < result.expanded:
            pause()
            for one in self.expanded(start, result.expanded):
                rows = one.last - one.first
                labels[at : at + rows] = self.labels[one.first : one.last]
                words = self.words[one.first * store.width : one.last * store.width]
                targets[at : at + rows] = store.positions(words)
                indptr[start + 1 : start + 1 + one.count] = one.ends[: one.count] + (at - one.first)
                start, at = start + one.count, at + rows
        return indptr, labels, targets
