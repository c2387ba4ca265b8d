"""A system as a TLA+ module with the configuration for TLC, which finds the same states, transitions and answers in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..checker import Subject
from ..expr import Expr, Op
from ..sorts import Bag, Bool, Enum, Int, Record, Sort
from ..system import Action, State
from .common import Abroad, Question, about, header, operand, prepare, wrapped
from .tla_terms import Terms, View, set_of

__all__ = ["MAY_END", "module_name", "to_cfg", "to_tla"]

_WHOLE = frozenset({Op.EQ, Op.LT, Op.LE, Op.MEMBER, Op.NOT, Op.VAR, Op.FIELD, Op.HAS, Op.CONST, Op.PARAM})
"""Guards that TLC evaluates as they stand; it takes others apart, and an `or` of which both sides hold would count twice."""

MAY_END = "CHECK_DEADLOCK FALSE"
"""A state without a successor is no error. Before version 1.7.0 TLC knew only its option `-deadlock`, which says the same."""


def module_name(name: str) -> str:
    """The name of a model as that of a module, which is also its file's."""
    made = re.sub(r"\W", "_", name)
    return made if made[:1].isalpha() else f"model_{made}"


def to_tla(subject: Subject, module: str = "") -> str:
    """The module."""
    return "\n".join(_Writer(prepare(subject), module or module_name(subject.name)).lines()) + "\n"


def to_cfg(subject: Subject) -> str:
    """The configuration: as it is TLC counts; the properties that it can be asked about stand there as comments."""
    writer = _Writer(prepare(subject), "")
    lines = ["SPECIFICATION Spec", "INVARIANT TypeOK", MAY_END]
    if writer.questions:
        lines += ["", r"\* To ask about a property take its comment sign away. If TLC reports it as violated, then:"]
    for question in writer.questions:
        lines.append(rf"\* INVARIANT {writer.invariants[question.name]}    \* {question.name} is {question.answer}")
    return "\n".join(lines) + "\n"


