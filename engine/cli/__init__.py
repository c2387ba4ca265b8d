"""The command line: `synproof COMMAND`. One module per command; this one only starts the chosen one."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence

__all__ = ["main"]

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give back its exit code. `arguments` are those of the process unless given."""
    try:
        from .run import run
    except KeyboardInterrupt:  # before there is anything that could say it better
        if sys.stderr is not None:
            sys.stderr.write("interrupted\n")
        return INTERRUPTED
    code = run(arguments)
    if code == INTERRUPTED and arguments is None and threading.active_count() > 1:
        _leave(code)
    return code


def _leave(code: int) -> None:
    """End the process now: the interpreter would wait for a thread in which LLVM is at work, which cannot be told to stop."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            pass  # that was told already, or there is nobody who could be told
    os._exit(code)
