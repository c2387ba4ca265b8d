"""One endpoint alone: the RFC's figures with the RFC's numbers, what it refuses, and that nothing but itself matters to it."""

from __future__ import annotations

import doctest
import random
import re
from dataclasses import replace
from typing import Any

import pytest

from synproof.engine.errors import UnknownName, ValueOutsideSort
from synproof.engine.evaluate import Transition, apply, choices, holds
from synproof.engine.sorts import Bag, Value
from synproof.engine.system import Kind, System
from synproof.spec import Settings, build
from synproof.spec.alone import (
    SECTIONS,
    Abort,
    ActiveOpen,
    AloneError,
    Ambiguous,
    Arrives,
    Close,
    Connection,
    Endpoint,
    Event,
    GoOn,
    MissingChoice,
    NothingHappens,
    NotModelled,
    PassiveOpen,
    Refused,
    Segment,
    Send,
    Timeout,
    Timer,
)
from synproof.spec.alone_rules import TOLD_OF_A_SEGMENT, Rules
from synproof.spec.alone_values import NotASegment
from synproof.spec.refusals import REFUSALS
from synproof.spec.settings import SettingError
from synproof.spec.states import STATE

from ..house import ROOT
from .test_rules import VARIANTS, possible_states, random_state

ENDPOINT = Endpoint()
MOD = 2**32


class Pair:
    """Two endpoints and what each has sent to the other, as the figures draw them."""

    def __init__(self, iss_of_a: int, iss_of_b: int, endpoint: Endpoint = ENDPOINT) -> None:
        self.endpoint = endpoint
        self.now = {"A": endpoint.closed, "B": endpoint.closed}
        self.iss = {"A": iss_of_a, "B": iss_of_b}
        self.flying: dict[str, list[Segment]] = {"A": [], "B": []}

    def happens(self, peer: str, event: Event) -> tuple[Segment, ...]:
        self.now[peer], sent = self.endpoint.step(self.now[peer], event)
        self.flying["B" if peer == "A" else "A"] += sent
        return sent

    def arrives(self, peer: str, text: str) -> None:
        """The segment written so, which must be on its way, arrives."""
        segment = Segment.read(text)
        assert segment in self.flying[peer], [str(each) for each in self.flying[peer]]
        self.flying[peer].remove(segment)
        self.happens(peer, Arrives(segment, self.iss[peer]))

    @property
    def states(self) -> tuple[str, str]:
        return str(self.now["A"]), str(self.now["B"])

    def connect(self) -> None:
        self.happens("B", PassiveOpen())
        (syn,) = self.happens("A", ActiveOpen(self.iss["A"]))
        self.arrives("B", str(syn))
        (syn_ack,) = self.flying["A"]
        self.arrives("A", str(syn_ack))
        (ack,) = self.flying["B"]
        self.arrives("B", str(ack))
        assert self.states == ("ESTABLISHED", "ESTABLISHED")


# ---- figures ---------------------------------------------------------------------------------------------------------


def test_figure_6_with_its_numbers() -> None:
    pair = Pair(100, 300)
    pair.happens("B", PassiveOpen())
    assert pair.states == ("CLOSED", "LISTEN")
    pair.happens("A", ActiveOpen(iss=100))
    pair.arrives("B", "<SEQ=100><CTL=SYN>")
    assert pair.states == ("SYN-SENT", "SYN-RECEIVED")
    pair.arrives("A", "<SEQ=300><ACK=101><CTL=SYN,ACK>")
    assert pair.states == ("ESTABLISHED", "SYN-RECEIVED")
    pair.arrives("B", "<SEQ=101><ACK=301><CTL=ACK>")
    assert pair.states == ("ESTABLISHED", "ESTABLISHED")
    pair.happens("A", Send(5))
    pair.arrives("B", "<SEQ=101><ACK=301><DATA=5><CTL=ACK>")
    assert pair.now["B"].delivered == pair.now["A"].sent == 5


