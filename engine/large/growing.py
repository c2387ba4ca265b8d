"""Arrays that grow in place: memory straight from the system, in large pages where it has them, none used before its time."""

from __future__ import annotations

import mmap
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy

    Array: TypeAlias = numpy.ndarray[Any, Any]

__all__ = ["Growing"]


class Growing:
    """An array of numbers, zero where nothing was written. What `array` gave before it grew must not be used after that."""

    def __init__(self, kind: str, size: int) -> None:
        import numpy

        self._numpy, self._kind = numpy, numpy.dtype(kind)
        self._memory = self._new(size)
        self.array = self._view(size)

    def grow(self, size: int) -> None:
        """Make it longer; what is there stays."""
        before, octets = self.array, size * self._kind.itemsize
        try:
            if not isinstance(self._memory, mmap.mmap):
                raise ValueError("not from the system")
            self.array = before[:0].copy()
            del before
            self._memory.resize(octets)
        except (BufferError, ValueError, SystemError, OSError):  # somebody looks at it, or the system cannot do that
            before = self._view(len(self._memory) // self._kind.itemsize)
            self._memory = self._new(size)
            self._view(size)[: len(before)] = before
        self.array = self._view(size)

    def _new(self, size: int) -> Any:
        octets = max(1, size * self._kind.itemsize)
        if not hasattr(mmap, "MAP_PRIVATE"):
            return bytearray(octets)
        return mmap.mmap(-1, octets, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)

    def _view(self, size: int) -> Array:
        if hasattr(mmap, "MADV_HUGEPAGE") and isinstance(self._memory, mmap.mmap):
            with suppress(OSError):  # a system that knows the word and not the thing
                self._memory.madvise(mmap.MADV_HUGEPAGE)
        return self._numpy.frombuffer(self._memory, self._kind, size)
