"""How a run is told: whose segment it is that arrives."""

from __future__ import annotations

from synproof.engine.evaluate import successors
from synproof.engine.traces.trace import Trace
from synproof.spec import Settings, build
from synproof.spec.telling import narrate


def told(settings: dict[str, object], *actions: str) -> list[str]:
    """The sentences of the run that takes these actions, each in the first way that is possible."""
    system = build(Settings.of(settings))
    state, steps = system.initial[0], []
    for name in actions:
        step = next(step for step in successors(system, state) if step.action.name == name)
        steps.append(step)
        state = step.after
    return narrate(Trace(system, system.initial[0], tuple(steps)))


def test_a_reset_of_an_end_that_never_opened_is_its_own() -> None:
    *_, last = told(
        {}, "client.open_active", "server.receive_segment_without_ack_in_closed", "client.receive_refusal_in_syn_sent"
    )
    assert last.startswith("The network delivers the server's reset. ")


def test_what_an_attacker_sent_is_forged() -> None:
    *_, last = told({"attacker": "syn"}, "server.open_passive", "attacker.inject_syn_to_server", "server.receive_syn_in_listen")
    assert last.startswith("The network delivers the forged SYN. ")


def test_what_was_there_from_the_start_is_from_before() -> None:
    *_, last = told({"old-duplicates": "server:S:9:0:0"}, "server.open_passive", "server.receive_syn_in_listen")
    assert last.startswith("The network delivers a SYN from before. ")


def test_an_old_segment_is_told_with_the_incarnation_that_sent_it() -> None:
    sentences = told(
        {"abort": "client"}, "client.open_active", "client.abort_quietly_in_syn_sent", "client.open_active",
        "server.open_passive", "server.receive_syn_in_listen",
    )  # fmt: skip
    assert sentences[-1].startswith("The network delivers the old SYN that the client's first incarnation sent. ")