def test_figure_7_to_the_letter_of_table_6() -> None:
    pair = Pair(100, 300)
    pair.happens("A", ActiveOpen(100))
    pair.happens("B", ActiveOpen(300))
    pair.arrives("A", "<SEQ=300><CTL=SYN>")
    pair.arrives("B", "<SEQ=100><CTL=SYN>")
    assert pair.states == ("SYN-RECEIVED", "SYN-RECEIVED")
    pair.arrives("A", "<SEQ=300><ACK=101><CTL=SYN,ACK>")
    pair.arrives("B", "<SEQ=100><ACK=301><CTL=SYN,ACK>")
    assert pair.states == ("SYN-RECEIVED", "SYN-RECEIVED"), "Table 6 rejects both"
    pair.arrives("A", "<SEQ=301><ACK=101><CTL=ACK>")
    pair.arrives("B", "<SEQ=101><ACK=301><CTL=ACK>")
    assert pair.states == ("ESTABLISHED", "ESTABLISHED")


def test_figure_9_with_its_numbers() -> None:
    half_open = ENDPOINT.connection(
        "PASSIVE", state="ESTABLISHED", iss=200, irs=50, snd_una=300, snd_nxt=300, rcv_nxt=100
    )  # (send 300, receive 100)
    reborn, (syn,) = ENDPOINT.step(ENDPOINT.closed, ActiveOpen(400))
    kept, (ack,) = ENDPOINT.step(half_open, Arrives(syn))
    assert (kept, str(ack)) == (half_open, "<SEQ=300><ACK=100><CTL=ACK>")
    same, (reset,) = ENDPOINT.step(reborn, Arrives(ack))
    assert (same, str(reset)) == (reborn, "<SEQ=100><CTL=RST>")
    ended, sent = ENDPOINT.step(half_open, Arrives(reset))
    assert (ended.state, ended.told, sent) == ("CLOSED", "RESET", ())
    assert [str(s) for s in ENDPOINT.step(reborn, Timeout(Timer.RETRANSMISSION))[1]] == ["<SEQ=400><CTL=SYN>"]


def test_figure_12_with_its_numbers() -> None:
    pair = Pair(99, 299)  # so that SND.NXT is 100 and 300
    pair.connect()
    pair.happens("A", Close())
    pair.arrives("B", "<SEQ=100><ACK=300><CTL=FIN,ACK>")
    assert pair.states == ("FIN-WAIT-1", "CLOSE-WAIT")
    pair.arrives("A", "<SEQ=300><ACK=101><CTL=ACK>")
    assert pair.states == ("FIN-WAIT-2", "CLOSE-WAIT")
    pair.happens("B", Close())
    pair.arrives("A", "<SEQ=300><ACK=101><CTL=FIN,ACK>")
    assert pair.states == ("TIME-WAIT", "LAST-ACK")
    pair.arrives("B", "<SEQ=101><ACK=301><CTL=ACK>")
    assert pair.states == ("TIME-WAIT", "CLOSED")
    pair.happens("A", Timeout(Timer.TIME_WAIT))
    assert pair.states == ("CLOSED", "CLOSED")


def test_numbers_go_round() -> None:
    pair = Pair(MOD - 3, MOD - 1)
    pair.connect()
    assert (pair.now["A"].snd_nxt, pair.now["B"].snd_nxt) == (MOD - 2, 0)
    pair.happens("A", Send(10))
    assert pair.now["A"].snd_nxt == 8
    pair.arrives("B", f"<SEQ={MOD - 2}><ACK=0><DATA=10><CTL=ACK>")
    pair.arrives("A", "<SEQ=0><ACK=8><CTL=ACK>")
    assert pair.now["A"].snd_una == 8
    assert pair.now["B"].delivered == 10
    old, (answer,) = ENDPOINT.step(pair.now["B"], Arrives(Segment(MOD - 2, ack=0, len=10)))
    assert (old, str(answer)) == (pair.now["B"], "<SEQ=0><ACK=8><CTL=ACK>"), "an old duplicate is answered, and changes nothing"
    new, (answer,) = ENDPOINT.step(pair.now["B"], Arrives(Segment(MOD - 2, ack=0, len=25)))
    assert (new.delivered, str(answer)) == (25, "<SEQ=0><ACK=23><CTL=ACK>"), "only the new parts are processed"


