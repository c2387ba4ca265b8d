"""A search in machine code: batches of states in, their successors put in order, looked up and numbered.

It goes on where the plain search (`search.explore`) has come to, and finds what that would: the same states in the same order,
the same counts, the same first findings. A batch is expanded by all workers, each a slice of it; then each puts into the table,
for the parts of it that are its own, what is new, in the order of the plain search; then each gives the new states of its slice
their positions, in that order, and expands its slice of the next batch.
"""

from __future__ import annotations

import inspect
import os
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from itertools import accumulate, pairwise
from operator import or_
from typing import TYPE_CHECKING, Any

from ..compile import Compiled
from ..search.exploration import Labels
from ..search.limits import memory_in_use
from . import kernels
from .batch import FEW, Buffers, Slice
from .machine import Machine
from .machine_code import machine_source, most_successors
from .store import Index, Parents, States, Store

if TYPE_CHECKING:
    from ..search.checkpoint import Page
    from ..search.explore import Search
    from .growing import Array

__all__ = ["LargeSearch", "machines_of"]

ROWS = 1 << 17  # successors in a slice of a batch, about
MANY = 8  # workers, or as many as there are processors: more are not faster, and each takes room of its own
LOOK_EVERY = 0.05  # seconds between two looks at clock and memory


def machines_of(unit: Compiled) -> list[Machine]:
    """The machine code of the kernels for states of its width, and of a system and its predicates."""
    numbers = {name: value for name, value in vars(kernels).items() if name.isupper()} | {"WIDTH": unit.layout.words}
    return [Machine(inspect.getsource(kernels), numbers), Machine(machine_source(unit))]


