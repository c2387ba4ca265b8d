"""What is told of a run: which message went where, what changed, and which part of the property is false."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from synproof.engine.errors import LanguageError
from synproof.engine.expr import all_of, implies
from synproof.engine.property import Property, PropertyKind, Response, Scenario, ScenarioLine, Verdict
from synproof.engine.render import render_ladder
from synproof.engine.sorts import BOOL, Value
from synproof.engine.system import System, Variable
from synproof.engine.traces.telling import Change, Fate, Loop, decides, tell

from ..toys import FIGURE_8, counter, handshake, no_ghost, random_run, ring, run

GHOST = ("server.listen", "client.open iss=9", "client.abort", "server.receive_syn iss=5")


# ---- messages --------------------------------------------------------------------------------------------------------


def test_a_message_is_followed_from_the_step_that_sends_it_to_the_one_where_it_arrives() -> None:
    telling = tell(run(handshake(), *FIGURE_8))
    ways = [(flight.text, flight.sent, flight.ended, flight.fate) for flight in telling.flights]
    assert ways[:3] == [
        ("<SEQ=9><CTL=SYN>", 2, 5, Fate.DELIVERED),
        ("<SEQ=12><CTL=SYN>", 4, 8, Fate.DELIVERED),
        ("<SEQ=3><ACK=10><CTL=SYN,ACK>", 5, 6, Fate.DELIVERED),
    ]
    assert [flight.is_prompt for flight in telling.flights] == [False, False, True, True, True, True]
    assert telling.steps[4].delivered == (0,)
    assert telling.steps[4].sent == (2,)


def test_rewritten_history_does_not_make_another_message_of_it() -> None:
    """The second OPEN makes an old one of the SYN that is in flight."""
    trace = run(handshake(), *FIGURE_8[:4])
    assert trace.states[2]["network.to_server"] != trace.states[4]["network.to_server"][1:]
    assert [flight.fate for flight in tell(trace).flights] == [Fate.IN_FLIGHT, Fate.IN_FLIGHT]


def test_of_equal_copies_the_oldest_arrives_first() -> None:
    trace = run(handshake(), "server.listen", "client.open iss=9", "client.repeat_syn", "server.receive_syn iss=1")
    assert [(flight.sent, flight.ended) for flight in tell(trace).flights if flight.receiver == "server"] == [(2, 4), (3, None)]


def test_a_message_for_which_there_is_no_room_is_dropped_where_it_is_sent() -> None:
    trace = run(handshake(capacity=1), "client.open iss=9", "client.repeat_syn")
    flights = tell(trace).flights
    assert [(flight.fate, flight.sent, flight.ended) for flight in flights] == [(Fate.IN_FLIGHT, 1, None), (Fate.DROPPED, 2, 2)]


def test_loss_and_duplication_are_told_apart() -> None:
    trace = run(handshake(), "client.open iss=9", "network.duplicate_to_server", "network.lose_to_server")
    telling = tell(trace)
    assert telling.steps[1].copied == (1,)
    assert telling.steps[1].sent == ()
    assert (telling.flights[1].sent, telling.flights[1].copied, telling.flights[1].begun) == (1, 2, 2)
    assert telling.steps[2].lost == (0,)
    assert telling.flights[0].fate is Fate.LOST


def test_what_is_in_the_network_at_the_start_has_no_sender_in_the_run() -> None:
    telling = tell(run(handshake(old=(3,)), "server.listen", "server.receive_syn iss=1"))
    assert telling.at_start == (0,)
    assert (telling.flights[0].sent, telling.flights[0].begun, telling.flights[0].ended) == (None, 0, 2)


def test_what_an_attacker_sends_is_not_told_as_the_sender_s() -> None:
    telling = tell(run(handshake(attacker=True), "attacker.inject seq=3"))
    assert telling.flights[0].by == "attacker"
    assert not telling.flights[0].is_prompt


def test_without_a_hook_a_message_is_its_fields_without_history() -> None:
    telling = tell(run(handshake(hooks=False), "client.open iss=9"))
    assert telling.flights[0].text == "seq=9 ack=0 syn"


@pytest.mark.parametrize("seed", range(30))
def test_every_message_of_a_random_run_is_accounted_for(seed: int) -> None:
    system = handshake(two_way=seed % 2 == 0, capacity=1 + seed % 3, attacker=seed % 5 == 0, old=(3,) if seed % 7 == 0 else ())
    trace = random_run(system, seed, 40)
    telling = tell(trace)
    for channel in system.channels:
        there = Counter(_text(system, element) for element in trace.final[channel.variable])
        told = Counter(f.text for f in telling.flights if f.channel == channel.variable and f.fate is Fate.IN_FLIGHT)
        assert there == told
    ends: Counter[int] = Counter()
    for step, transition in zip(telling.steps, trace.steps, strict=True):
        for i in (*step.delivered, *step.lost):
            ends[i] += 1
            assert telling.flights[i].ended == step.number > telling.flights[i].begun
        if step.delivered:
            assert telling.flights[step.delivered[0]].text == _text(system, transition.message)
    assert set(ends.values()) <= {1}
    ended = {i for i, flight in enumerate(telling.flights) if flight.fate in (Fate.DELIVERED, Fate.LOST)}
    assert ended == set(ends)


def _text(system: System, element: Value) -> str:
    assert system.show_message is not None
    return system.show_message(system.channel_element("network.to_server").as_dict(element))


# ---- who, and what changed -------------------------------------------------------------------------------------------


def test_only_what_changed_is_told_and_no_history() -> None:
    step = tell(run(handshake(), "client.open iss=9")).steps[0]
    assert step.changes == (Change("client", "iss", "0", "9"),)  # client.opens is history, client.state is the label
    assert step.labels == ("SYN-SENT", "CLOSED")
    assert step.relabelled == (True, False)


def test_a_variable_without_a_dot_belongs_to_nobody() -> None:
    telling = tell(run(counter(), "clock.up"))
    assert telling.steps[0].changes == (Change("", "count", "0", "1"),)
    assert (telling.actors, telling.labels) == (("clock",), ("",))


def test_without_named_actors_the_ends_of_the_channels_are_the_columns() -> None:
    assert tell(run(ring())).actors == ("ada", "bob", "eve")


def test_sentences_come_from_the_system_if_it_tells_its_own_runs() -> None:
    system = replace(counter(), narrate=lambda trace: [f"It is {step.after['count']}." for step in trace.steps])
    assert [step.sentence for step in tell(run(system, "clock.up", "clock.up")).steps] == ["It is 1.", "It is 2."]


def test_a_system_that_tells_too_little_is_an_error() -> None:
    system = replace(counter(), narrate=lambda trace: [])
    with pytest.raises(LanguageError, match="0 sentences for a trace of 2 steps"):
        tell(run(system, "clock.up", "clock.up"))


def test_a_lasso_says_which_steps_repeat() -> None:
    lines = ["clock.up"] * 3 + ["clock.back"]
    assert tell(run(counter(), *lines, loop=0)).loop == Loop(1, 4)
    rest = tell(run(counter(), "clock.up", loop=1)).loop
    assert rest is not None
    assert rest.rests


# ---- the property ----------------------------------------------------------------------------------------------------


def test_the_end_says_which_clause_is_false() -> None:
    system = handshake(two_way=True)
    ending = tell(run(system, *GHOST), no_ghost(system)).ending
    assert ending is not None
    assert (ending.verdict, ending.where) == (Verdict.VIOLATED, "after step 4")
    assert [(clause.words, clause.holds) for clause in ending.clauses] == [
        ("the server is ESTABLISHED", True),
        ("the client is not CLOSED", False),
    ]


def test_what_a_trace_does_not_show_is_not_told_as_its_verdict() -> None:
    system = handshake()
    trace = run(system, *FIGURE_8)
    assert decides(trace, no_ghost(system)) is None
    ending = tell(trace, no_ghost(system)).ending
    assert ending is not None
    assert ending.verdict is None


def test_a_property_without_words_is_told_by_its_conjuncts_and_their_values() -> None:
    system = handshake(two_way=True)
    client, server = system.by_name["client.state"].expr, system.by_name["server.state"].expr
    iss = system.by_name["server.iss"].expr
    wanted = all_of(iss != 7, implies(server == "ESTABLISHED", client != "CLOSED"))
    prop = Property("always-1", PropertyKind.ALWAYS, predicate=wanted)
    ending = tell(run(system, *GHOST), prop).ending
    assert ending is not None
    assert [(clause.holds, clause.values) for clause in ending.clauses] == [
        (True, ()),
        (False, (("server.state", "ESTABLISHED"), ("client.state", "CLOSED"))),
    ]
    assert ending.clauses[0].words == "server.iss != 7"


def test_an_event_is_told_in_the_state_before_it_with_its_own_clauses() -> None:
    system = handshake(two_way=True)
    prop = Property("no-ghost", PropertyKind.ALWAYS, event="ghost")
    trace = run(system, *GHOST)
    assert decides(trace, prop) is Verdict.VIOLATED
    ending = tell(trace, prop).ending
    assert ending is not None
    assert ending.where == "in step 4"
    assert [(clause.words, clause.holds) for clause in ending.clauses] == [("the client is there", False)]
    assert decides(run(system, *GHOST[:2], "server.receive_syn"), prop) is None


def test_a_witness_is_told_as_reached() -> None:
    system = handshake()
    server = system.by_name["server.state"].expr
    reach = Property("reaches-listen", PropertyKind.SOMETIMES, predicate=server == "LISTEN")
    assert decides(run(system, "server.listen"), reach) is Verdict.REACHED
    assert decides(run(system), reach) is None
    line = ScenarioLine("the server listens", frozenset({"server.listen"}), after=server == "LISTEN")
    scenario = Property("story", PropertyKind.SOMETIMES, scenario=Scenario(server == "CLOSED", (line,)))
    assert decides(run(system, "client.open iss=1", "server.listen"), scenario) is Verdict.REACHED
    assert decides(run(system, "server.listen", "client.open iss=1"), scenario) is None


def test_truth_values_are_written_small() -> None:
    lamp = Variable("lamp.on", BOOL)
    system = replace(counter(), variables=(*counter().variables, lamp), initial=({"count": 0, "lamp.on": True},))
    prop = Property("dark", PropertyKind.ALWAYS, predicate=~lamp.expr)
    ending = tell(run(system), prop).ending
    assert ending is not None
    assert ending.where == "at the start"
    assert ending.clauses[0].values == (("lamp.on", "true"),)


def test_a_lasso_is_told_as_the_violation_of_what_never_comes_about() -> None:
    count = counter().by_name["count"].expr
    prop = Property("seven", PropertyKind.EVENTUALLY, "Seven is reached.", responses=(Response(goal=count == 2),))
    assert decides(run(counter(), "clock.up", loop=1), prop) is Verdict.VIOLATED
    assert decides(run(counter(), *["clock.up"] * 3, "clock.back", loop=0), prop) is None
    text = render_ladder(tell(run(counter(), "clock.up", loop=1), prop))
    assert "seven: violated by a run that goes on for ever\n  Seven is reached.\n  Fairness assumed: none.\n" in text
