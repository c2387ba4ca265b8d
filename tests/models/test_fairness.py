"""Fairness: every assumption can be met, is needed or said to be idle, and both searches for fair runs know it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib.util import find_spec

import pytest

from synproof.engine.api import load_model
from synproof.engine.checker import Subject
from synproof.engine.experiment import Experiment, Laboratory
from synproof.engine.fairness.liveness import LivenessResult, check_feasible, check_responses
from synproof.engine.property import Fairness, Property, Verdict
from synproof.engine.search.explore import Exploration, explore
from synproof.engine.system import Kind
from synproof.models.catalogue import catalogue
from synproof.models.ledger.fairness_page import FEASIBLE, PROPERTIES, STOPPED, declaring
from synproof.models.ledger.reading import Assumption, LedgerError, assumptions

from ..engine.fairness.fair_runs import lasso_faults

FAST = find_spec("scipy") is not None
SMALL = 1_000
LARGEST = 20_000  # of which each assumption is given up in turn
USERS = frozenset({Kind.USER_CALL, Kind.ENVIRONMENT})


def models(at_most: int = LARGEST) -> list[object]:
    """The models that declare an eventually-property; a long check takes those that are not small, too."""
    sizes = {name: catalogue.load(name).expect.states or 0 for name in declaring()}
    return [
        pytest.param(name, marks=pytest.mark.slow if states > SMALL else ())
        for name, states in sizes.items() if states <= at_most
    ]  # fmt: skip


@cache
def searched(name: str, settings: tuple[tuple[str, str | int], ...] = ()) -> tuple[Subject, Exploration]:
    """A model with every property that is owed something, explored."""
    subject = load_model(name, dict(settings), [*PROPERTIES, FEASIBLE])
    return subject, explore(subject.system)


def both(ask: object, *arguments: object, **more: object) -> LivenessResult:
    """What networkx finds; the search on arrays, if it can be had, finds the same."""
    assert callable(ask)
    plain: LivenessResult = ask(*arguments, arrays=False, **more)
    assert not FAST or ask(*arguments, arrays=True, **more) == plain
    return plain


def without(prop: Property, part: Fairness) -> Property:
    """The property with one assumption less."""
    return replace(prop, fairness=prop.fairness - part)


EXHIBITS = [exhibit.experiment for assumption in assumptions() for exhibit in assumption.needed]


@pytest.mark.parametrize("one", EXHIBITS, ids=lambda one: f"{one.prop}, {one.place}")
def test_without_an_assumption_that_is_needed_a_run_waits_for_ever(one: Experiment) -> None:
    subject, explored = searched(one.model, one.settings)
    prop = next(prop for prop in subject.properties if prop.name == one.prop)
    assert explored.complete and both(check_responses, explored, prop).verdict is Verdict.HOLDS
    found = both(check_responses, explored, without(prop, one.unfair))
    assert found.verdict is Verdict.VIOLATED and found.run is not None and found.response is not None
    trace = found.run.trace(subject.system)
    assert lasso_faults(trace, found.response, prop.fairness - one.unfair) == [], "it is fair in every other way"
    assert lasso_faults(trace, found.response, prop.fairness), "and not in this one"


def table() -> tuple[set[tuple[Fairness, str]], set[tuple[Fairness, str]]]:
    """What the ledger says is needed, and what it says is idle."""
    needed = {(one.unfair, one.prop) for one in EXHIBITS}
    idle = {(part, prop) for a in assumptions() for part in a.parts for prop, _ in a.idle}
    return needed, idle


def test_of_every_assumption_that_a_property_has_the_ledger_says_whether_it_is_needed() -> None:
    needed, idle = table()
    had = set()
    for name in declaring():
        for prop in load_model(name, {}, PROPERTIES).properties:
            had |= {(part, prop.name) for part in prop.fairness.parts()}
    assert needed.isdisjoint(idle)
    assert {(part, prop) for part, prop in needed | idle} == had


@pytest.mark.parametrize("name", models())
def test_no_other_assumption_is_needed(name: str) -> None:
    needed, _ = table()
    subject, explored = searched(name)
    for prop in subject.properties:
        if prop.not_applicable or not prop.responses or both(check_responses, explored, prop).verdict is Verdict.VIOLATED:
            continue
        for part in prop.fairness.parts():
            found = both(check_responses, explored, without(prop, part))
            assert found.verdict is Verdict.HOLDS or (part, prop.name) in needed, f"{prop.name} without {part}"


@pytest.mark.parametrize("name", models(at_most=1_000_000))
def test_all_assumptions_can_be_met_whatever_has_happened(name: str) -> None:
    subject, explored = searched(name)
    assert explored.complete
    by_name = {prop.name: prop for prop in subject.properties}
    whole = by_name[FEASIBLE].fairness
    for prop in subject.properties:
        if not prop.not_applicable:
            assert set(prop.fairness.parts()) <= set(whole.parts()), "what is fair to all is fair to each"
    assert both(check_feasible, explored, whole).verdict is Verdict.HOLDS
    quiet = by_name["falls-quiet"].fairness
    assert both(check_feasible, explored, quiet, without=USERS).verdict is Verdict.HOLDS, "the applications may be silent"


def test_assumptions_that_cannot_be_met_are_noticed() -> None:
    found = Laboratory(catalogue).found(STOPPED.experiment)
    trace = found.result.trace
    assert found.verdict is Verdict.VIOLATED and trace is not None
    assert (trace.final["client.state"], trace.final["network.to_server"]) == ("SYN_SENT", ()), "nothing is left to wait for"


def test_what_must_recur_cannot_be_without_its_kind() -> None:
    subject, explored = searched("keepalive-single-probe")
    fairness = next(prop for prop in subject.properties if prop.name == FEASIBLE).fairness
    assert both(check_feasible, explored, fairness, without=frozenset({Kind.CLOCK})).verdict is Verdict.VIOLATED
    assert both(check_feasible, explored, fairness, without=USERS).verdict is Verdict.HOLDS, "users are silent in the end"


def test_an_assumption_is_drawn_and_quoted() -> None:
    for one in assumptions():
        drawn = {exhibit.experiment.unfair for exhibit in one.needed if exhibit.drawn}
        assert drawn == set(one.parts), one.name
        assert one.quote.source.startswith("RFC 9293"), one.name


def test_a_table_that_gives_up_what_it_does_not_name_is_an_error() -> None:
    from synproof.models.ledger.reading import _assumption

    row = {"name": "X", "says": "x", "real": "x", "quote": {"text": "x", "source": "x"}, "compassion": ["a", "b"]}
    assert isinstance(_assumption(row), Assumption)
    for needed in ({"model": "handshake", "property": "closes"}, {"without": "c", "model": "handshake", "property": "closes"}):
        with pytest.raises(LedgerError, match="must name one of a, b"):
            _assumption({**row, "needed": [needed]})
