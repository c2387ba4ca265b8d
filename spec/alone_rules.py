"""The rules of one end, cut down to what it can know: a system of its own variables, which has neither peer nor network.

The cut is made by replacing: room in the network is always there (how much it holds is not the endpoint's affair), and the
history of a segment becomes a parameter that no action has. So an action that read the peer, what is in flight, or history
would not be accepted by `System`, which checks that an action reads only what there is.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from synproof.engine.expr import FALSE, Expr, is_full, param, record, var
from synproof.engine.rewriting import substitute
from synproof.engine.sorts import Bag, Record, Value
from synproof.engine.system import Action, Param, Send, System

from .event import End
from .segment import segment_sort
from .settings import Settings
from .states import STATE
from .system import endpoint_actions, ends

__all__ = ["ISS", "SEGMENT", "Rules"]

SEGMENT, ISS = "segment", "iss"
"""The parameters of actions: what arrives, and the initial sequence number that is chosen."""

TOLD_OF_A_SEGMENT = ("seq", "ack", "len", "syn_bit", "ack_bit", "fin_bit", "rst_bit")
"""What a segment says, as in a TCP header. Whatever else the specification keeps of a segment in flight is not part of it."""


class Rules:
    """The rules of an end whose role is the settings' `client`: actions over its own variables, by state."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.me, peer = ends(settings)
        longest = (1 << (settings.seq_bits - 1)) - 1  # more would reach over half the circle
        flying = Bag(segment_sort(settings.seq_bits, longest, settings.msl, settings.laps), 1)
        self._to_me, self._to_peer = var("network.to_client", flying), var("network.to_server", flying)
        self.in_flight = flying.element
        self.segment = Record("Segment", tuple((n, s) for n, s in self.in_flight.fields if n in TOLD_OF_A_SEGMENT))
        self._variables = [variable for variable in self.me.variables if not variable.history]
        self.names = {variable.name.partition(".")[2]: variable.name for variable in self._variables}
        end = End(self.me, peer, self._to_me, self._to_peer)
        written = [(str(state.attr), self._cut(action)) for _, state, action in endpoint_actions(end, settings)]
        self.of_state: dict[str, tuple[Action, ...]] = {
            member: tuple(action for state, action in written if state == member) for member in STATE.members
        }
        self.initial: dict[str, Value] = {v.name: self.me.initial[v.name] for v in self._variables}
        self.system = System(
            "endpoint", tuple(self._variables), (self.initial,), tuple(action for _, action in written)
        )

    def checked(self, values: Mapping[str, Value]) -> dict[str, Value]:
        """A whole state with these values, by the short names of variables. Raises UnknownName or ValueOutsideSort."""
        named = {self.names.get(name, name): value for name, value in values.items()}
        state = {**self.initial, **named}
        self.system.check_state(state, "a connection")
        return state

    @cached_property
    def _replacement(self) -> dict[Expr, Expr]:
        mine = param(SEGMENT, self.segment)
        known = {
            name: getattr(mine, name) if name in TOLD_OF_A_SEGMENT else param(f"what a segment does not say: {name}", sort)
            for name, sort in self.in_flight.fields
        }
        return {is_full(self._to_peer): FALSE, param(SEGMENT, self.in_flight): record(self.in_flight, **known)}

    def _cut(self, action: Action) -> Action:
        """The action without what is not this end's: history, the channels, and what serves properties."""
        own = set(self.names.values())

        def cut(node: Expr) -> Expr:
            return substitute(node, self._replacement)

        params = tuple(Param(p.name, self.segment if p.channel else p.sort) for p in action.params)
        sends = tuple(
            Send(send.channel, self._spoken(cut(send.element)), cut(send.when), FALSE) for send in action.sends
        )
        return Action(
            action.name, action.actor, action.kind, action.sentence, action.clause, action.choice, params,
            tuple(map(cut, action.guard)), tuple((name, cut(value)) for name, value in action.effects if name in own),
            sends, needs=tuple((name, cut(need)) for name, need in action.needs), tags=action.tags,
        )  # fmt: skip

    def _spoken(self, element: Expr) -> Expr:
        return record(self.segment, **{name: getattr(element, name) for name in TOLD_OF_A_SEGMENT})
