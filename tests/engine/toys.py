"""Small systems that the tests of traces and renderers tell stories about."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from synproof.engine.evaluate import choices, successors
from synproof.engine.expr import Expr, all_of, bag_of, implies, record, slots
from synproof.engine.property import Property, PropertyKind
from synproof.engine.sorts import BOOL, Bag, Enum, Int, Record, Seq
from synproof.engine.system import Action, Channel, Kind, Step, System, Variable
from synproof.engine.traces.trace import ReplayFailed, Trace, replay

STATE = Enum("State", ("CLOSED", "LISTEN", "SYN_SENT", "SYN_RECEIVED", "ESTABLISHED"))
SEGMENT = Record(
    "Segment",
    (("seq", Seq(4)), ("ack", Seq(4)), ("syn", BOOL), ("ack_bit", BOOL), ("rst", BOOL), ("present", BOOL)),
    frozenset({"present"}),
)


def show_segment(fields: Mapping[str, Any]) -> str:
    """A segment as the figures of RFC 9293 write it."""
    flags = ",".join(word for name, word in (("syn", "SYN"), ("rst", "RST"), ("ack_bit", "ACK")) if fields[name])
    ack = f"<ACK={fields['ack']}>" if fields["ack_bit"] else ""
    return f"<SEQ={fields['seq']}>{ack}<CTL={flags}>"


def message_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What a saved trace says of a segment."""
    return {"seq": fields["seq"], "flags": "S" if fields["syn"] else ""}


