"""Liveness against two oracles that share no code with it, on random systems; and on small systems made by hand.

Every lasso that is found is checked by `lasso_faults`. With the extra `fast`, the search on arrays is compared as well.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from synproof.engine.api import Subject, check
from synproof.engine.errors import LanguageError
from synproof.engine.expr import FALSE, TRUE, Expr, any_of, bag_of, has, is_full, ite, negate, record, remove, slots
from synproof.engine.fairness.liveness import LivenessResult, check_feasible, check_responses
from synproof.engine.property import Fairness, Property, PropertyKind, Response, Verdict
from synproof.engine.render import render_ladder, render_markdown, render_mermaid
from synproof.engine.results import exit_code
from synproof.engine.search.budget import Budget, LimitMet
from synproof.engine.search.explore import Limits, explore
from synproof.engine.sorts import BOOL, Bag, Int, Record
from synproof.engine.system import Channel, Kind, Step, System, Variable
from synproof.engine.traces.itf import Header, read, save
from synproof.engine.traces.telling import decides, tell
from synproof.engine.traces.trace import Trace

from ..graph_systems import Dice, Graph, graph_of
from .fair_runs import Oracle, lasso_faults

PARTS = ("weak", "recurring", "compassion", "delivery")
ARRAYS = all(find_spec(name) for name in ("numpy", "scipy"))


def eventually(response: Response, fairness: Fairness) -> Property:
    return Property("eventually", PropertyKind.EVENTUALLY, responses=(response,), fairness=fairness, shared=True)


# ---- random systems --------------------------------------------------------------------------------------------------


def random_case(seed: int, **size: int) -> tuple[System, Response, Fairness]:
    dice = Dice(seed, **size)
    system = dice.system()
    rng = random.Random(seed + 1_000_000)
    names = [net.name for net in dice.nets]
    response = Response(
        trigger=TRUE if rng.random() < 0.3 else dice.condition(),
        goal=FALSE if rng.random() < 0.2 else dice.condition(),
        meanwhile=TRUE if rng.random() < 0.6 else dice.condition(),
        sending=rng.random() < 0.25,
        without=frozenset(kind for kind in Kind if rng.random() < 0.12),
    )
    fairness = Fairness(
        weak=frozenset(tag for tag in ("w0", "w1") if rng.random() < 0.5),
        compassion=frozenset(name for name in names if rng.random() < 0.6),
        delivery=frozenset(name for name in names if rng.random() < 0.35),
        recurring=frozenset(tag for tag in ("w0", "w1") if rng.random() < 0.15),
    )
    return system, response, fairness


def judge(graph: Graph, response: Response, fairness: Fairness, fair: set[int], oracle: Oracle) -> LivenessResult:
    """Compare a verdict, and the way to it, with the states that an oracle finds."""
    explored = explore(graph.system)
    result = check_responses(explored, eventually(response, fairness), arrays=False)
    if ARRAYS:
        assert check_responses(explored, eventually(response, fairness), arrays=True) == result
    assert result.verdict is (Verdict.VIOLATED if fair else Verdict.HOLDS)
    assert result.waiting == len(oracle.distance)
    if fair:
        assert result.run is not None and result.run.loop is not None and result.response is response
        trace = result.run.trace(graph.system)
        assert lasso_faults(trace, response, fairness) == []
        assert result.run.loop == min(oracle.distance[i] for i in fair)
    return result


SEEDS = [pytest.param(1, id="some"), pytest.param(10, id="many", marks=pytest.mark.slow)]


@pytest.mark.parametrize("times", SEEDS)
def test_agrees_with_all_sets_of_steps_on_small_random_systems(times: int) -> None:
    verdicts: Counter[Verdict] = Counter()
    going_round = 0
    for seed in range(2500 * times):
        system, response, fairness = random_case(seed, top=1, steps=2)
        graph = graph_of(system, 60)
        assert graph is not None
        oracle = Oracle(graph, response, fairness)
        if not 2 <= sum(step.repeats for _, step, _ in oracle.steps) <= 11:
            continue
        fair = oracle.by_subsets()
        assert fair == oracle.by_guessing()
        result = judge(graph, response, fairness, fair, oracle)
        verdicts[result.verdict] += 1
        going_round += result.run is not None and result.run.loop != len(result.run)
    assert sum(verdicts.values()) >= 400 and min(verdicts.values()) >= 100, verdicts
    assert going_round >= 30


@pytest.mark.parametrize("times", SEEDS)
def test_agrees_with_guessing_what_is_sent_on_larger_random_systems(times: int) -> None:
    verdicts: Counter[Verdict] = Counter()
    matters: Counter[str] = Counter()  # of how many systems a part of fairness decides
    lengths = []
    in_vain = 0
    for seed in range(1000 * times):
        system, response, fairness = random_case(seed + 5000, channels=1 + seed % 2, capacity=2, top=2, steps=4)
        graph = graph_of(system, 100)
        if graph is None:
            continue
        oracle = Oracle(graph, response, fairness)
        if len(oracle.steps) < 4:
            continue
        result = judge(graph, response, fairness, oracle.by_guessing(), oracle)
        verdicts[result.verdict] += 1
        in_vain += any(step.sent for _, step, _ in oracle.vain)
        if result.run is not None and result.run.loop is not None:
            lengths.append(len(result.run) - result.run.loop)
        for part in PARTS:
            if getattr(fairness, part) and result.verdict is Verdict.HOLDS:
                less = replace(fairness, **{part: frozenset()})
                matters[part] += check_responses(explore(system), eventually(response, less)).verdict is Verdict.VIOLATED
    assert sum(verdicts.values()) >= 300 and min(verdicts.values()) >= 80, verdicts
    assert min(matters[part] for part in PARTS) >= 5, matters
    assert sum(length >= 3 for length in lengths) >= 20
    assert in_vain >= 20


def test_feasibility_agrees_with_guessing_on_random_systems() -> None:
    verdicts: Counter[Verdict] = Counter()
    for seed in range(400):
        system, _, fairness = random_case(seed + 9000, capacity=2, top=1, steps=3)
        graph = graph_of(system, 80)
        if graph is None:
            continue
        alive = Oracle(graph, Response(), fairness).by_guessing()
        growing = True
        while growing:
            before = {s for s, _, t in graph.edges if t in alive}
            growing = not before <= alive
            alive |= before
        stranded = [i for i in range(len(graph.states)) if i not in alive]
        result = check_feasible(explore(system), fairness)
        assert result.verdict is (Verdict.VIOLATED if stranded else Verdict.HOLDS)
        if result.run is not None:
            assert dict(result.run.trace(system).final) == graph.states[stranded[0]]
        verdicts[result.verdict] += 1
    assert min(verdicts[Verdict.HOLDS], verdicts[Verdict.VIOLATED]) >= 10, verdicts


def test_a_cut_exploration_violates_only_what_the_whole_one_does() -> None:
    found: Counter[Verdict] = Counter()
    for seed in range(200):
        system, response, fairness = random_case(seed + 5000, capacity=2, top=2, steps=4)
        graph = graph_of(system, 150)
        if graph is None or len(graph.states) < 10:
            continue
        cut = explore(system, limits=Limits(max_states=len(graph.states) // 2))
        if cut.complete:
            continue
        result = check_responses(cut, eventually(response, fairness))
        found[result.verdict] += 1
        if result.run is not None:
            assert lasso_faults(result.run.trace(system), response, fairness) == []
    assert set(found) == {Verdict.VIOLATED, Verdict.INCOMPLETE} and min(found.values()) >= 10, found


def test_a_cut_exploration_strands_only_what_the_whole_one_does() -> None:
    found: Counter[Verdict] = Counter()
    for seed in range(400):
        system, _, fairness = random_case(seed + 9000, capacity=2, top=1, steps=3)
        graph = graph_of(system, 80)
        if graph is None or (cut := explore(system, limits=Limits(max_states=max(1, len(graph.states) - 2)))).complete:
            continue
        result = check_feasible(cut, fairness)
        found[result.verdict] += 1
        if result.run is not None:
            last = dict(result.run.trace(system).final)
            alive = Oracle(replace_initial(graph, last), Response(), fairness).by_guessing()
            assert not alive
    assert set(found) == {Verdict.VIOLATED, Verdict.INCOMPLETE}, found


def replace_initial(graph: Graph, state: dict[str, Any]) -> Graph:
    """What is reachable from a state."""
    there = graph_of(replace(graph.system, initial=(state,)))
    assert there is not None
    return there


# ---- systems made by hand --------------------------------------------------------------------------------------------

LETTER = Record("Letter", (("v", Int(0, 1)), ("old", BOOL)), frozenset({"old"}))


class Post:
    """A sender that repeats letter 1 until it has arrived, over a channel that may lose, copy and be blocked."""

    def __init__(
        self, capacity: int = 1, *, lose: bool = True, copy: bool = False, rival: bool = False, polite: bool = False
    ) -> None:
        self.got = Variable("got", BOOL)
        self.net = Variable("net", Bag(LETTER, capacity))
        self.marked = Variable("marked", BOOL, history=True)
        net, got = self.net.expr, self.got.expr
        self.polite = polite  # sends only where there is room
        self.actions = [self._send(1, "send", ~got)]
        if rival:
            self.actions.append(self._send(0, "send the other", TRUE))
        for v in (0, 1) if rival else (1,):
            step = Step(f"receive {v}", actor="reader", kind=Kind.SEGMENT_ARRIVES, tags=frozenset({"deliver"}))
            step.when(step.take("letter", net).v == v)
            if v == 1:
                step.set(got, True)
            self.actions.append(step.action())
        if lose:
            step = Step("lose", actor="net", kind=Kind.NETWORK)
            step.change(net, remove(net, step.pick("letter", net)))
            self.actions.append(step.action())
        if copy:
            step = Step("copy", actor="net", kind=Kind.NETWORK, tags=frozenset({"copy"}))
            letter = step.pick("letter", net)
            step.when(~is_full(net))
            step.send(net, letter)
            self.actions.append(step.action())

    def _send(self, v: int, name: str, when: Expr) -> Any:
        step = Step(name, actor="writer", kind=Kind.TIMEOUT, tags=frozenset({"resend"}))
        step.when(when)
        if self.polite:
            step.when(~is_full(self.net.expr))
        step.send(self.net.expr, record(LETTER, v=v, old=self.marked.expr))
        step.set(self.marked.expr, ~self.marked.expr)
        return step.action()

    def system(self, **first: Any) -> System:
        initial = {"got": False, "net": (), "marked": False} | first
        return System("post", (self.got, self.net, self.marked), (initial,), tuple(self.actions),
                      channels=(Channel("net", "writer", "reader"),))  # fmt: skip

    def check(self, fairness: Fairness, response: Response | None = None, **first: Any) -> tuple[Verdict, Trace | None]:
        """The verdict, and a lasso that has been checked."""
        response = response or Response(goal=self.got.expr)
        system = self.system(**first)
        result = check_responses(explore(system), eventually(response, fairness))
        if result.run is None:
            return result.verdict, None
        trace = result.run.trace(system, "eventually")
        assert lasso_faults(trace, response, fairness) == []
        return result.verdict, trace


RESEND = frozenset({"resend"})
NET = frozenset({"net"})


def names(trace: Trace | None) -> tuple[list[str], list[str]]:
    assert trace is not None and trace.loop is not None
    steps = [step.action.name for step in trace.steps]
    return steps[: trace.loop], steps[trace.loop :]


def test_retransmission_over_a_lossy_channel_gets_through_with_compassion() -> None:
    for capacity in (1, 2):
        assert Post(capacity).check(Fairness(weak=RESEND, compassion=NET)) == (Verdict.HOLDS, None)


def test_without_compassion_every_letter_may_be_lost() -> None:
    verdict, trace = Post().check(Fairness(weak=RESEND))
    assert verdict is Verdict.VIOLATED
    stem, cycle = names(trace)
    assert stem == [] and "send" in cycle


def test_weak_fairness_of_the_delivery_is_not_compassion() -> None:
    verdict, trace = Post().check(Fairness(weak=RESEND | {"deliver"}))
    assert verdict is Verdict.VIOLATED  # the letter is lost each time, so its delivery is not possible for ever
    assert "lose" in names(trace)[1]


def test_without_weak_fairness_nothing_is_ever_sent() -> None:
    verdict, trace = Post().check(Fairness(compassion=NET))
    assert verdict is Verdict.VIOLATED
    assert names(trace) == ([], [])  # the run rests at once


def test_a_rival_can_keep_the_only_place_but_not_against_compassion() -> None:
    post = Post(capacity=1, rival=True)
    assert post.check(Fairness(weak=RESEND, compassion=NET)) == (Verdict.HOLDS, None)
    verdict, trace = post.check(Fairness(weak=RESEND | {"deliver"}))
    assert verdict is Verdict.VIOLATED  # letter 1 finds the channel full for ever
    assert {"send", "send the other"} <= set(names(trace)[1])


def test_a_letter_that_is_always_dropped_counts_as_sent() -> None:
    post = Post(capacity=1, lose=False, rival=True)
    post.actions = [action for action in post.actions if action.name != "receive 0"]
    blocked = ((0, False),)  # what holds the only place can never be delivered
    assert post.check(Fairness(weak=RESEND, compassion=NET), net=blocked) == (Verdict.HOLDS, None)
    verdict, trace = post.check(Fairness(weak=RESEND), net=blocked)
    assert verdict is Verdict.VIOLATED
    assert trace is not None and all(dropped for step in trace.steps for _, _, dropped in step.sent())
    result = check_feasible(explore(post.system(net=blocked)), Fairness(weak=RESEND, compassion=NET))
    assert result.verdict is Verdict.VIOLATED  # so the assumption itself is what cannot be


def test_a_sender_that_waits_for_room_is_not_excused_by_a_full_channel() -> None:
    """What is tried in vain is sent: a letter that nobody carries out of the way cannot lie there for ever."""
    post = Post(capacity=1, rival=True, polite=True)
    assert post.check(Fairness(weak=RESEND, compassion=NET), net=((0, False),)) == (Verdict.HOLDS, None)
    verdict, trace = post.check(Fairness(weak=RESEND), net=((0, False),))
    assert verdict is Verdict.VIOLATED and names(trace) == ([], [])  # it rests, as nothing is possible for ever
    no_reader = Post(capacity=1, rival=True, polite=True)
    no_reader.actions = [action for action in no_reader.actions if action.name in ("send", "lose")]
    assert no_reader.check(Fairness(weak=RESEND, compassion=NET))[0] is Verdict.HOLDS
    assert check_feasible(explore(no_reader.system()), Fairness(weak=RESEND, compassion=NET)).verdict is Verdict.VIOLATED


def test_what_is_delivered_only_after_a_loss_does_not_count() -> None:
    """Letter 0 is delivered only on a way round that sends letter 1, which is never delivered: nothing fair remains."""
    at, net = Variable("at", Int(0, 1)), Variable("net", Bag(LETTER, 2))
    actions = []
    for name, here, there, v in (("out", 0, 1, 1), ("stay", 0, 0, 0), ("stay too", 0, 0, 1)):
        step = Step(name, actor="writer", kind=Kind.TIMEOUT)
        step.when(at.expr == here)
        step.set(at.expr, there)
        step.send(net.expr, record(LETTER, v=v))
        actions.append(step.action())
    back = Step("back", actor="reader", kind=Kind.SEGMENT_ARRIVES)
    back.when(at.expr == 1, back.take("letter", net.expr).v == 0)
    back.set(at.expr, 0)
    lose = Step("lose", actor="net", kind=Kind.NETWORK)
    lose.change(net.expr, remove(net.expr, lose.pick("letter", net.expr)))
    system = System("post", (at, net), ({"at": 0, "net": ()},), (*actions, back.action(), lose.action()),
                    channels=(Channel("net", "writer", "reader"),))  # fmt: skip
    busy = Response(sending=True)
    assert check_responses(explore(system), eventually(busy, Fairness(compassion=NET))).verdict is Verdict.HOLDS
    assert check_responses(explore(system), eventually(busy, Fairness())).verdict is Verdict.VIOLATED


def test_an_old_letter_lives_for_ever_by_copies() -> None:
    post = Post(capacity=2, copy=True)
    still = Response(trigger=post.got.expr, goal=~any_of(*(full for full, _ in slots(post.net.expr))))
    lossless = Fairness(weak=RESEND, compassion=NET, delivery=NET)
    verdict, trace = post.check(lossless, still)
    assert verdict is Verdict.VIOLATED
    stem, cycle = names(trace)
    assert sorted(cycle) == ["copy", "receive 1"]
    assert "receive 1" in stem
    assert Post(capacity=2).check(lossless, still) == (Verdict.HOLDS, None)


def test_what_the_network_copies_is_not_sent() -> None:
    post = Post(capacity=2, copy=True)
    moving = Response(trigger=post.got.expr, meanwhile=has(post.net.expr, 0), sending=True)
    assert post.check(Fairness(), moving) == (Verdict.HOLDS, None)
    restless = Response(trigger=~post.got.expr & has(post.net.expr, 0), goal=post.got.expr, without=frozenset({Kind.TIMEOUT}))
    verdict, _ = post.check(Fairness(weak=RESEND, compassion=NET), restless)
    assert verdict is Verdict.HOLDS  # the sender is obliged to send and may not, so nothing fair repeats
    verdict, trace = post.check(Fairness(compassion=NET), restless)
    assert verdict is Verdict.VIOLATED and names(trace) == (["send"], [])


def test_copies_that_are_lost_for_ever_oblige_nobody() -> None:
    post = Post(capacity=2, copy=True)
    asked = Response(trigger=has(post.net.expr, 0), goal=post.got.expr)
    verdict, trace = post.check(Fairness(weak=frozenset({"copy"}), compassion=NET), asked)
    assert verdict is Verdict.VIOLATED
    assert sorted(names(trace)[1]) == ["copy", "lose"]


def test_resting_needs_that_no_obligation_is_open() -> None:
    post = Post(lose=False)
    waiting = Response(trigger=has(post.net.expr, 0), goal=post.got.expr)
    verdict, trace = post.check(Fairness(), waiting)
    assert verdict is Verdict.VIOLATED and names(trace) == (["send"], [])
    assert post.check(Fairness(delivery=NET), waiting) == (Verdict.HOLDS, None)
    assert post.check(Fairness(weak=frozenset({"deliver"})), waiting) == (Verdict.HOLDS, None)


def test_history_fields_do_not_make_a_message_another_one() -> None:
    post = Post()  # `old` alternates: were it told apart, each of the two letters could be lost for ever in turn
    for action in post.actions:
        assert all(send.element.sort is LETTER for send in action.sends)
    step = Step("receive only old ones", actor="reader", kind=Kind.SEGMENT_ARRIVES)
    letter = step.take("letter", post.net.expr)
    step.when(letter.old)
    post.actions = [step.action() if action.name == "receive 1" else action for action in post.actions]
    verdict, trace = post.check(Fairness(weak=RESEND, compassion=NET))
    assert verdict is Verdict.VIOLATED  # the value is delivered for ever; that it never sets `got` is another matter
    assert "receive only old ones" in names(trace)[1]


def test_what_changes_on_the_way_does_not_make_a_message_another_one() -> None:
    """A letter is stamped on its way, and only a stamped one is taken: it is the letter that was sent."""
    for transit, verdict in ((frozenset({"stamped"}), Verdict.HOLDS), (frozenset[str](), Verdict.VIOLATED)):
        letter = Record("Letter", (("v", Int(0, 1)), ("stamped", BOOL)), transit=transit)
        bag = Bag(letter, 1)
        got, net = Variable("got", BOOL), Variable("net", bag)
        send = Step("send", actor="writer", kind=Kind.TIMEOUT, tags=RESEND)
        send.send(net.expr, record(letter, v=1))  # for ever
        stamp = Step("stamp", actor="net", kind=Kind.CLOCK, tags=frozenset({"stamps"}))
        stamp.change(net.expr, bag_of(bag, [(full, record(letter, v=m.v, stamped=True)) for full, m in slots(net.expr)]))
        receive = Step("receive", actor="reader", kind=Kind.SEGMENT_ARRIVES)
        receive.when(receive.take("letter", net.expr).stamped)
        receive.set(got.expr, True)
        lose = Step("lose", actor="net", kind=Kind.NETWORK)
        lose.change(net.expr, remove(net.expr, lose.pick("letter", net.expr)))
        actions = tuple(step.action() for step in (send, stamp, receive, lose))
        system = System("post", (got, net), ({"got": False, "net": ()},), actions,
                        channels=(Channel("net", "writer", "reader"),))  # fmt: skip
        fairness = Fairness(weak=RESEND, recurring=frozenset({"stamps"}), compassion=NET)
        asked = Response(trigger=has(net.expr, 0), goal=got.expr)
        result = check_responses(explore(system), eventually(asked, fairness))
        assert result.verdict is Verdict.HOLDS, "what is sent for ever is delivered, or it is not fair"
        assert check_feasible(explore(system), fairness).verdict is verdict, "unless it is never the same letter that arrives"


def ticking(*, stuck: bool = False) -> System:
    """A clock with one hand, and somebody who works and rests between two ticks; `stuck`: who works never rests."""
    hand, busy = Variable("hand", Int(0, 1)), Variable("busy", Int(0, 1))
    tick = Step("tick", actor="clock", kind=Kind.CLOCK, tags=frozenset({"tick"}))
    tick.when(busy.expr == 0)
    tick.set(hand.expr, ite(hand.expr == 0, 1, 0))
    work, rest = (Step(name, actor="it", kind=Kind.INTERNAL) for name in ("work", "rest"))
    work.when(busy.expr == 0)
    work.set(busy.expr, 1)
    rest.when(busy.expr == 1)
    rest.set(busy.expr, 0)
    actions = (tick.action(), work.action(), *(() if stuck else (rest.action(),)))
    return System("clock", (hand, busy), ({"hand": 0, "busy": 0},), actions)


TICKS = frozenset({"tick"})


def test_time_that_must_go_on_is_not_held_up_for_ever() -> None:
    """To work and rest without end takes no time; weak fairness of the tick does not forbid it: at work it is not possible."""
    system = ticking()
    turned = Response(goal=system.by_name["hand"].expr == 1)
    for fairness, loop in ((Fairness(), []), (Fairness(weak=TICKS), ["work", "rest"])):
        result = check_responses(explore(system), eventually(turned, fairness))
        assert result.verdict is Verdict.VIOLATED and result.run is not None
        assert names(result.run.trace(system))[1] == loop
    assert check_responses(explore(system), eventually(turned, Fairness(recurring=TICKS))).verdict is Verdict.HOLDS
    assert check_feasible(explore(system), Fairness(recurring=TICKS)).verdict is Verdict.HOLDS


def test_time_that_stops_is_told_as_the_run_after_which_it_does(tmp_path: Path) -> None:
    system = ticking(stuck=True)
    passes = Property("time-passes", PropertyKind.EVENTUALLY, "Time passes.", fairness=Fairness(recurring=TICKS))
    assert passes.is_feasibility
    result = check(Subject("clock", system, (passes,)))
    found = result.result("time-passes")
    assert found.verdict is Verdict.VIOLATED and found.steps == 1 and exit_code([[result]]) == 13
    trace = found.trace
    assert trace is not None and trace.loop is None and [step.action.name for step in trace.steps] == ["work"]
    telling = tell(trace, passes, found.verdict)
    for text in (render_ladder(telling), render_markdown(telling), render_mermaid(telling)):
        text = " ".join(text.replace("<br/>", " ").split())
        assert "time-passes: violated in 1 step, after which no fair run goes on" in text
    assert decides(trace, passes) is None, "the run alone does not show it"
    save(tmp_path / "time.itf.json", trace, Header("clock", verdict=found.verdict))
    again = read(tmp_path / "time.itf.json").replayed(system)
    assert again.loop is None and again.about == "time-passes" and dict(again.final) == dict(trace.final)


def test_sending_and_quiescence() -> None:
    post = Post()
    quiet = Response(sending=True)
    assert post.check(Fairness(weak=RESEND, compassion=NET), quiet) == (Verdict.HOLDS, None)  # sends until it is received
    chatty = Post(rival=True)
    verdict, trace = chatty.check(Fairness(weak=RESEND, compassion=NET), quiet)
    assert verdict is Verdict.VIOLATED
    assert "send the other" in names(trace)[1]
    assert chatty.check(Fairness(), replace(quiet, without=frozenset({Kind.TIMEOUT}))) == (Verdict.HOLDS, None)


def test_the_stem_may_do_what_the_cycle_may_not() -> None:
    post = Post(lose=False)
    after = Response(trigger=has(post.net.expr, 0), goal=post.got.expr, without=frozenset(Kind))
    verdict, trace = post.check(Fairness(), after)
    assert verdict is Verdict.VIOLATED and names(trace) == (["send"], [])


def test_leaving_the_region_ends_the_wait() -> None:
    post = Post(lose=False)
    owed = Response(trigger=TRUE, goal=FALSE, meanwhile=negate(has(post.net.expr, 0)))
    assert post.check(Fairness(weak=RESEND), replace(owed, meanwhile=owed.meanwhile & ~post.got.expr))[0] is Verdict.HOLDS
    verdict, trace = post.check(Fairness(weak=RESEND), owed)
    assert verdict is Verdict.VIOLATED
    assert names(trace) == (["send", "receive 1"], [])


def test_the_first_violated_response_is_told() -> None:
    post = Post()
    good, bad = Response(trigger=post.got.expr, goal=post.got.expr), Response(goal=post.got.expr)
    prop = Property("two", PropertyKind.EVENTUALLY, responses=(good, bad), fairness=Fairness(weak=RESEND))
    assert check_responses(explore(post.system()), prop).response is bad


class Ending(Budget):
    """A budget that is spent at a certain call, once."""

    def __init__(self, at: int, by: BaseException) -> None:
        super().__init__()
        self.at, self.by, self.calls = at, by, 0

    def spend(self) -> None:
        """Count the calls."""
        self.calls += 1
        if self.calls == self.at:
            raise self.by


@pytest.mark.parametrize("arrays", [False, True])
@pytest.mark.parametrize("end", [KeyboardInterrupt(), LimitMet("--timeout 1")])
def test_an_end_comes_through_wherever_it_is_met(end: BaseException, arrays: bool) -> None:
    if arrays:
        pytest.importorskip("scipy")
    exploration = explore(Post(2).system())
    prop = eventually(Response(goal=Variable("got", BOOL).expr), Fairness(weak=RESEND, compassion=NET))
    whole = Ending(0, end)
    assert check_responses(exploration, prop, whole, arrays=arrays).verdict is Verdict.HOLDS
    assert whole.calls >= exploration.expanded
    for at in range(1, whole.calls + 1):
        anew = explore(Post(2).system())  # one that was asked before has kept its edges
        with pytest.raises(type(end)):
            check_responses(anew, prop, Ending(at, end), arrays=arrays)


def test_mistakes_are_named() -> None:
    post = Post()
    with pytest.raises(LanguageError, match="has no responses"):
        check_responses(explore(post.system()), Property("always", PropertyKind.ALWAYS, predicate=TRUE))
    with pytest.raises(LanguageError, match=r"channel 'nte'; did you mean 'net'\?"):
        check_responses(explore(post.system()), eventually(Response(), Fairness(compassion=frozenset({"nte"}))))
    with pytest.raises(LanguageError, match="the goal of a response reads 'other'"):
        check_responses(explore(post.system()), eventually(Response(goal=Variable("other", BOOL).expr), Fairness()))


def test_a_tour_does_what_is_asked_and_no_more() -> None:
    at, actions = Variable("at", Int(0, 4)), []
    for there in range(5):
        step = Step(f"go to {there}", actor="it", kind=Kind.TIMEOUT, tags=frozenset({"far"} if there in (2, 4) else {"near"}))
        step.set(at.expr, there)
        actions.append(step.action())
    system = System("five places", (at,), ({"at": 0},), tuple(actions))
    for tags, wanted in (({"far"}, {2, 4}), ({"near"}, {0, 1, 3}), ({"far", "near"}, {0, 1, 2, 3, 4})):
        response, fairness = Response(), Fairness(weak=frozenset(tags))
        run = check_responses(explore(system), eventually(response, fairness)).run
        assert run is not None and run.loop == 0
        trace = run.trace(system)
        assert lasso_faults(trace, response, fairness) == []
        assert {step.action.name for step in trace.steps} == {f"go to {i}" for i in wanted | {0}}
        assert len(trace) == len(wanted | {0})
