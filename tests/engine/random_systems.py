"""Seeded random systems that are not shallow, over every operator of the language, for comparing engines.

A system has variables of every sort, a bag or a queue (some have two) with sends, deliveries, losses and copies, actions with
scalar choices, events, needs; guards that begin alike, with a condition and its negation, or with conditions that exclude each
other, as generated code treats those specially. It is drawn until it has at least `FEWEST` states and two actions that discover
states; its properties are drawn among random predicates so that most are violated first at depth 2 or more.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from synproof.engine.expr import (
    Expr,
    all_of,
    any_of,
    bag_of,
    clamp,
    const,
    count_if,
    has,
    insert,
    is_full,
    ite,
    item,
    ordinal,
    postorder,
    record,
    remove,
    size,
    slots,
)  # fmt: skip
from synproof.engine.property import Property, PropertyKind
from synproof.engine.search.explore import Exploration, Limits, explore
from synproof.engine.sorts import BOOL, Bag, Enum, Int, Record, Seq, Sort, Value
from synproof.engine.system import Channel, Kind, Step, System, Variable

FEWEST, MOST = 10, 120  # states of an accepted system
COLOUR = Enum("Colour", ("RED", "GREEN", "BLUE"))
ONLY = Enum("Only", ("ONE",))  # a sort of no bits


@dataclass(frozen=True)
class Drawn:
    """A random system, its properties, and what exploration found while it was drawn."""

    seed: int
    system: System
    properties: tuple[Property, ...]
    explored: Exploration


def draw(seed: int) -> Drawn:
    """The random system of a seed."""
    rng = random.Random(seed)
    while True:
        found = _Maker(rng).make(seed)
        if found is not None:
            return found


class _Maker:
    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.number = Seq(rng.choice((2, 3)))
        self.small = Int(rng.choice((0, -1, 1)), rng.choice((2, 3)))
        fields = (("seq", self.number), ("only", ONLY), ("flag", BOOL), ("level", Int(2, 3)), ("mark", BOOL))
        self.message = Record("Message", fields, frozenset({"mark"}))
        self.bag = Bag(self.message, rng.choice((1, 2, 2, 3)), ordered=rng.random() < 0.3)
        sorts: dict[str, Sort] = {"b": BOOL, "c": COLOUR, "i": self.small, "s": self.number, "r": self.message}
        self.variables = [Variable(name, sort) for name, sort in sorts.items()]
        self.net = Variable("net", self.bag)
        self.back = Variable("back", Bag(self.message, 1)) if rng.random() < 0.25 else self.net
        red, green, flag = self.variables[1].expr == "RED", self.variables[1].expr == "GREEN", self.variables[0].expr
        self.beginnings = [red, ~red, green, ~green, flag, ~flag]  # guards begin with one of these
        self.leaves: dict[Sort, list[Expr]] = {sort: [v.expr] for v in self.variables for sort in [v.sort]}

    # -- expressions ---------------------------------------------------------------------------------------------
    def truth(self, depth: int, extra: tuple[Expr, ...] = ()) -> Expr:
        """A random truth value."""
        pick = self.rng.randrange(13) if depth else self.rng.randrange(6)
        below = depth - 1
        if pick == 0:
            return self.variables[0].expr
        if pick == 1:
            return self.colour(extra) == self.rng.choice(COLOUR.members)
        if pick == 2:
            return self.whole(max(below, 0), extra) < self.whole(0, extra)
        if pick == 3:
            return self.sequence(max(below, 0), extra) == self.sequence(0, extra)
        if pick == 4:
            return has(self.net.expr, self.rng.randrange(self.bag.capacity))
        if pick == 5:
            chosen = self.rng.sample(range(self.number.cardinality), 2)
            return self.sequence(0, extra).isin(*(const(v, self.number) for v in chosen))
        if pick == 6:
            return ~self.truth(below, extra)
        if pick == 7:
            return all_of(self.truth(below, extra), self.truth(below, extra))
        if pick == 8:
            return any_of(self.truth(below, extra), self.truth(below, extra))
        if pick == 9:
            return self.whole(below, extra) <= self.whole(below, extra)
        if pick == 10:
            return ite(self.truth(below, extra), self.truth(below, extra), self.truth(below, extra))
        if pick == 11:
            return self.element(extra) == self.element(extra)
        return self.sequence(below, extra) < self.sequence(below, extra)

    def colour(self, _extra: tuple[Expr, ...] = ()) -> Expr:
        """A random colour."""
        other = const(self.rng.choice(COLOUR.members), COLOUR)
        return self.rng.choice((self.variables[1].expr, ite(self.variables[0].expr, other, self.variables[1].expr)))

    def whole(self, depth: int, extra: tuple[Expr, ...] = ()) -> Expr:
        """A random whole number."""
        pick = self.rng.randrange(9) if depth else self.rng.randrange(3)
        if pick == 0:
            return self.variables[2].expr
        if pick == 1:
            return const(self.rng.randint(self.small.lo, self.small.hi))
        if pick == 2:
            return size(self.net.expr)
        if pick == 3:
            return self.whole(depth - 1, extra) + self.whole(depth - 1, extra)
        if pick == 4:
            return self.whole(depth - 1, extra) - self.whole(depth - 1, extra)
        if pick == 5:
            return self.sequence(depth - 1, extra) - self.sequence(depth - 1, extra)
        if pick == 6:
            return ordinal(self.sequence(depth - 1, extra))
        if pick == 7:
            return ite(self.truth(0, extra), self.element(extra).level, self.whole(depth - 1, extra))
        return count_if(full & m.flag for full, m in slots(self.net.expr))

    def sequence(self, depth: int, extra: tuple[Expr, ...] = ()) -> Expr:
        """A random sequence number."""
        pick = self.rng.randrange(6) if depth else self.rng.randrange(4)
        if pick == 0:
            return self.variables[3].expr
        if pick == 1:
            return const(self.rng.randrange(self.number.cardinality), self.number)
        if pick == 2:
            return self.element(extra).seq
        if pick == 3:
            return item(self.net.expr, self.rng.randrange(self.bag.capacity)).seq
        if pick == 4:
            return self.sequence(depth - 1, extra) + self.whole(depth - 1, extra)
        return ite(self.truth(0, extra), self.sequence(depth - 1, extra), self.sequence(depth - 1, extra))

    def element(self, extra: tuple[Expr, ...] = ()) -> Expr:
        """A random message."""
        messages = [e for e in extra if e.sort == self.message]
        made = record(self.message, seq=self.variables[3].expr, flag=self.truth(0), level=clamp(self.whole(0), 2, 3))
        return self.rng.choice([self.variables[4].expr, made, *messages, *messages])

    # -- actions -------------------------------------------------------------------------------------------------
    def assign(self, step: Step, extra: tuple[Expr, ...]) -> None:
        """One or two random assignments, always within the sort."""
        values: dict[str, Callable[[], Expr]] = {
            "b": lambda: self.truth(1, extra),
            "c": lambda: self.colour(extra),
            "i": lambda: clamp(self.whole(1, extra), self.small.lo, self.small.hi),
            "s": lambda: self.sequence(1, extra),
            "r": lambda: self.element(extra),
        }
        for variable in self.rng.sample(self.variables, self.rng.choice((1, 1, 2))):
            step.set(variable.expr, values[variable.name]())

    def step(self, name: str, kind: Kind) -> Step:
        step = Step(name, actor=self.rng.choice(("a", "b")), kind=kind)
        if self.rng.random() < 0.4:
            step.when(self.rng.choice(self.beginnings))
        return step

    def tick(self) -> Step:
        """A step that makes progress: most systems without one have a handful of states."""
        step = Step("tick", actor="a", kind=self.rng.choice((Kind.USER_CALL, Kind.TIMEOUT, Kind.INTERNAL)))
        step.when(any_of(self.truth(1), self.truth(1), self.truth(0)))
        colour, small, number = (v.expr for v in self.variables[1:4])
        if self.rng.random() < 0.4:
            step.set(number, number + 1)
        elif self.rng.random() < 0.5:
            step.set(small, ite(small < self.small.hi, small + 1, self.small.lo))
        else:
            step.set(colour, ite(colour == "RED", "GREEN", ite(colour == "GREEN", "BLUE", colour)))
        return step

    def actions(self) -> list[Step]:
        """Sends, deliveries, losses and copies, and steps that only assign."""
        steps = [self.tick()] if self.rng.random() < 0.9 else []
        for n in range(self.rng.choice((2, 3))):
            step = self.step(f"local{n}", self.rng.choice((Kind.USER_CALL, Kind.TIMEOUT)))
            extra: tuple[Expr, ...] = ()
            if self.rng.random() < 0.3:
                extra = (step.choose("choice", self.rng.choice((self.number, self.small, BOOL))),)
                step.set(self._fitting(extra[0]), extra[0])
            else:
                self.assign(step, extra)
            step.when(self.truth(2, ()))
            if self.rng.random() < 0.3:
                step.need("resource", self.truth(1))
            if self.rng.random() < 0.4:
                step.event("odd", self.truth(1))
            steps.append(step)
        for n in range(self.rng.choice((1, 2))):
            step = self.step(f"send{n}", Kind.USER_CALL)
            step.when(self.truth(1))
            step.send(self.rng.choice((self.net, self.back)).expr, self.element(), self.rng.choice((True, self.truth(1))))
            if self.rng.random() < 0.5:
                self.assign(step, ())
            steps.append(step)
        for n in range(self.rng.choice((1, 2))):
            step = self.step(f"receive{n}", Kind.SEGMENT_ARRIVES)
            message = step.take("message", self.rng.choice((self.net, self.back)).expr)
            step.when(self.truth(1, (message,)))
            self.assign(step, (message,))
            if self.rng.random() < 0.4:
                step.send(self.net.expr, self.element((message,)), self.truth(1, (message,)))
            if self.rng.random() < 0.5:
                step.event("odd", self.truth(1, (message,)))
            steps.append(step)
        for name in self.rng.sample(("lose", "copy", "mark"), self.rng.choice((0, 1, 2))):
            steps.append(self._network(name))
        return steps

    def _fitting(self, value: Expr) -> Expr:
        return next(v.expr for v in self.variables if v.sort == value.sort)

    def _network(self, name: str) -> Step:
        step, net = self.step(name, Kind.NETWORK), self.net.expr
        if name == "mark":  # every message in flight is changed
            whole = [(full, record(self.message, seq=m.seq + 1, level=m.level, mark=True)) for full, m in slots(net)]
            step.when(has(net, 0), self.truth(1))
            step.change(net, bag_of(self.bag, whole))
            return step
        message = step.pick("message", net)
        if name == "lose":
            step.change(net, remove(net, message))
        else:
            step.when(~is_full(net))
            step.change(net, insert(net, message))
        return step

    # -- a whole system ------------------------------------------------------------------------------------------
    def make(self, seed: int) -> Drawn | None:
        """A system that is not shallow, or None."""
        actions = tuple(step.action() for step in self.actions())
        bags = (self.net,) if self.back is self.net else (self.net, self.back)
        initial = {v.name: self._value(v.sort) for v in self.variables} | {v.name: () for v in bags}
        starts = [initial]
        if self.rng.random() < 0.2:
            starts.append({**initial, "b": not initial["b"]})
        system = System(
            f"random-{seed}", (*self.variables, *bags), tuple(starts), actions,
            channels=tuple(Channel(v.name, "a", "b") for v in bags), actors=("a", "b"),
        )  # fmt: skip
        explored = explore(system, limits=Limits(max_states=MOST))
        if not explored.complete or len(explored.states) < FEWEST or discoverers(explored) < 2:
            return None
        properties = self._properties(system, explored)
        if properties is None:
            return None
        return Drawn(seed, system, properties, explore(system, properties))

    def _value(self, sort: Sort) -> Value:
        return sort.default if self.rng.random() < 0.5 or isinstance(sort, Record) else self.rng.choice(list(sort.values()))

    def _properties(self, system: System, explored: Exploration) -> tuple[Property, ...] | None:
        """One always that fails late (if one is found soon), and others as they come."""
        always, sometimes = PropertyKind.ALWAYS, PropertyKind.SOMETIMES
        predicates = [self._about_a_state() for _ in range(4)] + [self._not_there(explored) for _ in range(3)]
        candidates = [Property(f"p{n}", always, predicate=p) for n, p in enumerate(predicates)]
        tried = explore(system, candidates)
        late = [p for p in candidates if p.name in tried.findings and tried.depth_of(tried.findings[p.name].state) >= 2]
        if not late and self.rng.random() < 0.95:
            return None
        rest = [p for p in candidates if p not in late]
        return (
            *late[:1], *rest[:1],
            Property("quiet", always, predicate=self._about_a_state(), only_quiescent=True),
            Property("witness", sometimes, predicate=self._about_a_state()),
            Property("never-odd", always, event="odd", shared=True),
        )  # fmt: skip

    def _not_there(self, explored: Exploration) -> Expr:
        """That some state, of those found late, is not reached (as far as three variables tell)."""
        codes = explored.states
        state = explored.unit.layout.unpack(codes[self.rng.randrange(len(codes) // 2, len(codes))])
        told = self.rng.sample([*self.variables, self.net], 3)
        return ~all_of(*(size(v.expr) == len(state[v.name]) if v is self.net else v.expr == state[v.name] for v in told))

    def _about_a_state(self) -> Expr:
        return any_of(self.truth(2), self.truth(1), self.truth(1))


def discoverers(explored: Exploration) -> int:
    """How many actions discover a state."""
    layout = explored.unit.layout
    return len({layout.unpack_label(label)[0].name for label in explored.labels if label >= 0})


def operators(drawn: Drawn) -> set[str]:
    """The operators that occur in a system."""
    roots = [e for a in drawn.system.actions for e in (*a.guard, *(value for _, value in a.effects))]
    return {node.op.name for node in postorder(*roots)} | {"CONST"}


