"""Symmetry: where two actors play the same part, a state and its mirror image are one.

Swapping two actors swaps their variables, the channels between them and their actions. Whether that maps the system onto
itself is not assumed but found out from the expressions: each action, mirrored, must be an action of the system (equal up to
the order of what is joined by and, or, equality and sum), each property its own mirror image, and so must the set of initial
states. Then a run and its mirror image are both runs, of equal length, and of each pair of states one is enough: the one whose
packed integer is less.

A run of the reduced system is turned back into a run of the system itself by mirroring each step as often as the states before
it were. What is asked of infinite runs, or of runs segment for segment, speaks of one actor at a time and is not preserved.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import Any, TypeAlias

from ..evaluate import apply
from ..expr import Expr, Op, postorder
from ..layout import Layout
from ..property import Property, PropertyKind
from ..rewriting import substitute
from ..sorts import Value
from ..system import Action, Param, State, System
from .mirror import Mirror

__all__ = ["Symmetry", "find_symmetry"]

COMMUTATIVE = (Op.AND, Op.OR, Op.EQ, Op.ADD)
Key: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True)
class Symmetry:
    """A permutation of variables and actions, its own inverse, that maps a system onto itself."""

    system: System
    variables: Mapping[str, str]  # those that move
    actions: Mapping[str, str]

    @cached_property
    def mirror(self) -> Mirror:
        """What it does to packed states."""
        return Mirror(Layout(self.system), self.variables)

    def unfolded(self, start: int, labels: Sequence[int]) -> tuple[State, list[tuple[Action, dict[str, Value]]]]:
        """A run of the reduced system, from a state that stands for its mirror image too, as one of the system."""
        layout, mirror = Layout(self.system), self.mirror
        first = next(state for state in self.system.initial if mirror.canonical(layout.pack(state)) == start)
        state, instances = first, []
        for label in labels:
            action, params = layout.unpack_label(label)
            code = layout.pack(state)
            if mirror.canonical(code) != code:
                action = self.system.actions[self.system.action_index[self.actions[action.name]]]
            instances.append((action, params))
            state = apply(self.system, action, state, params)
        return first, instances


def find_symmetry(system: System, properties: Sequence[Property]) -> Symmetry | str:
    """The swap of two actors under which the system and the properties are what they were; or why there is none."""
    asked = [prop for prop in properties if not prop.not_applicable]
    for prop in asked:
        if prop.asks_the_graph:
            what = "an eventually-property" if prop.kind is PropertyKind.EVENTUALLY else "a scenario"
            return f"{prop.name} is {what}, which tells the ends apart (-p asks for others alone)"
    reasons = []
    for one, other in combinations(system.actors, 2):
        found = _Swap(system, one, other).check(asked)
        if isinstance(found, Symmetry):
            return found
        reasons.append(found)
    return "; ".join(reasons) or "there are no two actors to swap"


class _Swap:
    """The swap of two actors, and what it does to expressions and actions."""

    def __init__(self, system: System, one: str, other: str) -> None:
        self.system, self.one, self.other = system, one, other
        self.known: dict[Key, int] = {}  # normal forms
        self.numbers: dict[Expr, int] = {}
        ends = {(channel.sender, channel.receiver): channel.variable for channel in system.channels}
        names = {name: ends[b, a] for (a, b), name in ends.items() if (b, a) in ends and {a, b} == {one, other}}
        for name in system.by_name:
            actor, dot, rest = name.partition(".")
            if dot and actor in (one, other) and name not in names:
                names[name] = f"{other if actor == one else one}.{rest}"
        self.names = names

    def check(self, properties: Sequence[Property]) -> Symmetry | str:
        """The symmetry, or why this swap is none."""
        system = self.system
        for name, image in self.names.items():
            if image not in system.by_name:
                return f"{name} has no like at the other end"
            mine, other = system.by_name[name].sort, system.by_name[image].sort
            if mine != other:
                return f"{name} is a {mine}, and {image} a {other}"
        self.mirrored = {system.by_name[a].expr: system.by_name[b].expr for a, b in self.names.items()}
        if not self.mirrored:
            return f"{self.one} and {self.other} have no variables"
        for prop in properties:
            if prop.predicate is not None and self.normal(prop.predicate) != self.normal(self.image(prop.predicate)):
                return f"{prop.name} is not the same of {self.one} and {self.other} (-p asks for others alone)"
        events = frozenset(prop.event for prop in properties if prop.event is not None)
        actions = self._actions(events)
        if isinstance(actions, str):
            return actions
        initial = [dict(state) for state in system.initial]
        for state in initial:
            if {self.names.get(name, name): value for name, value in state.items()} not in initial:
                return f"{self.one} and {self.other} do not begin alike"
        return Symmetry(system, self.names, actions)

    def _actions(self, events: frozenset[str]) -> Mapping[str, str] | str:
        """Action -> its mirror image; or which action has none."""
        by_key: dict[Key, list[Action]] = {}
        for action in self.system.actions:
            by_key.setdefault(self._key(action, events), []).append(action)
        found: dict[str, str] = {}
        for action in self.system.actions:
            if action.name not in found:
                alike = [b for b in by_key.get(self._key(self._mirrored(action), events), []) if b.name not in found]
                if not alike:
                    return f"{self.one} and {self.other} play different parts: {action.name} has no like at the other end"
                image = action if action in alike else alike[0]
                found[action.name], found[image.name] = image.name, action.name
        return found

    # -- images and normal forms ---------------------------------------------------------------------------------
    def image(self, expr: Expr) -> Expr:
        """An expression with the actors swapped."""
        return substitute(expr, self.mirrored)

    def _mirrored(self, action: Action) -> Action:
        def named(pairs: Iterable[tuple[str, Expr]]) -> tuple[tuple[str, Expr], ...]:
            return tuple((name, self.image(expr)) for name, expr in pairs)

        def moved(name: str | None) -> str | None:
            return None if name is None else self.names.get(name, name)

        return replace(
            action,
            params=tuple(Param(p.name, p.sort, moved(p.channel)) for p in action.params),
            guard=tuple(map(self.image, action.guard)),
            effects=tuple((self.names.get(name, name), self.image(value)) for name, value in action.effects),
            sends=tuple(
                replace(s, channel=self.names.get(s.channel, s.channel), element=self.image(s.element), when=self.image(s.when),
                        lost=self.image(s.lost))
                for s in action.sends
            ),
            takes=moved(action.takes),
            needs=named(action.needs),
            events=named(action.events),
        )  # fmt: skip

    def _key(self, action: Action, events: frozenset[str]) -> Key:
        """What an action does, in a normal form; of the events those that are asked about."""

        def named(pairs: Iterable[tuple[str, Expr]]) -> Iterator[tuple[str, int]]:
            return ((name, self.normal(expr)) for name, expr in pairs)

        return (
            action.kind,
            action.params,
            frozenset(map(self.normal, action.guard)),
            frozenset(named(action.effects)),
            tuple((s.channel, self.normal(s.element), self.normal(s.when), self.normal(s.lost)) for s in action.sends),
            action.takes,
            tuple(named(action.needs)),
            frozenset(pair for pair in named(action.events) if pair[0] in events),
        )

    def normal(self, root: Expr) -> int:
        """A number that two expressions share if and only if they are equal up to the order of what commutes."""
        for node in postorder(root):
            if node not in self.numbers:
                args = [self.numbers[arg] for arg in node.args]
                if node.op in COMMUTATIVE:
                    args.sort()
                key = (node.op, tuple(args), node.attr, node.sort)
                self.numbers[node] = self.known.setdefault(key, len(self.known))
        return self.numbers[root]
