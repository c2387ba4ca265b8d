"""The whole system: two endpoints, written once each from the same rules, the network between them, and the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from synproof.engine.expr import Expr, all_of, count_if, size, slots
from synproof.engine.system import Action, Kind, Step, System

from . import (
    arrives_acceptably,
    arrives_in_closed_and_listen,
    arrives_in_other_states,
    arrives_in_syn_sent,
    arrives_in_time_wait,
    environment,
    history,
    keepalive,
    read_otherwise,
    timeouts,
    user_calls,
)
from .clock import Clock
from .event import End, Event, Rule
from .network import Network
from .segment import segment_fields, show_segment
from .settings import Settings
from .states import CLOSED, LISTEN
from .tcb import Tcb
from .telling import narrate

__all__ = ["RULES", "build", "endpoint_actions", "ends", "in_force", "mark_drops", "sides", "written"]

COUNTED_BITS = ("syn", "ack", "fin", "rst")

RULES: tuple[Rule, ...] = (
    *user_calls.RULES,
    *arrives_in_closed_and_listen.RULES,
    *arrives_in_syn_sent.RULES,
    *arrives_in_other_states.RULES,
    *arrives_acceptably.RULES,
    *arrives_in_time_wait.RULES,
    *timeouts.RULES,
    *keepalive.RULES,
    *environment.RULES,
    *read_otherwise.RULES,
)
"""Every rule, in the order of RFC 9293 3.10, and behind them what is done where the text is read in another way."""


def build(settings: Settings) -> System:
    """The transition system for the settings. Actions are named `client.open_active`, `network.lose_to_server`, ..."""
    (client, server), network = ends(settings), Network(settings)
    clock = Clock(settings, network, (client, server))
    actions = [action for side in sides(settings, network) for _, _, action in endpoint_actions(side, settings)]
    actions += network.actions()
    actions += clock.actions(actions)
    return System(
        name="tcp",
        variables=(*client.variables, *server.variables, *network.variables, *clock.variables),
        initial=({**client.initial, **server.initial, **network.initial, **clock.initial},),
        actions=tuple(mark_drops(action, network) for action in actions),
        definitions={
            **{f"{me.end}.{name}": value for me in (client, server) for name, value in _derived(me).items()},
            **{
                f"{channel.attr}.{name}": value
                for channel in (network.to_server, network.to_client)
                for name, value in _counts(channel).items()
            },
        },
        channels=network.channels,
        actors=("client", "server"),
        show_message=show_segment,
        narrate=narrate,
        message_fields=segment_fields,
    )


def ends(settings: Settings) -> tuple[Tcb, Tcb]:
    """The two TCBs: client, server."""
    return Tcb("client", settings), Tcb("server", settings)


def sides(settings: Settings, network: Network) -> tuple[End, End]:
    """Both ends in their surroundings: client, server."""
    client, server = ends(settings)
    return (
        End(client, server, network.to_client, network.to_server),
        End(server, client, network.to_server, network.to_client),
    )


def in_force(me: Tcb, settings: Settings) -> Iterator[tuple[Rule, Expr]]:
    """Each rule that the settings leave, in each of its states that the end can be in."""
    for rule in RULES:
        if rule.only_if(settings):
            yield from ((rule, state) for state in rule.states if me.can_be_in(state))


def endpoint_actions(side: End, settings: Settings) -> Iterator[tuple[Rule, Expr, Action]]:
    """Everything one end does: each rule in each of its states that the end can be in, as an action."""
    for rule, state in in_force(side.me, settings):
        action = written(rule, state, side, settings).step.action()
        if not _is_impossible(action):
            yield rule, state, action


def written(
    rule: Rule, state: Expr, side: End, settings: Settings,
    step_of: Callable[..., Step] = Step, event_of: Callable[..., Event] = Event,
) -> Event:  # fmt: skip
    """The event that the rule answers in one of its states, written down; the action is that of its step.

    `step_of` and `event_of` make the step and the event, as `Step` and `Event` do.
    """
    step = step_of(
        f"{side.me.end}.{rule.action_name(state)}", actor=side.me.end, kind=rule.kind, sentence=rule.sentence,
        clause=rule.clause, choice=rule.choice_under(settings), tags=rule.tags,
    )  # fmt: skip
    step.when(side.me.state == state)
    segment = step.take("segment", side.to_me) if rule.kind is Kind.SEGMENT_ARRIVES else None
    event = event_of(step, side, settings, state, segment)
    if segment is not None:
        history.arrival(event)
    rule.write(event)
    if segment is not None and state is not CLOSED and state is not LISTEN:
        event.peer_is_alive()
    return event


def _is_impossible(action: Action) -> bool:
    """The settings leave the guard no chance (a budget of 0, a role that the end does not have)."""
    impossible = all_of(False)
    return any(conjunct is impossible for conjunct in action.guard)


def mark_drops(action: Action, network: Network) -> Action:
    """A drop at a full direction is a loss; where the settings allow none, what follows is not to be trusted."""
    drop = all_of(action.overflow, network.loses_nothing_now)
    return action if drop is all_of(False) else replace(action, events=(*action.events, ("lossless-drop", drop)))


def _derived(me: Tcb) -> dict[str, Expr]:
    return {"sent": me.sent, "delivered": me.delivered}


def _counts(channel: Expr) -> dict[str, Expr]:
    """How many segments are in flight in a direction, and how many of them carry what."""
    in_flight = list(slots(channel))
    carrying = {bit: count_if(full & getattr(seg, f"{bit}_bit") for full, seg in in_flight) for bit in COUNTED_BITS}
    return {"count": size(channel), **carrying, "data": count_if(full & (seg.len > 0) for full, seg in in_flight)}
