"""Coverage: nothing of section 3.10, of the RFC's numbered requirements or of our rules is forgotten; what is named exists."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from synproof.engine.api import load_model
from synproof.engine.checker import explored
from synproof.engine.graphs.graph import quotient
from synproof.models.ledger.census import Census, deeds, take_census
from synproof.models.ledger.coverage_data import Clause, beyond, clauses, never, numbers, others, requirements
from synproof.models.ledger.coverage_page import coverage
from synproof.spec.figure_5 import ARCS
from synproof.spec.properties import names
from synproof.spec.refusals import REFUSALS
from synproof.spec.settings import setting
from synproof.spec.states import STATE
from synproof.spec.system import RULES

STATES_OF = {rule.write.__name__: {str(state.attr) for state in rule.states} for rule in RULES}
SECTION = {"3.10.1": "OPEN", "3.10.2": "SEND", "3.10.4": "CLOSE", "3.10.5": "ABORT"}
STEPS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"]


def test_every_rule_in_every_state_answers_some_clause() -> None:
    answered = {(rule, state) for row in clauses() for rule in row.rules for state in row.answered_in}
    every = {(rule, state) for rule, states in STATES_OF.items() for state in states}
    assert every <= answered, f"add them to the tables of models/ledger: {sorted(every - answered)}"


@pytest.mark.parametrize("row", clauses(), ids=lambda row: f"{row.section} {row.step} {row.says[:30]}")
def test_a_clause_is_answered_or_says_why_not(row: Clause) -> None:
    assert row.rules or row.call or row.missing
    assert set(row.states) <= set(STATE.members)
    assert set(row.only) <= set(row.states)
    assert set(row.rules) <= set(STATES_OF), "functions of spec/"
    for rule in row.rules:
        assert STATES_OF[rule] & set(row.answered_in), f"{rule} is for none of these states"
    if row.rules:
        possible = set().union(*(STATES_OF[rule] for rule in row.rules))
        assert set(row.answered_in) <= possible, "in each of the states some rule must answer"


def test_each_call_is_described_in_each_state() -> None:
    for section in ("3.10.1", "3.10.2", "3.10.3", "3.10.4", "3.10.5", "3.10.6"):
        assert {state for row in clauses() if row.section == section for state in row.states} == set(STATE.members), section


def test_each_step_of_an_arrival_is_described_in_each_state() -> None:
    parts = (("3.10.7.2", STATE.members[1:2], 4), ("3.10.7.3", STATE.members[2:3], 5), ("3.10.7.4", STATE.members[3:], 8))
    for section, states, many in parts:
        rows = [row for row in clauses() if row.section == section]
        found = {step for row in rows for step in STEPS if row.step.startswith(step)}
        assert found == set(STEPS[:many])
        for step in found:
            described = {state for row in rows if row.step.startswith(step) for state in row.states}
            spared = {"SYN_RECEIVED"} if step in ("sixth", "seventh") else set()  # the RFC says nothing of it there
            assert set(states) - spared <= described, (section, step)


def test_a_clause_cites_the_section_of_its_rules() -> None:
    elsewhere = {  # rules whose own clause is another, with what they do here
        "receive_syn_ack_in_syn_received": "figure 7", "receive_rst_in_syn_received_whatever_the_open": "3.5",
        "ignore_rst_in_time_wait": "RFC 1337", "receive_rst_in_syn_received_after_time_wait": "MAY-2",
        "receive_syn_in_syn_received_after_time_wait": "MAY-2", "give_up_in_syn_received_after_time_wait": "MAY-2",
    }  # fmt: skip
    cited = {rule.write.__name__: rule.clause for rule in RULES}
    for row in clauses():
        for rule in row.rules:
            section = re.match(r"[0-9.]+|not in the RFC", row.section)
            assert section is not None
            of_fin = row.step.startswith("eighth") and row.states[0] == "CLOSED"  # which says that no rule does anything
            assert section.group() in cited[rule] or rule in elsewhere or of_fin, (rule, row.section, cited[rule])


def test_refusals_are_the_words_of_a_clause() -> None:
    said = {}
    for row in clauses():
        if row.call:
            assert SECTION[row.section] == row.call
            said.update({(row.call, state): row.says for state in row.states})
    assert set(said) == set(REFUSALS)
    for place, words in REFUSALS.items():
        assert words in said[place], place


def test_what_a_requirement_names_exists() -> None:
    for row in requirements():
        assert row.extent in ("modelled", "partly", "not"), row.name
        assert set(row.rules) <= set(STATES_OF), row.name
        assert set(row.properties) <= set(names()), row.name
        assert all(setting(name).name == name for name in row.settings), row.name
        assert row.rules or row.settings or row.remark, row.name
        assert row.extent == "not" or row.rules or row.settings or row.properties, row.name


def test_every_number_of_the_rfc_is_there_once() -> None:
    texts = [*(row.name for row in requirements()), *(text for _, text in others())]
    found = Counter(number for text in texts for number in numbers(text))
    kinds = (("MUST", 69), ("SHLD", 31), ("MAY", 18), ("REC", 1))
    assert found == Counter(f"{kind}-{i}" for kind, last in kinds for i in range(1, last + 1))


def test_names_of_actions_and_sentences_tell_deeds_apart() -> None:
    assert len(deeds()) == sum(len(rule.states) for rule in RULES)
    assert set(never()) <= {action for action, _ in deeds()}
    assert set(beyond()) <= set(STATES_OF)


# ---- the census ------------------------------------------------------------------------------------------------------

SMALL = ("release-in-order", "last-ack", "two-passive-ends", "three-segment-close")


@pytest.fixture(scope="module")
def census() -> Census:
    return take_census(SMALL)


def test_the_census_counts_what_happens(census: Census) -> None:
    assert set(census.models) == set(SMALL)
    assert census.times("receive_fin_in_established", "ESTABLISHED") == ("release-in-order", "last-ack")
    assert census.times("receive_fin_in_established_and_close", "ESTABLISHED") == ("three-segment-close",)
    assert census.times("receive_other_in_listen", "LISTEN") == ()
    assert all(set(census.taken[deed]) <= set(census.had[deed]) for deed in census.had)


def test_a_witness_is_as_short_as_the_quotient_has_it(census: Census) -> None:
    steps: dict[tuple[str, str], int] = {}
    for name in ("release-in-order", "last-ack", "two-passive-ends"):
        exploration = explored(load_model(name, properties=["no-ghost-connection"]))
        for end in ("client", "server"):
            for (before,), (after,), edge in quotient(exploration, [f"{end}.state"]).edges(data=True):
                steps[before, after] = min(edge["steps"], steps.get((before, after), 10**6))
    found: dict[tuple[str, str], int] = {}
    for change, witness in census.changes.items():
        if witness.model != "three-segment-close":
            place = (change.before, change.after)
            found[place] = min(witness.steps, found.get(place, 10**6))
    assert found == steps


def test_models_with_another_close_witness_only_what_is_their_own(census: Census) -> None:
    theirs = {change.function for change, witness in census.changes.items() if witness.model == "three-segment-close"}
    assert theirs == {"receive_fin_in_established_and_close", "receive_fin_in_syn_received_and_close"}


def test_the_page_tells_each_clause_rule_requirement_and_arc(census: Census) -> None:
    text = coverage(census)
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert all(f"`{rule}`" in text for rule in STATES_OF)
    assert all(any(row.startswith(f"| {r.name} |") for row in rows) for r in requirements())
    assert all(any(f"| {b} | {a} |" in row for row in rows) for b, a in (arc.states for arc in ARCS))
    assert "not found: SEND in LISTEN" in text
    assert "| LISTEN | `last-ack`, 1 step: " in text or "| LISTEN | `release-in-order`, 1 step: " in text
    assert text.count("\n## ") == len({row.section for row in clauses()}) + 3
    assert coverage(census) == text


@pytest.mark.slow
def test_every_change_of_state_that_is_not_drawn_has_a_reason() -> None:
    whole = take_census()
    untaken = {deed.action for deed, models in whole.taken.items() if not models}
    assert untaken == set(never())
    drawn = [arc for arc in ARCS if arc.rules]
    found = {(c.before, c.after) for c in whole.changes if c.function not in beyond()}
    assert found == {(str(arc.before.attr), str(arc.after.attr)) for arc in drawn}, "all arcs, and no change without a reason"
