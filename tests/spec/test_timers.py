"""Time and the timers, rule by rule: ticks, ages and deadlines (`spec.clock`), 3.8.3, 3.8.4, 3.10.8, quiet time (3.4.3)."""

from __future__ import annotations

from itertools import pairwise

import pytest

from synproof.engine.evaluate import Transition, successors
from synproof.engine.sorts import Value

from .ends import IRS, ISS, Bench

State = dict[str, Value]
MSL = 2
KEPT_ALIVE = ("ESTABLISHED", "FIN_WAIT_2", "CLOSE_WAIT")
CLOCK: dict[str, object] = {"msl": MSL, "close": "on", "data": "2:2"}


def bench(**settings: object) -> Bench:
    return Bench(CLOCK | {name.replace("_", "-"): value for name, value in settings.items()})


def taken(at: Bench, state: State, name: str) -> list[Transition]:
    return [step for step in successors(at.system, state) if step.action.name == name]


def tick(at: Bench, state: State) -> State | None:
    """The state one tick later, or None if time cannot pass."""
    (*ticks,) = taken(at, state, "clock.tick")
    assert len(ticks) <= 1
    return dict(ticks[0].after) if ticks else None


def later(at: Bench, state: State, ticks: int) -> State:
    for _ in range(ticks):
        after = tick(at, state)
        assert after is not None
        state = after
    return state


def in_flight(at: Bench, state: State, *texts: str, age: int = 0) -> State:
    """The state with segments of that age on their way to the server."""
    sort = at.system.channel_element("network.to_server")
    fields = [sort.as_dict(at.segment(text)) | {"age": age} for text in texts]
    return {**state, "network.to_server": tuple(sort.value(**one) for one in fields)}


def ages(at: Bench, state: State) -> list[Value]:
    sort = at.system.channel_element("network.to_server")
    return [sort.as_dict(segment)["age"] for segment in state["network.to_server"]]


# ---- the clock -------------------------------------------------------------------------------------------------------


def test_a_tick_ages_what_is_in_flight_and_nothing_outlives_the_msl() -> None:
    at = bench()
    state = in_flight(at, at.state("ESTABLISHED"), f"ACK SEQ={IRS + 1} ACK={ISS + 1}")
    old = later(at, state, MSL)
    assert ages(at, old) == [MSL]
    assert tick(at, old) is None, "it must be delivered, or lost, first"
    for name in ("server.receive_old_ack_in_established", "network.lose_to_server"):
        (step,) = taken(at, old, name)
        assert tick(at, dict(step.after)) is not None


def test_a_copy_is_as_old_as_its_original_and_a_retransmission_is_young() -> None:
    at = bench()
    state = later(at, in_flight(at, at.state("SYN_RECEIVED"), f"ACK SEQ={IRS + 1} ACK={ISS + 1}"), 1)
    (copied,) = taken(at, state, "network.duplicate_to_server")
    assert ages(at, dict(copied.after)) == [1, 1]
    (again,) = taken(at, state, "server.retransmit_syn_ack_in_syn_received")
    sort = at.system.channel_element("network.to_client")
    assert [sort.as_dict(segment)["age"] for _, segment, _ in again.sent()] == [0]


def test_without_an_msl_there_is_no_clock_and_no_age() -> None:
    at = Bench()
    assert not any(action.name == "clock.tick" for action in at.system.actions)
    assert "age" not in at.system.channel_element("network.to_server").index
    assert not any(name.endswith(("_for", "waited", "quiet", "clock.now")) for name in at.system.initial[0])


def test_the_clock_gives_numbers_that_go_on() -> None:
    at = bench(isn="clock", server="active")
    state = dict(at.system.initial[0])
    chosen = []
    for _ in range(3):
        (opened,) = taken(at, state, "server.open_active")
        chosen.append(opened.after["server.iss"])
        state = later(at, state, 1)
    assert [int(str(b)) - int(str(a)) for a, b in pairwise(chosen)] == [1, 1]


# ---- 3.8.4 keepalive -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def alive() -> Bench:
    return bench(keepalive="3:2:2")


@pytest.mark.parametrize("state", KEPT_ALIVE)
def test_a_probe_is_sent_when_the_connection_has_been_idle_and_not_before(alive: Bench, state: str) -> None:
    probe = f"send_keepalive_in_{state.lower()}"
    idle = alive.state(state)
    for _ in range(3):
        assert alive.act(idle, probe) is None
        idle = later(alive, idle, 1)
    assert tick(alive, idle) is None, "a deadline"
    out = alive.act(idle, probe)
    assert out is not None and out.state == state and (out["probes"], out["idle_for"]) == (1, 0)
    assert out.sent == [f"<SEQ={int(str(idle['server.snd_nxt'])) - 1}><ACK={idle['server.rcv_nxt']}><CTL=ACK>"]


