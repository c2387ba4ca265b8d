"""The example of `docs/own-system.md`: the published counts, the same verdicts from each engine, and the text as shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synproof.engine.api import Subject, check
from synproof.engine.evaluate import successors
from synproof.engine.property import Verdict
from synproof.engine.search.explore import explore
from synproof.engine.solver.bmc import bounded

from ..house import ROOT
from .two_phase_commit import two_phase_commit

PUBLISHED = {3: 288, 5: 8_832}  # distinct states, as TLC and Stateright report them


@pytest.mark.parametrize(("managers", "states"), PUBLISHED.items())
def test_the_published_number_of_states_is_found(managers: int, states: int) -> None:
    system, properties = two_phase_commit(managers)
    explored = explore(system, properties)
    assert explored.complete and len(explored.states) == states
    assert set(explored.findings) == {"all-commit", "some-abort"}, "consistent is not violated"


def test_the_reference_evaluator_counts_the_same() -> None:
    system, _ = two_phase_commit(3)
    pending = [dict(state) for state in system.initial]
    seen = {tuple(state.values()) for state in pending}
    while pending:
        for step in successors(system, pending.pop()):
            key = tuple(step.after.values())
            if key not in seen:
                seen.add(key)
                pending.append(dict(step.after))
    assert len(seen) == PUBLISHED[3]


def test_z3_finds_the_same_shortest_runs() -> None:
    system, properties = two_phase_commit(3)
    explored = explore(system, properties)
    solved = bounded(system, properties, 10)
    for name, finding in explored.findings.items():
        found = solved.result(name)
        assert (found.verdict, found.steps) == (Verdict.REACHED, len(explored.run_of(finding)))
    assert solved.result("consistent").verdict in (Verdict.HOLDS_UP_TO, Verdict.PROVED)


def test_without_the_vote_the_decision_is_not_consistent() -> None:
    """The property can fail: a TM that decides without having heard from all."""
    system, properties = two_phase_commit(3)
    hasty = tuple(replace(a, guard=a.guard[:1]) if a.name == "tm.commit" else a for a in system.actions)
    explored = explore(replace(system, actions=hasty), properties)
    assert "consistent" in explored.findings


def test_the_document_shows_the_code_that_is_run() -> None:
    code = (ROOT / "tests" / "examples" / "two_phase_commit.py").read_text(encoding="utf-8")
    text = (ROOT / "docs" / "own-system.md").read_text(encoding="utf-8")
    assert f"```python\n{code}```\n" in text
    system, properties = two_phase_commit(3)
    result = check(Subject("two-phase commit", system, tuple(properties)))
    shown = [(found.name, found.verdict.value, found.steps) for found in result.properties]
    assert f"    {result.states} {shown}\n" in text
