"""The language: what simplifies, what is one node, and errors that name the mistake, where it is and what exists instead."""

from __future__ import annotations

import gc
import importlib
from collections.abc import Callable, Mapping

import pytest

from synproof.engine.compile import Compiled
from synproof.engine.errors import (
    DoubleAssignment,
    LanguageError,
    SortMismatch,
    SymbolicTruth,
    UnknownName,
    ValueOutsideSort,
)
from synproof.engine.evaluate import evaluate
from synproof.engine.expr import (
    FALSE,
    TRUE,
    Expr,
    Op,
    all_of,
    any_of,
    bag_of,
    clamp,
    const,
    empty,
    equal,
    field,
    has,
    iff,
    implies,
    insert,
    ite,
    item,
    lift,
    negate,
    node_of,
    ordinal,
    param,
    postorder,
    record,
    remove,
    size,
    slots,
    var,
)
from synproof.engine.layout import Layout
from synproof.engine.rewriting import rebuild, substitute
from synproof.engine.sorts import BOOL, Bag, Enum, Int, Record, Seq, Value
from synproof.engine.system import Action, Kind, Step, System, Variable

from ..house import modules_of
from .formulas import HEAP, SORTS, VARIABLES, Formulas

STATE = Enum("State", ("CLOSED", "LISTEN", "ESTABLISHED"))
OTHER = Enum("Other", ("CLOSED", "OPEN"))
SEGMENT = Record("Segment", (("seq", Seq(4)), ("syn", BOOL), ("len", Int(1, 3))))
NET = Bag(SEGMENT, 2)
p, q, r = (var(name, BOOL) for name in "pqr")
state, number, count = var("state", STATE), var("number", Seq(4)), var("count", Int(0, 5))
segment, net = var("segment", SEGMENT), var("net", NET)


# ---- one node for one expression -------------------------------------------------------------------------------------


def test_equal_expressions_are_one_object() -> None:
    assert all_of(p, count + 1 < 3) is all_of(p, count + 1 < 3)
    assert all_of(p, q) is not all_of(q, p), "the order of conjuncts is what the user wrote"


def test_nodes_that_nobody_uses_are_forgotten_and_made_again() -> None:
    before = repr(count + 41)
    gc.collect()
    assert repr(count + 41) == before


def test_true_and_one_are_different_constants() -> None:
    assert const(True) is not const(1)
    assert const(True).sort == BOOL and const(1).sort == Int(1, 1)


def test_depth_is_no_limit() -> None:
    deep: Expr = p
    for _ in range(20_000):
        deep = ite(q, negate(deep), r)
    assert len(postorder(deep)) > 20_000
    assert evaluate(deep, {"p": True, "q": True, "r": False}) is True
    assert substitute(deep, {q: FALSE}) is r


def test_postorder_lists_arguments_first_and_every_node_once() -> None:
    shared = count + 1
    order = postorder(all_of(shared < 3, equal(shared, 2)))
    assert len(order) == len({id(node) for node in order})
    place = {id(node): i for i, node in enumerate(order)}
    assert all(place[id(arg)] < place[id(node)] for node in order for arg in node.args)


# ---- what simplifies -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("built", "simple"),
    [
        (all_of(), TRUE),
        (any_of(), FALSE),
        (p & True, p),
        (p & False, FALSE),
        (p | True, TRUE),
        (p | False, p),
        (p & p, p),
        (all_of(p, all_of(q, p)), all_of(p, q)),
        (~~p, p),
        (~TRUE, FALSE),
        (p == True, p),  # noqa: E712
        (p == False, ~p),  # noqa: E712
        (p == p, TRUE),  # noqa: PLR0124
        (implies(p, True), TRUE),
        (implies(False, p), TRUE),
        (iff(p, True), p),
        (ite(True, p, q), p),
        (ite(p, q, q), q),
        (ite(p, True, q), p | q),
        (ite(p, False, q), ~p & q),
        (ite(p, q, True), ~p | q),
        (ite(p, q, False), p & q),
        (count + 0, count),
        (0 + count, count),
        (count - 0, count),
        (const(2) + 3, const(5)),
        (number + 0, number),
        (const(14, Seq(4)) + 5, const(3, Seq(4))),
        (const(3, Seq(4)) - const(14, Seq(4)), const(5)),
        (number - number, const(0)),
        (number < number, FALSE),  # noqa: PLR0124
        (number <= number, TRUE),  # noqa: PLR0124
        (count < 6, TRUE),
        (count < 0, FALSE),
        (count <= 5, TRUE),
        (count >= 0, TRUE),
        (count > 5, FALSE),
        (clamp(count, 0, 9), count),
        (clamp(const(12), 0, 9), const(9)),
        (ordinal(const(7, Seq(4))), const(7)),
        (state.isin("LISTEN"), state == "LISTEN"),
        (state.isin(), FALSE),
        (const("LISTEN", STATE).isin("LISTEN", "CLOSED"), TRUE),
        (record(SEGMENT, seq=number, len=1).seq, number),
        (record(SEGMENT), const((0, False, 1), SEGMENT)),
        (const((3, True, 2), SEGMENT).len, const(2)),
        (has(empty(NET), 0), FALSE),
        (has(net, 2), FALSE),
        (item(const(((3, True, 2),), NET), 0), const((3, True, 2), SEGMENT)),
    ],
)
def test_simplifies(built: Expr, simple: Expr) -> None:
    assert built is simple


