"""The matrix: verdicts of several models beside each other, as many as fit, and how far each search went."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from string import ascii_uppercase

from ..comparison import Row
from ..property import Verdict
from ..results import ModelResult, PropertyResult

__all__ = ["matrix_lines"]

LONGEST_HEAD = 20  # names of models from which on columns have letters


def matrix_lines(results: Sequence[ModelResult], rows: Sequence[Row], width: int) -> list[str]:
    """The verdict matrix, and below it how far each search went. As many columns beside each other as fit."""
    heads, lines = _heads([result.model for result in results])
    asked = [row for row in rows if any(cell is None or cell.verdict is not Verdict.NOT_APPLICABLE for cell in row.cells)]
    table = [(("* " if row.differs else "  ") + row.name, [_cell(cell) for cell in row.cells]) for row in asked]
    table.append(("", [""] * len(results)))
    table += [(f"  {name}", [write(result) for result in results]) for name, write in _BOUNDS]
    widths = [max(len(head), *(len(cells[i]) for _, cells in table)) for i, head in enumerate(heads)]
    room = width - 2 - max(widths)  # a name that is longer stands alone, above its cells
    first = max((len(name) for name, _ in table if len(name) <= room), default=4)
    for block in _blocks(first, widths, width):
        if lines:
            lines.append("")
        for name, cells in [("", heads), *table]:
            if len(name) > first:
                lines.append(name)
                name = ""
            lines.append(f"{name:<{first}}" + "".join(f"  {cells[i]:<{widths[i]}}" for i in block))
            lines[-1] = lines[-1].rstrip()
    if any(row.differs for row in rows):
        lines += ["", *textwrap.wrap("* they differ; (n): steps of the shortest run", width, subsequent_indent="  ")]
    left_out = [row.name for row in rows if row not in asked]
    if left_out:
        lines += textwrap.wrap(f"applies to none of them: {', '.join(left_out)}", width, subsequent_indent="  ")
    return lines


def _heads(names: list[str]) -> tuple[list[str], list[str]]:
    """The heads of the columns, and lines that explain them if they are letters."""
    if max(map(len, names)) <= LONGEST_HEAD:
        return names, []
    letters = [ascii_uppercase[i % 26] * (i // 26 + 1) for i in range(len(names))]
    return letters, [f"{letter:<3}{name}" for letter, name in zip(letters, names, strict=True)]


def _blocks(first: int, widths: Sequence[int], room: int) -> list[list[int]]:
    blocks: list[list[int]] = []
    used = room + 1
    for i, width in enumerate(widths):
        if used + 2 + width > room:
            blocks.append([])
            used = first
        blocks[-1].append(i)
        used += 2 + width
    return blocks


def _cell(found: PropertyResult | None) -> str:
    if found is None:
        return "not asked"
    return found.verdict.value + ("" if found.steps is None else f" ({found.steps})")


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


_BOUNDS: tuple[tuple[str, Callable[[ModelResult], str]], ...] = (
    ("states", lambda r: _number(r.states)),
    ("transitions", lambda r: _number(r.transitions)),
    ("depth", lambda r: _number(r.depth)),
    ("search", lambda r: "complete" if r.complete else f"cut: {r.stopped_by}"),
    ("drops (full channel)", lambda r: _number(r.overflows)),
    ("seconds", lambda r: f"{r.seconds:.1f}"),
)

