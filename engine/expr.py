"""Expressions: hash-consed, typed, immutable nodes over a closed list of operators.

Whatever a system says is said with these nodes; an *interpretation* (`evaluate`, `compile`, `smt`, `prose`, ...) gives each
operator of `Op` a meaning, and a test demands that every table is complete. Python's operators build nodes:

| written | means |
|---|---|
| `a == b`, `a != b` | equality of two values of one sort |
| `p & q`, `p \\| q`, `~p` | and, or, not (`and`, `or`, `not` raise SymbolicTruth) |
| `i + j`, `i - j`, `i < j`, ... | whole numbers; ranges widen, nothing wraps |
| `s + i`, `s - i` | sequence number moved by a whole number, modulo 2^k |
| `s - t` | distance from t forward to s, a whole number in 0..2^k - 1 |
| `s < t` | the distance from s forward to t is in 1..2^(k-1) - 1 (RFC 1982; at half the circle neither is less) |
| `r.field` | a field of a record |

Structurally equal nodes are one object, so identity is equality and shared parts cost once.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum as PyEnum
from typing import Any, NoReturn, TypeAlias

from .errors import LanguageError, SortMismatch, SymbolicTruth, did_you_mean
from .sorts import BOOL, Bag, Bool, Enum, Int, Record, Seq, Sort, Value, common, fits

__all__ = [
    "FALSE", "TRUE", "Expr", "Op", "Operand", "add", "all_of", "any_of", "bag_of", "clamp", "const", "count_if", "empty",
    "equal", "field", "has", "iff", "implies", "insert", "is_full", "item", "ite", "less", "less_equal", "lift", "maximum",
    "negate", "node_of", "ordinal", "param", "postorder", "record", "remove", "size", "slots", "subtract", "var",
]  # fmt: skip


class Op(PyEnum):
    """The closed list of operators. `attr` is what a node carries beside its arguments."""

    CONST = "const"  # attr: the concrete value
    VAR = "var"  # attr: the name of a state variable
    PARAM = "param"  # attr: the name of an action's parameter
    NOT = "not"
    AND = "and"  # any number of arguments
    OR = "or"  # any number of arguments
    EQ = "eq"
    ITE = "ite"  # condition, then, else
    MEMBER = "member"  # attr: tuple of concrete values
    ADD = "add"  # whole numbers
    SUB = "sub"
    LT = "lt"
    LE = "le"
    SHIFT = "shift"  # sequence number, whole number: (s + i) mod 2^k
    DISTANCE = "distance"  # sequence numbers s, t: (s - t) mod 2^k
    CLAMP = "clamp"  # attr: (lo, hi); the nearest whole number within
    ORDINAL = "ordinal"  # sequence number as a whole number 0..2^k - 1
    RECORD = "record"  # one argument per field
    FIELD = "field"  # attr: position of the field
    HAS = "has"  # attr: slot; is the slot of the bag occupied
    ITEM = "item"  # attr: slot; its element (the element encoded 0 if the slot is empty)
    INSERT = "insert"  # bag, element: dropped if the bag is full
    REMOVE = "remove"  # bag, element: one copy fewer
    BAG_OF = "bag_of"  # condition, element, condition, element, ...: those whose condition holds, in this order


class Expr:
    """A node: operator, arguments, attribute, sort. Built by the functions and operators of this module only."""

    __slots__ = ("__weakref__", "_below", "args", "attr", "op", "sort")
    op: Op
    args: tuple[Expr, ...]
    attr: Any
    sort: Sort
    _below: list[Expr] | None  # the nodes below this one in postorder, once they were asked for

    # -- what must not be asked of a symbolic value -------------------------------------------------------------
    def __bool__(self) -> NoReturn:
        raise SymbolicTruth(
            f"the truth of `{self!r}` is not known while a system is being written: "
            "use &, |, ~, ite(), implies(), .isin() instead of `and`, `or`, `not`, `if`, `in`, `a < b < c`"
        )

    def __iter__(self) -> NoReturn:
        raise SymbolicTruth(f"`{self!r}` cannot be iterated: use slots(bag) for the places of a bag")

    def __contains__(self, _item: object) -> NoReturn:
        raise SymbolicTruth(f"`in {self!r}` has no definite answer: use .isin() or any_of(...) over slots(bag)")

    # -- fields --------------------------------------------------------------------------------------------------
    def __getattr__(self, name: str) -> Expr:
        if name.startswith("__"):
            raise AttributeError(name)
        return field(self, name)

    # -- operators -----------------------------------------------------------------------------------------------
    def __eq__(self, other: object) -> Expr:  # type: ignore[override]
        return equal(self, other)

    def __ne__(self, other: object) -> Expr:  # type: ignore[override]
        return negate(equal(self, other))

    __hash__ = object.__hash__

    def __invert__(self) -> Expr:
        return negate(self)

    def __and__(self, other: Operand) -> Expr:
        return all_of(self, other)

    __rand__ = __and__

    def __or__(self, other: Operand) -> Expr:
        return any_of(self, other)

    __ror__ = __or__

    def __add__(self, other: Operand) -> Expr:
        return add(self, other)

    __radd__ = __add__

    def __sub__(self, other: Operand) -> Expr:
        return subtract(self, other)

    def __rsub__(self, other: Operand) -> Expr:
        return subtract(lift(other, self.sort), self)

    def __lt__(self, other: Operand) -> Expr:
        return less(self, lift(other, self.sort))

    def __gt__(self, other: Operand) -> Expr:
        return less(lift(other, self.sort), self)

    def __le__(self, other: Operand) -> Expr:
        return less_equal(self, lift(other, self.sort))

    def __ge__(self, other: Operand) -> Expr:
        return less_equal(lift(other, self.sort), self)

    def isin(self, *values: Operand) -> Expr:
        """Whether the value is one of the given constants."""
        found = []
        for value in values:
            node = lift(value, self.sort)
            if node.op is not Op.CONST:
                raise LanguageError(f".isin() takes constants, not `{node!r}`: use any_of(x == a, x == b)")
            if common(self.sort, node.sort) is None:
                raise SortMismatch(f"`{self!r}` is {self.sort} but `{node!r}` is {node.sort}: they cannot be compared")
            found.append(node.attr)
        if self.op is Op.CONST:
            return const(self.attr in found, BOOL)
        if len(found) == 1:
            return equal(self, found[0])
        return node_of(Op.MEMBER, (self,), tuple(found), BOOL) if found else FALSE

    def __repr__(self) -> str:
        from .prose import show  # the prose interpretation is the one place that knows how to write expressions

        return show(self)


Operand: TypeAlias = Expr | bool | int | str

_nodes: weakref.WeakValueDictionary[tuple[Any, ...], Expr] = weakref.WeakValueDictionary()


def node_of(op: Op, args: tuple[Expr, ...], attr: Any, sort: Sort) -> Expr:
    """The one node with this operator, these arguments and this attribute. No checks: for the constructors of the language."""
    key = (op, tuple(map(id, args)), attr, sort)
    found = _nodes.get(key)
    if found is None:
        found = object.__new__(Expr)
        found.op, found.args, found.attr, found.sort = op, args, attr, sort
        found._below = None
        _nodes[key] = found
    return found


# ---- leaves ----------------------------------------------------------------------------------------------------------


def const(value: Value, sort: Sort | None = None) -> Expr:
    """A constant. The sort may be left out for bool and int. Raises ValueOutsideSort."""
    if sort is None:
        if isinstance(value, bool):
            sort = BOOL
        elif isinstance(value, int):
            sort = Int(value, value)
        else:
            raise SortMismatch(f"{value!r} needs a sort: const(value, sort)")
    elif isinstance(sort, Int):
        sort.check(value, "constant")
        sort = Int(value, value)
    return node_of(Op.CONST, (), sort.check(value, "constant"), sort)


TRUE = const(True)
FALSE = const(False)


def var(name: str, sort: Sort) -> Expr:
    """A state variable."""
    return node_of(Op.VAR, (), name, sort)


def param(name: str, sort: Sort) -> Expr:
    """A parameter of an action."""
    return node_of(Op.PARAM, (), name, sort)


def lift(value: Operand, sort: Sort) -> Expr:
    """`value` as an expression that can stand beside one of `sort`. Raises SortMismatch or ValueOutsideSort."""
    if isinstance(value, Expr):
        return value
    if isinstance(sort, Int) and isinstance(value, int) and not isinstance(value, bool):
        return const(value)
    if isinstance(sort, Enum) and isinstance(value, str) and value not in sort.members:
        raise SortMismatch(f"{value!r} is not a {sort}; {did_you_mean(value, sort.members)}")
    if not sort.contains(value):
        raise SortMismatch(f"{value!r} is not a value of {sort}")
    return const(value, sort)


# ---- truth -----------------------------------------------------------------------------------------------------------


def _truth(value: Operand, where: str) -> Expr:
    node = lift(value, BOOL)
    if node.sort is not BOOL and not isinstance(node.sort, Bool):
        raise SortMismatch(f"{where} needs truth values, but `{node!r}` is {node.sort}")
    return node


def negate(value: Operand) -> Expr:
    """Not."""
    node = _truth(value, "~")
    if node.op is Op.CONST:
        return FALSE if node.attr else TRUE
    return node.args[0] if node.op is Op.NOT else node_of(Op.NOT, (node,), None, BOOL)


def _junction(op: Op, values: Iterable[Operand], unit: Expr) -> Expr:
    parts: dict[Expr, None] = {}
    pending = [_truth(v, "& and |") for v in values]
    pending.reverse()
    while pending:
        node = pending.pop()
        if node.op is op:
            pending.extend(reversed(node.args))
        elif node.op is Op.CONST:
            if node is not unit:
                return node
        else:
            parts[node] = None
    found = tuple(parts)
    return unit if not found else found[0] if len(found) == 1 else node_of(op, found, None, BOOL)


def all_of(*values: Operand) -> Expr:
    """And, of any number of truth values (True of none)."""
    return _junction(Op.AND, values, TRUE)


def any_of(*values: Operand) -> Expr:
    """Or, of any number of truth values (False of none)."""
    return _junction(Op.OR, values, FALSE)


def implies(left: Operand, right: Operand) -> Expr:
    """If `left` then `right`."""
    return any_of(negate(left), right)


def iff(left: Operand, right: Operand) -> Expr:
    """Both or neither."""
    return equal(_truth(left, "iff"), right)


def equal(left: Expr, right: object) -> Expr:
    """Equality of two values of one sort. Raises SortMismatch, naming both sorts."""
    other = lift(right, left.sort)  # type: ignore[arg-type]
    if common(left.sort, other.sort) is None:
        raise SortMismatch(f"`{left!r}` is {left.sort} but `{other!r}` is {other.sort}: they cannot be compared")
    if isinstance(left.sort, Bag):
        raise SortMismatch(f"`{left!r}` is {left.sort}: bags are not compared as a whole; use size() or slots()")
    if left is other:
        return TRUE
    if left.op is Op.CONST and other.op is Op.CONST:
        return const(left.attr == other.attr)
    if left.op is Op.CONST:
        left, other = other, left
    if isinstance(left.sort, Bool) and other.op is Op.CONST:
        return left if other.attr else negate(left)
    return node_of(Op.EQ, (left, other), None, BOOL)


def ite(condition: Operand, then: Operand, otherwise: Operand) -> Expr:
    """`then` where the condition holds, else `otherwise`; one of the two must be an expression or both plain."""
    test = _truth(condition, "ite")
    if not isinstance(then, Expr) and not isinstance(otherwise, Expr):
        then, otherwise = const(then), const(otherwise)
    if isinstance(then, Expr):
        otherwise = lift(otherwise, then.sort)
    else:
        assert isinstance(otherwise, Expr)
        then = lift(then, otherwise.sort)
    sort = common(then.sort, otherwise.sort)
    if sort is None:
        raise SortMismatch(f"the branches of ite are {then.sort} and {otherwise.sort}: `{then!r}`, `{otherwise!r}`")
    if test.op is Op.CONST:
        return then if test.attr else otherwise
    if then is otherwise:
        return then
    if isinstance(sort, Bool) and (then.op is Op.CONST or otherwise.op is Op.CONST):
        if then.op is Op.CONST:
            return any_of(test, otherwise) if then.attr else all_of(negate(test), otherwise)
        return any_of(negate(test), then) if otherwise.attr else all_of(test, then)
    return node_of(Op.ITE, (test, then, otherwise), None, sort)


# ---- numbers ---------------------------------------------------------------------------------------------------------


def _whole(node: Expr) -> Int | None:
    return node.sort if isinstance(node.sort, Int) else None


def add(left: Expr, right: Operand) -> Expr:
    """`left + right`: whole numbers, or a sequence number and a whole number."""
    if isinstance(left.sort, Seq) and not isinstance(right, Expr) or isinstance(right, int):
        right = const(right)
    if not isinstance(right, Expr):
        raise SortMismatch(f"{right!r} cannot be added to `{left!r}`")
    if isinstance(right.sort, Seq) and _whole(left):
        left, right = right, left
    step = _whole(right)
    if isinstance(left.sort, Seq) and step:
        if left.op is Op.CONST and right.op is Op.CONST:
            return const((left.attr + right.attr) % (1 << left.sort.bits), left.sort)
        return left if right.op is Op.CONST and right.attr == 0 else node_of(Op.SHIFT, (left, right), None, left.sort)
    here = _whole(left)
    if here and step:
        if left.op is Op.CONST and right.op is Op.CONST:
            return const(left.attr + right.attr)
        if right.op is Op.CONST and right.attr == 0:
            return left
        if left.op is Op.CONST and left.attr == 0:
            return right
        return node_of(Op.ADD, (left, right), None, Int(here.lo + step.lo, here.hi + step.hi))
    raise SortMismatch(f"`{left!r}` is {left.sort} and `{right!r}` is {right.sort}: they cannot be added")


def subtract(left: Expr, right: Operand) -> Expr:
    """`left - right`: whole numbers, a sequence number less a whole number, or the distance of two sequence numbers."""
    if isinstance(right, int) and not isinstance(right, bool):
        right = const(right)
    if not isinstance(right, Expr):
        raise SortMismatch(f"{right!r} cannot be subtracted from `{left!r}`")
    if isinstance(left.sort, Seq) and left.sort == right.sort:
        size = 1 << left.sort.bits
        if left.op is Op.CONST and right.op is Op.CONST:
            return const((left.attr - right.attr) % size)
        if left is right:
            return const(0)
        return node_of(Op.DISTANCE, (left, right), None, Int(0, size - 1))
    here, step = _whole(left), _whole(right)
    if isinstance(left.sort, Seq) and step:
        return add(left, subtract(const(0), right))
    if here and step:
        if left.op is Op.CONST and right.op is Op.CONST:
            return const(left.attr - right.attr)
        if right.op is Op.CONST and right.attr == 0:
            return left
        return node_of(Op.SUB, (left, right), None, Int(here.lo - step.hi, here.hi - step.lo))
    raise SortMismatch(f"`{left!r}` is {left.sort} and `{right!r}` is {right.sort}: they cannot be subtracted")


def less(left: Expr, right: Expr) -> Expr:
    """`left < right`, of two whole numbers or two sequence numbers."""
    if isinstance(left.sort, Seq) and left.sort == right.sort:
        ahead = right - left
        half: int = 1 << (left.sort.bits - 1) if left.sort.bits else 0
        return all_of(less_equal(const(1), ahead), less(ahead, const(half)))
    here, there = _whole(left), _whole(right)
    if not (here and there):
        raise SortMismatch(f"`{left!r}` is {left.sort} and `{right!r}` is {right.sort}: they have no order")
    if here.hi < there.lo:
        return TRUE
    return FALSE if here.lo >= there.hi else node_of(Op.LT, (left, right), None, BOOL)


def less_equal(left: Expr, right: Expr) -> Expr:
    """`left <= right`, of two whole numbers or two sequence numbers."""
    if isinstance(left.sort, Seq) and left.sort == right.sort:
        return any_of(equal(left, right), less(left, right))
    here, there = _whole(left), _whole(right)
    if not (here and there):
        raise SortMismatch(f"`{left!r}` is {left.sort} and `{right!r}` is {right.sort}: they have no order")
    if here.hi <= there.lo:
        return TRUE
    return FALSE if here.lo > there.hi else node_of(Op.LE, (left, right), None, BOOL)


def ordinal(number: Expr) -> Expr:
    """A sequence number as a whole number, for comparisons that mean the plain order 0..2^k - 1."""
    if not isinstance(number.sort, Seq):
        raise SortMismatch(f"ordinal() takes a sequence number, but `{number!r}` is {number.sort}")
    if number.op is Op.CONST:
        return const(number.attr)
    return node_of(Op.ORDINAL, (number,), None, Int(0, (1 << number.sort.bits) - 1))


def clamp(number: Expr, lo: int, hi: int) -> Expr:
    """The whole number, or the nearer end of lo..hi if it lies outside."""
    here = _whole(number)
    if here is None:
        raise SortMismatch(f"clamp() takes a whole number, but `{number!r}` is {number.sort}")
    if number.op is Op.CONST:
        return const(min(max(number.attr, lo), hi))
    return number if fits(here, Int(lo, hi)) else node_of(Op.CLAMP, (number,), (lo, hi), Int(lo, hi))


def count_if(conditions: Iterable[Operand]) -> Expr:
    """How many of the conditions hold."""
    total: Expr = const(0)
    for condition in conditions:
        total = total + ite(condition, 1, 0)
    return total


def maximum(left: Expr, right: Operand) -> Expr:
    """The larger of two whole numbers."""
    other = lift(right, left.sort)
    return ite(left < other, other, left)


# ---- records ---------------------------------------------------------------------------------------------------------


def record(sort: Record, **fields: Operand) -> Expr:
    """A record from its fields; those not given have their sort's default. Raises UnknownName, SortMismatch."""
    for name in fields:
        sort.position(name)
    args = []
    for name, field_sort in sort.fields:
        given = fields[name] if name in fields else field_sort.default  # noqa: SIM401  (a default of sort Value)
        node = lift(given, field_sort)
        if not fits(node.sort, field_sort):
            raise SortMismatch(f"{sort.name}.{name} is {field_sort}, but `{node!r}` is {node.sort}")
        args.append(node)
    if all(arg.op is Op.CONST for arg in args):
        return const(tuple(arg.attr for arg in args), sort)
    return node_of(Op.RECORD, tuple(args), None, sort)


