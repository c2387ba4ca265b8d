"""Interrupts at known places only: work that must not be left half done is done, and then the interrupt comes."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["shielded"]


@contextmanager
def shielded() -> Iterator[Callable[[], None]]:
    """A keyboard interrupt inside is raised where the function that is given is called next, or at the end.

    That holds in the main thread, where alone Python raises interrupts.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield lambda: None
        return
    waiting: list[FrameType | None] = []

    def pause() -> None:
        if waiting:
            before(signal.SIGINT, waiting.pop())

    signal.signal(signal.SIGINT, lambda _, frame: waiting.append(frame))
    try:
        yield pause
    finally:
        signal.signal(signal.SIGINT, before)
        pause()
