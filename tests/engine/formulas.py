"""Random expressions over every operator and odd sorts, and random states to read them in: for comparing interpretations."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from synproof.engine.expr import (
    Expr,
    all_of,
    any_of,
    bag_of,
    clamp,
    const,
    count_if,
    empty,
    has,
    iff,
    implies,
    insert,
    is_full,
    ite,
    item,
    maximum,
    ordinal,
    param,
    record,
    remove,
    size,
    slots,
)
from synproof.engine.sorts import BOOL, Bag, Enum, Int, Record, Seq, Sort, Value
from synproof.engine.system import State, Variable

COLOUR = Enum("Colour", ("RED", "GREEN", "BLUE"))
ONLY = Enum("Only", ("ONE",))
NUMBER, BIT, NONE = Seq(3), Seq(1), Seq(0)
PART = Record("Part", (("low", Int(-3, 1)), ("only", ONLY), ("bit", BIT)))
FIELDS = (("seq", NUMBER), ("flag", BOOL), ("colour", COLOUR), ("part", PART), ("high", Int(5, 7)), ("same", Int(4, 4)))
THING = Record("Thing", FIELDS)
HEAP, QUEUE = Bag(THING, 3), Bag(THING, 2, ordered=True)
WHOLE = (Int(0, 5), Int(-3, 4), Int(2, 3), Int(-7, -2), Int(6, 6))
SORTS: tuple[Sort, ...] = (BOOL, COLOUR, ONLY, NUMBER, BIT, NONE, PART, THING, HEAP, QUEUE, *WHOLE)
VARIABLES = tuple(Variable(f"{sort}".split("(")[0].lower() + f"{i}{n}", sort) for i, sort in enumerate(SORTS) for n in "ab")


class Formulas:
    """Draws values, states and expressions."""

    def __init__(self, seed: int, params: bool = False) -> None:
        self.rng = random.Random(seed)
        self.leaves: dict[Sort, list[Expr]] = {}
        for variable in VARIABLES:
            self.leaves.setdefault(variable.sort, []).append(variable.expr)
        self.params = {f"p{i}": sort for i, sort in enumerate(SORTS) if params and not isinstance(sort, Bag)}
        for name, sort in self.params.items():
            self.leaves[sort].append(param(name, sort))

    # -- values --------------------------------------------------------------------------------------------------
    def value(self, sort: Sort) -> Value:
        if isinstance(sort, Record):
            return tuple(self.value(inner) for _, inner in sort.fields)
        if isinstance(sort, Bag):
            same = self.value(sort.element)  # equal elements in one bag are a case of their own
            held = [self.rng.choice((same, self.value(sort.element))) for _ in range(self.rng.randint(0, sort.capacity))]
            return sort.canonical(tuple(held))
        return self.rng.choice(list(sort.values()))

    def state(self) -> State:
        return {v.name: self.value(v.sort) for v in VARIABLES}

    def choices(self) -> Mapping[str, Value]:
        return {name: self.value(sort) for name, sort in self.params.items()}

    # -- expressions ---------------------------------------------------------------------------------------------
    def expr(self, sort: Sort, depth: int) -> Expr:
        """A random expression of a sort (a whole number of any range will do for `Int`)."""
        if depth <= 0 or self.rng.random() < 0.1:
            return self.leaf(sort)
        if self.rng.random() < 0.2:
            return ite(self.expr(BOOL, depth - 1), self.expr(sort, depth - 1), self.expr(sort, depth - 1))
        if self.rng.random() < 0.1 and (name := self._field_of(sort)):
            return getattr(self.expr(name[0], depth - 1), name[1])  # type: ignore[no-any-return]
        if isinstance(sort, Int):
            return self.rng.choice(self._whole)(self, depth - 1)
        if isinstance(sort, Seq):
            return self._sequence(sort, depth - 1)
        if isinstance(sort, Record):
            return self._record(sort, depth - 1)
        if isinstance(sort, Bag):
            return self._bag(sort, depth - 1)
        return self.rng.choice(self._truth)(self, depth - 1) if sort is BOOL else self.leaf(sort)

    def leaf(self, sort: Sort) -> Expr:
        if isinstance(sort, Int):
            sort = self.rng.choice(WHOLE)
        if self.rng.random() < 0.2:
            return const(self.value(sort), sort)
        return self.rng.choice(self.leaves[sort])

    def _field_of(self, sort: Sort) -> tuple[Record, str] | None:
        fits = [(r, n) for r in (THING, PART) for n, s in r.fields if s == sort or isinstance(sort, Int) and isinstance(s, Int)]
        return self.rng.choice(fits) if fits else None

    def whole(self, depth: int) -> Expr:
        return self.expr(WHOLE[0], depth)

    def _sequence(self, sort: Seq, depth: int) -> Expr:
        number = self.expr(sort, depth)
        return number + self.whole(depth) if self.rng.random() < 0.5 else number - self.whole(depth)

    def _record(self, sort: Record, depth: int) -> Expr:
        if sort == THING and self.rng.random() < 0.5:
            bag = self.rng.choice((HEAP, QUEUE))
            return item(self.expr(bag, depth), self.rng.randrange(bag.capacity))
        fields = {n: self.expr(s, depth) for n, s in sort.fields if self.rng.random() < 0.8}
        for name, inner in sort.fields:
            if name in fields and isinstance(inner, Int):
                fields[name] = clamp(fields[name], inner.lo, inner.hi)
        return record(sort, **fields)

    def _bag(self, sort: Bag, depth: int) -> Expr:
        roll = self.rng.random()
        if roll < 0.4:
            return insert(self.expr(sort, depth), self.expr(THING, depth))
        if roll < 0.6:
            return remove(self.expr(sort, depth), self.expr(THING, depth))
        if roll < 0.7:  # one that is there
            bag = self.expr(sort, depth)
            return remove(bag, item(bag, self.rng.randrange(sort.capacity)))
        if roll < 0.75:
            return empty(sort)
        count = self.rng.randint(1, sort.capacity)
        return bag_of(sort, [(self.expr(BOOL, depth), self.expr(THING, depth)) for _ in range(count)])

    def any_bag(self, depth: int) -> Expr:
        return self.expr(self.rng.choice((HEAP, QUEUE)), depth)

    def _member(self, depth: int) -> Expr:
        sort = self.rng.choice((COLOUR, NUMBER, PART, WHOLE[1]))
        values = [const(self.value(sort), sort) for _ in range(self.rng.randint(1, 3))]
        return self.expr(sort, depth).isin(*values)

    def _equal(self, depth: int) -> Expr:
        sort = self.rng.choice([s for s in SORTS if not isinstance(s, Bag)])
        left, right = self.expr(sort, depth), self.expr(sort, depth)
        return left == right if self.rng.random() < 0.6 else left != right

    def _order(self, depth: int) -> Expr:
        sort = self.rng.choice((NUMBER, BIT, WHOLE[0], WHOLE[0]))
        left, right = self.expr(sort, depth), self.expr(sort, depth)
        return self.rng.choice((left < right, left <= right, left > right, left >= right))

    _truth: tuple[Callable[[Formulas, int], Expr], ...] = (
        lambda f, d: ~f.expr(BOOL, d),
        lambda f, d: all_of(f.expr(BOOL, d), f.expr(BOOL, d), f.expr(BOOL, d)),
        lambda f, d: any_of(f.expr(BOOL, d), f.expr(BOOL, d)),
        lambda f, d: implies(f.expr(BOOL, d), f.expr(BOOL, d)),
        lambda f, d: iff(f.expr(BOOL, d), f.expr(BOOL, d)),
        lambda f, d: f._equal(d),
        lambda f, d: f._equal(d),
        lambda f, d: f._order(d),
        lambda f, d: f._order(d),
        lambda f, d: f._member(d),
        lambda f, d: has(f.any_bag(d), f.rng.randrange(3)),
        lambda f, d: is_full(f.any_bag(d)),
    )
    _whole: tuple[Callable[[Formulas, int], Expr], ...] = (
        lambda f, d: f.whole(d) + f.whole(d),
        lambda f, d: f.whole(d) - f.whole(d),
        lambda f, d: f.expr(NUMBER, d) - f.expr(NUMBER, d),
        lambda f, d: f.expr(BIT, d) - f.expr(BIT, d),
        lambda f, d: ordinal(f.expr(f.rng.choice((NUMBER, BIT, NONE)), d)),
        lambda f, d: clamp(f.whole(d), -2, f.rng.randint(-2, 3)),
        lambda f, d: maximum(f.whole(d), f.whole(d)),
        lambda f, d: size(f.any_bag(d)),
        lambda f, d: count_if(full & e.flag for full, e in slots(f.any_bag(d))),
    )
