"""Dead variables: what can never be read again before it is overwritten gets one value.

A variable is *dead* at a value of a control variable (an enumeration, such as the state of the same actor) if no run from
there reads it before it is assigned: no guard, no need, no message, no event or predicate that a property asks about, and no
effect on a variable that is itself not dead. Which reads are possible is found by putting the control variable's value into the
expressions and seeing what is left of them, backwards along the actions until nothing changes.

States that differ only in dead variables do the same things, step by step (they are bisimilar: equal action instances lead from
one to the other's like, with equal messages and events), so verdicts and shortest lengths stay what they are. A run of the
reduced system is a run of the system itself, action for action.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ..expr import Expr, Op, all_of, any_of, const, ite, postorder
from ..property import Property
from ..rewriting import substitute
from ..sorts import Enum, Value
from ..system import Action, System, Variable

__all__ = ["Control", "controls", "dead_at", "without_dead_variables"]


def without_dead_variables(system: System, properties: Sequence[Property]) -> System:
    """The system that sets variables to their initial values where they are dead, for the properties asked."""
    readings = _Readings(system, properties)
    found = [Control(readings, variable) for variable in controls(system)]
    names = {control.name for control in found}
    canonical = {v.name: system.initial[0][v.name] for v in system.variables}
    dead = {
        v.name: [(control, places) for control in found if (places := control.dead(v.name))]
        for v in system.variables
        if v.name not in names
    }
    resets = {name: _Reset(system.by_name[name], canonical[name], where) for name, where in dead.items() if where}
    initial = tuple(
        {**state, **{name: reset.value for name, reset in resets.items() if reset.holds(state)}} for state in system.initial
    )
    actions = tuple(_resetting(action, list(resets.values())) for action in system.actions)
    return replace(system, initial=initial, actions=actions)


def controls(system: System) -> list[Variable]:
    """The variables whose values say where an actor stands: enumerations that some guard compares with a constant."""
    compared = {
        node.args[0].attr
        for node in postorder(*(conjunct for action in system.actions for conjunct in action.guard))
        if node.op in (Op.EQ, Op.MEMBER) and node.args[0].op is Op.VAR and node.args[-1].op in (Op.CONST, Op.VAR)
    }
    return [v for v in system.variables if isinstance(v.sort, Enum) and v.name in compared]


def dead_at(system: System, properties: Sequence[Property], control: str) -> dict[str, frozenset[Value]]:
    """For each variable the values of a control variable at which it is dead."""
    found = Control(_Readings(system, properties), system.by_name[control])
    return {v.name: found.dead(v.name) for v in system.variables}


class _Readings:
    """What the actions and the properties read."""

    def __init__(self, system: System, properties: Sequence[Property]) -> None:
        self.system = system
        asked = [prop for prop in properties if not prop.not_applicable]
        self.events = {prop.event for prop in asked if prop.event is not None}
        self.observed = [expr for prop in asked for expr in _observed(prop)]
        self.known: dict[Expr, frozenset[str]] = {}

    def of(self, *exprs: Expr) -> frozenset[str]:
        """The variables that occur in expressions."""
        for expr in exprs:
            if expr not in self.known:
                self.known[expr] = frozenset(node.attr for node in postorder(expr) if node.op is Op.VAR)
        return frozenset().union(*(self.known[expr] for expr in exprs))

    def plain(self, action: Action) -> Iterator[Expr]:
        """What is read of a state by whether an action happens there, and by what is seen of it."""
        yield from (need for _, need in action.needs)
        yield from (expr for send in action.sends for expr in (send.element, send.when, send.lost))
        yield from (expr for name, expr in action.events if name in self.events)
        yield from (self.system.by_name[p.channel].expr for p in action.params if p.channel is not None)


def _observed(prop: Property) -> Iterator[Expr]:
    """What a property reads of states."""
    if prop.predicate is not None:
        yield prop.predicate
    for response in prop.responses:
        yield from (response.trigger, response.goal, response.meanwhile)
    if prop.scenario is not None:
        yield prop.scenario.start
    for line in (*(prop.scenario.lines if prop.scenario is not None else ()), *prop.each):
        yield from (line.before, line.after)


class Control:
    """Which variables are live at each value of one control variable."""

    def __init__(self, readings: _Readings, variable: Variable) -> None:
        assert isinstance(variable.sort, Enum)
        self.readings, self.variable, self.name = readings, variable, variable.name
        self.members: tuple[str, ...] = variable.sort.members
        self.live = {member: set(readings.of(*self._at(member, readings.observed))) for member in self.members}
        self.moves = list(self._moves())
        self._close()

    def dead(self, name: str) -> frozenset[Value]:
        """The values at which a variable is dead."""
        return frozenset(member for member in self.members if name not in self.live[member])

    def after(self, action: Action) -> set[str]:
        """The values that the control variable can have after an action."""
        return {target for move in self.moves if move.action is action for target in move.targets}

    def _at(self, member: str, exprs: Iterable[Expr]) -> list[Expr]:
        """What expressions are where the control variable has a value."""
        known = self.readings.of
        bound = {self.variable.expr: const(member, self.variable.sort)}
        return [substitute(expr, bound) if self.name in known(expr) else expr for expr in exprs]

    def _moves(self) -> Iterator[_Move]:
        of = self.readings.of
        for action in self.readings.system.actions:
            effects = dict(action.effects)
            for member in self.members:
                guard = self._at(member, action.guard)
                if all_of(*guard).op is Op.CONST and not all_of(*guard).attr:
                    continue
                reads = of(*guard, *self._at(member, self.readings.plain(action)))
                written = {name: of(value) for name, value in zip(effects, self._at(member, effects.values()), strict=True)}
                targets = {member}
                if self.name in effects:
                    (after,) = self._at(member, [effects[self.name]])
                    targets = _constants(after) or set(self.members)
                    reads |= of(after)
                yield _Move(action, member, frozenset(targets), reads, written)

    def _close(self) -> None:
        """What is read before it is assigned, backwards along the moves until nothing changes."""
        everything = frozenset(v.name for v in self.readings.system.variables)
        growing = True
        while growing:
            growing = False
            for move in self.moves:
                wanted = set().union(*(self.live[target] for target in move.targets))
                needed = set(move.reads)
                for name in wanted & everything:
                    needed |= move.written.get(name, {name})
                if not needed <= self.live[move.source]:
                    self.live[move.source] |= needed
                    growing = True


@dataclass(frozen=True)
class _Move:
    """An action where the control variable has a value, the values it may have then, and what is read of the state before."""

    action: Action
    source: str
    targets: frozenset[str]
    reads: frozenset[str]  # whatever becomes of it
    written: dict[str, frozenset[str]]  # variable -> what its new value is made of


def _constants(node: Expr) -> set[str]:
    """The values of an expression whose branches are constants; empty if it has others."""
    if node.op is Op.CONST:
        return {node.attr}
    if node.op is Op.ITE:
        then, otherwise = _constants(node.args[1]), _constants(node.args[2])
        return then | otherwise if then and otherwise else set()
    return set()


@dataclass(frozen=True)
class _Reset:
    """That a variable gets one value where some control variable has one of some values."""

    variable: Variable
    value: Value
    where: list[tuple[Control, frozenset[Value]]]

    def holds(self, state: object) -> bool:
        """Whether the variable is dead in a state."""
        return any(state[control.name] in places for control, places in self.where)  # type: ignore[index]


def _resetting(action: Action, resets: Sequence[_Reset]) -> Action:
    """The action that sets to their values what is dead after it."""
    effects = dict(action.effects)
    made = dict(effects)
    for reset in resets:
        name = reset.variable.name
        wanted: Expr | bool = False
        for control, places in reset.where:
            after = control.after(action)
            if not (name in effects or control.name in effects) or not after & places:
                continue  # it is alive after this, or it was dead and still has its value
            now = effects.get(control.name, control.variable.expr)
            wanted = any_of(wanted, True if after <= places else now.isin(*sorted(places)))
        if wanted is not False:
            canonical = const(reset.value, reset.variable.sort)
            made[name] = ite(wanted, canonical, effects.get(name, reset.variable.expr))
    return replace(action, effects=tuple((n, e) for n, e in made.items() if e.op is not Op.VAR or e.attr != n))
