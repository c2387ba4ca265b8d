"""Quotations: what the ledger puts between quotation marks stands in the RFC, or in the tutorial, word for word.

The texts lie beside the checkout, in `shared/`, and not in it: where they are missing there is nothing to compare with.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from synproof.engine.ledger import Quote
from synproof.models.ledger.coverage_data import Clause, clauses
from synproof.models.ledger.reading import claims, divisions, topics

from ..house import ROOT

TEXTS = ROOT.parent / "shared"
PLAIN = str.maketrans("“”‘’，。；：（）", "\"\"'',.;:()")


@cache
def text(path: Path) -> str:
    """A text without its white space and the marks of its lists: lines, and words broken at a hyphen, make no difference."""
    if not path.exists():
        pytest.skip(f"{path.parent.name}/{path.name} is not beside the checkout")
    return plain(re.sub(r"^\s+[-+*o]\s", " ", path.read_text(encoding="utf-8"), flags=re.MULTILINE))


def plain(words: str) -> str:
    """Words without white space, quotation marks and punctuation of one kind."""
    return "".join(words.translate(PLAIN).split())


def missing(words: str, path: Path) -> str | None:
    """The first part that does not stand behind the one before it. Parts are separated by an ellipsis."""
    place = 0
    for part in re.split(r"…|\.\.\.(?!\.)", words):
        wanted = plain(part)
        found = text(path).find(wanted, place)
        if found < 0:
            return part
        place = found + len(wanted)
    return None


def rfc(source: str) -> Path:
    """The RFC that a source names; `3.10.4` alone is of RFC 9293."""
    number = re.match(r"(?:RFC (\d+))?", source)
    return TEXTS / "rfc" / f"rfc{(number and number.group(1)) or 9293}.txt"


OF_THE_RFC = [quote for row in divisions() for quote in row.quotes] + [topic.quote for topic in topics()]


@pytest.mark.parametrize("quote", OF_THE_RFC, ids=lambda quote: f"{quote.source} {quote.text[:30]}")
def test_a_quotation_of_an_rfc_stands_there_word_for_word(quote: Quote) -> None:
    if not quote.source.startswith("RFC"):
        pytest.skip(f"{quote.source} is no RFC")
    assert missing(quote.text, rfc(quote.source)) is None


@pytest.mark.parametrize("row", clauses(), ids=lambda row: f"{row.section} {row.step} {row.says[:30]}")
def test_a_clause_of_the_coverage_stands_there_word_for_word(row: Clause) -> None:
    if row.section.startswith("not"):
        pytest.skip("not in the RFC")
    assert missing(row.says, rfc(row.section)) is None


@pytest.mark.parametrize("quote", [quote for row in claims() for quote in row.quotes], ids=lambda quote: quote.text[:12])
def test_a_claim_is_quoted_in_the_tutorial_s_words(quote: Quote) -> None:
    original, _, _ = quote.text.partition(" — ")
    assert missing(original, TEXTS / "seed" / "tutorial-zh.txt") is None


def test_words_that_are_not_there_are_found_missing() -> None:
    path = rfc("RFC 9293 3.5.2")
    assert missing("The connection remains in the same state.", path) is None
    assert missing("The connection … same state.", path) is None
    assert missing("The connection remains in the very same state.", path) == "The connection remains in the very same state."
    assert missing("same state. … The connection does not exist at all", path) is not None
