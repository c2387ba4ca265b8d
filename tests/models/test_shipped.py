"""The shipped models: each is as it declares, each is one screen, and together they take every action of the specification."""

from __future__ import annotations

import pytest

from synproof.engine.api import check, load_model
from synproof.engine.property import PropertyKind, Verdict
from synproof.engine.results import ModelResult
from synproof.models.catalogue import catalogue
from synproof.models.ledger.census import deeds
from synproof.models.ledger.coverage_data import never
from synproof.spec.setting_values import ENDS

from ..house import ROOT

NAMES = [name for name, _ in catalogue.models()]


@pytest.fixture(scope="module")
def results() -> dict[str, ModelResult]:
    return {}


@pytest.mark.parametrize("name", NAMES)
def test_a_model_is_as_it_declares(name: str, results: dict[str, ModelResult]) -> None:
    model = catalogue.load(name)
    found = results[name] = check(name)
    expected = model.expect
    assert (found.states, found.transitions, found.depth) == (expected.states, expected.transitions, expected.depth)
    for declaration in model.properties:
        result = found.result(declaration.name)
        assert result.verdict is declaration.expect, declaration.name
        assert result.steps == declaration.steps, declaration.name


@pytest.mark.parametrize("name", NAMES)
def test_a_model_is_short(name: str) -> None:
    text = (ROOT / "models" / f"{name}.toml").read_text(encoding="utf-8")
    settings = text.partition("[[property]]")[0]
    assert len(settings.splitlines()) <= 24, "what a model is fits on a screen; the rest is a list"


def test_an_always_has_a_sometimes_beside_it() -> None:
    """A model that would do nothing would fail somewhere: for each, a witness, or a violation, is expected."""
    for name in NAMES:
        expected = {declaration.expect for declaration in catalogue.load(name).properties}
        assert expected & {Verdict.REACHED, Verdict.VIOLATED}, f"{name} would hold of a system that does nothing"


def test_every_action_happens_in_some_model(results: dict[str, ModelResult]) -> None:
    if len(results) < len(NAMES):
        pytest.skip("the models were not all explored in this run")
    untaken = dict(deeds())
    idle: dict[str, int] = {}
    for name, result in results.items():
        sentences = {action.name: action.sentence for action in load_model(name).system.actions}
        for action, times in (result.actions or {}).items():
            actor, _, short = action.partition(".")
            if actor not in ENDS:
                idle[action] = idle.get(action, 0) + times
            elif times:
                untaken.pop((short, sentences[action]), None)
    missing = {action for action, _ in untaken} | {action for action, times in idle.items() if not times}
    excused = set(never())
    assert missing <= excused, f"no model takes {sorted(missing - excused)}"
    assert excused <= missing, f"listed, but taken: {sorted(excused - missing)}"


def test_eventually_properties_hold_and_fail_for_a_reason() -> None:
    seen: dict[str, set[Verdict | None]] = {}
    for name in NAMES:
        _, properties = catalogue.build(catalogue.load(name))
        for prop in properties:
            if prop.kind is PropertyKind.EVENTUALLY:
                seen.setdefault(prop.name, set()).add(prop.expect)
    for name in ("establishes", "falls-quiet", "half-open-is-discovered"):
        assert {Verdict.HOLDS, Verdict.VIOLATED} <= seen[name], name
