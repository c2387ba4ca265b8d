"""Expectations: does a check find what the model file declares? Verdicts, steps, states, transitions, depth."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from ..choosing import Chosen
from ..property import Verdict
from ..results import ModelResult, PropertyResult, disagreements, stronger
from .report import plural

__all__ = ["expectation_report", "mismatches"]

GOOD = (Verdict.HOLDS, Verdict.PROVED, Verdict.REACHED, Verdict.NOT_APPLICABLE)  # what is expected where nothing is declared


def mismatches(one: Chosen, results: Sequence[ModelResult]) -> list[str]:
    """What is not as declared, one sentence each. A property of which nothing is declared is expected to hold or be reached."""
    found = [fault for result in stronger(results) for fault in _of_property(result)]
    for result in results:
        if result.states is not None:
            found += _of_counts(one, result)
    return [*found, *(f"the engines disagree: {text}" for text in disagreements(results))]


def _of_property(result: PropertyResult) -> list[str]:
    declared, steps = result.prop.expect, result.prop.expect_steps
    reason = f" ({result.reason})" if result.reason else ""
    if declared is None:
        fault = result.verdict not in GOOD
        return [f"{result.name}: {result.verdict.value}{reason}, and nothing is declared of it"] if fault else []
    if declared is not result.verdict:
        return [f"{result.name}: declared {declared.value}, found {result.verdict.value}{reason}"]
    if steps is not None and steps != result.steps:
        return [f"{result.name}: declared {plural(steps, 'step')}, found {result.steps}"]
    return []


def _of_counts(one: Chosen, result: ModelResult) -> list[str]:
    declared = one.model.expect
    pairs = (
        ("states", declared.states, result.states),
        ("transitions", declared.transitions, result.transitions),
        ("depth", declared.depth, result.depth),
    )
    return [f"{name}: declared {want:,}, found {got:,}" for name, want, got in pairs if want is not None and want != got]


def expectation_report(one: Chosen, results: Sequence[ModelResult], width: int) -> str:
    """One line for a model that is as declared, else what is not."""
    faults = mismatches(one, results)
    seconds = sum(result.seconds for result in results)
    states = next((f"{plural(r.states, 'state')}, " for r in results if r.states is not None), "")
    count = len(one.subject.properties)
    properties = f"{count} {'property' if count == 1 else 'properties'}"
    found = f"{one.subject.name}: {properties}, {states}{seconds:.1f} s"
    first = f"{'NOT as declared' if faults else 'as declared':<15}  {found}"
    lines = textwrap.wrap(first, width, subsequent_indent=" " * 4, break_on_hyphens=False)
    for fault in faults:
        lines += textwrap.wrap(fault, width, initial_indent=" " * 4, subsequent_indent=" " * 6, break_on_hyphens=False)
    return "\n".join(lines)
