"""Timers, swept over their settings: when keepalive finds a dead peer, when it gives up a live one; what fairness is needed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synproof.engine.api import Subject, Trace, check, load_model
from synproof.engine.fairness.liveness import check_feasible
from synproof.engine.property import Fairness, Property, Verdict
from synproof.engine.search.explore import explore
from synproof.engine.search.via import shortest_via

HOLDS, VIOLATED, REACHED = Verdict.HOLDS, Verdict.VIOLATED, Verdict.REACHED


def verdicts(model: str, settings: dict[str, object], *names: str) -> dict[str, Verdict]:
    return {found.name: found.verdict for found in check(load_model(model, settings, names)).properties}


def ticks(trace: Trace, since: int) -> int:
    return sum(step.action.name == "clock.tick" for step in trace.steps[since:])


# ---- time to discovery (C15) -----------------------------------------------------------------------------------------

TIMES = [(idle, interval, probes) for idle in (1, 2, 4) for interval in (1, 2, 3) for probes in (1, 2, 3)]


@pytest.mark.parametrize(("idle", "interval", "probes"), TIMES)
def test_a_peer_that_is_gone_is_left_after_idle_and_all_intervals(idle: int, interval: int, probes: int) -> None:
    """By the history of the specification, and once more by counting ticks in the run that shows it."""
    names = ("keepalive-in-time", "half-open-is-discovered", "time-can-pass", "keepalive-gives-up")
    model = load_model("keepalive", {"keepalive": f"{idle}:{interval}:{probes}"}, names)
    result = check(model)
    assert [result.result(name).verdict for name in names] == [HOLDS, HOLDS, HOLDS, REACHED]
    trace = result.result("keepalive-gives-up").trace
    assert trace is not None
    end = trace.steps[-1].action.actor
    heard = [i for i, step in enumerate(trace.steps) if step.action.actor == end and step.action.takes]
    assert ticks(trace, heard[-1]) == idle + probes * interval


# ---- a peer that is there (O45, C16) ---------------------------------------------------------------------------------

ALIVE = [(msl, probes, interval, lost) for msl in (1, 2) for probes in (1, 2) for interval in (1, 2, 4) for lost in (0, 1, 2)]
ALIVE += [(2, 1, 3, 0), (2, 2, 3, 1), *((1, 3, interval, lost) for interval in (1, 2) for lost in (0, 1, 2, 3))]


@pytest.mark.parametrize(("msl", "probes", "interval", "lost"), [case for case in ALIVE if case[3] <= case[1]])
def test_a_peer_that_is_there_is_given_up_if_and_only_if_no_answer_need_have_come(
    msl: int, probes: int, interval: int, lost: int
) -> None:
    """An answer takes up to 2 MSL. Of the probes the first `lost` are lost, or their answers; the next has what time is left.

    With INTERVAL >= 2 MSL that says: as many losses as probes.
    """
    idle = probes * interval + 2  # longer than all probing, or the peer's own probes come in between
    settings: dict[str, object] = {"msl": msl, "keepalive": f"{idle}:{interval}:{probes}", "loss": lost or "off"}
    found = verdicts("keepalive-loses-one", settings, "no-spurious-abort")
    in_time = (probes - lost) * interval >= 2 * msl
    assert found["no-spurious-abort"] is (HOLDS if in_time else VIOLATED)
    if interval >= 2 * msl:
        assert in_time is (lost < probes)


def test_where_both_ends_probe_often_the_peers_probes_are_signs_of_life() -> None:
    """IDLE of one end is shorter than INTERVAL of the other: the loss of an answer is made good by a probe."""
    assert verdicts("keepalive-single-probe", {"keepalive": "1:3:1"}, "no-spurious-abort") == {"no-spurious-abort": HOLDS}
    assert verdicts("keepalive-single-probe", {"keepalive": "5:3:1"}, "no-spurious-abort") == {"no-spurious-abort": VIOLATED}


# ---- numbers from the clock (O39) ------------------------------------------------------------------------------------


def test_the_clock_may_reach_the_last_number_of_a_slow_old_connection() -> None:
    """3.4.3: not at once after the first SYN, but when the old connection has come as far as the clock has."""
    settings = {"data": "2:0", "capacity": "4:1", "loss": "off", "duplicate": 1}
    subject = load_model("crash-and-clock", settings, ["no-stale-data"])
    (prop,) = subject.properties
    names = {v.name: v.expr for v in subject.system.variables}
    slow = (names["client.state"] == "ESTABLISHED") & (names["client.snd_nxt"] - names["client.iss"] == 3)
    early = (names["clock.now"] == 1) & (names["client.opens"] == 1)
    late = (names["clock.now"] == 2) & (names["client.opens"] == 1) & slow
    again = (names["client.opens"] == 2) & (names["server.state"] == "ESTABLISHED") & (names["server.irs"] == 3)
    run = shortest_via(subject.system, (early, late, again), prop).run
    assert run is not None
    trace = run.trace(subject.system)
    chosen = [step.after["client.iss"] for step in trace.steps if step.action.name == "client.open_active"]
    assert chosen == [2, 3], "another number, and yet not a fresh one"
    assert (trace.final["server.irs"], trace.final["server.rcv_nxt"]) == (3, 5), "octet 4 is of the old connection"


# ---- fairness --------------------------------------------------------------------------------------------------------


def asked(subject: Subject, name: str, fairness: Fairness) -> tuple[Verdict, Trace | None]:
    prop: Property = next(prop for prop in subject.properties if prop.name == name)
    (found,) = check(Subject(subject.name, subject.system, (replace(prop, fairness=fairness),))).properties
    return found.verdict, found.trace


@pytest.fixture(scope="module")
def timed() -> Subject:
    return load_model("half-open-with-clock", {"keepalive": "1:2:1"}, ["establishes", "half-open-is-discovered"])


def test_that_time_goes_on_is_needed_or_a_run_goes_round_in_no_time(timed: Subject) -> None:
    for name in ("establishes", "half-open-is-discovered"):
        fairness = next(prop for prop in timed.properties if prop.name == name).fairness
        assert fairness.recurring == {"tick"}
        assert asked(timed, name, fairness) == (HOLDS, None)
    verdict, trace = asked(timed, "half-open-is-discovered", replace(fairness, recurring=frozenset()))
    assert verdict is VIOLATED and trace is not None and trace.loop is not None
    assert not any(step.action.name == "clock.tick" for step in trace.steps[trace.loop :])


@pytest.mark.parametrize("part", ["weak", "compassion"])
def test_each_other_assumption_is_needed(timed: Subject, part: str) -> None:
    fairness = timed.properties[0].fairness
    verdict, trace = asked(timed, "establishes", replace(fairness, **{part: frozenset()}))
    assert verdict is VIOLATED and trace is not None and trace.loop is not None
    assert any(step.action.name == "clock.tick" for step in trace.steps[trace.loop :]), "time goes on meanwhile"


@pytest.mark.parametrize("name", ["keepalive", "user-timeout-in-ticks", "two-way-with-msl", "fin-wait-2-keepalive-crash"])
def test_the_assumptions_are_feasible_where_time_is_modelled(name: str) -> None:
    subject = load_model(name, properties=["half-open-is-discovered", "time-can-pass"])
    explored = explore(subject.system)
    for prop in subject.properties:
        assert check_feasible(explored, prop.fairness).verdict is HOLDS, prop.name
