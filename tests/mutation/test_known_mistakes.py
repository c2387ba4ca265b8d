"""Mistakes that real stacks have made: each, made in the specification, is noticed by the properties that must, by name.

A mistake is made at both ends: a mutant of the campaign, conjuncts left out of rules, rules that the mistaken stack lacks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from synproof.engine.expr import FALSE, Expr, ite
from synproof.engine.system import Action
from synproof.spec.laws import LAWS
from synproof.spec.laws.observing import observe_action
from synproof.spec.system import ends

from .mutants import mutate
from .originals import Original, originals
from .patched import Patched
from .tampering import Mutation, conjunct_text

Change = Callable[[Original], dict[str, Action]]
ACK_IS_OURS = ("snd_una < segment.ack", "segment.ack <= snd_nxt")


def _rules(original: Original, name: str) -> list[Action]:
    found = [action for action in original.system.actions if action.name.partition(".")[2] == name]
    assert found, f"{original.name} has no rule {name}"
    return found


def mutant(action: str, place: str, change: str) -> Change:
    """One of the campaign's mutants."""
    mutation = Mutation(action, place, change)

    def made(original: Original) -> dict[str, Action]:
        found = mutate(original.settings, original.system, mutation)
        assert found, f"{original.name} has no place for {mutation}"
        return found

    return made


def without(name: str, *conjuncts: str) -> Change:
    """A rule that leaves out the conjuncts that begin so."""

    def change(original: Original) -> dict[str, Action]:
        changed = {}
        for action in _rules(original, name):
            texts = [conjunct_text(conjunct, action.actor) for conjunct in action.guard]
            gone = [any(text.startswith(start) for start in conjuncts) for text in texts]
            assert sum(gone) >= len(conjuncts), texts
            kept = tuple(c for c, is_gone in zip(action.guard, gone, strict=True) if not is_gone)
            changed[action.name] = replace(action, guard=kept)
        return changed

    return change


def never(name: str) -> Change:
    """A stack that lacks the rule."""
    return lambda original: {a.name: replace(a, guard=(*a.guard, FALSE)) for a in _rules(original, name)}


def drops(name: str) -> Change:
    """A rule by which the segment is dropped in silence."""

    def change(original: Original) -> dict[str, Action]:
        return {
            a.name: replace(a, sends=(), events=(), effects=tuple((v, e) for v, e in a.effects if v == a.takes))
            for a in _rules(original, name)
        }

    return change


def drops_unless(name: str, condition: Callable[[Expr], Expr]) -> Change:
    """A rule that asks for more of the segment, and drops it in silence where it is not so."""

    def change(original: Original) -> dict[str, Action]:
        changed = {}
        for action in _rules(original, name):
            asked, variables = condition(action.params[0].expr), original.system.by_name
            effects = [(v, e if v == action.takes else ite(asked, e, variables[v].expr)) for v, e in action.effects]
            events = tuple((n, e & asked) for n, e in action.events)
            changed[action.name] = replace(action, effects=tuple(effects), events=events, sends=())
        return changed

    return change


def timer_has_run(name: str, timer: str) -> Change:
    """A rule that forgets to start a timer: it is at its end as soon as it is asked."""

    def change(original: Original) -> dict[str, Action]:
        changed = {}
        for action in _rules(original, name):
            clock = original.system.by_name[f"{action.actor}.{timer}"]
            effects = [(v, e) for v, e in action.effects if v != clock.name]
            length = original.settings.time_wait
            changed[action.name] = replace(action, effects=(*effects, (clock.name, ite(FALSE, clock.expr, length))))
        return changed

    return change


def starts_anew(name: str, timer: str) -> Change:
    """A rule that starts a timer which it has to leave alone; the laws are read off it anew."""

    def change(original: Original) -> dict[str, Action]:
        changed = {}
        for action in _rules(original, name):
            clock = original.system.by_name[f"{action.actor}.{timer}"]
            events = tuple((n, e) for n, e in action.events if n not in {law.event for law in LAWS})
            anew = replace(action, effects=(*action.effects, (clock.name, ite(FALSE, clock.expr, 0))), events=events)
            (me,) = (me for me in ends(original.settings) if me.end == action.actor)
            changed[action.name] = observe_action(anew, me, original.settings)
        return changed

    return change


