"""How a run of the specification is told: a sentence per step, with incarnations numbered anew."""

from __future__ import annotations

from typing import Any


def narrate(trace: Any) -> list[str]:
    """One sentence per step."""
    return [step.action.sentence for step in trace.steps]
