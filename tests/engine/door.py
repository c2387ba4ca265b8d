"""A door that is asked to open over a bad line: a small protocol for the tests of checking and of the command line.

The client asks and may leave again; the door says yes. An eager door opens at once, so that an old question opens it for
nobody; a careful one waits until the client confirms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from synproof.engine.expr import Expr, Operand, implies, is_full, record
from synproof.engine.property import Fairness, Property, PropertyKind, Response
from synproof.engine.sorts import Bag, Enum, Int, Record
from synproof.engine.system import Action, Channel, Kind, Step, System, Variable

WORD = Enum("Word", ("ASK", "YES", "NO", "CONFIRM"))
MESSAGE = Record("Message", (("word", WORD),))
CLIENT = Enum("Client", ("AWAY", "ASKED", "INSIDE"))
DOOR = Enum("Door", ("SHUT", "PENDING", "OPEN"))


class _Door:
    def __init__(self, eager: bool, loss: str, capacity: int, asks: int, patience: int) -> None:
        self.eager, self.loss, self.patience = eager, loss, patience
        bag = Bag(MESSAGE, capacity)
        self.variables = (
            Variable("client.state", CLIENT), Variable("door.state", DOOR), Variable("client.asks", Int(0, asks)),
            Variable("to_door", bag), Variable("to_client", bag),
        )  # fmt: skip
        self.client, self.door, self.asks, self.to_door, self.to_client = (v.expr for v in self.variables)
        self.most = asks

    def system(self) -> System:
        """The whole."""
        actions = [
            self.user("client.ask", self.ask), self.user("client.leave", self.leave),
            self.arrives("door.receive_ask_eagerly" if self.eager else "door.receive_ask", self.to_door, "ASK", self.asked),
            self.arrives("door.receive_confirm", self.to_door, "CONFIRM", self.confirmed),
            self.arrives("door.receive_no", self.to_door, "NO", self.refused),
            self.arrives("client.receive_yes", self.to_client, "YES", self.told_yes),
            self.arrives("client.receive_yes_when_away", self.to_client, "YES", self.told_yes_when_away),
        ]  # fmt: skip
        if self.loss == "on":
            actions += [self.lose("door", self.to_door), self.lose("client", self.to_client)]
        return System(
            "door", self.variables, ({v.name: v.sort.default for v in self.variables},), tuple(actions),
            channels=(Channel("to_door", "client", "door"), Channel("to_client", "door", "client")),
            actors=("client", "door"), show_message=lambda fields: str(fields["word"]),
        )  # fmt: skip

    def send(self, step: Step, channel: Expr, word: str, when: Operand = True) -> None:
        """Send a word; where nothing may be lost, a full line is an event of its own."""
        if self.loss == "off":
            step.event("lossless-drop", is_full(step.now(channel)))
        step.send(channel, record(MESSAGE, word=word), when)

    def user(self, name: str, write: Callable[[Step], None]) -> Action:
        """A call of the client's user."""
        step = Step(name, actor="client", kind=Kind.USER_CALL, clause="1", sentence=f"The user does this: {name}.")
        write(step)
        return step.action()

    def arrives(self, name: str, channel: Expr, word: str, write: Callable[[Step], None]) -> Action:
        """A word arrives."""
        step = Step(
            name, actor=name.partition(".")[0], kind=Kind.SEGMENT_ARRIVES, clause="2",
            sentence=f"{word} arrives: {name}.", tags=frozenset({"delivery"}),
        )  # fmt: skip
        message = step.take("message", channel)
        step.when(message.word == word)
        write(step)
        return step.action()

    def lose(self, name: str, channel: Expr) -> Action:
        """A word is lost."""
        step = Step(f"line.lose_to_{name}", actor="line", kind=Kind.NETWORK, sentence="The line loses a word.")
        step.take("message", channel)
        return step.action()

    def ask(self, step: Step) -> None:
        """The client asks."""
        step.when(self.client == "AWAY", self.asks < self.most)
        if self.patience:
            step.need("patience", self.asks < self.patience)
        step.set(self.client, "ASKED")
        step.set(self.asks, self.asks + 1)
        self.send(step, self.to_door, "ASK")

    def leave(self, step: Step) -> None:
        """The client goes away again."""
        step.when(self.client == "ASKED")
        step.set(self.client, "AWAY")

    def asked(self, step: Step) -> None:
        """The door is asked."""
        step.set(self.door, "OPEN" if self.eager else "PENDING")
        self.send(step, self.to_client, "YES")

    def confirmed(self, step: Step) -> None:
        """The client has confirmed."""
        step.set(self.door, "OPEN")

    def refused(self, step: Step) -> None:
        """There is nobody."""
        step.set(self.door, "SHUT")

    def told_yes(self, step: Step) -> None:
        """The door says yes to one who waits."""
        step.when(self.client == "ASKED")
        step.set(self.client, "INSIDE")
        self.send(step, self.to_door, "CONFIRM")
        step.event("entered", True)

    def told_yes_when_away(self, step: Step) -> None:
        """The door says yes to nobody."""
        step.when(self.client != "ASKED")
        self.send(step, self.to_door, "NO")


DEFAULTS: Mapping[str, str | int] = {"mode": "careful", "loss": "on", "capacity": 2, "asks": 1, "patience": 0}


def door(**settings: Any) -> System:
    """The system; `patience` below `asks` makes the client run out of it."""
    values = {**DEFAULTS, **settings}
    return _Door(
        values["mode"] == "eager", str(values["loss"]), int(values["capacity"]), int(values["asks"]), int(values["patience"])
    ).system()


def properties(system: System) -> list[Property]:
    """What can be asked of a door."""
    client, state = system.by_name["client.state"].expr, system.by_name["door.state"].expr
    always, sometimes, eventually = PropertyKind.ALWAYS, PropertyKind.SOMETIMES, PropertyKind.EVENTUALLY
    return [
        Property(
            "no-ghost", always, "The door is open only to one who asks or is inside.",
            predicate=implies(state == "OPEN", client != "AWAY"), assumption="the door is honest",
            clauses=(("the door is not OPEN", state != "OPEN"), ("the client is not AWAY", client != "AWAY")),
        ),
        Property("inside", sometimes, "Somebody is inside.", predicate=client == "INSIDE"),
        Property("pending", sometimes, "The door waits.", predicate=state == "PENDING"),
        Property("entering", sometimes, "Somebody enters.", event="entered"),
        Property("nobody-enters", always, "Nobody enters.", event="entered"),
        Property(
            "no-deadlock", always, "Where nothing can happen by itself, nobody waits.", only_quiescent=True,
            predicate=client != "ASKED",
        ),
        Property(
            "enters", eventually, "Who asks gets in, or goes away.",
            responses=(Response(trigger=client == "ASKED", goal=client != "ASKED"),),
            fairness=Fairness(weak=frozenset({"delivery"})),
        ),
        Property("never", sometimes, "This is about something else.", not_applicable="doors have no windows",
                 predicate=client == "INSIDE"),
    ]  # fmt: skip


def named(system: System, *names: str) -> tuple[Property, ...]:
    """Some of them."""
    by_name = {prop.name: prop for prop in properties(system)}
    return tuple(by_name[name] for name in names)