class _Handshake:
    def __init__(self, *, two_way: bool, capacity: int, hooks: bool, old: tuple[int, ...], attacker: bool) -> None:
        self.two_way, self.hooks, self.old, self.attacker = two_way, hooks, old, attacker
        bag = Bag(SEGMENT, capacity)
        names = [("client.state", STATE), ("client.iss", Seq(4)), ("client.irs", Seq(4)), ("client.told", BOOL)]
        names += [("server.state", STATE), ("server.iss", Seq(4)), ("server.irs", Seq(4))]
        names += [("network.to_server", bag), ("network.to_client", bag)]
        self.variables = (*(Variable(n, s) for n, s in names), Variable("client.opens", Int(0, 3), history=True))
        by_name = {v.name: v.expr for v in self.variables}
        self.client, self.client_iss, self.client_irs = (by_name[f"client.{n}"] for n in ("state", "iss", "irs"))
        self.told, self.opens = by_name["client.told"], by_name["client.opens"]
        self.server, self.server_iss, self.server_irs = (by_name[f"server.{n}"] for n in ("state", "iss", "irs"))
        self.to_server, self.to_client = by_name["network.to_server"], by_name["network.to_client"]

    def segment(self, **fields: Any) -> Expr:
        return record(SEGMENT, present=True, **fields)

    def system(self) -> System:
        initial = {v.name: v.sort.default for v in self.variables}
        bag = self.to_server.sort
        assert isinstance(bag, Bag)
        initial["network.to_server"] = bag.canonical(tuple(SEGMENT.value(seq=seq, syn=True) for seq in self.old))
        return System(
            "two-way toy" if self.two_way else "three-way toy", self.variables, (initial,), tuple(self.actions()),
            channels=(
                Channel("network.to_server", "client", "server"), Channel("network.to_client", "server", "client"),
            ),
            actors=("client", "server"), show_message=show_segment if self.hooks else None,
            message_fields=message_fields if self.hooks else None,
        )  # fmt: skip

    def actions(self) -> list[Action]:
        return [
            self.listen(), self.open(), self.abort(), self.server_gets_syn(), self.client_gets_syn_ack(),
            self.client_gets_wrong_syn_ack(), self.server_gets_ack(), self.server_gets_rst(), self.repeat(),
            *self.network("to_server", self.to_server), *self.network("to_client", self.to_client),
            *([self.inject()] if self.attacker else []),
        ]  # fmt: skip

    def listen(self) -> Action:
        step = Step(
            "server.listen", actor="server", kind=Kind.USER_CALL, clause="3.10.1",
            sentence="The server's user makes a passive OPEN.",
        )  # fmt: skip
        step.when(self.server == "CLOSED")
        step.set(self.server, "LISTEN")
        return step.action()

    def open(self) -> Action:
        step = Step(
            "client.open", actor="client", kind=Kind.USER_CALL, clause="3.10.1, CLOSED",
            sentence="The client's user makes an active OPEN; a SYN goes out.",
        )  # fmt: skip
        iss = step.choose("iss", Seq(4))
        step.when(self.client == "CLOSED", self.opens < 3)
        step.set(self.client, "SYN_SENT")
        step.set(self.client_iss, iss)
        step.set(self.opens, self.opens + 1)
        stale = [(full, record(SEGMENT, **{n: getattr(s, n) for n in SEGMENT.index if n != "present"}))
                 for full, s in slots(self.to_server)]  # fmt: skip
        assert isinstance(self.to_server.sort, Bag)
        step.change(self.to_server, bag_of(self.to_server.sort, stale))
        step.send(self.to_server, self.segment(seq=iss, syn=True))
        return step.action()

    def abort(self) -> Action:
        step = Step(
            "client.abort", actor="client", kind=Kind.USER_CALL, clause="3.10.5",
            sentence="The client's user aborts, and the client forgets the connection.",
        )  # fmt: skip
        step.when(self.client != "CLOSED")
        step.set(self.client, "CLOSED")
        step.set(self.client_iss, 0)
        step.set(self.client_irs, 0)
        return step.action()

    def server_gets_syn(self) -> Action:
        step = Step(
            "server.receive_syn", actor="server", kind=Kind.SEGMENT_ARRIVES, clause="3.10.7.2, third",
            sentence="The network delivers a SYN to the server, which cannot tell whether it is an old one and answers.",
        )  # fmt: skip
        segment = step.take("segment", self.to_server)
        iss = step.choose("iss", Seq(4))
        step.when(self.server == "LISTEN", segment.syn)
        step.set(self.server, "ESTABLISHED" if self.two_way else "SYN_RECEIVED")
        step.set(self.server_iss, iss)
        step.set(self.server_irs, segment.seq)
        step.send(self.to_client, self.segment(seq=iss, ack=segment.seq + 1, syn=True, ack_bit=True))
        step.event("ghost", all_of(self.two_way, self.client == "CLOSED"), ("the client is there", self.client != "CLOSED"))
        return step.action()

    def client_gets_syn_ack(self) -> Action:
        step = Step(
            "client.receive_syn_ack", actor="client", kind=Kind.SEGMENT_ARRIVES, clause="3.10.7.3, fourth",
            sentence="The client's SYN is acknowledged: the client is connected and confirms.",
        )  # fmt: skip
        segment = step.take("segment", self.to_client)
        step.when(self.client == "SYN_SENT", segment.syn, segment.ack == self.client_iss + 1)
        step.set(self.client, "ESTABLISHED")
        step.set(self.client_irs, segment.seq)
        step.send(self.to_server, self.segment(seq=segment.ack, ack=segment.seq + 1, ack_bit=True))
        return step.action()

    def client_gets_wrong_syn_ack(self) -> Action:
        step = Step(
            "client.receive_wrong_syn_ack", actor="client", kind=Kind.SEGMENT_ARRIVES, clause="3.10.7.3, first",
            sentence="The client never sent what is acknowledged here, and answers with a reset.",
        )  # fmt: skip
        segment = step.take("segment", self.to_client)
        step.when(segment.syn, segment.ack != self.client_iss + 1, self.client.isin("CLOSED", "SYN_SENT"))
        step.send(self.to_server, self.segment(seq=segment.ack, rst=True))
        return step.action()

    def server_gets_ack(self) -> Action:
        step = Step(
            "server.receive_ack", actor="server", kind=Kind.SEGMENT_ARRIVES, clause="3.10.7.4, fifth",
            sentence="The server's SYN is acknowledged: the server is connected.",
        )  # fmt: skip
        segment = step.take("segment", self.to_server)
        step.when(self.server == "SYN_RECEIVED", segment.ack_bit, segment.ack == self.server_iss + 1)
        step.set(self.server, "ESTABLISHED")
        return step.action()

    def server_gets_rst(self) -> Action:
        step = Step(
            "server.receive_rst", actor="server", kind=Kind.SEGMENT_ARRIVES, clause="3.10.7.4, second",
            sentence="The reset tells the server that nobody asked: it listens again.",
        )  # fmt: skip
        segment = step.take("segment", self.to_server)
        step.when(self.server == "SYN_RECEIVED", segment.rst)
        step.set(self.server, "LISTEN")
        step.set(self.server_iss, 0)
        step.set(self.server_irs, 0)
        return step.action()

    def repeat(self) -> Action:
        step = Step(
            "client.repeat_syn", actor="client", kind=Kind.TIMEOUT, clause="3.10.8",
            sentence="The client waits no longer and sends its SYN again.",
        )  # fmt: skip
        step.when(self.client == "SYN_SENT")
        step.send(self.to_server, self.segment(seq=self.client_iss, syn=True))
        return step.action()

    def inject(self) -> Action:
        step = Step(
            "attacker.inject", actor="attacker", kind=Kind.ENVIRONMENT, sentence="Somebody forges a reset."
        )
        step.send(self.to_server, self.segment(seq=step.choose("seq", Seq(4)), rst=True))
        return step.action()

    def network(self, name: str, channel: Expr) -> list[Action]:
        lose = Step(
            f"network.lose_{name}", actor="network", kind=Kind.NETWORK, sentence="The network loses a segment."
        )  # fmt: skip
        lose.take("segment", channel)
        double = Step(
            f"network.duplicate_{name}", actor="network", kind=Kind.NETWORK,
            sentence="The network doubles a segment.",
        )  # fmt: skip
        double.send(channel, double.pick("segment", channel))
        return [lose.action(), double.action()]


def handshake(
    *, two_way: bool = False, capacity: int = 2, hooks: bool = True, old: tuple[int, ...] = (), attacker: bool = False
) -> System:
    """A handshake of two or of three messages, much simpler than TCP's, with loss, duplication and reordering.

    `old`: the numbers of SYNs that are in the network at the start. Without `hooks` the engine shows messages by itself.
    """
    return _Handshake(two_way=two_way, capacity=capacity, hooks=hooks, old=old, attacker=attacker).system()


