"""The page of claims: what a tutorial says of TCP, each statement with what became of it when it was checked."""

from __future__ import annotations

from collections import Counter

from synproof.engine.experiment import Laboratory
from synproof.engine.ledger import Claim, Holding, Page

from .reading import claims
from .writing import anchor, assumptions, cell, exhibit_lines, head, paragraph, quotation, table

__all__ = ["PAGE"]

WORDS = {
    Holding.TRUE: "true",
    Holding.CONDITIONAL: "true under assumptions",
    Holding.REFUTED: "refuted as worded",
    Holding.OPEN: "open",
}


def _write(laboratory: Laboratory) -> str:
    all_claims = claims()
    counts = Counter(claim.holding for claim in all_claims)
    tally = ", ".join(f"{counts[holding]} {WORDS[holding]}" for holding in Holding if counts[holding])
    lines = head(
        "The claims of a tutorial, checked",
        "A widely read tutorial in Chinese explains how TCP opens and closes connections, and answers four questions that "
        "begin with *why*. Each of its statements is a claim here, with what became of it when it was checked. What is "
        "refuted stays, with its counterexample and with what would save it. The quotations are the tutorial's; the English is "
        "ours.",
        f"Of {len(all_claims)} claims: {tally}. A verdict is of the settings of the model that is named, exhaustively; every "
        "run that is drawn is a shortest one, and was replayed by the reference evaluator. `synproof list "
        "claims` prints the list.",
    )
    lines += table(
        ("claim", "says", "verdict"),
        ((f"[{one.name}](#{anchor(_heading(one))})", cell(one.says), WORDS[one.holding]) for one in all_claims),
    )
    for claim in all_claims:
        lines += ["", *_section(laboratory, claim)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _heading(claim: Claim) -> str:
    return f"{claim.name}: {WORDS[claim.holding]}"


def _section(laboratory: Laboratory, claim: Claim) -> list[str]:
    lines = [f"## {_heading(claim)}", "", *paragraph(f"{claim.says[:1].upper()}{claim.says[1:]}."), ""]
    for quote in claim.quotes:
        lines += [*quotation(quote), ""]
    lines += [*paragraph(claim.finding), ""]
    for exhibit in claim.exhibits:
        lines += exhibit_lines(laboratory, exhibit)
    needs = [*claim.needs, *assumptions(laboratory, claim.experiments)]
    if needs:
        if lines[-1]:
            lines.append("")
        lines += ["**It needs**", "", *(line for need in needs for line in paragraph(need, "* ", "  "))]
    if claim.saved:
        if lines[-1]:
            lines.append("")
        lines += paragraph(f"**What would save it**: {claim.saved}")
    while not lines[-1]:
        lines.pop()
    return lines


PAGE = Page("claims", _write, lambda: (experiment for claim in claims() for experiment in claim.experiments))