class _Writer:
    def __init__(self, abroad: Abroad, module: str) -> None:
        self.abroad, self.system, self.module = abroad, abroad.system, module
        self.questions = abroad.questions
        self.terms = terms = Terms(self.system)
        self.records = dict.fromkeys(found for v in self.system.variables for found in _records(v.sort))
        for sort in self.records:
            terms.sort(sort)
        self.names = {a.name: terms.names.new(_camel(a.name)) for a in self.system.actions}
        self.can = {a.name: terms.names.new("Can" + _camel(a.name)) for a in self.system.actions}
        self.invariants = {
            q.name: terms.names.new(("Never" if q.answer == "reached" else "") + _camel(q.name)) for q in self.questions
        }

    def lines(self) -> Iterator[str]:
        """The whole module."""
        terms, variables = self.terms, self.system.variables
        yield f" MODULE {self.module} ".center(120, "-")
        said = [*header(self.abroad, "TLC"), "", *_HOW_TO_RUN.format(module=self.module).splitlines()]
        yield from (rf"\* {line}".rstrip() for line in said)
        yield from ("", "EXTENDS Integers, Sequences, FiniteSets", "", "VARIABLES")
        for i, variable in enumerate(variables):
            comma = "," if i + 1 < len(variables) else ""
            yield f"    {terms.variables[variable.name]}{comma}" + (rf"  \* {variable.note}" if variable.note else "")
        yield from ("", f"vars == <<{', '.join(terms.variables.values())}>>", *_HELPERS.splitlines())
        for sort in self.records:
            yield from self._record(sort)
        yield from ("", "TypeOK ==", *(rf"    /\ {line}" for line in self._types()))
        yield from ("", "Init ==", *self._init())
        for action in self.system.actions:
            yield from self._action(action)
        yield from ("", "Next ==", *(rf"    \/ {self._for_some(action, self.names)}" for action in self.system.actions))
        yield from ("", r"Spec == Init /\ [][Next]_vars")
        if any(question.quiescent for question in self.questions):
            steps = [self._for_some(a, self.can) for a in self.system.actions if a.kind.is_protocol_step]
            yield from ("", r"\* No protocol step is possible.", "Quiescent ==", *_none_of(steps))
        for question in self.questions:
            yield from self._invariant(question)
        yield "=" * 120

    # -- declarations ------------------------------------------------------------------------------------------------
    def _record(self, sort: Record) -> Iterator[str]:
        name = self.terms.sort(sort)
        fields = ", ".join(f"{field}: {set_of(inner, self.terms)}" for field, inner in sort.fields)
        weights = [
            f"{1 << offset} * {_rank(f'm.{field}', inner)}"
            for (field, inner), offset in zip(sort.fields, sort.offsets, strict=True)
            if inner.width
        ]
        yield from (
            "",
            f"{name} == [{fields}]",
            rf"\* What an empty place reads as; and in a bag the {name} of larger rank comes first.",
        )
        yield f"{self.terms.default(sort)} == {self.terms.value(sort.default, sort)}"
        yield from (line.format(name=name, rank=" + ".join(weights) or "0") for line in _RECORD.splitlines())

    def _types(self) -> Iterator[str]:
        for variable in self.system.variables:
            name, sort = self.terms.variables[variable.name], variable.sort
            if isinstance(sort, Bag):
                yield f"Len({name}) <= {sort.capacity}"
                yield rf"\A i \in 1..Len({name}) : {name}[i] \in {self.terms.sort(sort.element)}"
            else:
                yield rf"{name} \in {set_of(sort, self.terms)}"

    def _init(self) -> Iterator[str]:
        several = len(self.system.initial) > 1
        for state in self.system.initial:
            for i, line in enumerate(self._initial(state)):
                bullet = ("    " if i else r" \/ ") if several else ""
                yield rf"    {bullet}/\ {line}"

    def _initial(self, state: State) -> Iterator[str]:
        for variable in self.system.variables:
            yield f"{self.terms.variables[variable.name]} = {self.terms.value(state[variable.name], variable.sort)}"

    # -- actions -----------------------------------------------------------------------------------------------------
    def _given(self, action: Action) -> str:
        params = ", ".join(self.terms.param(p.name) for p in action.params)
        return f"({params})" if params else ""

    def _action(self, action: Action) -> Iterator[str]:
        given = self._given(action)
        conjuncts = action.enabled.args if action.enabled.op is Op.AND else (action.enabled,)
        yield from ("", *wrapped(about(action), r"\* ", r"\* "))
        yield f"{self.can[action.name]}{given} =="
        view = View(self.terms, conjuncts)
        guard = [view.text(node) if node.op in _WHOLE else f"{operand(view.text(node))} = TRUE" for node in conjuncts]
        yield from _all(view, guard)
        yield f"{self.names[action.name]}{given} =="
        view = View(self.terms, tuple(value for _, value in action.effects))
        effects = [f"{self.terms.variables[name]}' = {operand(view.text(value))}" for name, value in action.effects]
        changed = dict(action.effects)
        same = [name for variable, name in self.terms.variables.items() if variable not in changed]
        frame = [f"UNCHANGED <<{', '.join(same)}>>"] if same else []
        yield from _all(view, [f"{self.can[action.name]}{given}", *effects, *frame])

    def _for_some(self, action: Action, names: dict[str, str], also: str = "") -> str:
        """The action (or its guard, by `names`) for some choice of its parameters."""
        bounds = []
        for p in action.params:
            domain = set_of(p.sort, self.terms)
            if p.channel is not None:
                queue = getattr(self.system.by_name[p.channel].sort, "ordered", False)
                domain = f"{'First' if queue else 'Elements'}({self.terms.variables[p.channel]})"
            bounds.append(rf"\E {self.terms.param(p.name)} \in {domain} : ")
        return f"{''.join(bounds)}{names[action.name]}{self._given(action)}{also}"

    # -- properties --------------------------------------------------------------------------------------------------
    def _invariant(self, question: Question) -> Iterator[str]:
        yield from ("", *wrapped(f"{question.name} ({question.kind.value}). {question.sentence}", r"\* ", r"\* "))
        yield f"{self.invariants[question.name]} =="
        if question.against is not None:
            yield from _none_of([("Quiescent /\\ " if question.quiescent else "") + self._alone(question.against)])
            return
        events = [(a, condition) for a in self.system.actions for event, condition in a.events if event == question.event]
        yield from _none_of([self._for_some(a, self.can, rf" /\ {self._alone(condition)}") for a, condition in events])

    def _alone(self, condition: Expr) -> str:
        """A condition as an operand, on one line."""
        view = View(self.terms, (condition,))
        text = view.text(condition)
        return operand(f"LET {' '.join(f'{n} == {t}' for n, t in view.let.items())} IN {text}" if view.let else text)


