"""The source text of expressions: Python over packed integers, in which every operator is written once.

A packed state is held in some form (`Form`): as one integer, or as machine words. Where a variable lies in it is all that an
expression has to know of that, so the same text serves both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count
from typing import Any, Protocol

from .expr import Expr, Op, postorder
from .layout import Layout, Place
from .sorts import Bag, Int, Record, Seq

__all__ = ["INTERPRETED", "Block", "Form", "Whole", "code_of", "shared", "wrap"]


class Form(Protocol):
    """How generated code holds a packed state."""

    layout: Layout

    def load(self, place: Place) -> str:
        """What lies at a place."""


class Whole:
    """One integer of any size, in the local variable `s`."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    def load(self, place: Place) -> str:
        """What lies at a place."""
        return f"s >> {place.offset} & {place.mask}"


def shared(roots: Iterable[Expr]) -> set[int]:
    """Nodes that are used more than once below the roots: worth a local variable."""
    uses: dict[int, int] = {}
    listed = list(roots)
    for root in listed:
        uses[id(root)] = uses.get(id(root), 0) + 1
    for node in postorder(*listed):
        for arg in node.args:
            uses[id(arg)] = uses.get(id(arg), 0) + 1
    return {node for node, n in uses.items() if n > 1}


class Block:
    """Lines of one indentation level, and the expressions that have a name there."""

    def __init__(self, form: Form, shared: set[int], indent: int = 1, parent: Block | None = None) -> None:
        self.form, self.shared, self.indent = form, shared, indent
        self.lines: list[str] = []
        self.memo: dict[int, str] = dict(parent.memo) if parent else {}
        self.slots: dict[int, list[str]] = dict(parent.slots) if parent else {}
        self.keep: list[Expr] = []  # nodes made here stay alive as long as their ids are used as keys
        self.fresh: count[int] = parent.fresh if parent else count()

    def put(self, text: str, deeper: int = 0) -> None:
        """One line of source."""
        self.lines.append("    " * (self.indent + deeper) + text)

    def name(self, text: str) -> str:
        """A new local variable that holds `text`."""
        local = f"t{next(self.fresh)}"
        self.put(f"{local} = {text}")
        return local

    def child(self) -> Block:
        """A block one level deeper that knows what is named here."""
        return Block(self.form, self.shared, self.indent + 1, self)

    # -- values --------------------------------------------------------------------------------------------------
    def source(self, root: Expr) -> str:
        """Source text of a scalar or record expression (records as packed integers)."""
        pending = [root]
        while pending:
            node = pending[-1]
            if id(node) in self.memo:
                pending.pop()
                continue
            missing = [a for a in node.args if not isinstance(a.sort, Bag) and id(a) not in self.memo]
            if missing:
                pending.extend(missing)
                continue
            text = self._write(node)
            if id(node) in self.shared and node.op not in (Op.CONST, Op.PARAM) or len(text) > 400:
                text = self.name(text)
            self.memo[id(node)] = text
            self.keep.append(node)
            pending.pop()
        return self.memo[id(root)]

    def _write(self, node: Expr) -> str:
        return _SOURCE[node.op](self, node, [self.memo.get(id(arg), "") for arg in node.args])

    # -- bags ----------------------------------------------------------------------------------------------------
    def bag(self, root: Expr) -> list[str]:
        """Names of the slots of a bag expression (each slot an integer, 0 if empty)."""
        for node in postorder(root):
            if isinstance(node.sort, Bag) and id(node) not in self.slots:
                self.slots[id(node)] = self._bag(node, node.sort)
                self.keep.append(node)
        return self.slots[id(root)]

    def _bag(self, node: Expr, sort: Bag) -> list[str]:
        if node.op is Op.CONST:
            codes = [sort.element.encode(e) << 1 | 1 for e in node.attr]
            return [str(c) for c in codes] + ["0"] * (sort.capacity - len(codes))
        if node.op is Op.VAR:
            return [self.name(self.form.load(p)) for p in self.form.layout.places[node.attr]]
        if node.op is Op.ITE:
            condition = self.source(node.args[0])
            then, otherwise = (self.slots[id(branch)] for branch in node.args[1:])
            return [self.name(f"{a} if {wrap(condition)} else {b}") for a, b in zip(then, otherwise, strict=True)]
        if node.op is Op.BAG_OF:
            places = [self.name("0") for _ in range(sort.capacity)]
            for keep, element in zip(node.args[::2], node.args[1::2], strict=True):
                test, code = self.source(keep), self.source(element)
                self.put(f"if {test}:")
                self._insert(places, f"{wrap(code)} << 1 | 1", sort, deeper=1)
            return places
        places = [self.name(slot) for slot in self.slots[id(node.args[0])]]
        code = f"{wrap(self.source(node.args[1]))} << 1 | 1"
        if node.op is Op.INSERT:
            self.put(f"if not {places[-1]}:")
            self._insert(places, code, sort, deeper=1)
        else:
            assert node.op is Op.REMOVE
            code = self.name(code)
            for i in range(len(places)):
                self.put(f"{'el' if i else ''}if {places[i]} == {code}:")
                moved = [f"{a} = {b}" for a, b in zip(places[i:], [*places[i + 1 :], "0"], strict=True)]
                self.put("; ".join(moved), deeper=1)
        return places

    def _insert(self, places: list[str], code: str, sort: Bag, deeper: int) -> None:
        """Put a slot value into places that have room: at the end of a queue, in descending order in a bag."""
        x = f"t{next(self.fresh)}"
        self.put(f"{x} = {code}", deeper)
        if sort.ordered:
            for i, place in enumerate(places):
                self.put(f"{'el' if i else ''}if not {place}: {place} = {x}", deeper)
        else:
            for place in places[:-1]:
                self.put(f"if {x} > {place}: {place}, {x} = {x}, {place}", deeper)
            self.put(f"{places[-1]} = {x}", deeper)


