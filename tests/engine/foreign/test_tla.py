"""Systems as TLA+ modules: what they say, and what their configuration asks."""

from __future__ import annotations

from synproof.engine.checker import Subject
from synproof.engine.expr import any_of, ite
from synproof.engine.foreign.tla import module_name, to_cfg, to_tla
from synproof.engine.property import Property, PropertyKind
from synproof.engine.sorts import BOOL, Int, Seq
from synproof.engine.system import Kind, Step, System, Variable

from ..toys import handshake, no_ghost, ring

P, Q, N, S = Variable("p", BOOL), Variable("q", BOOL), Variable("n", Int(-1, 2), note="a number"), Variable("s", Seq(3))


def text_of(step: Step) -> str:
    initial = {"p": False, "q": False, "n": 0, "s": 0}
    spin = Step("spin", actor="a", kind=Kind.INTERNAL)
    for v in (P, Q):
        spin.set(v.expr, ~v.expr)
    spin.set(N.expr, ite(N.expr < 2, N.expr + 1, -1))
    spin.set(S.expr, S.expr + 1)
    return to_tla(Subject("toy", System("toy", (P, Q, N, S), (initial,), (step.action(), spin.action())), ()))


def act() -> Step:
    return Step("node.act", actor="node", kind=Kind.USER_CALL, sentence="It acts.", clause="3.1")


def test_an_action_is_a_guard_and_primed_lines_and_the_rest_unchanged() -> None:
    step = act()
    step.when(N.expr < 2, P.expr)
    step.set(S.expr, S.expr - N.expr)
    assert r"""
\* It acts. [3.1]
CanNodeAct ==
    /\ n < 2
    /\ p
NodeAct ==
    /\ CanNodeAct
    /\ s' = ((s + (0 - n)) % 8)
    /\ UNCHANGED <<p, q, n>>
""" in text_of(step)


def test_a_guard_that_is_a_disjunction_is_one_way_to_act() -> None:
    """Otherwise TLC counts a transition for each side that holds."""
    step = act()
    step.when(any_of(P.expr, Q.expr))
    assert "    /\\ (p \\/ q) = TRUE\n" in text_of(step)


def test_choices_are_bounded_and_variables_are_typed_and_noted() -> None:
    step = act()
    step.set(N.expr, step.choose("value", Int(-1, 2)))
    text = text_of(step)
    assert "    \\/ \\E value \\in -1..2 : NodeAct(value)\n" in text
    assert "    n,  \\* a number\n" in text and "    /\\ n \\in -1..2\n" in text


def test_what_is_in_flight_is_taken_element_by_element_or_from_the_head() -> None:
    system = handshake()
    text = to_tla(Subject("h", system, (no_ghost(system),)))
    assert "\\E segment \\in Elements(" in text
    assert "\\E token \\in First(link_from_ada)" in to_tla(Subject("ring", ring(), ()))


def test_the_configuration_counts_and_offers_the_properties() -> None:
    system = handshake()
    later = Property("later", PropertyKind.EVENTUALLY)
    cfg = to_cfg(Subject("h", system, (no_ghost(system), later)))
    assert cfg.startswith("SPECIFICATION Spec\nINVARIANT TypeOK\nCHECK_DEADLOCK FALSE\n")
    assert "\\* INVARIANT NoGhost    \\* no-ghost is violated\n" in cfg
    assert "later" not in cfg


def test_a_module_is_called_like_its_file() -> None:
    assert (module_name("three-way"), module_name("2pc")) == ("three_way", "model_2pc")
