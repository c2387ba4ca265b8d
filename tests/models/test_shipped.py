"""The shipped models: each is as it declares, each is one screen, and together they take every action of the specification."""

from __future__ import annotations

import pytest

from synproof.engine.api import check
from synproof.engine.property import PropertyKind, Verdict
from synproof.engine.results import ModelResult
from synproof.models.catalogue import catalogue

from ..house import ROOT

NAMES = [name for name, _ in catalogue.models()]

NEVER = {
    "receive_other_in_listen": "no segment is without any flag: 'this should not be reached' (3.10.7.2, fourth)",
    "receive_new_ack_in_fin_wait_2": "nothing is left to be acknowledged in FIN-WAIT-2",
    "retransmit_syn_ack_in_close_wait": "a FIN acknowledges the SYN of whoever receives it",
    "retransmit_syn_ack_in_last_ack": "a FIN acknowledges the SYN of whoever receives it",
}
"""Rules that no shipped model takes in some state, with the reason."""


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
    rules: dict[str, int] = {}
    for result in results.values():
        for action, times in (result.actions or {}).items():
            rule = action.partition(".")[2] if not action.startswith(("network.", "attacker.")) else action
            rules[rule] = rules.get(rule, 0) + times
    never = {rule for rule, times in rules.items() if not times}
    excused = set(NEVER)
    assert never <= excused, f"no model takes {sorted(never - excused)}"
    assert excused <= never, f"listed, but taken: {sorted(excused - never)}"


def test_eventually_properties_hold_and_fail_for_a_reason() -> None:
    seen: dict[str, set[Verdict | None]] = {}
    for name in NAMES:
        _, properties = catalogue.build(catalogue.load(name))
        for prop in properties:
            if prop.kind is PropertyKind.EVENTUALLY:
                seen.setdefault(prop.name, set()).add(prop.expect)
    for name in ("establishes", "falls-quiet", "half-open-is-discovered"):
        assert {Verdict.HOLDS, Verdict.VIOLATED} <= seen[name], name
