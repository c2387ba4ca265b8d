"""Machine code for a small part of Python: functions over whole numbers of 64 bits and arrays of them, by way of LLVM.

What is translated: assignments (also of several names at once), `if`, `while`, `for` over `range(a, b)` or a tuple,
`break`, `continue`, `return`; arithmetic that wraps at 64 bits, comparisons, `and`, `or`, `not`, `a if c else b`, `min`,
`max`, `in` with a tuple; `array[i]`, whose index is not checked; calls of functions of the same source. `prefetch(array, i)`
asks for a place of an array ahead of its use. An argument is an `int` or an array, as its annotation says: see `ARRAYS`.

The translation knows nothing of what it translates, and compiles a thousand lines in the time in which general compilers for
Python look at a hundred: there is one type, and nothing to infer.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from itertools import count
from typing import NoReturn

__all__ = ["ARRAYS", "Untranslatable", "arguments_of", "translate"]

ARRAYS = {"Words": "i64", "Numbers": "i32", "Octets": "i8"}  # annotation -> element; the shorter ones hold unsigned numbers

_OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.BitAnd: "and", ast.BitOr: "or", ast.BitXor: "xor",
    ast.LShift: "shl", ast.RShift: "ashr",
    ast.Eq: "icmp eq", ast.NotEq: "icmp ne", ast.Lt: "icmp slt", ast.LtE: "icmp sle", ast.Gt: "icmp sgt", ast.GtE: "icmp sge",
}  # fmt: skip


class Untranslatable(Exception):
    """Source that says more than the part of Python that is translated."""


def translate(source: str, constants: Mapping[str, int] | None = None) -> str:
    """The functions of a source text as LLVM assembly; `constants` are the values of its global names."""
    functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    known = {function.name: function for function in functions}
    texts = [_Translation(function, known, constants or {}).text() for function in functions]
    return "\n".join(["declare void @llvm.prefetch.p0(ptr, i32, i32, i32)", *texts])


def arguments_of(source: str) -> dict[str, list[str]]:
    """The functions of a source text with the kinds of their arguments: `int` or one of `ARRAYS`."""
    functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    return {f.name: [a.annotation.id if _element(a) else "int" for a in f.args.args] for f in functions}  # type: ignore[union-attr]


def _element(argument: ast.arg) -> str | None:
    """The LLVM type of the elements of an array argument."""
    note = argument.annotation
    return ARRAYS.get(note.id) if isinstance(note, ast.Name) else None


class _Translation:
    """One function. Every local variable has a place in memory; LLVM turns those into registers."""

    def __init__(self, node: ast.FunctionDef, known: Mapping[str, ast.FunctionDef], constants: Mapping[str, int]) -> None:
        self.node, self.known, self.constants = node, known, constants
        self.arrays = {a.arg: kind for a in node.args.args if (kind := _element(a))}
        self.lines: list[str] = []
        self.places: dict[str, str] = {}  # local variable -> declaration of its place
        self.fresh = count()
        self.loops: list[tuple[str, str]] = []  # where `continue` and `break` lead

    def text(self) -> str:
        """The function as assembly."""
        arguments = [f"ptr noalias %{a.arg}" if a.arg in self.arrays else f"i64 %{a.arg}" for a in self.node.args.args]
        for a in self.node.args.args:
            if a.arg not in self.arrays:
                self.put(f"store i64 %{a.arg}, ptr {self.place(a.arg)}")
        self.block(self.node.body)
        self.put("ret i64 0")
        head = f"define i64 @{self.node.name}({', '.join(arguments)}) nounwind {{"
        return "\n".join([head, *self.places.values(), *self.lines, "}"])

    # -- lines -----------------------------------------------------------------------------------------------------
    def put(self, line: str) -> None:
        """One line."""
        self.lines.append(f"  {line}")

    def value(self, line: str) -> str:
        """A line that computes something: its name."""
        name = f"%.{next(self.fresh)}"
        self.put(f"{name} = {line}")
        return name

    def place(self, name: str, size: int = 1) -> str:
        """The place of a local variable."""
        self.places.setdefault(name, f"  %{name}.at = alloca {f'[{size} x i64]' if size > 1 else 'i64'}")
        return f"%{name}.at"

    def labels(self, *names: str) -> list[str]:
        """New names of places in the code."""
        number = next(self.fresh)
        return [f"{name}.{number}" for name in names]

    def begin(self, label: str) -> None:
        """What follows can be reached by its label, and from the line before."""
        self.put(f"br label %{label}")
        self.lines.append(f"{label}:")

    def leave(self, line: str) -> None:
        """End the straight line here; what follows is reached by nothing."""
        self.put(line)
        self.lines.append(f"{self.labels('after')[0]}:")

    def refuse(self, node: ast.AST) -> NoReturn:
        raise Untranslatable(f"{self.node.name}, line {getattr(node, 'lineno', '?')}: {ast.unparse(node)}")

    # -- statements ------------------------------------------------------------------------------------------------
    def block(self, statements: list[ast.stmt]) -> None:
        """Statements one after the other."""
        for statement in statements:
            self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        """One statement."""
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                for target, found in zip(targets, [self.word(value) for value in values], strict=True):
                    self.store(target, found)
            case ast.Assign(targets=[target], value=value):
                self.store(target, self.word(value))
            case ast.AugAssign(target=ast.Name() | ast.Subscript() as target, op=op, value=value):
                self.store(target, self.word(ast.BinOp(target, op, value)))
            case ast.If(test=test, body=body, orelse=orelse):
                then, otherwise, after = self.labels("then", "else", "after")
                self.put(f"br i1 {self.truth(test)}, label %{then}, label %{otherwise}")
                self.lines.append(f"{then}:")
                self.block(body)
                self.put(f"br label %{after}")
                self.lines.append(f"{otherwise}:")
                self.block(orelse)
                self.begin(after)
            case ast.While(test=test, body=body, orelse=[]):
                again, inside, after = self.labels("while", "do", "after")
                self.begin(again)
                self.put(f"br i1 {self.truth(test)}, label %{inside}, label %{after}")
                self.lines.append(f"{inside}:")
                self.inside(body, again, after)
                self.put(f"br label %{again}")
                self.lines.append(f"{after}:")
            case ast.For(target=ast.Name(id=name), iter=iterated, body=body, orelse=[]):
                self.loop(name, iterated, body)
            case ast.Break() | ast.Continue():
                self.leave(f"br label %{self.loops[-1][isinstance(node, ast.Break)]}")
            case ast.Return(value=value):
                self.leave(f"ret i64 {self.word(value) if value else 0}")
            case ast.Expr(value=ast.Constant(value=str())):
                pass
            case ast.Expr(value=ast.Call() as call):
                self.call(call)
            case _:
                self.refuse(node)

    def inside(self, body: list[ast.stmt], again: str, after: str) -> None:
        """The body of a loop."""
        self.loops.append((again, after))
        self.block(body)
        self.loops.pop()

    def loop(self, name: str, iterated: ast.expr, body: list[ast.stmt]) -> None:
        """`for` over a range or a tuple: a counter that the body does not see, and the variable it sees."""
        again, inside, following, after = self.labels("for", "do", "next", "after")
        counter, values = self.place(f"{again}.counter"), ""
        match iterated:
            case ast.Call(func=ast.Name(id="range"), args=[*first, last]):
                start, end = self.word(first[0]) if first else "0", self.word(last)
            case ast.Tuple(elts=elements):
                start, end = "0", str(len(elements))
                values = self.place(f"{again}.values", max(2, len(elements)))
                for i, element in enumerate(elements):
                    self.put(f"store i64 {self.word(element)}, ptr {self.value(f'getelementptr i64, ptr {values}, i64 {i}')}")
            case _:
                self.refuse(iterated)
        self.put(f"store i64 {start}, ptr {counter}")
        self.begin(again)
        at = self.value(f"load i64, ptr {counter}")
        self.put(f"br i1 {self.value(f'icmp slt i64 {at}, {end}')}, label %{inside}, label %{after}")
        self.lines.append(f"{inside}:")
        found = self.value(f"load i64, ptr {self.value(f'getelementptr i64, ptr {values}, i64 {at}')}") if values else at
        self.put(f"store i64 {found}, ptr {self.place(name)}")
        self.inside(body, following, after)
        self.begin(following)
        self.put(f"store i64 {self.value(f'add i64 {at}, 1')}, ptr {counter}")
        self.put(f"br label %{again}")
        self.lines.append(f"{after}:")

    def store(self, target: ast.expr, found: str) -> None:
        """Put a number where a name or a place of an array is."""
        if isinstance(target, ast.Name):
            self.put(f"store i64 {found}, ptr {self.place(target.id)}")
        elif isinstance(target, ast.Subscript):
            kind, at = self.element(target)
            short = found if kind == "i64" else self.value(f"trunc i64 {found} to {kind}")
            self.put(f"store {kind} {short}, ptr {at}")
        else:
            self.refuse(target)

    def element(self, node: ast.Subscript) -> tuple[str, str]:
        """A place of an array: the type of what is there, and where."""
        if not isinstance(node.value, ast.Name) or node.value.id not in self.arrays:
            self.refuse(node)
        kind = self.arrays[node.value.id]
        return kind, self.value(f"getelementptr {kind}, ptr %{node.value.id}, i64 {self.word(node.slice)}")

    # -- expressions -----------------------------------------------------------------------------------------------
    def word(self, node: ast.expr) -> str:
        """An expression as a number."""
        kind, found = self.expression(node)
        return found if kind == "i64" else self.value(f"zext i1 {found} to i64")

    def truth(self, node: ast.expr) -> str:
        """An expression as a condition."""
        kind, found = self.expression(node)
        return found if kind == "i1" else self.value(f"icmp ne i64 {found}, 0")

    def expression(self, node: ast.expr) -> tuple[str, str]:
        """An expression: its type (i64 or i1), and its value."""
        match node:
            case ast.Constant(value=bool() | int() as number):
                return "i64", str(int(number))
            case ast.Name(id=name):
                if name in self.constants:
                    return "i64", str(self.constants[name])
                if name not in self.places:
                    self.refuse(node)
                return "i64", self.value(f"load i64, ptr {self.place(name)}")
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return "i1", self.value(f"xor i1 {self.truth(operand)}, true")
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return "i64", self.value(f"sub i64 0, {self.word(operand)}")
            case ast.UnaryOp(op=ast.Invert(), operand=operand):
                return "i64", self.value(f"xor i64 {self.word(operand)}, -1")
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                return "i64", self.value(f"{_OPERATORS[type(op)]} i64 {self.word(left)}, {self.word(right)}")
            case ast.BoolOp(op=op, values=values):
                return self.choice(isinstance(op, ast.And), values)
            case ast.Compare(left=left, ops=[ast.In()], comparators=[ast.Tuple(elts=elements)]):
                tests: list[ast.expr] = [ast.Compare(left, [ast.Eq()], [element]) for element in elements]
                return self.expression(ast.BoolOp(ast.Or(), tests))
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                return "i1", self.comparison([left, *comparators], ops)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return "i64", self.either(test, body, orelse)
            case ast.Call():
                return "i64", self.call(node)
            case ast.Subscript():
                kind, at = self.element(node)
                found = self.value(f"load {kind}, ptr {at}")
                return "i64", found if kind == "i64" else self.value(f"zext {kind} {found} to i64")
            case _:
                self.refuse(node)

    def choice(self, every: bool, values: list[ast.expr]) -> tuple[str, str]:
        """`and` or `or` of conditions: a condition (what Python gives is the operand that decides)."""
        found = self.truth(values[0])
        for value in values[1:]:
            if _plain(value):
                found = self.value(f"{'and' if every else 'or'} i1 {found}, {self.truth(value)}")
            else:
                found = self.branch(found, value, every)
        return "i1", found

    def branch(self, found: str, value: ast.expr, every: bool) -> str:
        """A condition that is looked at only if the one before it does not decide."""
        at = self.place(f"{self.labels('both')[0]}.value")
        further, after = self.labels("further", "after")
        self.put(f"store i64 {self.value(f'zext i1 {found} to i64')}, ptr {at}")
        ways = (further, after) if every else (after, further)
        self.put(f"br i1 {found}, label %{ways[0]}, label %{ways[1]}")
        self.lines.append(f"{further}:")
        self.put(f"store i64 {self.value(f'zext i1 {self.truth(value)} to i64')}, ptr {at}")
        self.begin(after)
        return self.value(f"icmp ne i64 {self.value(f'load i64, ptr {at}')}, 0")

    def comparison(self, terms: list[ast.expr], ops: list[ast.cmpop]) -> str:
        """A chain of comparisons."""
        words = [self.word(term) for term in terms]
        tests = []
        for left, op, right in zip(words, ops, words[1:], strict=False):
            if type(op) not in _OPERATORS:
                self.refuse(ast.Compare(terms[0], ops, terms[1:]))
            tests.append(self.value(f"{_OPERATORS[type(op)]} i64 {left}, {right}"))
        found = tests[0]
        for test in tests[1:]:
            found = self.value(f"and i1 {found}, {test}")
        return found

    def either(self, test: ast.expr, body: ast.expr, orelse: ast.expr) -> str:
        """`body if test else orelse`, where looking at both is harmless."""
        if not (_plain(body) and _plain(orelse)):
            self.refuse(ast.IfExp(test, body, orelse))
        return self.value(f"select i1 {self.truth(test)}, i64 {self.word(body)}, i64 {self.word(orelse)}")

    def call(self, node: ast.Call) -> str:
        """A call of a function of the same source, or of one of those that are built in."""
        match node:
            case ast.Call(func=ast.Name(id="min" | "max" as name), args=[left, right]):
                a, b = self.word(left), self.word(right)
                less = self.value(f"icmp slt i64 {a}, {b}")
                return self.value(f"select i1 {less}, i64 {a if name == 'min' else b}, i64 {b if name == 'min' else a}")
            case ast.Call(func=ast.Name(id="prefetch"), args=[ast.Name() as array, index]):
                _, at = self.element(ast.Subscript(array, index))
                self.put(f"call void @llvm.prefetch.p0(ptr {at}, i32 0, i32 3, i32 1)")
                return "0"
            case ast.Call(func=ast.Name(id=name), args=given) if name in self.known:
                wanted = self.known[name].args.args
                texts = []
                for argument, value in zip(wanted, given, strict=True):
                    if _element(argument):
                        if not isinstance(value, ast.Name) or self.arrays.get(value.id) != _element(argument):
                            self.refuse(node)
                        texts.append(f"ptr %{value.id}")
                    else:
                        texts.append(f"i64 {self.word(value)}")
                return self.value(f"call i64 @{name}({', '.join(texts)})")
            case _:
                self.refuse(node)


def _plain(node: ast.expr) -> bool:
    """Whether an expression may be looked at although its value is not wanted: it reads no array and calls nothing."""
    return not any(
        isinstance(part, ast.Subscript)
        or (isinstance(part, ast.Call) and not (isinstance(part.func, ast.Name) and part.func.id in ("min", "max")))
        for part in ast.walk(node)
    )
