"""The table of `docs/reductions.md`: what each of its rows says, and what is true.

From the root of the checkout, after a change that moves counts:

    python -m tests.engine.reductions.table

writes the rows anew (the largest takes a minute or two).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from synproof.engine.api import load_model
from synproof.engine.checker import watched
from synproof.engine.reductions import REDUCTIONS
from synproof.engine.reductions.reduced import reduced
from synproof.engine.search.explore import explore

from ...house import ROOT

__all__ = ["ROW", "rows", "true_row"]

DOCUMENT = ROOT / "docs" / "reductions.md"
ROW = re.compile(r"^\| `([\w-]+)`((?: [\w-]+=[\w:]+)*) \| ([\d,]+) \|.*\|$", re.MULTILINE)
SAFETY = ["no-ghost-connection", "one-connection-each", "no-stale-acceptance", "no-spurious-abort", "no-deadlock"]
QUESTIONS: list[tuple[list[str], list[str]]] = [
    ([], ["dead-variables"]), (SAFETY[:1], ["dead-variables"]), (SAFETY, ["symmetry"]), (SAFETY, [*REDUCTIONS]),
]  # fmt: skip
"""What is asked in each column (nothing: all that the model declares), and with which reductions."""


def rows() -> list[tuple[str, str, str, str]]:
    """Of each row the text, the model, the settings and the states of the whole system."""
    return [(found[0], *found.groups()) for found in ROW.finditer(DOCUMENT.read_text(encoding="utf-8"))]  # type: ignore[misc]


def true_row(name: str, settings: str) -> str:
    """The row as it should be."""
    whole = _states(name, settings, [], [])
    assert whole is not None
    cells = []
    for asked, names in QUESTIONS:
        found = _states(name, settings, asked, names)
        cells.append("-" if found is None else f"{found:,} ({whole / found:.2f})")
    return f"| `{name}`{settings} | {whole:,} | {' | '.join(cells)} |"


def _states(name: str, settings: str, asked: Sequence[str], names: Sequence[str]) -> int | None:
    """How many states are explored; None if a reduction is refused."""
    subject = load_model(name, dict(pair.split("=") for pair in settings.split()), asked)
    properties = watched(subject)
    small = reduced(subject.system, properties, names)
    return None if small.refused else len(explore(small.system, properties, mirror=small.mirror).states)


if __name__ == "__main__":
    text = DOCUMENT.read_text(encoding="utf-8")
    for row, name, settings, _ in rows():
        now = true_row(name, settings)
        print(now, flush=True)
        text = text.replace(row, now)
    DOCUMENT.write_text(text, encoding="utf-8")
