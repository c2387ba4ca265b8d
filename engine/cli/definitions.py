"""Definitions: names on the left, what they mean on the right; below each other where that leaves no room."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from .console import WIDTH

__all__ = ["definition_lines"]

LONGEST = 26  # names up to which the meaning stands on the same line


def definition_lines(pairs: Sequence[tuple[str, str]], width: int = WIDTH) -> list[str]:
    """Names and meanings, the meanings below each other.

    >>> definition_lines([("loss", "what gets lost"), ("isn", "numbers")])
    ['loss  what gets lost', 'isn   numbers']
    """
    most = min(LONGEST, width // 3)
    first = max((len(name) for name, _ in pairs if len(name) <= most), default=4)
    lines: list[str] = []
    for name, meaning in pairs:
        told = textwrap.wrap(meaning, width - first - 2, break_on_hyphens=False) or [""]
        if len(name) > first:
            lines.append(name)
            name = ""
        lines.append(f"{name:<{first}}  {told[0]}".rstrip())
        lines += [" " * (first + 2) + line for line in told[1:]]
    return lines