class LargeSearch:
    """Takes over what a plain search has found, and goes on with it."""

    def __init__(self, search: Search, machines: Sequence[Machine], pages: Iterable[Page]) -> None:
        import numpy

        for machine in machines:
            machine.load()
        self.search, self.result = search, search.result
        self.machine = {name: machine[name] for machine in machines for name in machine}
        self.workers = min(search.means.workers, max(MANY, os.cpu_count() or 1), 1 << kernels.PARTS)
        unit, result = search.unit, search.result
        self.store = Store(unit.layout.words, self.machine)
        for states, parents in pages:
            self.store.add(states, parents)
        result.states, result.index, result.parents = States(self.store), Index(self.store), Parents(self.store)
        result.labels, result.large = Labels(result), self
        rows = ROWS + most_successors(unit.system)
        self.buffers = Buffers(self.workers, rows, self.store.width, len(search.taken) + 1, len(search.lack) + 1)
        self.protocol = numpy.array([a.kind.is_protocol_step for a in unit.system.actions], numpy.uint8)
        self.taken = numpy.array([*search.taken, result.overflows], numpy.int64)
        self.lack = numpy.array([*search.lack, 0], numpy.int64)
        self.branching = 1.0  # successors of a state, lately
        self.ahead: list[Slice] = []  # what comes next, if it is expanded already
        self.pool: ThreadPoolExecutor | None = None

    # -- the loop --------------------------------------------------------------------------------------------------
    def run(self, pause: Callable[[], None] = lambda: None) -> None:
        """Go on until nothing new is found or a limit is met. `pause` is called where an interrupt does no harm."""
        with ThreadPoolExecutor(max(1, self.workers - 1)) as self.pool:
            try:
                self.store.refill(pause, self.workers, self._each)
                self._know_nothing_recent(self.buffers.recent)
                self._go_on(pause)
            finally:
                self.pool = None
        if not self.result.frontier:
            self.result.stopped_by = ""  # a limit that is met when nothing is left to do has cut nothing

    def _go_on(self, pause: Callable[[], None]) -> None:
        search, result, store, looked = self.search, self.result, self.store, 0.0
        most = search.limits.max_states
        if most is not None and store.known > most:  # a checkpoint may hold more than are wanted now
            result.stopped_by = f"--max-states {most}"
        while result.expanded < store.known and not result.stopped_by:
            pause()
            level = len(result.level_starts)
            whole = self._step(pause)
            if len(result.level_starts) > level:
                search.tell()
            if whole and time.monotonic() - looked > LOOK_EVERY:
                looked = time.monotonic()
                result.stopped_by = search.limits.met(store.known, search.started)
                search.now_and_then(pause)

    def _each(self, do: Callable[[Any], int], things: Iterable[Any]) -> list[int]:
        """Do something to each of some things, at the same time."""
        first, *others = things
        if self.pool is None:
            return [do(first), *map(do, others)]
        begun = [self.pool.submit(do, one) for one in others]
        return [do(first), *(one.result() for one in begun)]

    @property
    def _most(self) -> int:
        """How many states fill the buffers about."""
        return self.workers * min(self.buffers.rows, int(ROWS * 0.9 / self.branching) + 1)

    def _slices(self, start: int, end: int) -> list[Slice]:
        """The next states, as many as fill the buffers about."""
        return self.buffers.slices(start, min(end - start, self._most))

    def _expand(self, one: Slice) -> int:
        """Find the successors of a slice; how many of its states there was room for."""
        one.lack[:] = one.taken[:] = 0
        buffers = self.buffers
        done: int = self.machine["expand"](
            self.store.states, one.start, one.start + one.count, one.first, one.first + ROWS,
            buffers.labels, buffers.words, buffers.flags, one.ends, one.lack,
        )  # fmt: skip
        one.seen = self.machine["arrange"](
            done, one.first, one.ends, buffers.labels, buffers.words, buffers.flags, buffers.order, buffers.hashes,
            len(one.counts), buffers.size, one.chosen, one.counts,
            self.search.shift, len(one.taken) - 1, self.protocol, one.quiet, one.taken, one.recent,
        )  # fmt: skip
        return done

    def expanded(self, start: int, end: int) -> list[Slice]:
        """The next slices of the states start .. end - 1, expanded: whole, but for the last."""
        slices = self._slices(start, end)
        return self._whole(slices, self._each(self._expand, slices))

    def _whole(self, slices: list[Slice], done: Sequence[int]) -> list[Slice]:
        """The slices up to the first one that is not done wholly, and of that what is done."""
        kept: list[Slice] = []
        for one, count in zip(slices, done, strict=True):
            whole = count == one.count
            one.count = count
            kept.append(one)
            if not whole:
                break
        for one in slices[len(kept) :]:
            self._know_nothing_recent(one.recent)  # what it has listed will not be put in
        self.branching = max(1e-3, sum(one.last - one.first for one in kept) / sum(one.count for one in kept))
        return kept

    def _know_nothing_recent(self, recent: Array) -> None:
        """Have a state that is in the table stand for what workers have listed lately."""
        recent[...] = self.store.states[: self.store.width]

    def _step(self, pause: Callable[[], None]) -> bool:
        """Work off one batch; whether it was done wholly, and no limit is met."""
        result, store = self.result, self.store
        slices = self.ahead or self.expanded(result.expanded, store.known)
        self.ahead = []
        found = sum(int(one.counts.sum()) for one in slices)
        while store.crowded(found) or not self._inserted(slices):
            if self._too_large(store.growth):
                store.filled = False  # what of the batch is in the table has no position
                return False
            store.double(pause, self.workers, self._each)
        before = store.known
        most = self.search.limits.max_states
        if most is not None and before + sum(one.fresh_total for one in slices) > most:
            slices = self._cut(slices, most)
        store.reserve(found)
        self._count(slices)
        self._number(slices, before)
        self._note_states(before)
        return not result.stopped_by

    def _too_large(self, growth: int) -> bool:
        most = self.search.limits.max_memory
        if most is not None and memory_in_use() + growth > most:
            self.result.stopped_by = f"--max-memory {most}"
        return bool(self.result.stopped_by)

    # -- what is new -----------------------------------------------------------------------------------------------
    def _inserted(self, slices: list[Slice]) -> bool:
        """Put what is new into the table; whether there was room in every part of it."""
        store, buffers = self.store, self.buffers

        def insert(owner: int) -> int:
            for one in slices:
                found = self.machine["insert"](
                    int(one.counts[owner]), one.chosen[owner], buffers.order, buffers.hashes, buffers.words,
                    one.slots[owner], one.fresh[owner], store.states, store.known, store.table, store.bits,
                )  # fmt: skip
                if found < 0:
                    return 1
                one.found[owner] = found
            return 0

        return not any(self._each(insert, range(len(slices[0].counts))))

    def _number(self, slices: list[Slice], before: int) -> None:
        """Give the new states their positions; meanwhile the states that were known `before` are expanded, if they are many."""
        result, store, buffers = self.result, self.store, self.buffers
        known = list(accumulate((one.fresh_total for one in slices), initial=before))
        self._note_levels(slices, known)
        result.expanded = slices[-1].start + slices[-1].count
        further = before - result.expanded >= self._most and not result.stopped_by
        following = self._slices(result.expanded, before) if further else []

        def number(i: int) -> int:
            if i < len(slices):
                one = slices[i]
                self.machine["number"](
                    one.start, one.ends, buffers.order, buffers.words, one.slots, len(one.found), buffers.size, one.fresh,
                    one.found, one.heads, store.states, store.parents, known[i], store.table,
                )  # fmt: skip
            return self._expand(following[i]) if i < len(following) else 0

        done = self._each(number, range(max(len(slices), len(following))))
        store.known = known[-1]
        if following:
            self.ahead = self._whole(following, done[: len(following)])

    def _cut(self, slices: list[Slice], most: int) -> list[Slice]:
        """What is left of the slices before the first state whose successors would make too many states."""
        import numpy

        known, kept = self.store.known, []
        for one in slices:
            before = [0] * len(one.found)
            if not self.result.stopped_by:
                kept.append(one)
                before = one.found.tolist()
                if known + one.fresh_total > most:
                    self.result.stopped_by = f"--max-states {most}"
                    ranks = numpy.sort(numpy.concatenate([ranks[:n] for ranks, n in zip(one.fresh, before, strict=True)]))
                    one.count = int(one.ends[: one.count].searchsorted(ranks[most - known], "right"))
                    before = one.fresh_before(one.last)
            for slots, n, whole in zip(one.slots, before, one.found.tolist(), strict=True):
                self.machine["forget"](whole - n, slots[n:], self.store.table)
            one.found[:] = before
            known += one.fresh_total
        self._expand(kept[-1])  # once more, to be counted: what that lists is not used
        return kept

    def _note_levels(self, slices: list[Slice], known: list[int]) -> None:
        """Note the ends of levels that were passed; `known` are the numbers of states before each slice, and after the last."""
        search = self.search
        for one, before in zip(slices, known, strict=False):
            while one.start < search.level_end <= one.start + one.count:
                end = before + sum(one.fresh_before(int(one.ends[search.level_end - one.start - 1])))
                if end == search.level_end:
                    break
                self.result.level_starts.append(search.level_end)
                search.level_end = end

    # -- what is noticed -------------------------------------------------------------------------------------------
    def _count(self, slices: list[Slice]) -> None:
        """Count the transitions of the slices, and note the events and the quiescent states among them."""
        search, result = self.search, self.result
        for one in slices:
            if one.lack[-1]:
                self._raise(one)
            self.lack += one.lack
            self.taken += one.taken
            result.transitions += one.last - one.first
            self._note_events(one)
            if search.watch.quiescent_bits:
                self._note_quiescence(one)
        *search.taken, result.overflows = self.taken.tolist()
        search.lack[:] = self.lack[:-1].tolist()

    def _raise(self, one: Slice) -> None:
        """Raise ValueOutsideSort, as the plain successor function does."""
        for position in range(one.start, one.start + one.count):
            self.result.successors(position)
        raise AssertionError("a value is outside its sort in one reading of the successors and not in the other")

    def _note_events(self, one: Slice) -> None:
        rows = self.buffers.order[one.first : one.last]
        for bit in [bit for bit in self.search.events if one.seen & bit]:
            place = int((self.buffers.flags[rows] & bit != 0).argmax())
            position = one.start + int(one.ends[: one.count].searchsorted(one.first + place, "right"))
            self.search.note_events(position, int(self.buffers.labels[rows[place]]), bit)

    def _note_quiescence(self, one: Slice) -> None:
        (places,) = one.quiet[: one.count].nonzero()
        rows = self.store.states[: self.store.known * self.store.width].reshape(-1, self.store.width)[one.start + places]
        self._first(rows.ravel(), one.start + places, self.search.watch.quiescent_bits)

    def _note_states(self, before: int) -> None:
        """Note what the states decide that are known since."""
        import numpy

        width, known, wanted = self.store.width, self.store.known, self.search.watch.state_bits
        if wanted and known > before:
            self._first(self.store.states[before * width : known * width], numpy.arange(before, known), wanted)

    def _first(self, rows: Array, positions: Array, bits: dict[int, str]) -> None:
        """Note, for the predicates of some bits, the first of some states where they hold."""
        import numpy

        count, width = len(positions), self.store.width
        masks = numpy.empty(count, numpy.int64)
        bounds = [count * i // self.workers for i in range(self.workers + 1)] if count >= FEW * self.workers else [0, count]

        def judge(bound: tuple[int, int]) -> int:
            a, b = bound
            return self.machine["judge"](b - a, rows[a * width : b * width], masks[a:b])

        seen = reduce(or_, self._each(judge, pairwise(bounds)))
        for bit in [bit for bit in bits if seen & bit]:
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
        words = self.buffers.words.reshape(-1, store.width)
        start = at = 0
        while start < result.expanded:
            pause()
            for one in self.expanded(start, result.expanded):
                rows, order = one.last - one.first, self.buffers.order[one.first : one.last]
                labels[at : at + rows] = self.buffers.labels[order]
                targets[at : at + rows] = store.positions(words[order].ravel())
                indptr[start + 1 : start + 1 + one.count] = one.ends[: one.count] + (at - one.first)
                start, at = start + one.count, at + rows
        return indptr, labels, targets
