"""Both engines on every shipped model, at the depth that is the default: what Z3 says of runs of up to 12 steps is what
exploration found.

By default on the models of up to 200 states: 14 of them, 15 seconds of a core together. On all others with
`python -m pytest -m slow tests/models/test_both_engines.py`. When all 96 models were measured Z3 took 9.5 minutes of a core for
them, and exploration one: 67 took at most 5 seconds each, `three-way` 8, `simultaneous-open-twice`, with 361,000 states, 51.
"""

from __future__ import annotations

import pytest

from synproof.engine.api import load_model
from synproof.engine.checker import DEPTH, Task, check
from synproof.engine.property import PropertyKind, Verdict
from synproof.models.catalogue import catalogue

from .test_shipped import NAMES

DECIDED = (Verdict.VIOLATED, Verdict.REACHED)


QUICK = tuple(name for name in NAMES if (catalogue.load(name).expect.states or 0) <= 200)


@pytest.mark.parametrize("name", QUICK)
def test_both_engines_agree_on_small_models(name: str) -> None:
    agree(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in NAMES if name not in QUICK])
def test_both_engines_agree(name: str) -> None:
    agree(name)


def agree(name: str) -> None:
    """Explore and solve; nothing may differ, and everything must be answered."""
    subject = load_model(name)
    explored, solved = check(subject, Task("both", DEPTH))
    assert not solved.stopped_by and all(result.verdict is not Verdict.UNKNOWN for result in solved.properties)
    for prop in subject.properties:
        if prop.kind is PropertyKind.EVENTUALLY or prop.not_applicable:
            continue
        if prop.each:
            assert solved.result(prop.name).verdict is Verdict.NOT_APPLICABLE, "it asks for several runs"
            continue
        here, there = explored.result(prop.name), solved.result(prop.name)
        if here.steps is not None and here.steps <= DEPTH:
            assert (there.verdict, there.steps) == (here.verdict, here.steps), prop.name
        else:
            assert there.verdict not in DECIDED, prop.name
            if there.verdict is Verdict.HOLDS_UP_TO:
                assert there.depth == DEPTH, prop.name
            if there.verdict is Verdict.PROVED:
                assert here.verdict is Verdict.HOLDS, prop.name
