"""Running: from the arguments to the exit code, and what becomes of everything that can go wrong on the way."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from ..errors import SynproofError
from .console import Console

__all__ = ["exit_code_of", "run"]

SYSTEM_ERROR, INTERRUPTED = 153, 130


def run(arguments: Sequence[str] | None = None, console: Console | None = None) -> int:
    """Run one command and give back its exit code. Only a bug of ours ends in a traceback, and that only if asked for."""
    if sys.stdout is None:  # closed by who called us (`>&-`)
        if sys.stderr is not None:
            sys.stderr.write("synproof: standard output is closed; there is nowhere to write to\n")
        return SYSTEM_ERROR
    console = console or Console()
    try:
        code = _run(list(sys.argv[1:] if arguments is None else arguments), console)
        console.finish()
        return code
    except KeyboardInterrupt:
        _settle(console)
        console.complain("interrupted")
        return INTERRUPTED
    except SynproofError as error:
        _settle(console)
        console.complain(f"synproof: {error}")
        return exit_code_of(error)
    except OSError as error:
        console.abandon()
        console.complain(f"synproof: {_trouble(error)}")
        return SYSTEM_ERROR
    except MemoryError:
        _settle(console)
        console.complain("synproof: out of memory; --max-memory SIZE ends a search before that, with what it has found")
        return SYSTEM_ERROR
    except Exception as error:
        _settle(console)
        if os.environ.get("SYNPROOF_DEBUG"):
            raise
        console.complain(
            f"synproof: this is a bug in synproof ({type(error).__name__}: {error}); "
            "run the command again with SYNPROOF_DEBUG=1 and report what it says"
        )
        return SYSTEM_ERROR


def _run(arguments: list[str], console: Console) -> int:
    from .arguments import Asked, read

    asked = read(arguments)
    if isinstance(asked, Asked):
        return asked.run(console)
    console.say(asked)
    return 0


def exit_code_of(error: SynproofError) -> int:
    """The exit code of an error that is told to a person: its class has it.

    What has none is a failure of the program: a system that leaves its sorts, a run that the evaluator does not reproduce.
    """
    code = getattr(error, "exit_code", SYSTEM_ERROR)
    return code if isinstance(code, int) else SYSTEM_ERROR


def _settle(console: Console) -> None:
    """Write what was said before things went wrong; whatever is wrong with the streams too is not worth a second message."""
    try:
        console.finish()
    except (OSError, KeyboardInterrupt):
        console.abandon()


def _trouble(error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"{error.filename}: {reason}" if error.filename else f"the output cannot be written: {reason}"
