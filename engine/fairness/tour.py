"""The tour: a closed walk through a fair component that does all that fairness, and the response, ask of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from .rules import Edge, Rules

__all__ = ["Tour"]

Need: TypeAlias = Callable[[Edge], bool]


@dataclass(frozen=True)
class Tour:
    """Walks a fair component.

    `out` gives the edges of a state that stay in the component and may be taken, `enabled` the weakly fair actions that are
    enabled or refused there, `sending` is what the response asks.
    """

    rules: Rules
    states: Sequence[int]  # packed, by position
    out: Callable[[int], list[Edge]]
    enabled: Callable[[int], int]
    sending: bool

    def around(self, start: int) -> list[Edge]:
        """A fair closed walk from `start`: the shortest way round, then longer ones by what the walks before lacked."""
        needs: list[Need] = []
        while True:
            walk: list[Edge] = []
            at = start
            while unmet := [need for need in needs if not any(need(edge) for edge in walk)]:
                walk += self._way(at, _either(unmet))
                at = walk[-1].target
            if not walk or at != start:
                walk += self._way(at, lambda edge: edge.target == start)
            lacking = self._lacking(walk)
            if lacking is None:
                return self._shortened(walk)
            needs.append(lacking)

    def _way(self, start: int, wanted: Need) -> list[Edge]:
        """A shortest walk of at least one edge whose last edge is wanted."""
        came: dict[int, Edge] = {}
        queue = deque([start])
        while queue:
            self.rules.budget.spend()
            position = queue.popleft()
            for edge in self.out(position):
                if wanted(edge):
                    walk = [edge]
                    while walk[-1].source != start:
                        walk.append(came[walk[-1].source])
                    return walk[::-1]
                if edge.target not in came and edge.target != start:
                    came[edge.target] = edge
                    queue.append(edge.target)
        raise AssertionError("a fair component has an edge for everything that fairness asks")

    def _lacking(self, walk: list[Edge]) -> Need | None:
        """Something that fairness, or the response, asks of a walk for ever round and that it does not do."""
        self.rules.budget.spend()
        taken = sent = delivered = 0
        forgone = stuck = -1
        for edge in walk:
            taken, sent, delivered = taken | edge.action, sent | edge.sent, delivered | edge.delivered
            forgone &= self.enabled(edge.target)
            stuck &= self._in_flight(edge)
        if missing := forgone & ~taken:
            weak = missing & -missing
            return lambda edge: bool(edge.action & weak or ~self.enabled(edge.target) & weak)
        if missing := sent & ~delivered:
            value = self.rules.least(missing)
            return lambda edge: bool(edge.delivered & value)
        if missing := stuck & ~delivered:
            kept = self.rules.least(missing)
            return lambda edge: bool(edge.delivered & kept or ~self._in_flight(edge) & kept)
        if self.sending and not any(edge.sends for edge in walk):
            return lambda edge: edge.sends
        return None

    def _in_flight(self, edge: Edge) -> int:
        return self.rules.in_flight(self.states[edge.target])

    def _shortened(self, walk: list[Edge]) -> list[Edge]:
        """The walk without those detours (from a state back to it) that fairness does not need, the longest first."""
        i = 0
        while i < len(walk):
            for j in range(len(walk) - 1, i - 1, -1):
                rest = walk[:i] + walk[j + 1 :]
                if rest and walk[j].target == walk[i].source and self._lacking(rest) is None:
                    walk = rest
                    break
            else:
                i += 1
        return walk


def _either(needs: list[Need]) -> Need:
    return lambda edge: any(need(edge) for need in needs)
