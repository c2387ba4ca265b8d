"""A batch of a large search: its states in slices, one for each worker, and the buffers in which their successors are.

A successor has a row in the buffers, and a place in the order of the plain search; `Buffers.order` gives the row of a place.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from .kernels import RECENT

if TYPE_CHECKING:
    from .growing import Array

__all__ = ["FEW", "Buffers", "Slice"]

APART = 16  # numbers between what two workers write all the time, so that it never lies in one line of memory
FEW = 64  # states that are not worth a worker


@dataclass
class Slice:
    """A part of a batch: `count` states from `start` on; their successors are in the rows first .. last - 1 of the buffers.

    What is listed by the owners of the parts of the table has a row for each.
    """

    start: int
    count: int
    first: int
    ends: Array
    lack: Array
    taken: Array  # by action, and the overflows
    quiet: Array  # the states without a protocol step
    chosen: Array  # the successors by owner, in order,
    counts: Array  # and how many they are
    fresh: Array  # those of them that are new,
    slots: Array  # where in the table they are,
    found: Array  # and how many they are
    heads: Array  # how far those lists are read
    recent: Array  # states that are in the table, or that the worker has listed and will be there when this slice is put in
    seen: int = 0  # the flags that occur

    @property
    def last(self) -> int:
        """The row after the last."""
        return int(self.ends[self.count - 1]) if self.count else self.first

    @property
    def fresh_total(self) -> int:
        """How many of the successors are new."""
        return int(self.found.sum())

    def fresh_before(self, row: int) -> list[int]:
        """How many of them stand before a row, by owner."""
        return [int(ranks[:n].searchsorted(row)) for ranks, n in zip(self.fresh, self.found.tolist(), strict=True)]


class Buffers:
    """Room for as many slices as there are workers, each of so many successors of so many words.

    Transitions are counted by `actions`, and what is missing by `lacks`, in so many numbers.
    """

    def __init__(self, workers: int, rows: int, width: int, actions: int, lacks: int) -> None:
        import numpy

        self.workers, self.rows, self.actions = workers, rows, actions
        self.labels, self.flags, self.hashes = (numpy.empty(workers * rows, numpy.int64) for _ in range(3))
        self.recent = numpy.empty((workers, RECENT, width), numpy.int64)
        self.order = numpy.empty(workers * rows, numpy.uint32)
        self.words = numpy.empty(workers * rows * width, numpy.int64)
        self.ends = numpy.empty((workers, rows), numpy.int64)
        self.size = rows + 1  # of a list: there is something behind its last number
        self.chosen, self.fresh = (numpy.empty((workers, workers, self.size), numpy.uint32) for _ in range(2))
        self.slots = numpy.empty((workers, workers, self.size), numpy.int64)
        self.quiet = numpy.empty((workers, rows), numpy.uint8)
        self.counters = numpy.empty((workers, actions + lacks + APART), numpy.int64)
        self.lists = numpy.empty((workers, 3, workers + APART), numpy.int64)  # lengths of lists, and how far they are read

    def slices(self, start: int, count: int) -> list[Slice]:
        """So many states from `start` on, as slices."""
        workers = self.workers if count >= FEW * self.workers else 1
        bounds = [start + count * i // workers for i in range(workers + 1)]
        return [
            Slice(
                a, b - a, i * self.rows, self.ends[i],
                self.counters[i, self.actions : -APART], self.counters[i, : self.actions], self.quiet[i],
                self.chosen[i, :workers], self.lists[i, 0, :workers],
                self.fresh[i, :workers], self.slots[i, :workers], self.lists[i, 1, :workers], self.lists[i, 2], self.recent[i],
            )
            for i, (a, b) in enumerate(pairwise(bounds))
        ]  # fmt: skip
