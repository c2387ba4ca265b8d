"""What exports to other tools have in common: names they accept, what never changes, and the questions they can be asked."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ..checker import HIDDEN, LOSSLESS_DROP, Subject, watched
from ..expr import FALSE, Expr, Op, const, negate, postorder
from ..property import Property, PropertyKind
from ..rewriting import substitute
from ..sorts import Value
from ..system import Action, System

__all__ = ["Abroad", "Names", "Question", "about", "header", "never_changing", "operand", "prepare", "uses", "wrapped"]


_WORD = re.compile(r"[\w@.\"]*")


class Names:
    """Identifiers for names such as `client.snd_una` or `no-ghost-connection`, each given once, none a word of the language."""

    def __init__(self, reserved: Iterable[str]) -> None:
        self._taken = set(reserved)

    def new(self, *parts: str) -> str:
        """An identifier made of the parts that nothing else is called."""
        name = re.sub(r"\W", "_", "_".join(parts))
        name = name if name[:1].isalpha() else f"x_{name}"
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name


@dataclass(frozen=True)
class Question:
    """A property as a tool can be asked about it: `against` is what decides it, in a state, or `event` in a transition.

    `number` is the property's place among those of its model, from 1. With `quiescent`, only states without an enabled
    protocol step count.
    """

    number: int
    name: str
    kind: PropertyKind
    sentence: str
    against: Expr | None = None
    event: str | None = None
    quiescent: bool = False

    @property
    def answer(self) -> str:
        """The verdict when `against` or the event is found."""
        return "violated" if self.kind is PropertyKind.ALWAYS else "reached"

    @property
    def otherwise(self) -> str:
        """The verdict of a complete search that finds nothing."""
        return "holds" if self.kind is PropertyKind.ALWAYS else "not-reached"


@dataclass(frozen=True)
class Abroad:
    """A model as it is exported: without what never changes (`fixed`), with what can be asked, and what cannot and why."""

    subject: Subject
    system: System
    fixed: Mapping[str, Value]
    questions: tuple[Question, ...]
    left_out: Mapping[str, str]


def prepare(subject: Subject) -> Abroad:
    """A model ready to be written for another tool."""
    system, fixed = never_changing(subject.system)
    values = {v.expr: const(fixed[v.name], v.sort) for v in subject.system.variables if v.name in fixed}
    asked: list[Question] = []
    left_out: dict[str, str] = {}
    for number, prop in enumerate(watched(subject), 1):
        name = LOSSLESS_DROP if prop.name == HIDDEN else prop.name
        if why := _not_asked(prop):
            left_out[name] = why
            continue
        against = None if prop.predicate is None else substitute(prop.predicate, values)
        if against is not None and prop.kind is PropertyKind.ALWAYS:
            against = negate(against)
        sentence = "Nothing is dropped where nothing may be lost." if prop.name == HIDDEN else prop.sentence
        asked.append(Question(number, name, prop.kind, sentence, against, prop.event, prop.only_quiescent))
    return Abroad(subject, system, fixed, tuple(asked), left_out)


def _not_asked(prop: Property) -> str:
    if prop.not_applicable:
        return prop.not_applicable
    if prop.kind is PropertyKind.EVENTUALLY:
        return "an eventually-property speaks of infinite runs"
    if prop.each:
        return "it speaks of several runs, one for each step that it asks for"
    return "it speaks of a run step by step, not of a state or a step" if prop.scenario is not None else ""


def never_changing(system: System) -> tuple[System, dict[str, Value]]:
    """The system without the variables that keep their one initial value, and those values.

    What they stood for is simplified away, and with it the actions that this makes impossible: neither states nor transitions
    are fewer.
    """
    fixed: dict[str, Value] = {}
    while found := _fixed(system):
        fixed |= found
        values = {v.expr: const(found[v.name], v.sort) for v in system.variables if v.name in found}
        system = replace(
            system,
            variables=tuple(v for v in system.variables if v.name not in found),
            initial=tuple({name: s for name, s in state.items() if name not in found} for state in system.initial),
            actions=tuple(a for a in (_rewritten(a, values) for a in system.actions) if a.enabled is not FALSE),
            definitions={},
        )
    return system, fixed


def _fixed(system: System) -> dict[str, Value]:
    first = system.initial[0]
    moving = {v.name for v in system.variables for state in system.initial if state[v.name] != first[v.name]}
    for action in system.actions:
        moving |= {name for name, value in action.effects if value.op is not Op.CONST or value.attr != first[name]}
    one_value = {v.name for v in system.variables if not v.sort.width}
    return {v.name: first[v.name] for v in system.variables if v.name not in moving - one_value}


def _rewritten(action: Action, values: Mapping[Expr, Expr]) -> Action:
    gone = {variable.attr for variable in values}

    def new(pairs: Iterable[tuple[str, Expr]]) -> tuple[tuple[str, Expr], ...]:
        return tuple((name, substitute(value, values)) for name, value in pairs)

    return replace(
        action,
        guard=tuple(substitute(conjunct, values) for conjunct in action.guard),
        effects=tuple(pair for pair in new(action.effects) if pair[0] not in gone),
        needs=new(action.needs),
        events=new(action.events),
        sends=(),
        clauses=(),
    )


def uses(roots: Iterable[Expr]) -> Counter[int]:
    """How often each node is needed below the roots."""
    listed = list(roots)
    found = Counter(map(id, listed))
    for node in postorder(*listed):
        found.update(map(id, node.args))
    return found


def operand(text: str) -> str:
    """The text as an operand: in parentheses unless it is one word, one call or in brackets already."""
    head = _WORD.match(text)
    depth = 0
    for place in range(head.end() if head else 0, len(text)):
        depth += (text[place] in "([{") - (text[place] in ")]}")
        if depth == 0:
            return text if place == len(text) - 1 and text[place] in ")]}" else f"({text})"
    return text


def about(action: Action) -> str:
    """What an action does, in one sentence with its clause."""
    clause = f" [{action.clause}]" if action.clause else ""
    return f"{action.sentence}{clause}"


def wrapped(text: str, first: str = "", then: str = "", last: str = "") -> list[str]:
    """Text as lines of a comment."""
    return textwrap.wrap(text + last, 118, initial_indent=first, subsequent_indent=then, break_on_hyphens=False)


def header(abroad: Abroad, tool: str) -> list[str]:
    """What the exported text says of itself: the model, its settings, what was left out, and what can be asked."""
    subject = abroad.subject
    name = " ".join(subject.name.split())
    lines = [f"{name}: the transition system that synproof checks, for {tool}. Generated: change the model instead."]
    if subject.changed:
        lines += ["", *wrapped("Settings: " + ", ".join(f"{name}={value}" for name, value in subject.changed.items()))]
    if abroad.fixed:
        shown = (f"{v.name} = {v.sort.show(abroad.fixed[v.name])}" for v in subject.system.variables if v.name in abroad.fixed)
        lines += ["", *wrapped(f"Left out because they never change: {', '.join(shown)}.")]
    if abroad.left_out:
        lines += ["", "Not asked here:"]
        lines += [line for name, why in abroad.left_out.items() for line in wrapped(f"{name}: {why}", "  ", "    ")]
    return lines
