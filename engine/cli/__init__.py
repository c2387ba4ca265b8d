"""The command line: `synproof COMMAND`. One module per command; this one only starts the chosen one."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give back its exit code. `arguments` are those of the process unless given."""
    from .run import run

    return run(arguments)
