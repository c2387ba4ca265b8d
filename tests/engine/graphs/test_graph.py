"""The explored graph in networkx, and the questions to it, against the evaluator's graph and plain searches."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from typing import Any
from xml.etree import ElementTree

import networkx as nx
import pytest

from synproof.engine.errors import LanguageError, UnknownName
from synproof.engine.evaluate import holds
from synproof.engine.expr import FALSE, TRUE, Expr
from synproof.engine.graphs.graph import (
    attractors,
    components,
    deadlocks,
    describe_state,
    dominators,
    quotient,
    run_along,
    shortest_run,
    to_networkx,
    witness,
)
from synproof.engine.graphs.text import to_dot, to_graphml, to_json
from synproof.engine.search.explore import Exploration, Limits, explore
from synproof.engine.sorts import BOOL, Bag, Enum, Int, Record, Seq
from synproof.engine.system import Kind, Step, System, Variable

from ...house import ROOT
from ..graph_systems import Dice, Graph, graph_of, labels_of


def random_graphs(seeds: range, at_most: int = 60) -> list[tuple[Dice, Graph, Exploration]]:
    found = []
    for seed in seeds:
        dice = Dice(seed, channels=1 + seed % 2, capacity=2, top=3, steps=4)
        graph = graph_of(dice.system(), at_most)
        if graph is not None and len(graph.states) >= 4:
            found.append((dice, graph, explore(graph.system)))
    assert len(found) >= len(seeds) // 3
    return found


def reachable(edges: set[tuple[Any, Any]], start: Any) -> set[Any]:
    seen, pending = {start}, [start]
    while pending:
        here = pending.pop()
        for there in [b for a, b in edges if a == here and b not in seen]:
            seen.add(there)
            pending.append(there)
    return seen


# ---- handshakes ------------------------------------------------------------------------------------------------------

END = Enum("End", ("CLOSED", "LISTEN", "SYN_RECEIVED", "ESTABLISHED"))


def server(*, shortcut: bool = False) -> tuple[System, Expr]:
    """A passive end: LISTEN, SYN_RECEIVED, ESTABLISHED; with a count of attempts; `shortcut` goes straight to the end."""
    state, tries = Variable("server.state", END), Variable("server.tries", Int(0, 2))
    actions = []
    arrives, user = Kind.SEGMENT_ARRIVES, Kind.USER_CALL
    moves = [
        ("listen", "CLOSED", "LISTEN", user), ("syn", "LISTEN", "SYN_RECEIVED", arrives),
        ("reset", "SYN_RECEIVED", "LISTEN", arrives), ("ack", "SYN_RECEIVED", "ESTABLISHED", arrives),
        ("abort", "ESTABLISHED", "CLOSED", user), ("again", "SYN_RECEIVED", "SYN_RECEIVED", Kind.TIMEOUT),
    ]  # fmt: skip
    moves += [("leap", "LISTEN", "ESTABLISHED", Kind.ENVIRONMENT)] if shortcut else []
    for name, before, after, kind in moves:
        step = Step(name, actor="server", kind=kind)
        step.when(state.expr == before)
        step.set(state.expr, after)
        if name == "reset":
            step.when(tries.expr < 2)
            step.set(tries.expr, tries.expr + 1)
        actions.append(step.action())
    first = {"server.state": "CLOSED", "server.tries": 0}
    return System("server", (state, tries), (first,), tuple(actions), {"server.open": state.expr != "CLOSED"}), state.expr


# ---- the graph -------------------------------------------------------------------------------------------------------


def test_the_graph_is_the_evaluators() -> None:
    for _, expected, exploration in random_graphs(range(60)):
        graph = to_networkx(exploration)
        layout = exploration.unit.layout
        assert type(graph) is nx.DiGraph
        assert [layout.unpack(node) for node in graph] == expected.states
        assert [depth for _, depth in graph.nodes(data="depth")] == expected.depth
        assert [initial for _, initial in graph.nodes(data="initial")] == [depth == 0 for depth in expected.depth]
        position = {node: i for i, node in enumerate(graph)}
        ways: dict[tuple[int, int], list[tuple[str, int]]] = {}
        for source, step, target in expected.edges:
            (label,) = labels_of(expected.system, [step])
            ways.setdefault((source, target), []).append((step.action.name, label))
        assert {(position[a], position[b]) for a, b in graph.edges} == set(ways)
        for a, b, data in graph.edges(data=True):
            mine = ways[position[a], position[b]]
            assert data["labels"] == tuple(label for _, label in mine)
            assert data["actions"] == tuple(dict.fromkeys(name for name, _ in mine))
        assert graph.graph["complete"]


def test_a_cut_exploration_says_so() -> None:
    system, _ = server()
    graph = to_networkx(explore(system, limits=Limits(max_states=3)))
    assert not graph.graph["complete"]
    assert list(dict(graph.nodes(data="expanded")).values()) == [True, True, False]


def test_components_and_attractors_are_sets_that_reach_each_other() -> None:
    sizes = Counter[bool]()
    for _, _, exploration in random_graphs(range(100, 180)):
        graph = to_networkx(exploration)
        edges = set(graph.edges)
        reach = {node: reachable(edges, node) for node in graph}
        found = components(graph)
        assert Counter(node for part in found for node in part) == Counter(graph)
        for part in found:
            assert all({b for b in reach[a] if a in reach[b]} == set(part) for a in part)
            sizes[len(part) > 1] += 1
        order = {node: i for i, node in enumerate(graph)}
        assert found == sorted(found, key=lambda part: order[part[0]])
        assert attractors(graph) == [part for part in found if reach[part[0]] == set(part)]
    assert min(sizes.values()) >= 20


def test_dominators_are_what_cannot_be_avoided() -> None:
    chains = 0
    for _, _, exploration in random_graphs(range(200, 230), 30):
        graph = to_networkx(exploration)
        found = dominators(graph)
        root = object()
        edges = set(graph.edges) | {(root, node) for node, initial in graph.nodes(data="initial") if initial}
        assert list(found) == list(graph)
        for node in graph:
            without = {d for d in graph if d == node or node not in reachable({e for e in edges if d not in e}, root)}
            assert set(found[node]) == without and found[node][-1] == node
            assert all(set(found[d]) <= without for d in found[node])
            chains += len(found[node]) >= 3
    assert chains >= 50


def test_a_path_becomes_a_run() -> None:
    system, state = server()
    exploration = explore(system)
    graph = to_networkx(exploration)
    last = next(node for node in graph if graph.nodes[node]["depth"] == 5)
    run = run_along(graph, nx.shortest_path(graph, exploration.states[0], last))
    assert len(run) == 5 and exploration.unit.layout.pack(run.trace(system).final) == last
    with pytest.raises(LanguageError, match="begins in an initial state"):
        run_along(graph, [last])
    with pytest.raises(LanguageError, match="begins in an initial state"):
        run_along(graph, [])
    assert state is not None


# ---- the exploration -------------------------------------------------------------------------------------------------


def test_every_path_of_a_passive_end_passes_syn_received() -> None:
    system, state = server()
    exploration = explore(system)
    assert shortest_run(exploration, state == "ESTABLISHED", state == "SYN_RECEIVED") is None
    plain = shortest_run(exploration, state == "ESTABLISHED")
    assert plain is not None and len(plain) == 3
    chain = dominators(quotient(exploration, ["server.state"]))["ESTABLISHED",]
    assert chain == (("CLOSED",), ("LISTEN",), ("SYN_RECEIVED",), ("ESTABLISHED",))

    system, state = server(shortcut=True)
    exploration = explore(system)
    detour = shortest_run(exploration, state == "ESTABLISHED", state == "SYN_RECEIVED")
    assert detour is not None and [s.action.name for s in detour.trace(system).steps] == ["listen", "leap"]
    assert ("SYN_RECEIVED",) not in dominators(quotient(exploration, ["server.state"]))["ESTABLISHED",]


def test_the_shortest_detour_is_shortest_on_random_systems() -> None:
    outcomes = Counter[bool]()
    for dice, graph, exploration in random_graphs(range(300, 400)):
        target, avoid = dice.condition(), dice.condition()
        open_states = {i for i, state in enumerate(graph.states) if not holds(avoid, state)}
        distance = {i: 0 for i in open_states if graph.depth[i] == 0}
        for depth in range(len(graph.states)):
            for source, _, there in graph.edges:
                if distance.get(source) == depth and there in open_states:
                    distance.setdefault(there, depth + 1)
        lengths = [d for i, d in distance.items() if holds(target, graph.states[i])]
        run = shortest_run(exploration, target, avoid)
        outcomes[run is None] += 1
        assert (run is None) == (not lengths)
        if run is not None:
            states = run.trace(graph.system).states
            assert len(run) == min(lengths)
            assert holds(target, states[-1]) and not any(holds(avoid, state) for state in states)
    assert min(outcomes.values()) >= 10


def test_deadlocks_are_classified_by_the_first_class_that_holds() -> None:
    system, state = server()
    exploration = explore(system)
    found = deadlocks(exploration, {"desired": state == "ESTABLISHED", "good": state.isin("ESTABLISHED", "LISTEN")})
    depths = {name: [exploration.depth_of(i) for i in positions] for name, positions in found.items()}
    assert list(found) == ["desired", "good", "stuck"]
    assert depths["good"] == [] and depths["desired"] == [3, 5, 7]  # in LISTEN a SYN may arrive
    assert all(exploration.unit.layout.unpack(exploration.states[i])["server.state"] == "CLOSED" for i in found["stuck"])
    with pytest.raises(LanguageError, match="stuck"):
        deadlocks(exploration, {"stuck": TRUE})


def test_deadlocks_are_the_quiescent_states_of_random_systems() -> None:
    some = 0
    for dice, graph, exploration in random_graphs(range(400, 460)):
        wanted = dice.condition()
        moving = {source for source, step, _ in graph.edges if step.action.kind.is_protocol_step}
        quiet = [i for i in range(len(graph.states)) if i not in moving]
        assert [i for i in quiet if holds(graph.system.quiescent, graph.states[i])] == quiet
        expected = {"wanted": [i for i in quiet if holds(wanted, graph.states[i])]}
        expected["stuck"] = [i for i in quiet if i not in expected["wanted"]]
        assert deadlocks(exploration, {"wanted": wanted}) == expected
        some += bool(quiet)
    assert some >= 10


# ---- quotients -------------------------------------------------------------------------------------------------------


def test_the_quotient_counts_what_the_evaluator_counts() -> None:
    for _, graph, exploration in random_graphs(range(500, 540)):
        system = graph.system
        by: list[str | Expr] = ["b", system.by_name["a"].expr < 2]
        classes = [(s["b"], s["a"] < 2) for s in graph.states]
        found = quotient(exploration, by)
        assert list(found) == list(dict.fromkeys(classes))
        counts = Counter((classes[s], classes[t]) for s, _, t in graph.edges)
        assert {(a, b): n for a, b, n in found.edges(data="transitions")} == {
            pair: n for pair, n in counts.items() if pair[0] != pair[1]
        }
        for node, data in found.nodes(data=True):
            assert data["states"] == classes.count(node) and data["inside"] == counts[node, node]
            assert data["first"] == classes.index(node) and data["depth"] == graph.depth[data["first"]]
            assert dict(witness(exploration, found, node).trace(system).final) == graph.states[data["first"]]
        for a, b, data in found.edges(data=True):
            steps = [(s, step) for s, step, t in graph.edges if (classes[s], classes[t]) == (a, b)]
            assert set(data["actions"]) == {step.action.name for _, step in steps}
            assert list(data["actions"]) == [act.name for act in system.actions if act.name in data["actions"]]
            trace = witness(exploration, found, a, b).trace(system)
            assert len(trace) == data["steps"] == min(graph.depth[s] + 1 for s, _ in steps)
            ends = [(state["b"], state["a"] < 2) for state in trace.states[-2:]]
            assert ends == [a, b]


def test_a_quotient_by_endpoint_states() -> None:
    system, _ = server()
    exploration = explore(system)
    found = quotient(exploration, ["server.state", "server.open"])
    assert [data["label"] for _, data in found.nodes(data=True)][1] == "server.state=LISTEN server.open=True"
    assert found.edges[("LISTEN", True), ("SYN_RECEIVED", True)]["actions"] == ("syn",)
    assert found.nodes["SYN_RECEIVED", True]["inside"] == 3
    assert [node for node, initial in found.nodes(data="initial") if initial] == [("CLOSED", False)]
    assert found.graph["by"] == ("server.state", "server.open")


def test_mistakes_are_named() -> None:
    system, _ = server()
    exploration = explore(system)
    with pytest.raises(UnknownName, match=r"no 'server.stat'; did you mean 'server.state'\?"):
        quotient(exploration, ["server.stat"])
    with pytest.raises(UnknownName, match="reads 'other'"):
        shortest_run(exploration, Variable("other", BOOL).expr)
    wide = Variable("wide", Seq(32))
    bag = Variable("bag", Bag(Record("R", (("x", BOOL),)), 1))
    big = explore(System("big", (wide, bag), ({"wide": 0, "bag": ()},), ()))
    with pytest.raises(LanguageError, match="4294967296 values"):
        quotient(big, ["wide"])
    with pytest.raises(LanguageError, match="goes by scalar values"):
        quotient(big, ["bag"])
    assert shortest_run(big, FALSE) is None


# ---- text ------------------------------------------------------------------------------------------------------------


def test_dot_names_states_and_actions() -> None:
    system, _ = server()
    text = to_dot(quotient(explore(system), ["server.state"]))
    assert text.splitlines()[:3] == [
        'digraph "server" {', "  node [shape=box];", '  n0 [label="server.state=CLOSED", peripheries=2];',
    ]  # fmt: skip
    assert '  n2 -> n3 [label="ack"];' in text.splitlines()
    assert text.endswith("}\n")


def test_dot_quotes_what_would_break_it() -> None:
    graph = nx.DiGraph(name='a "name"')
    graph.add_node("back\\slash")
    assert 'digraph "a \\"name\\""' in to_dot(graph) and 'label="back\\\\slash"' in to_dot(graph)


def test_json_is_read_back() -> None:
    system, _ = server()
    graph = quotient(explore(system), ["server.state"])
    read = json.loads(to_json(graph))
    assert read["graph"] == {"name": "server", "complete": True, "by": ["server.state"]}
    assert [tuple(node["node"]) for node in read["nodes"]] == list(graph)
    edges = {(edge["source"], edge["target"]): edge for edge in read["edges"]}
    order = list(graph)
    assert {(order[a], order[b]) for a, b in edges} == set(graph.edges)
    assert edges[2, 3]["actions"] == ["ack"] and edges[2, 3]["steps"] == 3


def test_graphml_is_read_back_by_networkx() -> None:
    system, _ = server()
    for graph in (quotient(explore(system), ["server.state"]), to_networkx(explore(system), describe=True)):
        text = to_graphml(graph)
        assert ElementTree.fromstring(text).tag.endswith("graphml")
        read = nx.parse_graphml(text)
        names = [data["label"] for _, data in graph.nodes(data=True)]
        assert [data["label"] for _, data in read.nodes(data=True)] == names
        assert len(read.edges) == len(graph.edges)
        assert {data["actions"] for *_, data in read.edges(data=True)} >= {"syn", "ack"}


def test_wide_states_stay_exact_in_text() -> None:
    wide = Variable("wide", Seq(60))
    step = Step("one", actor="it", kind=Kind.TIMEOUT)
    step.when(wide.expr == 0)
    step.set(wide.expr, (1 << 60) - 1)
    graph = to_networkx(explore(System("wide", (wide,), ({"wide": 0},), (step.action(),))), describe=True)
    assert json.loads(to_json(graph))["nodes"][1]["node"] == str((1 << 60) - 1)
    assert nx.parse_graphml(to_graphml(graph)).nodes["n1"]["label"] == f"wide={(1 << 60) - 1}"


def test_a_described_state_leaves_history_out() -> None:
    seen = Variable("seen", BOOL, history=True)
    system = System("s", (Variable("x", Int(0, 3)), seen), ({"x": 2, "seen": True},), ())
    assert describe_state(system, system.initial[0]) == "x=2"


def test_the_text_is_the_same_for_every_hash_seed() -> None:
    code = (
        "from synproof.engine.search.explore import explore\n"
        "from synproof.engine.graphs.graph import quotient, to_networkx, components\n"
        "from synproof.engine.graphs.text import to_dot, to_graphml, to_json\n"
        "from tests.engine.graph_systems import Dice\n"
        "e = explore(Dice(501, channels=2, capacity=2, top=3, steps=4).system())\n"
        "for g in (to_networkx(e, describe=True), quotient(e, ['a', 'b'])):\n"
        "    print(to_dot(g), to_graphml(g), to_json(g), components(g))\n"
    )
    texts = []
    for seed in ("1", "2"):
        environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        ran = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        texts.append(ran.stdout)
    assert len(texts[0]) > 1000 and texts[0] == texts[1]


def test_networkx_is_loaded_only_when_it_is_used() -> None:
    code = (
        "import sys, synproof.engine.search.explore, synproof.engine.graphs.graph, synproof.engine.graphs.text, "
        "synproof.engine.fairness.liveness, synproof.engine.search.scenario, synproof.engine.search.via; "
        "print('networkx' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
