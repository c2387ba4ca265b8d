"""Golden files: texts that were looked at and found good, in `tests/engine/golden/`.

With SYNPROOF_WRITE_GOLDEN=1 in the environment they are written anew; look at what `git diff` then shows.
"""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def assert_golden(name: str, text: str) -> None:
    """The text is what the golden file of this name holds."""
    path = FOLDER / name
    if os.environ.get("SYNPROOF_WRITE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.is_file(), f"there is no {path.name}: write it with SYNPROOF_WRITE_GOLDEN=1 and look at it"
    assert text == path.read_text(encoding="utf-8"), f"{path.name} differs; SYNPROOF_WRITE_GOLDEN=1 writes it anew"
