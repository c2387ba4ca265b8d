"""Rewriting expressions: leaves replaced, everything above them built and simplified anew."""

from __future__ import annotations

from collections.abc import Mapping

from .expr import (
    Expr,
    Op,
    add,
    all_of,
    any_of,
    clamp,
    equal,
    field,
    has,
    ite,
    item,
    less,
    less_equal,
    negate,
    node_of,
    ordinal,
    postorder,
    subtract,
)  # fmt: skip
from .sorts import Record

__all__ = ["rebuild", "substitute"]


def substitute(root: Expr, replacement: Mapping[Expr, Expr]) -> Expr:
    """The expression with leaves (variables, parameters) replaced."""
    done: dict[Expr, Expr] = {}
    for node in postorder(root):
        if node in replacement:
            done[node] = replacement[node]
            continue
        args = tuple(done[arg] for arg in node.args)
        done[node] = node if all(a is b for a, b in zip(args, node.args, strict=True)) else rebuild(node, args)
    return done[root]


def rebuild(node: Expr, args: tuple[Expr, ...]) -> Expr:
    """The node's operator applied to other arguments of the same sorts, through the simplifying constructors."""
    match node.op:
        case Op.NOT:
            return negate(args[0])
        case Op.AND:
            return all_of(*args)
        case Op.OR:
            return any_of(*args)
        case Op.EQ:
            return equal(args[0], args[1])
        case Op.ITE:
            return ite(*args)
        case Op.MEMBER:
            return args[0].isin(*node.attr)
        case Op.ADD | Op.SHIFT:
            return add(args[0], args[1])
        case Op.SUB | Op.DISTANCE:
            return subtract(args[0], args[1])
        case Op.LT:
            return less(args[0], args[1])
        case Op.LE:
            return less_equal(args[0], args[1])
        case Op.ORDINAL:
            return ordinal(args[0])
        case Op.CLAMP:
            return clamp(args[0], *node.attr)
        case Op.FIELD:
            assert isinstance(node.args[0].sort, Record)
            return field(args[0], node.args[0].sort.fields[node.attr][0])
        case Op.HAS:
            return has(args[0], node.attr)
        case Op.ITEM:
            return item(args[0], node.attr)
        case _:
            return node_of(node.op, args, node.attr, node.sort)
