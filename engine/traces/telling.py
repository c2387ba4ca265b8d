"""Telling: a trace as a story, ready for any renderer: who did what, which message went where and when, and what changed.

`tell` turns a `Trace` into a `Telling`: plain frozen values with texts in them and nothing about columns, colours or markup.
Every message is followed from the step that sends it to the step where it arrives or is lost (a *flight*; among equal copies
the oldest goes first), so that a renderer can draw an arrow that arrives late.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import LanguageError
from ..evaluate import Transition, evaluate, holds
from ..expr import Expr, Op, postorder
from ..property import Property, PropertyKind, Verdict
from ..prose import show
from ..sorts import Bag, Bool, Sort, Value
from ..system import Kind, State, System
from .confirm import confirm
from .flights import Fate, Flight, follow
from .trace import ReplayFailed, Trace

__all__ = [
    "Change", "Clause", "Ending", "Fate", "Flight", "Loop", "Telling", "ToldStep", "actors_of", "decides", "sentences", "tell",
]  # fmt: skip


@dataclass(frozen=True)
class Change:
    """A variable that a step changed. `owner` is the part of its name before the first dot, or empty."""

    owner: str
    name: str
    before: str
    after: str


@dataclass(frozen=True)
class ToldStep:
    """One step. `labels` has a text per actor, as it is after the step; `relabelled` says whether the step changed it.

    Positions in `Telling.flights`: `delivered`, `lost` and `copied` end or double a message that was in flight (`copied` gives
    the new copy), `sent` begins one. A message that a full channel drops is in `sent`, and its fate says so.
    """

    number: int
    action: str
    actor: str
    kind: Kind
    sentence: str
    clause: str
    choice: str
    labels: tuple[str, ...]
    relabelled: tuple[bool, ...]
    changes: tuple[Change, ...]
    delivered: tuple[int, ...]
    lost: tuple[int, ...]
    copied: tuple[int, ...]
    sent: tuple[int, ...]


@dataclass(frozen=True)
class Loop:
    """The steps `first` .. `last` repeat for ever; if there are none (`rests`), the run stays in its last state for ever."""

    first: int
    last: int

    @property
    def rests(self) -> bool:
        """Whether nothing happens any more."""
        return self.first > self.last


@dataclass(frozen=True)
class Clause:
    """A part of a property, in words, and whether it holds.

    `values`: the variables that it speaks of, where the words are nothing but the expression.
    """

    words: str
    holds: bool
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Ending:
    """What the trace decides. `where` says where the clauses were evaluated ("after step 9", "in step 9"); `is_endless`: the
    trace goes on for ever."""

    property: str
    kind: PropertyKind
    verdict: Verdict | None
    sentence: str
    where: str
    clauses: tuple[Clause, ...]
    assumption: str = ""
    fairness: str = ""
    is_endless: bool = False


@dataclass(frozen=True)
class Telling:
    """A trace as a story. `labels` has a text per actor, as it is at the start (empty for actors without a state)."""

    system: str
    actors: tuple[str, ...]
    labels: tuple[str, ...]
    flights: tuple[Flight, ...]
    steps: tuple[ToldStep, ...]
    loop: Loop | None = None
    ending: Ending | None = None

    @property
    def at_start(self) -> tuple[int, ...]:
        """The positions of the messages that are in flight before the first step."""
        return tuple(i for i, flight in enumerate(self.flights) if flight.sent is None and flight.copied is None)


def tell(trace: Trace, prop: Property | None = None, verdict: Verdict | None = None) -> Telling:
    """The story of a trace, and of the property that it decides.

    Without a `verdict` it is the one that `decides` sees in the trace. Raises LanguageError if the system's `narrate` does not
    give one sentence per step.
    """
    system = trace.system
    actors = actors_of(system)
    flights, parts = follow(trace)
    labels = [_labels(system, actors, state) for state in trace.states]
    steps = tuple(
        ToldStep(
            number, step.action.name, step.action.actor, step.action.kind, sentence, step.action.clause, step.action.choice,
            after, tuple(a != b for a, b in zip(before, after, strict=True)), _changes(system, actors, step),
            part.delivered, part.lost, part.copied, part.sent,
        )
        for number, (step, sentence, part, before, after) in enumerate(
            zip(trace.steps, sentences(trace), parts, labels, labels[1:], strict=False), 1
        )
    )  # fmt: skip
    loop = None if trace.loop is None else Loop(trace.loop + 1, len(trace))
    return Telling(system.name, actors, labels[0], flights, steps, loop, _ending(trace, prop, verdict) if prop else None)


def sentences(trace: Trace) -> list[str]:
    """One sentence per step: the system's `narrate` if it has one, else the actions' own."""
    system = trace.system
    if system.narrate is None:
        return [step.action.sentence or step.action.name for step in trace.steps]
    told = list(system.narrate(trace))
    if len(told) != len(trace):
        raise LanguageError(f"{system.name}: narrate gives {len(told)} sentences for a trace of {len(trace)} steps")
    return told


# ---- who and what ----------------------------------------------------------------------------------------------------


def actors_of(system: System) -> tuple[str, ...]:
    """The columns of a ladder: the system's actors; if it names none, the ends of its channels; else whoever acts."""
    if system.actors:
        return system.actors
    ends = [end for channel in system.channels for end in (channel.sender, channel.receiver)]
    acting = [a.actor for a in system.actions if a.kind not in (Kind.NETWORK, Kind.ENVIRONMENT, Kind.CLOCK)]
    return tuple(dict.fromkeys(ends or acting))


