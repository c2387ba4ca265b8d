"""A sample of the campaign: mutants of the specification are noticed by named properties. `python -m tests.mutation`
tries all."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from synproof.engine.compile import Compiled
from synproof.engine.search.explore import UNLIMITED, explore
from synproof.spec.states import STATE

from .campaign import Outcome, all_mutations, fate_of
from .mutants import differences, mutate, rewritten, told_anew
from .originals import Original, originals
from .patched import Patched
from .same_graph import changes_graph
from .tampering import Mutation

SMALL = (
    "blind-reset-challenged", "blind-reset-rfc793", "fin-wait-2-timeout", "give-up", "half-open-idle", "handshake",
    "last-ack-without-retransmission", "listener-crashes", "refused", "reset-with-ack-in-syn-sent", "simultaneous-close",
    "simultaneous-open", "two-generals", "two-passive-ends",
)  # fmt: skip
TIMED = ("laws-keepalive", "laws-linger", "laws-quiet-time", "laws-reopening")
SAMPLE = 60


@pytest.fixture(scope="module")
def models() -> list[Original]:
    return originals(SMALL)


@pytest.mark.parametrize("name", [*SMALL, *TIMED, "reassembly", "rfc5961-all", "two-way"])
def test_without_a_mistake_the_rules_are_written_as_they_are(name: str) -> None:
    (original,) = originals([name])
    for mine, shipped in zip(rewritten(original.settings, original.system), original.system.actions, strict=True):
        assert mine.name == shipped.name
        assert mine.guard == shipped.guard and mine.effects == shipped.effects, mine.name
        assert mine.sends == shipped.sends and mine.events == shipped.events, mine.name
        assert mine.needs == shipped.needs and mine.tags == shipped.tags, mine.name


@pytest.mark.parametrize("name", ["half-open-idle", "keepalive-loses-one", "simultaneous-close", "three-way-old-data"])
def test_without_a_mistake_what_is_told_is_the_same(name: str) -> None:
    """What a mutant reports to the history does not depend on its being a mutant."""
    (original,) = originals([name])
    assert Patched(original, told_anew(original.settings, original.system)).noticed_by(all_of_them=True) == []


def test_there_is_a_mutant_for_each_state_timer_and_deadline() -> None:
    models = originals(["laws-keepalive", "laws-linger", "laws-quiet-time", "simultaneous-close"])
    offered = {str(mutation) for original in models for mutation in original.offers}
    entered = {name.rpartition(" ")[2] for name in offered if ": state: enters" in name}
    assert entered == set(STATE.members)
    for some in (
        "leave_time_wait: waited: ends one tick early", "end_quiet_time: quiet: ends one tick early",
        "receive_unacceptable_in_time_wait: waited: is not restarted", "clock.tick: channel: is not changed",
        "send_keepalive_in_established: tags: time need not wait for it", "clock.tick: waited: is not changed",
        "network.duplicate: channel: a duplicate gets a new lifetime", "crash_in_established: quiet: is not kept",
    ):  # fmt: skip
        assert some in offered


@pytest.mark.parametrize("name", ["half-open-idle", "laws-linger", "simultaneous-close"])
def test_a_patched_system_has_the_transitions_of_the_whole_one(name: str) -> None:
    (original,) = originals([name])
    for mutation in random.Random(7).sample(sorted(original.offers), 5):
        changed = mutate(original.settings, original.system, mutation)
        patched = Patched(original, changed)
        system = replace(original.system, actions=original.with_actions(changed))
        whole = Compiled(system, events=original.unit.events)
        for state in random.Random(8).sample(list(original.exploration.states), 50):
            mine: list[tuple[int, int, int]] = []
            theirs: list[tuple[int, int, int]] = []
            patched.successors(state, mine, [0] * len(whole.needs))
            whole.successors(state, theirs, [0] * len(whole.needs))
            assert sorted(mine) == sorted(theirs), mutation


@pytest.mark.parametrize("name", ["handshake", "laws-keepalive", "simultaneous-close"])
def test_where_a_rule_applies_nowhere_only_another_guard_changes_anything(name: str) -> None:
    (original,) = originals([name])
    idle = sorted(mutation for mutation in original.offers if original.cannot_change(mutation))
    assert idle
    for mutation in random.Random(6).sample(idle, 20):
        changed = differences(original.settings, original.system, mutation)
        assert not changed or not changes_graph(original, changed), mutation


def test_a_graph_changes_if_the_states_without_history_do(models: list[Original]) -> None:
    """What is decided from the original's states alone agrees with exploring the mutant."""
    (original,) = (one for one in models if one.name == "simultaneous-close")
    for mutation in random.Random(4).sample(sorted(original.offers), 12):
        changed = differences(original.settings, original.graph.system, mutation)
        if changed and not changes_graph(original, changed):
            actions = tuple(changed.get(action.name, action) for action in original.graph.system.actions)
            system = replace(original.graph.system, actions=actions)
            assert len(explore(system, (), UNLIMITED).states) == original.states, mutation


