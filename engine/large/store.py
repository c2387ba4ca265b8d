"""The states of a large search: whole, in the order of discovery, with a hash table over them and links to their parents.

Beyond the words of a state 4 octets are used for its parent and 8 for an entry of the table, which is between 42 and 85 % full:
at most 24 in all. Arrays, and the table, grow in place where the system can do that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, overload

from ..layout import WORD
from ..search.checkpoint import NONE, PAGE
from .growing import Growing
from .kernels import PARTS

if TYPE_CHECKING:
    from ..search.checkpoint import Page
    from .growing import Array

Each: TypeAlias = Callable[[Callable[[Any], int], Iterable[Any]], Iterable[int]]  # does something to each of some things

__all__ = ["Each", "Index", "Parents", "States", "Store"]

FULLEST = 0.85
LEAST_BITS = 18  # of a table
LEAST = 1 << 16  # states for which there is room
SLICE = 1 << 21  # states that are put into a new table at once: some hundredths of a second


class Store:
    """The arrays, and what grows them. `kernels` are the functions of the module of that name, as machine code."""

    def __init__(self, width: int, kernels: Mapping[str, Callable[..., int]]) -> None:
        self.width, self.kernels = width, kernels
        self.known = 0
        self._states, self._parents = Growing("int64", LEAST * width), Growing("uint32", LEAST)
        self.bits = LEAST_BITS
        self._table = Growing("int64", 1 << self.bits)
        self.filled = True  # whether the table has all states

    @property
    def states(self) -> Array:
        """The words of the states, one after the other, and room for more."""
        return self._states.array

    @property
    def parents(self) -> Array:
        """The positions of the parents, and room for more."""
        return self._parents.array

    @property
    def table(self) -> Array:
        """The hash table."""
        return self._table.array

    def add(self, states: bytes, parents: bytes) -> None:
        """States that are not yet there, and the positions of their parents, as octets. `refill` puts them into the table."""
        import numpy

        words, links = numpy.frombuffer(states, "<i8"), numpy.frombuffer(parents, "<u4")
        self.reserve(len(links))
        end = self.known + len(links)
        self.states[self.known * self.width : end * self.width] = words
        self.parents[self.known : end] = links
        self.known, self.filled = end, False

    def pages(self, start: int, end: int) -> Iterator[Page]:
        """The octets of the states start .. end - 1, and of the positions of their parents, in pages."""
        for at in range(start, end, PAGE):
            until = min(at + PAGE, end)
            words = self.states[at * self.width : until * self.width]
            yield words.astype("<i8", copy=False).data, self.parents[at:until].astype("<u4", copy=False).data

    def rows(self, codes: Sequence[int]) -> Array:
        """Packed states as words, one after the other."""
        import numpy

        octets = self.width * WORD // 8
        return numpy.frombuffer(b"".join(code.to_bytes(octets, "little") for code in codes), "<i8").astype(numpy.int64)

    def code(self, position: int) -> int:
        """A state as a packed integer."""
        row = self.states[position * self.width : (position + 1) * self.width]
        return int.from_bytes(row.astype("<i8").tobytes(), "little")

    # -- growth ----------------------------------------------------------------------------------------------------
    def reserve(self, more: int) -> None:
        """Make room in the arrays for more states."""
        wanted = self.known + more
        have = len(self.parents)
        if wanted > have:
            size = max(wanted, have + have // 2)
            self._states.grow(size * self.width)
            self._parents.grow(size)

    def crowded(self, more: int) -> bool:
        """Whether the table is too small for more states."""
        return self.known + more > FULLEST * (1 << self.bits)

    @property
    def growth(self) -> int:
        """Octets by which a table of twice the size is larger."""
        return int(self.table.nbytes)

    def double(self, pause: Callable[[], None] = lambda: None, owners: int = 1, each: Each = map) -> None:
        """Twice as large a table, with the states that are known; pauses, owners and `each` as for `refill`."""
        import numpy

        self.filled = False
        self.bits += 1
        self._table.grow(1 << self.bits)
        asides = [numpy.empty(1 << self.bits - PARTS - 1, numpy.int64) for _ in range(owners)]
        parts = 1 << PARTS
        while parts:  # each goes where those were that are done
            for first in range(parts // 2, parts, owners):
                list(each(self._spread, zip(range(first, min(first + owners, parts)), asides, strict=False)))
                pause()
            parts //= 2
        self.filled = True

    def _spread(self, given: tuple[int, Array]) -> int:
        part, aside = given
        return self.kernels["spread"](part, self.known, self.table, self.bits, aside)

    def refill(self, pause: Callable[[], None] = lambda: None, owners: int = 1, each: Each = map) -> None:
        """Put all states into an empty table, with a pause now and then: if it raises, the table is not filled.

        So many owners, each of some parts of the table, do that; `each` lets them do it at the same time.
        """
        while self.crowded(0):
            self.bits += 1
        while not self.filled:
            self._table = Growing("int64", 0)  # the old one is gone before the new one comes
            self._table = Growing("int64", 1 << self.bits)
            for start in range(0, self.known, SLICE):
                if any(each(partial(self._refill, start, min(start + SLICE, self.known), owners), range(owners))):
                    self.bits += 1
                    break
                pause()
            else:
                self.filled = True

    def _refill(self, start: int, end: int, owners: int, owner: int) -> int:
        return self.kernels["refill"](start, end, self.states, self.table, self.bits, owner, owners)

    # -- look-up ---------------------------------------------------------------------------------------------------
    def positions(self, rows: Array) -> Array:
        """Where states are, given as words one after the other; -1 for those that are not known."""
        import numpy

        if not self.filled:
            self.refill()
        count = len(rows) // self.width
        found = numpy.empty(count, numpy.int64)
        self.kernels["locate"](count, rows, self.states, self.table, self.bits, found)
        return found


class _View(Sequence[int]):
    """Numbers that a store has, read one page at a time."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def __len__(self) -> int:
        return self.store.known

    def page(self, start: int, end: int) -> list[int]:
        """Those at start .. end - 1."""
        raise NotImplementedError

    @overload
    def __getitem__(self, at: int) -> int: ...
    @overload
    def __getitem__(self, at: slice) -> list[int]: ...
    def __getitem__(self, at: int | slice) -> int | list[int]:
        if isinstance(at, slice):
            start, end, step = at.indices(len(self))
            return self.page(start, end) if step == 1 else [self[i] for i in range(start, end, step)]
        place = at + len(self) if at < 0 else at
        if not 0 <= place < len(self):
            raise IndexError(f"there is no state {at}")
        return self.page(place, place + 1)[0]

    def __iter__(self) -> Iterator[int]:
        for start in range(0, len(self), PAGE):
            yield from self.page(start, min(start + PAGE, len(self)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]


class States(_View):
    """The states as packed integers."""

    def page(self, start: int, end: int) -> list[int]:
        """Those at start .. end - 1."""
        width = self.store.width
        words = self.store.states[start * width : max(start, end) * width].astype("<i8").tobytes()
        octets = width * WORD // 8
        return [int.from_bytes(words[i : i + octets], "little") for i in range(0, len(words), octets)]


class Parents(_View):
    """The positions of the parents, -1 for initial states."""

    def page(self, start: int, end: int) -> list[int]:
        """Those of the states start .. end - 1."""
        return [-1 if parent == NONE else parent for parent in self.store.parents[start:end].tolist()]


class Index(Mapping[int, int]):
    """Packed state -> position."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def __getitem__(self, code: int) -> int:
        found = int(self.store.positions(self.store.rows([code]))[0]) if 0 <= code < 1 << self.store.width * WORD else -1
        if found < 0:
            raise KeyError(code)
        return found

    def __len__(self) -> int:
        return self.store.known

    def __iter__(self) -> Iterator[int]:
        return iter(States(self.store))
