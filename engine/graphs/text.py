"""Graphs as text for other tools: DOT (Graphviz), GraphML (yEd, Gephi, Cytoscape) and JSON.

They take the graphs of `graph.to_networkx` and `graph.quotient`. Nodes are numbered in the graph's order; the same graph always
gives the same text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["to_dot", "to_graphml", "to_json"]

EXACT_IN_JSON = 1 << 53  # beyond this many readers of JSON lose digits


def to_dot(graph: nx.DiGraph) -> str:
    """The graph in Graphviz's language; initial nodes have a double frame, edges are marked with their actions."""
    number = {node: i for i, node in enumerate(graph)}
    lines = [f"digraph {_quoted(str(graph.graph.get('name', '')))} {{", "  node [shape=box];"]
    for node, data in graph.nodes(data=True):
        frame = ", peripheries=2" if data.get("initial") else ""
        lines.append(f"  n{number[node]} [label={_quoted(_name(node, data))}{frame}];")
    for a, b, data in graph.edges(data=True):
        text = "\n".join(data.get("actions", ()))
        lines.append(f"  n{number[a]} -> n{number[b]} [label={_quoted(text)}];")
    return "\n".join([*lines, "}", ""])


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _name(node: object, data: Mapping[str, Any]) -> str:
    return str(data["label"]) if "label" in data else str(node)


def to_graphml(graph: nx.DiGraph) -> str:
    """The graph as GraphML. Lists (such as an edge's `actions`) are written with commas, what is no number as text."""
    import networkx as nx

    number = {node: f"n{i}" for i, node in enumerate(graph)}
    plain = nx.DiGraph(**{key: _scalar(value) for key, value in graph.graph.items()})
    for node, data in graph.nodes(data=True):
        plain.add_node(number[node], **{k: _scalar(v) for k, v in ({"label": _name(node, data)} | data).items()})
    for a, b, data in graph.edges(data=True):
        plain.add_edge(number[a], number[b], **{key: _scalar(value) for key, value in data.items()})
    return "\n".join([*nx.generate_graphml(plain), ""])


def _scalar(value: Any) -> bool | int | str:
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) < EXACT_IN_JSON:
        return value
    return ", ".join(str(part) for part in value) if isinstance(value, tuple) else str(value)


def to_json(graph: nx.DiGraph) -> str:
    """The graph as one JSON object: `graph` (its attributes), `nodes` and `edges` (lists of objects).

    Nodes have their number as `id` and themselves as `node`; edges have the numbers of their ends as `source` and
    `target`. Whole numbers beyond 2^53 are written as text.
    """
    number = {node: i for i, node in enumerate(graph)}
    nodes = [{"id": number[n], "node": _value(n)} | _values(data) for n, data in graph.nodes(data=True)]
    edges = [{"source": number[a], "target": number[b]} | _values(data) for a, b, data in graph.edges(data=True)]
    return json.dumps({"graph": _values(graph.graph), "nodes": nodes, "edges": edges}, indent=1, ensure_ascii=False) + "\n"


def _values(data: Mapping[str, Any]) -> dict[str, Any]:
    return {str(key): _value(value) for key, value in data.items()}


def _value(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_value(part) for part in value]
    if isinstance(value, int) and abs(value) >= EXACT_IN_JSON:
        return str(value)
    return value
