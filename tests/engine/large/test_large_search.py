"""The search in machine code finds what the plain one does: the same states in the same order, counts, findings and runs."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from synproof.engine.catalogue import find
from synproof.engine.checker import watched
from synproof.engine.choosing import choose
from synproof.engine.compile import Compiled
from synproof.engine.errors import ValueOutsideSort
from synproof.engine.expr import record
from synproof.engine.graphs.edges import edges_of
from synproof.engine.large.machine import Machine
from synproof.engine.large.machine_code import obstacle
from synproof.engine.large.moving import Mover
from synproof.engine.large.store import Store
from synproof.engine.property import Property, PropertyKind
from synproof.engine.search.explore import UNLIMITED, Exploration, Limits, Means, Progress, explore
from synproof.engine.sorts import BOOL, Bag, Int, Record, Seq
from synproof.engine.system import Kind, Step, System, Variable

from ..random_systems import draw

pytest.importorskip("llvmlite", reason="machine code needs the extra: pip install -e '.[fast]'")
pytest.importorskip("numpy", reason="machine code needs the extra: pip install -e '.[fast]'")

PLAIN = Means(move=None)
AT_ONCE = Means(move=0)
ALWAYS, SOMETIMES = PropertyKind.ALWAYS, PropertyKind.SOMETIMES


@pytest.fixture(autouse=True, scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache folder of these tests."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder


def compare(plain: Exploration, large: Exploration, every: int = 1) -> None:
    """Nothing differs but how it was found. Runs are compared for every so many states."""
    assert large.large is not None and plain.large is None
    for name in ("transitions", "expanded", "overflows", "lacks", "coverage", "findings", "stopped_by", "level_starts"):
        assert getattr(plain, name) == getattr(large, name), name
    assert list(large.states) == list(plain.states)
    assert list(large.parents) == list(plain.parents)
    some = range(0, len(plain.states), every)
    assert [large.run_to(i) for i in some] == [plain.run_to(i) for i in some]
    assert [large.index[plain.states[i]] for i in some] == list(some)
    for mine, theirs in zip(edges_of(plain), edges_of(large), strict=True):
        assert mine.tolist() == theirs.tolist()


def both(
    system: System, properties: Sequence[Property] = (), limits: Limits = UNLIMITED, *, workers: int = 1, every: int = 1
) -> Exploration:
    """The search in machine code, after it was compared with the plain one."""
    large = explore(system, properties, limits, means=Means(workers, 0))
    compare(explore(system, properties, limits, means=PLAIN), large, every)
    return large


# ---- the same on everything ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(30))
def test_the_same_on_random_systems(seed: int) -> None:
    drawn = draw(seed)
    both(drawn.system, drawn.properties, workers=1 + seed % 3)
    both(drawn.system, drawn.properties, Limits(max_states=len(drawn.explored.states) * 2 // 3))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(30, 1030))
def test_the_same_on_many_random_systems(seed: int) -> None:
    test_the_same_on_random_systems(seed)


@pytest.mark.parametrize("name", ["data-both-ways", "blind-reset-exact", "other-in-listen", "fifo-two-way"])
def test_the_same_on_models(name: str) -> None:
    subject = choose(find(), name).subject
    plain = explore(subject.system, watched(subject), means=PLAIN)
    for workers in (1, 2, 3):
        compare(plain, explore(subject.system, watched(subject), means=Means(workers, 0)), every=97)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, _ in find().models()])
def test_the_same_on_all_models(name: str) -> None:
    subject = choose(find(), name).subject
    both(subject.system, watched(subject), workers=2, every=101)


@pytest.mark.parametrize("move", [1, 3_000, 9_000])
def test_the_same_wherever_the_search_moves(move: int) -> None:
    subject = choose(find(), "crash-of-server").subject
    plain = explore(subject.system, watched(subject), means=PLAIN)
    assert plain.transitions > move
    explore(subject.system, watched(subject), means=AT_ONCE)  # from here on the code is kept: a search moves when it is to
    large = explore(subject.system, watched(subject), means=Means(move=move, move_known=move))
    compare(plain, large, every=53)


@dataclass
class Wide:
    """A system of many words, with everything that an action can have."""

    top: int = 5
    system: System = field(init=False)

    def __post_init__(self) -> None:
        message = Record("Message", (("seq", Seq(50)), ("low", Int(-3, 4)), ("text", BOOL)))
        near = Variable("near", Int(-2, self.top))
        far = Variable("far", Int(-(1 << 30), 1 << 30))
        bag, queue = Variable("bag", Bag(message, 3)), Variable("queue", Bag(message, 2, ordered=True))
        pads = [Variable(f"pad{i}", Seq(50)) for i in range(3)]
        steps = []
        for by in (1, 2):
            step = Step(f"up {by}", actor="it", kind=Kind.USER_CALL)
            step.when(near.expr + by <= self.top)
            step.need("ink", near.expr != 1)
            step.set(near.expr, near.expr + by)
            step.set(far.expr, 0 - near.expr)
            step.set(pads[1].expr, pads[1].expr - by)
            step.event("big step", near.expr == by)
            steps.append(step)
        for channel in (bag, queue):
            step = Step(f"send {channel.name}", actor="it", kind=Kind.TIMEOUT)
            low = step.choose("low", Int(-3, -2))
            step.when(near.expr < 2)
            step.send(channel.expr, record(message, seq=pads[1].expr, low=low, text=True))
            steps.append(step)
            step = Step(f"take {channel.name}", actor="it", kind=Kind.SEGMENT_ARRIVES)
            taken = step.take("message", channel.expr)
            step.set(pads[2].expr, pads[2].expr + taken.low)
            step.set(pads[0].expr, pads[0].expr - 1)
            step.when(pads[2].expr.isin(0, 1, 2, (1 << 50) - 1, (1 << 50) - 2), near.expr > -2)
            steps.append(step)
        first = {"near": -2, "far": 1 << 30, "bag": (), "queue": (), "pad0": 0, "pad1": 1, "pad2": 0}
        self.system = System(
            "wide", (near, *pads, far, bag, queue), (first, first | {"near": 0}, first | {"pad0": 7}),
            tuple(step.action() for step in steps),
        )  # fmt: skip


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_the_same_on_states_of_many_words(workers: int) -> None:
    system = Wide().system
    near = system.by_name["near"].expr
    properties = [
        Property("small", ALWAYS, predicate=near < 3),
        Property("never", SOMETIMES, predicate=near == -1),
        Property("no big step", ALWAYS, event="big step"),
        Property("rests low", ALWAYS, predicate=near < 5, only_quiescent=True),
    ]
    limits = Limits(max_states=40_000)
    found = both(system, properties, limits, workers=workers, every=499)
    assert found.unit.layout.words >= 4 and len(found.states) > 10_000
    assert found.overflows and found.lacks["ink"] and set(found.findings) >= {"small", "no big step"}


@pytest.mark.parametrize("rows", [1, 100, 2_500])
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_the_same_where_batches_have_more_successors_than_was_thought(
    workers: int, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synproof.engine.large.search.ROWS", rows)
    monkeypatch.setattr("synproof.engine.large.batch.FEW", 1)
    subject = choose(find(), "crash-of-server").subject
    both(subject.system, watched(subject), workers=workers, every=53)
    both(subject.system, watched(subject), Limits(max_states=2_000), workers=workers, every=53)


# ---- limits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 2])
def test_the_same_number_of_states_at_a_limit(workers: int) -> None:
    system = Wide().system
    whole = len(explore(system, limits=Limits(max_states=3_000), means=PLAIN).states)
    for most in (1, 2, 3, 4, 10, 777, whole - 1, whole):
        limits = Limits(max_states=most)
        large = explore(system, limits=limits, means=Means(workers, 0))
        if large.large is None:  # it ended before it could move
            assert most < 4
        else:
            compare(explore(system, limits=limits, means=PLAIN), large, every=29)


def counter(bits: int) -> System:
    """Numbers that any of their bits can be set in: 2 ** bits states, in wide levels."""
    xs = [Variable(f"x{i}", BOOL) for i in range(bits)]
    steps = []
    for x in xs:
        step = Step(f"set {x.name}", actor="it", kind=Kind.INTERNAL)
        step.when(~x.expr)
        step.set(x.expr, True)
        steps.append(step.action())
    return System("counter", tuple(xs), ({x.name: False for x in xs},), tuple(steps))


@pytest.mark.parametrize(("workers", "fullest"), [(1, 0.85), (2, 0.85), (3, 1.5)])
def test_a_table_that_grows_keeps_all(workers: int, fullest: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("synproof.engine.large.store.FULLEST", fullest)  # 1.5: it grows when a part of it is full
    result = explore(counter(19), means=Means(workers, 0))
    assert (len(result.states), result.transitions, result.depth) == (1 << 19, 19 << 18, 19)
    assert result.large is not None and result.large.store.bits > 18
    assert all(result.index[result.states[i]] == i for i in range(0, 1 << 19, 9973))
    assert sorted(result.states) == list(range(1 << 19))
    assert 12345678 not in result.index and -1 not in result.index and 1 << 70 not in result.index


def test_more_workers_than_are_of_use_take_no_room() -> None:
    result = explore(counter(12), means=Means(10**6, 0))
    assert result.large is not None and result.large.workers <= max(8, os.cpu_count() or 1)
    assert len(result.states) == 1 << 12


def test_time_and_memory_stop_it() -> None:
    late = explore(counter(22), limits=Limits(timeout=0.05), means=AT_ONCE)  # four million states: far more than that
    assert late.stopped_by == "--timeout 0.05" and late.frontier > 0 and late.large is not None
    assert len(edges_of(late).labels) == late.transitions
    big = explore(counter(20), limits=Limits(max_memory=1), means=AT_ONCE)
    assert big.stopped_by == "--max-memory 1" and big.frontier > 0


# ---- trouble ---------------------------------------------------------------------------------------------------------


def leaving(at: int) -> System:
    x, y = Variable("x", Int(0, 200)), Variable("y", Int(0, 3))
    steps = [Step(name, actor="it", kind=Kind.TIMEOUT) for name in ("more", "turn")]
    steps[0].when(x.expr < 200)
    steps[0].set(x.expr, x.expr + 1)
    steps[1].when(x.expr == at)
    steps[1].set(y.expr, y.expr + 1)
    return System("leaving", (x, y), ({"x": 0, "y": 0},), tuple(step.action() for step in steps))


def test_a_value_outside_its_sort_is_told_in_the_same_words() -> None:
    with pytest.raises(ValueOutsideSort) as plain:
        explore(leaving(150), means=PLAIN)
    with pytest.raises(ValueOutsideSort) as large:
        explore(leaving(150), means=AT_ONCE)
    assert str(large.value) == str(plain.value) and "turn sets y to 4" in str(plain.value)
    cut = explore(leaving(150), limits=Limits(max_states=100), means=AT_ONCE)
    assert cut.large is not None and len(cut.states) == 100


def test_what_does_not_fit_into_words_is_searched_plainly() -> None:
    x = Variable("x", Int(0, 3))
    step = Step("huge", actor="it", kind=Kind.TIMEOUT)
    chosen = step.choose("by", Int(1 << 61, (1 << 61) + 1))
    step.when(chosen - (1 << 61) + x.expr < 3)
    step.set(x.expr, x.expr + 1)
    system = System("huge", (x,), ({"x": 0},), (step.action(),))
    result = explore(system, means=AT_ONCE)
    assert result.large is None and len(result.states) == 4 and "whole numbers" in obstacle(result.unit)


def test_an_interrupt_from_progress_ends_the_search_with_what_was_found() -> None:
    def interrupt(progress: Progress) -> None:
        if progress.level >= 9:
            raise KeyboardInterrupt

    result = explore(counter(16), progress=interrupt, means=AT_ONCE)
    assert result.interrupted and result.stopped_by == "interrupted"
    whole = explore(counter(16), means=PLAIN)
    assert list(result.states) == whole.states[: len(result.states)]


@pytest.mark.parametrize("workers", [1, 3])
def test_an_interrupt_while_the_table_grows_leaves_a_whole_result(workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    double, pauses = Store.double, 0

    def interrupted(store: Store, _pause: Callable[[], None], *more: Any) -> None:
        def interrupt() -> None:
            nonlocal pauses
            pauses += 1
            if pauses == 5:
                raise KeyboardInterrupt

        double(store, interrupt, *more)

    monkeypatch.setattr(Store, "double", interrupted)
    result = explore(counter(19), means=Means(workers, 0))
    assert result.interrupted and result.frontier > 0 and pauses == 5
    assert all(result.index[result.states[i]] == i for i in range(0, len(result.states), 997))
    assert result.transitions == sum(result.coverage.values()) == len(edges_of(result).labels)


def test_an_interrupt_while_machine_code_is_made_is_not_kept_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def interrupt() -> None:
        raise KeyboardInterrupt

    def make(_machine: Machine) -> None:
        over.wait(60)

    monkeypatch.setattr(Machine, "make", make)
    monkeypatch.setattr(Machine, "is_made", False)
    try:
        mover = Mover(Compiled(counter(3)), AT_ONCE)
        mover.pause = interrupt
        with pytest.raises(KeyboardInterrupt):
            mover.at_once()
        assert mover.making is not None and mover.making.is_alive()
    finally:
        over.set()


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs signals to a thread")
@pytest.mark.parametrize("delay", [0.05, 0.2, 0.4, 0.7])
def test_a_signal_at_any_moment_leaves_a_whole_result(delay: float) -> None:
    timer = threading.Timer(delay, signal.pthread_kill, (threading.main_thread().ident or 0, signal.SIGINT))
    system = counter(21)
    explore(counter(3), means=AT_ONCE)
    try:
        timer.start()
        result = explore(system, means=AT_ONCE)
        timer.join()
    except KeyboardInterrupt:
        return  # before the search began
    if result.large is not None:
        assert len(result.states) == len(result.parents)
        assert all(result.index[result.states[i]] == i for i in range(0, len(result.states), 9973))
        assert result.transitions == sum(result.coverage.values()) == len(edges_of(result).labels)


# ---- the cache -------------------------------------------------------------------------------------------------------


def test_code_is_kept_and_damage_is_noticed(kept: Path) -> None:
    system = counter(4)
    explore(system, means=AT_ONCE)
    files = {path: path.read_bytes() for path in (kept / "synproof" / "machine-code").iterdir()}
    assert files
    soon = Means(move=1 << 40, move_known=0)
    assert explore(system, means=soon).large is not None
    for path in files:
        path.write_bytes(files[path][:-1] + bytes([files[path][-1] ^ 1]))
    assert explore(system, means=soon).large is None
    assert explore(system, means=AT_ONCE).large is not None
    for path, content in files.items():
        path.write_bytes(content)
    if hasattr(os, "getuid"):
        for path in files:
            path.chmod(0o666)
        assert explore(system, means=soon).large is None, "what anybody may write is not run"
        for path in files:
            path.chmod(0o600)


def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    assert explore(counter(4), means=AT_ONCE).large is not None


# ---- without the extra -----------------------------------------------------------------------------------------------


def test_without_the_extra_a_long_search_goes_on_and_says_how_it_becomes_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("synproof.engine.large.moving.available", lambda: False)
    monkeypatch.setattr("synproof.engine.large.moving.LONG", 20_000)
    told: list[Progress] = []
    result = explore(counter(13), progress=told.append, means=AT_ONCE)
    assert result.large is None and len(result.states) == 1 << 13
    notes = [progress.note for progress in told if progress.note]
    assert len(notes) == 1 and "pip install 'synproof[fast]'" in notes[0]
    assert next(progress.transitions for progress in told if progress.note) >= 20_000
    told.clear()
    explore(counter(5), progress=told.append, means=AT_ONCE)
    assert not any(progress.note for progress in told)