def field(node: Expr, name: str) -> Expr:
    """A field of a record. Raises SortMismatch for what is no record, UnknownName with the fields that exist."""
    if not isinstance(node.sort, Record):
        raise SortMismatch(f"`{node!r}` is {node.sort}, which has no fields (asked for {name!r})")
    position = node.sort.position(name)
    sort = node.sort.fields[position][1]
    if node.op is Op.CONST:
        return const(node.attr[position], sort)
    return node.args[position] if node.op is Op.RECORD else node_of(Op.FIELD, (node,), position, sort)


# ---- bags ------------------------------------------------------------------------------------------------------------


def _bag(node: Expr) -> Bag:
    if not isinstance(node.sort, Bag):
        raise SortMismatch(f"`{node!r}` is {node.sort}, not a bag")
    return node.sort


def _element(bag: Expr, element: Expr) -> None:
    if element.sort != _bag(bag).element:
        raise SortMismatch(f"`{element!r}` is {element.sort}, but `{bag!r}` is a {bag.sort}")


def empty(sort: Bag) -> Expr:
    """The empty bag."""
    return const((), sort)


def has(bag: Expr, slot: int) -> Expr:
    """Whether the slot of the bag is occupied (slots are filled from 0 upwards)."""
    if bag.op is Op.CONST:
        return const(slot < len(bag.attr))
    return node_of(Op.HAS, (bag,), slot, BOOL) if 0 <= slot < _bag(bag).capacity else FALSE


