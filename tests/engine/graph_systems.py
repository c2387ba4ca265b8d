"""Small systems for the tests of graph searches: random ones, and the graph of a system as the reference evaluator sees it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

from synproof.engine.evaluate import Transition, choices, holds, successors
from synproof.engine.expr import Expr, all_of, any_of, const, has, is_full, ite, item, record, remove, size
from synproof.engine.layout import Layout
from synproof.engine.property import Property, PropertyKind
from synproof.engine.search.explore import Run
from synproof.engine.sorts import BOOL, Bag, Enum, Int, Record
from synproof.engine.system import Action, Channel, Kind, State, Step, System, Variable

MESSAGE = Record("Message", (("v", Int(0, 1)), ("mark", BOOL)), frozenset({"mark"}))
MODE = Enum("Mode", ("idle", "busy"))


# ---- the graph by the reference evaluator ----------------------------------------------------------------------------


@dataclass
class Graph:
    """Everything reachable, breadth first in action order, computed by `evaluate` alone."""

    system: System
    states: list[State] = field(default_factory=list)
    depth: list[int] = field(default_factory=list)
    edges: list[tuple[int, Transition, int]] = field(default_factory=list)
    lacks: dict[str, int] = field(default_factory=dict)
    overflows: int = 0

    @cached_property
    def out(self) -> list[list[tuple[Transition, int]]]:
        """For each state its transitions and where they lead, in action order."""
        lists: list[list[tuple[Transition, int]]] = [[] for _ in self.states]
        for source, step, target in self.edges:
            lists[source].append((step, target))
        return lists


def key(state: State) -> tuple[object, ...]:
    return tuple(state[name] for name in sorted(state))


def graph_of(system: System, at_most: int = 100_000) -> Graph | None:
    """The graph, or None if it has more states than `at_most`."""
    graph = Graph(system, lacks={name: 0 for action in system.actions for name, _ in action.needs})
    index: dict[tuple[object, ...], int] = {}

    def place(state: State, depth: int) -> int:
        if key(state) not in index:
            index[key(state)] = len(graph.states)
            graph.states.append(state)
            graph.depth.append(depth)
        return index[key(state)]

    for state in system.initial:
        place(state, 0)
    position = 0
    while position < len(graph.states):
        state = graph.states[position]
        for step in successors(system, state):
            graph.edges.append((position, step, place(step.after, graph.depth[position] + 1)))
            graph.overflows += any(dropped for _, _, dropped in step.sent())
        for action in system.actions:
            for params in choices(system, action, state):
                if all(holds(conjunct, state, params) for conjunct in action.guard):
                    lacking = [name for name, need in action.needs if not holds(need, state, params)]
                    for name in lacking[:1]:
                        graph.lacks[name] += 1
        position += 1
        if len(graph.states) > at_most:
            return None
    return graph


def least_ways(graph: Graph) -> list[tuple[int, ...]]:
    """For each state the least, by action order, of all shortest ways to it: the place of an initial state, then labels."""
    ways: list[tuple[int, ...] | None] = [None] * len(graph.states)
    first = [key(state) for state in graph.system.initial]
    for position, state in enumerate(graph.states):
        if graph.depth[position] == 0:
            ways[position] = (first.index(key(state)),)
    for position, step, target in graph.edges:  # sources come in the order of their depths
        before, now = ways[position], ways[target]
        if before is not None and graph.depth[target] == graph.depth[position] + 1:
            way = before + labels_of(graph.system, [step])
            ways[target] = way if now is None else min(now, way)
    return [way for way in ways if way is not None]


def way_of(system: System, run: Run) -> tuple[int, ...]:
    """A run as `least_ways` writes it."""
    first = [key(state) for state in system.initial]
    return (first.index(key(Layout(system).unpack(run.start))), *run.labels)


# ---- random systems --------------------------------------------------------------------------------------------------


class Dice:
    """Makes up systems: a number, a mode, a channel or two that lose, copy and deliver, and local steps with tags."""

    def __init__(self, seed: int, *, channels: int = 1, capacity: int = 1, top: int = 2, steps: int = 3) -> None:
        self.rng = random.Random(seed)
        self.steps = steps
        self.a = Variable("a", Int(0, top))
        self.b = Variable("b", MODE)
        self.h = Variable("h", BOOL, history=True)
        names = ("net", "back")[:channels]
        ordered = self.rng.random() < 0.3
        self.nets = [Variable(name, Bag(MESSAGE, self.rng.randint(1, capacity), ordered)) for name in names]
        self.actions: list[Action] = []

    def chance(self, p: float) -> bool:
        return self.rng.random() < p

    def condition(self) -> Expr:
        a, b = self.a.expr, self.b.expr
        net = self.rng.choice(self.nets).expr
        parts: list[Callable[[], Expr]] = [
            lambda: a == self.rng.choice(list(self.a.sort.values())), lambda: a < 2, lambda: b == "busy", lambda: b == "idle",
            lambda: has(net, 0), lambda: ~has(net, 0), lambda: all_of(has(net, 0), item(net, 0).v == 1), lambda: size(net) < 2,
        ]  # fmt: skip
        chosen = [self.rng.choice(parts)() for _ in range(self.rng.choice((1, 1, 2)))]
        return self.rng.choice((all_of, any_of))(*chosen)

    def message(self) -> Expr:
        v = self.rng.choice((const(0), const(1), ite(self.a.expr == 1, 1, 0)))
        return record(MESSAGE, v=v, mark=self.rng.choice((self.h.expr, const(True), const(False))))

    def effects(self, step: Step) -> None:
        a, b, h = self.a.expr, self.b.expr, self.h.expr
        if self.chance(0.7):
            further = ite(a == self.a.sort.cardinality - 1, 0, a + 1)
            step.set(a, self.rng.choice((further, further, *self.a.sort.values())))
        if self.chance(0.4):
            step.set(b, self.rng.choice(MODE.members))
        if self.chance(0.3):
            step.set(h, self.rng.choice((True, False)))

    def step(self, name: str, kind: Kind) -> Step:
        tags = frozenset(tag for tag in ("w0", "w1") if self.chance(0.3))
        return Step(name, actor="it", kind=kind, tags=tags)

    def local(self, i: int) -> None:
        step = self.step(f"local{i}", self.rng.choice((Kind.TIMEOUT, Kind.USER_CALL, Kind.ENVIRONMENT)))
        if self.chance(0.8):
            step.when(self.condition())
        if self.chance(0.2):
            step.when(step.choose("pick", Int(1, 2)) != self.a.expr)
        self.effects(step)
        if self.chance(0.6):
            net = self.rng.choice(self.nets).expr
            step.send(net, self.message(), self.condition() if self.chance(0.3) else True)
            if self.chance(0.35):
                step.when(~is_full(net))
        if self.chance(0.2):
            step.need(self.rng.choice(("ink", "paper")), self.condition())
        if self.chance(0.3):
            step.event(self.rng.choice(("bell", "smoke")), self.condition())
        self.actions.append(step.action())

    def receive(self, net: Variable, i: int) -> None:
        step = self.step(f"receive{i} {net.name}", Kind.SEGMENT_ARRIVES)
        message = step.take("message", net.expr)
        if self.chance(0.4):
            step.when(self.condition())
        if self.chance(0.3):
            step.when(message.v == self.rng.choice((0, 1)))
        self.effects(step)
        if self.chance(0.3):
            step.send(self.rng.choice(self.nets).expr, self.message())
        self.actions.append(step.action())

    def network(self, net: Variable) -> None:
        if self.chance(0.5):
            step = self.step(f"lose {net.name}", Kind.NETWORK)
            if self.chance(0.5):  # whether it is called taking or not, it is no delivery
                step.take("message", net.expr)
            else:
                message = step.pick("message", net.expr)
                step.change(net.expr, remove(net.expr, message))
            self.actions.append(step.action())
        if self.chance(0.4):
            step = self.step(f"copy {net.name}", Kind.NETWORK)
            message = step.pick("message", net.expr)
            step.when(~is_full(net.expr))
            step.send(net.expr, message)
            self.actions.append(step.action())

    def system(self) -> System:
        for i in range(self.rng.randint((self.steps + 1) // 2, self.steps)):
            self.local(i)
        for net in self.nets:
            for i in range(self.rng.choice((1, 1, 2))):
                self.receive(net, i)
            self.network(net)
        self.rng.shuffle(self.actions)
        variables = (self.a, self.b, self.h, *self.nets)
        first = {v.name: v.sort.default for v in variables}
        initial = (first, first | {"a": 1}) if self.chance(0.2) else (first,)
        channels = tuple(Channel(net.name, "it", "it") for net in self.nets)
        return System("dice", variables, initial, tuple(self.actions), channels=channels)

    def properties(self) -> list[Property]:
        """A property of each kind that exploration watches."""
        always, sometimes = PropertyKind.ALWAYS, PropertyKind.SOMETIMES
        return [
            Property("always", always, predicate=self.condition()), Property("again", always, predicate=self.condition()),
            Property("sometimes", sometimes, predicate=self.condition()), Property("bell", always, event="bell"),
            Property("smoke", always, event="smoke"), Property("bell too", always, event="bell"),
            Property("rest", always, predicate=self.condition(), only_quiescent=True),
        ]  # fmt: skip


def labels_of(system: System, steps: Iterable[Transition]) -> tuple[int, ...]:
    """The labels of transitions."""
    layout = Layout(system)
    return tuple(layout.pack_label(step.action, step.params) for step in steps)