def test_a_reset_is_judged_by_its_number_whatever_text_it_carries() -> None:
    """3.5.3: "A reset is valid if its sequence number is in the window"; it may "include data" (SHLD-2)."""
    for rfc5961 in ("rst-syn", "off"):
        endpoint = Endpoint({"rfc5961": rfc5961})
        now = endpoint.connection(state="ESTABLISHED", iss=99, irs=299, snd_una=100, snd_nxt=100, rcv_nxt=300)
        assert endpoint.step(now, Arrives(Segment(295, rst=True, len=10))) == (now, ()), "its text reaches into the window"
        ended, _ = endpoint.step(now, Arrives(Segment(300, rst=True, len=10)))
        assert (ended.state, ended.told) == ("CLOSED", "RESET")


def test_text_on_a_syn_is_trimmed_to_the_window() -> None:
    """Whoever sends a SYN does not know the window yet."""
    endpoint = Endpoint({"window": 4})
    listening, _ = endpoint.step(endpoint.closed, PassiveOpen())
    heard, _ = endpoint.step(listening, Arrives(Segment(299, syn=True, len=9), iss=99))
    open_, (answer,) = endpoint.step(heard, Arrives(Segment(300, ack=100)))
    assert (open_.delivered, str(answer)) == (4, "<SEQ=100><ACK=304><CTL=ACK>")
    opening, _ = endpoint.step(endpoint.closed, ActiveOpen(iss=99))
    open_, (answer,) = endpoint.step(opening, Arrives(Segment(299, ack=100, syn=True, len=9)))
    assert (open_.delivered, str(answer)) == (4, "<SEQ=100><ACK=304><CTL=ACK>")


def test_what_waits_for_the_window_is_sent_as_it_opens() -> None:
    endpoint = Endpoint({"window": 1000, "mss": 600})
    pair = Pair(0, 0, endpoint)
    pair.connect()
    assert [s.len for s in pair.happens("A", Send(600))] == [600]
    assert pair.happens("A", Send(600)) == (), "1000 are let through, and 600 are on their way"
    assert pair.happens("A", Close()) == ()
    assert (str(pair.now["A"]), pair.now["A"].queued) == ("FIN-WAIT-1", 600)
    now, sent = endpoint.settle(pair.now["A"])
    assert ([s.len for s in sent], now.queued) == ([400], 200)
    now, _ = endpoint.step(now, Arrives(Segment(seq=1, ack=1001)))
    now, sent = endpoint.settle(now)
    assert [str(s) for s in sent] == ["<SEQ=1001><ACK=1><DATA=200><CTL=ACK>", "<SEQ=1201><ACK=1><CTL=FIN,ACK>"]
    half, (again,) = endpoint.step(now, Timeout(Timer.RETRANSMISSION, octets=50))
    assert str(again) == "<SEQ=1001><ACK=1><DATA=50><CTL=ACK>" and half == now


@pytest.mark.parametrize("reading", ["none", "give-up-closes", "queued-close-ends"])
def test_one_rule_says_what_giving_up_in_syn_received_leads_to(reading: str) -> None:
    endpoint = Endpoint({"give-up": "on", "retransmit": 1, "time-wait-reuse": "rfc1122", "readings": reading})
    numbers = {"iss": 9, "snd_una": 9, "snd_nxt": 10, "irs": 4, "rcv_nxt": 5, "retries": 1}
    begun = endpoint.connection("PASSIVE", state="SYN_RECEIVED", **numbers)
    again = endpoint.connection("PASSIVE", state="SYN_RECEIVED", reopened=True, former_snd_nxt=9, **numbers)
    ends = [str(endpoint.step(now, Timeout(Timer.RETRANSMISSION))[0]) for now in (begun, again)]
    assert ends == ["CLOSED" if reading == "give-up-closes" else "LISTEN", "TIME-WAIT"]


def test_giving_up_after_as_many_retransmissions_as_are_allowed() -> None:
    endpoint = Endpoint({"retransmit": 1, "give-up": "on"})
    now, _ = endpoint.step(endpoint.closed, ActiveOpen(7))
    now, (syn,) = endpoint.step(now, Timeout(Timer.RETRANSMISSION))
    assert str(syn) == "<SEQ=7><CTL=SYN>"
    now, sent = endpoint.step(now, Timeout(Timer.RETRANSMISSION))
    assert (now.state, now.told, sent) == ("CLOSED", "TIMEOUT", ())


