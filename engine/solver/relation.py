"""The transition relation: one step of a system as Z3 terms, to be unrolled from a state.

The relation is written once, over one symbol per variable and per choice, and instantiated for each step by substitution:
what is known of the state before (everything, at the start) simplifies it, actions that cannot be enabled drop out.

Only the variables of a *cone* are followed: those that decide whether actions are enabled, those that a question reads, and
those that these depend on. All others (history variables, mostly) can neither prevent nor cause anything that is asked.

An effect outside the sort of its variable has no packed form: such a step is not in the relation. (Exploration raises
ValueOutsideSort for it, and so does the replay of a run.)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ..expr import Expr, Op, all_of, param, postorder
from ..rewriting import substitute
from ..sorts import BOOL, Bag, Int, Value, fits
from ..system import Action, Param, System
from .asking import Term, solver_module
from .sharing import Sharing
from .smt import Reading
from .terms import Bundle, Leaf, flat, symbol, value_in, within

__all__ = ["Relation", "Step", "cone", "possible"]


def possible(system: System, action: Action) -> Expr:
    """Whether the relation has a step by this action: guard, needs, and every effect within the sort of its variable."""
    conditions = [action.enabled]
    for name, value in action.effects:
        sort = system.by_name[name].sort
        if isinstance(sort, Int) and not fits(value.sort, sort):
            conditions += [value >= sort.lo, value <= sort.hi]
    return all_of(*conditions)


def cone(system: System, actions: Iterable[Action], questions: Iterable[Expr]) -> frozenset[str]:
    """Names of the variables on which it depends which of these actions are possible, and what the questions say."""
    listed = list(actions)
    found = _read(*questions, *(possible(system, action) for action in listed))
    found |= {p.channel for action in listed for p in action.params if p.channel is not None}
    reads = [(name, _read(value)) for action in listed for name, value in action.effects]
    while True:
        more = {read for name, needed in reads if name in found for read in needed} - found
        if not more:
            return frozenset(found)
        found |= more


def _read(*roots: Expr) -> set[str]:
    return {node.attr for node in postorder(*roots) if node.op is Op.VAR}


@dataclass(frozen=True)
class Step:
    """One step as terms: what must hold, the state after it, which action is taken, with which choices, and what happens.

    `happens` has one term for each watched condition of the relation.
    """

    constraints: tuple[Term, ...]
    after: Mapping[str, Leaf]
    taken: Mapping[int, Term]
    choices: Mapping[str, Term]
    happens: tuple[Term, ...]


class Relation:
    """One step of a system, by the given actions (positions), over the variables of a cone.

    `watched` are conditions on a step: for each action (position) that can satisfy it, a truth value over the state before
    and the action's parameters.
    """

    def __init__(
        self, system: System, kept: frozenset[str], actions: Sequence[int], watched: Sequence[Mapping[int, Expr]] = ()
    ) -> None:
        self.system = system
        self.variables = {v.name: v.sort for v in system.variables if v.name in kept}
        self.actions = tuple(actions)
        self._before = {name: symbol(sort, name) for name, sort in self.variables.items()}
        self._taken = {i: solver_module().Bool(f"take {system.actions[i].name}") for i in self.actions}
        self._parameters: dict[Param, Expr] = {}  # as they are called here: one name for one sort and channel
        self._choices: dict[str, Term] = {}  # what is chosen beside the action
        self._leaves: dict[str, Leaf] = {}  # parameters and selections
        self._picks: dict[str, tuple[str, list[Term]]] = {}
        self._restrictions: dict[Param, list[Term]] = {}  # what makes a parameter one that is to be had
        local = {i: self._localised(i, watched) for i in self.actions}
        sharing = Sharing()
        after = {name: self._next(name, local, sharing) for name in self.variables}
        self._selections = sharing.selections
        for selection in self._selections:
            self._leaves[selection.leaf.attr] = symbol(selection.leaf.sort, selection.leaf.attr)
        reading = Reading(self._before, self._leaves, self._picks)
        self._reading = reading
        self._possible = [self._possibility(i, local[i], reading) for i in self.actions]
        self._happens = [self._happening(number, local, reading) for number in range(len(watched))]
        values = {name: reading.packed(after[name], sort) for name, sort in self.variables.items()}
        self._after, constraints = self._arrival(values)
        self._terms = Bundle([*self._happens, *self._choice_of_action(), *self._choice_of_values(reading), *constraints])
        self._renamings: dict[int, list[tuple[Term, Term]]] = {}

    # -- writing it down -----------------------------------------------------------------------------------------
    def _localised(self, index: int, watched: Sequence[Mapping[int, Expr]]) -> _Local:
        """What an action says, its parameters renamed so that actions with the same choices share them."""
        action = self.system.actions[index]
        names = {p.expr: self._parameter(p) for p in action.params}
        return _Local(
            substitute(possible(self.system, action), names),
            {name: substitute(value, names) for name, value in action.effects if name in self.variables},
            {number: substitute(c[index], names) for number, c in enumerate(watched) if index in c},
        )

    def _parameter(self, p: Param) -> Expr:
        if p in self._parameters:
            return self._parameters[p]
        z3 = solver_module()
        own = self._parameters[p] = param(f"{p.name} {len(self._parameters)}", p.sort)
        if p.channel is None:
            self._choices[own.attr] = self._leaves[own.attr] = symbol(p.sort, own.attr)
            self._restrictions[p] = within(p.sort, self._leaves[own.attr])
            return own
        places = self._places(p.channel)
        flags = self._flags(p.channel, len(places))
        slot = places[-1]
        for flag, place in zip(reversed(flags[:-1]), reversed(places[:-1]), strict=True):
            slot = z3.If(flag, place, slot)
        self._restrictions[p] = [z3.Implies(flag, place != 0) for flag, place in zip(flags, places, strict=True)]
        self._leaves[own.attr] = z3.Extract(slot.size() - 1, 1, slot) if p.sort.width else z3.BitVecVal(0, 1)
        self._picks[own.attr] = (p.channel, flags)
        return own

    def _places(self, channel: str) -> tuple[Term, ...]:
        sort = self.variables[channel]
        assert isinstance(sort, Bag)
        slots: tuple[Term, ...] = self._before[channel]
        return slots[:1] if sort.ordered else slots

    def _flags(self, channel: str, places: int) -> list[Term]:
        """For each place of a channel, whether it is the one picked: exactly one is."""
        z3 = solver_module()
        flags, before = [], z3.BoolVal(True)
        for place in range(places - 1):
            name = _pick(channel, place)
            flag = self._choices.setdefault(name, z3.Bool(name))
            flags.append(z3.And(before, flag))
            before = z3.And(before, z3.Not(flag))
        return [*flags, before]

    def _next(self, name: str, local: Mapping[int, _Local], sharing: Sharing) -> Expr:
        """What a variable is after the step."""
        assigned = {i: local[i].effects[name] for i in self.actions if name in local[i].effects}
        others = frozenset(self.actions) - assigned.keys()
        cases = [(frozenset((i,)), value) for i, value in assigned.items()]
        if others:
            cases.append((others, self.system.by_name[name].expr))
        return sharing.value(cases, self.variables[name])

    def _possibility(self, index: int, local: _Local, reading: Reading) -> Term:
        restrictions = [c for p in self.system.actions[index].params for c in self._restrictions[p]]
        return solver_module().And(*restrictions, reading.term(local.possible))

    def _happening(self, number: int, local: Mapping[int, _Local], reading: Reading) -> Term:
        z3 = solver_module()
        cases = [z3.And(self._taken[i], reading.term(a.watched[number])) for i, a in local.items() if number in a.watched]
        return z3.Or(*cases) if cases else z3.BoolVal(False)

    def _choice_of_action(self) -> list[Term]:
        """Exactly one action is taken, and it is possible."""
        z3, flags = solver_module(), list(self._taken.values())
        if not flags:
            return [z3.BoolVal(False)]
        possible = [z3.Implies(flag, condition) for flag, condition in zip(flags, self._possible, strict=True)]
        return [*possible, z3.Or(*flags), z3.AtMost(*flags, 1)]

    def _choice_of_values(self, reading: Reading) -> list[Term]:
        """Each selection has the value of the case of the action taken."""
        z3, found = solver_module(), []
        for selection in self._selections:
            leaf = flat([self._leaves[selection.leaf.attr]])
            for actions, value in selection.cases:
                values = flat([reading.packed(value, selection.leaf.sort)])
                equal = z3.And([a == b for a, b in zip(leaf, values, strict=True)])
                found.append(z3.Implies(z3.Or([self._taken[i] for i in sorted(actions)]), equal))
        return found

    def _arrival(self, values: Mapping[str, Leaf]) -> tuple[dict[str, Leaf], list[Term]]:
        """The state after the step, in symbols of its own where it is no symbol or constant anyway, and what they equal."""
        state: dict[str, Leaf] = {}
        constraints: list[Term] = []
        for (name, sort), found in zip(self.variables.items(), map(flat, ([leaf] for leaf in values.values())), strict=True):
            new = flat([symbol(sort, f"{name}'")])
            leaf = [b if _is_constant(b) or _is_symbol(b) else a for a, b in zip(new, found, strict=True)]
            constraints += [a == b for a, b in zip(leaf, found, strict=True) if not a.eq(b)]
            state[name] = tuple(leaf) if isinstance(sort, Bag) else leaf[0]
        return state, constraints

    # -- unrolling it --------------------------------------------------------------------------------------------
    def at(self, state: Mapping[str, Leaf], predicates: Sequence[Expr]) -> list[Term]:
        """Predicates over the variables of the cone as terms over a state."""
        bundle = Bundle([self._reading.term(p) for p in predicates])
        return bundle.at(self._known(state))

    def _known(self, state: Mapping[str, Leaf]) -> list[tuple[Term, Term]]:
        pairs = zip(flat(self._before.values()), flat(state.values()), strict=True)
        return [(symbol, term) for symbol, term in pairs if not symbol.eq(term)]

    def anything(self, number: int) -> tuple[dict[str, Leaf], list[Term]]:
        """A state of which nothing is known but that its values belong to their sorts, and the conditions for that."""
        state = {name: symbol(sort, f"{name}@{number}") for name, sort in self.variables.items()}
        return state, [c for name, sort in self.variables.items() for c in within(sort, state[name])]

    def step(self, before: Mapping[str, Leaf], number: int) -> Step:
        """Step `number` (a suffix of the names of its symbols) from a state."""
        if number not in self._renamings:
            self._renamings[number] = [(old, _renamed(old, number)) for old in self._own_symbols()]
        renaming = self._renamings[number]
        known = [*self._known(before), *renaming]
        terms = iter(self._terms.at(known))
        now = {old.get_id(): new for old, new in known}
        after = {name: _mapped(leaf, now) for name, leaf in self._after.items()}
        taken = {i: now[flag.get_id()] for i, flag in self._taken.items()}
        choices = {name: now.get(term.get_id(), term) for name, term in self._choices.items()}
        happens = tuple(islice(terms, len(self._happens)))
        return Step(tuple(terms), after, taken, choices, happens)

    def _own_symbols(self) -> list[Term]:
        """The symbols that each step has for itself: all but those of the state before."""
        leaves = [self._leaves[selection.leaf.attr] for selection in self._selections]
        found = flat([*self._taken.values(), *self._choices.values(), *leaves, *self._after.values()])
        own = {term.get_id(): term for term in found if _is_symbol(term)}
        for term in flat(self._before.values()):
            own.pop(term.get_id(), None)  # a variable that no action changes
        return list(own.values())

    # -- reading a model -----------------------------------------------------------------------------------------
    def instance(self, model: Any, step: Step, before: Mapping[str, Leaf]) -> tuple[Action, dict[str, Value]]:
        """The action and its parameters that a model takes in a step from a state."""
        (index,) = [i for i, flag in step.taken.items() if value_in(model, BOOL, flag)]
        action = self.system.actions[index]
        params: dict[str, Value] = {}
        for p in action.params:
            if p.channel is None:
                params[p.name] = value_in(model, p.sort, step.choices[self._parameters[p].attr])
            else:
                sort = self.variables[p.channel]
                assert isinstance(sort, Bag)
                places = before[p.channel][: 1 if sort.ordered else None]
                flags = [step.choices[_pick(p.channel, i)] for i in range(len(places) - 1)]
                at = next((i for i, flag in enumerate(flags) if value_in(model, BOOL, flag)), len(flags))
                (params[p.name],) = value_in(model, sort, (places[at],))
        return action, params


@dataclass(frozen=True, eq=False)
class _Local:
    """What an action says, in the relation's names for parameters."""

    possible: Expr
    effects: Mapping[str, Expr]
    watched: Mapping[int, Expr]


def _pick(channel: str, place: int) -> str:
    return f"pick {channel} {place}"


def _mapped(leaf: Leaf, new: Mapping[int, Term]) -> Leaf:
    if isinstance(leaf, tuple):
        return tuple(new.get(term.get_id(), term) for term in leaf)
    return new.get(leaf.get_id(), leaf)


def _renamed(symbol: Term, number: int) -> Term:
    return solver_module().Const(f"{symbol.decl().name()}@{number}", symbol.sort())


def _is_symbol(term: Term) -> bool:
    return bool(term.decl().kind() == solver_module().Z3_OP_UNINTERPRETED)


def _is_constant(term: Term) -> bool:
    z3 = solver_module()
    return bool(z3.is_true(term) or z3.is_false(term) or z3.is_bv_value(term))
