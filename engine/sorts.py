"""Sorts: the finite types of the language, and how their values are written down and packed.

A sort knows its concrete values (what `evaluate` computes with) and their encoding as unsigned integers of a fixed
`width` (what packed states are made of). Concrete values are plain immutable Python objects:

| sort | concrete value | encoding |
|---|---|---|
| `Bool` | `bool` | 0, 1 |
| `Enum` | the member's name, `str` | position of the member |
| `Int` | `int` in lo..hi | value - lo |
| `Seq` | `int` in 0..2^bits - 1 | the value |
| `Record` | `tuple` of field values in order | fields side by side, the first lowest |
| `Bag` | `tuple` of elements in canonical order | slots side by side; a slot is 0 if empty, else 2 * element + 1 |
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .errors import LanguageError, UnknownName, ValueOutsideSort, did_you_mean

__all__ = ["BOOL", "Bag", "Bool", "Enum", "Int", "Record", "Seq", "Sort", "Value", "common", "fits", "record_of"]

Value = Any  # bool | str | int | tuple: the concrete values of the table above


class Sort:
    """A finite type. Subclasses are immutable and compared by structure."""

    width: int  # bits of an encoded value

    @property
    def default(self) -> Value:
        """The value whose encoding is 0."""
        return self.decode(0)

    @property
    def cardinality(self) -> int:
        """How many values the sort has (scalar sorts only)."""
        raise LanguageError(f"the values of {self} are not enumerated")

    def values(self) -> Iterator[Value]:
        """All values of a scalar sort, in the order of their encodings."""
        return (self.decode(code) for code in range(self.cardinality))

    def contains(self, value: Value) -> bool:
        """Whether `value` is a concrete value of this sort."""
        raise NotImplementedError

    def check(self, value: Value, what: str) -> Value:
        """`value` itself; raises ValueOutsideSort, naming `what`, if it is not of this sort."""
        if not self.contains(value):
            raise ValueOutsideSort(f"{what} = {value!r} is outside {self}")
        return value

    def encode(self, value: Value) -> int:
        """The unsigned integer that stands for `value`. The value must belong to the sort."""
        raise NotImplementedError

    def decode(self, code: int) -> Value:
        """The value that `encode` wrote as `code`."""
        raise NotImplementedError

    def show(self, value: Value) -> str:
        """The value as people write it."""
        return str(value)


@dataclass(frozen=True)
class Bool(Sort):
    """Truth values."""

    width = 1
    cardinality = 2

    def contains(self, value: Value) -> bool:
        return isinstance(value, bool)

    def encode(self, value: Value) -> int:
        return int(value)

    def decode(self, code: int) -> bool:
        return bool(code)

    def __str__(self) -> str:
        return "Bool"


BOOL = Bool()


@dataclass(frozen=True)
class Enum(Sort):
    """Named members, in a fixed order."""

    name: str
    members: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.members or len(set(self.members)) != len(self.members):
            raise LanguageError(f"enumeration {self.name}: its members are names, each once, not {self.members!r}")

    @cached_property
    def width(self) -> int:  # type: ignore[override]
        return (len(self.members) - 1).bit_length()

    @property
    def cardinality(self) -> int:
        return len(self.members)

    def contains(self, value: Value) -> bool:
        return isinstance(value, str) and value in self.members

    def encode(self, value: Value) -> int:
        return self.members.index(value)

    def decode(self, code: int) -> str:
        return self.members[code]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Int(Sort):
    """Whole numbers lo..hi, both included. Arithmetic widens the range; an assignment must come back into it."""

    lo: int
    hi: int

    def __post_init__(self) -> None:
        if type(self.lo) is not int or type(self.hi) is not int:
            raise LanguageError(f"Int({self.lo!r}, {self.hi!r}): its bounds are whole numbers")
        if self.lo > self.hi:
            raise LanguageError(f"Int({self.lo}, {self.hi}) has no values")

    @cached_property
    def width(self) -> int:  # type: ignore[override]
        return (self.hi - self.lo).bit_length()

    @property
    def cardinality(self) -> int:
        return self.hi - self.lo + 1

    def contains(self, value: Value) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and self.lo <= value <= self.hi

    def encode(self, value: Value) -> int:
        return int(value) - self.lo

    def decode(self, code: int) -> int:
        return code + self.lo

    def __str__(self) -> str:
        return f"Int({self.lo}..{self.hi})"


@dataclass(frozen=True)
class Seq(Sort):
    """Sequence numbers modulo 2^bits (RFC 9293 3.4, where bits is 32)."""

    bits: int

    def __post_init__(self) -> None:
        if type(self.bits) is not int or self.bits < 0:
            raise LanguageError(f"Seq({self.bits!r}): a number of bits, none negative")

    @property
    def width(self) -> int:  # type: ignore[override]
        return self.bits

    @property
    def cardinality(self) -> int:
        return 1 << self.bits

    def contains(self, value: Value) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < (1 << self.bits)

    def encode(self, value: Value) -> int:
        return int(value)

    def decode(self, code: int) -> int:
        return code

    def __str__(self) -> str:
        return f"Seq({self.bits} bits)"


RESERVED = frozenset({"args", "attr", "isin", "op", "sort"})  # attributes of every expression


@dataclass(frozen=True)
class Record(Sort):
    """A tuple with named fields. Fields named in `history` serve properties only (no guard may depend on them).

    Fields named in `transit` change while a message is on its way (its age): they are no part of what it says.
    """

    name: str
    fields: tuple[tuple[str, Sort], ...]
    history: frozenset[str] = frozenset()
    transit: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        names = [name for name, _ in self.fields]
        if len(set(names)) != len(names):
            raise LanguageError(f"record {self.name} has two fields of one name: {', '.join(names)}")
        if taken := RESERVED.intersection(names):
            raise LanguageError(f"record {self.name}: {', '.join(sorted(taken))} cannot be a field's name")

    @cached_property
    def width(self) -> int:  # type: ignore[override]
        return sum(sort.width for _, sort in self.fields)

    @cached_property
    def unspoken(self) -> frozenset[str]:
        """The fields that are no part of what a message says: it stays the same message whatever they are."""
        return self.history | self.transit

    @cached_property
    def index(self) -> dict[str, int]:
        """Field name -> position."""
        return {name: i for i, (name, _) in enumerate(self.fields)}

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        """First bit of each field in an encoded record."""
        sums = [0]
        for _, sort in self.fields:
            sums.append(sums[-1] + sort.width)
        return tuple(sums[:-1])

    def position(self, name: str) -> int:
        """Position of the field `name`; raises UnknownName with the fields that exist."""
        if name not in self.index:
            raise UnknownName(f"{self.name} has no field {name!r}; {did_you_mean(name, self.index)}")
        return self.index[name]

    def value(self, **fields: Value) -> tuple[Value, ...]:
        """A concrete record; fields not given have their sort's default."""
        for name in fields:
            self.position(name)
        return tuple(
            sort.check(fields[name], f"{self.name}.{name}") if name in fields else sort.default
            for name, sort in self.fields
        )

    def as_dict(self, value: Value) -> dict[str, Value]:
        """A concrete record as field name -> value."""
        return dict(zip(self.index, value, strict=True))

    def contains(self, value: Value) -> bool:
        return (
            isinstance(value, tuple)
            and len(value) == len(self.fields)
            and all(sort.contains(part) for (_, sort), part in zip(self.fields, value, strict=True))
        )

    def encode(self, value: Value) -> int:
        return sum(
            sort.encode(part) << offset
            for (_, sort), part, offset in zip(self.fields, value, self.offsets, strict=True)
        )

    def decode(self, code: int) -> tuple[Value, ...]:
        return tuple(
            sort.decode(code >> offset & (1 << sort.width) - 1)
            for (_, sort), offset in zip(self.fields, self.offsets, strict=True)
        )

    def show(self, value: Value) -> str:
        inner = ", ".join(f"{n}={s.show(v)}" for (n, s), v in zip(self.fields, value, strict=True))
        return f"{self.name}({inner})"

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Bag(Sort):
    """At most `capacity` elements: a multiset in canonical order, or a queue (`ordered`), its head first.

    The canonical order of a multiset is descending by encoding, so that equal states are equal values.
    """

    element: Record
    capacity: int
    ordered: bool = False
    slot_width: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        if self.capacity < 1:
            raise LanguageError(f"a bag needs a capacity of at least 1, not {self.capacity}")
        object.__setattr__(self, "slot_width", self.element.width + 1)

    @cached_property
    def width(self) -> int:  # type: ignore[override]
        return self.slot_width * self.capacity

    def canonical(self, elements: tuple[Value, ...]) -> tuple[Value, ...]:
        """The elements in the order in which a value of this sort lists them."""
        return elements if self.ordered else tuple(sorted(elements, key=self.element.encode, reverse=True))

    def insert(self, bag: tuple[Value, ...], element: Value) -> tuple[Value, ...]:
        """`bag` with one more element; `bag` itself if it is full (a router's full queue drops)."""
        return bag if len(bag) == self.capacity else self.canonical((*bag, element))

    def remove(self, bag: tuple[Value, ...], element: Value) -> tuple[Value, ...]:
        """`bag` with one copy of `element` fewer; `bag` itself if there is none."""
        if element not in bag:
            return bag
        at = bag.index(element)
        return bag[:at] + bag[at + 1 :]

    def contains(self, value: Value) -> bool:
        return (
            isinstance(value, tuple)
            and len(value) <= self.capacity
            and all(self.element.contains(element) for element in value)
            and self.canonical(value) == value
        )

    def encode(self, value: Value) -> int:
        return sum((self.element.encode(e) << 1 | 1) << i * self.slot_width for i, e in enumerate(value))

    def decode(self, code: int) -> tuple[Value, ...]:
        slots = (code >> i * self.slot_width & (1 << self.slot_width) - 1 for i in range(self.capacity))
        return tuple(self.element.decode(slot >> 1) for slot in slots if slot)

    def show(self, value: Value) -> str:
        return "{" + ", ".join(self.element.show(e) for e in value) + "}"

    def __str__(self) -> str:
        return f"{'queue' if self.ordered else 'bag'} of at most {self.capacity} {self.element}"


def common(left: Sort, right: Sort) -> Sort | None:
    """The sort that holds the values of both, or None: whole numbers widen, everything else must be equal."""
    if left == right:
        return left
    if isinstance(left, Int) and isinstance(right, Int):
        return Int(min(left.lo, right.lo), max(left.hi, right.hi))
    return None


def fits(narrow: Sort, wide: Sort) -> bool:
    """Whether every value of `narrow` is a value of `wide`."""
    if isinstance(narrow, Int) and isinstance(wide, Int):
        return wide.lo <= narrow.lo and narrow.hi <= wide.hi
    return narrow == wide


def record_of(fields: Mapping[str, Sort], name: str, history: frozenset[str] = frozenset()) -> Record:
    """A record sort from a mapping of field names to sorts."""
    return Record(name, tuple(fields.items()), history)