@pytest.mark.parametrize("seed", range(8))
def test_all_octets_arrive_and_both_ends_close_whatever_the_network_does(seed: int) -> None:
    """Two ends alone, with numbers that go round, over a network that loses, copies and reorders; pieces of any length."""
    rng = random.Random(seed)
    endpoint = Endpoint({"window": 500, "mss": 200})
    pair = Pair(MOD - rng.randrange(600), MOD - rng.randrange(600), endpoint)
    pair.connect()
    handed = {"A": 0, "B": 0}
    for _ in range(80):
        peer = rng.choice("AB")
        chance = rng.random()
        if chance < 0.2 and not pair.now[peer].closed_by_user:
            octets = rng.randint(1, 200)
            handed[peer] += octets
            pair.happens(peer, Send(octets))
        elif chance < 0.3:
            _stir(pair, peer, rng, sometimes=True)
        elif pair.flying[peer]:
            segment = rng.choice(pair.flying[peer])
            if rng.random() < 0.8:  # else a copy stays
                pair.flying[peer].remove(segment)
            if rng.random() < 0.8:  # else it is lost
                pair.happens(peer, Arrives(segment))
    for peer in "AB":
        pair.happens(peer, Close())
    for _ in range(400):
        for peer in "AB":
            _stir(pair, peer, rng)
            while pair.flying[peer] and pair.now[peer].state != "CLOSED":
                pair.happens(peer, Arrives(pair.flying[peer].pop(0)))
            for me, other in (("A", "B"), ("B", "A")):
                assert pair.now[me].delivered <= handed[other]
        if all(now.state in ("TIME_WAIT", "CLOSED") for now in pair.now.values()):
            break
    assert {now.state for now in pair.now.values()} <= {"TIME_WAIT", "CLOSED"}, pair.states
    for me, other in (("A", "B"), ("B", "A")):
        if pair.now[me].state == "TIME_WAIT":
            assert pair.now[me].delivered == handed[other] and pair.now[me].sent == handed[me]


def _stir(pair: Pair, peer: str, rng: random.Random, *, sometimes: bool = False) -> None:
    """What waits is sent, and the front of the queue sent again, as one piece or as a smaller one."""
    for event in pair.endpoint.possible(pair.now[peer]):
        if isinstance(event, GoOn):
            pair.now[peer], sent = pair.endpoint.settle(pair.now[peer])
            pair.flying["B" if peer == "A" else "A"] += sent
        elif event == Timeout(Timer.RETRANSMISSION) and not (sometimes and rng.random() < 0.5):
            try:
                pair.happens(peer, Timeout(Timer.RETRANSMISSION, rng.randint(1, 200)))
            except NothingHappens:  # there is not so much to be sent again
                pair.happens(peer, event)


# ---- refusals and mistakes -------------------------------------------------------------------------------------------

CALLS: dict[str, tuple[Event, ...]] = {
    "OPEN": (ActiveOpen(5), PassiveOpen()), "SEND": (Send(),), "CLOSE": (Close(),), "ABORT": (Abort(),),
}  # fmt: skip


def in_state(state: str) -> Connection:
    """A connection in a state, all acknowledged."""
    if state in ("CLOSED", "LISTEN"):
        return ENDPOINT.connection("PASSIVE" if state == "LISTEN" else "ACTIVE", state=state)
    numbers: dict[str, Value] = {"iss": 5, "snd_una": 5, "snd_nxt": 6}
    if state != "SYN_SENT":
        numbers |= {"irs": 9, "rcv_nxt": 10}
    closed = state in ("FIN_WAIT_1", "FIN_WAIT_2", "CLOSING", "LAST_ACK", "TIME_WAIT")
    return ENDPOINT.connection(state=state, closed_by_user=closed, **numbers)


@pytest.mark.parametrize("state", STATE.members)
@pytest.mark.parametrize("call", CALLS)
def test_a_call_is_answered_by_a_rule_or_refused_in_the_words_of_the_rfc(call: str, state: str) -> None:
    for event in CALLS[call]:
        if state == "LISTEN" and isinstance(event, ActiveOpen):
            with pytest.raises(NotModelled):
                ENDPOINT.step(in_state(state), event)
        elif (call, state) in REFUSALS:
            with pytest.raises(Refused, match=re.escape(REFUSALS[call, state])) as error:
                ENDPOINT.step(in_state(state), event)
            assert (error.value.call, error.value.state) == (call, state)
        else:
            ENDPOINT.step(in_state(state), event)


