"""Figure 5: its arcs are what the rules do, each that is modelled is taken in some model, and one that is not taken is told."""

from __future__ import annotations

import pytest

from synproof.engine.api import check, load_model
from synproof.engine.checker import explored
from synproof.engine.expr import Expr
from synproof.engine.graphs.graph import quotient
from synproof.engine.property import Verdict
from synproof.engine.search.scenario import first_steps
from synproof.engine.system import Action
from synproof.spec import Settings, build
from synproof.spec.figure_5 import ARCS, figure_5
from synproof.spec.system import RULES, ends

from .test_rules import VARIANTS

NOT_MODELLED = ("LISTEN", "SYN-SENT")


def where_to(action: Action, state: Expr, end: str) -> Expr:
    """The state in which an action leaves an end that was in `state`."""
    return dict(action.effects).get(f"{end}.state", state)


def test_the_rules_of_an_arc_lead_along_it() -> None:
    seen = set()
    for variant in VARIANTS.values():
        settings = Settings.of(variant)
        actions = {action.name: action for action in build(settings).actions}
        for arc in ARCS:
            for me in ends(settings):
                for rule in arc.rules:
                    if settings.close_style == "three-way" or settings.handshake == "two-way":
                        continue  # other arcs, by rules of the same names
                    if action := actions.get(f"{me.end}.{rule}"):
                        assert (me.state == arc.before) in action.guard, rule
                        assert where_to(action, arc.before, me.end) is arc.after, rule
                        seen.add(rule)
    assert seen == {rule for arc in ARCS for rule in arc.rules}


def test_the_arcs_are_the_21_of_the_figure_and_note_2() -> None:
    drawn = [arc.states for arc in ARCS if not arc.note]
    assert len(drawn) == len(set(drawn)) == 20
    assert [arc.states for arc in ARCS if arc.note] == [("FIN-WAIT-1", "TIME-WAIT")]
    assert [arc.states for arc in ARCS if not arc.rules] == [NOT_MODELLED]
    known = {rule.action_name(state) for rule in RULES for state in rule.states}
    assert {rule for arc in ARCS for rule in arc.rules} <= known


def test_every_arc_is_taken_in_one_of_two_models() -> None:
    taken: set[str] = set()
    for name in ("life", "simultaneous-open"):
        model = load_model(name, properties=["figure-5"])
        (prop,) = model.properties
        exploration = explored(model)
        runs = first_steps(exploration, prop.each)
        assert all(run is not None for run in runs), name
        taken |= {line.text for line in prop.each}
        for end in ("client", "server"):  # and the quotient by the end's states has each of these arcs
            graph = quotient(exploration, [f"{end}.state"])
            for arc in ARCS:
                mine = {f"{end}.{rule}" for rule in arc.rules} & {a for a, n in exploration.coverage.items() if n}
                if mine:
                    edge = graph.edges[(arc.before.attr,), (arc.after.attr,)]
                    assert mine <= set(edge["actions"])
    assert taken == {arc.text for arc in ARCS if arc.states != NOT_MODELLED}


def test_an_arc_that_is_not_taken_is_told() -> None:
    found = check(load_model("refused-silently", properties=["figure-5"])).result("figure-5")
    assert (found.verdict, found.reason) == (Verdict.NOT_REACHED, "no run takes: SYN-RECEIVED to LISTEN: rcv RST (note 1)")


@pytest.mark.parametrize(
    ("settings", "arc", "asked"),
    [
        ({}, "SYN-SENT to SYN-RECEIVED", False),
        ({"server": "active"}, "SYN-SENT to SYN-RECEIVED", True),
        ({"attacker": "syn"}, "SYN-SENT to SYN-RECEIVED", True),
        ({"old-duplicates": "client:S:9:0:0"}, "SYN-SENT to SYN-RECEIVED", True),
        ({"server": "active"}, "SYN-RECEIVED to LISTEN", False),
        ({"close": "client"}, "CLOSE-WAIT to LAST-ACK", False),
        ({"close": "on"}, "CLOSE-WAIT to LAST-ACK", True),
        ({}, "ESTABLISHED to FIN-WAIT-1", False),
        ({"close": "on", "close-in-syn-received": "defer"}, "SYN-RECEIVED to FIN-WAIT-1", False),
    ],
)
def test_an_arc_is_asked_for_where_there_is_room_for_it(settings: dict[str, object], arc: str, asked: bool) -> None:
    made = Settings.of(settings)
    assert any(line.text.startswith(arc) for line in figure_5(made, build(made))) is asked
