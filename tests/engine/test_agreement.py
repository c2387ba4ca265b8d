"""Exploration with `evaluate`, exploration with `compile` and Z3 agree on random systems: verdict and shortest length."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest

from synproof.engine.evaluate import holds, successors
from synproof.engine.expr import Op
from synproof.engine.property import Property, PropertyKind, Verdict
from synproof.engine.solver import frontier
from synproof.engine.solver.bmc import bounded
from synproof.engine.system import System

from .random_systems import FEWEST, Drawn, discoverers, draw, operators

SYSTEMS, MORE, BATCH = 2_000, 10_000, 100
DEEPEST = 6  # steps that Z3 looks ahead
FEW = (0, 6, frontier.FEW)  # in turn: Z3 searches along runs, sets out from a frontier on the way, finds state by state


def by_evaluation(system: System, properties: tuple[Property, ...]) -> tuple[int, int, dict[str, int]]:
    """States, transitions, and the least number of steps that decides each property: by the evaluator alone."""
    found: dict[str, int] = {}
    level = {frozenset(state.items()): state for state in system.initial}
    seen = set(level)
    states = transitions = depth = 0
    while level:
        following = {}
        for state in level.values():
            states += 1
            steps = list(successors(system, state))
            transitions += len(steps)
            quiet = not any(step.action.kind.is_protocol_step for step in steps)
            for prop in properties:
                if prop.predicate is None or (prop.only_quiescent and not quiet):
                    continue
                if holds(prop.predicate, state) is (prop.kind is PropertyKind.SOMETIMES):
                    found.setdefault(prop.name, depth)
            for step in steps:
                for prop in properties:
                    if prop.event in step.events():
                        found[prop.name] = min(found.get(prop.name, depth + 1), depth + 1)
                key = frozenset(step.after.items())
                if key not in seen:
                    seen.add(key)
                    following[key] = step.after
        level, depth = following, depth + 1
    return states, transitions, found


def by_exploration(drawn: Drawn) -> dict[str, int]:
    """The least number of steps that decides each property, by generated code."""
    explored = drawn.explored
    return {name: len(explored.run_of(finding)) for name, finding in explored.findings.items()}


def compare(seed: int) -> tuple[Drawn, Mapping[str, int]]:
    """The three engines on the system of one seed: nothing may differ."""
    drawn = draw(seed)
    explored = drawn.explored
    states, transitions, evaluated = by_evaluation(drawn.system, drawn.properties)
    compiled = by_exploration(drawn)
    assert (states, transitions) == (len(explored.states), explored.transitions), f"seed {seed}: counts"
    assert evaluated == compiled, f"seed {seed}: evaluate and compile"
    depth = min(DEEPEST, max(compiled.values(), default=2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frontier, "FEW", FEW[seed % len(FEW)])
        solved = bounded(drawn.system, drawn.properties, depth)
    for prop, result in zip(drawn.properties, solved.properties, strict=True):
        expected = compiled.get(prop.name)
        if expected is not None and expected <= depth:
            wanted = Verdict.REACHED if prop.kind is PropertyKind.SOMETIMES else Verdict.VIOLATED
            assert (result.verdict, result.steps) == (wanted, expected), f"seed {seed}: {prop.name}"
        else:
            allowed = {Verdict.HOLDS_UP_TO, Verdict.INCOMPLETE} | ({Verdict.PROVED} if expected is None else set())
            assert result.verdict in allowed, f"seed {seed}: {prop.name} is {result.verdict}, explored: {expected}"
    return drawn, compiled


def is_shallow(drawn: Drawn, found: Mapping[str, int]) -> bool:
    """Too small to show a difference: few states, one action that discovers, or no violation at depth 2 or more."""
    deep = any(found.get(p.name, 0) >= 2 for p in drawn.properties if p.kind is PropertyKind.ALWAYS)
    return len(drawn.explored.states) < FEWEST or discoverers(drawn.explored) < 2 or not deep


@pytest.fixture(scope="module")
def tally() -> Counter[str]:
    return Counter()


@pytest.mark.parametrize("first", range(0, SYSTEMS, BATCH))
def test_three_engines_agree(first: int, tally: Counter[str]) -> None:
    for seed in range(first, first + BATCH):
        drawn, found = compare(seed)
        tally["systems"] += 1
        tally["shallow"] += is_shallow(drawn, found)
        states = len(drawn.explored.states)
        tally["states " + ("10-19" if states < 20 else "20-49" if states < 50 else "50 or more")] += 1
        tally[f"deepest violation {min(max(found.values(), default=0), 6)}"] += 1
        tally.update(f"operator {name}" for name in operators(drawn))


def test_the_systems_are_not_shallow_and_use_every_operator(tally: Counter[str], capsys: pytest.CaptureFixture[str]) -> None:
    if not tally:
        pytest.skip("the systems were not drawn in this run")
    with capsys.disabled():
        print("\n" + "\n".join(f"  {name:24} {n:6}" for name, n in sorted(tally.items()) if "operator" not in name))
    assert tally["shallow"] <= tally["systems"] / 10
    missing = {op.name for op in Op} - {name.removeprefix("operator ") for name in tally}
    assert not missing, f"no random system uses {missing}"


@pytest.mark.slow
@pytest.mark.parametrize("first", range(SYSTEMS, SYSTEMS + MORE, BATCH))
def test_three_engines_agree_on_more(first: int) -> None:
    for seed in range(first, first + BATCH):
        compare(seed)
