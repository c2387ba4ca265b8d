"""evaluate, compile and smt read random expressions and random actions alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest

from synproof.engine.compile import Compiled
from synproof.engine.evaluate import enabled_steps, evaluate, successors
from synproof.engine.expr import Expr, Op, clamp, postorder
from synproof.engine.layout import Layout
from synproof.engine.solver.asking import ask, new_solver, solver_module
from synproof.engine.solver.relation import Relation, cone
from synproof.engine.solver.smt import Reading
from synproof.engine.solver.terms import Bundle, literal, value_in
from synproof.engine.sorts import BOOL, Bag, Int, Value
from synproof.engine.system import Kind, State, Step, System

from .formulas import BIT, COLOUR, HEAP, QUEUE, THING, VARIABLES, Formulas

EXPRESSIONS, ACTIONS, BATCH = 400, 160, 40
FORMULAS = 8  # in one draw


def system_of(*steps: Step, state: State | None = None) -> System:
    return System("formulas", VARIABLES, (state or Formulas(0).state(),), tuple(step.action() for step in steps))


def by_smt(formulas: list[Expr], state: State, params: Mapping[str, Value]) -> list[bool]:
    """Truth values as Z3's simplifier finds them, all leaves being known."""
    leaves = {v.name: literal(v.sort, state[v.name]) for v in VARIABLES}
    sorts = {n.attr: n.sort for n in postorder(*formulas) if n.op is Op.PARAM}
    reading = Reading(leaves, {name: literal(sort, params[name]) for name, sort in sorts.items()})
    terms = Bundle([reading.term(formula) for formula in formulas]).at([])
    z3 = solver_module()
    assert all(z3.is_true(term) or z3.is_false(term) for term in terms)
    return [z3.is_true(term) for term in terms]


@pytest.fixture(scope="module")
def tally() -> Counter[str]:
    return Counter()


@pytest.mark.parametrize("first", range(0, EXPRESSIONS, BATCH))
def test_expressions_mean_the_same(first: int, tally: Counter[str]) -> None:
    for seed in range(first, first + BATCH):
        draw = Formulas(seed)
        formulas = [draw.expr(BOOL, draw.rng.randint(1, 5)) for _ in range(FORMULAS)]
        compiled = Compiled(system_of(), formulas)
        tally.update(node.op.name for node in postorder(*formulas))
        for state in (draw.state(), draw.state(), draw.state()):
            values = [evaluate(formula, state) for formula in formulas]
            mask = compiled.predicates(compiled.layout.pack(state))
            assert [bool(mask >> i & 1) for i in range(FORMULAS)] == values, f"seed {seed}: compile"
            assert by_smt(formulas, state, {}) == values, f"seed {seed}: smt"
            tally.update(map(str, values))