@pytest.mark.parametrize("seed", range(60))
def test_putting_constants_in_leaves_the_value(seed: int) -> None:
    """Substituting some variables, and simplifying, is the same as evaluating with their values."""
    draw = Formulas(seed)
    values = draw.state()
    for _ in range(8):
        formula = draw.expr(BOOL, 4)
        chosen = [v for v in VARIABLES if draw.rng.random() < 0.6]
        known = {v.expr: const(values[v.name], v.sort) for v in chosen}
        rest = {**draw.state(), **{v.name: values[v.name] for v in chosen}}
        assert evaluate(substitute(formula, known), rest) == evaluate(formula, rest)
        everything = {v.expr: const(values[v.name], v.sort) for v in VARIABLES}
        assert evaluate(substitute(formula, everything), {}) == evaluate(formula, values)


@pytest.mark.parametrize("seed", range(20))
def test_rebuilding_gives_an_expression_of_the_same_meaning(seed: int) -> None:
    draw = Formulas(seed)
    formula, values = draw.expr(BOOL, 5), draw.state()
    for node in postorder(formula):
        if node.args:
            assert evaluate(rebuild(node, node.args), values) == evaluate(node, values)


@pytest.mark.parametrize("seed", range(40))
def test_an_expression_has_a_value_of_its_sort(seed: int) -> None:
    draw = Formulas(seed)
    values = draw.state()
    for sort in SORTS:
        for node in postorder(draw.expr(sort, 4)):
            assert node.sort.contains(evaluate(node, values)), f"{node!r} of sort {node.sort}"


# ---- sequence numbers ------------------------------------------------------------------------------------------------


def test_order_on_the_circle_is_that_of_distances_below_half_of_it() -> None:
    s, t = var("s", Seq(3)), var("t", Seq(3))
    for a in range(8):
        for b in range(8):
            values = {"s": a, "t": b}
            assert evaluate(s < t, values) == (1 <= (b - a) % 8 <= 3)
            assert evaluate(s <= t, values) == ((b - a) % 8 <= 3)
            assert evaluate(s > t, values) == (1 <= (a - b) % 8 <= 3)
            assert evaluate(s - t, values) == (a - b) % 8
            assert evaluate(s + 9, values) == (a + 9) % 8
            assert evaluate(s - 3, values) == (a - 3) % 8
            assert evaluate(ordinal(s) < ordinal(t), values) == (a < b)


# ---- misuse ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "misuse",
    [
        lambda: bool(p), lambda: p and q,  # type: ignore[redundant-expr]
        lambda: not p, lambda: 1 if count == 2 else 0, lambda: 0 < count < 3,
        lambda: list(net), lambda: segment in net, lambda: state in ("CLOSED", "LISTEN"), lambda: assert_(count == 2),
    ],
)  # fmt: skip
def test_a_symbolic_value_has_no_truth(misuse: Callable[[], object]) -> None:
    with pytest.raises(SymbolicTruth, match=r"use |bag"):
        misuse()


def assert_(condition: object) -> None:
    assert condition


