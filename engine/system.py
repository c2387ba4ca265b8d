"""Transition systems: variables, actions (guard and effect), channels, and how an action is written.

An action is written once, as calls on a `Step`, and becomes an immutable `Action`:

>>> from synproof.engine.sorts import Int
>>> light = Variable("light", Int(0, 2))
>>> step = Step("lamp.change", actor="lamp", kind=Kind.USER_CALL, sentence="The light changes.")
>>> step.when(light.expr < 2)
>>> step.set(light.expr, light.expr + 1)
>>> system = System("lamp", (light,), ({"light": 0},), (step.action(),))
>>> [action.name for action in system.actions]
['lamp.change']
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum as PyEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .errors import DoubleAssignment, LanguageError, SortMismatch, UnknownName, caller, did_you_mean
from .expr import (
    FALSE,
    TRUE,
    Expr,
    Op,
    Operand,
    all_of,
    any_of,
    has,
    insert,
    is_full,
    ite,
    item,
    lift,
    negate,
    param as param_expr,
    postorder,
    remove,
    var,
)
from .rewriting import substitute
from .sorts import Bag, Record, Sort, Value, common

if TYPE_CHECKING:
    from .traces.trace import Trace

__all__ = [
    "Action", "Channel", "Kind", "Param", "Send", "State", "Step", "System", "Variable",
]  # fmt: skip

State = Mapping[str, Value]  # variable name -> concrete value


class Kind(PyEnum):
    """What causes an action. The first three are *protocol steps*: what the protocol does by itself."""

    SEGMENT_ARRIVES = "segment arrives"  # a message is delivered
    TIMEOUT = "timeout"  # a timer of an endpoint, retransmission included
    INTERNAL = "internal"  # an endpoint goes on with what it was asked to do
    USER_CALL = "user call"
    NETWORK = "network"  # loss, duplication
    ENVIRONMENT = "environment"  # crashes, attackers
    CLOCK = "clock"  # time passes

    @property
    def is_protocol_step(self) -> bool:
        """Whether the protocol takes such a step by itself."""
        return self in (Kind.SEGMENT_ARRIVES, Kind.TIMEOUT, Kind.INTERNAL)


@dataclass(frozen=True)
class Variable:
    """A state variable. `history` variables serve properties only: no guard and no other effect may read them."""

    name: str
    sort: Sort
    history: bool = False
    note: str = ""

    @property
    def expr(self) -> Expr:
        """The variable as an expression."""
        return var(self.name, self.sort)


@dataclass(frozen=True)
class Param:
    """A choice an action makes: a value of a scalar sort, or (`channel` given) an element of that channel's bag."""

    name: str
    sort: Sort
    channel: str | None = None

    @property
    def expr(self) -> Expr:
        """The parameter as an expression."""
        return param_expr(self.name, self.sort)


@dataclass(frozen=True)
class Send:
    """That an action puts `element` into `channel` if `when` holds; it is dropped where `lost` holds: the channel is full."""

    channel: str
    element: Expr
    when: Expr
    lost: Expr


@dataclass(frozen=True)
class Channel:
    """A bag variable that carries messages from one actor to another."""

    variable: str
    sender: str
    receiver: str


@dataclass(frozen=True)
class Action:
    """A named transition: enabled where every conjunct of `guard` (and every need) holds; what `effects` leaves out stays.

    `needs` are named resources: where the guard holds but a need does not, nothing happens and the lack is counted under
    its name. `events` are named facts about a transition, over the state before it and the parameters; a property can
    demand that an event never happens.
    """

    name: str
    actor: str
    kind: Kind
    sentence: str
    clause: str = ""
    choice: str = ""
    params: tuple[Param, ...] = ()
    guard: tuple[Expr, ...] = ()
    effects: tuple[tuple[str, Expr], ...] = ()
    sends: tuple[Send, ...] = ()
    takes: str | None = None  # the channel whose element is received: its parameter is removed from it
    needs: tuple[tuple[str, Expr], ...] = ()
    events: tuple[tuple[str, Expr], ...] = ()
    clauses: tuple[tuple[str, tuple[tuple[str, Expr], ...]], ...] = ()  # per event: words and truth value, for explanations
    tags: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()  # names of events whose condition is plainly false

    @cached_property
    def enabled(self) -> Expr:
        """Guard and needs as one truth value over state and parameters."""
        return all_of(*self.guard, *(need for _, need in self.needs))

    @cached_property
    def overflow(self) -> Expr:
        """Whether a full channel drops something that this action sends, over state and parameters."""
        return any_of(*(send.lost for send in self.sends))


