"""What goes wrong between a person and the command line, each with the exit code that is documented."""

from __future__ import annotations

from ..errors import SynproofError

__all__ = ["CannotWrite", "CommandLineError", "NotBuiltYet", "NothingFound", "NothingToExport"]


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
