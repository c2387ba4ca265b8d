"""The command line: `synproof COMMAND`. One module per command; this one only starts the chosen one."""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give back its exit code. `arguments` are those of the process unless given."""
    try:
        from .run import run
    except KeyboardInterrupt:  # before there is anything that could say it better
        if sys.stderr is not None:
            sys.stderr.write("interrupted\n")
        return 130
    return run(arguments)