def wrap(text: str) -> str:
    """The text as an operand: in parentheses unless it is a name or a number."""
    return text if text.isidentifier() or text.isdigit() else f"({text})"


def code_of(block: Block, node: Expr, sort: Any) -> str:
    """The encoded form of a scalar or record expression, as a value of `sort`."""
    text = block.source(node)
    if isinstance(sort, Int) and sort.lo:
        return f"({wrap(text)} - {sort.lo})" if sort.lo > 0 else f"({wrap(text)} + {-sort.lo})"
    return wrap(text)


def _const(node: Expr) -> str:
    return str(node.attr) if isinstance(node.sort, Int) else str(node.sort.encode(node.attr))


def _decoded(text: str, sort: Any) -> str:
    return f"({text}) + {sort.lo}" if isinstance(sort, Int) and sort.lo else text


def _write_var(block: Block, node: Expr, _args: list[str]) -> str:
    (place,) = block.form.layout.places[node.attr]
    return _decoded(block.form.load(place), node.sort)


def _write_member(_block: Block, node: Expr, args: list[str]) -> str:
    codes = [c if isinstance((s := node.args[0].sort), Int) else s.encode(c) for c in node.attr]
    return f"{wrap(args[0])} in ({', '.join(map(str, codes))},)"


def _write_field(_block: Block, node: Expr, args: list[str]) -> str:
    sort = node.args[0].sort
    assert isinstance(sort, Record)
    offset, inner = sort.offsets[node.attr], sort.fields[node.attr][1]
    shifted = f"{wrap(args[0])} >> {offset}" if offset else wrap(args[0])
    return _decoded(f"{shifted} & {(1 << inner.width) - 1}", inner)


def _write_record(block: Block, node: Expr, _args: list[str]) -> str:
    assert isinstance(node.sort, Record)
    known, parts = 0, []
    for (_, sort), offset, arg in zip(node.sort.fields, node.sort.offsets, node.args, strict=True):
        if arg.op is Op.CONST:
            known |= sort.encode(arg.attr) << offset
        elif sort.width:
            parts.append(f"{code_of(block, arg, sort)} << {offset}" if offset else code_of(block, arg, sort))
    return " | ".join([*parts, str(known)] if known or not parts else parts)


def _modular(text: str, bits: int) -> str:
    return f"{text} & {(1 << bits) - 1}"


def _shift(_b: Block, n: Expr, a: list[str]) -> str:
    assert isinstance(n.sort, Seq)
    return _modular(f"({wrap(a[0])} + {wrap(a[1])})", n.sort.bits)


def _distance(_b: Block, n: Expr, a: list[str]) -> str:
    assert isinstance(n.args[0].sort, Seq)
    return _modular(f"({wrap(a[0])} - {wrap(a[1])})", n.args[0].sort.bits)


def _join(word: str) -> Callable[[Block, Expr, list[str]], str]:
    return lambda _b, _n, a: f" {word} ".join(wrap(x) for x in a)


def _not_a_value(_b: Block, node: Expr, _a: list[str]) -> str:
    raise AssertionError(f"{node.op} makes a bag, which has slots and no single value")


_SOURCE: dict[Op, Callable[[Block, Expr, list[str]], str]] = {
    Op.CONST: lambda b, n, a: _const(n),
    Op.VAR: _write_var,
    Op.PARAM: lambda b, n, a: f"p_{n.attr}",
    Op.NOT: lambda b, n, a: f"not {wrap(a[0])}",
    Op.AND: _join("and"),
    Op.OR: _join("or"),
    Op.EQ: _join("=="),
    Op.ITE: lambda b, n, a: f"{wrap(a[1])} if {wrap(a[0])} else {wrap(a[2])}",
    Op.MEMBER: _write_member,
    Op.ADD: _join("+"),
    Op.SUB: _join("-"),
    Op.LT: _join("<"),
    Op.LE: _join("<="),
    Op.CLAMP: lambda b, n, a: f"min(max({a[0]}, {n.attr[0]}), {n.attr[1]})",
    Op.SHIFT: _shift,
    Op.DISTANCE: _distance,
    Op.ORDINAL: lambda b, n, a: a[0],
    Op.RECORD: _write_record,
    Op.FIELD: _write_field,
    Op.HAS: lambda b, n, a: f"{b.bag(n.args[0])[n.attr]} != 0",
    Op.ITEM: lambda b, n, a: f"{b.bag(n.args[0])[n.attr]} >> 1",
    Op.INSERT: _not_a_value,
    Op.REMOVE: _not_a_value,
    Op.BAG_OF: _not_a_value,
}
INTERPRETED = frozenset(_SOURCE)
