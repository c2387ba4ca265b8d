"""The reference interpretation: what an expression, a guard and an effect mean, on concrete values.

Short, slow and trusted. Every counterexample is replayed with it before anyone sees it; simulation and single endpoints run
on it. It shares no code with the generated successor function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from .errors import ValueOutsideSort
from .expr import Expr, Op, postorder
from .sorts import Bag, Seq, Value
from .system import Action, State, System

__all__ = ["Transition", "apply", "enabled_steps", "evaluate", "holds", "successors"]

Params = Mapping[str, Value]


def evaluate(root: Expr, state: State, params: Params | None = None) -> Value:
    """The value of an expression in a state, with the action's parameters."""
    values: dict[int, Value] = {}
    for node in postorder(root):
        if node.op is Op.VAR:
            value = state[node.attr]
        elif node.op is Op.PARAM:
            value = (params or {})[node.attr]
        else:
            value = _MEANING[node.op](node, [values[id(arg)] for arg in node.args])
        values[id(node)] = value
    return values[id(root)]


def _modulus(node: Expr) -> int:
    assert isinstance(node.sort, Seq)
    return 1 << node.sort.bits


def _distance(node: Expr, a: list[Value]) -> int:
    return int((a[0] - a[1]) % _modulus(node.args[0]))


def _item(node: Expr, a: list[Value]) -> Value:
    return a[0][node.attr] if node.attr < len(a[0]) else node.sort.default


def _bag(node: Expr) -> Bag:
    assert isinstance(node.sort, Bag)
    return node.sort


def _bag_of(node: Expr, a: list[Value]) -> Value:
    return _bag(node).canonical(tuple(element for keep, element in zip(a[::2], a[1::2], strict=True) if keep))


_MEANING: dict[Op, Callable[[Expr, list[Value]], Value]] = {
    Op.CONST: lambda n, a: n.attr,
    Op.NOT: lambda n, a: not a[0],
    Op.AND: lambda n, a: all(a),
    Op.OR: lambda n, a: any(a),
    Op.EQ: lambda n, a: a[0] == a[1],
    Op.ITE: lambda n, a: a[1] if a[0] else a[2],
    Op.MEMBER: lambda n, a: a[0] in n.attr,
    Op.ADD: lambda n, a: a[0] + a[1],
    Op.SUB: lambda n, a: a[0] - a[1],
    Op.LT: lambda n, a: a[0] < a[1],
    Op.LE: lambda n, a: a[0] <= a[1],
    Op.CLAMP: lambda n, a: min(max(a[0], n.attr[0]), n.attr[1]),
    Op.SHIFT: lambda n, a: (a[0] + a[1]) % _modulus(n),
    Op.DISTANCE: _distance,
    Op.ORDINAL: lambda n, a: a[0],
    Op.RECORD: lambda n, a: tuple(a),
    Op.FIELD: lambda n, a: a[0][n.attr],
    Op.HAS: lambda n, a: n.attr < len(a[0]),
    Op.ITEM: _item,
    Op.INSERT: lambda n, a: _bag(n).insert(a[0], a[1]),
    Op.REMOVE: lambda n, a: _bag(n).remove(a[0], a[1]),
    Op.BAG_OF: _bag_of,
}
INTERPRETED = frozenset(_MEANING) | {Op.VAR, Op.PARAM}


def holds(predicate: Expr, state: State, params: Params | None = None) -> bool:
    """Whether a truth value holds."""
    return bool(evaluate(predicate, state, params))


@dataclass(frozen=True)
class Transition:
    """One step: the action, its parameters, and the states before and after."""

    action: Action
    params: Params
    before: State
    after: State

    @property
    def message(self) -> Any:
        """The element picked from a channel, or None."""
        return next((self.params[p.name] for p in self.action.params if p.channel is not None), None)

    def events(self) -> frozenset[str]:
        """The events that happen with this transition."""
        return frozenset(name for name, e in self.action.events if holds(e, self.before, self.params))

    def sent(self) -> list[tuple[str, Value, bool]]:
        """What this transition sends: (channel, element, was it dropped by a full channel)."""
        return [
            (send.channel, evaluate(send.element, self.before, self.params), holds(send.lost, self.before, self.params))
            for send in self.action.sends
            if holds(send.when, self.before, self.params)
        ]


def choices(system: System, action: Action, state: State) -> Iterator[dict[str, Value]]:
    """Every assignment of the action's parameters, equal elements of a channel once, in the order of their encodings."""
    domains: list[list[Value]] = []
    for p in action.params:
        if p.channel is None:
            domains.append(list(p.sort.values()))
        else:
            sort = system.by_name[p.channel].sort
            assert isinstance(sort, Bag)
            held = state[p.channel]
            domains.append(list(held[:1]) if sort.ordered else sorted(set(held), key=sort.element.encode))
    for values in product(*domains):
        yield {p.name: value for p, value in zip(action.params, values, strict=True)}


def apply(system: System, action: Action, state: State, params: Params) -> State:
    """The state after an enabled action. Raises ValueOutsideSort, naming action and variable, if a value leaves its sort."""
    after = dict(state)
    for name, expr in action.effects:
        value = evaluate(expr, state, params)
        sort = system.by_name[name].sort
        if not sort.contains(value):
            raise ValueOutsideSort(f"{action.name} sets {name} to {value!r}, which is outside {sort}")
        after[name] = value
    return after


def enabled_steps(system: System, state: State) -> Iterator[tuple[Action, dict[str, Value]]]:
    """Every enabled action instance, in action order."""
    for action in system.actions:
        for params in choices(system, action, state):
            if holds(action.enabled, state, params):
                yield action, params


def successors(system: System, state: State) -> Iterator[Transition]:
    """Every transition out of a state, in action order."""
    for action, params in enabled_steps(system, state):
        yield Transition(action, params, state, apply(system, action, state, params))
