"""The page of the RFC's text: where RFC 9293 contradicts itself, is silent or leaves a choice, and what follows."""

from __future__ import annotations

from synproof.engine.experiment import Laboratory
from synproof.engine.ledger import Page

from .reading import Division, divisions
from .writing import anchor, exhibit_lines, head, paragraph, quotation

__all__ = ["PAGE"]


def _write(laboratory: Laboratory) -> str:
    lines = head(
        "Where the text of RFC 9293 divides",
        "Places where two clauses contradict each other, where a sentence taken literally cannot be meant, or where the text "
        "is silent and something depends on it. Each has its clauses, the readings (as settings of the specification) with "
        "what follows from either and a run of each, and a wording after which the properties hold, as far as they are named.",
        "A reading that has no setting of its own is a name in `readings`, which `synproof list settings` lists. The laws of "
        "single steps (`follows-figure-5` and the like) speak of the text as it is: another wording may break them.",
    )
    for number, division in enumerate(divisions(), 1):
        title = _heading(number, division)
        lines.append(f"{number}. [{division.title}](#{anchor(title)})")
    for number, division in enumerate(divisions(), 1):
        lines += ["", *_section(laboratory, number, division)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _heading(number: int, division: Division) -> str:
    return f"{number}. {division.title}"


def _section(laboratory: Laboratory, number: int, division: Division) -> list[str]:
    lines = [f"## {_heading(number, division)}", ""]
    for quote in division.quotes:
        lines += [*quotation(quote), ""]
    lines += [*paragraph(division.trouble), ""]
    for exhibit in division.readings:
        lines += exhibit_lines(laboratory, exhibit)
    if division.wording:
        lines += [*([""] if lines[-1] else []), "Wording that would mend it:", "", *paragraph(division.wording, "> ")]
    for title, text in (("", division.afterwards), ("**Open**: ", division.open)):
        if text:
            lines += [*([""] if lines[-1] else []), *paragraph(title + text)]
    while not lines[-1]:
        lines.pop()
    return lines


PAGE = Page("rfc-text", _write, lambda: (experiment for division in divisions() for experiment in division.experiments))
