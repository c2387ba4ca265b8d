"""Where a key stands in a TOML text: the line that an error message about it names.

The standard library's parser forgets lines. `key_lines` walks over the statements of a text that this parser has accepted; of
a text that it has not, it finds what it can.

>>> lines = key_lines('title = "x"\\n[settings]\\nwindow = 2\\n[[property]]\\nname = "p"\\n')
>>> lines["settings", "window"], lines["property", 0], lines["property", 0, "name"]
(3, 4, 5)
"""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["KeyPath", "key_lines", "line_of"]

KeyPath = tuple[str | int, ...]

DEEPEST = 8  # parts of a path that are remembered; a model file has three
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"""[ \t]*(?:"((?:[^"\\\n]|\\.)*)"|'([^'\n]*)'|([A-Za-z0-9_-]+))[ \t]*(\.?)""")
_TEXT = re.compile(r'''"""(?:[^\\]|\\.)*?"{3,5}|\'{3}.*?\'{3,5}|"(?!"")(?:[^"\\\n]|\\.)*"|'(?!\'\')[^'\n]*\'''', re.DOTALL)
_PLAIN = re.compile(r"""[^"'\[\]{}#\n]+""")
_COMMENT = re.compile(r"#[^\n]*")


def key_lines(text: str) -> dict[KeyPath, int]:
    """Path of a table or key -> its line, from 1. The elements of `[[x]]` are ("x", 0), ("x", 1), ..."""
    return _Scanner(text).lines


def line_of(lines: Mapping[KeyPath, int], path: KeyPath) -> int | None:
    """The line of a key, or of the innermost thing around it that has one (a key of an inline table has none)."""
    return next((lines[path[:cut]] for cut in range(len(path), 0, -1) if path[:cut] in lines), None)


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.line, self.counted = 1, 0  # the line of position `counted`
        self.lines: dict[KeyPath, int] = {}
        self.elements: dict[KeyPath, int] = {}  # of [[x]], so far
        table: KeyPath = ()
        while self.skip(_BLANK) and self.at < len(text):
            start = self.at
            line = self.line_here()
            if self.text[self.at] == "[":
                table = self.header(line)
            else:
                self.assignment(table, line)
            self.at = max(self.at, start + 1)

    def skip(self, pattern: re.Pattern[str]) -> bool:
        """Go past the pattern, if it is here."""
        match = pattern.match(self.text, self.at)
        if match:
            self.at = match.end()
        return match is not None

    def line_here(self) -> int:
        self.line += self.text.count("\n", self.counted, self.at)
        self.counted = self.at
        return self.line

    def key(self) -> list[str]:
        """A dotted key; empty if there is none."""
        parts: list[str] = []
        while match := _KEY.match(self.text, self.at):
            self.at = match.end()
            if len(parts) < DEEPEST:
                parts.append(next(part for part in match.groups()[:3] if part is not None))
            if not match[4]:
                break
        return parts

    def inside(self, key: list[str]) -> KeyPath:
        """The path of a table, through the last elements of the arrays of tables that it lies in."""
        path: KeyPath = ()
        for part in key:
            path = (*path, part)
            if path in self.elements:
                path = (*path, self.elements[path])
        return path

    def header(self, line: int) -> KeyPath:
        many = self.text.startswith("[[", self.at)
        self.at += 2 if many else 1
        key = self.key()
        self.to_end_of_line()
        if not key:
            return ()
        path = self.inside(key[:-1])
        path = (*path, key[-1])
        if many:
            self.lines.setdefault(path, line)
            self.elements[path] = self.elements.get(path, -1) + 1
            path = (*path, self.elements[path])
        self.note(path, line)
        return path

    def assignment(self, table: KeyPath, line: int) -> None:
        self.note((*table, *self.key()), line)
        self.value()

    def note(self, path: KeyPath, line: int) -> None:
        for cut in range(1, len(path) + 1):
            self.lines.setdefault(path[:cut], line)

    def value(self) -> None:
        """Go past a value, to the end of the line in which it ends."""
        depth = 0
        while self.at < len(self.text):
            letter = self.text[self.at]
            if letter == "\n" and depth <= 0:
                return
            if letter in "'\"" and not _TEXT.match(self.text, self.at):
                self.at = len(self.text)  # a text that does not end: no TOML
            elif not (self.skip(_TEXT) or self.skip(_COMMENT) or self.skip(_PLAIN)):
                depth += (letter in "[{") - (letter in "]}")
                self.at += 1

    def to_end_of_line(self) -> None:
        end = self.text.find("\n", self.at)
        self.at = len(self.text) if end < 0 else end