def _all(view: View, lines: Sequence[str]) -> Iterator[str]:
    """The lines, each a conjunct, below what they name by LET."""
    for i, (name, text) in enumerate(view.let.items()):
        yield f"    {'    ' if i else 'LET '}{name} == {text}"
    if view.let:
        yield "    IN"
    yield from (rf"    /\ {line}" for line in lines)


def _none_of(cases: Sequence[str]) -> Iterator[str]:
    yield from ("    ~(", *(rf"      \/ {case}" for case in cases or ["FALSE"]), "     )")


def _records(sort: Sort) -> Iterator[Record]:
    if isinstance(sort, Bag):
        yield sort.element
    elif isinstance(sort, Record):
        yield sort


def _rank(text: str, sort: Sort) -> str:
    """The code of a field's value."""
    if isinstance(sort, Bool):
        return f"Bit({text})"
    if isinstance(sort, Int) and sort.lo:
        return f"({text} - {sort.lo})" if sort.lo > 0 else f"({text} + {-sort.lo})"
    if isinstance(sort, Enum):
        cases = "".join(f'IF {text} = "{member}" THEN {i} ELSE ' for i, member in enumerate(sort.members[:-1]))
        return f"({cases}{len(sort.members) - 1})"
    return text


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"\W|_", name))


_HELPERS = r"""
Bit(b) == IF b THEN 1 ELSE 0
Clamp(x, lo, hi) == IF x < lo THEN lo ELSE IF x > hi THEN hi ELSE x

\* What is in flight is a sequence: of a bag the larger first, so that equal bags are equal; of a queue the head first.
Elements(bag) == {bag[i] : i \in 1..Len(bag)}
First(bag) == IF Len(bag) = 0 THEN {} ELSE {Head(bag)}
Item(bag, i, default) == IF Len(bag) >= i THEN bag[i] ELSE default
Take(bag, m) ==
    IF m \notin Elements(bag) THEN bag ELSE
    LET k == CHOOSE i \in 1..Len(bag) : bag[i] = m /\ \A j \in 1..(i - 1) : bag[j] # m
    IN  SubSeq(bag, 1, k - 1) \o SubSeq(bag, k + 1, Len(bag))"""

_RECORD = r"""{name}Rank(m) == {rank}
{name}Put(bag, m, capacity) ==
    IF Len(bag) = capacity THEN bag ELSE
    LET k == Cardinality({{i \in 1..Len(bag) : {name}Rank(bag[i]) >= {name}Rank(m)}})
    IN  SubSeq(bag, 1, k) \o <<m>> \o SubSeq(bag, k + 1, Len(bag))
{name}Append(bag, m, capacity) == IF Len(bag) = capacity THEN bag ELSE Append(bag, m)
{name}PutIf(c, bag, m, capacity) == IF c THEN {name}Put(bag, m, capacity) ELSE bag
{name}AppendIf(c, bag, m, capacity) == IF c THEN {name}Append(bag, m, capacity) ELSE bag"""

_HOW_TO_RUN = """\
To count: java -XX:+UseParallelGC -cp tla2tools.jar tlc2.TLC -workers 1 {module}.tla (with {module}.cfg beside it).
The number of distinct states is that of synproof. The number of transitions is the number of states generated less the
number of initial states, which TLC counts too. An event is asked about as a state in which a step with that event is
possible: TLC's run is one step shorter than synproof's."""
