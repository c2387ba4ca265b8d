"""Alternatives: which other values of a setting are worth trying, one at a time, and whose matter each setting is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from synproof.engine.ledger import Alternative
from synproof.spec.settings import SETTINGS

__all__ = ["alternatives"]

ENDS, NETWORK, USERS, BOUNDS = "what the ends do", "what the network does", "what users and accidents do", "bounds"

ABOUT: Mapping[str, str] = {
    **dict.fromkeys(("capacity", "loss", "duplicate", "reorder", "msl", "attacker", "old-duplicates"), NETWORK),
    **dict.fromkeys(("client", "server", "relisten", "data", "syn-data", "close", "abort", "crash"), USERS),
    **dict.fromkeys(("incarnations", "seq-bits", "window", "wrap", "rate"), BOUNDS),
}
"""Settings that are not what the ends do."""

TRIED: Mapping[str, tuple[str | int, ...]] = {
    "loss": ("off",), "duplicate": ("off",), "close": ("off", "on"), "abort": ("off",), "crash": (0,), "data": (0,),
    "old-duplicates": ("none",), "incarnations": (1,), "capacity": ("1:1",), "isn": ("fresh", "number-fresh", "reuse"),
    "attacker": ("off",), "keepalive": ("off", "may-fire:1"), "wrap": (), "rate": (),
}  # fmt: skip
"""What is tried of settings whose values are not words, or some of whose words can only make more happen."""


def alternatives(values: Mapping[str, str | int]) -> Iterator[Alternative]:
    """Every other value that is worth trying, by whose matter it is."""
    for about in (ENDS, NETWORK, USERS, BOUNDS):
        for row in SETTINGS:
            if ABOUT.get(row.name, ENDS) == about:
                for value in TRIED.get(row.name, row.values.words):
                    if row.values.write(row.read(value)) != values[row.name]:
                        yield Alternative(row.name, value, about)