@pytest.mark.parametrize(
    ("misuse", "says"),
    [
        (lambda: state == "LISTENING", r"'LISTENING' is not a State; did you mean 'LISTEN'\?"),
        (lambda: state == 1, "1 is not a value of State"),
        (lambda: state == var("x", OTHER), r"`state` is State but `x` is Other"),
        (lambda: number == count, r"Seq\(4 bits\) .* Int\(0\.\.5\)"),
        (lambda: number == 16, "16 is not a value of Seq"),
        (lambda: p == 1, "1 is not a value of Bool"),
        (lambda: p & count, r"& and \| needs truth values, but `count` is Int"),
        (lambda: negate(number), "needs truth values"),
        (lambda: net == var("other", NET), "not compared as a whole"),
        (lambda: count + p, "cannot be added"),
        (lambda: count + "x", "'x' cannot be added"),
        (lambda: state - 1, "cannot be subtracted"),
        (lambda: number - var("m", Seq(5)), "cannot be subtracted"),
        (lambda: state < "LISTEN", "have no order"),
        (lambda: number < var("m", Seq(5)), "have no order"),
        (lambda: number <= count, "have no order"),
        (lambda: ordinal(count), "takes a sequence number, but `count` is Int"),
        (lambda: clamp(number, 0, 1), "takes a whole number"),
        (lambda: ite(p, state, number), "branches of ite are State and Seq"),
        (lambda: ite(count, 1, 2), "ite needs truth values"),
        (lambda: const("CLOSED"), r"needs a sort: const\(value, sort\)"),
        (lambda: count.seq, r"`count` is Int\(0\.\.5\), which has no fields \(asked for 'seq'\)"),
        (lambda: record(SEGMENT, seq=count), r"Segment\.seq is Seq\(4 bits\), but `count` is Int"),
        (lambda: record(SEGMENT, len=count), r"Segment\.len is Int\(1\.\.3\), but `count` is Int\(0\.\.5\)"),
        (lambda: insert(net, number), r"`number` is Seq\(4 bits\), but `net` is a bag"),
        (lambda: remove(net, number), "but `net` is a bag"),
        (lambda: size(segment), "`segment` is Segment, not a bag"),
        (lambda: bag_of(NET, [(True, number)]), "is Seq.*not Segment"),
        (lambda: state.isin(var("x", OTHER)), ".isin"),
        (lambda: state.isin(const("CLOSED", OTHER)), "State .*Other"),
        (lambda: number.isin(const(3)), r"Seq\(4 bits\) .*Int\(3\.\.3\)"),
        (lambda: lift("x", STATE), "not a State"),
    ],
)  # fmt: skip
def test_a_mixture_of_sorts_is_an_error_that_names_both(misuse: Callable[[], object], says: str) -> None:
    with pytest.raises(LanguageError, match=says):
        misuse()


def test_a_field_that_does_not_exist_is_named_with_what_exists() -> None:
    with pytest.raises(UnknownName, match=r"Segment has no field 'sin'; did you mean 'syn'\?"):
        _ = segment.sin
    with pytest.raises(UnknownName, match="known: len, seq, syn"):
        field(segment, "xyz")
    with pytest.raises(UnknownName, match="Segment has no field"):
        record(SEGMENT, sin=True)


def test_a_constant_outside_its_sort_is_named() -> None:
    with pytest.raises(ValueOutsideSort, match=r"constant = 9 is outside Int\(0\.\.5\)"):
        const(9, Int(0, 5))


def test_more_elements_than_places_are_refused() -> None:
    with pytest.raises(LanguageError, match="3 elements may not fit into a bag of at most 2 Segment"):
        bag_of(NET, [(True, segment)] * 3)


def test_slots_are_a_bags_places() -> None:
    assert [full for full, _ in slots(net)] == [has(net, 0), has(net, 1)]
    with pytest.raises(SortMismatch, match="not a bag"):
        list(slots(number))


# ---- actions and systems ---------------------------------------------------------------------------------------------


def step(name: str = "act") -> Step:
    return Step(name, actor="a", kind=Kind.USER_CALL)


def system(*actions: Action, variables: tuple[Variable, ...] | None = None, **initial: Value) -> System:
    held = variables or (Variable("count", Int(0, 5)), Variable("p", BOOL), Variable("net", NET))
    values = {**{v.name: v.sort.default for v in held}, **initial}
    return System("toy", held, (values,), actions)


def test_a_double_assignment_says_where_both_are() -> None:
    one = step()
    one.set(count, 1)
    with pytest.raises(DoubleAssignment, match=r"act assigns count twice: at test_expr\.py:\d+ and at test_expr\.py:\d+"):
        one.set(count, 2)


def test_what_is_not_a_variable_is_not_assigned() -> None:
    with pytest.raises(LanguageError, match=r"at test_expr\.py:\d+: only a state variable can be assigned, not `count \+ 1`"):
        step().set(count + 1, 2)


def test_an_assignment_of_another_sort_says_where_it_is() -> None:
    with pytest.raises(SortMismatch, match=r"act at test_expr\.py:\d+: count is Int\(0\.\.5\), but `number` is Seq"):
        step().set(count, number)


def test_what_an_action_does_not_mention_does_not_change() -> None:
    one = step()
    one.set(count, count)
    assert one.action().effects == ()


