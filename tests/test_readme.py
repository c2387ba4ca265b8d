"""What the README shows is what the tool prints: every console block is run and compared.

A block is a fenced `console` block; its first line is `$ synproof ...`. A line `[...]` stands for any lines left out.
Seconds are not compared, for they are the machine's.
"""

from __future__ import annotations

import io
import os
import re
import shlex
from contextlib import redirect_stdout, suppress
from pathlib import Path

import pytest

from synproof.engine.cli import main
from synproof.models.ledger.pages import PAGES

from .house import ROOT

BLOCK = re.compile(r"^```console\n\$ synproof ((?:[^\n]*\\\n)*[^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DOCUMENTS = ["README.md"]


def blocks() -> list[tuple[str, str, str]]:
    """(document, command, text shown) of every console block."""
    return [
        (name, command.replace("\\\n", " "), shown)
        for name in DOCUMENTS
        for command, shown in BLOCK.findall((ROOT / name).read_text(encoding="utf-8"))
    ]


def printed(command: str, monkeypatch: pytest.MonkeyPatch, where: Path) -> str:
    """What the command writes on standard output, 80 columns wide."""
    monkeypatch.chdir(where)
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("FORCE_COLOR", "SYNPROOF_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with redirect_stdout(out):
        with suppress(SystemExit):
            main(shlex.split(command))
        out.flush()
        out.seek(0)
        return out.read()


def without_seconds(text: str) -> list[str]:
    """The lines, with every number of seconds blanked."""
    lines = []
    for line in text.splitlines():
        if line.strip().startswith("seconds"):
            line = "seconds"
        lines.append(re.sub(r"\d+(\.\d+)? s\b", "_ s", line).rstrip())
    return lines


def is_shown(shown: list[str], real: list[str]) -> bool:
    """Whether the lines shown are the real ones, `[...]` standing for any number of them."""
    pieces: list[list[str]] = [[]]
    for line in shown:
        if line.strip() == "[...]":
            pieces.append([])
        else:
            pieces[-1].append(line)
    at = 0
    for i, piece in enumerate(pieces):
        places = range(at, len(real) - len(piece) + 1)
        if i == 0:
            places = range(1)
        if i == len(pieces) - 1:
            places = range(max(at, len(real) - len(piece)), len(real) - len(piece) + 1)
        found = next((p for p in places if real[p : p + len(piece)] == piece), None)
        if found is None:
            return False
        at = found + len(piece)
    return True


@pytest.mark.parametrize(("document", "command", "shown"), blocks(), ids=lambda value: value[:40])
def test_the_documents_show_what_is_printed(
    document: str, command: str, shown: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real = without_seconds(printed(command, monkeypatch, tmp_path))
    assert is_shown(without_seconds(shown), real), f"{document}: `synproof {command}` prints\n" + os.linesep.join(real)


def test_the_readme_has_blocks_to_compare() -> None:
    assert any(command.startswith("compare two-way three-way") for _, command, _ in blocks())


def test_the_readme_names_every_document() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\(docs/([\w-]+)\.md\)", text))
    assert linked == {path.stem for path in (ROOT / "docs").glob("*.md")}
    pages = text.partition("### The pages")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\* \[docs/([\w-]+)\.md\]", pages, re.MULTILINE)) == {page.name for page in PAGES}
    assert "Seven pages" in pages and len(PAGES) == 7


@pytest.mark.parametrize(
    ("shown", "real", "same"),
    [
        (["a", "b"], ["a", "b"], True),
        (["a"], ["a", "b"], False),
        (["a", "[...]"], ["a", "b"], True),
        (["a", "[...]", "c"], ["a", "b", "c"], True),
        (["[...]", "c"], ["a", "c", "b"], False),
        (["[...]", "b", "[...]"], ["a", "c"], False),
    ],
)
def test_lines_left_out_stand_for_any_lines(shown: list[str], real: list[str], same: bool) -> None:
    assert is_shown(shown, real) is same