def _label_variable(actor: str) -> str:
    return f"{actor}.state"


def _labels(system: System, actors: Sequence[str], state: State) -> tuple[str, ...]:
    return tuple(
        _value(system.by_name[name].sort, state[name]).replace("_", "-") if (name := _label_variable(actor)) in state else ""
        for actor in actors
    )


def _value(sort: Sort, value: Value) -> str:
    return str(value).lower() if isinstance(sort, Bool) else sort.show(value)


def _changes(system: System, actors: Sequence[str], step: Transition) -> tuple[Change, ...]:
    channels = {channel.variable for channel in system.channels}
    shown_elsewhere = channels | {_label_variable(actor) for actor in actors}
    changes = []
    for variable in system.variables:
        before, after = step.before[variable.name], step.after[variable.name]
        if before == after or variable.history or variable.name in shown_elsewhere:
            continue
        owner, dot, name = variable.name.partition(".")
        changes.append(
            Change(owner if dot else "", name if dot else owner, _value(variable.sort, before), _value(variable.sort, after))
        )
    return tuple(changes)


# ---- the property ----------------------------------------------------------------------------------------------------


def decides(trace: Trace, prop: Property) -> Verdict | None:
    """What the trace shows of the property by itself: violated, reached, or None if it shows neither.

    Fairness is no matter of a trace: whether a lasso is fair, or whether a fair run goes on from its end, is for whoever found
    it to know.
    """
    if prop.is_feasibility:
        return None
    try:
        confirm(prop, trace)
    except ReplayFailed:
        return None
    return prop.shown


def _ending(trace: Trace, prop: Property, verdict: Verdict | None) -> Ending:
    last = len(trace)
    clauses = _clauses(trace, prop)
    in_step = prop.event is not None and last
    return Ending(
        prop.name, prop.kind, verdict or decides(trace, prop), prop.sentence,
        f"in step {last}" if in_step else f"after step {last}" if last else "at the start", clauses,
        prop.assumption, str(prop.fairness) if prop.kind is PropertyKind.EVENTUALLY else "", trace.loop is not None,
    )  # fmt: skip


def _clauses(trace: Trace, prop: Property) -> tuple[Clause, ...]:
    """What is to be shown one by one: the clauses that the property brings, or the action that causes its event; else the
    conjuncts of its predicate, those that are false with the values they speak of."""
    if prop.event is not None:
        if not trace.steps:
            return ()
        last = trace.steps[-1]
        given = prop.clauses or dict(last.action.clauses).get(prop.event, ())
        return tuple(Clause(words, holds(expr, last.before, last.params)) for words, expr in given)
    if prop.clauses:
        return tuple(Clause(words, holds(expr, trace.final)) for words, expr in prop.clauses)
    if prop.predicate is None:
        return ()
    parts = prop.predicate.args if prop.predicate.op is Op.AND else (prop.predicate,)
    found = []
    for part in parts:
        true = holds(part, trace.final)
        found.append(Clause(show(part), true, () if true else _values(trace.system, part, trace.final)))
    return tuple(found)


def _values(system: System, expr: Expr, state: State) -> tuple[tuple[str, str], ...]:
    """The scalar variables of an expression, and of its definitions by name where it reads a whole bag."""
    names = dict.fromkeys(node.attr for node in postorder(expr) if node.op is Op.VAR)
    found = [(name, _value(system.by_name[name].sort, state[name])) for name in names if not _is_bag(system, name)]
    if any(_is_bag(system, name) for name in names):
        inside = set(map(id, postorder(expr)))
        found += [
            (name, _value(meaning.sort, evaluate(meaning, state)))
            for name, meaning in system.definitions.items()
            if id(meaning) in inside and not isinstance(meaning.sort, Bag)
        ]
    return tuple(found)


def _is_bag(system: System, name: str) -> bool:
    return isinstance(system.by_name[name].sort, Bag)
