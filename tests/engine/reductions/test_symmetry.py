"""Symmetry: found where two actors play the same part, refused elsewhere, and changing no verdict and no length."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from synproof.engine.api import load_model
from synproof.engine.checker import Subject, Task, by_exploration
from synproof.engine.expr import Expr, all_of, any_of, has, ite, item, record, remove, size
from synproof.engine.layout import Layout
from synproof.engine.property import Property, PropertyKind, Response, Scenario
from synproof.engine.reductions.mirror import Mirror
from synproof.engine.reductions.reduced import reduced
from synproof.engine.reductions.symmetry import Symmetry, find_symmetry
from synproof.engine.search.explore import explore
from synproof.engine.sorts import BOOL, Bag, Enum, Int, Record, Seq
from synproof.engine.system import Channel, Kind, Step, System, Variable

from .test_reductions import agree

LETTER = Record("Letter", (("v", Int(0, 2)), ("urgent", BOOL)))
MODE = Enum("Mode", ("IDLE", "BUSY", "DONE"))
ALWAYS, SOMETIMES = PropertyKind.ALWAYS, PropertyKind.SOMETIMES


class End:
    """One of two ends, as seen from itself."""

    def __init__(self, me: str, peer: str, capacity: int) -> None:
        self.name, self.x, self.mode = me, Variable(f"{me}.x", Int(0, 2)), Variable(f"{me}.mode", MODE)
        self.out, self.into = (Variable(f"net.{a}_{b}", Bag(LETTER, capacity)) for a, b in ((me, peer), (peer, me)))


class Twins:
    """Random systems of two ends that follow the same rules."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        capacity = self.rng.choice((1, 2))
        self.ends = End("left", "right", capacity), End("right", "left", capacity)
        self.rules = [self.rule(n) for n in range(self.rng.choice((2, 3, 4)))] + [self.receive(n) for n in range(2)]
        if self.rng.random() < 0.5:
            self.rules.append(self.lose())

    def condition(self) -> Callable[[End, End], Expr]:
        """A random condition over an end and its peer."""
        value, member = self.rng.randrange(3), self.rng.choice(MODE.members)
        return self.rng.choice([
            lambda me, peer: me.x.expr == value,
            lambda me, peer: me.mode.expr == member,
            lambda me, peer: (me.x.expr < peer.x.expr) | (peer.mode.expr == member),
            lambda me, peer: size(me.out.expr) + size(me.into.expr) < 2,
            lambda me, peer: all_of(has(me.into.expr, 0), item(me.into.expr, 0).v == value),
            lambda me, peer: me.x.expr != peer.x.expr,
        ])  # fmt: skip

    def rule(self, n: int) -> Callable[[End, End], Step]:
        kind, guard, event = self.rng.choice((Kind.TIMEOUT, Kind.USER_CALL)), self.condition(), self.condition()
        member, sends, changes = self.rng.choice(MODE.members), self.rng.random() < 0.6, self.rng.random() < 0.7

        def write(me: End, peer: End) -> Step:
            step = Step(f"{me.name}.rule{n}", actor=me.name, kind=kind)
            step.when(guard(me, peer))
            step.set(me.mode.expr, member)
            if changes:
                step.set(me.x.expr, ite(me.x.expr == 2, 0, me.x.expr + 1))
            if sends:
                step.send(me.out.expr, record(LETTER, v=me.x.expr, urgent=me.mode.expr == "BUSY"))
            step.event("odd", all_of(event(me, peer), me.x.expr == 1))
            return step

        return write

    def receive(self, n: int) -> Callable[[End, End], Step]:
        guard, urgent, member = self.condition(), self.rng.random() < 0.5, self.rng.choice(MODE.members)

        def write(me: End, peer: End) -> Step:
            step = Step(f"{me.name}.receive{n}", actor=me.name, kind=Kind.SEGMENT_ARRIVES)
            letter = step.take("letter", me.into.expr)
            step.when(guard(me, peer))
            step.when(letter.urgent if urgent else letter.v > 0)
            step.set(me.x.expr, letter.v)
            step.set(me.mode.expr, member)
            return step

        return write

    def lose(self) -> Callable[[End, End], Step]:
        def write(me: End, peer: End) -> Step:
            step = Step(f"net.lose_{me.name}", actor="net", kind=Kind.NETWORK)
            step.change(me.out.expr, remove(me.out.expr, step.pick("letter", me.out.expr)))
            return step

        return write

    def system(self) -> System:
        a, b = self.ends
        variables = (a.x, a.mode, b.x, b.mode, a.out, b.out)
        first = {v.name: v.sort.default for v in variables}
        starts = [first]
        if self.rng.random() < 0.3:
            starts += [{**first, a.x.name: 1}, {**first, b.x.name: 1}]
        actions = tuple(rule(*ends).action() for ends in ((a, b), (b, a)) for rule in self.rules)
        channels = (Channel(a.out.name, "left", "right"), Channel(b.out.name, "right", "left"))
        return System("twins", variables, tuple(starts), actions, channels=channels, actors=("left", "right"))

    def properties(self) -> tuple[Property, ...]:
        a, b = self.ends
        made = []
        for n in range(3):
            one, other = self.condition(), self.condition()
            each = [all_of(one(*ends), other(*reversed(ends))) for ends in ((a, b), (b, a))]
            made.append(Property(f"some{n}", SOMETIMES, predicate=any_of(*each)))
            made.append(Property(f"none{n}", ALWAYS, predicate=~any_of(*each)))
        calm = any_of(*(end.mode.expr == "DONE" for end in self.ends))
        return (*made, Property("odd", ALWAYS, event="odd"), Property("calm", ALWAYS, predicate=calm, only_quiescent=True))


