"""One endpoint alone: `(connection, event) -> (connection, segments)`, with 32-bit numbers, by the rules of the specification.

No rule is stated here. The actions of one end are taken as they are and cut down to what the end itself can know: its own
variables without history, the arriving segment without history, and the choices that the caller makes (an ISS, a number of
octets). The system that is left has no variable of the peer or of the network, so that an action which read one could not be
built. The reference evaluator says what an action does.

>>> endpoint = Endpoint()
>>> client, sent = endpoint.step(endpoint.closed, ActiveOpen(iss=100))
>>> print(client, *sent)
SYN-SENT <SEQ=100><CTL=SYN>
>>> client, sent = endpoint.step(client, Arrives(Segment.read("<SEQ=300><ACK=101><CTL=SYN,ACK>")))
>>> print(client, *sent)
ESTABLISHED <SEQ=101><ACK=301><CTL=ACK>
>>> endpoint.step(client, ActiveOpen(iss=500))
Traceback (most recent call last):
synproof.spec.alone.Refused: OPEN in ESTABLISHED: error: connection already exists
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import get_args

from synproof.engine.errors import SynproofError
from synproof.engine.evaluate import Transition, apply, evaluate, holds
from synproof.engine.sorts import Value
from synproof.engine.system import Action, Kind

from .alone_rules import ISS, SEGMENT, Rules
from .alone_values import (
    Abort,
    ActiveOpen,
    Arrives,
    Close,
    Connection,
    Event,
    GoOn,
    PassiveOpen,
    Segment,
    Send,
    Timeout,
    Timer,
)
from .event import OCTETS
from .refusals import ABORT, CLOSE, NO_ROOM, OPEN, REFUSALS, SEND, SPENT
from .settings import SettingError, Settings, setting

__all__ = [
    "Abort", "ActiveOpen", "AloneError", "Ambiguous", "Arrives", "Close", "Connection", "Endpoint", "Event", "GoOn",
    "MissingChoice", "NotModelled", "NothingHappens", "Outcome", "PassiveOpen", "Refused", "Segment", "Send", "Timeout",
    "Timer",
]  # fmt: skip

SECTIONS = {OPEN: "3.10.1,", SEND: "3.10.2,", CLOSE: "3.10.4,", ABORT: "3.10.5,"}
"""Which actions answer a call: those whose clause is of the section that describes it."""

CALLS: dict[type, str] = {ActiveOpen: OPEN, PassiveOpen: OPEN, Send: SEND, Close: CLOSE, Abort: ABORT}

TIMERS = {
    Timer.RETRANSMISSION: ("3.10.8, RETRANSMISSION TIMEOUT", "3.8.3,"),
    Timer.TIME_WAIT: ("3.10.8, TIME-WAIT TIMEOUT",),
    Timer.USER: ("3.10.8, USER TIMEOUT",),
    Timer.FIN_WAIT_2: ("not in the RFC",),
    Timer.KEEPALIVE: ("3.8.4",),
}
"""Which actions answer a timer, by the beginnings of their clauses."""

OF_THE_WORLD = frozenset({
    "client", "server", "relisten", "incarnations", "capacity", "loss", "duplicate", "reorder", "isn", "seq-bits", "data",
    "rate", "wrap", "syn-data", "close", "abort", "crash", "attacker", "old-duplicates", "msl", "quiet-time",
    "time-wait", "time-wait-restart",
})  # fmt: skip
"""The settings that say what surrounds an end, or how much of it a model looks at. Alone, anything may happen to an end."""

MOST_OCTETS = 2**32 - 3
"""Of one connection, each way: SYN, octets and FIN leave one of the sequence numbers unused, or ISS would come again."""


class AloneError(SynproofError):
    """An event that does not lead to one next connection."""


class Refused(AloneError):
    """TCP refuses a call: `words` are those of RFC 9293 3.10. The connection is as it was."""

    def __init__(self, call: str, state: str, words: str) -> None:
        super().__init__(f"{call} in {state.replace('_', '-')}: {words}")
        self.call, self.state, self.words = call, state, words


class NothingHappens(AloneError):
    """No rule answers the event: the timer does not run, or nothing waits to be sent."""


class MissingChoice(AloneError):
    """The rule that answers the event needs a choice that the caller has not made, such as an ISS."""


class NotModelled(AloneError):
    """TCP would do something that the specification does not have."""


class Ambiguous(AloneError):
    """Several rules answer the event: `outcomes` gives what each does."""


@dataclass(frozen=True)
class Outcome:
    """What an event leads to by one rule: the connection afterwards, the segments sent, and the rule with its clause."""

    connection: Connection
    segments: tuple[Segment, ...]
    rule: str
    clause: str
    sentence: str


class Endpoint:
    """One endpoint under some settings. It holds no connection: those are values, which its methods take and give.

    `settings` are by name, as in a model file; those that describe a model's surroundings are refused. Unless given, the window
    is 65535, a segment may fill it, and the user timeout may fire. Raises SettingError.
    """

    def __init__(self, settings: Mapping[str, object] | None = None) -> None:
        given = dict(settings or {})
        for name in given:
            if setting(name).name in OF_THE_WORLD:
                own = sorted({row for row in Settings().as_dict() if row not in OF_THE_WORLD})
                raise SettingError(
                    f"{name} bounds a model and says nothing of one endpoint alone, to which anything may happen; "
                    f"settings of an endpoint: {', '.join(own)}",
                    name,
                )  # fmt: skip
        window = given.setdefault("window", 65535)
        given.setdefault("mss", window)
        world = {"seq-bits": 32, "isn": "any", "data": MOST_OCTETS, "syn-data": "on", "close": "on", "abort": "on"}
        read = Settings.of({"user-timeout": "may-fire", **world, **given}, alone=True)
        self.settings = replace(read, incarnations=MOST_OCTETS)
        self._rules = {
            role.upper(): Rules(replace(self.settings, client=role)) for role in ("active", "passive")
        }  # by `opened`, which says for life how a connection was begun

    # -- connections ---------------------------------------------------------------------------------------------
    @property
    def closed(self) -> Connection:
        """CLOSED: there is no TCB. Every connection begins here."""
        return self._connection(self._rules["ACTIVE"], self._rules["ACTIVE"].initial)

    def connection(self, opened: str = "ACTIVE", **values: Value) -> Connection:
        """A connection with chosen values, to begin in the middle; what is not named is as it is in CLOSED.

        Raises UnknownName or ValueOutsideSort for a variable, or a value, that there is not.
        """
        if opened not in self._rules:
            raise AloneError(f"a connection is opened ACTIVE or PASSIVE, not {opened[:40]!r}")
        rules = self._rules[opened]
        return self._connection(rules, rules.checked({**values, "opened": opened}))

    def _connection(self, rules: Rules, state: Mapping[str, Value]) -> Connection:
        sent, delivered = (int(evaluate(node, state)) for node in (rules.me.sent, rules.me.delivered))
        return Connection(tuple((name, state[full]) for name, full in rules.names.items()), sent, delivered)

    # -- steps ---------------------------------------------------------------------------------------------------
    def step(self, connection: Connection, event: Event) -> tuple[Connection, tuple[Segment, ...]]:
        """The connection after the event, and the segments sent, in order.

        Raises Refused for a call that TCP refuses, NothingHappens where no rule answers, MissingChoice where the caller must
        choose an ISS, Ambiguous where several rules answer (only GoOn).
        """
        found = self.outcome(connection, event)
        return found.connection, found.segments

    def outcome(self, connection: Connection, event: Event) -> Outcome:
        """What `step` gives, and the rule by which it comes about. Raises what `step` does."""
        found = self.outcomes(connection, event)
        if len(found) > 1:
            rules = ", ".join(outcome.rule for outcome in found)
            raise Ambiguous(f"{event} in {connection} is answered by {rules}: outcomes() gives what each does")
        if found:
            return found[0]
        raise self._why_not(connection, event)

    def outcomes(self, connection: Connection, event: Event) -> tuple[Outcome, ...]:
        """What the event can lead to: one outcome for each rule that answers it, in the order of the RFC; none if none does.

        Raises MissingChoice, and AloneError for what is no event.
        """
        _check(event)
        role = connection.opened
        if isinstance(event, ActiveOpen | PassiveOpen) and connection.state == "CLOSED":
            role = "PASSIVE" if isinstance(event, PassiveOpen) else "ACTIVE"
        rules = self._rules[role]
        state = {rules.names[name]: value for name, value in connection.items}
        if connection.state == "CLOSED":
            state[rules.names["opened"]] = role
        found = (self._taken(rules, action, state, event) for action in rules.of_state[connection.state])
        return tuple(outcome for outcome in found if outcome is not None)

    def settle(self, connection: Connection) -> tuple[Connection, tuple[Segment, ...]]:
        """Go on as long as anything can be sent that waits: the connection then, and all segments sent."""
        sent: list[Segment] = []
        while found := self.outcomes(connection, GoOn()):
            connection = found[0].connection
            sent += found[0].segments
        return connection, tuple(sent)

    def possible(self, connection: Connection) -> tuple[Event, ...]:
        """The events other than calls and arriving segments that some rule answers now."""
        inner: tuple[Event, ...] = (*map(Timeout, Timer), GoOn())
        return tuple(event for event in inner if self.outcomes(connection, event))

    # -- how -----------------------------------------------------------------------------------------------------
    def _taken(self, rules: Rules, action: Action, state: Mapping[str, Value], event: Event) -> Outcome | None:
        """What the action makes of the event, or None if it does not answer it."""
        if not _answers(action, event):
            return None
        params = _choices(rules, action, state, event)
        if params is None or not holds(action.enabled, state, params):
            return None
        after = apply(rules.system, action, state, params)
        step = Transition(action, params, state, after)
        segments = tuple(_segment(rules, element) for _, element, _ in step.sent())
        if isinstance(event, ActiveOpen) and sum(segment.len for segment in segments) != event.octets:
            return None
        name = action.name.partition(".")[2]
        return Outcome(self._connection(rules, after), segments, name, action.clause, action.sentence)

    def _why_not(self, connection: Connection, event: Event) -> AloneError:
        """The error for an event that no rule answers."""
        call = CALLS.get(type(event))
        if call is not None:
            return self._why_refused(connection, event, call)
        can = ", ".join(map(str, self.possible(connection))) or "none but calls and arriving segments"
        return NothingHappens(f"{event} in {connection}: no rule answers that; events that could happen now: {can}")

    def _why_refused(self, connection: Connection, event: Event, call: str) -> AloneError:
        if isinstance(event, ActiveOpen) and connection.state == "LISTEN":
            return NotModelled(
                "ActiveOpen in LISTEN: 3.10.1 has an active OPEN change the connection from passive to active, which is not "
                "modelled: call CLOSE first"
            )
        words = REFUSALS.get((call, connection.state))
        if words is None:
            octets = event.octets if isinstance(event, Send | ActiveOpen) else 1
            if not 0 <= octets <= self.settings.mss or octets == 0 and isinstance(event, Send):
                return AloneError(f"{event}: a segment carries 1 to mss = {self.settings.mss} octets; call SEND several times")
            words = SPENT if connection.closed_by_user else NO_ROOM
        return Refused(call, connection.state, words)


def _check(event: object) -> None:
    """Raises AloneError unless it is an event, with values of the sorts that its fields have."""
    if not isinstance(event, get_args(Event)):
        raise AloneError(f"{event!r:.60} is no event; events: {', '.join(kind.__name__ for kind in get_args(Event))}")
    octets = getattr(event, "octets", None)
    if octets is not None and type(octets) is not int:
        raise AloneError(f"{event!r:.80}: octets are counted, so they are a whole number")
    if isinstance(event, Arrives) and not isinstance(event.segment, Segment):
        raise AloneError(f"{event!r:.80}: its segment must be a Segment")
    if isinstance(event, Timeout) and not isinstance(event.timer, Timer):
        raise AloneError(f"{event!r:.80}: its timer must be a Timer")


def _answers(action: Action, event: Event) -> bool:
    """Whether the action is about such an event at all."""
    if isinstance(event, Arrives):
        return action.kind is Kind.SEGMENT_ARRIVES
    if isinstance(event, GoOn):
        return action.kind is Kind.INTERNAL
    if isinstance(event, Timeout):
        return action.kind is Kind.TIMEOUT and action.clause.startswith(TIMERS[event.timer])
    return action.kind is Kind.USER_CALL and action.clause.startswith(SECTIONS[CALLS[type(event)]])


def _choices(rules: Rules, action: Action, state: Mapping[str, Value], event: Event) -> dict[str, Value] | None:
    """The action's parameters as the event has them, or None if one is not a value that the parameter can have."""
    params: dict[str, Value] = {}
    for param in action.params:
        if param.name == SEGMENT and isinstance(event, Arrives):
            params[SEGMENT] = param.sort.check(rules.segment.value(**event.segment.fields()), str(event.segment))
    for param in action.params:
        if param.name == ISS:
            iss = getattr(event, "iss", None)
            if iss is None and holds(action.enabled, state, params):
                raise MissingChoice(f"{event}: a new connection begins, and its ISS is the caller's choice: give `iss`")
            params[ISS] = param.sort.check(iss if iss is not None else 0, "iss")
        elif param.name == OCTETS:
            octets = getattr(event, "octets", None)
            params[OCTETS] = _most(action, state, params, param.sort.cardinality) if octets is None else octets
            if not param.sort.contains(params[OCTETS]):
                return None
    return params


def _most(action: Action, state: Mapping[str, Value], params: Mapping[str, Value], limit: int) -> int:
    """As many octets as the action allows: what it allows of more it allows of fewer."""
    low, high = 1, limit
    while low < high:
        middle = (low + high + 1) // 2
        if holds(action.enabled, state, {**params, OCTETS: middle}):
            low = middle
        else:
            high = middle - 1
    return low


def _segment(rules: Rules, element: Value) -> Segment:
    fields = rules.segment.as_dict(element)
    ack = fields["ack"] if fields["ack_bit"] else None
    return Segment(fields["seq"], ack, fields["len"], fields["syn_bit"], fields["fin_bit"], fields["rst_bit"])
