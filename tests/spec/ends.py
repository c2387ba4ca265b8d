"""One end in a chosen state, an event, and what it does: the harness of the tests per state.

The server is the end under test; the client only sends. A segment is written as the RFC's figures write it, `SYN SEQ=90`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from synproof.engine.evaluate import Transition, successors
from synproof.engine.sorts import Value
from synproof.engine.system import Kind, System
from synproof.spec import Settings, build

ISS, IRS = 5, 9  # what the server has chosen, what the client has
FIN_SENT = ("FIN_WAIT_1", "FIN_WAIT_2", "CLOSING", "LAST_ACK", "TIME_WAIT")
FIN_RECEIVED = ("CLOSE_WAIT", "CLOSING", "LAST_ACK", "TIME_WAIT")


@dataclass
class Bench:
    """The system under some settings."""

    settings: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.system: System = build(Settings.of({"seq-bits": 5, "capacity": "2:2", **self.settings}))

    def state(self, state: str, **server: Value) -> dict[str, Value]:
        """The server in a state, with the numbers that it has there; other variables as given."""
        values = dict(self.system.initial[0])
        here: dict[str, Value] = {"state": state}
        if state not in ("CLOSED", "LISTEN"):
            here |= {"iss": ISS, "snd_una": ISS, "snd_nxt": ISS + 1}
        if state not in ("CLOSED", "LISTEN", "SYN_SENT"):
            here |= {"irs": IRS, "rcv_nxt": IRS + (2 if state in FIN_RECEIVED else 1)}
        if state not in ("CLOSED", "LISTEN", "SYN_SENT", "SYN_RECEIVED"):
            acked = state in ("FIN_WAIT_2", "TIME_WAIT")
            here |= {"snd_una": ISS + (2 if acked else 1), "snd_nxt": ISS + (2 if state in FIN_SENT else 1)}
            here |= {"closed_by_user": state in FIN_SENT}
        return {**values, **{f"server.{name}": value for name, value in {**here, **server}.items()}}

    def deliver(self, state: dict[str, Value], text: str) -> Outcome:
        """What the server does with a segment."""
        segment = self.segment(text)
        state = {**state, "network.to_server": (segment,)}
        found = [
            step
            for step in successors(self.system, state)
            if step.action.kind is Kind.SEGMENT_ARRIVES and step.action.actor == "server"
        ]
        assert len(found) == 1, [step.action.name for step in found]
        return Outcome(self.system, found[0])

    def act(self, state: dict[str, Value], name: str) -> Outcome | None:
        """What the server's action `name` does, or None if it is not possible."""
        found = [step for step in successors(self.system, state) if step.action.name == f"server.{name}"]
        return Outcome(self.system, found[0]) if found else None

    def tick(self, state: dict[str, Value]) -> dict[str, Value] | None:
        """What a tick makes of the state, or None if time cannot pass there."""
        found = [step for step in successors(self.system, state) if step.action.name == "clock.tick"]
        return dict(found[0].after) if found else None

    def segment(self, text: str) -> tuple[Value, ...]:
        """`SYN,ACK SEQ=300 ACK=101 LEN=1` as a segment of the client's present incarnation."""
        fields: dict[str, Value] = {"present": True}
        for word in text.split():
            name, _, number = word.partition("=")
            if number:
                fields[name.lower()] = int(number)
            else:
                fields |= {f"{flag.lower()}_bit": True for flag in name.split(",") if flag != "-"}
        return self.system.channel_element("network.to_server").value(**fields)


@dataclass
class Outcome:
    """A transition of the server, as a test reads it."""

    system: System
    step: Transition

    @property
    def state(self) -> str:
        """The server's state afterwards."""
        return str(self.step.after["server.state"])

    def __getitem__(self, name: str) -> Value:
        return self.step.after[f"server.{name}"]

    @property
    def unchanged(self) -> bool:
        """Nothing of the server has changed."""
        before, after = self.step.before, self.step.after
        return all(before[name] == after[name] for name in before if name.startswith("server."))

    @property
    def sent(self) -> list[str]:
        """The segments sent, as the figures write them."""
        assert self.system.show_message is not None
        sort = self.system.channel_element("network.to_client")
        return [self.system.show_message(sort.as_dict(element)) for _, element, _ in self.step.sent()]
