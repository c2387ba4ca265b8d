"""A system as Promela text, in which SPIN finds the same states, the same transitions and the same answers.

One process with one point of control; one `d_step` for each action instance; every variable as narrow as it can be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate, product

from ..checker import Subject
from ..errors import LanguageError
from ..expr import Expr
from ..sorts import Bag, Int, Record, Sort, Value
from ..system import Action, Variable
from .common import Abroad, Question, about, header, operand, prepare, wrapped
from .promela_steps import Statements, type_of
from .promela_terms import Terms, code_of

__all__ = ["MOST_BITS", "to_promela"]

MOST_BITS = 31
"""Of a variable: SPIN computes with numbers of 32 bits, one of them the sign."""

LONGEST = 20_000
"""Characters of an inline's text, before its macros are written out; SPIN takes 65,536 afterwards."""


def to_promela(subject: Subject) -> str:
    """The text. Raises LanguageError if a message or a number is too wide for SPIN."""
    return "\n".join(_Writer(prepare(subject)).lines()) + "\n"


class _Writer:
    def __init__(self, abroad: Abroad) -> None:
        self.abroad, self.system = abroad, abroad.system
        for variable in self.system.variables:
            _check_width(variable)
        self.terms = terms = Terms(self.system, [*_needed(abroad)])
        self.statements, self.watching = Statements(self.system, terms), Statements(self.system, terms)
        self.checks = {q.name: terms.names.new("check", q.name) for q in abroad.questions}
        self.may = {a.name: terms.names.new("may", a.name) for a in self.system.actions}
        self.does = {a.name: terms.names.new(a.name) for a in self.system.actions}

    def lines(self) -> Iterator[str]:
        """The whole text. What the actions use is known, and declared, after they are written."""
        checks = [line for question in self.abroad.questions for line in self._check(question)]
        actions = [line for action in self.system.actions for line in self._action(action)]
        process = list(self._process())
        variables = list(self._variables())
        yield from self._header()
        yield from _PREAMBLE.format(last=max((q.number for q in self.abroad.questions), default=0)).splitlines()
        yield from self._sorts()
        yield from ("", "/* -- the state */", *variables)
        for variable in self.system.variables:
            if isinstance(variable.sort, Bag):
                yield from self._bag(variable.name, variable.sort)
        facts = [f"#define {name} ({text})" for name, text in self.terms.facts_text.items()]
        yield from ("", "/* -- facts that are needed more than once */", *facts) if facts else ()
        yield from ("", "/* -- the properties */", *checks, "", "/* -- the actions: when each is possible, and what it does */")
        yield from actions
        yield from process

    # -- declarations ------------------------------------------------------------------------------------------------
    def _header(self) -> Iterator[str]:
        file = re.sub(r"[^\w.=,-]+", "-", self.abroad.subject.name) + ".pml"
        yield "/*"
        yield from (f" * {_inside(line)}".rstrip() for line in header(self.abroad, "SPIN"))
        yield " *"
        yield from (f" * {line}".rstrip() for line in _HOW_TO_RUN.format(file=file).splitlines())
        yield " */"

    def _sorts(self) -> Iterator[str]:
        terms = self.terms
        if terms.members:
            yield from ("", "/* -- names of values */")
        for name, code in {name: sort.encode(value) for (sort, value), name in terms.members.items()}.items():
            yield f"#define {name} {code}"
        for sort in [*dict.fromkeys([*terms.makers, *(sort for sort, _ in [*terms.fields, *terms.setters])])]:
            yield from self._message(sort)

    def _message(self, sort: Record) -> Iterator[str]:
        yield from ("", f"/* -- a {sort.name} in one number: its fields, and a lowest bit that tells it from no {sort.name} */")
        names, parts = [], []
        for (name, inner), offset in zip(sort.fields, sort.offsets, strict=True):
            lo = inner.lo if isinstance(inner, Int) else 0
            names.append(f"x_{name}")
            if inner.width:
                parts.append(f"({f'(x_{name}) - {lo}' if lo else f'x_{name}'}) << {offset + 1}")
                if (sort, name) in self.terms.fields:
                    text = f"((message) >> {offset + 1} & {(1 << inner.width) - 1})"
                    yield f"#define {self.terms.field(sort, name)}(message) {f'({text} + {lo})' if lo else text}"
                if (sort, name) in self.terms.setters:
                    rest = (1 << sort.width + 1) - 1 ^ (1 << inner.width) - 1 << offset + 1
                    yield f"#define {self.terms.setter(sort, name)}(message, x_{name}) ((message) & {rest} | {parts[-1]})"
        if sort in self.terms.makers:
            yield f"#define {self.terms.maker(sort)}({', '.join(names)}) ({' | '.join([*parts, '1'])})"

    def _variables(self) -> Iterator[str]:
        several = len(self.system.initial) > 1
        for variable in self.system.variables:
            declared = _declaration(variable.sort)
            values = self._codes(variable, self.system.initial[0][variable.name])
            for place, value in zip(self.terms.places[variable.name], values, strict=True):
                note = f"  /* {variable.note} */" if variable.note and place == self.terms.places[variable.name][0] else ""
                yield f"{declared.format(place)}{'' if several or value == '0' else f' = {value}'};{note}"

    def _codes(self, variable: Variable, value: Value) -> list[str]:
        """What a variable, or each slot of a bag, holds where the variable has the value."""
        sort = variable.sort
        if isinstance(sort, Bag):
            codes = [str(code_of(message, sort.element)) for message in value]
            return codes + ["0"] * (sort.capacity - len(codes))
        return [str(code_of(value, sort))]

    def _bag(self, name: str, sort: Bag) -> Iterator[str]:
        places = self.terms.places[name]
        kind = "first in, first out" if sort.ordered else "the larger first"
        if (name, "settle") in self.terms.verbs:
            yield from ("", f"/* {name}: {kind}, the empty slots at the end */")
            yield f"inline {self.terms.verb(name, 'settle')}() {{"
            pairs = [(i, i + 1) for first in range(len(places) - 1) for i in reversed(range(first, len(places) - 1))]
            yield ";\n".join(_in_order(places[a], places[b], sort.ordered) for a, b in pairs)
            yield "}"
        if (name, "remove") in self.terms.verbs:
            yield from ("", f"inline {self.terms.verb(name, 'remove')}(message) {{", "   if")
            for i, place in enumerate(places):
                others = "".join(f"{earlier} != (message) && " for earlier in places[:i])
                moved = "; ".join(f"{a} = {b}" for a, b in zip(places[i:], [*places[i + 1 :], "0"], strict=True))
                yield f"   :: {others}{place} == (message) -> {moved}"
            yield from ("   :: else", "   fi", "}")

    # -- properties --------------------------------------------------------------------------------------------------
    def _check(self, question: Question) -> Iterator[str]:
        n, name = question.number, self.checks[question.name]
        yield from ("", *_comment(f"{n}: {question.name} ({question.kind.value}). {question.sentence}"))
        yield _asked(question)
        said = f'told[{n}] = 1; printf("{_in_c(question.name)}: {question.answer}, steps: %ld\\n", depth + further);'
        yield f"#define {name}(found, further) \\"
        yield f"   if :: c_expr {{ !told[{n}] }} && (found) -> c_code {{ {said} }}; assert(false) :: else fi"
        yield from ("#else", f"#define {name}(found, further) skip", "#endif")

    def _state_check(self, question: Question) -> Iterator[str]:
        assert question.against is not None
        found = operand(self.terms.text(question.against))
        yield _asked(question)
        yield f":: d_step {{ c_expr {{ !told[{question.number}] }} && {'quiescent && ' if question.quiescent else ''}{found} ->"
        yield f"      {self.checks[question.name]}(true, 0) }}"
        yield "#endif"

    # -- actions -----------------------------------------------------------------------------------------------------
    def _action(self, action: Action) -> Iterator[str]:
        params = ", ".join(self.terms.param(p.name) for p in action.params)
        yield from ("", *_comment(about(action)))
        guard = self.terms.text(action.enabled)
        yield f"#define {self.may[action.name]}{f'({params})' if params else ''} ({guard})"
        lines = [*self._watched(action), *self.statements.of(action)]
        yield from self._inline(self.does[action.name], params, lines or ["skip"])

    def _watched(self, action: Action) -> Iterator[str]:
        """What is asked about the action while it is taken."""
        for question in self.abroad.questions:
            for event, condition in action.events:
                if event == question.event:
                    lines = self.watching.of_check(action, f"{self.checks[question.name]}({{}}, 1)", condition)
                    if len(lines) == 1:
                        yield lines[0]
                    else:
                        yield "\n".join([_asked(question), *(f"{line};" for line in lines), "#endif", "skip"])

    def _inline(self, name: str, params: str, lines: list[str]) -> Iterator[str]:
        """An inline of these statements; what is too long for SPIN goes on in another one."""
        lengths = accumulate(self.terms.length(line) for line in lines)
        fit = max(1, sum(length < LONGEST for length in lengths))
        if fit < len(lines):
            rest = self.terms.names.new(name, "further")
            yield from self._inline(rest, params, lines[fit:])
            lines = [*lines[:fit], f"{rest}({params})"]
        yield from (f"inline {name}({params}) {{", ";\n".join(_indented(line, 3) for line in lines), "}")

    def _instances(self, action: Action) -> Iterator[tuple[str, str]]:
        """For each action instance: when it is possible, and what is then done. Of equal messages the first is taken."""
        choices: list[list[tuple[str, str]]] = []
        for p in action.params:
            if p.channel is None:
                choices.append([(self.terms.value(value, p.sort), "") for value in p.sort.values()])
            else:
                places = self.terms.places[p.channel]
                sort = self.system.by_name[p.channel].sort
                assert isinstance(sort, Bag)
                differs = [
                    f" && {place}" + (f" && {place} != {before}" if before else "")
                    for before, place in zip(["", *places], places, strict=False)
                ]
                choices.append(list(zip(places, differs, strict=True))[: 1 if sort.ordered else None])
        for values in product(*choices):
            given = ", ".join(text for text, _ in values)
            may = f"{self.may[action.name]}({given})" if values else self.may[action.name]
            yield may + "".join(condition for _, condition in values), f"{self.does[action.name]}({given})"

    def _process(self) -> Iterator[str]:
        of_states = [q for q in self.abroad.questions if q.against is not None]
        instances = [(action, *instance) for action in self.system.actions for instance in self._instances(action)]
        if any(q.quiescent for q in of_states):
            steps = [f"({condition})" for action, condition, _ in instances if action.kind.is_protocol_step]
            yield from ("", "/* no protocol step is possible */", f"#define quiescent !({' || '.join(steps) or 'false'})")
        yield from ("", "active proctype system() {")
        yield from _scratch(self.statements)
        if self.watching.scratch:
            yield from ("#if PROPERTY >= 0", *_scratch(self.watching), "#endif")
        if len(self.system.initial) > 1:
            yield "   if"
            for state in self.system.initial:
                codes = [
                    (p, c)
                    for v in self.system.variables
                    for p, c in zip(self.terms.places[v.name], self._codes(v, state[v.name]), strict=True)
                ]
                yield f"   :: d_step {{ true -> {'; '.join(f'{place} = {code}' for place, code in codes)} }}"
            yield "   fi;"
        yield from ("end:", "   do")
        for _, condition, does in instances:
            yield f"   :: d_step {{ {condition} -> {does} }}"
        for question in of_states:
            yield from self._state_check(question)
        yield from ("   od", "}")


