"""Runs by way of predicates, against all shortest ways through the evaluator's graph."""

from __future__ import annotations

from collections import Counter

import pytest

from synproof.engine.errors import LanguageError, UnknownName
from synproof.engine.evaluate import Transition, holds
from synproof.engine.expr import FALSE, TRUE, Expr
from synproof.engine.property import Property, PropertyKind
from synproof.engine.search.explore import Limits, Progress
from synproof.engine.search.via import shortest_via
from synproof.engine.sorts import Int
from synproof.engine.system import Kind, Step, System, Variable

from ..graph_systems import Dice, Graph, graph_of, key, labels_of, way_of

Way = tuple[int, ...]


def least_way(graph: Graph, predicates: list[Expr], final: Property | None) -> Way | None:
    """The least of all shortest ways, by trying everything: a state may count for a predicate or not."""
    moving = {s for s, step, _ in graph.edges if step.action.kind.is_protocol_step}

    def counts(position: int, count: int) -> list[int]:
        found = [count]
        while found[-1] < len(predicates) and holds(predicates[found[-1]], graph.states[position]):
            found.append(found[-1] + 1)
        return found

    def ends(position: int, count: int, step: Transition | None) -> bool:
        if count < len(predicates):
            return False
        if final is None:
            return True
        if final.event is not None:
            return step is not None and final.event in step.events()
        assert final.predicate is not None
        return not holds(final.predicate, graph.states[position]) and not (final.only_quiescent and position in moving)

    first = [key(state) for state in graph.system.initial]
    layer: dict[tuple[int, int], Way] = {}
    found: list[Way] = []
    for position, state in enumerate(graph.states):
        if graph.depth[position] == 0:
            for count in counts(position, 0):
                layer[position, count] = (first.index(key(state)),)
                found += [layer[position, count]] if ends(position, count, None) else []
    seen = set(layer)
    while layer and not found:
        following: dict[tuple[int, int], Way] = {}
        for (position, count), way in layer.items():
            for step, target in graph.out[position]:
                on = way + labels_of(graph.system, [step])
                for reached in counts(target, count):
                    found += [on] if ends(target, reached, step) else []
                    if (target, reached) not in seen:
                        following[target, reached] = min(following.get((target, reached), on), on)
        layer = following
        seen |= set(layer)
    return min(found, default=None)


def test_agrees_with_all_shortest_ways_on_random_systems() -> None:
    found: Counter[str] = Counter()
    lengths = []
    for seed in range(800):
        dice = Dice(seed + 100, channels=1 + seed % 2, capacity=2, top=3, steps=4)
        system = dice.system()
        graph = graph_of(system, 60)
        if graph is None or len(graph.states) < 4:
            continue
        always = [prop for prop in dice.properties() if prop.kind is PropertyKind.ALWAYS]
        predicates = [dice.condition() for _ in range(dice.rng.randint(0, 5))]
        final = dice.rng.choice([None, *always])
        expected = least_way(graph, predicates, final)
        result = shortest_via(system, predicates, final)
        assert result.complete and not result.stopped_by
        if expected is None:
            assert result.run is None and result.satisfied == ()
        else:
            assert result.run is not None
            assert way_of(system, result.run) == expected
            states = result.run.trace(system).states
            assert len(result.satisfied) == len(predicates) and list(result.satisfied) == sorted(result.satisfied)
            assert all(holds(p, states[step]) for p, step in zip(predicates, result.satisfied, strict=True))
            lengths.append(len(result.run))
        kind = "none" if final is None else "event" if final.event else "quiescent" if final.only_quiescent else "state"
        found[f"{kind}: {'a run' if expected else 'no run'}"] += 1
    assert len(found) == 8 and min(found.values()) >= 5, found
    assert sum(length >= 3 for length in lengths) >= 30


# ---- by hand ---------------------------------------------------------------------------------------------------------


def ring(size: int = 6) -> tuple[System, Expr]:
    """A number that goes round; `tick` rings a bell where it starts anew."""
    at = Variable("at", Int(0, size - 1))
    tick = Step("tick", actor="it", kind=Kind.TIMEOUT)
    tick.when(at.expr < size - 1)
    tick.set(at.expr, at.expr + 1)
    anew = Step("anew", actor="it", kind=Kind.USER_CALL)
    anew.when(at.expr == size - 1)
    anew.event("bell", True)
    anew.set(at.expr, 0)
    return System("ring", (at,), ({"at": 0},), (tick.action(), anew.action())), at.expr


