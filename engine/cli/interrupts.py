"""Interrupts: one that comes where Python cannot raise it is not lost, it comes again.

Python calls some functions on its own account: finalizers, callbacks of weak references (each import ends with one), callbacks
from C. What is raised in them is reported and forgotten, a keyboard interrupt too.
"""

from __future__ import annotations

import _thread
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["none_is_lost"]

PAUSE = 0.02  # seconds until an interrupt comes again: by then the callback is over


@contextmanager
def none_is_lost() -> Iterator[None]:
    """While this lasts, an interrupt that was raised where nobody could catch it is raised again in the main thread."""
    before = sys.unraisablehook

    def again(unraisable: sys.UnraisableHookArgs) -> None:
        if issubclass(unraisable.exc_type, KeyboardInterrupt):
            _thread.start_new_thread(_interrupt_soon, ())
        elif getattr(unraisable.object, "__name__", "") != "__del__":  # an object that an interrupt left half made
            before(unraisable)

    sys.unraisablehook = again
    try:
        yield
    finally:
        sys.unraisablehook = before


def _interrupt_soon() -> None:
    time.sleep(PAUSE)
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)  # wakes it, should it wait for something
    else:
        _thread.interrupt_main()