def test_further_probes_come_at_the_interval_and_then_the_connection_ends(alive: Bench) -> None:
    state = alive.state("ESTABLISHED", probes=1)
    assert alive.act(later(alive, state, 1), "send_keepalive_in_established") is None
    second = alive.act(later(alive, state, 2), "send_keepalive_in_established")
    assert second is not None and second["probes"] == 2
    asked = {**second.step.after, "network.to_client": ()}
    assert alive.act(later(alive, asked, 1), "give_up_idle_connection_in_established") is None
    over = later(alive, asked, 2)
    assert tick(alive, over) is None and alive.act(over, "send_keepalive_in_established") is None
    end = alive.act(over, "give_up_idle_connection_in_established")
    assert end is not None and end.state == "CLOSED" and end["told"] == "TIMEOUT" and end.sent == []


@pytest.mark.parametrize("outstanding", [{"snd_nxt": ISS + 2}, {"queued": 1}])
def test_nothing_is_probed_while_something_is_outstanding(alive: Bench, outstanding: State) -> None:
    """MUST-26: it is then for retransmission, and the user timeout, to find out."""
    state = alive.state("ESTABLISHED", idle_for=3, **outstanding)
    assert alive.act(state, "send_keepalive_in_established") is None and tick(alive, state) is not None
    assert alive.act({**state, "server.probes": 2}, "give_up_idle_connection_in_established") is None


@pytest.mark.parametrize(
    "segment",
    [
        pytest.param(f"ACK SEQ={IRS + 1} ACK={ISS + 1}", id="an-ack-of-nothing-new"),
        pytest.param(f"ACK SEQ={IRS + 1} ACK={ISS + 1} LEN=1", id="data"),
        pytest.param(f"ACK SEQ={IRS - 1} ACK={ISS}", id="an-old-ack-outside-the-window"),
        pytest.param(f"SYN SEQ={IRS}", id="the-old-syn"),
        pytest.param(f"RST SEQ={IRS + 2}", id="a-reset-that-is-not-believed"),
        pytest.param(f"ACK SEQ={IRS + 1} ACK={ISS + 9}", id="an-ack-of-what-was-not-sent"),
    ],
)
def test_whatever_arrives_is_a_sign_of_life(alive: Bench, segment: str) -> None:
    out = alive.deliver(alive.state("ESTABLISHED", idle_for=2, probes=1, silent_for=5), segment)
    assert out.state == "ESTABLISHED" and (out["idle_for"], out["probes"], out["silent_for"]) == (0, 0, 0)


@pytest.mark.parametrize("state", ["LISTEN", "SYN_RECEIVED", "FIN_WAIT_1", "CLOSING", "LAST_ACK", "TIME_WAIT"])
def test_nobody_is_idle_elsewhere(alive: Bench, state: str) -> None:
    after = tick(alive, alive.state(state))
    assert after is not None and after["server.idle_for"] == 0 and after["server.silent_for"] == 0


def test_keepalive_is_off_unless_it_is_asked_for() -> None:
    """MUST-25."""
    assert not any("keepalive" in action.name or "give_up" in action.name for action in Bench().system.actions)


def test_without_a_clock_a_probe_may_be_sent_at_any_moment() -> None:
    at = Bench({"keepalive": "may-fire:1"})
    probe = at.act(at.state("ESTABLISHED"), "send_keepalive_in_established")
    assert probe is not None and probe["probes"] == 1
    assert at.act(at.state("ESTABLISHED"), "give_up_idle_connection_in_established") is None, "not before the probe"
    assert at.act(dict(probe.step.after), "send_keepalive_in_established") is None, "one is all there are"
    assert at.act(dict(probe.step.after), "give_up_idle_connection_in_established") is not None
    back = at.deliver(dict(probe.step.after), f"ACK SEQ={IRS + 1} ACK={ISS + 1}")
    assert back["probes"] == 0


# ---- 3.8.3, 3.10.8 user timeout --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def impatient() -> Bench:
    return bench(user_timeout=2)


def test_the_user_timeout_runs_while_something_waits_for_its_acknowledgment(impatient: Bench) -> None:
    assert later(impatient, impatient.state("ESTABLISHED"), 5)["server.unacknowledged_for"] == 0
    waiting = impatient.state("ESTABLISHED", snd_nxt=ISS + 2)
    assert impatient.act(later(impatient, waiting, 1), "user_timeout_in_established") is None
    late = later(impatient, waiting, 2)
    assert tick(impatient, late) is None, "a deadline"
    out = impatient.act(late, "user_timeout_in_established")
    assert out is not None and out.state == "CLOSED" and out["told"] == "TIMEOUT" and out.sent == []


