"""Running: from the arguments to the exit code, and what becomes of everything that can go wrong on the way."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence

from ..errors import SynproofError
from .console import Console
from .interrupts import none_is_lost

__all__ = ["run"]

SYSTEM_ERROR, INTERRUPTED = 153, 130
OUT_OF_MEMORY = "out of memory; --max-memory SIZE ends a search before that, with what it has found"


def run(arguments: Sequence[str] | None = None, console: Console | None = None) -> int:
    """Run one command and give back its exit code. Only a bug of ours ends in a traceback, and that only if asked for."""
    if sys.stderr is None:  # closed by who called us (`2>&-`), who wants to hear nothing
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 (for as long as the process lasts)
    if sys.stdout is None:
        sys.stderr.write("synproof: standard output is closed; there is nowhere to write to\n")
        return SYSTEM_ERROR
    words = list(sys.argv[1:] if arguments is None else arguments)
    console = console or Console()
    with none_is_lost():
        try:
            code = _run(words, console)
            console.finish()
            return code
        except KeyboardInterrupt:
            return _ended(console, words, INTERRUPTED, "interrupted", who="")
        except SynproofError as error:
            from .trouble import exit_code_of

            return _ended(console, words, exit_code_of(error), *_messages(error))
        except OSError as error:
            if error.errno == errno.ENOMEM:
                return _ended(console, words, SYSTEM_ERROR, OUT_OF_MEMORY)
            if error.filename is None:  # what could not be written is the output
                console.abandon()
            return _ended(console, words, SYSTEM_ERROR, _trouble(error))
        except MemoryError:
            return _ended(console, words, SYSTEM_ERROR, OUT_OF_MEMORY)
        except Exception as error:
            if "KeyboardInterrupt" in str(error):  # a library has wrapped it
                return _ended(console, words, INTERRUPTED, "interrupted", who="")
            if os.environ.get("SYNPROOF_DEBUG"):
                raise
            advice = "run the command again with SYNPROOF_DEBUG=1 and report what it says"
            what = f"this is a bug in synproof ({type(error).__name__}: {error}); {advice}"
            return _ended(console, words, SYSTEM_ERROR, what)


def _ended(console: Console, words: list[str], code: int, *messages: str, who: str = "synproof: ") -> int:
    """Say what has ended the command, on standard error; and where an object is expected on standard output, there too.

    What is wrong with the streams by now is not worth a second message.
    """
    try:
        if "--json" in words:
            console.say_json_of_failure("\n".join(messages), code)
        console.finish()
    except (OSError, KeyboardInterrupt):
        console.abandon()
    for message in messages:
        console.complain(who + message)
    return code


def _run(arguments: list[str], console: Console) -> int:
    from .arguments import Asked, read

    asked = read(arguments)
    if isinstance(asked, Asked):
        return asked.run(console)
    console.say(asked)
    return 0


def _messages(error: SynproofError) -> list[str]:
    """The messages of an error: each line is one, but for what is indented, which belongs to the line above."""
    found: list[str] = []
    for line in str(error).split("\n"):
        if found and line.startswith(" "):
            found[-1] += f"\n{line}"
        else:
            found.append(line)
    return found


def _trouble(error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"{error.filename}: {reason}" if error.filename else f"the output cannot be written: {reason}"
