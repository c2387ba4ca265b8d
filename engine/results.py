"""Results: what a check found, as frozen values; nothing here searches and nothing prints.

A `ModelResult` is what one engine says of one model, a `PropertyResult` what it says of one property. A verdict that rests on
a run carries its trace, which the reference evaluator has replayed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .property import Property, PropertyKind, Verdict
from .traces.trace import Trace

__all__ = ["EXIT_CODES", "STRENGTH", "ModelResult", "PropertyResult", "disagreements", "exit_code", "stronger"]

EXIT_CODES: Mapping[str, int] = {
    "usage": 2,
    "file": 150,
    "settings": 151,
    "system": 153,
    "interrupted": 130,
    "disagreement": 20,
    "violated": 12,
    "deadlock": 11,
    "eventually violated": 13,
    "not reached": 10,
    "unknown": 21,
    "incomplete": 152,
    "as asked": 0,
}
"""What each ending of the program is worth, in the order in which the first that applies counts."""

STRENGTH: Mapping[Verdict, int] = {
    Verdict.VIOLATED: 6,
    Verdict.REACHED: 6,
    Verdict.PROVED: 5,
    Verdict.HOLDS: 4,
    Verdict.NOT_REACHED: 4,
    Verdict.HOLDS_UP_TO: 3,
    Verdict.INCOMPLETE: 2,
    Verdict.UNKNOWN: 1,
    Verdict.NOT_APPLICABLE: 0,
}
"""How much a verdict settles: a run beats everything, a proof beats a search, a search beats a search that was cut."""

_HAS_TRACE = frozenset({Verdict.VIOLATED, Verdict.REACHED})


@dataclass(frozen=True)
class PropertyResult:
    """The verdict on one property. `reason` says what an undecided verdict lacks; `depth` is the k of `holds-up-to`.

    Raises ValueError for a verdict of the wrong kind, or one that needs a trace and has none.
    """

    prop: Property
    verdict: Verdict
    trace: Trace | None = None
    reason: str = ""
    depth: int | None = None

    def __post_init__(self) -> None:
        if (self.trace is not None) != (self.verdict in _HAS_TRACE):
            raise ValueError(f"{self.name}: {self.verdict.value} {'needs a' if self.trace is None else 'has no'} trace")
        sometimes = self.kind is PropertyKind.SOMETIMES
        wrong = {Verdict.HOLDS, Verdict.VIOLATED, Verdict.HOLDS_UP_TO, Verdict.PROVED} if sometimes else _OF_SOMETIMES
        if self.verdict in wrong:
            raise ValueError(f"{self.name} is a {self.kind.value} property: it cannot be {self.verdict.value}")

    @property
    def name(self) -> str:
        """The property's name."""
        return self.prop.name

    @property
    def kind(self) -> PropertyKind:
        """always, sometimes or eventually."""
        return self.prop.kind

    @property
    def steps(self) -> int | None:
        """The number of transitions of the trace (of a lasso: until it returns)."""
        return None if self.trace is None else len(self.trace)

    @property
    def fairness(self) -> str:
        """Which infinite runs an eventually-property looks at."""
        return str(self.prop.fairness) if self.kind is PropertyKind.EVENTUALLY else ""

    @property
    def assumption(self) -> str:
        """What the settings suppose that no endpoint can ensure by itself."""
        return self.prop.assumption

    @property
    def settled(self) -> bool:
        """Whether the verdict is an answer (that the property does not apply is one)."""
        return self.verdict.is_settled

    def as_json(self) -> dict[str, Any]:
        """The property's entry in `--json`: plain values only."""
        entry: dict[str, Any] = {
            "name": self.name,
            "kind": self.kind.value,
            "verdict": self.verdict.value,
            "steps": self.steps,
            "reason": self.reason,
        }
        if self.depth is not None:
            entry["depth"] = self.depth
        for key, text in (("fairness", self.fairness), ("assumption", self.assumption)):
            if text:
                entry[key] = text
        return entry


_OF_SOMETIMES = {Verdict.REACHED, Verdict.NOT_REACHED}