@pytest.mark.parametrize("systems", [pytest.param(40, id="some"), pytest.param(500, id="many", marks=pytest.mark.slow)])
def test_symmetry_changes_no_verdict_on_random_systems(systems: int) -> None:
    seen: Counter[str] = Counter()
    for seed in range(systems):
        twins = Twins(seed)
        system, properties = twins.system(), twins.properties()
        for names in (("symmetry",), ("dead-variables", "symmetry")):
            subject = Subject("twins", system, properties)
            plain, small = by_exploration(subject)[0], by_exploration(subject, Task(reduce=names))[0]
            assert small.reductions == names, small.not_reduced
            agree(plain, small)
            assert all(found.trace is None or found.trace.system is system for found in small.properties)
            seen["halved"] += plain.states is not None and small.states is not None and small.states < 0.6 * plain.states
            seen.update(found.verdict.value for found in small.properties)
            seen["far"] += any((found.steps or 0) > 3 for found in small.properties)
    assert seen["halved"] > systems and seen["far"] > systems / 4, seen
    assert min(seen[v] for v in ("violated", "holds", "reached", "not-reached")) > systems / 2, seen


def test_states_are_those_that_stand_for_themselves_and_their_mirror_images() -> None:
    for seed in range(15):
        system = Twins(seed).system()
        small = reduced(system, (), ["symmetry"])
        assert small.mirror is not None
        whole = set(explore(system).states)
        assert {small.mirror.image(code) for code in whole} == whole
        assert set(explore(small.system, mirror=small.mirror).states) == {small.mirror.canonical(code) for code in whole}


def wheels() -> System:
    """Two wheels of four positions each, whose numbers fill a word to its last bit."""
    wheel = [Variable(f"{end}.at", Seq(32)) for end in ("left", "right")]
    actions = []
    for variable, end in zip(wheel, ("left", "right"), strict=True):
        step = Step(f"{end}.turn", actor=end, kind=Kind.INTERNAL)
        step.set(variable.expr, variable.expr + (1 << 30))
        actions.append(step.action())
    first = {variable.name: 0 for variable in wheel}
    return System("wheels", tuple(wheel), (first,), tuple(actions), actors=("left", "right"))


def test_machine_code_puts_the_same_states_in_the_place_of_their_mirror_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("llvmlite", reason="the extra `fast` is not installed")
    from ..large.test_large_search import AT_ONCE, PLAIN, compare

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    models = [load_model("simultaneous-open", {"capacity": size}, SAFETY) for size in ("1:1", "2:2")]
    asked = [(subject.system, subject.properties) for subject in models]
    asked += [(Twins(seed).system(), Twins(seed).properties()) for seed in range(6)] + [(wheels(), ())]
    words = set()
    for system, properties in asked:
        small = reduced(system, properties, ["symmetry"])
        assert small.mirror is not None
        plain, large = (explore(small.system, properties, means=means, mirror=small.mirror) for means in (PLAIN, AT_ONCE))
        compare(plain, large, every=7)
        words.add(plain.unit.layout.words)
    assert {1, 3} <= words and len(plain.states) == 10


