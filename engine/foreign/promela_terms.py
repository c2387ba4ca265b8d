"""The promela interpretation: expressions as Promela text, in which a message is one whole number.

A message with its fields is packed as in a packed state, with a lowest bit that is always 1, so that 0 is no message and larger
numbers come first in a bag. A bag is a variable for each slot.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from ..expr import Expr, Op, postorder
from ..sorts import Bag, Bool, Enum, Int, Record, Seq, Sort, Value
from ..system import System
from .common import Names, operand, uses

__all__ = ["LONG", "RESERVED", "Terms", "View", "code_of"]

LONG = 80  # characters of a text that is written only once

_FACT = re.compile(r"\bfact_\d+\b")
_TIGHTER = frozenset({Op.EQ, Op.LT, Op.LE, Op.NOT, Op.HAS})  # what stands beside && and || as it is
_OPPOSITE = {Op.EQ: "!=", Op.LT: ">=", Op.LE: ">", Op.HAS: "=="}
_WORDS = """
active assert atomic bit bool break byte c_code c_decl c_expr c_state c_track chan cond_expr const d_proctype d_step do
else empty enabled end eval false fi for full get_priority goto hidden if in init inline int len local ltl mtype nempty
never nfull nonprogress notrace np_ od of pc_value pid print printf printm priority proctype provided run select
set_priority short show skip timeout trace true typedef unless unsigned value weak xr xs clamp quiescent main system now
trpt told depth
"""
RESERVED = frozenset(_WORDS.split())
"""Words that Promela, SPIN's generated code or the exported text use for something else."""


class Terms:
    """The Promela text of expressions over one system."""

    def __init__(self, system: System, needed: Sequence[Expr] = ()) -> None:
        """`needed` are all expressions that will be written: what is long and needed twice is written once, as a fact."""
        self.names = Names(RESERVED)
        self.uses = uses(needed)
        self.conjunctions = {node.args: node for node in postorder(*needed) if node.op is Op.AND}
        self.facts: dict[Expr, str] = {}
        self.facts_text: dict[str, str] = {}
        self.places: dict[str, list[str]] = {}  # variable -> its identifier, or those of its slots
        for variable in system.variables:
            slots = [[str(i)] for i in range(variable.sort.capacity)] if isinstance(variable.sort, Bag) else [[]]
            self.places[variable.name] = [self.names.new(variable.name, *slot) for slot in slots]
        self.members: dict[tuple[Enum, str], str] = {}
        self.fields: dict[tuple[Record, str], str] = {}
        self.setters: dict[tuple[Record, str], str] = {}
        self.makers: dict[Record, str] = {}
        self.verbs: dict[tuple[str, str], str] = {}
        self.params: dict[str, str] = {}

    # -- names of what a sort brings with it -----------------------------------------------------------------------
    def member(self, sort: Enum, value: str) -> str:
        """The name of a member of an enumeration."""
        key = (sort, value)
        if key not in self.members:
            others = [n for (s, v), n in self.members.items() if v == value and s.encode(v) == sort.encode(value)]
            self.members[key] = others[0] if others else self.names.new(value)
        return self.members[key]

    def field(self, sort: Record, name: str) -> str:
        """The macro that reads a field of a message."""
        key = (sort, name)
        if key not in self.fields:
            self.fields[key] = self.names.new(sort.name.lower(), name)
        return self.fields[key]

    def setter(self, sort: Record, name: str) -> str:
        """The macro that changes a field of a message."""
        key = (sort, name)
        if key not in self.setters:
            self.setters[key] = self.names.new(sort.name.lower(), "with", name)
        return self.setters[key]

    def maker(self, sort: Record) -> str:
        """The macro that makes a message of its fields."""
        if sort not in self.makers:
            self.makers[sort] = self.names.new(sort.name)
        return self.makers[sort]

    def param(self, name: str) -> str:
        """What a parameter is called."""
        if name not in self.params:
            self.params[name] = self.names.new(name)
        return self.params[name]

    def verb(self, bag: str, verb: str) -> str:
        """The inline that does something to a bag."""
        key = (bag, verb)
        if key not in self.verbs:
            self.verbs[key] = self.names.new(bag, verb)
        return self.verbs[key]

    def value(self, value: Value, sort: Sort) -> str:
        """A constant."""
        if isinstance(sort, Bool):
            return "true" if value else "false"
        if isinstance(sort, Enum):
            return self.member(sort, value)
        if isinstance(sort, Record):
            return self.make(sort, [self.value(v, s) for v, (_, s) in zip(value, sort.fields, strict=True)])
        return str(value)

    def make(self, sort: Record, texts: list[str]) -> str:
        """A message of the texts of its fields."""
        return f"{self.maker(sort)}({', '.join(texts)})"

    def fact(self, node: Expr, text: str) -> str:
        """The macro that stands for a truth value."""
        if node not in self.facts:
            self.facts[node] = self.names.new("fact", str(len(self.facts) + 1))
            self.facts_text[self.facts[node]] = text
        return self.facts[node]

    def length(self, text: str) -> int:
        """How long the text is once its facts are written out."""
        return len(text) + sum(self.length(self.facts_text[name]) for name in _FACT.findall(text) if name in self.facts_text)

    # -- expressions -----------------------------------------------------------------------------------------------
    def text(self, root: Expr, view: View | None = None) -> str:
        """The text of a scalar or record expression."""
        view = view or View(self)
        view.visit(root)
        return view.texts[id(root)]


