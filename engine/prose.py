"""The prose interpretation: expressions, guards and effects as people read them."""

from __future__ import annotations

from collections.abc import Callable

from .expr import Expr, Op, postorder
from .sorts import Record
from .system import Action

__all__ = ["conjuncts", "describe", "show"]

# how tightly the written form of an operator binds; arguments that bind less tightly get parentheses
_ATOM, _SUM, _COMPARE, _NOT, _AND, _OR, _ITE = 9, 6, 5, 4, 3, 2, 1
_BINDS = {
    Op.ADD: _SUM, Op.SUB: _SUM, Op.SHIFT: _SUM, Op.DISTANCE: _SUM,
    Op.EQ: _COMPARE, Op.LT: _COMPARE, Op.LE: _COMPARE, Op.MEMBER: _COMPARE,
    Op.NOT: _NOT, Op.AND: _AND, Op.OR: _OR, Op.ITE: _ITE,
}  # fmt: skip


def show(root: Expr) -> str:
    """The expression as text, in the syntax of people's expressions as far as that goes.

    >>> from synproof.engine.expr import var
    >>> from synproof.engine.sorts import BOOL, Int
    >>> x, p = var("x", Int(0, 3)), var("p", BOOL)
    >>> show((x + 1 < 3) & ~p)
    'x + 1 < 3 and not p'
    """
    text: dict[int, str] = {}
    for node in postorder(root):
        mine = _BINDS.get(node.op, _ATOM)
        args = []
        for arg in node.args:
            inner = text[id(arg)]
            theirs = _BINDS.get(arg.op, _ATOM)
            args.append(f"({inner})" if theirs < mine or (theirs == mine and mine in (_SUM, _COMPARE, _ITE)) else inner)
        text[id(node)] = _TEXT[node.op](node, args, [text[id(arg)] for arg in node.args])
    return text[id(root)]


def _constant(node: Expr) -> str:
    return node.sort.show(node.attr)


def _field(node: Expr, args: list[str]) -> str:
    sort = node.args[0].sort
    assert isinstance(sort, Record)
    return f"{args[0]}.{sort.fields[node.attr][0]}"


def _record(node: Expr, plain: list[str]) -> str:
    assert isinstance(node.sort, Record)
    pairs = zip(node.sort.fields, node.args, plain, strict=True)
    given = [f"{n}={t}" for (n, s), a, t in pairs if not (a.op is Op.CONST and a.attr == s.default)]
    return f"{node.sort.name}({', '.join(given)})"


def _negation(node: Expr, args: list[str], plain: list[str]) -> str:
    inner = node.args[0]
    if inner.op is Op.EQ:
        return plain[0].replace(" == ", " != ", 1) if plain[0].count(" == ") == 1 else f"not ({plain[0]})"
    return f"not {args[0]}"


_TEXT: dict[Op, Callable[[Expr, list[str], list[str]], str]] = {
    Op.CONST: lambda n, a, p: _constant(n),
    Op.VAR: lambda n, a, p: n.attr,
    Op.PARAM: lambda n, a, p: n.attr,
    Op.NOT: _negation,
    Op.AND: lambda n, a, p: " and ".join(a),
    Op.OR: lambda n, a, p: " or ".join(a),
    Op.EQ: lambda n, a, p: f"{a[0]} == {a[1]}",
    Op.ITE: lambda n, a, p: f"{a[1]} if {a[0]} else {a[2]}",
    Op.MEMBER: lambda n, a, p: f"{a[0]} in ({', '.join(n.args[0].sort.show(v) for v in n.attr)})",
    Op.ADD: lambda n, a, p: f"{a[0]} + {a[1]}",
    Op.SUB: lambda n, a, p: f"{a[0]} - {a[1]}",
    Op.LT: lambda n, a, p: f"{a[0]} < {a[1]}",
    Op.LE: lambda n, a, p: f"{a[0]} <= {a[1]}",
    Op.CLAMP: lambda n, a, p: f"clamp({p[0]}, {n.attr[0]}, {n.attr[1]})",
    Op.SHIFT: lambda n, a, p: f"{a[0]} + {a[1]}",
    Op.DISTANCE: lambda n, a, p: f"{a[0]} - {a[1]}",
    Op.ORDINAL: lambda n, a, p: f"ordinal({p[0]})",
    Op.RECORD: lambda n, a, p: _record(n, p),
    Op.FIELD: lambda n, a, p: _field(n, a),
    Op.HAS: lambda n, a, p: f"occupied({p[0]}, {n.attr})",
    Op.ITEM: lambda n, a, p: f"{a[0]}[{n.attr}]",
    Op.INSERT: lambda n, a, p: f"{a[0]} with {p[1]}",
    Op.REMOVE: lambda n, a, p: f"{a[0]} without {p[1]}",
    Op.BAG_OF: lambda n, a, p: "{" + ", ".join(f"{e} if {c}" for c, e in zip(p[::2], p[1::2], strict=True)) + "}",
}
INTERPRETED = frozenset(_TEXT)


def conjuncts(action: Action) -> list[str]:
    """The guard of an action, one line per conjunct."""
    return [show(conjunct) for conjunct in action.guard]


def describe(action: Action) -> str:
    """An action as readable text: sentence, clause, guard, effect."""
    lines = [action.name, f"  {action.sentence}"]
    if action.clause:
        lines.append(f"  RFC 9293 {action.clause}" if action.clause[0].isdigit() else f"  {action.clause}")
    lines += [f"  when  {line}" for line in conjuncts(action)]
    lines += [f"  needs {show(need)}  ({name})" for name, need in action.needs]
    lines += [f"  then  {name} := {show(value)}" for name, value in action.effects]
    return "\n".join(lines)
