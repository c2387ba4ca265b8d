"""Console: where a command writes, whatever becomes of the reader; and the one line that tells how far a search is."""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from ..render import Look
    from ..search.explore import Progress
    from ..solver.bmc import Deepening

__all__ = ["NARROWEST", "WIDTH", "Console"]

WIDTH = 80  # columns; also on wider terminals, and where nobody knows
NARROWEST = 40  # below this, lines are wrapped by the terminal


class Console:
    """Standard output and standard error of one run of the program.

    A reader that has gone (`synproof ... | head`) ends the writing and nothing else: the command goes on to its exit code. All
    other trouble with the streams is an OSError.
    """

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self._out, self._err = out or sys.stdout, err or sys.stderr
        self._gone = False
        self._progress_width = 0
        self._has_said_json = False
        self.so_far: Callable[[], dict[str, Any]] = _nothing_but_the_version
        self.width = _width(self._out)
        self._told: set[str] = set()  # notes beside the progress: each once

    # -- what was asked for --------------------------------------------------------------------------------------
    def say(self, text: str = "") -> None:
        """One or more lines on standard output; the line of progress is no more."""
        self._clear_progress()
        if self._gone:
            return
        try:
            self._out.write(self._encodable(text) + "\n")
        except BrokenPipeError:
            self._reader_has_gone()

    def say_json(self, value: Any, *, lines: bool = True) -> None:
        """One JSON object on standard output: in many lines for people, or (large ones, much faster) in one."""
        self._has_said_json = True
        self.say(json.dumps(value, indent=2 if lines else None, ensure_ascii=not self._is_unicode))

    def say_json_of_failure(self, error: str, code: int) -> None:
        """The one object of a command that fails before it has said it: what it has found `so_far`, and what was wrong."""
        if not self._has_said_json:
            self.say_json({**self.so_far(), "error": error, "exit_code": code}, lines=False)

    def finish(self) -> None:
        """See to it that everything has arrived. Raises OSError if it cannot (a full disk)."""
        self._clear_progress()
        try:
            if not self._gone:
                self._out.flush()
        except BrokenPipeError:
            self._reader_has_gone()
        except OSError:
            self.abandon()
            raise

    def abandon(self) -> None:
        """Give up what is not written yet, so that the interpreter does not fail on it when it ends."""
        self._gone = True
        if self._out is sys.stdout:
            _discard(self._out)

    def _reader_has_gone(self) -> None:
        self.abandon()

    # -- what was not --------------------------------------------------------------------------------------------
    def complain(self, text: str) -> None:
        """One or more lines on standard error; long ones are wrapped, but for those that are indented."""
        self.note("\n".join(part for line in text.split("\n") for part in _wrapped(line, _width(self._err))))

    def note(self, text: str) -> None:
        """One or more lines on standard error, as they are."""
        self._clear_progress()
        try:
            self._err.write(_encodable(text, self._err) + "\n")
            self._err.flush()
        except OSError:
            pass  # nobody is left who could be told

    def progress(self) -> Callable[[Progress], None] | None:
        """Something that shows the progress of one search on a line of a terminal; None where standard error is none."""
        if not self._err.isatty():
            return None
        from .progress import ProgressLine

        line = ProgressLine()

        def show(progress: Progress) -> None:
            if progress.note and progress.note not in self._told:
                self._told.add(progress.note)
                self.complain(progress.note)
            self.rewrite(line.text(progress))

        return show

    def deepening(self) -> Callable[[Deepening], None] | None:
        """Something that shows how deep a solver has looked, on that line; None where standard error is none."""
        if not self._err.isatty():
            return None
        return lambda at: self.rewrite(f"smt · runs of {at.depth} steps settled · {at.undecided} open · {at.seconds:.0f} s")

    def rewrite(self, text: str) -> None:
        """Put a text on the one line of progress, in the place of what stood there."""
        text = _encodable(text, self._err)[: _width(self._err) - 1]
        try:
            self._err.write("\r" + text.ljust(self._progress_width))
            self._err.flush()
        except OSError:
            return
        self._progress_width = len(text)

    def _clear_progress(self) -> None:
        """Take the line of progress away."""
        if self._progress_width:
            width, self._progress_width = self._progress_width, 0
            try:
                self._err.write("\r" + " " * width + "\r")
                self._err.flush()
            except OSError:
                pass

    # -- how it looks --------------------------------------------------------------------------------------------
    def look(self) -> Look:
        """How ladders are drawn here: Unicode where the stream can write it, colours on a terminal unless NO_COLOR is set."""
        from ..render import Look

        return Look.of(self._out, width=self.width, colour=self.has_colour)

    @property
    def has_colour(self) -> bool:
        """Whether standard output is a terminal whose owner does not object to colours."""
        return self._out.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    @property
    def _is_unicode(self) -> bool:
        return _can_write("│→", self._out)

    def _encodable(self, text: str) -> str:
        return _encodable(text, self._out)


def _nothing_but_the_version() -> dict[str, Any]:
    from importlib.metadata import version

    return {"synproof": version("synproof")}


def _width(stream: TextIO) -> int:
    """The columns to write in: those of a terminal that is narrower than 80, else 80."""
    if not stream.isatty():
        return WIDTH
    return min(max(shutil.get_terminal_size((WIDTH, 24)).columns, NARROWEST), WIDTH)


def _wrapped(line: str, width: int) -> list[str]:
    if len(line) <= width or line.startswith(" ") or max(map(len, line.split())) > WIDTH // 2:  # a path stays in one piece
        return [line]
    return textwrap.wrap(line, width, subsequent_indent="  ", break_on_hyphens=False, break_long_words=False)


def _can_write(text: str, stream: TextIO) -> bool:
    try:
        text.encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _encodable(text: str, stream: TextIO) -> str:
    """The text, with what the stream cannot write replaced: a message is never lost to an encoding."""
    if text.isascii() or _can_write(text, stream):
        return text
    encoding = getattr(stream, "encoding", None) or "ascii"
    return text.translate(_PLAIN).encode(encoding, "replace").decode(encoding)


_PLAIN = str.maketrans(
    {"·": "-", "—": "-", "–": "-", "─": "-", "→": "->", "…": "...", "≤": "<=", "≥": ">=", "×": "x", "“": '"', "”": '"'}
)


def _discard(stream: TextIO) -> None:
    """Let the stream end in nowhere."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):  # a stream without a file behind it needs no such care
        pass
