"""Images: what every action makes of one concrete state, with every choice that it has, by Z3's evaluation of its terms.

Each action is read once for each of its choices (a value of a parameter, a place of a channel): whether it is possible, and
the number of the state after it (`packing`). That a state is in is most of the answer to what can happen there, so
the terms are simplified once for the values of the variables by which guards tell cases apart, and kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

from ..expr import Op
from ..sorts import Bag, Value
from ..system import Action, Param, System
from .asking import Term, solver_module
from .packing import Packing, code
from .relation import Relation, possible
from .smt import Reading
from .terms import Bundle, Leaf, element_in, flat, literal

__all__ = ["Images", "Instance"]

Instance = tuple[Action, dict[str, Value]]  # an action and its parameters


class Images:
    """The states one step after a state, over the variables of a relation's cone."""

    def __init__(self, relation: Relation, packing: Packing) -> None:
        z3 = solver_module()
        self._system = relation.system
        self._packing = packing
        self._choices = [c for i in relation.actions for c in _choices(relation.system, i)]
        possibilities, numbers = [], []
        for choice in self._choices:
            is_possible, number = self._read(choice)
            possibilities.append(is_possible)
            numbers.append(number)
        self._terms = Bundle([*possibilities, *numbers])
        telling = _telling(relation.system)
        self._telling = [name in telling for name, sort in packing.variables.items() for _ in flat([packing.unknown[name]])]
        self._key = sum(((1 << w) - 1) << at for (at, w), tells in zip(packing.places, self._telling, strict=True) if tells)
        self._state = z3.BitVec("state", packing.width + 1)
        self._mask = (1 << packing.width) - 1
        self._known: dict[int, _Simplified] = {}

    @staticmethod
    def count(relation: Relation) -> int:
        """How many choices there are, in all actions: how much there is to read."""
        return sum(prod(_alternatives(relation.system, p) for p in relation.system.actions[i].params) for i in relation.actions)

    # -- reading the actions -------------------------------------------------------------------------------------
    def _read(self, choice: _Choice) -> tuple[Term, Term]:
        """Whether an action is possible with a choice, and the number of the state after it, over the packing's unknowns."""
        z3, state = solver_module(), self._packing.unknown
        action = self._system.actions[choice.action]
        params: dict[str, Leaf] = {}
        picks, there = {}, []
        for p, chosen in zip(action.params, choice.chosen, strict=True):
            if p.channel is None:
                params[p.name] = literal(p.sort, chosen)
                continue
            slots, sort = state[p.channel], self._packing.variables[p.channel]
            assert isinstance(sort, Bag) and isinstance(chosen, int)
            params[p.name] = element_in(sort, slots[chosen])
            picks[p.name] = (p.channel, [z3.BoolVal(i == chosen) for i in range(len(slots))])
            there.append(slots[chosen] != 0)
        reading = Reading(state, params, picks)
        after = {
            name: reading.packed(value, self._packing.variables[name])
            for name, value in action.effects
            if name in self._packing.variables
        }
        return z3.And(*there, reading.term(possible(self._system, action))), self._packing.number({**state, **after})

    # -- the images of a state -----------------------------------------------------------------------------------
    def of(self, number: int) -> Iterator[tuple[int, int]]:
        """(Choice, number of the state that it leads to) for everything that is possible in a state."""
        key = number & self._key
        if key not in self._known:
            self._known[key] = self._simplified(key)
        known = self._known[key]
        if not known.choices:
            return
        model = solver_module().Model()
        model.update_value(self._state, self._packing.constant(number))
        told = model.eval(known.told).as_long()
        for choice in known.choices:
            if told & 1:
                yield choice, told >> 1 & self._mask
            told >>= self._packing.width + 2

    def _simplified(self, key: int) -> _Simplified:
        """All choices where the telling variables have the values that are in the key, over the number of the whole state."""
        z3, packing = solver_module(), self._packing
        terms = self._terms.at([
            (unknown, code(unknown, key >> at & (1 << width) - 1) if tells else self._part(unknown, at, width))
            for unknown, (at, width), tells in zip(flat(packing.unknown.values()), packing.places, self._telling, strict=True)
            if not z3.is_bv_value(unknown)  # what needs no bits is a constant
        ])  # fmt: skip
        count = len(self._choices)
        choices = [i for i in range(count) if not z3.is_false(terms[i])]
        if not choices:
            return _Simplified((), None)
        one, nothing = z3.BitVecVal(1, 1), z3.BitVecVal(0, packing.width + 2)
        told = [z3.If(terms[i], z3.Concat(terms[count + i], one), nothing) for i in reversed(choices)]
        return _Simplified(tuple(choices), z3.Concat(*told) if len(told) > 1 else told[0])

    def _part(self, unknown: Term, at: int, width: int) -> Term:
        z3 = solver_module()
        part = z3.Extract(at + width - 1, at, self._state)
        return part == 1 if z3.is_bool(unknown) else part

    def instance(self, number: int, choice: int) -> Instance:
        """The action and its parameters of a choice in a state."""
        chosen = self._choices[choice]
        action = self._system.actions[chosen.action]
        params = {p.name: self._value(p, c, number) for p, c in zip(action.params, chosen.chosen, strict=True)}
        return action, params

    def _value(self, p: Param, chosen: Value, number: int) -> Value:
        if p.channel is None:
            return chosen
        sort = self._packing.variables[p.channel]
        assert isinstance(sort, Bag) and isinstance(chosen, int)
        return sort.element.decode(self._packing.parts(number)[p.channel][chosen] >> 1)


@dataclass(frozen=True)
class _Choice:
    """An action (position) with a choice for each of its parameters: a value, or a place of its channel."""

    action: int
    chosen: tuple[Value, ...]


@dataclass(frozen=True)
class _Simplified:
    """Which choices are possible at all where some variables have known values, and a term that tells of each, the first in
    the lowest bits: a bit for whether it is possible, and if so the number of the state after it, or zeros.
    """

    choices: tuple[int, ...]
    told: Any


def _choices(system: System, index: int) -> Iterator[_Choice]:
    ways = [
        list(p.sort.values()) if p.channel is None else list(range(_alternatives(system, p)))
        for p in system.actions[index].params
    ]
    return (_Choice(index, chosen) for chosen in product(*ways))


def _alternatives(system: System, p: Param) -> int:
    if p.channel is None:
        return p.sort.cardinality
    sort = system.by_name[p.channel].sort
    assert isinstance(sort, Bag)
    return 1 if sort.ordered else sort.capacity


def _telling(system: System) -> frozenset[str]:
    """The variables that guards compare with a constant, one action with one and another with another."""
    found: dict[str, set[Value]] = {}
    for action in system.actions:
        for conjunct in action.guard:
            if conjunct.op is Op.EQ and conjunct.args[0].op is Op.VAR and conjunct.args[1].op is Op.CONST:
                found.setdefault(conjunct.args[0].attr, set()).add(conjunct.args[1].attr)
    return frozenset(name for name, values in found.items() if len(values) > 1)