@dataclass(frozen=True)
class ModelResult:
    """What one engine found out about one model; what an engine does not know is None.

    `changed` are the settings that differ from the default. `lacks` counts, per named need, the actions that failed only for
    want of it. `actions` counts the transitions of each action. `stopped_by` is the limit that cut the search. `reductions` are
    those that made the counts what they are, `not_reduced` says of others that were asked for why they were not used.
    """

    model: str
    engine: str
    properties: tuple[PropertyResult, ...]
    settings: Mapping[str, str | int] = field(default_factory=dict)
    changed: Mapping[str, str | int] = field(default_factory=dict)
    complete: bool | None = None
    states: int | None = None
    transitions: int | None = None
    depth: int | None = None
    frontier: int | None = None
    seconds: float = 0.0
    overflows: int | None = None
    lacks: Mapping[str, int] | None = None
    actions: Mapping[str, int] | None = None
    stopped_by: str = ""
    interrupted: bool = False
    reductions: tuple[str, ...] = ()
    not_reduced: Mapping[str, str] = field(default_factory=dict)

    @property
    def isn_exhausted(self) -> int | None:
        """How often a resource ran out that the model's bounds provide (TCP: a fresh initial sequence number)."""
        return None if self.lacks is None else sum(self.lacks.values())

    @property
    def silent_actions(self) -> list[str] | None:
        """The actions that never happened."""
        return None if self.actions is None else [name for name, count in self.actions.items() if not count]

    def result(self, name: str) -> PropertyResult:
        """The result of the property of that name. Raises KeyError."""
        for found in self.properties:
            if found.name == name:
                return found
        raise KeyError(name)

    def as_json(self) -> dict[str, Any]:
        """The model's entry in `--json`; whoever writes it adds the traces."""
        asked_to_reduce = self.reductions or self.not_reduced
        reductions = {"reductions": list(self.reductions), "not_reduced": dict(self.not_reduced)} if asked_to_reduce else {}
        return {
            "model": self.model,
            "settings": dict(self.settings),
            "engine": self.engine,
            "complete": self.complete,
            "states": self.states,
            "transitions": self.transitions,
            "depth": self.depth,
            "seconds": round(self.seconds, 3),
            "overflows": self.overflows,
            "isn_exhausted": self.isn_exhausted,
            "stopped_by": self.stopped_by or None,
            **reductions,
            "properties": [found.as_json() for found in self.properties],
            "actions": None if self.actions is None else dict(self.actions),
        }


def stronger(results: Sequence[ModelResult]) -> tuple[PropertyResult, ...]:
    """For each property the strongest verdict that any of the engines gives (the first of equally strong ones)."""
    best: dict[str, PropertyResult] = {}
    for result in results:
        for found in result.properties:
            if found.name not in best or STRENGTH[found.verdict] > STRENGTH[best[found.name].verdict]:
                best[found.name] = found
    return tuple(best.values())


def disagreements(results: Sequence[ModelResult]) -> list[str]:
    """Where two engines contradict each other, one sentence each; `explore` comes first, if it is among them.

    They contradict each other if one has a run and the other excludes runs of that length, or if their shortest runs differ
    in length. What an engine left undecided contradicts nothing.
    """
    if len(results) < 2:
        return []
    first, second = results[0], results[1]
    found = []
    for a in first.properties:
        for b in second.properties:
            if a.name == b.name and (text := _contradiction(first, a, second, b)):
                found.append(text)
    return found


def _contradiction(one: ModelResult, a: PropertyResult, two: ModelResult, b: PropertyResult) -> str:
    said = f"{a.name}: {one.engine} says {_said(a)}, {two.engine} says {_said(b)}"
    if a.steps is not None and b.steps is not None:
        return said if a.steps != b.steps else ""
    if a.steps is not None:
        return said if _excludes(b, a.steps) else ""
    if b.steps is not None:
        return said if _excludes(a, b.steps) else ""
    return ""


def _said(found: PropertyResult) -> str:
    if found.steps is not None:
        return f"{found.verdict.value} in {found.steps} steps"
    return f"{found.verdict.value} {found.depth}" if found.depth is not None else found.verdict.value


def _excludes(found: PropertyResult, steps: int) -> bool:
    """Whether the verdict says that there is no run of so many steps."""
    if found.verdict in (Verdict.HOLDS, Verdict.NOT_REACHED, Verdict.PROVED):
        return True
    return found.depth is not None and steps <= found.depth


def exit_code(results: Iterable[Sequence[ModelResult]]) -> int:
    """The exit code of a check: one sequence of results (one per engine) for each model."""
    endings: set[str] = set()
    for engines in results:
        if any(result.interrupted for result in engines):
            endings.add("interrupted")
        if disagreements(engines):
            endings.add("disagreement")
        endings.update(map(_ending, stronger(engines)))
    return next(code for name, code in EXIT_CODES.items() if name in endings or name == "as asked")


def _ending(found: PropertyResult) -> str:
    match found.verdict:
        case Verdict.VIOLATED if found.prop.is_deadlock:
            return "deadlock"
        case Verdict.VIOLATED if found.kind is PropertyKind.EVENTUALLY:
            return "eventually violated"
        case Verdict.VIOLATED:
            return "violated"
        case Verdict.NOT_REACHED:
            return "not reached"
        case Verdict.UNKNOWN:
            return "unknown"
        case Verdict.INCOMPLETE | Verdict.HOLDS_UP_TO:
            return "incomplete"
        case _:
            return "as asked"
