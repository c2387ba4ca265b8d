"""Experiments: each is made once, what differs from what is said is never passed over, and rules can be taken out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synproof.engine import checker, experiment as module
from synproof.engine.api import load_model
from synproof.engine.catalogue import find
from synproof.engine.checker import Subject, Task
from synproof.engine.errors import LanguageError
from synproof.engine.experiment import Difference, Experiment, Laboratory, not_looking, without_rules
from synproof.engine.property import Fairness, PropertyKind, Verdict

GHOST = Experiment("two-way-old-data", "no-ghost-connection", Verdict.VIOLATED)
STALE = Experiment("two-way-old-data", "no-stale-data", Verdict.VIOLATED)


@pytest.fixture
def explored(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many properties each search of this test is asked for."""
    asked: list[int] = []
    real = checker.by_exploration

    def counted(subject: Subject, task: Task) -> object:
        asked.append(len(subject.properties))
        return real(subject, task)

    monkeypatch.setattr(module, "by_exploration", counted)
    return asked


def test_what_is_planned_is_found_by_one_search(explored: list[int]) -> None:
    laboratory = Laboratory(find())
    laboratory.plan([GHOST, STALE])
    assert (laboratory.found(STALE).told, laboratory.found(GHOST).told) == ("violated (3)", "violated (2)")
    assert explored == [2]


def test_what_was_not_planned_is_found_too_and_only_once(explored: list[int]) -> None:
    laboratory = Laboratory(find())
    assert laboratory.found(GHOST) is laboratory.found(GHOST)
    assert explored == [1]


def test_a_verdict_that_differs_from_what_is_said_is_an_error() -> None:
    laboratory = Laboratory(find())
    wrong = Experiment("three-way-old-data", "no-stale-data", Verdict.VIOLATED)
    with pytest.raises(Difference, match=r"^three-way-old-data: no-stale-data is said to be violated, found holds"):
        laboratory.found(wrong)
    assert len(laboratory.every_difference()) == 1
    assert Difference.exit_code == 1


def test_properties_of_ones_own_may_share_a_name() -> None:
    laboratory = Laboratory(find())
    one = Experiment("handshake", "goal", None, kind=PropertyKind.SOMETIMES, text="client.state == SYN_SENT")
    other = Experiment("handshake", "goal", None, kind=PropertyKind.SOMETIMES, text="server.state == ESTABLISHED")
    laboratory.plan([one, other])
    assert (laboratory.found(one).steps, laboratory.found(other).steps) == (1, 5)


def test_a_run_by_way_of_states() -> None:
    way = ("client.state == SYN_SENT", "client.state == CLOSED and server.state == CLOSED")
    found = Laboratory(find()).found(Experiment("refused", "", Verdict.REACHED, via=way))
    assert found.told == "reached (3)"
    assert found.experiment.command == f'synproof check refused --via "{way[0]}" --via "{way[1]}"'


def test_settings_are_part_of_the_command_and_of_the_place() -> None:
    changed = Experiment("three-way", "no-stale-data", settings=(("isn", "reuse"), ("window", 1)), without=("retransmit_*",))
    assert changed.command == "synproof check three-way -s isn=reuse -s window=1 -p no-stale-data"
    assert changed.place == "three-way with isn=reuse, window=1 without rule retransmit_*"


def test_a_segment_for_which_the_rule_is_taken_out_is_dropped() -> None:
    found = Laboratory(find()).found(
        Experiment("handshake", "establishes", Verdict.VIOLATED, without=("receive_unacceptable_in_established",))
    )
    trace = found.result.trace
    assert trace is not None
    assert "the segment is dropped" in trace.steps[-1].action.sentence


def test_a_rule_that_is_taken_out_leaves_the_others_as_they_are() -> None:
    system = load_model("handshake").system
    smaller = without_rules(system, ["retransmit_syn"])
    changed = {one.name for one, other in zip(system.actions, smaller.actions, strict=True) if one is not other}
    assert changed == {action.name for action in system.actions if action.name.endswith(".retransmit_syn")}


def test_a_rule_that_does_not_look_at_a_number_takes_any() -> None:
    unread = (("receive_ack_in_syn_received", "segment.ack"),)
    laboratory = Laboratory(find())
    assert laboratory.found(Experiment("three-way-old-data", "no-stale-data")).told == "holds"
    assert laboratory.found(Experiment("three-way-old-data", "no-stale-data", unread=unread)).told == "violated (3)"


def test_an_assumption_of_fairness_that_is_given_up_is_no_other_property(explored: list[int]) -> None:
    retransmission = Fairness(weak=frozenset({"retransmission"}))
    given_up = Experiment("handshake", "establishes", Verdict.VIOLATED, unfair=retransmission)
    laboratory = Laboratory(find())
    laboratory.plan([given_up, Experiment("handshake", "establishes"), replace(given_up, expect=None)])
    assert laboratory.found(given_up).told == laboratory.found(replace(given_up, expect=None)).told == "violated (2)"
    assert laboratory.found(Experiment("handshake", "establishes")).told == "holds"
    assert explored == [2], "one search, for the property with its fairness and with less"
    result = laboratory.found(given_up).result
    assert result.name == "establishes without weak: retransmission" and "retransmission" not in result.fairness
    assert given_up.place == "handshake without the fairness of weak: retransmission"


def test_rules_that_do_not_exist_are_errors() -> None:
    system = load_model("handshake").system
    with pytest.raises(LanguageError, match="has no rule 'retransmit_everything'"):
        without_rules(system, ["retransmit_everything"])
    with pytest.raises(LanguageError, match=r"does not look at 'server\.queued'"):
        not_looking(system, "receive_ack_in_syn_received", "server.queued")