def item(bag: Expr, slot: int) -> Expr:
    """The element in a slot of the bag; of an empty slot the element whose encoding is 0."""
    sort = _bag(bag)
    if bag.op is Op.CONST:
        return const(bag.attr[slot] if slot < len(bag.attr) else sort.element.default, sort.element)
    return node_of(Op.ITEM, (bag,), slot, sort.element)


def slots(bag: Expr) -> Iterator[tuple[Expr, Expr]]:
    """The places of a bag: (is it occupied, its element) for each, so that a Python loop can speak of all elements."""
    return ((has(bag, i), item(bag, i)) for i in range(_bag(bag).capacity))


def size(bag: Expr) -> Expr:
    """How many elements the bag holds."""
    return count_if(full for full, _ in slots(bag))


def is_full(bag: Expr) -> Expr:
    """Whether no further element fits."""
    return has(bag, _bag(bag).capacity - 1)


def insert(bag: Expr, element: Expr) -> Expr:
    """The bag with one more element, or as it was if it is full."""
    _element(bag, element)
    return node_of(Op.INSERT, (bag, element), None, bag.sort)


def remove(bag: Expr, element: Expr) -> Expr:
    """The bag with one copy of the element fewer, or as it was if it has none."""
    _element(bag, element)
    return node_of(Op.REMOVE, (bag, element), None, bag.sort)


