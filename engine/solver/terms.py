"""Terms: the values of every sort as Z3 terms over bit-vectors and truth values (and nothing else), packed and not.

| sort | term | the same packed, as variables and fields of records are kept |
|---|---|---|
| `Bool` | truth value | truth value (one bit in a record) |
| `Int` | signed bit-vector that holds every value of the node | unsigned bit-vector, value - lo |
| `Enum`, `Seq`, `Record` | their encoding (`engine.sorts`) | the same |
| `Bag` | tuple of slots, each a bit-vector as in `engine.layout` | the same |

A bit-vector has at least one bit: what needs none (an enumeration of one member) is the constant 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, TypeAlias

from ..sorts import Bag, Bool, Enum, Int, Record, Sort, Value
from .asking import Term, interruptible, solver_module

__all__ = [
    "Bundle", "Leaf", "bits", "element_in", "extended", "flat", "literal", "pack", "signed_width", "slot_of", "symbol",
    "truncated", "unpack", "value_in", "within",
]  # fmt: skip

Leaf: TypeAlias = Any  # the packed form of a value: a Term, or for a bag the tuple of its slots


# ---- packed values ---------------------------------------------------------------------------------------------------


def symbol(sort: Sort, name: str) -> Leaf:
    """A new unknown of a sort, packed. It may take codes that stand for no value: `within` rules them out."""
    z3 = solver_module()
    if isinstance(sort, Bool):
        return z3.Bool(name)
    if isinstance(sort, Bag):
        return tuple(z3.BitVec(f"{name}.{i}", sort.slot_width) for i in range(sort.capacity))
    return z3.BitVec(name, sort.width) if sort.width else bits(0, 1)


def literal(sort: Sort, value: Value) -> Leaf:
    """A concrete value, packed."""
    if isinstance(sort, Bool):
        return solver_module().BoolVal(value)
    if isinstance(sort, Bag):
        codes = [sort.element.encode(element) << 1 | 1 for element in value]
        return tuple(bits(code, sort.slot_width) for code in codes + [0] * (sort.capacity - len(codes)))
    return bits(sort.encode(value), max(1, sort.width))


def value_in(model: Any, sort: Sort, leaf: Leaf) -> Value:
    """The value that a packed unknown has in a Z3 model."""
    if isinstance(sort, Bool):
        return solver_module().is_true(model.eval(leaf, model_completion=True))
    if isinstance(sort, Bag):
        codes = [model.eval(slot, model_completion=True).as_long() for slot in leaf]
        return tuple(sort.element.decode(code >> 1) for code in codes if code)
    return sort.decode(model.eval(leaf, model_completion=True).as_long())


def within(sort: Sort, leaf: Leaf) -> list[Term]:
    """Conditions under which a packed unknown is the code of a value: members, bounds, canonical bags."""
    z3 = solver_module()
    if isinstance(sort, Enum | Int):
        full = sort.cardinality == 1 << sort.width
        return [] if full else [z3.ULE(leaf, bits(sort.cardinality - 1, sort.width))]
    if isinstance(sort, Record):
        parts = zip(sort.fields, sort.offsets, strict=True)
        return [c for (_, inner), at in parts if inner.width for c in _within_field(inner, at, leaf)]
    if isinstance(sort, Bag):
        conditions: list[Term] = []
        for slot in leaf:
            conditions.append(z3.Or(slot == 0, z3.Extract(0, 0, slot) == 1))
            conditions += [z3.Or(slot == 0, c) for c in within(sort.element, element_in(sort, slot))]
        for first, second in pairwise(leaf):
            conditions.append(z3.Or(first != 0, second == 0) if sort.ordered else z3.UGE(first, second))
        return conditions
    return []


def _within_field(sort: Sort, offset: int, leaf: Term) -> list[Term]:
    return [] if isinstance(sort, Bool) else within(sort, solver_module().Extract(offset + sort.width - 1, offset, leaf))


# ---- widths ----------------------------------------------------------------------------------------------------------


def bits(value: int, width: int) -> Term:
    """A constant of so many bits."""
    return solver_module().BitVecVal(value, width)


def signed_width(*sorts: Sort) -> int:
    """Bits of a signed bit-vector that holds the values of all these sorts of whole numbers."""
    width = 0
    for sort in sorts:
        assert isinstance(sort, Int)
        width = max(width, *((end if end >= 0 else ~end).bit_length() for end in (sort.lo, sort.hi)))
    return width + 1


def extended(term: Term, width: int) -> Term:
    """A signed bit-vector in `width` bits; must have room."""
    missing = width - term.size()
    return solver_module().SignExt(missing, term) if missing else term


def truncated(term: Term, width: int) -> Term:
    """The low bits of a bit-vector, or its signed extension."""
    return solver_module().Extract(width - 1, 0, term) if term.size() > width else extended(term, width)


def unpack(sort: Sort, packed: Term) -> Term:
    """A term from its packed form."""
    if not isinstance(sort, Int):
        return packed
    width = signed_width(sort)
    if not sort.width:
        return bits(sort.lo, width)
    if width > packed.size():
        packed = solver_module().ZeroExt(width - packed.size(), packed)
    return packed + sort.lo if sort.lo else packed  # modulo 2^width, where the sum fits


def pack(term: Term, sort: Sort, target: Sort) -> Term:
    """The packed form, as a value of `target`, of a term of sort `sort`. What lies outside `target` wraps."""
    if not isinstance(target, Int):
        return term
    if not target.width:
        return bits(0, 1)
    width = signed_width(sort, target)
    moved = extended(term, width)
    return truncated(moved - target.lo if target.lo else moved, target.width)


def element_in(sort: Bag, slot: Term) -> Term:
    """The element in a slot of a bag."""
    return solver_module().Extract(sort.slot_width - 1, 1, slot) if sort.element.width else bits(0, 1)


def slot_of(sort: Bag, element: Term) -> Term:
    """The occupied slot that holds an element."""
    return solver_module().Concat(element, bits(1, 1)) if sort.element.width else bits(1, 1)


# ---- working with terms ----------------------------------------------------------------------------------------------


def flat(leaves: Iterable[Leaf]) -> list[Term]:
    """The terms of which leaves are made: the slots of a bag one by one."""
    return [term for leaf in leaves for term in (leaf if isinstance(leaf, tuple) else (leaf,))]


class Bundle:
    """Terms that are instantiated together, so that what they share is worked on once."""

    def __init__(self, terms: Sequence[Term]) -> None:
        z3 = solver_module()
        self._count = len(terms)
        together = z3.Function("together", *(term.sort() for term in terms), z3.BoolSort()) if terms else None
        self._term = together(*terms) if together is not None else None

    def at(self, known: Sequence[tuple[Term, Term]]) -> list[Term]:
        """The terms with symbols replaced, simplified."""
        if not self._count:
            return []
        z3 = solver_module()
        with interruptible():
            term = z3.simplify(z3.substitute(self._term, *known) if known else self._term)
        return [term.arg(i) for i in range(self._count)]