class View:
    """Texts of expressions, and what stands for some of them: the slots of a bag, a scratch variable.

    `scratch(node, text)` may give a shorter text for a node.
    """

    def __init__(self, terms: Terms, scratch: Callable[[Expr, str], str] = lambda _node, text: text) -> None:
        self.terms, self.scratch = terms, scratch
        self.texts: dict[int, str] = {}
        self.slots: dict[int, list[str]] = {}
        self.kept: list[Expr] = []  # ids of nodes are keys: the nodes stay alive
        self.local: set[int] = set()  # nodes whose text means something within one action only

    def visit(self, root: Expr) -> None:
        """Find the text of everything below an expression, and its own."""
        self.kept.append(root)
        for node in postorder(root):
            if isinstance(node.sort, Bag):
                if id(node) not in self.slots:
                    self.slots[id(node)] = self._bag(node, node.sort)
            elif id(node) not in self.texts:
                text = _TEXT[node.op](self, node, [self.texts.get(id(arg), "") for arg in node.args])
                self.texts[id(node)] = self._once(node, self.scratch(node, text))
            if node.op is Op.PARAM or not self.local.isdisjoint(map(id, node.args)):
                self.local.add(id(node))

    def _once(self, node: Expr, text: str) -> str:
        """A fact instead of its text, if it is long and needed more than once anywhere."""
        if len(text) <= LONG or self.terms.uses[id(node)] < 2 or not isinstance(node.sort, Bool):
            return text
        here_only = "@" in text or not self.local.isdisjoint(map(id, node.args))
        return text if here_only else self.terms.fact(node, text)

    def text(self, root: Expr) -> str:
        """The text of a scalar or record expression."""
        self.visit(root)
        return self.texts[id(root)]

    def _bag(self, node: Expr, sort: Bag) -> list[str]:
        """The slots of a bag, each an expression over the state (for a bag that is read before it is made)."""
        if node.op is Op.VAR:
            return self.terms.places[node.attr]
        given = [self.texts.get(id(arg), "") for arg in node.args]
        if node.op is Op.CONST:
            codes = [self.terms.value(message, sort.element) for message in node.attr]
            return codes + ["0"] * (sort.capacity - len(codes))
        if node.op is Op.ITE:
            then, otherwise = (self.slots[id(branch)] for branch in node.args[1:])
            return [f"({given[0]} -> {a} : {b})" for a, b in zip(then, otherwise, strict=True)]
        if node.op is Op.BAG_OF:
            slots = ["0"] * sort.capacity
            for keep, message in zip(given[::2], given[1::2], strict=True):
                slots = _with(slots, f"({keep} -> {message} : 0)", sort)
            return slots
        before = self.slots[id(node.args[0])]
        if node.op is Op.INSERT:
            after = _with(before, given[1], sort)
            return [f"({before[-1]} -> {old} : {new})" for old, new in zip(before, after, strict=True)]
        assert node.op is Op.REMOVE
        found = [" || ".join(f"{operand(slot)} == {operand(given[1])}" for slot in before[: i + 1]) for i in range(len(before))]
        return [f"({f} -> {nxt} : {slot})" for f, slot, nxt in zip(found, before, [*before[1:], "0"], strict=True)]


def _with(slots: list[str], message: str, sort: Bag) -> list[str]:
    """The slots with one message more, for which there is room (no change for the message 0)."""
    x, new = operand(message), []
    for i, slot in enumerate(map(operand, slots)):
        before = operand(slots[i - 1])
        if sort.ordered:
            new.append(f"({slot} == 0 && {before} != 0 -> {x} : {slot})" if i else f"({slot} == 0 -> {x} : {slot})")
        else:
            own = f"({x} > {slot} -> {x} : {slot})"
            new.append(f"({x} > {before} -> {before} : {own})" if i else own)
    return new


def code_of(value: Value, sort: Sort) -> int:
    """The whole number that stands for a value in a state of SPIN."""
    if isinstance(sort, Record):
        return sort.encode(value) << 1 | 1
    return int(value) if isinstance(sort, Int) else sort.encode(value)


def _modulo(text: str, sort: Sort) -> str:
    assert isinstance(sort, Seq)
    return f"{text} & {(1 << sort.bits) - 1}"


def _junction(sign: str) -> Callable[[View, Expr, list[str]], str]:
    return lambda _v, n, a: f" {sign} ".join(
        text if node.op in _TIGHTER else operand(text) for node, text in zip(n.args, a, strict=True)
    )


