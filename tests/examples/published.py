"""Small published systems, written as a user of the language would: mutual exclusion, a lossy channel, puzzles, a scheduler."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from synproof.engine.expr import Expr, Operand, all_of, any_of, count_if, ite, record
from synproof.engine.property import Fairness, Property, PropertyKind, Response
from synproof.engine.sorts import BOOL, Bag, Enum, Int, Record
from synproof.engine.system import Action, Channel, Kind, Step, System, Variable

__all__ = ["alternating_bit", "die_hard", "peterson", "scheduler", "semaphore"]

Found = tuple[System, tuple[Property, ...]]
ALWAYS, SOMETIMES, EVENTUALLY = PropertyKind.ALWAYS, PropertyKind.SOMETIMES, PropertyKind.EVENTUALLY
GOES_ON = "goes on"  # the tag of what a process does not put off for ever
PATIENT = Fairness(weak=frozenset({GOES_ON}))


def act(name: str, when: Sequence[Operand], then: Mapping[Expr, Operand], tag: str = GOES_ON) -> Action:
    """An action; its actor is what comes before the dot."""
    step = Step(name, actor=name.partition(".")[0], kind=Kind.INTERNAL, sentence=f"{name}.", tags=frozenset({tag}))
    step.when(*when)
    for variable, value in then.items():
        step.set(variable, value)
    return step.action()


def system(name: str, variables: Sequence[Variable], actions: Sequence[Action], **start: object) -> System:
    initial = {variable.name: variable.sort.default for variable in variables} | start
    return System(name, tuple(variables), (initial,), tuple(actions))


def whenever(name: str, trigger: Expr, goal: Expr, fairness: Fairness = PATIENT) -> Property:
    return Property(name, EVENTUALLY, f"{name}.", responses=(Response(trigger, goal),), fairness=fairness)


def peterson(*, polite: bool = True) -> Found:
    """Peterson, "Myths about the mutual exclusion problem" (1981). Not polite: each takes the turn instead of giving it."""
    place = Enum("Place", ("AWAY", "ASKS", "WAITS", "INSIDE"))
    at = [Variable(f"at{i}", place) for i in (0, 1)]
    flag = [Variable(f"flag{i}", BOOL) for i in (0, 1)]
    turn = Variable("turn", Int(0, 1))
    actions = []
    for i, other in ((0, 1), (1, 0)):
        here = at[i].expr
        actions += [
            act(f"p{i}.ask", [here == "AWAY"], {here: "ASKS", flag[i].expr: True}, "nobody must"),
            act(f"p{i}.yield", [here == "ASKS"], {here: "WAITS", turn.expr: other if polite else i}),
            act(f"p{i}.enter", [here == "WAITS", ~flag[other].expr | (turn.expr == i)], {here: "INSIDE"}),
            act(f"p{i}.leave", [here == "INSIDE"], {here: "AWAY", flag[i].expr: False}),
        ]
    return system("peterson", [*at, *flag, turn], actions), (
        Property("exclusion", ALWAYS, "One at a time.", ~all_of(*(each.expr == "INSIDE" for each in at))),
        whenever("no-starvation", at[0].expr == "ASKS", at[0].expr == "INSIDE"),
        whenever("without-fairness", at[0].expr == "ASKS", at[0].expr == "INSIDE", Fairness()),
    )


def semaphore() -> Found:
    """Two processes and a binary semaphore: whoever waits may be passed by for ever, under weak fairness."""
    place = Enum("Place", ("AWAY", "WAITS", "INSIDE"))
    at, free = [Variable(f"at{i}", place) for i in (0, 1)], Variable("free", BOOL)
    actions = []
    for i, here in enumerate(each.expr for each in at):
        actions += [
            act(f"p{i}.ask", [here == "AWAY"], {here: "WAITS"}, "nobody must"),
            act(f"p{i}.enter", [here == "WAITS", free.expr], {here: "INSIDE", free.expr: False}),
            act(f"p{i}.leave", [here == "INSIDE"], {here: "AWAY", free.expr: True}),
        ]
    waits, inside = (any_of(*(each.expr == word for each in at)) for word in ("WAITS", "INSIDE"))
    return system("semaphore", [*at, free], actions, free=True), (
        Property("exclusion", ALWAYS, "One at a time.", ~all_of(*(each.expr == "INSIDE" for each in at))),
        whenever("somebody-enters", waits, inside),
        whenever("no-starvation", at[0].expr == "WAITS", at[0].expr == "INSIDE"),
    )


def die_hard() -> Found:
    """The puzzle of the two jugs, Lamport's first example for TLC: four gallons with jugs of three and of five."""
    small, big = Variable("small", Int(0, 3)), Variable("big", Int(0, 5))
    s, b, both = small.expr, big.expr, small.expr + big.expr
    actions = [
        act("x.fill small", [], {s: 3}), act("x.fill big", [], {b: 5}), act("x.empty small", [], {s: 0}),
        act("x.empty big", [], {b: 0}), act("x.small to big", [], {b: ite(both <= 5, both, 5), s: ite(both <= 5, 0, both - 5)}),
        act("x.big to small", [], {s: ite(both <= 3, both, 3), b: ite(both <= 3, 0, both - 3)}),
    ]  # fmt: skip
    return system("die hard", [small, big], actions), (Property("never-four", ALWAYS, "Not four.", b != 4),)


