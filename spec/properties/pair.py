"""Two ends: what the named properties ask of the ends of one system, and of the network between them."""

from __future__ import annotations

from functools import cached_property

from synproof.engine.expr import Expr
from synproof.engine.system import System

from ..network import Network
from ..settings import Settings
from ..system import ends

__all__ = ["Pair"]


class Pair:
    """The two ends of a system that is built from the settings."""

    def __init__(self, settings: Settings, system: System) -> None:
        self.s, self.system = settings, system
        self.ends = ends(settings)
        self.client, self.server = self.ends
        self.sides = ((self.client, self.server), (self.server, self.client))
        self.network = Network(settings)

    @cached_property
    def assumption(self) -> str:
        """What is assumed wherever something is said of all runs; empty if nothing is."""
        if self.s.isn not in ("fresh", "number-fresh"):
            return ""
        return (
            f"isn={self.s.isn}: initial numbers are fresh, which no endpoint with bounded memory can ensure "
            "without a known packet lifetime"
        )

    @cached_property
    def events(self) -> frozenset[str]:
        """The names of all events of the system's actions."""
        return frozenset(name for action in self.system.actions for name, _ in action.events)

    @cached_property
    def both_synchronized(self) -> Expr:
        """Both ends have a connection, with whomever."""
        return self.client.is_synchronized & self.server.is_synchronized

    @cached_property
    def matching(self) -> Expr:
        """Each end is connected to the present incarnation of the other."""
        return self.client.is_matched & self.server.is_matched