def _and(view: View, node: Expr, a: list[str]) -> str:
    """A conjunction, where another one that is written anyway is a part of it as that one."""
    for end in range(len(a) - 1, 1, -1):
        part = view.terms.conjunctions.get(node.args[:end])
        if part is not None:
            rest = [t if n.op in _TIGHTER else operand(t) for n, t in zip(node.args[end:], a[end:], strict=True)]
            return " && ".join([operand(view.text(part)), *rest])
    return _junction("&&")(view, node, a)


def _join(sign: str) -> Callable[[View, Expr, list[str]], str]:
    return lambda _v, _n, a: f" {sign} ".join(map(operand, a))


def _member(view: View, node: Expr, a: list[str]) -> str:
    sort = node.args[0].sort
    return " || ".join(f"{operand(a[0])} == {view.terms.value(v, sort)}" for v in node.attr)


def _clamp(_view: View, node: Expr, a: list[str]) -> str:
    sort, (lo, hi) = node.args[0].sort, node.attr
    assert isinstance(sort, Int)
    upper = f"({operand(a[0])} > {hi} -> {hi} : {operand(a[0])})" if sort.hi > hi else a[0]
    return f"({operand(a[0])} < {lo} -> {lo} : {upper})" if sort.lo < lo else upper


def _field(view: View, node: Expr, a: list[str]) -> str:
    message = node.args[0]
    sort = message.sort
    assert isinstance(sort, Record)
    name, inner = sort.fields[node.attr]
    if not inner.width:
        return view.terms.value(inner.default, inner)
    # a field of an empty slot reads as 0, as it should: whether the lowest bit is set does not matter here
    text = view.slots[id(message.args[0])][message.attr] if message.op is Op.ITEM else a[0]
    return f"{view.terms.field(sort, name)}({text})"


def _item(view: View, node: Expr, _a: list[str]) -> str:
    return f"{operand(view.slots[id(node.args[0])][node.attr])} | 1"


def _record(view: View, node: Expr, a: list[str]) -> str:
    """A message: all its fields, or another message with some of them changed."""
    sort = node.sort
    assert isinstance(sort, Record)
    copied = Counter(arg.args[0] for i, arg in enumerate(node.args) if arg.op is Op.FIELD and arg.attr == i)
    base, fields = copied.most_common(1)[0] if copied else (node, 0)
    if fields * 2 < len(a) or base.sort != sort:
        return view.terms.make(sort, a)
    text = view.texts[id(base)]
    for i, (name, inner) in enumerate(sort.fields):
        arg = node.args[i]
        if inner.width and not (arg.op is Op.FIELD and arg.attr == i and arg.args[0] is base):
            text = f"{view.terms.setter(sort, name)}({text}, {a[i]})"
    return text


def _not(view: View, node: Expr, a: list[str]) -> str:
    """A negation, written as the opposite comparison where there is one."""
    inner = node.args[0]
    sign = _OPPOSITE.get(inner.op)
    if sign is None or a[0].startswith("@"):
        return f"!{operand(a[0])}"
    if inner.op is Op.HAS:
        return f"{operand(view.slots[id(inner.args[0])][inner.attr])} == 0"
    left, right = (view.texts[id(arg)] for arg in inner.args)
    return f"{operand(left)} {sign} {operand(right)}"


def _no_single_value(_view: View, node: Expr, _a: list[str]) -> Any:
    raise AssertionError(f"{node.op} makes a bag, which has slots and no single value")


_TEXT: dict[Op, Callable[[View, Expr, list[str]], str]] = {
    Op.CONST: lambda v, n, a: v.terms.value(n.attr, n.sort),
    Op.VAR: lambda v, n, a: v.terms.places[n.attr][0],
    Op.PARAM: lambda v, n, a: v.terms.param(n.attr),
    Op.NOT: _not,
    Op.AND: _and,
    Op.OR: _junction("||"),
    Op.EQ: _join("=="),
    Op.ITE: lambda v, n, a: f"({a[0]} -> {a[1]} : {a[2]})",
    Op.MEMBER: _member,
    Op.ADD: _join("+"),
    Op.SUB: _join("-"),
    Op.LT: _join("<"),
    Op.LE: _join("<="),
    Op.CLAMP: _clamp,
    Op.SHIFT: lambda v, n, a: _modulo(f"({operand(a[0])} + {operand(a[1])})", n.sort),
    Op.DISTANCE: lambda v, n, a: _modulo(f"({operand(a[0])} - {operand(a[1])})", n.args[0].sort),
    Op.ORDINAL: lambda v, n, a: a[0],
    Op.RECORD: _record,
    Op.FIELD: _field,
    Op.HAS: lambda v, n, a: f"{operand(v.slots[id(n.args[0])][n.attr])} != 0",
    Op.ITEM: _item,
    Op.INSERT: _no_single_value,
    Op.REMOVE: _no_single_value,
    Op.BAG_OF: _no_single_value,
}
INTERPRETED = frozenset(_TEXT)