def scheduler(cells: int) -> Found:
    """Milner's scheduler (1980, 1989), as it is used to measure model checkers: n * 2^(n + 1) states."""
    token, task, hands_on = ([Variable(f"{word}{i}", BOOL) for i in range(cells)] for word in ("token", "task", "hands_on"))
    actions = []
    for i in range(cells):
        mine, busy, passes, following = token[i].expr, task[i].expr, hands_on[i].expr, token[(i + 1) % cells].expr
        actions += [
            act(f"c{i}.start", [mine, ~busy], {busy: True, mine: False, passes: True}),
            act(f"c{i}.pass", [passes], {following: True, passes: False}),
            act(f"c{i}.end", [busy], {busy: False}),
        ]
    return system("scheduler", [*token, *task, *hands_on], actions, token0=True), (
        Property("one-token", ALWAYS, "One token.", count_if([each.expr for each in (*token, *hands_on)]) == 1),
        whenever("round-robin", task[0].expr, ~task[0].expr & token[0].expr),
    )


def alternating_bit(capacity: int) -> Found:
    """Bartlett, Scantlebury and Wilkinson (1969), over channels that lose; if they hold two messages, they reorder them too."""
    message = Record("Message", (("bit", BOOL),))
    data, acks = (Variable(name, Bag(message, capacity)) for name in ("data", "acks"))
    sends, waits_for = Variable("sends", BOOL), Variable("waits_for", BOOL)
    sent, got = Variable("sent", Int(0, 3)), Variable("got", Int(0, 3))  # how many, modulo 4
    after = {count: ite(count.expr == 3, 0, count.expr + 1) for count in (sent, got)}

    goes_on = frozenset({GOES_ON})
    again = Step("sender.send", actor="sender", kind=Kind.TIMEOUT, sentence="The message is sent (again).", tags=goes_on)
    again.send(data.expr, record(message, bit=sends.expr))
    arrives = Step("receiver.receive", actor="receiver", kind=Kind.SEGMENT_ARRIVES, sentence="A message arrives.")
    bit = arrives.take("message", data.expr).bit
    arrives.set(got.expr, ite(bit == waits_for.expr, after[got], got.expr))
    arrives.set(waits_for.expr, ite(bit == waits_for.expr, ~waits_for.expr, waits_for.expr))
    arrives.send(acks.expr, record(message, bit=bit))
    heard = Step("sender.receive", actor="sender", kind=Kind.SEGMENT_ARRIVES, sentence="An acknowledgment arrives.")
    bit = heard.take("message", acks.expr).bit
    heard.set(sent.expr, ite(bit == sends.expr, after[sent], sent.expr))
    heard.set(sends.expr, ite(bit == sends.expr, ~sends.expr, sends.expr))
    losses = []
    for channel in (data, acks):
        loss = Step(f"network.lose {channel.name}", actor="network", kind=Kind.NETWORK, sentence="It is lost.")
        loss.take("message", channel.expr)
        losses.append(loss)

    actions = tuple(step.action() for step in (again, arrives, heard, *losses))
    variables = (data, acks, sends, waits_for, sent, got)
    start = {variable.name: variable.sort.default for variable in variables}
    channels = (Channel("data", "sender", "receiver"), Channel("acks", "receiver", "sender"))
    fair_channels = Fairness(weak=PATIENT.weak, compassion=frozenset({"data", "acks"}))
    in_step = any_of(sent.expr == got.expr, after[sent] == got.expr)
    return System("alternating bit", variables, (start,), actions, channels=channels), (
        Property("in-step", ALWAYS, "At most one message is ahead.", in_step),
        whenever("delivers", got.expr == 0, got.expr == 1, fair_channels),
        whenever("delivers-over-any-channel", got.expr == 0, got.expr == 1),
    )
