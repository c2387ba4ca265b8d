"""Look: how wide, with which characters and whether in colour something is drawn; and lines to draw on."""

from __future__ import annotations

import textwrap
import unicodedata
from dataclasses import dataclass, field
from enum import Enum as PyEnum
from typing import TextIO

__all__ = ["ASCII", "GLUE", "PLAIN", "UNICODE", "Glyphs", "Line", "Look", "Style"]


GLUE = "\0"  # stands for a space at which no line ends


@dataclass(frozen=True)
class Glyphs:
    """The characters of a ladder."""

    rail: str
    leaves_right: str  # a rail from which an arrow leaves to the right
    leaves_left: str
    changed: str  # a rail whose actor's state changes
    shaft: str
    head_right: str
    head_left: str
    dots: str
    cross: str
    rule: str
    to: str  # between the value before and the value after
    true: str
    false: str
    gap: str  # between two notes on one line


UNICODE = Glyphs("│", "├", "┤", "●", "─", "►", "◄", "···", "✗", "─", "→", "✓ true ", "✗ FALSE", " · ")
ASCII = Glyphs("|", "+", "+", "*", "-", ">", "<", "...", "X", "-", "->", "  true ", "X FALSE", "; ")


class Style(PyEnum):
    """What a piece of text is, for colours: the value is the terminal's code (SGR)."""

    PLAIN = ""
    DIM = "2"
    STRONG = "1"
    ARROW = "36"
    GOOD = "32"
    BAD = "1;31"
    LOST = "31"


@dataclass(frozen=True)
class Look:
    """Width in columns, Unicode or ASCII, colours or not.

    >>> Look(unicode=False).text("a → b — “c”")
    'a -> b - "c"'
    """

    width: int = 80
    unicode: bool = True
    colour: bool = False

    @classmethod
    def of(cls, stream: TextIO, *, width: int = 80, ascii: bool = False, colour: bool = False) -> Look:
        """The look for a stream: Unicode unless told otherwise or the stream's encoding cannot write it."""
        try:
            "".join(vars(UNICODE).values()).encode(getattr(stream, "encoding", None) or "ascii")
        except (UnicodeEncodeError, LookupError):
            ascii = True
        return cls(width, not ascii, colour)

    @property
    def glyphs(self) -> Glyphs:
        """The characters to draw with."""
        return UNICODE if self.unicode else ASCII

    def text(self, text: str) -> str:
        """The text in one line, without control characters, and without what the look cannot show."""
        text = "".join(c if c.isprintable() else " " for c in " ".join(text.split()))
        if self.unicode or text.isascii():
            return text
        for wide, narrow in _IN_ASCII.items():
            text = text.replace(wide, narrow)
        return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()

    def wrap(self, text: str, width: int, indent: str = "") -> list[str]:
        """The text in lines of at most `width` columns, broken at spaces; all but the first begin with `indent`.

        What is written with GLUE for a space stays on one line if a line has room for it.
        """
        words = (word if len(word) <= width - len(indent) else word.replace(GLUE, " ") for word in text.split(" "))
        clean = GLUE.join(self.text(part) for part in " ".join(words).split(GLUE))
        found = textwrap.wrap(clean, max(width, 8), subsequent_indent=indent, break_on_hyphens=False)
        return [line.replace(GLUE, " ") for line in found] or [""]


PLAIN = Look()
_IN_ASCII = {
    "→": "->", "←": "<-", "–": "-", "—": "-", "“": '"', "”": '"', "‘": "'", "’": "'", "…": "...", "·": ".",
    "≤": "<=", "≥": ">=",
}  # fmt: skip


@dataclass
class Line:
    """One line of output: characters, each with a style; what is put later covers what was put before."""

    width: int
    cells: list[str] = field(default_factory=list)
    styles: list[Style] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cells, self.styles = [" "] * self.width, [Style.PLAIN] * self.width

    def put(self, at: int, text: str, style: Style = Style.PLAIN) -> Line:
        """Write text from a column on; what does not fit is cut off."""
        for column, character in enumerate(text, at):
            if 0 <= column < self.width:
                self.cells[column], self.styles[column] = character, style
        return self

    def paste(self, at: int, other: Line) -> Line:
        """Copy another line onto this one."""
        for column, (character, style) in enumerate(zip(other.cells, other.styles, strict=True), at):
            if column < self.width:
                self.cells[column], self.styles[column] = character, style
        return self

    def text(self, look: Look) -> str:
        """The line as it is printed, without spaces at its end."""
        plain = "".join(self.cells).rstrip()
        if not look.colour:
            return plain
        parts: list[str] = []
        style = Style.PLAIN
        for character, wanted in zip(plain, self.styles, strict=False):
            if wanted is not style:
                parts += ["\x1b[0m"] if style.value else []
                parts += [f"\x1b[{wanted.value}m"] if wanted.value else []
                style = wanted
            parts.append(character)
        return "".join(parts) + ("\x1b[0m" if style.value else "")