def test_the_same_state_may_satisfy_several() -> None:
    system, at = ring()
    result = shortest_via(system, [at > 1, at > 1, at < 3])
    assert result.run is not None and len(result.run) == 2
    assert result.satisfied == (2, 2, 2)


def test_the_order_matters() -> None:
    system, at = ring()
    there, back = shortest_via(system, [at == 1, at == 3]), shortest_via(system, [at == 3, at == 1])
    assert there.run is not None and back.run is not None
    assert (len(there.run), there.satisfied) == (3, (1, 3))
    assert (len(back.run), back.satisfied) == (7, (3, 7))


def test_nothing_to_pass_is_the_shortest_violation() -> None:
    system, at = ring()
    small = Property("small", PropertyKind.ALWAYS, predicate=at < 4)
    result = shortest_via(system, [], small)
    assert result.run is not None and len(result.run) == 4
    empty = shortest_via(system, [])
    assert empty.run is not None and len(empty.run) == 0


def test_a_run_goes_on_to_the_violation() -> None:
    system, at = ring()
    small = Property("small", PropertyKind.ALWAYS, predicate=at != 2)
    result = shortest_via(system, [at == 2, at == 4], small)
    assert result.run is not None and len(result.run) == 8 and result.satisfied == (2, 4)


def test_a_run_ends_with_the_event_and_its_last_state_counts() -> None:
    system, at = ring()
    bell = Property("no bell", PropertyKind.ALWAYS, event="bell")
    for predicates, length in (([], 6), ([at == 5], 6), ([at == 5, at == 0], 6), ([at == 5, at == 1], 12)):
        result = shortest_via(system, predicates, bell)
        assert result.run is not None and len(result.run) == length
        trace = result.run.trace(system)
        assert trace.steps[-1].action.name == "anew"


def test_a_deadlock_by_way_of_another_state() -> None:
    system, at = ring()
    never_rests = Property("no-deadlock", PropertyKind.ALWAYS, predicate=FALSE, only_quiescent=True)
    result = shortest_via(system, [at == 2], never_rests)
    assert result.run is not None and len(result.run) == 5  # only at the end of the ring is nothing possible by itself


def test_what_cannot_be_has_no_run_and_the_search_is_complete() -> None:
    system, at = ring()
    result = shortest_via(system, [at == 2, FALSE])
    assert result.run is None and result.complete and result.nodes == 2 + 6
    unheard = Property("unheard of", PropertyKind.ALWAYS, event="whistle")
    assert shortest_via(system, [TRUE], unheard).run is None


def test_a_limit_leaves_it_open() -> None:
    system, at = ring(50)
    result = shortest_via(system, [at == 30, at == 20], limits=Limits(max_states=40))
    assert result.run is None and not result.complete and result.stopped_by == "--max-states 40"
    assert result.nodes == 41
    soon = shortest_via(system, [at == 30], limits=Limits(max_states=40))
    assert soon.run is not None and soon.complete
    assert shortest_via(system, [FALSE], limits=Limits(max_states=50)).complete
    big, number = ring(5000)
    assert shortest_via(big, [number == 4999], limits=Limits(timeout=0)).stopped_by == "--timeout 0"


def test_an_interrupt_leaves_it_open() -> None:
    def interrupt(progress: Progress) -> None:
        if progress.level == 3:
            raise KeyboardInterrupt

    system, at = ring(50)
    result = shortest_via(system, [at == 30], progress=interrupt)
    assert result.interrupted and not result.complete and result.run is None and result.nodes == 4


def test_mistakes_are_named() -> None:
    system, at = ring()
    with pytest.raises(UnknownName, match="predicate 2 on the way reads 'other'"):
        shortest_via(system, [at == 1, Variable("other", Int(0, 1)).expr == 1])
    with pytest.raises(LanguageError, match="cannot end in the violation of seen: it is a property of kind sometimes"):
        shortest_via(system, [], Property("seen", PropertyKind.SOMETIMES, predicate=at == 1))
    with pytest.raises(LanguageError, match="no data here"):
        shortest_via(system, [], Property("data", PropertyKind.ALWAYS, predicate=TRUE, not_applicable="no data here"))
