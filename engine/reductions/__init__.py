"""Reductions: fewer states for the same verdicts. Each is off unless it is asked for, and says why where it is not sound."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["REDUCTIONS"]

REDUCTIONS: Mapping[str, str] = {
    "dead-variables": "what cannot be read again before it is overwritten gets one value",
    "symmetry": "a state and its mirror image are one where two actors play the same part",
}
"""The reductions that there are, in the order in which they are applied, and what each does."""
