"""The rules as a whole: each arriving segment finds exactly one, none reads history, and each says where it comes from."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import pytest

from synproof.engine.evaluate import choices, holds
from synproof.engine.expr import Expr, Op, all_of, const, postorder
from synproof.engine.search.explore import Limits, explore
from synproof.engine.sorts import Bag, Record, Value
from synproof.engine.system import Kind, System
from synproof.spec import Settings, build
from synproof.spec.states import STATE
from synproof.spec.system import RULES, ends

VARIANTS: dict[str, dict[str, object]] = {
    "three-way": {"abort": "on", "data": "1:1"},
    "two-way": {"handshake": "two-way", "data": "1:1", "server": "active"},
    "figure-7": {"simultaneous-open": "figure-7", "server": "active", "must-11": "off"},
    "rfc793": {"rfc5961": "off", "rst-on-closed": "off", "crash": 1},
    "rfc5961-all": {"rfc5961": "all", "user-timeout": "may-fire", "syn-data": "on", "data": "1:1"},
    "reassembly": {"reassembly": "on", "window": 3, "data": "2:2", "seq-bits": 5},
    "closing": {"close": "on", "abort": "on", "data": "1:1", "fin-wait-2-timeout": "may-fire"},
    "segments-of-two": {"close": "on", "data": "2:2", "mss": 2, "seq-bits": 5, "syn-data": "on"},
    "closing-deferred": {"close": "on", "close-in-syn-received": "defer", "rfc1337": "on", "rfc5961": "off", "data": "1:1"},
    "closing-three-way": {"close": "on", "close-style": "three-way", "data": "1:1"},
    "closing-reassembly": {"close": "on", "reassembly": "on", "window": 3, "data": "2:2", "seq-bits": 5},
    "reopening": {
        "close": "on", "msl": 1, "time-wait": 2, "time-wait-reuse": "rfc1122", "data": "1:1", "retransmit": 1, "give-up": "on",
        "time-wait-restart": "reply",
    },
    "reopening-bsd": {"close": "on", "msl": 2, "time-wait-reuse": "bsd", "time-wait-restart": "any-ack", "rfc5961": "all"},
    "lingering": {"close": "on", "abort": "on", "abort-to": "time-wait", "time-wait-reuse": "rfc1122", "data": "1:0"},
    "timers": {
        "close": "on", "msl": 1, "time-wait": 1, "keepalive": "3:2:2", "user-timeout": 3, "fin-wait-2-timeout": 2, "crash": 1,
        "quiet-time": "after-forgetting", "isn": "clock", "rfc1337": "on",
    },
    "wrapping": {"wrap": "on", "isn": "reuse", "seq-bits": 2, "window": 1, "data": "5:3", "close": "on"},
    "wrapping-two-way": {
        "wrap": "on", "isn": "reuse", "seq-bits": 2, "window": 3, "data": "6:2", "close": "on", "handshake": "two-way",
        "reassembly": "on", "syn-data": "on", "rate": 1, "msl": 1,
    },
    "closing-two-way": {"close": "on", "handshake": "two-way", "server": "active", "rfc5961": "all"},
}


def possible_states(settings: Settings) -> dict[str, list[str]]:
    """The states that each end can be in at all under the settings."""
    every = [const(name, STATE) for name in STATE.members]
    return {f"{me.end}.state": [state.attr for state in every if me.can_be_in(state)] for me in ends(settings)}


def random_state(system: System, possible: dict[str, list[str]], rng: random.Random) -> dict[str, Value]:
    """Any assignment with states that are possible: not only what can be reached."""
    state: dict[str, Value] = {}
    for variable in system.variables:
        sort = variable.sort
        if isinstance(sort, Bag):
            size = rng.randint(1, sort.capacity)
            state[variable.name] = sort.canonical(tuple(random_record(sort.element, rng) for _ in range(size)))
        elif variable.name.endswith(".state"):
            state[variable.name] = rng.choice(possible[variable.name])
        else:
            state[variable.name] = sort.decode(rng.randrange(sort.cardinality))
        if variable.name.endswith(".snd_una") and rng.random() < 0.5:  # where most rules of SYN-SENT are decided
            state[variable.name] = state[variable.name.replace("snd_una", "iss")]
    return state


def random_record(sort: Record, rng: random.Random) -> tuple[Value, ...]:
    return tuple(part.decode(rng.randrange(part.cardinality)) for _, part in sort.fields)


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_arriving_segment_finds_exactly_one_rule(variant: str) -> None:
    settings = Settings.of(VARIANTS[variant])
    system, possible = build(settings), possible_states(settings)
    arrivals = [action for action in system.actions if action.kind is Kind.SEGMENT_ARRIVES]
    rng = random.Random(7)
    met: set[str] = set()
    for _ in range(400):
        state = random_state(system, possible, rng)
        found: dict[tuple[str, Value], list[str]] = {}
        for action in arrivals:
            for params in choices(system, action, state):
                key = (action.actor, params["segment"])
                found.setdefault(key, [])
                if holds(all_of(*action.guard), state, params):
                    found[key].append(action.name)
        for (end, segment), names in found.items():
            assert len(names) == 1, f"{end} in {state[f'{end}.state']}: {segment} finds {names}"
            met.update(names)
    assert len(met) > len(arrivals) / 2, "the random states are too poor to say much"


def parts_that_decide(system: System) -> Iterator[tuple[str, Expr]]:
    """Everything that says which steps there are and what they do to what is not history."""
    history = {variable.name for variable in system.variables if variable.history}
    for action in system.actions:
        for conjunct in (*action.guard, *(need for _, need in action.needs)):
            yield action.name, conjunct
        for name, value in action.effects:
            if name not in history and not isinstance(value.sort, Bag):
                yield action.name, value


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_guard_and_no_effect_reads_history(variant: str) -> None:
    system = build(Settings.of(VARIANTS[variant]))
    history = {variable.name for variable in system.variables if variable.history}
    assert history, "there is history to read"
    for name, root in parts_that_decide(system):
        for node in postorder(root):
            assert not (node.op is Op.VAR and node.attr in history), f"{name} reads {node.attr}"
            if node.op is Op.FIELD:
                sort = node.args[0].sort
                assert isinstance(sort, Record)
                field = sort.fields[node.attr][0]
                assert field not in sort.history, f"{name} reads the segment's {field}"


@pytest.mark.parametrize("data", ["0", "1:0"])
@pytest.mark.parametrize("variant", ["three-way", "two-way", "figure-7", "closing", "closing-three-way"])
def test_erasing_history_changes_no_transition(variant: str, data: str) -> None:
    """States that differ in history alone have the same steps, to states that differ in history alone."""
    system = build(Settings.of({**VARIANTS[variant], "abort": "client", "data": data}))
    explored = explore(system, limits=Limits(max_states=6_000))
    layout = explored.unit.layout
    mask = 0
    for variable in system.variables:
        for place in layout.places[variable.name]:
            if isinstance(variable.sort, Bag):
                element = variable.sort.element
                for (name, sort), offset in zip(element.fields, element.offsets, strict=True):
                    if name in element.history:
                        mask |= ((1 << sort.width) - 1) << (place.offset + 1 + offset)
            elif variable.history:
                mask |= place.mask << place.offset

    def erased(state: int) -> tuple[Value, ...]:
        """The state without history; bags in canonical order again."""
        plain = layout.unpack(state & ~mask)
        return tuple(
            v.sort.canonical(plain[v.name]) if isinstance(v.sort, Bag) else plain[v.name] for v in system.variables
        )

    seen: dict[tuple[Value, ...], set[tuple[str, tuple[Value, ...]]]] = {}
    compared = 0
    for position in range(explored.expanded):
        steps = {
            (layout.unpack_label(label)[0].name, erased(target)) for label, target, _ in explored.successors(position)
        }
        key = erased(explored.states[position])
        if key in seen:
            compared += 1
            assert seen[key] == steps
        seen[key] = steps
    assert compared > 100, "hardly any two states differ in history alone"


def test_rules_say_where_they_come_from() -> None:
    for rule in RULES:
        assert re.match(r"3\.(4|5|6|8|10)|RFC 1337|not in the RFC", rule.clause), f"{rule.name} cites {rule.clause!r}"
        assert rule.sentence.endswith("."), f"{rule.name}: {rule.sentence!r}"
        assert rule.states, rule.name


def test_rules_with_one_name_exclude_one_another() -> None:
    by_name: dict[str, list[int]] = {}
    for i, rule in enumerate(RULES):
        by_name.setdefault(rule.name, []).append(i)
    shared = {name: places for name, places in by_name.items() if len(places) > 1}
    assert shared, "two-way and three-way share the names of their rules"
    for values in VARIANTS.values():
        settings = Settings.of(values)
        for name, places in shared.items():
            states = [state.attr for i in places if RULES[i].only_if(settings) for state in RULES[i].states]
            assert len(states) == len(set(states)), f"{name}: two rules for one state under {values}"
