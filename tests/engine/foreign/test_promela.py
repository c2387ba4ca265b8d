"""Systems as Promela text: what it says, what it leaves out, what it refuses; and that SPIN counts random systems alike."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from synproof.engine.checker import Subject, by_exploration
from synproof.engine.errors import LanguageError
from synproof.engine.expr import Expr, all_of, bag_of, const, ite, item, record, slots
from synproof.engine.foreign.promela import to_promela
from synproof.engine.property import Property, PropertyKind, Verdict
from synproof.engine.sorts import BOOL, Bag, Int, Record, Seq
from synproof.engine.system import Kind, Step, System, Variable

from ..random_systems import draw
from ..toys import counter, handshake, no_ghost, ring
from .spin import count, missing

needs_spin = pytest.mark.skipif(bool(missing()), reason=missing())

MESSAGE = Record("Message", (("seq", Seq(2)), ("len", Int(1, 2)), ("old", BOOL)))
BAG = Bag(MESSAGE, 3)
NET = Variable("net", BAG)
LAST, LEFT = Variable("last", Seq(2)), Variable("left", Int(0, 2))


def step(name: str) -> Step:
    return Step(name, actor="a", kind=Kind.USER_CALL, sentence=f"It does {name}.", clause="1.2")


def text_of(*steps: Step, properties: tuple[Property, ...] = ()) -> str:
    system = System("toy", (NET, LAST, LEFT), ({"net": (), "last": 0, "left": 2},), tuple(s.action() for s in steps))
    return to_promela(Subject("toy", system, properties))


def body(text: str, name: str) -> str:
    """The statements of an action."""
    found = re.search(rf"^inline {name}\(.*?\) {{\n(.*?)^}}", text, re.M | re.S)
    assert found, text
    return found[1]


def message(seq: Expr, old: bool = False) -> Expr:
    return record(MESSAGE, seq=seq, len=2, old=old)


def test_an_action_is_its_sentence_its_guard_and_one_step() -> None:
    one = step("count.down")
    one.when(LEFT.expr > 0)
    one.set(LEFT.expr, LEFT.expr - 1)
    text = text_of(one)
    assert "/* It does count.down. [1.2] */\n#define may_count_down (0 < left)" in text
    assert ":: d_step { may_count_down -> count_down() }" in text
    assert "unsigned left : 2 = 2;" in text


def test_what_never_changes_is_left_out_and_said() -> None:
    one = step("count.down")
    one.when(LEFT.expr > 0, LAST.expr == 0)
    one.set(LEFT.expr, LEFT.expr - 1)
    text = text_of(one)
    assert "never change: net = {}, last = 0" in text
    assert "unsigned last" not in text and "net_0" not in text


def test_assignments_come_in_an_order_in_which_none_reads_what_has_changed() -> None:
    one = step("shift")
    one.set(LEFT.expr, 0)
    one.set(LAST.expr, LAST.expr + LEFT.expr)
    assert body(text_of(one), "shift").split(";\n") == ["   last = (last + left) & 3", "   left = 0\n"]


def test_a_swap_needs_a_scratch_variable_that_is_zero_again() -> None:
    other = Variable("other", Seq(2))
    one = step("swap")
    one.set(LAST.expr, other.expr + 1)
    one.set(other.expr, LAST.expr)
    system = System("toy", (LAST, other), ({"last": 0, "other": 3},), (one.action(),))
    text = to_promela(Subject("toy", system, ()))
    assert body(text, "swap").split(";\n") == [
        "   scratch_0 = last", "   last = (other + 1) & 3", "   other = scratch_0", "   scratch_0 = 0\n",
    ]  # fmt: skip
    assert "unsigned scratch_0 : 2;" in text


def test_a_bag_is_changed_where_it_stands() -> None:
    one = step("reply")
    taken = one.take("message", NET.expr)
    one.change(
        NET.expr,
        bag_of(BAG, [(full, record(MESSAGE, seq=m.seq, len=m.len, old=True)) for full, m in slots(one.now(NET.expr))]),
    )
    one.send(NET.expr, message(const(3, Seq(2))), when=LEFT.expr > 0)
    one.set(LAST.expr, taken.seq)
    lines = body(text_of(one), "reply")
    assert "net_remove(message)" in lines
    assert "net_1 = (net_1 != 0 -> message_with_old(net_1" in lines
    assert lines.count("net_settle()") == 2
    assert lines.index("last = message_seq(message)") < lines.index("net_remove(message)")


def test_equal_messages_are_one_instance_and_a_queue_gives_its_head() -> None:
    one = step("lose")
    one.take("message", NET.expr)
    send = step("send")
    send.send(NET.expr, message(LAST.expr))
    text = text_of(one, send)
    assert ":: d_step { may_lose(net_0) && net_0 -> lose(net_0) }" in text
    assert ":: d_step { may_lose(net_2) && net_2 && net_2 != net_1 -> lose(net_2) }" in text
    queue = to_promela(Subject("ring", ring(), ()))
    assert "may_bob_take(link_from_ada_0) && link_from_ada_0 ->" in queue


def test_properties_are_asked_by_number_and_the_others_are_named() -> None:
    later = Property("later", PropertyKind.EVENTUALLY)
    text = to_promela(Subject("h", handshake(two_way=True), (later, no_ghost(handshake()))))
    assert "later: an eventually-property speaks of infinite runs" in text
    assert "/* 2: no-ghost (always). When the server is ESTABLISHED, the client has not gone away. */" in text
    assert "#if PROPERTY == 2 || PROPERTY == 0" in text


def test_names_and_sentences_do_not_leave_their_comments() -> None:
    evil = "a */ c_code { system(1) } /* b\n#include c"
    system = System("toy", (LEFT,), ({"left": 2},), (step("count */ down").action(),))
    text = to_promela(Subject(evil, system, (Property('50%"', PropertyKind.ALWAYS, evil, predicate=LEFT.expr > 0),)))
    code = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    assert "system(1)" not in code and "It does" not in code and "#include" not in code
    assert "c_code { system(1) }" in text
    assert r'printf("50%%\": violated, steps: %ld\n"' in code
    assert "spin -o2 -a a-c_code-system-1-b-include-c.pml " in text


def test_words_of_promela_are_not_taken_as_names() -> None:
    active = Variable("active", BOOL)
    one = step("skip")
    one.set(active.expr, ~active.expr)
    text = to_promela(Subject("toy", System("toy", (active,), ({"active": False},), (one.action(),)), ()))
    assert "bit active_;" in text and "inline skip_()" in text


def test_a_message_that_does_not_fit_into_a_number_of_spin_is_refused() -> None:
    wide = Variable("wide", Bag(Record("Wide", (("seq", Seq(16)), ("ack", Seq(16)))), 1))
    one = step("send")
    one.send(wide.expr, record(wide.sort.element))  # type: ignore[attr-defined]
    one.when(item(wide.expr, 0).seq == 0)
    system = System("toy", (wide,), ({"wide": ()},), (one.action(),))
    with pytest.raises(LanguageError, match="a Wide of wide needs 33 bits, and SPIN's numbers have 31"):
        to_promela(Subject("toy", system, ()))


# ---- with SPIN ---------------------------------------------------------------------------------------------------------


def compare(subject: Subject, folder: Path) -> None:
    ours, _ = by_exploration(subject)
    theirs = count(subject, folder)
    assert (theirs.states, theirs.transitions) == (ours.states, ours.transitions)
    found = [p for p in ours.properties if p.verdict in (Verdict.VIOLATED, Verdict.REACHED)]
    assert theirs.answers == {p.name: (p.verdict.value, p.steps) for p in found}


@needs_spin
@pytest.mark.parametrize("system", [counter(), ring()])
def test_spin_counts_the_toys_alike(system: System, tmp_path: Path) -> None:
    compare(Subject(system.name, system, ()), tmp_path)


def random_system(seed: int) -> Subject:
    drawn = draw(seed)
    return Subject(f"random-{seed}", drawn.system, drawn.properties)


@needs_spin
@pytest.mark.parametrize("seed", range(6))
def test_spin_counts_random_systems_alike(seed: int, tmp_path: Path) -> None:
    compare(random_system(seed), tmp_path)


@needs_spin
@pytest.mark.slow
@pytest.mark.parametrize("first", range(6, 206, 20))
def test_spin_counts_many_random_systems_alike(first: int, tmp_path: Path) -> None:
    for seed in range(first, first + 20):
        compare(random_system(seed), tmp_path)


@needs_spin
def test_spin_moves_messages_as_we_do(tmp_path: Path) -> None:
    """A bag whose messages are marked, taken, answered, doubled and lost, at once and in every order."""
    send, mark, reply = step("send"), step("mark"), step("reply")
    send.when(LEFT.expr > 0)
    send.set(LEFT.expr, LEFT.expr - 1)
    send.send(NET.expr, message(send.choose("seq", Seq(2))))
    mark.change(NET.expr, bag_of(BAG, [(full, record(MESSAGE, seq=m.seq, len=1, old=True)) for full, m in slots(NET.expr)]))
    taken = reply.take("message", NET.expr)
    rest = reply.now(NET.expr)
    related = [(all_of(full, m.seq != taken.seq), ite(taken.old, m, taken)) for full, m in slots(rest)]
    reply.change(NET.expr, bag_of(BAG, related))
    reply.send(NET.expr, message(taken.seq + 1), when=~taken.old)
    reply.set(LAST.expr, taken.seq)
    system = System(
        "toy", (NET, LAST, LEFT), ({"net": (), "last": 0, "left": 2},), tuple(s.action() for s in (send, mark, reply))
    )
    compare(Subject("toy", system, ()), tmp_path)