def test_an_image_swaps_the_variables_of_the_pairs_and_no_others() -> None:
    names = [Variable(name, sort) for name, sort in
             (("a", Int(0, 2)), ("x", Bag(LETTER, 3)), ("c", BOOL), ("b", Int(0, 2)), ("y", Bag(LETTER, 3)))]  # fmt: skip
    state = {"a": 1, "x": ((2, True),), "c": True, "b": 2, "y": ()}
    layout = Layout(System("s", tuple(names), (state,), ()))
    mirror = Mirror(layout, {"a": "b", "b": "a", "x": "y", "y": "x"})
    assert layout.unpack(mirror.image(layout.pack(state))) == {"a": 2, "x": (), "c": True, "b": 1, "y": ((2, True),)}
    assert mirror.image(mirror.image(layout.pack(state))) == layout.pack(state)


# ---- refusals --------------------------------------------------------------------------------------------------------


def why_not(system: System, *properties: Property) -> str:
    found = find_symmetry(system, properties)
    assert isinstance(found, str), "it was found"
    return found


def test_an_end_that_has_a_rule_of_its_own_is_another_part() -> None:
    twins = Twins(3)
    system = twins.system()
    assert isinstance(find_symmetry(system, ()), Symmetry)
    extra = Step("left.extra", actor="left", kind=Kind.TIMEOUT)
    extra.set(twins.ends[0].x.expr, 0)
    assert "left.extra has no like" in why_not(replace(system, actions=(*system.actions, extra.action())))
    slower = replace(system.actions[0], guard=(*system.actions[0].guard, twins.ends[0].x.expr < 2, twins.ends[1].x.expr < 1))
    assert "has no like" in why_not(replace(system, actions=(slower, *system.actions[1:])))
    other_kind = replace(system.actions[0], kind=Kind.ENVIRONMENT)
    assert "has no like" in why_not(replace(system, actions=(other_kind, *system.actions[1:])))


def test_ends_that_begin_differently_or_carry_different_loads_are_refused() -> None:
    system = Twins(3).system()
    assert "begin alike" in why_not(replace(system, initial=({**system.initial[0], "left.x": 2},)))
    wider = replace(system.by_name["left.x"], name="left.extra")
    assert "left.extra has no like" in why_not(
        replace(system, variables=(*system.variables, wider), initial=tuple({**s, "left.extra": 0} for s in system.initial))
    )


def test_properties_that_tell_the_ends_apart_are_refused() -> None:
    twins = Twins(3)
    system, (a, b) = twins.system(), twins.ends
    one_sided = Property("left is calm", ALWAYS, predicate=a.x.expr < 2)
    assert "left is calm is not the same" in why_not(system, one_sided)
    assert isinstance(find_symmetry(system, [replace(one_sided, predicate=(a.x.expr < 2) & (b.x.expr < 2))]), Symmetry)
    lasting = Property("lasts", PropertyKind.EVENTUALLY, responses=(Response(),))
    assert "lasts is an eventually-property" in why_not(system, lasting)
    story = Property("story", SOMETIMES, scenario=Scenario(a.x.expr == 0, ()))
    assert "story is a scenario" in why_not(system, story)
    result = by_exploration(Subject("twins", system, (one_sided,)), Task(reduce=("symmetry",)))[0]
    assert result.reductions == () and "left is calm" in result.not_reduced["symmetry"]


def test_events_are_told_apart_only_if_they_are_asked_about() -> None:
    system = Twins(3).system()
    rung = replace(system.actions[0], events=(("bell", system.actions[0].guard[0]),))
    system = replace(system, actions=(rung, *system.actions[1:]))
    assert isinstance(find_symmetry(system, ()), Symmetry)
    assert "has no like" in why_not(system, Property("bell", ALWAYS, event="bell"))


SAFETY = ["no-ghost-connection", "one-connection-each", "no-stale-acceptance", "no-spurious-abort", "no-deadlock"]


TIMED: dict[str, object] = {"msl": 1, "keepalive": "2:2:1", "user-timeout": 2}


@pytest.mark.parametrize(
    ("name", "settings"),
    [("simultaneous-open", {}), ("simultaneous-open-figure-7", {}), ("give-up-simultaneous", {}), ("simultaneous-open", TIMED)],
)
def test_simultaneous_opens_are_symmetric_and_halved(name: str, settings: dict[str, object]) -> None:
    subject = load_model(name, {"capacity": "1:1", **settings}, SAFETY)
    plain, small = by_exploration(subject)[0], by_exploration(subject, Task(reduce=("symmetry",)))[0]
    assert small.reductions == ("symmetry",)
    agree(plain, small)
    assert plain.states is not None and small.states is not None and small.states < 0.52 * plain.states


def test_a_handshake_of_a_client_and_a_server_is_not_symmetric() -> None:
    subject = load_model("handshake", {"capacity": "1:1", "data": "1:1"}, SAFETY)
    assert "play different parts" in why_not(subject.system)