def ring() -> System:
    """Three nodes that pass a token round."""
    nodes = ("ada", "bob", "eve")
    token = Record("Token", (("round", Int(0, 3)),))
    mode = Enum("Mode", ("WAITING", "HAS_TOKEN"))
    states = {node: Variable(f"{node}.state", mode) for node in nodes}
    links = {node: Variable(f"link.from_{node}", Bag(token, 1, ordered=True)) for node in nodes}
    actions = []
    for node, after, before in zip(nodes, nodes[1:] + nodes[:1], nodes[-1:] + nodes[:-1], strict=True):
        give = Step(f"{node}.give", actor=node, kind=Kind.USER_CALL, sentence=f"{node} passes the token to {after}.")
        give.when(states[node].expr == "HAS_TOKEN")
        give.set(states[node].expr, "WAITING")
        give.send(links[node].expr, record(token, round=1))
        take = Step(f"{node}.take", actor=node, kind=Kind.SEGMENT_ARRIVES, sentence=f"{node} has the token.")
        take.take("token", links[before].expr)
        take.set(states[node].expr, "HAS_TOKEN")
        actions += [give.action(), take.action()]
    variables = (*states.values(), *links.values())
    initial = {v.name: v.sort.default for v in variables} | {"ada.state": "HAS_TOKEN"}
    channels = tuple(Channel(f"link.from_{a}", a, b) for a, b in zip(nodes, nodes[1:] + nodes[:1], strict=True))
    return System("ring", variables, (initial,), tuple(actions), channels=channels)


def counter() -> System:
    """One variable that counts to three and starts again, and nobody who sends anything."""
    count = Variable("count", Int(0, 3))
    up = Step("clock.up", actor="clock", kind=Kind.TIMEOUT, sentence="The clock strikes.")
    up.when(count.expr < 3)
    up.set(count.expr, count.expr + 1)
    back = Step("clock.back", actor="clock", kind=Kind.TIMEOUT, sentence="The clock starts again.")
    back.when(count.expr == 3)
    back.set(count.expr, 0)
    return System("counter", (count,), ({"count": 0},), (up.action(), back.action()))


def random_run(system: System, seed: int, steps: int) -> Trace:
    """A run of at most so many steps, each chosen at random among all that are possible."""
    rng = random.Random(seed)
    instances: list[tuple[Action, Mapping[str, Any]]] = []
    state = system.initial[0]
    for _ in range(steps):
        possible = list(successors(system, state))
        if not possible:
            break
        # first the action, or the many numbers of an OPEN would leave no room for the rest
        name = rng.choice(sorted({step.action.name for step in possible}))
        step = rng.choice([step for step in possible if step.action.name == name])
        instances.append((step.action, step.params))
        state = step.after
    return replay(system, system.initial[0], instances)


def no_ghost(system: System) -> Property:
    """The server is connected only to a client that is there."""
    client, server = system.by_name["client.state"].expr, system.by_name["server.state"].expr
    return Property(
        "no-ghost", PropertyKind.ALWAYS, "When the server is ESTABLISHED, the client has not gone away.",
        predicate=implies(server == "ESTABLISHED", client != "CLOSED"),
        clauses=(("the server is ESTABLISHED", server == "ESTABLISHED"), ("the client is not CLOSED", client != "CLOSED")),
    )  # fmt: skip


def run(system: System, *lines: str, loop: int | None = None, initial: int = 0, name: str = "") -> Trace:
    """The trace of lines such as `server.receive_syn seq=9 iss=3`: an action, its plain parameters, fields of its message.

    Where the line leaves a choice open, the first one that is enabled is taken.
    """
    instances: list[tuple[Action, Mapping[str, Any]]] = []
    state = system.initial[initial]
    trace = replay(system, state, [])
    for line in lines:
        action_name, *given = line.split()
        action = system.actions[system.action_index[action_name]]
        wanted = dict(word.split("=") for word in given)
        for params in choices(system, action, trace.final):
            if _fits(action, params, wanted):
                try:
                    trace = replay(system, state, [*instances, (action, params)])
                except ReplayFailed:
                    continue
                instances.append((action, params))
                break
        else:
            raise AssertionError(f"{line}: not possible in {trace.final}")
    return replay(system, state, instances, loop=loop, about=name)


def _fits(action: Action, params: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    values = {n: str(v) for n, v in params.items()}
    for p in action.params:
        if p.channel is not None:
            assert isinstance(p.sort, Record)
            values |= {n: str(v) for n, v in p.sort.as_dict(params[p.name]).items() if n not in values}
    return all(values.get(n) == v for n, v in wanted.items())


FIGURE_8 = (
    "server.listen",
    "client.open iss=9",
    "client.abort",
    "client.open iss=12",
    "server.receive_syn seq=9 iss=3",
    "client.receive_wrong_syn_ack",
    "server.receive_rst",
    "server.receive_syn seq=12 iss=4",
    "client.receive_syn_ack",
    "server.receive_ack",
)
