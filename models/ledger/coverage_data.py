"""Coverage, as it is written down: the clauses of RFC 9293 3.10 and the numbered requirements, with what of ours answers each.

The tables lie beside this module. What the models do is counted (`census`) and never written in them.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from synproof.spec.states import STATE, SYN_RECEIVED, SYNCHRONIZED

__all__ = ["Clause", "Requirement", "beyond", "clauses", "never", "numbers", "others", "requirements"]

OTHER_STATES = tuple(str(state.attr) for state in (SYN_RECEIVED, *SYNCHRONIZED))  # those of 3.10.7.4
WITH_TCB = tuple(member for member in STATE.members if member != "CLOSED")
STANDS_FOR = {"ALL": OTHER_STATES, "ANY": WITH_TCB}


@dataclass(frozen=True)
class Clause:
    """A clause: where it stands, for which states it is, its words, and what of ours answers it.

    `rules` are names of functions in spec/; `call` names a call that is refused; `missing` says what is not modelled and why;
    `only` are the states of the clause in which the rules can do what it says.
    """

    section: str
    states: tuple[str, ...]
    says: str
    step: str = ""
    rules: tuple[str, ...] = ()
    call: str = ""
    missing: str = ""
    remark: str = ""
    only: tuple[str, ...] = ()

    @property
    def answered_in(self) -> tuple[str, ...]:
        """The states in which a rule answers, if one does."""
        return self.only or self.states


@dataclass(frozen=True)
class Requirement:
    """One or several numbered requirements: what they ask, whether ours does it (modelled, partly, not), and by what."""

    name: str
    says: str
    extent: str
    rules: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    remark: str = ""


@cache
def clauses() -> tuple[Clause, ...]:
    """The clauses, in the order of the RFC."""
    return tuple(_clause(row) for name in ("coverage_calls", "coverage_arrivals") for row in _table(name)["clause"])


def _clause(row: dict[str, Any]) -> Clause:
    states = tuple(state for name in row["states"] for state in STANDS_FOR.get(name, (name,)))
    return Clause(**{**_values(row), "states": states})


@cache
def requirements() -> tuple[Requirement, ...]:
    """The requirements that concern connections."""
    return tuple(
        Requirement(**_values({"extent" if key == "is" else key: value for key, value in row.items()}))
        for row in _table("coverage_requirements")["requirement"]
    )


def _values(row: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}


@cache
def others() -> tuple[tuple[str, str], ...]:
    """The other requirements: what a group is about, and its names."""
    return tuple((row["about"], row["names"]) for row in _table("coverage_requirements")["other"])


@cache
def beyond() -> dict[str, str]:
    """Rule -> why a change of state by it is not drawn in figure 5."""
    return {rule: row["why"] for row in _table("coverage_requirements")["beyond"] for rule in row["rules"]}


@cache
def never() -> dict[str, str]:
    """Action, without its end -> why no shipped model takes it."""
    return {action: row["why"] for row in _table("coverage_requirements")["never"] for action in row["actions"]}


def numbers(names: str) -> list[str]:
    """The requirements that are named.

    >>> numbers("MAY-5, MUST-24 to MUST-26")
    ['MAY-5', 'MUST-24', 'MUST-25', 'MUST-26']
    """
    found = []
    for part in names.split(", "):
        ends = re.findall(r"([A-Z]+)-([0-9]+)", part)
        (kind, first), (_, last) = ends[0], ends[-1]
        found += [f"{kind}-{number}" for number in range(int(first), int(last) + 1)]
    return found


@cache
def _table(name: str) -> dict[str, Any]:
    path = Path(__file__).with_name(f"{name}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))