@dataclass(frozen=True)
class Mistake:
    """What the stack did, what that is in the specification, and the model and the properties that show it."""

    what: str
    changes: tuple[Change, ...]
    model: str
    properties: tuple[str, ...]


MISTAKES = (
    Mistake(
        "SYN-SENT accepts a SYN-ACK without looking at its ACK number",
        (without("receive_syn_ack_in_syn_sent", *ACK_IS_OURS), never("receive_unacceptable_ack_in_syn_sent")),
        "three-way-old-data", ("figure-8", "follows-figure-5"),
    ),
    Mistake(
        "SYN-SENT silently drops a SYN without ACK, so simultaneous open never completes",
        (drops("receive_syn_in_syn_sent"),), "simultaneous-open", ("figure-7", "establishes"),
    ),
    Mistake(
        "SYN-RECEIVED ignores a RST unless it also carries ACK",
        (drops_unless("receive_rst_in_syn_received_after_passive_open", lambda segment: segment.ack_bit),),
        "three-way-old-data", ("cleared-by-rst", "figure-8"),
    ),
    Mistake(
        "RST in SYN-RECEIVED always leads to LISTEN, also after an active open",
        (mutant("receive_rst_in_syn_received_after_active_open", "state", "enters LISTEN"),),
        "must-11", ("resets-are-believed", "only-a-passive-open-listens"),
    ),
    Mistake(
        "a RST is accepted at any sequence number",
        (
            without("receive_rst_in_established", "segment acceptable", "segment.seq == rcv_nxt"),
            never("receive_unacceptable_rst_in_established"), never("receive_inexact_rst_in_established"),
        ),
        "blind-reset-challenged", ("no-spurious-abort", "resets-are-believed"),
    ),
    Mistake(
        "the third segment's ACK number is not checked: three-way becomes two-way",
        (without("receive_ack_in_syn_received", *ACK_IS_OURS), never("receive_unacceptable_ack_in_syn_received")),
        "three-way-old-data", ("no-ghost-connection", "no-stale-data"),
    ),
    Mistake(
        "ISS + 1 forgotten by the opener: its SYN takes no number",
        (mutant("open_active", "snd_nxt", "one less"),), "handshake", ("figure-6", "establishes", "segments-are-true"),
    ),
    Mistake(
        "ISS + 1 forgotten by the listener for its own SYN",
        (mutant("receive_syn_in_listen", "snd_nxt", "one less"),), "handshake", ("figure-6", "segments-are-true"),
    ),
    Mistake(
        "ISS + 1 forgotten by the listener for the SYN that it acknowledges",
        (mutant("receive_syn_in_listen", "segment, ACK", "one less"),), "handshake", ("figure-6", "segments-are-true"),
    ),
    Mistake(
        "a FIN takes no number at the end that sends it",
        (mutant("close_in_established", "snd_nxt", "is not set"), mutant("close_in_close_wait", "snd_nxt", "is not set")),
        "simultaneous-close", ("figure-12", "figure-13", "segments-are-true"),
    ),
    Mistake(
        "a FIN takes no number at the end that receives it",
        (
            mutant("receive_fin_in_established", "rcv_nxt", "one less"),
            mutant("receive_fin_in_fin_wait_1", "rcv_nxt", "one less"),
            mutant("receive_fin_in_fin_wait_2", "rcv_nxt", "one less"),
        ),
        "simultaneous-close", ("figure-12", "figure-13", "closing-in-order"),
    ),
    Mistake(
        "simultaneous close handled as FIN-WAIT-1 to CLOSE-WAIT, without TIME-WAIT",
        (mutant("receive_fin_in_fin_wait_1", "state", "enters CLOSE_WAIT"),),
        "simultaneous-close", ("figure-13", "follows-figure-5", "reaches:CLOSING"),
    ),
    Mistake(
        "simultaneous close handled as FIN-WAIT-1 to LAST-ACK, without TIME-WAIT",
        (mutant("receive_fin_in_fin_wait_1", "state", "enters LAST_ACK"),),
        "simultaneous-close", ("figure-13", "follows-figure-5", "reaches:CLOSING"),
    ),
    Mistake(
        "LAST-ACK left on any acceptable ACK, whether or not it covers the FIN",
        (
            without("receive_ack_of_fin_in_last_ack", "segment.ack == snd_nxt", *ACK_IS_OURS),
            never("receive_new_ack_in_last_ack"), never("receive_old_ack_in_last_ack"),
        ),
        "data-after-fin", ("closes", "follows-figure-5", "no-deadlock"),
    ),
    Mistake(
        "no retransmission timer in CLOSE-WAIT",
        (never("retransmit_data_in_close_wait"),), "data-after-fin", ("closes",),
    ),
    Mistake(
        "CLOSING leads to TIME-WAIT without starting the timer",
        (timer_has_run("receive_ack_of_fin_in_closing", "waited"),), "two-msl-both-close", ("drained-after-time-wait",),
    ),
    Mistake(
        "TIME-WAIT is one MSL",
        (mutant("leave_time_wait", "waited", "ends one tick early"),), "two-msl-both-close", ("drained-after-time-wait-acks",),
    ),
    Mistake(
        "a duplicate gets a new lifetime",
        (mutant("network.duplicate", "channel", "a duplicate gets a new lifetime"),),
        "two-msl-both-close", ("drained-after-time-wait-acks",),
    ),
    Mistake(
        "the 2MSL timer is restarted by a SYN without ACK, so that a new open never succeeds",
        (
            mutant("receive_unacceptable_in_time_wait", "waited", "is restarted whatever happens"),
            mutant("receive_syn_in_time_wait", "waited", "is restarted whatever happens"),
        ),
        "open-in-time-wait", ("time-wait-timer-ends",),
    ),
    Mistake(
        "keepalive: one probe without an answer ends the connection (MUST-29)",
        (without("give_up_idle_connection_in_established", "probes =="),),
        "laws-keepalive", ("keepalive-asks-first", "keepalive-in-time"),
    ),
    Mistake(
        "keepalive: a probe is sent while data is outstanding (MUST-26)",
        (without("send_keepalive_in_established", "snd_una == snd_nxt"),), "laws-keepalive", ("keepalive-asks-first",),
    ),
    Mistake(
        "the user timeout ends one tick early",
        (mutant("user_timeout_in_established", "unacknowledged_for", "ends one tick early"),),
        "laws-aborting", ("user-timeout-in-full",),
    ),
    Mistake(
        "the user timeout goes on over an ACK of something new",
        (mutant("receive_new_ack_in_established", "unacknowledged_for", "is not restarted"),),
        "laws-aborting", ("user-timeout-in-full",),
    ),
    Mistake(
        "a retransmission starts the user timeout anew",
        (starts_anew("retransmit_data_in_established", "unacknowledged_for"),),
        "laws-aborting", ("user-timeout-in-full",),
    ),
    Mistake(
        "the quiet time is not kept after a crash",
        (mutant("crash_in_established", "quiet", "is not kept"), mutant("crash_in_syn_sent", "quiet", "is not kept")),
        "crash-and-quiet-time-reuse", ("old-syn-arrives", "old-data-arrives"),
    ),
)  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.what)
def test_a_mistake_of_a_real_stack_is_noticed_by_name(mistake: Mistake) -> None:
    (original,) = originals([mistake.model])
    changed: dict[str, Action] = {}
    for change in mistake.changes:
        changed |= change(original)
    noticed = Patched(original, changed).noticed_by(all_of_them=True)
    missed = set(mistake.properties) - set(noticed)
    assert not missed, f"{mistake.what}: not noticed by {sorted(missed)}, but by {noticed}"
