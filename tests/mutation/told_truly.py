"""What is told of the past of a mutant: history that follows what the mutant does, not what the rule was written to do.

The rules report to `spec.history` by hand ("this end enters a synchronized state on that SYN"). In a mutant such a report
may be untrue: the state entered is another, or the rule now applies where its report makes no sense. While a mutant is
written, reports are therefore passed on only where they are true, and what the mutant does beyond them is reported too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from synproof.engine.expr import FALSE, Expr, Operand, all_of, any_of, ite, var
from synproof.engine.system import Kind
from synproof.spec import history
from synproof.spec.event import Event
from synproof.spec.states import ACTIVE, CLOSED, SYN_RECEIVED, SYNCHRONIZED, TIME_WAIT
from synproof.spec.telling import NEW_ISS

__all__ = ["AS_WRITTEN", "Telling", "entered_instead", "told_truly", "who_changed_what"]


@dataclass(frozen=True)
class Telling:
    """What a mutant does otherwise than its rule was written to do.

    `entered`: the state it enters instead; `stays`: it enters none; `delivers`: not false, unless RCV.NXT no longer moves;
    `sends_syn`: not false, unless what was a SYN is none or is not sent; `restarts`: not false, unless TIME-WAIT goes on.
    """

    entered: Expr | None = None
    stays: bool = False
    delivers: bool = True
    sends_syn: bool = True
    restarts: bool = True

    @property
    def is_as_written(self) -> bool:
        """The mutant enters the state that the rule was written to enter."""
        return self.entered is None and not self.stays

    @property
    def keeps_connection(self) -> bool:
        """The mutant enters a synchronized state, or stays where it is, whatever the rule was written to enter."""
        return self.stays or (self.entered is not None and _is_synchronized(self.entered))


AS_WRITTEN = Telling()


def _is_synchronized(state: Expr) -> bool:
    return any(state is other for other in SYNCHRONIZED)


@contextmanager
def told_truly(telling: Telling) -> Iterator[None]:
    """While this lasts, rules report what is so."""
    connected, refused, aborted, delivered = history.connected, history.refused, history.aborted, history.delivered
    fin_taken, found_dead, time_wait_restarted = history.fin_taken, history.found_dead, history.time_wait_restarted

    def truly_connected(e: Event, *args: Any, **kwargs: Any) -> None:
        if telling.is_as_written:
            _where(e, ~e.me.is_synchronized, lambda: connected(e, *args, **kwargs))

    def truly_refused(e: Event) -> None:
        if telling.is_as_written:
            opening = e.me.state.isin("SYN_SENT", "SYN_RECEIVED") & (e.me.opened == ACTIVE)
            _where(e, opening, lambda: refused(e))

    def truly_aborted(e: Event) -> None:
        if not telling.keeps_connection:
            aborted(e)

    def truly_delivered(e: Event, octets: Expr, stale: Operand) -> None:
        if telling.delivers:
            delivered(e, octets, stale)

    def truly_taken(e: Event) -> None:
        if telling.delivers:
            fin_taken(e)

    def truly_dead(e: Event) -> None:
        if not telling.keeps_connection:
            found_dead(e)

    def truly_restarted(e: Event, when: Operand) -> None:
        if telling.restarts:
            time_wait_restarted(e, when)
        else:
            e.restarts_time_wait = FALSE

    def if_as_written(report: Callable[[Event], None]) -> Callable[[Event], None]:
        return report if telling.is_as_written else lambda e: None

    with (
        patch.object(history, "connected", truly_connected),
        patch.object(history, "refused", truly_refused),
        patch.object(history, "aborted", truly_aborted),
        patch.object(history, "delivered", truly_delivered),
        patch.object(history, "fin_taken", truly_taken),
        patch.object(history, "found_dead", truly_dead),
        patch.object(history, "time_wait_restarted", truly_restarted),
        patch.object(history, "closed_first", if_as_written(history.closed_first)),
        patch.object(history, "ended_by_fins", if_as_written(history.ended_by_fins)),
        patch.object(history, "time_wait_cut_short", if_as_written(history.time_wait_cut_short)),
        patch.object(history, "time_wait_over", if_as_written(history.time_wait_over)),
        patch.object(history, "stale_acceptance", lambda e, changes: None),  # told once the rule is written
    ):
        yield


def entered_instead(e: Event, state: Expr) -> None:
    """The mutant is about to enter `state` where the rule enters another."""
    if state is CLOSED:
        _closed_first(e)
    if _is_synchronized(state):
        step, me = e.step, e.me
        begun = NEW_ISS in step.tags
        _where(
            e, ~me.is_synchronized,
            lambda: _connected(e, step.now(me.irs), step.now(me.irs_from), taken=step.now(me.irs_taken), begun=begun),
        )  # fmt: skip


_connected, _closed_first = history.connected, history.closed_first


def who_changed_what(e: Event) -> None:
    """After the rule: an event if a segment of another incarnation has changed anything in SYN-RECEIVED or later."""
    if e.step.kind is not Kind.SEGMENT_ARRIVES:
        return
    step, me = e.step, e.me
    changes = any_of(*(step.now(v) != v for v in (me.state, me.rcv_nxt, me.snd_una)))
    late = (me.state == SYN_RECEIVED) | me.is_synchronized
    reopens = (me.state == TIME_WAIT) & (step.now(me.state) == SYN_RECEIVED)  # a SYN of a newer incarnation may
    _report_stale_acceptance(e, all_of(late, ~e.seg.rst_bit, ~reopens, changes))


_report_stale_acceptance = history.stale_acceptance


def _where(e: Event, condition: Expr, report: Callable[[], None]) -> None:
    """Make a report with all that it changes, where the condition holds in the state before."""
    step: Any = e.step
    effects, events = dict(step._effects), dict(step._events)
    report()
    for name, value in list(step._effects.items()):
        before = effects.get(name, var(name, value.sort))
        if before is not value:
            step._effects[name] = ite(condition, value, before)
    for name, happens in list(step._events.items()):
        if events.get(name) is not happens:
            step._events[name] = any_of(events.get(name, False), all_of(condition, happens))