def test_the_user_timeout_begins_again_when_something_new_is_acknowledged(impatient: Bench) -> None:
    waiting = impatient.state("ESTABLISHED", snd_nxt=ISS + 3, unacknowledged_for=1)
    assert impatient.deliver(waiting, f"ACK SEQ={IRS + 1} ACK={ISS + 1}")["unacknowledged_for"] == 1, "nothing new"
    assert impatient.deliver(waiting, f"ACK SEQ={IRS + 1} ACK={ISS + 2}")["unacknowledged_for"] == 0
    done = impatient.deliver(waiting, f"ACK SEQ={IRS + 1} ACK={ISS + 3}")
    assert later(impatient, dict(done.step.after), 3)["server.unacknowledged_for"] == 0


@pytest.mark.parametrize("state", ["SYN_RECEIVED", "FIN_WAIT_1", "CLOSING", "LAST_ACK"])
def test_a_syn_or_a_fin_that_is_not_acknowledged_runs_into_the_user_timeout(impatient: Bench, state: str) -> None:
    out = impatient.act(later(impatient, impatient.state(state), 2), f"user_timeout_in_{state.lower()}")
    assert out is not None and out.state == "CLOSED" and out["told"] == "TIMEOUT"


def test_a_new_connection_starts_with_no_time_behind_it(impatient: Bench) -> None:
    out = impatient.deliver(impatient.state("SYN_RECEIVED", unacknowledged_for=1), f"ACK SEQ={IRS + 1} ACK={ISS + 1}")
    assert out.state == "ESTABLISHED" and out["unacknowledged_for"] == 0


# ---- FIN-WAIT-2, and what all timers wait for ------------------------------------------------------------------------


def test_fin_wait_2_ends_after_its_timeout() -> None:
    at = bench(fin_wait_2_timeout=2)
    state = later(at, at.state("FIN_WAIT_2"), 1)
    assert at.act(state, "leave_fin_wait_2") is None
    state = later(at, state, 1)
    out = at.act(state, "leave_fin_wait_2")
    assert tick(at, state) is None and out is not None and out.state == "CLOSED" and out["told"] == "NOTHING"


@pytest.mark.parametrize(
    ("settings", "state", "values", "name"),
    [
        ({"keepalive": "3:2:2"}, "ESTABLISHED", {"idle_for": 3}, "send_keepalive_in_established"),
        ({"user_timeout": 2}, "ESTABLISHED", {"snd_nxt": ISS + 2, "unacknowledged_for": 2}, "user_timeout_in_established"),
    ],
)  # fmt: skip
def test_what_is_an_msl_old_is_gone_before_a_timer_ends(
    settings: dict[str, object], state: str, values: State, name: str
) -> None:
    at = bench(**settings)
    ended = at.state(state, **values)
    text = f"ACK SEQ={IRS + 1} ACK={ISS + 1}"
    assert at.act(in_flight(at, ended, text, age=MSL - 1), name) is not None
    assert at.act(in_flight(at, ended, text, age=MSL), name) is None


# ---- 3.4.3 quiet time ------------------------------------------------------------------------------------------------


def test_a_crash_is_followed_by_one_msl_of_silence() -> None:
    at = bench(quiet_time="on", crash="server:1")
    down = at.act(at.state("ESTABLISHED"), "crash_in_established")
    assert down is not None and down.state == "CLOSED"
    state = dict(down.step.after)
    for _ in range(MSL):
        assert at.act(state, "open_passive") is None and at.act(state, "end_quiet_time") is None
        answer = at.deliver(state, f"ACK SEQ={IRS + 1} ACK={ISS + 1}")
        assert answer.sent == [] and answer.unchanged
        state = later(at, state, 1)
    assert tick(at, state) is not None, "it may last longer"
    over = at.act(state, "end_quiet_time")
    assert over is not None and at.act(dict(over.step.after), "open_passive") is not None
    assert at.deliver(dict(over.step.after), f"ACK SEQ={IRS + 1} ACK={ISS + 1}").sent == [f"<SEQ={ISS + 1}><CTL=RST>"]


def test_after_forgetting_a_passive_end_is_silent_too() -> None:
    for setting, silent in (("after-forgetting", True), ("on", False)):
        at = bench(quiet_time=setting, abort="on")
        gone = at.act(at.state("ESTABLISHED"), "abort_in_established")
        assert gone is not None and (at.act(dict(gone.step.after), "open_passive") is None) is silent


def test_an_end_that_has_forgotten_nothing_is_not_silent() -> None:
    """It was listening, and knew of no connection."""
    at = bench(quiet_time="after-forgetting", abort="on")
    gone = at.act(at.state("LISTEN"), "abort_quietly_in_listen")
    assert gone is not None and at.act(dict(gone.step.after), "open_passive") is not None
