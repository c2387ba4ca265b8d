"""The bulk interpretation reads random expressions and actions as the reference evaluator does, state for state."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from synproof.engine.evaluate import choices, evaluate, holds
from synproof.engine.expr import postorder
from synproof.engine.layout import Layout
from synproof.engine.sorts import BOOL, Bag, Bool, Int, Record, Sort, Value

from .formulas import VARIABLES, Formulas
from .test_formulas import random_system, system_of

np = pytest.importorskip("numpy", reason="the extra `fast` is not installed")

STATES = 12


def test_expressions_mean_the_same_in_many_states_at_once() -> None:
    from synproof.engine.bulk import Bulk, packed_words

    layout = Layout(system_of())
    tally: Counter[str] = Counter()
    for seed in range(200):
        draw = Formulas(seed)
        states = [draw.state() for _ in range(STATES)]
        bulk = Bulk(layout, packed_words(map(layout.pack, states), layout))
        for formula in [draw.expr(BOOL, draw.rng.randint(1, 5)) for _ in range(8)]:
            values = [evaluate(formula, state) for state in states]
            assert bulk.array(formula).tolist() == values, f"seed {seed}"
            tally.update(map(str, values))
            tally.update(node.op.name for node in postorder(formula))
        variable = draw.rng.choice([v for v in VARIABLES if isinstance(v.sort, Bag | Record)])
        value = draw.expr(variable.sort, 3)
        slots = bulk.value(value) if isinstance(variable.sort, Bag) else [bulk.array(value)]
        columns = [np.broadcast_to(slot, (STATES,)).tolist() for slot in slots]
        for row, state in enumerate(states):
            code = variable.sort.encode(evaluate(value, state))
            width = variable.sort.slot_width if isinstance(variable.sort, Bag) else 0
            assert sum(column[row] << i * width for i, column in enumerate(columns)) == code, f"seed {seed}"
    assert min(tally["True"], tally["False"]) > 2500
    assert min(tally[op] for op in ("INSERT", "REMOVE", "BAG_OF", "CLAMP", "SHIFT", "DISTANCE", "MEMBER")) > 10


def concrete(sort: Sort, found: Any) -> Value:
    """A concrete value, from what bulk evaluation has for it."""
    return found if isinstance(sort, Bool | Int) else sort.decode(found)


def test_instances_are_those_that_are_enabled_with_their_parameters() -> None:
    from synproof.engine.bulk import Bulk, label_parameters, packed_words

    enabled = 0
    for seed in range(150):
        system = random_system(seed)
        layout, draw = Layout(system), Formulas(seed)
        states = [draw.state() for _ in range(STATES)]
        bulk = Bulk(layout, packed_words(map(layout.pack, states), layout))
        for action in system.actions:
            expected = [
                (row, layout.pack_label(action, params))
                for row, state in enumerate(states)
                for params in choices(system, action, state)
                if holds(action.enabled, state, params)
            ]
            found = []
            for rows, bound in bulk.instances(action):
                columns = {p.name: np.broadcast_to(bound.params[p.name], (len(bound),)) for p in action.params}
                for i, row in enumerate(rows.tolist()):
                    params = {p.name: concrete(p.sort, columns[p.name][i].item()) for p in action.params}
                    label = layout.pack_label(action, params)
                    found.append((row, label))
                    again = label_parameters(action, np.array([label]))
                    assert {name: value[0].item() for name, value in again.items()} == {
                        name: column[i].item() for name, column in columns.items()
                    }
            assert sorted(found) == sorted(expected), f"seed {seed}"
            enabled += len(found)
    assert enabled > 500
