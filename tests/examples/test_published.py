"""Published systems and what is known of them: numbers of states, what holds and what does not, and under which fairness."""

from __future__ import annotations

from pathlib import Path

import pytest

from synproof.engine.api import Subject, check
from synproof.engine.property import PropertyKind, Verdict
from synproof.engine.results import disagreements

from ..engine.foreign.spin import count, missing
from . import published
from .published import Found

KNOWN: dict[str, tuple[Found, int | None, dict[str, object]]] = {
    "Peterson": (
        published.peterson(), None, {"exclusion": "holds", "no-starvation": "holds", "without-fairness": "violated"},
    ),
    "Peterson, each taking the turn": (published.peterson(polite=False), None, {"exclusion": 6}),
    "a semaphore": (
        published.semaphore(), 8, {"exclusion": "holds", "somebody-enters": "holds", "no-starvation": "violated"},
    ),
    "Die Hard": (published.die_hard(), 16, {"never-four": 6}),  # TLC: 97 states generated, 16 distinct
    "Milner's scheduler of 4": (published.scheduler(4), 4 * 2**5, {"one-token": "holds", "round-robin": "holds"}),
    "Milner's scheduler of 8": (published.scheduler(8), 8 * 2**9, {"one-token": "holds", "round-robin": "holds"}),
    "alternating bit": (
        published.alternating_bit(1), None, {"in-step": "holds", "delivers": "holds", "delivers-over-any-channel": "violated"},
    ),
    "alternating bit, reordered": (published.alternating_bit(2), None, {"in-step": 7}),
}  # fmt: skip
"""What -> the system, how many states are published, and per property the verdict, or the steps of the shortest violation."""


@pytest.mark.parametrize("what", KNOWN)
def test_what_is_known_is_found_by_both_engines_and_by_spin(what: str, tmp_path: Path) -> None:
    (system, properties), states, known = KNOWN[what]
    subject = Subject(system.name, system, properties)
    explored = check(subject)
    if states is not None:
        assert explored.states == states
    for name, said in known.items():
        found = explored.result(name)
        if isinstance(said, int):
            assert (found.verdict, found.steps) == (Verdict.VIOLATED, said), name
        else:
            assert found.verdict.value == said, name
    assert disagreements([explored, check(subject, engine="smt", depth=8)]) == []
    if not missing():
        theirs = count(subject, tmp_path)
        assert (theirs.states, theirs.transitions) == (explored.states, explored.transitions)


def test_starvation_is_a_run_that_passes_the_same_process_by_for_ever() -> None:
    system, properties = published.semaphore()
    (starving,) = (prop for prop in properties if prop.name == "no-starvation")
    assert starving.kind is PropertyKind.EVENTUALLY
    trace = check(Subject("semaphore", system, (starving,))).properties[0].trace
    assert trace is not None and trace.loop is not None
    repeated = trace.steps[trace.loop :]
    assert {step.action.actor for step in repeated} == {"p1"} and all(step.after["at0"] == "WAITS" for step in repeated)
