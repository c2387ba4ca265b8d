"""A sample of the campaign: mutants of the specification are noticed by named properties (`python -m tests.mutation` tries all)."""

from __future__ import annotations

import random

import pytest

from .campaign import Outcome, all_mutations, fate_of
from .mutants import mutate, rewritten
from .originals import Original, originals
from .report import DOCUMENT, listed_survivors, reasons

SAMPLE = 30
SMALL = 2_500
"""The sample is tried on models of at most so many states; what survives there, on all of at most LARGE."""
LARGE = 20_000


@pytest.fixture(scope="module")
def models() -> list[Original]:
    return originals(at_most=LARGE)


VARIED = (
    "blind-reset-exact", "blind-syn-rfc793", "crash-and-reuse", "data-on-syn", "isn-any", "laws-giving-up", "must-11-off",
    "reassembly", "refused-silently", "rfc5961-all", "simultaneous-open-figure-7", "two-way", "user-timeout",
)  # fmt: skip


def test_without_a_mistake_the_rules_are_written_as_they_are() -> None:
    for original in originals(VARIED):
        for mine, shipped in zip(rewritten(original.settings, original.system), original.system.actions, strict=True):
            assert mine.name == shipped.name
            assert mine.guard == shipped.guard and mine.effects == shipped.effects, mine.name
            assert mine.sends == shipped.sends and mine.events == shipped.events, mine.name
            assert mine.needs == shipped.needs and mine.tags == shipped.tags, mine.name


def test_every_mutation_changes_an_action(models: list[Original]) -> None:
    original = next(o for o in models if o.name == "handshake")
    written = {action.name: action for action in original.system.actions}
    for mutation in random.Random(1).sample(all_mutations([original]), 50):
        changed = mutate(original.settings, original.system, mutation)
        assert changed, mutation
        for name, action in changed.items():
            before = written[name]
            parts = [(action.guard, before.guard), (action.effects, before.effects)]
            assert any(list(map(repr, mine)) != list(map(repr, shipped)) for mine, shipped in parts), mutation


def test_mutants_that_change_a_graph_are_noticed(models: list[Original]) -> None:
    small = [original for original in models if original.states <= SMALL]
    sample = sorted(random.Random(9293).sample(all_mutations(small), SAMPLE))
    fates = [fate_of(mutation, small) for mutation in sample]
    fates = [fate_of(fate.mutation, models) if fate.outcome is Outcome.SURVIVES else fate for fate in fates]
    noticed = [fate for fate in fates if fate.outcome is Outcome.NOTICED]
    survivors = [str(fate.mutation) for fate in fates if fate.outcome is Outcome.SURVIVES]
    assert len(noticed) >= SAMPLE / 4, "hardly any mutant changes anything"
    assert all(fate.by for fate in noticed)
    assert not set(survivors) - set(reasons()), "a mutant survives for which survivors.toml has no reason"


def test_the_document_lists_the_survivors_that_have_a_reason() -> None:
    assert sorted(listed_survivors(DOCUMENT.read_text(encoding="utf-8"))) == sorted(reasons())
