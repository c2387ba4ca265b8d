"""What may be written in an expression: the part of Python's syntax that people's expressions use, and where it was left.

Python's own parser reads the text; nothing of it is ever executed. What is allowed is a closed list: names, attributes, whole
numbers, `True False and or not == != < <= > >= in`, tuples after `in`, `+ -`, parentheses, `implies(a, b)`, `iff(a, b)`.
"""

from __future__ import annotations

import ast
import warnings

from .errors import SynproofError

__all__ = ["CALLS", "ExpressionError", "syntax"]

LONGEST = 4000  # characters
DEEPEST = 100  # operators within operators
LARGEST = 2**40  # whole numbers; sequence numbers need 32 bits
CALLS = ("implies", "iff")

_SPELLINGS = (  # of other languages, in the order in which they are looked for
    ("&&", "write `and`"), ("||", "write `or`"), ("=>", "write implies(a, b), or >= for at least"),
    ("->", "write implies(a, b)"), ("<>", "write !="), ("!", "write `not`, or !="), ("=", "to compare, write =="),
)  # fmt: skip
_OPERATORS: dict[type[ast.AST], str] = {
    ast.BitAnd: "write `and` instead of &", ast.BitOr: "write `or` instead of |", ast.Invert: "write `not` instead of ~",
    ast.BitXor: "write != instead of ^", ast.Is: "write == instead of `is`", ast.IsNot: "write != instead of `is not`",
}  # fmt: skip
_REFUSED: dict[type[ast.AST], str] = {
    ast.IfExp: "`if` is not part of an expression; write implies(a, b)",
    ast.Subscript: "[...] is not part of an expression",
    ast.List: "a list is not part of an expression; write a tuple: (a, b)",
    ast.Set: "a set is not part of an expression; write a tuple: (a, b)",
    ast.NamedExpr: "nothing is assigned in an expression; to compare, write ==",
    ast.JoinedStr: "a text is not part of an expression; names and values are written without quotes",
    ast.Tuple: "a tuple can only stand after `in`",
}


class ExpressionError(SynproofError):
    """An expression that cannot be read: says why, and marks the place. `reason` is the text without the picture."""

    exit_code = 2

    def __init__(self, reason: str, text: str, start: int = 0, end: int | None = None) -> None:
        super().__init__(reason + _picture(text, start, len(text) if end is None else end))
        self.reason, self.text, self.start = reason, text, start


def _picture(text: str, start: int, end: int) -> str:
    """The text in one line of bearable length, and a line that marks start..end in it."""
    if not text.isascii() or not text.isprintable():  # what cannot be seen must not shift the marks
        text = "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in text)
    first = max(0, start - 60)
    left, right = "... " if first else "", " ..." if first + 100 < len(text) else ""
    marks = " " * (len(left) + start - first) + "^" * max(1, min(end, first + 100) - start)
    return f"\n    {left}{text[first : first + 100]}{right}\n    {marks}" if text else ""


def syntax(text: str) -> tuple[str, ast.expr]:
    """The expression in one line, and its syntax tree, which holds nothing but what is allowed. Raises ExpressionError.

    >>> syntax("client.state = CLOSED")
    Traceback (most recent call last):
    ...
    synproof.engine.query_syntax.ExpressionError: this is not an expression: to compare, write ==
        client.state = CLOSED
                     ^
    """
    source = " ".join(text.split())
    if not source:
        raise ExpressionError("the expression is empty", source)
    if len(source) > LONGEST:
        raise ExpressionError(f"the expression has {len(source)} characters; {LONGEST} are allowed", source, LONGEST, LONGEST)
    for i, letter in enumerate(source):
        if letter in "#\\;" or not (letter.isascii() and letter.isprintable()):
            raise ExpressionError(f"the character {letter!a} has no place in an expression", source, i, i + 1)
    tree = _parsed(source)
    _check(source, tree)
    return source, tree


def _parsed(source: str) -> ast.expr:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's advice on how to write literals
            return ast.parse(source, mode="eval").body
    except SyntaxError as error:
        start = min(error.offset - 1, len(source)) if error.offset else len(source)
        end = (error.end_offset or 0) - 1 if error.end_lineno == 1 else start
        raise ExpressionError(f"this is not an expression: {_advice(source, error)}", source, start, end) from None
    except (MemoryError, RecursionError, ValueError):
        raise ExpressionError(f"the expression is nested more than {DEEPEST} deep", source) from None


def _advice(source: str, error: SyntaxError) -> str:
    plain = source
    for fine in ("==", "!=", "<=", ">="):
        plain = plain.replace(fine, "  ")
    return next((advice for spelling, advice in _SPELLINGS if spelling in plain), error.msg)


def _check(source: str, tree: ast.expr) -> None:
    """Look at every node, level by level, so that no recursion is needed."""
    level = [tree]
    for _ in range(DEEPEST):
        level = [part for node in level for part in _parts(source, node)]
        if not level:
            return
    raise _error(source, level[0], f"the expression is nested more than {DEEPEST} deep")


def _error(source: str, node: ast.expr, reason: str) -> ExpressionError:
    return ExpressionError(reason, source, node.col_offset, node.end_col_offset)


def _parts(source: str, node: ast.expr) -> list[ast.expr]:
    """What a node is made of. Raises ExpressionError if there are no such nodes in expressions."""
    match node:
        case ast.Constant(value=bool()) | ast.Name():
            return []
        case ast.Constant(value=int() as number):
            if number > LARGEST:
                raise _error(source, node, f"the number is larger than {LARGEST}")
            return []
        case ast.Attribute(value=ast.Attribute() | ast.Name() as inner):
            return [inner]
        case ast.BoolOp(values=parts):
            return parts
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.UAdd(), operand=operand):
            return [operand]
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
            return [left, right]
        case ast.Compare():
            return _compared(source, node)
        case ast.Call(func=ast.Name(id=name), args=[left, right], keywords=[]) if name in CALLS:
            return [left, right]
    raise _error(source, node, _refusal(source, node))


def _compared(source: str, node: ast.Compare) -> list[ast.expr]:
    parts = [node.left]
    for operator, right in zip(node.ops, node.comparators, strict=True):
        if type(operator) in _OPERATORS:
            raise _error(source, node, _OPERATORS[type(operator)])
        if not isinstance(operator, ast.In | ast.NotIn):
            parts.append(right)
        elif isinstance(right, ast.Tuple) and right.elts:
            parts += right.elts
        else:
            raise _error(source, right, "after `in` stands a tuple of at least one value: (a, b), or (a,) for one")
    return parts


def _refusal(source: str, node: ast.expr) -> str:
    words = source[node.col_offset : node.end_col_offset]
    words = words if len(words) <= 40 else words[:37] + "..."
    match node:
        case ast.Call(func=ast.Name(id=name)) if name in CALLS:
            return f"{name} takes two truth values: {name}(a, b)"
        case ast.Call():
            return "this is a call; the only ones are implies(a, b) and iff(a, b)"
        case ast.Constant(value=str()):
            return _REFUSED[ast.JoinedStr]
        case ast.Attribute():
            return "only a name has parts"
        case ast.BinOp(op=operator) | ast.UnaryOp(op=operator) if type(operator) in _OPERATORS:
            return _OPERATORS[type(operator)]
        case ast.BinOp():
            return "there is no arithmetic but + and -"
    return _REFUSED.get(type(node), f"`{words}` is not part of an expression")
