"""The smt interpretation: what every operator means as a Z3 term (`terms` says what the values of its sort are there).

Whole numbers widen at each node as their sorts do, so nothing ever wraps. Expressions are read node by node without recursion.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..expr import Expr, Op, postorder
from ..sorts import Bag, Bool, Int, Record, Seq, Sort
from .asking import Term, solver_module
from .terms import Leaf, bits, element_in, extended, literal, pack, signed_width, slot_of, truncated, unpack

__all__ = ["Reading"]


class Reading:
    """Reads expressions as Z3 terms over packed state variables and packed parameters (by name).

    `picks` tells of a parameter that is an element of a channel from which: (the channel, for each of its places whether it
    is the one picked). Taking that element out needs no comparison then.
    """

    def __init__(
        self, state: Mapping[str, Leaf], params: Mapping[str, Leaf] | None = None,
        picks: Mapping[str, tuple[str, Sequence[Term]]] | None = None,
    ) -> None:  # fmt: skip
        self.state = state
        self.params = params or {}
        self.picks = picks or {}
        self._done: dict[int, Any] = {}
        self._keep: list[Expr] = []  # nodes stay alive as long as their ids are used as keys

    def term(self, root: Expr) -> Any:
        """The term of an expression (a tuple of slots for a bag)."""
        if id(root) not in self._done:
            for node in postorder(root):
                if id(node) not in self._done:
                    self._done[id(node)] = _TERM[node.op](self, node, [self._done[id(arg)] for arg in node.args])
                    self._keep.append(node)
        return self._done[id(root)]

    def packed(self, root: Expr, target: Sort) -> Leaf:
        """The packed form of an expression as a value of `target`. A whole number outside `target` wraps."""
        return pack(self.term(root), root.sort, target)


Args = list[Any]


def _const(_r: Reading, node: Expr, _a: Args) -> Any:
    if isinstance(node.sort, Int):
        return bits(node.attr, signed_width(node.sort))
    return literal(node.sort, node.attr)


def _eq(_r: Reading, node: Expr, a: Args) -> Term:
    return _alike(node, a[0], a[1], lambda x, y: x == y)


def _alike(node: Expr, left: Term, right: Term, join: Callable[[Term, Term], Term]) -> Term:
    """Two terms joined after both have been brought to the same number of bits."""
    if isinstance(node.args[0].sort, Int):
        width = signed_width(node.args[0].sort, node.args[1].sort)
        return join(extended(left, width), extended(right, width))
    return join(left, right)


def _ite(_r: Reading, node: Expr, a: Args) -> Any:
    z3, (condition, then, otherwise) = solver_module(), a
    if isinstance(node.sort, Bag):
        return tuple(z3.If(condition, x, y) for x, y in zip(then, otherwise, strict=True))
    if isinstance(node.sort, Int):
        width = signed_width(node.sort)
        then, otherwise = extended(then, width), extended(otherwise, width)
    return z3.If(condition, then, otherwise)


def _member(_r: Reading, node: Expr, a: Args) -> Term:
    z3, sort = solver_module(), node.args[0].sort
    if isinstance(sort, Int):
        codes = [bits(value, a[0].size()) for value in node.attr if sort.contains(value)]
    else:
        codes = [literal(sort, value) for value in node.attr]
    return z3.Or([a[0] == code for code in codes])


def _arithmetic(join: Callable[[Term, Term], Term]) -> Callable[[Reading, Expr, Args], Term]:
    """Whole numbers: both in as many bits as the result, whose sort holds it whatever they are."""

    def read(_r: Reading, node: Expr, a: Args) -> Term:
        width = signed_width(node.sort, node.args[0].sort, node.args[1].sort)
        return truncated(join(extended(a[0], width), extended(a[1], width)), signed_width(node.sort))

    return read


def _clamp(_r: Reading, node: Expr, a: Args) -> Term:
    z3, (lo, hi) = solver_module(), node.attr
    width = signed_width(node.sort, node.args[0].sort)
    number, least, most = extended(a[0], width), bits(lo, width), bits(hi, width)
    return truncated(z3.If(number < least, least, z3.If(number > most, most, number)), signed_width(node.sort))


def _shift(_r: Reading, node: Expr, a: Args) -> Term:
    assert isinstance(node.sort, Seq)
    return a[0] + truncated(a[1], node.sort.bits) if node.sort.bits else a[0]


def _distance(_r: Reading, node: Expr, a: Args) -> Term:
    if not node.args[0].sort.width:
        return bits(0, signed_width(node.sort))
    return solver_module().ZeroExt(1, a[0] - a[1])


def _ordinal(_r: Reading, node: Expr, a: Args) -> Term:
    return solver_module().ZeroExt(1, a[0]) if node.args[0].sort.width else bits(0, signed_width(node.sort))


def _record(_r: Reading, node: Expr, a: Args) -> Term:
    assert isinstance(node.sort, Record)
    z3, parts = solver_module(), []
    for (_, sort), arg, term in zip(node.sort.fields, node.args, a, strict=True):
        if sort.width:
            packed = pack(term, arg.sort, sort)
            parts.append(z3.If(packed, bits(1, 1), bits(0, 1)) if isinstance(sort, Bool) else packed)
    if not parts:
        return bits(0, 1)
    return z3.Concat(*reversed(parts)) if len(parts) > 1 else parts[0]


def _field(_r: Reading, node: Expr, a: Args) -> Term:
    outer = node.args[0].sort
    assert isinstance(outer, Record)
    sort, offset = outer.fields[node.attr][1], outer.offsets[node.attr]
    if not sort.width:
        return unpack(sort, bits(0, 1))
    packed = solver_module().Extract(offset + sort.width - 1, offset, a[0])
    return packed == 1 if isinstance(sort, Bool) else unpack(sort, packed)


def _bag_sort(node: Expr) -> Bag:
    assert isinstance(node.sort, Bag)
    return node.sort


def _item(_r: Reading, node: Expr, a: Args) -> Term:
    return element_in(_bag_sort(node.args[0]), a[0][node.attr])


def _put(sort: Bag, slots: tuple[Term, ...], slot: Term, when: Term) -> tuple[Term, ...]:
    """The slots after `slot` has been put in where `when` holds and there is room: last in a queue, in order in a bag."""
    z3, places = solver_module(), []
    free = z3.And(when, slots[-1] == 0)
    if sort.ordered:
        for i, place in enumerate(slots):
            here = z3.And(free, place == 0, slots[i - 1] != 0) if i else z3.And(free, place == 0)
            places.append(z3.If(here, slot, place))
    else:
        above = z3.BoolVal(True)  # is everything before this place at least as large as the new slot
        for i, place in enumerate(slots):
            less = z3.ULT(place, slot)
            moved = z3.If(above, slot, slots[i - 1]) if i else slot
            places.append(z3.If(z3.And(free, less), moved, place))
            above = z3.Not(less)
    return tuple(places)


def _insert(_r: Reading, node: Expr, a: Args) -> tuple[Term, ...]:
    sort = _bag_sort(node)
    return _put(sort, a[0], slot_of(sort, a[1]), solver_module().BoolVal(True))


def _remove(r: Reading, node: Expr, a: Args) -> tuple[Term, ...]:
    z3, sort, (bag, element) = solver_module(), _bag_sort(node), node.args
    slots, gone = a[0], slot_of(sort, a[1])
    here = [place == gone for place in slots]
    if element.op is Op.PARAM and bag.op is Op.VAR and r.picks.get(element.attr, ("",))[0] == bag.attr:
        flags = r.picks[element.attr][1]
        here = [*flags, *[z3.BoolVal(False)] * (sort.capacity - len(flags))]
    places, found = [], z3.BoolVal(False)
    for place, following, this in zip(slots, (*slots[1:], bits(0, sort.slot_width)), here, strict=True):
        found = z3.Or(found, this)
        places.append(z3.If(found, following, place))
    return tuple(places)


def _bag_of(_r: Reading, node: Expr, a: Args) -> tuple[Term, ...]:
    sort = _bag_sort(node)
    slots: tuple[Term, ...] = literal(sort, ())
    for condition, element in zip(a[::2], a[1::2], strict=True):
        slots = _put(sort, slots, slot_of(sort, element), condition)
    return slots


def _connective(name: str) -> Callable[[Reading, Expr, Args], Term]:
    return lambda _r, _n, a: getattr(solver_module(), name)(*a)


_TERM: dict[Op, Callable[[Reading, Expr, Args], Any]] = {
    Op.CONST: _const,
    Op.VAR: lambda r, n, a: unpack(n.sort, r.state[n.attr]),
    Op.PARAM: lambda r, n, a: unpack(n.sort, r.params[n.attr]),
    Op.NOT: _connective("Not"),
    Op.AND: _connective("And"),
    Op.OR: _connective("Or"),
    Op.EQ: _eq,
    Op.ITE: _ite,
    Op.MEMBER: _member,
    Op.ADD: _arithmetic(lambda x, y: x + y),
    Op.SUB: _arithmetic(lambda x, y: x - y),
    Op.LT: lambda r, n, a: _alike(n, a[0], a[1], lambda x, y: x < y),
    Op.LE: lambda r, n, a: _alike(n, a[0], a[1], lambda x, y: x <= y),
    Op.SHIFT: _shift,
    Op.DISTANCE: _distance,
    Op.CLAMP: _clamp,
    Op.ORDINAL: _ordinal,
    Op.RECORD: _record,
    Op.FIELD: _field,
    Op.HAS: lambda r, n, a: a[0][n.attr] != 0,
    Op.ITEM: _item,
    Op.INSERT: _insert,
    Op.REMOVE: _remove,
    Op.BAG_OF: _bag_of,
}
INTERPRETED = frozenset(_TERM)