class Step:
    """Collects what one action does; `action()` gives the finished Action.

    Effects on a channel compose in the order in which they are written; every other variable is assigned at most once.
    """

    def __init__(
        self, name: str, *, actor: str, kind: Kind, sentence: str = "", clause: str = "", choice: str = "",
        tags: frozenset[str] = frozenset(),
    ) -> None:  # fmt: skip
        self.name, self.actor, self.kind = name, actor, kind
        self.sentence, self.clause, self.choice, self.tags = sentence, clause, choice, tags
        self._params: list[Param] = []
        self._guard: list[Expr] = []
        self._effects: dict[str, Expr] = {}
        self._written: dict[str, str] = {}
        self._sends: list[Send] = []
        self._takes: str | None = None
        self._needs: dict[str, Expr] = {}
        self._events: dict[str, Expr] = {}
        self._clauses: dict[str, tuple[tuple[str, Expr], ...]] = {}

    # -- choices -------------------------------------------------------------------------------------------------
    def choose(self, name: str, sort: Sort) -> Expr:
        """Any value of a scalar sort."""
        self._params.append(Param(name, sort))
        return param_expr(name, sort)

    def pick(self, name: str, channel: Expr) -> Expr:
        """Any element in flight in the channel (for a queue, its head)."""
        bag = self._channel(channel)
        if any(p.channel for p in self._params):
            raise LanguageError(f"{self.name}: an action picks from one channel at most")
        self._params.append(Param(name, bag.element, channel.attr))
        return param_expr(name, bag.element)

    def take(self, name: str, channel: Expr) -> Expr:
        """Any element in flight, which is received: it leaves the channel."""
        element = self.pick(name, channel)
        self.change(channel, remove(self.now(channel), element))
        self._takes = channel.attr
        return element

    # -- guard ---------------------------------------------------------------------------------------------------
    def when(self, *conditions: Operand) -> None:
        """The action is possible only where all conditions hold."""
        for condition in conditions:
            node = all_of(condition)
            self._guard.extend(node.args if node.op is Op.AND else () if node is TRUE else (node,))

    def need(self, name: str, condition: Operand) -> None:
        """A resource the action cannot do without; its lack is counted under `name`."""
        self._needs[name] = all_of(condition)

    def event(self, name: str, condition: Operand, *clauses: tuple[str, Operand]) -> None:
        """The event `name` happens with this transition if `condition` holds in the state before it.

        `clauses` are what a counterexample shows one by one: words, and whether they hold in the state before.
        """
        self._events[name] = any_of(self._events.get(name, False), condition)
        self._clauses[name] = (*self._clauses.get(name, ()), *((words, all_of(truth)) for words, truth in clauses))

    # -- effect --------------------------------------------------------------------------------------------------
    def set(self, variable: Expr, value: Operand) -> None:
        """Assign a variable. Raises DoubleAssignment, with both places; SortMismatch."""
        name = self._name(variable)
        if name in self._written:
            raise DoubleAssignment(f"{self.name} assigns {name} twice: at {self._written[name]} and at {caller(1)}")
        self._assign(variable, value, caller(1))

    def change(self, variable: Expr, value: Operand) -> None:
        """Replace what this step has so far made of a variable (for values that are built in several lines)."""
        self._assign(variable, value, caller(1))

    def now(self, variable: Expr) -> Expr:
        """What this step has so far made of a variable."""
        return self._effects.get(self._name(variable), variable)

    def send(self, channel: Expr, element: Expr, when: Operand = True) -> None:
        """Put an element into a channel, if `when` holds; a full channel drops it."""
        condition = all_of(when)
        bag = self.now(channel)
        self.change(channel, ite(condition, insert(bag, element), bag))
        self._sends.append(Send(self._name(channel), element, condition, all_of(condition, is_full(bag))))

    def _assign(self, variable: Expr, value: Operand, where: str) -> None:
        name = self._name(variable)
        node = lift(value, variable.sort)
        if common(node.sort, variable.sort) is None:
            raise SortMismatch(f"{self.name} at {where}: {name} is {variable.sort}, but `{node!r}` is {node.sort}")
        self._effects[name] = node
        self._written[name] = where

    def _name(self, variable: Expr) -> str:
        if getattr(variable, "op", None) is not Op.VAR:
            raise LanguageError(f"{self.name} at {caller(2)}: only a state variable can be assigned, not `{variable!r}`")
        return str(variable.attr)

    def _channel(self, channel: Expr) -> Bag:
        self._name(channel)
        if not isinstance(channel.sort, Bag):
            raise SortMismatch(f"{self.name}: {channel!r} is {channel.sort}, not a bag")
        return channel.sort

    def action(self) -> Action:
        """The finished action."""
        return Action(
            self.name, self.actor, self.kind, self.sentence, self.clause, self.choice, tuple(self._params),
            tuple(self._guard), tuple((n, e) for n, e in self._effects.items() if e.op is not Op.VAR or e.attr != n),
            tuple(self._sends), self._takes, tuple(self._needs.items()),
            tuple((n, e) for n, e in self._events.items() if e is not FALSE),
            tuple((n, c) for n, c in self._clauses.items() if c), self.tags,
            frozenset(n for n, e in self._events.items() if e is FALSE),
        )  # fmt: skip


