"""Mistakes that real stacks have made in opening connections: each, made in the specification, is caught by a property by name.

A mistake is made at both ends: conjuncts are left out of rules or added, rules that the mistaken stack lacks are taken out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from synproof.engine.expr import Expr, ite, negate
from synproof.engine.system import Action

from .mutants import Mutation, conjunct_text, mutate
from .originals import Original, originals, search_mutant, verdicts

Change = Callable[[Original], dict[str, Action]]
ACK_IS_OURS = ("snd_una < segment.ack", "segment.ack <= snd_nxt")


def _rules(original: Original, name: str) -> list[Action]:
    found = [action for action in original.system.actions if action.name.partition(".")[2] == name]
    assert found, f"{original.name} has no rule {name}"
    return found


def without(name: str, *conjuncts: str) -> Change:
    """A rule that leaves out these conjuncts."""

    def change(original: Original) -> dict[str, Action]:
        changed = {}
        for action in _rules(original, name):
            texts = {conjunct: conjunct_text(conjunct, action.actor) for conjunct in action.guard}
            assert set(conjuncts) <= set(texts.values()), texts.values()
            guard = tuple(conjunct for conjunct in action.guard if texts[conjunct] not in conjuncts)
            changed[action.name] = replace(action, guard=guard)
        return changed

    return change


def never(name: str) -> Change:
    """A stack that lacks the rule."""
    return lambda original: {a.name: replace(a, guard=(*a.guard, negate(True))) for a in _rules(original, name)}


def drops(name: str) -> Change:
    """A rule by which the segment is dropped in silence."""

    def change(original: Original) -> dict[str, Action]:
        return {
            action.name: replace(action, sends=(), effects=tuple((v, e) for v, e in action.effects if v == action.takes))
            for action in _rules(original, name)
        }

    return change


def drops_unless(name: str, condition: Callable[[Expr], Expr]) -> Change:
    """A rule that asks for more of the segment, and drops it in silence where it is not so."""

    def change(original: Original) -> dict[str, Action]:
        changed = {}
        for action in _rules(original, name):
            asked = condition(action.params[0].expr)
            kept = {v for v, _ in action.effects if v != action.takes}
            by_name = original.system.by_name
            effects = [(v, e if v not in kept else ite(asked, e, by_name[v].expr)) for v, e in action.effects]
            events = tuple((n, e & asked) for n, e in action.events)
            changed[action.name] = replace(action, effects=tuple(effects), events=events, sends=())
        return changed

    return change


def mutant(action: str, place: str, change: str) -> Change:
    """One of the campaign's mutants."""
    mutation = Mutation(action, place, change)

    def made(original: Original) -> dict[str, Action]:
        found = mutate(original.settings, original.system, mutation)
        assert found, f"{original.name} has no place for {mutation}"
        return found

    return made


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
        (
            without("receive_syn_ack_in_syn_sent", *ACK_IS_OURS), never("receive_unacceptable_ack_in_syn_sent"),
        ),
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
        (mutant("receive_rst_in_syn_received_after_active_open", "state", "enters LISTEN"),), "must-11", ("resets-are-believed",),
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
        (
            without("receive_ack_in_syn_received", *ACK_IS_OURS), never("receive_unacceptable_ack_in_syn_received"),
        ),
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
)  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.what)
def test_a_mistake_of_a_real_stack_is_caught_by_name(mistake: Mistake) -> None:
    (original,) = originals([mistake.model])
    changed: dict[str, Action] = {}
    for change in mistake.changes:
        changed |= change(original)
    search = search_mutant(original, changed)
    assert search.complete
    differing = original.verdicts.differ(verdicts(search, original.properties, live=original.is_small))
    missed = set(mistake.properties) - set(differing)
    assert not missed, f"{mistake.what}: not noticed by {sorted(missed)}, but by {differing}"
