"""Properties: always, sometimes, eventually; scenarios; fairness; and the verdicts a check can give.

* *always*: a predicate that every reachable state satisfies (or every quiescent one, `only_quiescent`), or an event that no
  transition causes.
* *sometimes*: a predicate that some reachable state satisfies, a `Scenario` that some run follows, or several steps each of
  which some run takes. It guards against vacuous success.
* *eventually*: a response, under fairness: whenever `trigger` holds then, if `meanwhile` holds from then on, `goal` holds at
  some time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from enum import Enum as PyEnum

from .errors import LanguageError
from .expr import FALSE, TRUE, Expr, all_of
from .system import Kind

__all__ = ["Fairness", "Property", "PropertyKind", "Response", "Scenario", "ScenarioLine", "Verdict"]


class PropertyKind(PyEnum):
    """What a property asks of the runs of a system."""

    ALWAYS = "always"
    SOMETIMES = "sometimes"
    EVENTUALLY = "eventually"


class Verdict(PyEnum):
    """Exactly one per property (the words are fixed)."""

    HOLDS = "holds"  # exhaustive for the stated bounds
    PROVED = "proved"  # unbounded
    HOLDS_UP_TO = "holds-up-to"  # to a depth
    VIOLATED = "violated"  # with a replayed trace
    REACHED = "reached"  # with a replayed trace
    NOT_REACHED = "not-reached"  # exhaustive
    NOT_APPLICABLE = "not-applicable"
    INCOMPLETE = "incomplete"  # a limit was met
    UNKNOWN = "unknown"  # the solver's reason

    @property
    def is_settled(self) -> bool:
        """Whether no further search can change it."""
        return self not in (Verdict.INCOMPLETE, Verdict.UNKNOWN, Verdict.HOLDS_UP_TO)


@dataclass(frozen=True, kw_only=True)
class Fairness:
    """Which infinite runs count.

    `weak` names action tags: an action so tagged that is enabled for ever is taken infinitely often; one with a tag in
    `recurring` is taken infinitely often, enabled for ever or not (time diverges). `compassion` names
    channels: a message value sent infinitely often (dropped ones included) is delivered infinitely often. `delivery` names
    channels in which nothing is lost for ever: a message that stays in flight is delivered. A weakly fair action, unless
    it must recur, that lacks only room (`~is_full(channel)`) in a channel with compassion is tried in vain: what it would
    send counts as sent and dropped.
    """

    weak: frozenset[str] = frozenset()
    compassion: frozenset[str] = frozenset()
    delivery: frozenset[str] = frozenset()
    recurring: frozenset[str] = frozenset()

    def __str__(self) -> str:
        parts = [f"weak: {', '.join(sorted(self.weak))}"] if self.weak else []
        if self.recurring:
            parts.append(f"recurring: {', '.join(sorted(self.recurring))}")
        if self.compassion:
            parts.append(f"compassion: {', '.join(sorted(self.compassion))}")
        if self.delivery:
            parts.append(f"lossless delivery: {', '.join(sorted(self.delivery))}")
        return "; ".join(parts) or "none"

    def __sub__(self, other: Fairness) -> Fairness:
        """What is assumed if that of the other is given up.

        >>> str(Fairness(weak=frozenset({"timer", "send"})) - Fairness(weak=frozenset({"send"})))
        'weak: timer'
        """
        return Fairness(**{kind: named - getattr(other, kind) for kind, named in self._kinds()})

    def parts(self) -> Iterator[Fairness]:
        """Its assumptions, each as a fairness of its own."""
        for kind, named in self._kinds():
            for name in sorted(named):
                yield Fairness(**{kind: frozenset({name})})

    def _kinds(self) -> Iterator[tuple[str, frozenset[str]]]:
        return ((each.name, getattr(self, each.name)) for each in fields(self))


@dataclass(frozen=True)
class Response:
    """Whenever `trigger` holds then, if `meanwhile` holds from then on, `goal` holds at some time.

    A violation is a fair run that stays for ever where `meanwhile` holds and `goal` does not, after a `trigger`. If `sending`
    it must also send messages for ever; actions of the kinds in `without` do not occur in what repeats.
    """

    trigger: Expr = TRUE
    goal: Expr = FALSE
    meanwhile: Expr = TRUE
    sending: bool = False
    without: frozenset[Kind] = frozenset()
    label: str = ""


@dataclass(frozen=True)
class ScenarioLine:
    """One line of a scenario: a step by one of `actions` (names), where `before` holds in the state before it (over that
    state and the action's parameter `segment`, if any) and `after` in the state after it."""

    text: str
    actions: frozenset[str]
    before: Expr = TRUE
    after: Expr = TRUE


@dataclass(frozen=True)
class Scenario:
    """A run segment for segment: from a reachable state where `start` holds, the lines one after the other, nothing between."""

    start: Expr
    lines: tuple[ScenarioLine, ...]


_ASKED: Mapping[PropertyKind, tuple[str, ...]] = {
    PropertyKind.ALWAYS: ("predicate", "event"),
    PropertyKind.SOMETIMES: ("predicate", "event", "scenario", "each"),
    PropertyKind.EVENTUALLY: ("responses",),
}


@dataclass(frozen=True)
class Property:
    """A named property; exactly one of `predicate`, `event`, `scenario`, `each`, `responses` is given.

    `each` are steps: a sometimes-property says that for each of them there is a run that takes it, and its trace is the
    shortest run to the one that is farthest away.

    An eventually-property without responses says that its fairness is feasible: every finite run extends to a fair one.

    What it names (an event, actions, tags, channels) must be there, unless it is `shared`: made for systems of many settings,
    some of which do without.

    `clauses` are the parts of the predicate (or of the event's condition) that a counterexample shows one by one, each with
    the words for it. `not_applicable` says why the settings leave nothing to check.

    Raises LanguageError if it asks what its kind does not ask, or two things.
    """

    name: str
    kind: PropertyKind
    sentence: str = ""
    predicate: Expr | None = None
    only_quiescent: bool = False
    event: str | None = None
    scenario: Scenario | None = None
    each: tuple[ScenarioLine, ...] = ()
    responses: tuple[Response, ...] = ()
    fairness: Fairness = Fairness()
    clauses: tuple[tuple[str, Expr], ...] = ()
    assumption: str = ""
    not_applicable: str = ""
    expect: Verdict | None = None
    expect_steps: int | None = None
    shared: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.kind, PropertyKind):
            raise LanguageError(f"{self.name}: its kind is a PropertyKind, not {self.kind!r}")
        if self.predicate is not None:
            object.__setattr__(self, "predicate", all_of(self.predicate))  # which takes a plain True for what it is
        allowed = _ASKED[self.kind]
        if wrong := [name for name in self._asked if name not in allowed]:
            ways = " or ".join(f"`{name}`" for name in allowed)
            hint = ": Response(goal=...) says what shall come to hold" if self.kind is PropertyKind.EVENTUALLY else ""
            raise LanguageError(f"{self.name} is {self.kind.value}: it is not given by `{wrong[0]}` but by {ways}{hint}")
        if len(self._asked) > 1:
            raise LanguageError(f"{self.name} asks two things at once: {' and '.join(f'`{name}`' for name in self._asked)}")

    @property
    def _asked(self) -> list[str]:
        """What is given of predicate, event, scenario, each and responses."""
        one_of = (("predicate", self.predicate), ("event", self.event), ("scenario", self.scenario))
        several = (("each", self.each), ("responses", self.responses))
        return [name for name, value in one_of if value is not None] + [name for name, value in several if value]

    @property
    def asks_nothing(self) -> bool:
        """Whether it is not finished: whatever system there is, it would hold."""
        return not self._asked and not self.not_applicable and self.kind is not PropertyKind.EVENTUALLY

    @property
    def asks_the_graph(self) -> bool:
        """Whether it is decided on the finished graph, and not while states are found."""
        return self.kind is PropertyKind.EVENTUALLY or self.scenario is not None or bool(self.each)

    @property
    def asked_of_states(self) -> tuple[Expr, ...]:
        """What is asked of single states, as expressions."""
        of_runs = [expr for response in self.responses for expr in (response.trigger, response.goal, response.meanwhile)]
        asked = of_runs if self.predicate is None else [self.predicate, *of_runs]
        return tuple(all_of(expr) for expr in asked)

    @property
    def names(self) -> Mapping[str, frozenset[str]]:
        """What it names, by kind."""
        lines = (*self.each, *(self.scenario.lines if self.scenario else ()))
        return {
            "event": frozenset({self.event} if self.event is not None else ()),
            "action": frozenset().union(*(line.actions for line in lines)),
            "tag": self.fairness.weak | self.fairness.recurring,
            "channel": self.fairness.compassion | self.fairness.delivery,
        }

    @property
    def shown(self) -> Verdict:
        """The verdict of a run that decides it."""
        return Verdict.REACHED if self.kind is PropertyKind.SOMETIMES else Verdict.VIOLATED

    @property
    def is_feasibility(self) -> bool:
        """Whether it only says that every finite run extends to one that is fair."""
        return self.kind is PropertyKind.EVENTUALLY and not self.responses

    @property
    def is_deadlock(self) -> bool:
        """Whether a violation is a deadlock (it has an exit code of its own)."""
        return self.only_quiescent