def test_what_is_noticed_is_so(models: list[Original]) -> None:
    small = [original for original in models if original.states < 250]
    for mutation in random.Random(5).sample(all_mutations(small), 6):
        fate = fate_of(mutation, small)
        if fate.outcome is Outcome.NOTICED:
            (original,) = (one for one in small if one.name == fate.model)
            changed = mutate(original.settings, original.system, mutation)
            system = replace(original.system, actions=original.with_actions(changed))
            found = explore(system, original.watched, UNLIMITED).findings.keys()
            watched = {prop.name for prop in original.watched} & set(fate.by)
            assert watched & original.verdicts.excluded <= found, mutation
            assert not watched & original.verdicts.found & found, mutation


@pytest.mark.parametrize(
    ("mutation", "model", "by"),
    [
        (Mutation("abort_in_fin_wait_2", "waited", "one more"), "laws-linger", "follows-figure-5"),
        (Mutation("abort_in_fin_wait_2", "closed_by_user", "is not set"), "laws-linger", "closing-in-order"),
        (Mutation("receive_fin_in_fin_wait_2", "probes", "is not restarted"), "keepalive-half-closed", "keepalive-asks-first"),
        pytest.param(
            Mutation("receive_syn_to_reopen_in_time_wait", "closed_by_user", "is not set"), "laws-reopening",
            "closing-in-order", marks=pytest.mark.slow,
        ),
        pytest.param(
            Mutation("receive_ack_in_syn_received", "reopened", "is not set"), "laws-reopening",
            "closing-in-order", marks=pytest.mark.slow,
        ),
    ],
    ids=str,
)  # fmt: skip
def test_what_nobody_reads_any_more_is_noticed_too(mutation: Mutation, model: str, by: str) -> None:
    """A timer that begins late, a CLOSE that is remembered, a way back that stays: where nothing else would show it."""
    fate = fate_of(mutation, originals([model], sparing=True))
    assert by in fate.by, fate


def test_what_is_not_mutated_is_what_is_shipped(models: list[Original]) -> None:
    for original in models:
        assert original.declared, original.name
        assert original.verdicts.found, f"{original.name} has no witness to lose"


def test_mutants_that_change_a_graph_are_noticed(models: list[Original]) -> None:
    mutations = random.Random(9293).sample(all_mutations(models), SAMPLE)
    fates = [fate_of(mutation, models) for mutation in mutations]
    changed = [fate for fate in fates if fate.outcome is not Outcome.EQUIVALENT]
    survivors = [str(fate.mutation) for fate in changed if fate.outcome is Outcome.SURVIVES]
    assert len(changed) >= SAMPLE / 4, "hardly any mutant changes anything"
    assert len(survivors) <= 0.1 * len(changed), survivors
