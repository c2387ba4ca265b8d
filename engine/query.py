"""The expressions people write, `client.state == ESTABLISHED and network.to_server.syn <= 1`, read against a system.

`query_syntax` says what may be written. Here names get their meaning: they are the system's variables and definitions, and
the members of its enumerations. A member that two enumerations share takes the sort of what it is compared with, and a whole
number beside a sequence number is one.

>>> from synproof.engine.sorts import Int
>>> from synproof.engine.system import System, Variable
>>> system = System("lamp", (Variable("lamp.light", Int(0, 3)),), ({"lamp.light": 0},), ())
>>> parse("0 < lamp.light <= 2", system).expr
0 < lamp.light and lamp.light <= 2
>>> parse("lamp.ligth == 0", system)
Traceback (most recent call last):
...
synproof.engine.query_syntax.ExpressionError: there is no `lamp.ligth`; did you mean 'lamp.light'?
    lamp.ligth == 0
    ^^^^^^^^^^
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from operator import eq, ge, gt, le, lt, ne

from .errors import LanguageError, did_you_mean
from .expr import TRUE, Expr, Op, all_of, any_of, const, equal, field, iff, implies, negate, size
from .property import Fairness, Property, PropertyKind, Response
from .query_syntax import CALLS, ExpressionError, syntax
from .sorts import Bag, Bool, Enum, Int, Record, Seq, Sort, common
from .system import System

__all__ = ["ExpressionError", "Names", "Query", "describe_sort", "parse", "property_of"]

_COMPARE: dict[type[ast.cmpop], Callable[[Expr, Expr], Expr]] = {
    ast.Eq: eq, ast.NotEq: ne, ast.Lt: lt, ast.LtE: le, ast.Gt: gt, ast.GtE: ge,
}  # fmt: skip


@dataclass(frozen=True)
class Query:
    """An expression that has been read. `clauses` are its parts, joined by and, or, implies, iff, each as it was written.

    If the whole is implies(a, b), `implication` is (a, b): as an eventually-property it says "whenever a, some time later b".
    """

    text: str
    expr: Expr
    clauses: tuple[tuple[str, Expr], ...]
    implication: tuple[Expr, Expr] | None = None


def parse(text: str, system: System | Names) -> Query:
    """Read a truth value over the states of a system (or its `Names`, if many are to be read). Raises ExpressionError."""
    source, tree = syntax(text)
    reader = _Reader(source, system if isinstance(system, Names) else Names(system))
    expr = reader.truth(tree)
    clauses = tuple(reader.clauses(tree))
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id == "implies":
        return Query(source, expr, clauses, (reader.truth(tree.args[0]), reader.truth(tree.args[1])))
    return Query(source, expr, clauses)


def property_of(name: str, kind: PropertyKind, text: str, system: System | Names, fairness: Fairness) -> Property:
    """A property from an expression. Raises ExpressionError.

    As an eventually-property, implies(a, b) says that whenever a holds, b holds at that time or later; any other expression
    says that at every time it holds then or later.
    """
    query = parse(text, system)
    if kind is PropertyKind.EVENTUALLY:
        trigger, goal = query.implication or (TRUE, query.expr)
        response = Response(trigger=trigger, goal=goal)
        return Property(name, kind, query.text, responses=(response,), fairness=fairness, clauses=query.clauses, shared=True)
    return Property(name, kind, query.text, predicate=query.expr, clauses=query.clauses)


class Names:
    """What the expressions of a system may speak of: dotted names, and members of enumerations by name."""

    def __init__(self, system: System) -> None:
        self.values: dict[str, Expr] = {v.name: v.expr for v in system.variables} | dict(system.definitions)

    @cached_property
    def members(self) -> dict[str, tuple[Enum, ...]]:
        """Member -> the enumerations that have it."""
        enums: dict[Enum, None] = {}
        pending = [value.sort for value in reversed(self.values.values())]
        while pending:
            match pending.pop():
                case Enum() as enum:
                    enums[enum] = None
                case Record(fields=fields):
                    pending += [sort for _, sort in reversed(fields)]
                case Bag(element=element):
                    pending.append(element)
        return {m: tuple(e for e in enums if m in e.members) for enum in enums for m in enum.members}

    def within(self, prefix: str) -> list[str]:
        """The next parts of the names that begin with `prefix.`; of an empty prefix, what names begin with."""
        start = prefix + "." if prefix else ""
        rests = (name[len(start) :] for name in self.values if name.startswith(start))
        return list(dict.fromkeys(rest.partition(".")[0] for rest in rests))

    def value(self, name: str) -> Expr | None:
        """What a dotted name stands for: the longest part of it that is known, then fields (of a bag: `count`).

        Raises UnknownName or SortMismatch for what is no field of it.
        """
        parts = name.split(".")
        for cut in range(len(parts), 0, -1):
            node = self.values.get(".".join(parts[:cut]))
            if node is not None:
                for part in parts[cut:]:
                    node = size(node) if isinstance(node.sort, Bag) and part == "count" else field(node, part)
                return node
        return None

    def unknown(self, name: str) -> str:
        """What to say of a name that stands for nothing: what it could have been."""
        if parts := self.within(name):
            return f"`{name}` is not a value by itself; it has {', '.join(parts)}"
        prefix, last = name, ""
        while prefix and not last:
            prefix, _, rest = prefix.rpartition(".")
            last = rest if self.within(prefix) else ""
        known = self.within(prefix)
        if prefix:
            near = nearest(last, known, prefix + ".")
            return f"there is no `{name}`; {near or f'{prefix} has ' + ', '.join(known)}"
        near = nearest(name, [*self.members, *self.values, *known])
        if not near and "." not in name:
            inside = [value for value in self.values if value.endswith("." + name)]
            near = f"did you mean {' or '.join(map(repr, inside[:4]))}?" if inside else ""
        members = f"; values are {', '.join([*self.members][:6])}{', ...' * (len(self.members) > 6)}" if self.members else ""
        return f"there is no `{name}`; {near or 'names begin with ' + ', '.join(known) + members}"


@dataclass(frozen=True)
class _Shared:
    """A member of several enumerations, before it is known of which."""

    name: str
    sorts: tuple[Enum, ...]


_Operand = Expr | _Shared


class _Reader:
    """Walks a syntax tree whose nodes have been checked (their depth too: hence recursion)."""

    def __init__(self, source: str, names: Names) -> None:
        self.source, self.names = source, names
        self.read: dict[int, _Operand] = {}  # id of a tree's node -> what it means

    def fail(self, node: ast.expr, reason: str) -> ExpressionError:
        return ExpressionError(reason, self.source, node.col_offset, node.end_col_offset)

    def words(self, node: ast.expr) -> str:
        """The part of the text that a node was read from."""
        return self.source[node.col_offset : node.end_col_offset]

    def told(self, node: ast.expr, sort: Sort) -> str:
        """Which part of the text has which sort."""
        words = self.words(node)
        return f"`{words if len(words) <= 60 else words[:57] + '...'}` is {describe_sort(sort)}"

    # -- truth values --------------------------------------------------------------------------------------------
    def truth(self, node: ast.expr) -> Expr:
        """A node that must be a truth value."""
        value = self.value(node)
        if not isinstance(value.sort, Bool):
            raise self.fail(node, f"{self.told(node, value.sort)}, not a truth value")
        return value

    def clauses(self, node: ast.expr) -> Iterator[tuple[str, Expr]]:
        """The parts of a truth value that are no and, or, implies, iff."""
        match node:
            case ast.BoolOp(values=parts) | ast.Call(args=parts):
                for part in parts:
                    yield from self.clauses(part)
            case _:
                yield self.words(node), self.truth(node)

    # -- values --------------------------------------------------------------------------------------------------
    def value(self, node: ast.expr) -> Expr:
        """A node beside which nothing stands that could tell its sort."""
        value = self.operand(node)
        if isinstance(value, Expr):
            return value
        sorts = " and of ".join(sort.name for sort in value.sorts)
        raise self.fail(node, f"{value.name} is a member of {sorts}; compare it with a variable of the one that is meant")

    def operand(self, node: ast.expr) -> _Operand:
        """What a node means. (The middle of a chain a < b < c is asked for twice, and read once.)"""
        if id(node) not in self.read:
            self.read[id(node)] = self.fresh_operand(node)
        return self.read[id(node)]

    def fresh_operand(self, node: ast.expr) -> _Operand:
        match node:
            case ast.Constant(value=value):
                return const(value)
            case ast.Name() | ast.Attribute():
                return self.name(node)
            case ast.BoolOp(op=ast.And(), values=parts):
                return all_of(*map(self.truth, parts))
            case ast.BoolOp(values=parts):
                return any_of(*map(self.truth, parts))
            case ast.UnaryOp(op=ast.Not(), operand=part):
                return negate(self.truth(part))
            case ast.UnaryOp(op=operator, operand=part):
                return self.signed(part, isinstance(operator, ast.USub))
            case ast.BinOp():
                return self.sum(node)
            case ast.Compare():
                return self.comparison(node)
            case ast.Call(func=ast.Name(id=name), args=[left, right]):
                return (implies if name == CALLS[0] else iff)(self.truth(left), self.truth(right))
        raise AssertionError(f"query_syntax let {type(node).__name__} through")

    def name(self, node: ast.expr) -> _Operand:
        name = self.words(node).replace(" ", "")
        try:
            found = self.names.value(name)
        except LanguageError as error:
            raise self.fail(node, str(error)) from None
        if found is not None:
            return found
        sorts = self.names.members.get(name, ())
        if not sorts:
            raise self.fail(node, self.names.unknown(name))
        return const(name, sorts[0]) if len(sorts) == 1 else _Shared(name, sorts)

    # -- numbers -------------------------------------------------------------------------------------------------
    def signed(self, node: ast.expr, minus: bool) -> Expr:
        value = self.value(node)
        if not isinstance(value.sort, Int):
            raise self.fail(node, f"{self.told(node, value.sort)}, and only a whole number has a sign")
        return const(0) - value if minus else value

    def sum(self, node: ast.BinOp) -> Expr:
        self.not_a_dash(node)
        plus = isinstance(node.op, ast.Add)
        left, right = self.value(node.left), self.value(node.right)
        if not plus and isinstance(right.sort, Seq):
            left = self.lifted(node.left, left, right.sort)
        try:
            return left + right if plus else left - right
        except LanguageError:
            why = f"they cannot be {'added' if plus else 'subtracted'}"
            raise self.mixed(node, node.left, left, node.right, right, why) from None

    def not_a_dash(self, node: ast.BinOp) -> None:
        """The RFC writes SYN-SENT, which would be a difference."""
        name = self.words(node).replace("-", "_").replace(" ", "").upper()
        if name in self.names.members:
            raise self.fail(node, f"`{self.words(node)}` is a difference; did you mean {name!r}?")

    def lifted(self, node: ast.expr, value: Expr, sort: Sort) -> Expr:
        """A whole number that is written beside a sequence number is one."""
        if not (isinstance(sort, Seq) and value.op is Op.CONST and isinstance(value.sort, Int)):
            return value
        if not sort.contains(value.attr):
            raise self.fail(node, f"{value.attr} is not a sequence number: these are 0..{2**sort.bits - 1}")
        return const(value.attr, sort)

    def mixed(self, node: ast.expr, left: ast.expr, a: Expr, right: ast.expr, b: Expr, why: str) -> ExpressionError:
        return self.fail(node, f"{self.told(left, a.sort)} and {self.told(right, b.sort)}: {why}")

    # -- comparisons ---------------------------------------------------------------------------------------------
    def comparison(self, node: ast.Compare) -> Expr:
        """A chain: a < b < c means a < b and b < c."""
        left, found = node.left, []
        for operator, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(right, ast.Tuple):
                inside = self.membership(node, left, right.elts)
                found.append(inside if isinstance(operator, ast.In) else negate(inside))
            else:
                found.append(self.compared(node, operator, left, *self.beside(left, right), right))
            left = right
        return all_of(*found)

    def beside(self, left: ast.expr, right: ast.expr) -> tuple[Expr, Expr]:
        """Two operands of which each may tell the other's sort."""
        a, b = self.operand(left), self.operand(right)
        if isinstance(a, _Shared):
            a = self.value(left) if isinstance(b, _Shared) else self.chosen(a, b)
        if isinstance(b, _Shared):
            b = self.chosen(b, a)
        return self.lifted(left, a, b.sort), self.lifted(right, b, a.sort)

    def chosen(self, value: _Shared, other: Expr) -> Expr:
        return const(value.name, next((sort for sort in value.sorts if sort == other.sort), value.sorts[0]))

    def compared(self, node: ast.expr, operator: ast.cmpop, left: ast.expr, a: Expr, b: Expr, right: ast.expr) -> Expr:
        if common(a.sort, b.sort) is None:
            raise self.mixed(node, left, a, right, b, "they cannot be compared")
        if isinstance(a.sort, Bag):
            raise self.fail(left, f"{self.told(left, a.sort)}, which is not compared as a whole")
        if not isinstance(operator, ast.Eq | ast.NotEq) and not isinstance(a.sort, Int | Seq):
            raise self.fail(node, f"{self.told(left, a.sort)}, which has no order")
        return _COMPARE[type(operator)](a, b)

    def membership(self, node: ast.expr, left: ast.expr, elements: list[ast.expr]) -> Expr:
        pairs = []
        for element in elements:
            a, b = self.beside(left, element)
            self.compared(node, ast.Eq(), left, a, b, element)
            pairs.append((a, b))
        subject = pairs[0][0]
        if all(a is subject and b.op is Op.CONST for a, b in pairs):
            return subject.isin(*(b for _, b in pairs if subject.sort.contains(b.attr)))
        return any_of(*(equal(a, b) for a, b in pairs))


def nearest(name: str, known: Iterable[str], prefix: str = "") -> str:
    """A question after the nearest known name, or nothing. A known name that begins like `name` is near."""
    low = {candidate.lower(): prefix + candidate for candidate in known}
    begins = [low[key] for key in sorted(low) if len(name) > 1 and key.startswith(name.lower())]
    if not begins:
        near = did_you_mean(name.lower(), low)  # "did you mean 'x'?", or a list of all
        begins = [low[near.split("'")[1]]] if near.startswith("did you mean") else []
    return f"did you mean {' or '.join(map(repr, begins[:3]))}?" if begins else ""


def describe_sort(sort: Sort) -> str:
    """A sort in the words of somebody who writes expressions."""
    match sort:
        case Bool():
            return "a truth value"
        case Int(lo=lo, hi=hi):
            return "a whole number" if lo == hi else f"a whole number {lo}..{hi}"
        case Seq(bits=bits):
            return f"a sequence number 0..{2**bits - 1}"
        case Enum(name=name, members=members):
            return f"a value of {name} ({', '.join(members[:3])}{', ...' * (len(members) > 3)})"
    return f"a {sort}"