def test_no_rule_answers_a_call_that_is_refused() -> None:
    for rules in (Rules(replace(ENDPOINT.settings, client=role)) for role in ("active", "passive")):
        for call, state in REFUSALS:
            calls = [a.name for a in rules.of_state[state] if a.kind is Kind.USER_CALL and a.clause.startswith(SECTIONS[call])]
            assert not calls, (call, state)


def test_after_close_nothing_more_is_taken() -> None:
    waiting, _ = ENDPOINT.step(in_state("SYN_RECEIVED"), Send(3))
    waiting, _ = ENDPOINT.step(waiting, Close())
    assert waiting.state == "SYN_RECEIVED", "the CLOSE is queued behind the octets"
    for event in (Send(), Close()):
        with pytest.raises(Refused, match="error: connection closing"):
            ENDPOINT.step(waiting, event)


def test_there_is_room_for_less_than_one_round_of_numbers() -> None:
    full = ENDPOINT.connection(state="ESTABLISHED", iss=0, snd_una=MOD - 2, snd_nxt=MOD - 2, irs=0, rcv_nxt=1)
    with pytest.raises(Refused, match="error: insufficient resources"):
        ENDPOINT.step(full, Send())


@pytest.mark.parametrize(
    ("state", "event", "text"),
    [
        ("LISTEN", Arrives(Segment(9, syn=True)), "ISS is the caller's choice"),
        ("LISTEN", Timeout(Timer.RETRANSMISSION), "no rule answers"),
        ("TIME_WAIT", GoOn(), "could happen now: Timeout.*TIME_WAIT"),
        ("ESTABLISHED", Send(70000), "mss = 65535"),
        ("ESTABLISHED", Send(0), "mss = 65535"),
    ],
)
def test_what_cannot_happen_says_why(state: str, event: Event, text: str) -> None:
    expected = MissingChoice if "choice" in text else NothingHappens if "happen" in text or "no rule" in text else Exception
    with pytest.raises(expected, match=text):
        ENDPOINT.step(in_state(state), event)


def test_two_rules_may_answer_where_the_endpoint_goes_on_by_itself() -> None:
    now = ENDPOINT.connection(
        state="ESTABLISHED", iss=5, snd_una=6, snd_nxt=6, irs=9, rcv_nxt=10, queued=4, closed_by_user=True, fin_waits=True
    )
    with pytest.raises(Ambiguous, match="transmit_queued_octet_in_established, process_queued_close"):
        ENDPOINT.step(now, GoOn())
    ended, sent = ENDPOINT.settle(now)
    assert (ended.state, [str(s) for s in sent]) == (
        "FIN_WAIT_1", ["<SEQ=6><ACK=10><DATA=4><CTL=ACK>", "<SEQ=10><ACK=10><CTL=FIN,ACK>"],
    )  # fmt: skip


@pytest.mark.parametrize("event", ["SYN", None, Arrives, Send(1.5), Send(True), Arrives("SYN"), Arrives(None), Timeout("user")])  # type: ignore[arg-type]
def test_what_is_no_event_is_refused(event: Any) -> None:
    with pytest.raises(AloneError, match=r"is no event|whole number|must be a"):
        ENDPOINT.step(in_state("ESTABLISHED"), event)


def test_values_and_settings_are_checked() -> None:
    with pytest.raises(ValueOutsideSort, match="Seq"):
        ENDPOINT.step(ENDPOINT.closed, ActiveOpen(MOD))
    with pytest.raises(ValueOutsideSort, match="seq"):
        ENDPOINT.step(ENDPOINT.closed, Arrives(Segment(-1)))
    with pytest.raises(UnknownName, match="snd_nxt"):
        ENDPOINT.connection(snd_nx=1)
    with pytest.raises(SettingError, match="capacity bounds a model"):
        Endpoint({"capacity": 3})
    with pytest.raises(SettingError, match="window"):
        Endpoint({"window": 2**31})


