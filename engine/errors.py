"""The errors of the engine, each named after the mistake that causes it.

Misuse of the language raises a subclass of `LanguageError` while a system is being written; a value that leaves its
sort while a system runs raises `ValueOutsideSort`. Whoever shows errors to people (the command line) catches
`SynproofError` and prints its text: every text says what was wrong, where, and what exists instead.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable

__all__ = [
    "DoubleAssignment",
    "LanguageError",
    "SortMismatch",
    "SymbolicTruth",
    "SynproofError",
    "UnknownName",
    "ValueOutsideSort",
    "caller",
    "did_you_mean",
]


MANY, FIRST = 24, 8  # names that are listed as a whole; names that are shown of more


class SynproofError(Exception):
    """Anything that is told to a person in one message, without a traceback."""


class LanguageError(SynproofError):
    """A system, an action or an expression that makes no sense as written."""


class SymbolicTruth(LanguageError):
    """A symbolic value was used where Python needs a definite True or False (`if`, `and`, `not`, `in`, `a < b < c`)."""


class SortMismatch(LanguageError):
    """An operator was given arguments of sorts that do not fit together."""


class UnknownName(LanguageError):
    """A variable, field, member or parameter that does not exist."""


class DoubleAssignment(LanguageError):
    """One action assigns the same variable twice."""


class ValueOutsideSort(SynproofError):
    """A concrete value does not belong to the sort it was meant for."""


def did_you_mean(wrong: str, known: Iterable[str], listed_by: str = "") -> str:
    """The end of an error message: the nearest known name, or one that begins so, or the list of known names.

    Of very many names only the first are shown, and the command that lists them all, if there is one.

    >>> did_you_mean("stat", ["state", "iss"])
    "did you mean 'state'?"
    >>> did_you_mean("x", ["state", "iss"])
    'known: iss, state'
    """
    names = sorted(set(known))
    begins = [name for name in names if len(wrong) > 1 and name.startswith(wrong)]
    near = difflib.get_close_matches(wrong, names, n=1) or begins
    if near:
        return f"did you mean {near[0]!r}?"
    if len(names) <= MANY:
        return "known: " + (", ".join(names) or "none")
    return f"there are {len(names)}: {', '.join(names[:FIRST])}, ..." + (f" ({listed_by})" if listed_by else "")


def caller(depth: int) -> str:
    """File and line of the frame `depth` calls above, as `file:line` (for errors that say where a line was written)."""
    frame = sys._getframe(depth + 1)
    return f"{frame.f_code.co_filename.rpartition('/')[2]}:{frame.f_lineno}"