@pytest.mark.parametrize("first", range(0, EXPRESSIONS // 4, BATCH))
def test_expressions_with_parameters_mean_the_same(first: int) -> None:
    for seed in range(first, first + BATCH):
        draw = Formulas(seed, params=True)
        formulas = [draw.expr(BOOL, draw.rng.randint(1, 4)) for _ in range(FORMULAS)]
        for state in (draw.state(), draw.state()):
            params = draw.choices()
            values = [evaluate(formula, state, params) for formula in formulas]
            assert by_smt(formulas, state, params) == values, f"seed {seed}"


def test_the_random_expressions_use_every_operator_and_both_truth_values(tally: Counter[str]) -> None:
    if not tally:
        pytest.skip("no expressions were drawn in this run")
    assert not {op.name for op in Op} - set(tally) - {"PARAM"}
    assert min(tally["True"], tally["False"]) > sum(tally[v] for v in ("True", "False")) / 4


# ---- actions ---------------------------------------------------------------------------------------------------------


def random_step(draw: Formulas, name: str) -> Step:
    """A step with choices, conditions that are often alike, and effects on variables of several sorts."""
    step = Step(name, actor="a", kind=Kind.USER_CALL)
    if draw.rng.random() < 0.5:
        bag = draw.rng.choice([v for v in VARIABLES if isinstance(v.sort, Bag)])
        take = draw.rng.random() < 0.5
        draw.leaves[THING].append(step.take("thing", bag.expr) if take else step.pick("thing", bag.expr))
    if draw.rng.random() < 0.5:
        sort = draw.rng.choice((BOOL, COLOUR, BIT, Int(2, 4)))
        draw.leaves.setdefault(sort, []).append(step.choose("choice", sort))
    for _ in range(draw.rng.randint(1, 2)):
        step.when(draw.expr(BOOL, 2))
    if draw.rng.random() < 0.3:
        step.need("need", draw.expr(BOOL, 1))
    step.event("event", draw.expr(BOOL, 2))
    for variable in draw.rng.sample(VARIABLES, draw.rng.randint(1, 5)):
        value = draw.expr(variable.sort, draw.rng.randint(1, 3))
        if isinstance(variable.sort, Int):
            value = clamp(value, variable.sort.lo, variable.sort.hi)
        step.change(variable.expr, value)
    return step


def random_system(seed: int) -> System:
    plain = Formulas(seed)
    steps = []
    for n in range(plain.rng.randint(1, 6)):
        draw = Formulas(seed * 100 + n)
        steps.append(random_step(draw, f"act{n}"))
    beginnings = [plain.expr(BOOL, 1) for _ in range(2)]
    for step in steps:
        if plain.rng.random() < 0.7:
            step._guard.insert(0, plain.rng.choice([*beginnings, *(~b for b in beginnings)]))
    return system_of(*steps, state=plain.state())


def by_relation(system: System, layout: Layout) -> list[tuple[int, int, bool]]:
    """Every (label, successor, event) of the initial state that Z3 finds, asked until there are no more."""
    z3 = solver_module()
    caused = {i: dict(action.events)["event"] for i, action in enumerate(system.actions) if action.events}
    kept = cone(system, system.actions, [v.expr for v in VARIABLES])
    relation = Relation(system, kept, range(len(system.actions)), [caused])
    state = {v.name: literal(v.sort, system.initial[0][v.name]) for v in VARIABLES}
    step = relation.step(state, 1)
    solver = new_solver()
    solver.add(*step.constraints)
    found = []
    while (answer := ask(solver)).verdict == "sat":
        action, params = relation.instance(answer.model, step, state)
        after = {v.name: value_in(answer.model, v.sort, step.after[v.name]) for v in VARIABLES}
        happened = value_in(answer.model, BOOL, step.happens[0])
        found.append((layout.pack_label(action, params), layout.pack(after), happened))
        chosen = [flag for flag in step.taken.values() if value_in(answer.model, BOOL, flag)]
        chosen += [term == answer.model.eval(term, model_completion=True) for term in step.choices.values()]
        solver.add(z3.Not(z3.And(chosen)))
    assert answer.verdict == "unsat"
    return sorted(set(found))


@pytest.mark.parametrize("first", range(0, ACTIONS, BATCH))
def test_actions_lead_to_the_same_states(first: int, tally: Counter[str]) -> None:
    for seed in range(first, first + BATCH):
        system = random_system(seed)
        state, layout = system.initial[0], Layout(system)
        steps = list(successors(system, state))
        expected = sorted(
            (layout.pack_label(t.action, t.params), layout.pack(t.after), "event" in t.events()) for t in steps
        )
        compiled = Compiled(system, (), ["event"])
        out: list[tuple[int, int, int]] = []
        compiled.successors(layout.pack(state), out, [0] * len(compiled.needs))
        assert sorted((label, after, flags > 1) for label, after, flags in out) == expected, f"seed {seed}: compile"
        assert by_relation(system, layout) == expected, f"seed {seed}: smt"
        tally["transitions"] += len(expected)
        assert len(list(enabled_steps(system, state))) == len(expected)


def test_the_random_actions_happen(tally: Counter[str]) -> None:
    if "transitions" not in tally:
        pytest.skip("no actions were drawn in this run")
    assert tally["transitions"] > ACTIONS


def test_an_else_does_not_follow_an_elif() -> None:
    colour, number = VARIABLES[2].expr, next(v for v in VARIABLES if v.sort == Int(0, 5)).expr
    red, green = colour == "RED", colour == "GREEN"
    steps = []
    for n, (condition, chooses) in enumerate([(green, False), (red, True), (green, True), (~green, True)]):
        step = Step(f"act{n}", actor="a", kind=Kind.USER_CALL)
        if chooses:
            step.choose("choice", BOOL)
        step.when(condition)
        step.set(number, n)
        steps.append(step)
    state = {**Formulas(0).state(), str(colour.attr): "RED"}
    system = system_of(*steps, state=state)
    out: list[tuple[int, int, int]] = []
    Compiled(system, ()).successors(Layout(system).pack(state), out, [])
    assert len(out) == len(list(successors(system, state))) == 4


def test_heaps_and_queues_of_the_formulas_hold_what_they_say() -> None:
    draw = Formulas(1)
    for _ in range(200):
        for bag in (HEAP, QUEUE):
            assert bag.contains(draw.value(bag))