@pytest.mark.parametrize(
    "text", ["", "<SEQ=1", "<SEQ=x>", "<SEQ=1><CTL=FOO>", "<SEQ=1><ACK=2>", "<SEQ=1><CTL=ACK>", "<FOO=1><SEQ=1>"]
)
def test_what_is_no_segment_is_refused(text: str) -> None:
    with pytest.raises(NotASegment):
        Segment.read(text)


def test_connections_are_values() -> None:
    one, _ = ENDPOINT.step(ENDPOINT.closed, ActiveOpen(100))
    two, _ = ENDPOINT.step(ENDPOINT.closed, ActiveOpen(100))
    assert one == two and len({one, two, ENDPOINT.closed}) == 2
    assert Segment.read(str(Segment(1, 2, 3, fin=True))) == Segment(1, 2, 3, fin=True)


# ---- nothing but itself matters --------------------------------------------------------------------------------------


def alone_and_whole(variant: str) -> tuple[Rules, System]:
    """The same settings, cut down to the client alone, and whole."""
    settings = Settings.of({**VARIANTS[variant], "isn": "any", "capacity": "3:3"})
    return Rules(settings), build(settings)


@pytest.mark.parametrize("variant", [name for name, settings in VARIANTS.items() if "msl" not in settings])
def test_neither_peer_nor_network_nor_history_matters(variant: str) -> None:
    """In any state of the whole, the client does what it does alone: the same rules are possible, with the same effect."""
    rules, whole = alone_and_whole(variant)
    settings = rules.settings
    own = set(rules.names.values())
    alone = {action.name: action for action in rules.system.actions}
    actions = [action for action in whole.actions if action.name in alone]
    assert {a.name for a in whole.actions if a.actor == "client" and a.kind is not Kind.ENVIRONMENT} <= set(alone)
    rng, possible, taken = random.Random(3), possible_states(settings), 0
    for _ in range(80):
        state = random_state(whole, possible, rng)
        to_server = whole.by_name["network.to_server"].sort
        assert isinstance(to_server, Bag)
        state["network.to_server"] = state["network.to_server"][:2]  # there is room
        mine = {name: state[name] for name in own}
        for action in actions:
            if action.name.endswith("_in_closed") and state["client.state"] != "CLOSED":
                continue
            for params in choices(whole, action, state):
                if "iss" in params and params["iss"] not in (0, 3):
                    continue
                known = {name: heard(rules, value) if name == "segment" else value for name, value in params.items()}
                expected = holds(action.enabled, state, params)
                assert holds(alone[action.name].enabled, mine, known) == expected, action.name
                if not expected:
                    continue
                try:
                    after = apply(whole, action, state, params)
                except ValueOutsideSort:  # a state that cannot be reached
                    continue
                taken += 1
                found = apply(rules.system, alone[action.name], mine, known)
                assert {name: after[name] for name in own} == found, action.name
                sent = [heard(rules, element) for _, element, _ in Transition(action, params, state, after).sent()]
                assert [e for _, e, _ in Transition(alone[action.name], known, mine, found).sent()] == sent
    assert taken > 50


def heard(rules: Rules, segment: Value) -> Value:
    """What a segment of the whole system says to an end."""
    fields = dict(zip(rules.in_flight.index, segment, strict=True))
    return tuple(fields[name] for name in TOLD_OF_A_SEGMENT)


@pytest.mark.parametrize("isn", ["fresh", "number-fresh"])
def test_an_end_that_looks_into_the_network_cannot_be_alone(isn: str) -> None:
    with pytest.raises(UnknownName, match=r"reads '(network|server)\."):
        Rules(replace(Settings.of(VARIANTS["closing"]), isn=isn))


def test_what_a_segment_says_is_all_but_history() -> None:
    rules = Rules(Settings.of({"isn": "any"}))
    assert tuple(rules.segment.index) == TOLD_OF_A_SEGMENT
    assert not rules.in_flight.history.intersection(TOLD_OF_A_SEGMENT)


# ---- the documentation -----------------------------------------------------------------------------------------------


def test_the_examples_of_the_documentation() -> None:
    failed, tried = doctest.testfile(str(ROOT / "docs" / "one-endpoint.md"), module_relative=False, encoding="utf-8")
    assert tried and not failed
