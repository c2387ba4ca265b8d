"""`synproof docs`: the pages that are generated from checked results, written or compared with what is there."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from ..catalogue import find
from ..errors import did_you_mean
from ..experiment import Laboratory
from ..files import write_text
from ..ledger import Page
from .arguments import Parser
from .console import Console
from .trouble import CommandLineError

__all__ = ["configure", "run"]

NOT_AS_IT_SHOULD_BE = 1  # a page is stale, or a result differs from what is said of it


def configure(parser: Parser) -> None:
    """The options of `docs`."""
    parser.add_argument("pages", nargs="*", metavar="PAGE", help="only these pages (all)")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a page is not what would be written")
    parser.add_argument("--into", default="docs", metavar="DIR", help="the folder of the pages (docs)")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Make the pages; write them, or compare."""
    catalogue = find()
    pages = _wanted(catalogue.pages(), arguments.pages)
    folder = Path(arguments.into)
    if not folder.is_dir():
        raise CommandLineError(f"there is no folder {folder} here: go to the root of a checkout, or name one with --into DIR")
    laboratory = Laboratory(catalogue, console.progress())
    for page in pages:
        laboratory.plan(page.experiments())
    differences = laboratory.every_difference()
    if differences:
        for text in differences:
            console.complain(f"synproof: {text}")
        console.complain("synproof: no page was written: change what is said, or what is wrong")
        return NOT_AS_IT_SHOULD_BE
    stale = 0
    for page in pages:
        path = folder / f"{page.name}.md"
        text = page.write(laboratory)
        there = path.read_text(encoding="utf-8") if path.is_file() else None
        if there == text:
            console.say(f"{path}: up to date")
        elif arguments.check:
            stale += 1
            console.say(f"{path}: {_staleness(there, text)}")
        else:
            write_text(path, text, overwrite=True)
            console.say(f"{path}: written")
    if stale:
        console.complain(f"synproof: {stale} of {len(pages)} pages are stale; `synproof docs` writes them anew")
    return NOT_AS_IT_SHOULD_BE if stale else 0


def _wanted(pages: Sequence[Page], names: Sequence[str]) -> list[Page]:
    known = {page.name: page for page in pages}
    for name in names:
        if name not in known:
            raise CommandLineError(f"there is no page {name[:80]!r}; {did_you_mean(name[:80], known)}")
    return [page for page in pages if not names or page.name in names]


def _staleness(there: str | None, text: str) -> str:
    if there is None:
        return "stale: it does not exist"
    old, new = there.splitlines(), text.splitlines()
    line = next((i for i, (a, b) in enumerate(zip(old, new, strict=False), 1) if a != b), min(len(old), len(new)) + 1)
    return f"stale from line {line} on"
