"""Time: one clock, whose ticks let segments age and timers run.

There is no drift, and all bounds are closed: a segment may be delivered or lost at any age =< MSL, and time cannot pass
beyond that. Processing takes no time. A timer counts the ticks since it was started and stops at its length (the quiet
time, which runs where there is no TCB, counts those to come): TIME-WAIT and the quiet time may then end, at once or later;
keepalive, the user timeout and the timeout of FIN-WAIT-2 are deadlines, beyond which time cannot pass either. At one instant
everything may happen in any order, except that a segment of age MSL is gone for a timer that ends at that instant.

Without `msl` none of this is there, and what a timer would do may happen at any moment (see `timeouts`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from synproof.engine.expr import Expr, Operand, all_of, any_of, bag_of, clamp, ite, slots, var
from synproof.engine.sorts import Bag, Int, Seq, Value
from synproof.engine.system import Action, Kind, Step, Variable

from .network import Network
from .segment import replace
from .settings import Settings
from .states import FIN_WAIT_2, KEPT_ALIVE, TIME_WAIT
from .tcb import ZERO, Tcb

if TYPE_CHECKING:
    from .event import Event

__all__ = ["TICK", "Clock", "due", "now", "ripe", "runs_out"]

TICK = "tick"
"""Tag of the passing of time."""

DEADLINE = "deadline"
"""Tag of what must happen before time passes on."""


def now(s: Settings) -> Expr:
    """The clock from which `isn=clock` takes its numbers."""
    return var("clock.now", Seq(s.seq_bits))


def ripe(e: Event, timer: Expr, length: Operand) -> None:
    """The timer has run for its length, and no segment of age MSL is in flight any more."""
    if e.s.msl:
        e.when(timer == length, ~any_of(*(_is_at_its_end(channel, e.s) for channel in (e.end.to_me, e.end.to_peer))))


def due(e: Event, timer: Expr, length: Operand) -> None:
    """The timer has run for its length, and time does not pass on before what it demands is done.

    A length that is a word (`may-fire`) is none: where time is not modelled this may happen at any moment.
    """
    if not isinstance(length, str):
        ripe(e, timer, length)
        e.step.tags |= {DEADLINE}


def _is_at_its_end(channel: Expr, s: Settings) -> Expr:
    """A segment of age MSL is in flight."""
    return any_of(*(full & (segment.age == s.msl) for full, segment in slots(channel)))


class Clock:
    """What the passing of time does to the network and to both ends."""

    def __init__(self, s: Settings, network: Network, ends: Sequence[Tcb]) -> None:
        self.s, self.network, self.ends = s, network, ends
        self.shows_time = s.isn == "clock"

    @property
    def variables(self) -> list[Variable]:
        """The clock, where somebody reads it."""
        clock = now(self.s)
        return [Variable(clock.attr, clock.sort, note="the clock of initial sequence numbers")] if self.shows_time else []

    @property
    def initial(self) -> dict[str, Value]:
        """The clock starts at 1; any number would do."""
        return {variable.name: 1 for variable in self.variables}

    def actions(self, others: Sequence[Action]) -> list[Action]:
        """The tick; `others` are all other actions, among them those that must come first."""
        if not self.s.msl:
            return []
        step = Step(
            "clock.tick", actor="clock", kind=Kind.CLOCK, sentence="Time passes: one tick.", tags=frozenset({TICK})
        )
        for channel in (self.network.to_server, self.network.to_client):
            step.when(~_is_at_its_end(channel, self.s))
            self._age(step, channel)
        step.when(*(~all_of(*action.guard) for action in others if DEADLINE in action.tags))
        for me in self.ends:
            for timer, runs in _timers(me):
                step.set(timer, ite(runs, clamp(timer + 1, 0, _length(timer)), timer))
            if me.sent_now is not ZERO:
                step.set(me.sent_now, 0)
            if self.s.quiet_time != "off":
                step.set(me.quiet, ite(me.quiet > 1, clamp(me.quiet - 1, 0, self.s.msl + 1), me.quiet))
        if self.shows_time:
            step.set(now(self.s), now(self.s) + 1)
        return [step.action()]

    def _age(self, step: Step, channel: Expr) -> None:
        """Every segment in flight is one tick older."""
        assert isinstance(channel.sort, Bag)
        older = [
            (full, replace(segment, age=clamp(segment.age + 1, 0, self.s.msl))) for full, segment in slots(channel)
        ]
        step.set(channel, bag_of(channel.sort, older))


def runs_out(me: Tcb) -> Expr:
    """A timer of this end runs, and has not come to its end yet; or octets wait for the next tick, as its rate demands."""
    history = {variable.name for variable in me.variables if variable.history}
    running = [all_of(runs, timer < _length(timer)) for timer, runs in _timers(me) if timer.attr not in history]
    return any_of(me.quiet > 0, all_of(me.sent_now > 0, me.queued > 0), *running)


def _length(timer: Expr) -> int:
    assert isinstance(timer.sort, Int)
    return timer.sort.hi


def _timers(me: Tcb) -> list[tuple[Expr, Expr]]:
    """The timers of an end that count upwards, and where each runs."""
    runs = {
        "waited": me.state == TIME_WAIT,
        "fin_waited": me.state == FIN_WAIT_2,
        "unacknowledged_for": me.something_unacknowledged,
        "idle_for": me.state.isin(*KEPT_ALIVE),
        "silent_for": me.state.isin(*KEPT_ALIVE),
    }
    return [(timer, runs[name]) for name, timer in me.timers.items()]