def _inside(text: str) -> str:
    """Text within a comment: nothing in it ends the comment."""
    return text.replace("*/", "* /")


def _comment(text: str) -> list[str]:
    return wrapped(_inside(text), "/* ", "   ", " */")


def _in_c(text: str) -> str:
    """Text within the format of a `printf`: it is printed as it is."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")


def _asked(question: Question) -> str:
    return f"#if PROPERTY == {question.number} || PROPERTY == 0"


def _scratch(statements: Statements) -> list[str]:
    names = [(kind, name) for kind, names in statements.scratch.items() for name in names]
    return [f"   {kind.format(name)};  /* 0 between steps */" for kind, name in names]


def _needed(abroad: Abroad) -> Iterator[Expr]:
    """Every expression that is written."""
    for action in abroad.system.actions:
        yield action.enabled
        yield from (value for pairs in (action.effects, action.events) for _, value in pairs)
    yield from (question.against for question in abroad.questions if question.against is not None)


def _check_width(variable: Variable) -> None:
    sort = variable.sort.element if isinstance(variable.sort, Bag) else variable.sort
    width = sort.width + isinstance(sort, Record)
    if width > MOST_BITS or isinstance(sort, Int) and max(abs(sort.lo), abs(sort.hi)) >= 1 << MOST_BITS:
        what = f"a {sort} of {variable.name}" if isinstance(sort, Record) else variable.name
        raise LanguageError(
            f"{what} needs {width} bits, and SPIN's numbers have {MOST_BITS}: choose settings with smaller numbers"
        )


def _declaration(sort: Sort) -> str:
    return type_of(sort.element if isinstance(sort, Bag) else sort)


def _in_order(first: str, second: str, ordered: bool) -> str:
    if ordered:
        return f"   if :: {first} == 0 -> {first} = {second}; {second} = 0 :: else fi"
    swap = f"{first} = {first} ^ {second}; {second} = {first} ^ {second}; {first} = {first} ^ {second}"
    return f"   if :: {first} < {second} -> {swap} :: else fi"


def _indented(text: str, by: int) -> str:
    return "\n".join(" " * by + line for line in text.splitlines())


_HOW_TO_RUN = """\
To count (breadth first; the number of states stored is that of synproof, the number of transitions is one larger: SPIN
counts the way into the initial state):
    spin -o2 -a {file} && cc -O2 -DSAFETY -DNOREDUCE -DBFS -o pan pan.c && ./pan
Depth first: without -DBFS, and `./pan -m10000000`. `-o2` keeps the variables that only properties read.
To ask about property 3: `spin -o2 -a -DPROPERTY=3 {file}`; breadth first finds a shortest run. About all: -DPROPERTY=0, and
`./pan -c0`, which tells each that is violated or reached once (each adds one transition, from the state to itself)."""

_PREAMBLE = """\

#ifndef PROPERTY
#define PROPERTY -1
#endif
c_decl {{ static char told[{last} + 1]; }}  /* which answers were given; no part of the state */"""