def test_an_action_picks_from_one_channel_and_from_channels_only() -> None:
    one = step()
    one.pick("m", net)
    with pytest.raises(LanguageError, match="one channel at most"):
        one.pick("n", net)
    with pytest.raises(SortMismatch, match="not a bag"):
        step().take("m", count)


@pytest.mark.parametrize(
    ("write", "says"),
    [
        (lambda s: s.when(var("cuont", Int(0, 5)) == 1), r"act reads 'cuont'; did you mean 'count'\?"),
        (lambda s: s.when(var("count", Int(0, 9)) == 1), r"act: count is Int\(0\.\.5\), not Int\(0\.\.9\)"),
        (lambda s: s.when(param("x", BOOL)), "act has no parameter 'x'; known: none"),
        (lambda s: s.set(var("cuont", Int(0, 5)), 1), r"act assigns 'cuont'; did you mean 'count'\?"),
        (lambda s: s.need("n", var("z", BOOL)), "act reads 'z'"),
        (lambda s: s.event("e", var("z", BOOL)), "act reads 'z'"),
    ],
)
def test_a_name_that_the_system_does_not_have_is_an_error(write: Callable[[Step], None], says: str) -> None:
    one = step()
    write(one)
    with pytest.raises(LanguageError, match=says):
        system(one.action())


def test_initial_states_are_complete_and_within_their_sorts() -> None:
    with pytest.raises(ValueOutsideSort, match=r"toy: initial state: count = 6 is outside Int\(0\.\.5\)"):
        system(count=6)
    with pytest.raises(UnknownName, match=r"sets 'cuont'; did you mean 'count'\?"):
        system(cuont=1)
    with pytest.raises(UnknownName, match="says nothing of count"):
        System("toy", (Variable("count", Int(0, 5)),), ({},), ())


def test_names_are_unique() -> None:
    with pytest.raises(LanguageError, match="two variables have one name"):
        system(variables=(Variable("count", BOOL), Variable("count", BOOL)))
    with pytest.raises(LanguageError, match="two actions have one name: act"):
        system(step().action(), step().action())


def test_a_property_may_not_read_parameters_or_what_does_not_exist() -> None:
    toy = system()
    assert toy.check_expr(count == 1, "here") is (count == 1)
    with pytest.raises(UnknownName, match="here reads 'number'"):
        toy.check_expr(number == 1, "here")
    with pytest.raises(UnknownName, match="parameter 'x', which only an action has"):
        toy.check_expr(param("x", BOOL), "here")


def test_sends_compose_and_tell_what_a_full_channel_drops() -> None:
    one = step()
    for length in (1, 2, 3):
        one.send(net, record(SEGMENT, len=length))
    action = one.action()
    values = {"net": (), "count": 0, "p": False}
    (effect,) = [value for name, value in action.effects if name == "net"]
    assert evaluate(effect, values) == ((0, False, 2), (0, False, 1))
    assert [evaluate(send.lost, values) for send in action.sends] == [False, False, True]
    assert evaluate(action.overflow, values) is True


# ---- interpretations are complete ------------------------------------------------------------------------------------


def tables() -> Mapping[str, frozenset[Op]]:
    """The operators that each interpretation of the engine says it knows."""
    loaded = [importlib.import_module(m.name) for m in modules_of("engine") if "\nINTERPRETED = " in m.text]
    return {module.__name__: module.INTERPRETED for module in loaded}


def test_every_interpretation_knows_every_operator() -> None:
    found = tables()
    named = ("evaluate", "source", "solver.smt", "prose", "foreign.promela_terms", "foreign.tla_terms")
    assert {f"synproof.engine.{name}" for name in named} <= set(found)
    for name, known in found.items():
        assert known == frozenset(Op), f"{name} lacks {[op.name for op in frozenset(Op) - known]}"


def test_the_layout_is_injective_on_random_states() -> None:
    draw = Formulas(3)
    layout = Layout(System("formulas", VARIABLES, (draw.state(),), ()))
    seen: dict[int, object] = {}
    for _ in range(200):
        values = draw.state()
        assert layout.unpack(layout.pack(values)) == values
        assert seen.setdefault(layout.pack(values), values) == values


def test_a_value_outside_its_sort_stops_the_generated_code_too() -> None:
    one = step()
    one.set(count, count + 1)
    toy = system(one.action(), count=5)
    with pytest.raises(ValueOutsideSort, match=r"act sets count to 6, which is outside Int\(0\.\.5\)"):
        Compiled(toy).successors(Layout(toy).pack(toy.initial[0]), [], [])


def test_nodes_are_made_by_the_functions_of_the_language_only() -> None:
    assert node_of(Op.AND, (p, q), None, BOOL) is all_of(p, q)
    assert HEAP.capacity == 3
