"""`synproof list claims`: each claim with its verdict, from results that are found while it is listed."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from ..catalogue import find
from ..experiment import Experiment, Found, Laboratory
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
        for claim in claims:
            console.say("\n".join(_told(claim, found[claim.name], console.width)))
    return 0


def _told(claim: Claim, found: Sequence[Found], width: int) -> list[str]:
    """Verdict and claim, what decides it, and what it needs."""
    lines = definition_lines([(f"{claim.name:<5}", f"{claim.holding.value}: {claim.says}")], width)
    notes = [f"{one.experiment.place}: {_asked(one.experiment)} {one.told}" for one in found]
    notes += [f"needs: {need}" for need in claim.needs] + ([f"saved by: {claim.saved}"] if claim.saved else [])
    for note in notes:
        lines += textwrap.wrap(note, width, initial_indent=" " * 9, subsequent_indent=" " * 11, break_on_hyphens=False)
    return lines


def _asked(experiment: Experiment) -> str:
    if experiment.via:
        count = len(experiment.via)
        return f"by way of {count} states" + (f", {experiment.prop} violated:" if experiment.prop else ":")
    return experiment.prop if experiment.kind is None else f"{experiment.kind.value} {experiment.text}"


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