def bag_of(sort: Bag, pairs: Sequence[tuple[Operand, Expr]]) -> Expr:
    """The bag of those elements whose condition holds. Raises LanguageError if there are more pairs than places."""
    if len(pairs) > sort.capacity:
        raise LanguageError(f"{len(pairs)} elements may not fit into a {sort}")
    args: list[Expr] = []
    for condition, element in pairs:
        if element.sort != sort.element:
            raise SortMismatch(f"`{element!r}` is {element.sort}, not {sort.element}")
        args += [_truth(condition, "bag_of"), element]
    return node_of(Op.BAG_OF, tuple(args), None, sort)


# ---- walking ---------------------------------------------------------------------------------------------------------


def postorder(*roots: Expr) -> list[Expr]:
    """Every node below the roots once, arguments before their parents (no recursion: depth is no limit)."""
    if len(roots) != 1:
        return _walk(roots)
    (root,) = roots
    if root._below is None:
        root._below = _walk(roots)[:-1]  # without the root itself: a node must not keep itself alive
    return [*root._below, root]


def _walk(roots: tuple[Expr, ...]) -> list[Expr]:
    seen: set[int] = set()
    order: list[Expr] = []
    stack = [(root, False) for root in reversed(roots)]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack.extend((arg, False) for arg in reversed(node.args))
    return order
