"""`synproof list claims`: each claim with its verdict, from results that are found while it is listed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..catalogue import find
from ..experiment import Found, Laboratory
from ..ledger import Claim
from .console import Console
from .definitions import definition_lines

__all__ = ["list_claims"]

NOT_AS_IT_SHOULD_BE = 1


def list_claims(console: Console, *, as_json: bool) -> int:
    """Check all that the claims rest on, and list them."""
    catalogue = find()
    claims = catalogue.claims()
    laboratory = Laboratory(catalogue, console.progress())
    laboratory.plan(experiment for claim in claims for experiment in claim.experiments)
    differences = laboratory.every_difference()
    console.clear_progress()
    if differences:
        for text in differences:
            console.complain(f"synproof: {text}")
        console.complain("synproof: a claim is never listed with a verdict that its experiments do not give")
        if as_json:
            console.say_json({"claims": [], "differences": differences})
        return NOT_AS_IT_SHOULD_BE
    found = {claim.name: [laboratory.found(experiment) for experiment in claim.experiments] for claim in claims}
    if as_json:
        console.say_json({"claims": [_entry(claim, found[claim.name]) for claim in claims]})
    else:
        rows = [(claim.name, _told(claim, found[claim.name])) for claim in claims]
        console.say("\n".join(definition_lines(rows, console.width)))
    return 0


def _told(claim: Claim, found: Sequence[Found]) -> str:
    shown = "; ".join(f"{one.experiment.place}: {one.experiment.prop or 'via'} {one.told}" for one in found)
    return f"{claim.holding.value}: {claim.says}" + (f" [{shown}]" if shown else "")


def _entry(claim: Claim, found: Sequence[Found]) -> dict[str, Any]:
    """A claim in `--json`."""
    return {
        "name": claim.name,
        "says": claim.says,
        "verdict": claim.holding.value,
        "quotes": [{"text": quote.text, "source": quote.source} for quote in claim.quotes],
        "finding": claim.finding,
        "needs": list(claim.needs),
        "saved": claim.saved,
        "experiments": [
            {
                "model": one.experiment.model,
                "settings": dict(one.experiment.settings),
                "without": list(one.experiment.without),
                "property": one.experiment.prop,
                "expression": one.experiment.text,
                "via": list(one.experiment.via),
                "verdict": one.verdict.value,
                "steps": one.steps,
                "states": one.search.states,
                "assumption": one.result.assumption,
                "fairness": one.result.fairness,
            }
            for one in found
        ],
    }
