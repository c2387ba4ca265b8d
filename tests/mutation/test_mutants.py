"""A sample of the campaign: mutants of the specification are noticed by named properties. `python -m tests.mutation`
tries all."""

from __future__ import annotations

import random

import pytest

from .campaign import Outcome, all_mutations, fate_of
from .originals import Original, originals

SMALL = (
    "blind-reset-challenged", "blind-reset-rfc793", "give-up", "half-open-idle", "handshake", "refused", "refused-silently",
    "reset-with-ack-in-syn-sent", "reset-without-ack-in-syn-sent", "simultaneous-open", "two-generals", "two-passive-ends",
)  # fmt: skip
SAMPLE = 60


@pytest.fixture(scope="module")
def models() -> list[Original]:
    return originals(SMALL)


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


KNOWN_MISTAKES = {
    "SYN-SENT accepts a SYN-ACK without looking at its ACK number": "receive_syn_ack_in_syn_sent: guard",
    "the third segment's ACK number is not checked": "receive_ack_in_syn_received: guard",
    "a RST is accepted at any sequence number": "receive_rst_in_established: guard",
    "RST in SYN-RECEIVED always leads to LISTEN": "receive_rst_in_syn_received_after_active_open: state",
    "a SYN takes no number": "open_active: snd_nxt",
}


@pytest.mark.parametrize("mistake", KNOWN_MISTAKES)
def test_mistakes_of_real_stacks_are_noticed_by_name(models: list[Original], mistake: str) -> None:
    here = [m for m in all_mutations(models) if str(m).startswith(KNOWN_MISTAKES[mistake])]
    fates = [fate_of(m, models) for m in here]
    noticed = [fate for fate in fates if fate.outcome is Outcome.NOTICED]
    assert noticed and all(fate.by for fate in noticed), f"{mistake}: {[str(f.mutation) for f in fates]}"
    assert not [str(f.mutation) for f in fates if f.outcome is Outcome.SURVIVES]