@dataclass(frozen=True)
class System:
    """A transition system: variables, initial states (complete assignments), actions in the order that breaks ties.

    `definitions` are named expressions that people may use beside the variables.

    Three hooks, where given, say how runs are told: `show_message` writes a message (its fields by name) as one short text,
    `message_fields` gives what a saved trace says of it, and `narrate` gives an English sentence for each step of a trace.
    """

    name: str
    variables: tuple[Variable, ...]
    initial: tuple[State, ...]
    actions: tuple[Action, ...]
    definitions: Mapping[str, Expr] = field(default_factory=dict)
    channels: tuple[Channel, ...] = ()
    actors: tuple[str, ...] = ()
    show_message: Callable[[Mapping[str, Any]], str] | None = None
    narrate: Callable[[Trace], Sequence[str]] | None = None
    message_fields: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None

    def __post_init__(self) -> None:
        if len(self.by_name) != len(self.variables):
            raise LanguageError(f"{self.name}: two variables have one name")
        for state in self.initial:
            self.check_state(state, f"{self.name}: initial state")
        names = [action.name for action in self.actions]
        if doubled := {name for name in names if names.count(name) > 1}:
            raise LanguageError(f"{self.name}: two actions have one name: {', '.join(sorted(doubled))}")
        for action in self.actions:
            self._check_action(action)

    def _check_action(self, action: Action) -> None:
        known = {p.name: p.sort for p in action.params}
        exprs = [*action.guard, *(e for pairs in (action.effects, action.needs, action.events) for _, e in pairs)]
        exprs += [e for send in action.sends for e in (send.element, send.when, send.lost)]
        for node in postorder(*exprs):
            if node.op is Op.PARAM and known.get(node.attr) != node.sort:
                raise UnknownName(f"{action.name} has no parameter {node.attr!r}; {did_you_mean(node.attr, known)}")
            if node.op is Op.VAR:
                self._check_variable(node, action.name)
        for name, value in action.effects:
            if name not in self.by_name:
                raise UnknownName(f"{action.name} assigns {name!r}; {did_you_mean(name, self.by_name)}")
            if common(value.sort, self.by_name[name].sort) is None:
                raise SortMismatch(f"{action.name}: {name} is {self.by_name[name].sort}, but `{value!r}` is {value.sort}")

    def _check_variable(self, node: Expr, where: str) -> None:
        if node.attr not in self.by_name:
            raise UnknownName(f"{where} reads {node.attr!r}; {did_you_mean(node.attr, self.by_name)}")
        if self.by_name[node.attr].sort != node.sort:
            raise SortMismatch(f"{where}: {node.attr} is {self.by_name[node.attr].sort}, not {node.sort}")

    @cached_property
    def event_names(self) -> frozenset[str]:
        """The events that actions speak of, whether or not they can happen."""
        return frozenset().union(*({name for name, _ in action.events} | action.never for action in self.actions))

    @cached_property
    def tags(self) -> frozenset[str]:
        """The tags that actions have."""
        return frozenset().union(*(action.tags for action in self.actions))

    def check_expr(self, root: Expr, where: str) -> Expr:
        """The expression itself; raises UnknownName or SortMismatch if it does not speak of this system's variables."""
        for node in postorder(root):
            if node.op is Op.VAR:
                self._check_variable(node, where)
            elif node.op is Op.PARAM:
                raise UnknownName(f"{where} reads the parameter {node.attr!r}, which only an action has")
        return root

    def check_state(self, state: State, what: str) -> State:
        """The state itself; raises UnknownName or ValueOutsideSort if it is not a complete assignment."""
        for name in state:
            if name not in self.by_name:
                raise UnknownName(f"{what} sets {name!r}; {did_you_mean(name, self.by_name)}")
        for variable in self.variables:
            if variable.name not in state:
                raise UnknownName(f"{what} says nothing of {variable.name}")
            variable.sort.check(state[variable.name], f"{what}: {variable.name}")
        return state

    @cached_property
    def by_name(self) -> dict[str, Variable]:
        """Variable name -> variable."""
        return {variable.name: variable for variable in self.variables}

    @cached_property
    def action_index(self) -> dict[str, int]:
        """Action name -> position in `actions`."""
        return {action.name: i for i, action in enumerate(self.actions)}

    def channel_element(self, channel: str) -> Record:
        """The sort of what a channel carries."""
        sort = self.by_name[channel].sort
        assert isinstance(sort, Bag)
        return sort.element

    @cached_property
    def quiescent(self) -> Expr:
        """No protocol step is enabled."""
        return negate(any_of(*(self.can_happen(a) for a in self.actions if a.kind.is_protocol_step)))

    def can_happen(self, action: Action) -> Expr:
        """Whether the action is enabled for some choice of its parameters, as a truth value over states."""
        cases = [action.enabled]
        for p in action.params:
            if p.channel is None:
                choices = [(TRUE, lift(value, p.sort)) for value in p.sort.values()]
            else:
                bag = self.by_name[p.channel].expr
                sort = bag.sort
                assert isinstance(sort, Bag)
                choices = [(has(bag, i), item(bag, i)) for i in range(1 if sort.ordered else sort.capacity)]
            cases = [all_of(full, substitute(case, {p.expr: e})) for case in cases for full, e in choices]
        return any_of(*cases)
