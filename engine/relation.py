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
from typing import Any, TypeAlias

from .expr import Expr, Op, all_of, postorder
from .smt import Leaf, Reading, Term, flat, solver_module, substituted, symbol, value_in, within
from .sorts import BOOL, Bag, Int, Sort, Value, fits
from .system import Action, Param, System

__all__ = ["Relation", "Step", "cone", "possible"]


# What an action leaves open: a scalar parameter (name, sort), or whether it picks a place of a channel (channel, place).
Choice: TypeAlias = tuple[str, Sort | int]


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
    choices: Mapping[Choice, Term]
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
        self._choices: dict[Choice, Term] = {}
        self._readings: dict[tuple[Param, ...], tuple[Reading, list[Term]]] = {}
        self._plain = Reading(self._before)
        self._possible = {i: self._possibility(i) for i in self.actions}
        self._after = self._next_state()
        self._watched = [self._happening(conditions) for conditions in watched]

    # -- writing it down -----------------------------------------------------------------------------------------
    def _reading(self, params: tuple[Param, ...]) -> tuple[Reading, list[Term]]:
        """The reading of expressions of actions with these parameters, and what restricts the parameters."""
        if params not in self._readings:
            z3 = solver_module()
            leaves: dict[str, Leaf] = {}
            conditions: list[Term] = []
            picks = {}
            for p in params:
                if p.channel is None:
                    leaves[p.name] = self._choice((p.name, p.sort), p.sort)
                    conditions += within(p.sort, leaves[p.name])
                    continue
                places = self._places(p.channel)
                flags = self._flags(p.channel, len(places))
                slot = places[-1]
                for flag, place in zip(reversed(flags[:-1]), reversed(places[:-1]), strict=True):
                    slot = z3.If(flag, place, slot)
                conditions += [z3.Implies(flag, place != 0) for flag, place in zip(flags, places, strict=True)]
                leaves[p.name] = z3.Extract(slot.size() - 1, 1, slot) if p.sort.width else z3.BitVecVal(0, 1)
                picks[p.name] = (p.channel, flags)
            self._readings[params] = Reading(self._before, leaves, picks), conditions
        return self._readings[params]

    def _places(self, channel: str) -> tuple[Term, ...]:
        sort = self.variables[channel]
        assert isinstance(sort, Bag)
        slots: tuple[Term, ...] = self._before[channel]
        return slots[:1] if sort.ordered else slots

    def _flags(self, channel: str, places: int) -> list[Term]:
        """For each place of a channel, whether it is the one picked: exactly one is."""
        z3 = solver_module()
        flags, before = [], z3.BoolVal(True)
        for flag in (self._choice((channel, place), BOOL) for place in range(places - 1)):
            flags.append(z3.And(before, flag))
            before = z3.And(before, z3.Not(flag))
        return [*flags, before]

    def _choice(self, choice: Choice, sort: Sort) -> Term:
        """The symbol of a choice, shared by all actions that make it."""
        if choice not in self._choices:
            self._choices[choice] = symbol(sort, f"choice {len(self._choices)}: {choice[0]}")
        return self._choices[choice]

    def _possibility(self, index: int) -> Term:
        action = self.system.actions[index]
        reading, conditions = self._reading(action.params)
        return solver_module().And(*conditions, reading.term(possible(self.system, action)))

    def _next_state(self) -> dict[str, Leaf]:
        z3 = solver_module()
        after = dict(self._before)
        for name, sort in self.variables.items():
            values: dict[tuple[int, ...], tuple[Leaf, list[Term]]] = {}
            for i in self.actions:
                action = self.system.actions[i]
                for value in (value for assigned, value in action.effects if assigned == name):
                    leaf = self._reading(action.params)[0].packed(value, sort)
                    key = tuple(term.get_id() for term in flat([leaf]))
                    values.setdefault(key, (leaf, []))[1].append(self._taken[i])
            for leaf, takers in values.values():  # one case for all actions that make the same of the variable
                condition = z3.Or(*takers) if len(takers) > 1 else takers[0]
                if isinstance(sort, Bag):
                    after[name] = tuple(z3.If(condition, x, y) for x, y in zip(leaf, after[name], strict=True))
                else:
                    after[name] = z3.If(condition, leaf, after[name])
        return after

    def _happening(self, conditions: Mapping[int, Expr]) -> Term:
        z3 = solver_module()
        cases = []
        for i, condition in conditions.items():
            if i in self._taken:
                reading, _ = self._reading(self.system.actions[i].params)
                cases.append(z3.And(self._taken[i], reading.term(condition)))
        return z3.Or(*cases) if cases else z3.BoolVal(False)

    # -- unrolling it --------------------------------------------------------------------------------------------
    def at(self, state: Mapping[str, Leaf], predicates: Sequence[Expr]) -> list[Term]:
        """Predicates over the variables of the cone as terms over a state."""
        return substituted([self._plain.term(p) for p in predicates], self._known(state))

    def _known(self, state: Mapping[str, Leaf]) -> list[tuple[Term, Term]]:
        pairs = zip(flat(self._before.values()), flat(state.values()), strict=True)
        return [(symbol, term) for symbol, term in pairs if not symbol.eq(term)]

    def anything(self, number: int) -> tuple[dict[str, Leaf], list[Term]]:
        """A state of which nothing is known but that its values belong to their sorts, and the conditions for that."""
        state = {name: symbol(sort, f"{name}@{number}") for name, sort in self.variables.items()}
        return state, [c for name, sort in self.variables.items() for c in within(sort, state[name])]

    def step(self, before: Mapping[str, Leaf], number: int) -> Step:
        """Step `number` (a suffix of the names of its symbols) from a state."""
        z3 = solver_module()
        choices = {name: _renamed(term, number) for name, term in self._choices.items()}
        known = self._known(before) + [(self._choices[name], choices[name]) for name in choices if _is_symbol(choices[name])]
        conditions = dict(zip(self.actions, substituted(list(self._possible.values()), known), strict=True))
        taken = {i: _renamed(self._taken[i], number) for i in self.actions if not z3.is_false(conditions[i])}
        known += [(flag, taken.get(i, z3.BoolVal(False))) for i, flag in self._taken.items()]
        terms = substituted([*flat(self._after.values()), *self._watched], known)
        constraints = [z3.Implies(taken[i], conditions[i]) for i in taken if not z3.is_true(conditions[i])]
        constraints += [z3.Or(*taken.values()), z3.AtMost(*taken.values(), 1)] if taken else [z3.BoolVal(False)]
        after: dict[str, Leaf] = {}
        for name, sort in self.variables.items():
            fresh = flat([symbol(sort, f"{name}@{number}")])
            found = [term if _is_constant(term) else new for new, term in zip(fresh, terms, strict=False)]
            constraints += [a == b for a, b in zip(found, terms, strict=False) if not a.eq(b)]
            terms = terms[len(fresh) :]
            after[name] = tuple(found) if isinstance(sort, Bag) else found[0]
        return Step(tuple(constraints), after, taken, choices, tuple(terms))

    # -- reading a model -----------------------------------------------------------------------------------------
    def instance(self, model: Any, step: Step, before: Mapping[str, Leaf]) -> tuple[Action, dict[str, Value]]:
        """The action and its parameters that a model takes in a step from a state."""
        (index,) = [i for i, flag in step.taken.items() if value_in(model, BOOL, flag)]
        action = self.system.actions[index]
        params: dict[str, Value] = {}
        for p in action.params:
            if p.channel is None:
                params[p.name] = value_in(model, p.sort, step.choices[p.name, p.sort])
            else:
                sort = self.variables[p.channel]
                assert isinstance(sort, Bag)
                places = before[p.channel][: 1 if sort.ordered else None]
                flags = [step.choices[p.channel, i] for i in range(len(places) - 1)]
                at = next((i for i, flag in enumerate(flags) if value_in(model, BOOL, flag)), len(flags))
                (params[p.name],) = value_in(model, sort, (places[at],))
        return action, params


def _renamed(symbol: Term, number: int) -> Term:
    if not _is_symbol(symbol):
        return symbol
    return solver_module().Const(f"{symbol.decl().name()}@{number}", symbol.sort())


def _is_symbol(term: Term) -> bool:
    return bool(term.decl().kind() == solver_module().Z3_OP_UNINTERPRETED)


def _is_constant(term: Term) -> bool:
    z3 = solver_module()
    return bool(z3.is_true(term) or z3.is_false(term) or z3.is_bv_value(term))
