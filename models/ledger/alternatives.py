"""Alternatives: which other values of a setting are worth trying, one at a time, and whose matter each setting is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from synproof.engine.ledger import Alternative
from synproof.spec.settings import SETTINGS, Setting

__all__ = ["alternatives"]

ENDS, NETWORK, USERS, BOUNDS = "what the ends do", "what the network does", "what users and accidents do", "bounds"

ABOUT: Mapping[str, str] = {
    **dict.fromkeys(("capacity", "loss", "duplicate", "reorder", "msl", "attacker", "old-duplicates"), NETWORK),
    **dict.fromkeys(("client", "server", "relisten", "data", "syn-data", "close", "abort", "crash"), USERS),
    **dict.fromkeys(("incarnations", "seq-bits", "window"), BOUNDS),
}
"""Settings that are not what the ends do."""

NUMBERS: Mapping[str, tuple[str | int, ...]] = {
    "loss": ("off",), "duplicate": ("off",), "retransmit": ("off", "unlimited"), "close": ("off", "on"),
    "abort": ("off",), "crash": (0,), "data": (0,), "old-duplicates": ("none",), "incarnations": (1,), "capacity": ("1:1",),
    "isn": ("fresh", "number-fresh", "reuse"), "attacker": ("off",),
    "user-timeout": ("off", "may-fire"), "fin-wait-2-timeout": ("off", "may-fire"), "keepalive": ("off", "may-fire:1"),
}  # fmt: skip
"""What is tried of settings that have many values, or values that can only make more happen."""


def alternatives(values: Mapping[str, str | int]) -> Iterator[Alternative]:
    """Every other value that is worth trying, by whose matter it is."""
    for about in (ENDS, NETWORK, USERS, BOUNDS):
        for row in SETTINGS:
            if ABOUT.get(row.name, ENDS) == about:
                for value in _values(row):
                    if row.values.write(row.read(value)) != values[row.name]:
                        yield Alternative(row.name, value, about)


def _values(row: Setting) -> tuple[str | int, ...]:
    if row.name in NUMBERS:
        return NUMBERS[row.name]
    words = tuple(row.values.text.split(", "))
    return words if all(word.replace("-", "").isalnum() and not word[0].isdigit() for word in words) else ()
