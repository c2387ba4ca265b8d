"""The bulk interpretation: the value of an expression in many packed states at once, as numpy arrays.

Truth values are boolean arrays; whole and sequence numbers are themselves; members of enumerations and records are their
encodings; a bag is the list of its slots (0 where empty). A value that is the same in every state may be a plain number.
numpy is imported where it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any, TypeAlias

from .expr import Expr, Op, postorder
from .layout import WORD, Layout
from .sorts import Bag, Bool, Int, Record, Seq, Sort
from .system import Action

if TYPE_CHECKING:
    import numpy as np

__all__ = ["CHUNK", "Bulk", "label_parameters", "packed_words"]

CHUNK = 1 << 16  # states that are looked at together: the arrays in between fit into a cache
Column: TypeAlias = Any  # an array over the states, or a number


def packed_words(states: Iterable[int], layout: Layout) -> np.ndarray:
    """Packed states as machine words: one row each, the lowest word first."""
    import numpy as np

    if layout.words == 1:
        return np.fromiter(states, dtype=np.uint64).reshape(-1, 1)
    size = layout.words * WORD // 8
    joined = b"".join(state.to_bytes(size, "little") for state in states)
    return np.frombuffer(joined, dtype="<u8").reshape(-1, layout.words)


def label_parameters(action: Action, labels: np.ndarray) -> dict[str, Column]:
    """The parameters of instances of one action, from their labels."""
    found: dict[str, Column] = {}
    shift = 0
    for p in reversed(action.params):
        found[p.name] = _decoded(labels >> shift & ((1 << p.sort.width) - 1), p.sort)
        shift += p.sort.width
    return found


class Bulk:
    """Some packed states (rows of words), and what expressions are worth in them, with parameters for each if given."""

    def __init__(self, layout: Layout, words: np.ndarray, params: Mapping[str, Column] | None = None) -> None:
        self.layout, self.words = layout, words
        self.params = params or {}
        self.memo: dict[int, Column] = {}
        self.keep: list[Expr] = []  # nodes stay alive as long as their ids are used as keys

    def __len__(self) -> int:
        return len(self.words)

    def value(self, root: Expr) -> Column:
        """The value of an expression."""
        for node in postorder(root):
            if id(node) not in self.memo:
                self.memo[id(node)] = _MEANING[node.op](self, node, [self.memo[id(arg)] for arg in node.args])
                self.keep.append(node)
        return self.memo[id(root)]

    def array(self, root: Expr) -> np.ndarray:
        """The value of a scalar or record expression, as an array."""
        import numpy as np

        return np.broadcast_to(self.value(root), (len(self),))

    def slots(self, channel: str) -> list[np.ndarray]:
        """The slots of a bag variable."""
        return [self._place(channel, at) for at in range(len(self.layout.places[channel]))]

    def instances(self, action: Action) -> Iterator[tuple[np.ndarray, Bulk]]:
        """The enabled instances of an action, by choice of its parameters: the rows where it is enabled, and those states."""
        import numpy as np

        choices = [self._choices(p.sort, p.channel) for p in action.params]
        names = [p.name for p in action.params]
        for chosen in product(*choices):
            there = np.ones(len(self), dtype=bool)
            for possible, _ in chosen:
                there &= possible
            bound = Bulk(self.layout, self.words, dict(zip(names, (value for _, value in chosen), strict=True)))
            rows = np.flatnonzero(there & bound.array(action.enabled))
            if len(rows):
                yield rows, bound.rows(rows)

    def rows(self, rows: np.ndarray) -> Bulk:
        """Some of the states, with their parameters."""
        import numpy as np

        params = {name: value[rows] if np.ndim(value) else value for name, value in self.params.items()}
        return Bulk(self.layout, self.words[rows], params)

    def _choices(self, sort: Sort, channel: str | None) -> list[tuple[Column, Column]]:
        """(Where it can be chosen, what is chosen) for every choice of a parameter; equal elements of a bag once."""
        if channel is None:
            return [(True, _constant(value, sort)) for value in sort.values()]
        slots = self.slots(channel)
        bag = self.layout.system.by_name[channel].sort
        assert isinstance(bag, Bag)
        found = [(slots[0] != 0, slots[0] >> 1)]
        if not bag.ordered:
            found += [((this != 0) & (this != before), this >> 1) for before, this in pairwise(slots)]
        return found

    def _place(self, variable: str, at: int = 0) -> np.ndarray:
        """What stands in a place of a variable."""
        import numpy as np

        place = self.layout.places[variable][at]
        word = self.words[:, min(place.offset // WORD, self.words.shape[1] - 1)]
        found: np.ndarray = (word >> np.uint64(place.offset % WORD) & np.uint64(place.mask)).astype(np.int64)
        return found


def _constant(value: Any, sort: Sort) -> Column:
    if isinstance(sort, Bag):
        codes = [sort.element.encode(element) << 1 | 1 for element in value]
        return [*codes, *([0] * (sort.capacity - len(codes)))]
    return value if isinstance(sort, Bool | Int) else sort.encode(value)


def _decoded(code: Column, sort: Sort) -> Column:
    if isinstance(sort, Bool):
        return code != 0
    return code + sort.lo if isinstance(sort, Int) and sort.lo else code


def _encoded(value: Column, sort: Sort) -> Column:
    import numpy as np

    if isinstance(sort, Int):
        return value - sort.lo
    return np.asarray(value).astype(np.int64) if isinstance(sort, Bool) else value


def _var(bulk: Bulk, node: Expr, _args: list[Column]) -> Column:
    if isinstance(node.sort, Bag):
        return bulk.slots(node.attr)
    return _decoded(bulk._place(node.attr), node.sort)


def _not(_b: Bulk, _n: Expr, args: list[Column]) -> Column:
    import numpy as np

    return np.logical_not(args[0])


def _and(_b: Bulk, _n: Expr, args: list[Column]) -> Column:
    import numpy as np

    return reduce(np.logical_and, args)


def _or(_b: Bulk, _n: Expr, args: list[Column]) -> Column:
    import numpy as np

    return reduce(np.logical_or, args)


def _ite(_b: Bulk, node: Expr, args: list[Column]) -> Column:
    import numpy as np

    test, then, otherwise = args
    if isinstance(node.sort, Bag):
        return [np.where(test, a, b) for a, b in zip(then, otherwise, strict=True)]
    return np.where(test, then, otherwise)


def _member(_b: Bulk, node: Expr, args: list[Column]) -> Column:
    import numpy as np

    codes = [_constant(value, node.args[0].sort) for value in node.attr]
    return reduce(np.logical_or, [args[0] == code for code in codes])


def _clamp(_b: Bulk, node: Expr, args: list[Column]) -> Column:
    import numpy as np

    lo, hi = node.attr
    return np.minimum(np.maximum(args[0], lo), hi)


def _modulus(sort: Sort) -> int:
    assert isinstance(sort, Seq)
    return (1 << sort.bits) - 1


def _record(_b: Bulk, node: Expr, args: list[Column]) -> Column:
    assert isinstance(node.sort, Record)
    total: Column = 0
    for (_, sort), offset, arg in zip(node.sort.fields, node.sort.offsets, args, strict=True):
        total = total | (_encoded(arg, sort) << offset)
    return total


def _field(_b: Bulk, node: Expr, args: list[Column]) -> Column:
    sort = node.args[0].sort
    assert isinstance(sort, Record)
    inner = sort.fields[node.attr][1]
    return _decoded(args[0] >> sort.offsets[node.attr] & ((1 << inner.width) - 1), inner)


def _insert(_b: Bulk, node: Expr, args: list[Column]) -> Column:
    return _with(args[0], True, args[1], node.sort)


def _with(slots: Sequence[Column], where: Column, element: Column, sort: Sort) -> list[Column]:
    """The slots with one more element where it is wanted and there is room."""
    import numpy as np

    assert isinstance(sort, Bag)
    moving = np.where(np.logical_and(where, np.equal(slots[-1], 0)), element << 1 | 1, 0)
    found = []
    for slot in slots:
        if sort.ordered:  # to the end of a queue
            found.append(np.where(np.equal(slot, 0), moving, slot))
            moving = np.where(np.equal(slot, 0), 0, moving)
        else:  # in descending order
            found.append(np.maximum(slot, moving))
            moving = np.minimum(slot, moving)
    return found


def _remove(_b: Bulk, _n: Expr, args: list[Column]) -> Column:
    import numpy as np

    slots, code = args[0], args[1] << 1 | 1
    found, gone = [], np.False_
    for slot, following in zip(slots, [*slots[1:], 0], strict=True):
        gone = np.logical_or(gone, np.equal(slot, code))
        found.append(np.where(gone, following, slot))
    return found


def _bag_of(_b: Bulk, node: Expr, args: list[Column]) -> Column:
    import numpy as np

    assert isinstance(node.sort, Bag)
    slots: list[Column] = [np.int64(0)] * node.sort.capacity
    for keep, element in zip(args[::2], args[1::2], strict=True):
        slots = _with(slots, keep, element, node.sort)
    return slots


_MEANING: dict[Op, Callable[[Bulk, Expr, list[Column]], Column]] = {
    Op.CONST: lambda b, n, a: _constant(n.attr, n.sort),
    Op.VAR: _var,
    Op.PARAM: lambda b, n, a: b.params[n.attr],
    Op.NOT: _not,
    Op.AND: _and,
    Op.OR: _or,
    Op.EQ: lambda b, n, a: a[0] == a[1],
    Op.ITE: _ite,
    Op.MEMBER: _member,
    Op.ADD: lambda b, n, a: a[0] + a[1],
    Op.SUB: lambda b, n, a: a[0] - a[1],
    Op.LT: lambda b, n, a: a[0] < a[1],
    Op.LE: lambda b, n, a: a[0] <= a[1],
    Op.CLAMP: _clamp,
    Op.SHIFT: lambda b, n, a: (a[0] + a[1]) & _modulus(n.sort),
    Op.DISTANCE: lambda b, n, a: (a[0] - a[1]) & _modulus(n.args[0].sort),
    Op.ORDINAL: lambda b, n, a: a[0],
    Op.RECORD: _record,
    Op.FIELD: _field,
    Op.HAS: lambda b, n, a: a[0][n.attr] != 0,
    Op.ITEM: lambda b, n, a: a[0][n.attr] >> 1,
    Op.INSERT: _insert,
    Op.REMOVE: _remove,
    Op.BAG_OF: _bag_of,
}
INTERPRETED = frozenset(_MEANING)
