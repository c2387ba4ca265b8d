"""What goes wrong between a person and the command line, each with the exit code that is documented."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import SynproofError

__all__ = ["CannotWrite", "CommandLineError", "NotBuiltYet", "NothingFound", "NothingToExport", "Several", "exit_code_of"]

SHOWN = 8  # of several errors


class CommandLineError(SynproofError):
    """The command line does not say what it should: an unknown option, setting name or property, a bad expression."""

    exit_code = 2


class NotBuiltYet(CommandLineError):
    """Documented, and not there yet."""


class CannotWrite(SynproofError):
    """A file or folder cannot be written."""

    exit_code = 153


class NothingToExport(SynproofError):
    """The check that was to give a run gives none."""

    exit_code = 2


class NothingFound(NothingToExport):
    """Not yet: the check was cut short."""

    exit_code = 152


class Several(SynproofError):
    """More than one thing is wrong, each in a model of its own. The exit code is the first that applies."""

    def __init__(self, errors: Sequence[SynproofError]) -> None:
        from ..results import EXIT_CODES

        texts = list(dict.fromkeys(map(str, errors)))
        more = [f"and {len(texts) - SHOWN} more of the kind"] if len(texts) > SHOWN else []
        super().__init__("\n".join([*texts[:SHOWN], *more]))
        self.exit_code = min(map(exit_code_of, errors), key=[*EXIT_CODES.values()].index)


def exit_code_of(error: SynproofError) -> int:
    """The exit code of an error that is told to a person: its class has it.

    What has none is a failure of the program: a system that leaves its sorts, a run that the evaluator does not reproduce.
    """
    from ..results import EXIT_CODES

    code = getattr(error, "exit_code", None)
    return code if isinstance(code, int) else EXIT_CODES["system"]
