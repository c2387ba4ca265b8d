"""The network: one direction each way, which may lose, duplicate, delay and reorder segments, and an off-path attacker.

A direction is a multiset (or, `reorder=off`, a queue) of at most `capacity` segments. Delay needs no action: a segment stays in
flight as long as nothing delivers it. A step that sends into a full direction happens and the new segment is dropped;
duplication and injection need room.
"""

from __future__ import annotations

from synproof.engine.expr import Expr, bag_of, const, has, insert, is_full, item, record, remove, var
from synproof.engine.sorts import Bag, Int, Seq, Value
from synproof.engine.system import Action, Channel, Kind, Step, Variable

from .segment import segment_sort
from .setting_values import OldDuplicate
from .settings import Settings

__all__ = ["Network"]


class Network:
    """The two directions `network.to_server` and `network.to_client`, and the budgets of the network and of the attacker."""

    def __init__(self, s: Settings) -> None:
        self.settings = s
        longest = max([s.mss, *(old.len for old in s.old_duplicates)])
        self.segment = segment_sort(s.seq_bits, longest, s.msl, s.laps)
        self.to_server = self._direction("to_server", s.capacity.to_server)
        self.to_client = self._direction("to_client", s.capacity.to_client)
        self.losses_left = var("network.losses_left", Int(0, s.loss or 0))
        self.duplicates_left = var("network.duplicates_left", Int(0, s.duplicate or 0))
        self.attacks_left = var("network.attacks_left", Int(0, 0 if s.attacker == "off" else 1))

    def _direction(self, name: str, capacity: int) -> Expr:
        return var(f"network.{name}", Bag(self.segment, capacity, ordered=not self.settings.reorder))

    @property
    def variables(self) -> list[Variable]:
        """The variables of the network."""
        notes = {
            self.to_server: "segments in flight towards the server",
            self.to_client: "segments in flight towards the client",
            self.losses_left: "segments that the network may still lose",
            self.duplicates_left: "segments that the network may still duplicate",
            self.attacks_left: "segments that the attacker may still inject",
        }
        return [Variable(expr.attr, expr.sort, note=note) for expr, note in notes.items()]

    @property
    def initial(self) -> dict[str, Value]:
        """Nothing in flight but old duplicates; all budgets whole."""
        start: dict[str, Value] = {v.attr: v.sort.hi for v in self._budgets() if isinstance(v.sort, Int)}
        for channel, end in ((self.to_server, "server"), (self.to_client, "client")):
            assert isinstance(channel.sort, Bag)
            start[channel.attr] = channel.sort.canonical(
                tuple(self._old(old) for old in self.settings.old_duplicates if old.to == end)
            )
        return start

    def _budgets(self) -> tuple[Expr, ...]:
        return self.losses_left, self.duplicates_left, self.attacks_left

    def _old(self, old: OldDuplicate) -> Value:
        bits = {f"{word}_bit": letter in old.flags for letter, word in zip("SAFR", ("syn", "ack", "fin", "rst"), strict=True)}
        return self.segment.value(seq=old.seq, ack=old.ack, len=old.len, **bits)

    @property
    def channels(self) -> tuple[Channel, ...]:
        """Who sends into which direction and who receives from it."""
        return Channel(self.to_server.attr, "client", "server"), Channel(self.to_client.attr, "server", "client")

    @property
    def loses_nothing_now(self) -> Expr:
        """A drop would be no loss that the settings allow: loss is off, or its budget is spent."""
        return const(False) if self.settings.loss is None else self.losses_left == 0

    # -- what the network does -----------------------------------------------------------------------------------
    def actions(self) -> list[Action]:
        """Loss and duplication in each direction, and the attacker's injections."""
        made: list[Action] = []
        for channel, name in ((self.to_server, "to_server"), (self.to_client, "to_client")):
            if self.settings.loss != 0:
                made.append(self._lose(channel, name))
            if self.settings.duplicate != 0:
                made.append(self._duplicate(channel, name))
            if self.settings.attacker != "off":
                made += self._inject(channel, name)
        return made

    def _lose(self, channel: Expr, name: str) -> Action:
        step = Step(f"network.lose_{name}", actor="network", kind=Kind.NETWORK, sentence="The network loses a segment.")
        self._spend(step, self.losses_left, self.settings.loss)
        segment = step.pick("segment", channel)
        step.change(channel, remove(channel, segment))
        return step.action()

    def _duplicate(self, channel: Expr, name: str) -> Action:
        step = Step(
            f"network.duplicate_{name}", actor="network", kind=Kind.NETWORK, sentence="The network duplicates a segment."
        )
        self._spend(step, self.duplicates_left, self.settings.duplicate)
        segment = step.pick("segment", channel)
        step.when(~is_full(channel))
        assert isinstance(channel.sort, Bag)
        if channel.sort.ordered:  # the copy goes right behind the head, from which it was made
            rest = [(has(channel, i), item(channel, i)) for i in range(1, channel.sort.capacity - 1)]
            copies = [(const(True), segment), (const(True), segment), *rest]
            step.change(channel, bag_of(channel.sort, copies[: channel.sort.capacity]))
        else:
            step.change(channel, insert(channel, segment))
        return step.action()

    def _spend(self, step: Step, budget: Expr, limit: int | None) -> None:
        if limit is not None:
            step.when(budget > 0)
            step.set(budget, budget - 1)

    def _inject(self, channel: Expr, name: str) -> list[Action]:
        number = Seq(self.settings.seq_bits)

        def step(what: str, sentence: str) -> Step:
            made = Step(f"attacker.{what}_{name}", actor="attacker", kind=Kind.ENVIRONMENT, sentence=sentence)
            self._spend(made, self.attacks_left, 1)
            made.when(~is_full(channel))
            return made

        if self.settings.attacker == "syn":
            syn = step("inject_syn", "An off-path attacker injects a SYN with a number of its choice.")
            syn.send(channel, record(self.segment, seq=syn.choose("seq", number), syn_bit=True))
            return [syn.action()]
        rst = step("inject_rst", "An off-path attacker injects a reset with a number of its choice.")
        rst.send(channel, record(self.segment, seq=rst.choose("seq", number), rst_bit=True))
        refusal = step("inject_rst_ack", "An off-path attacker injects a reset that acknowledges a number of its choice.")
        ack = refusal.choose("ack", number)
        refusal.send(channel, record(self.segment, ack=ack, ack_bit=True, rst_bit=True))
        return [rst.action(), refusal.action()]
