"""The instances that are searched: one model in three sizes, by its settings, what is asked of each, and larger ones."""

from __future__ import annotations

from dataclasses import dataclass

from synproof.engine.catalogue import find
from synproof.engine.checker import Subject
from synproof.engine.choosing import choose

__all__ = ["INSTANCES", "LARGER", "Instance"]


@dataclass(frozen=True)
class Instance:
    """A model with settings; every tool searches it to the end, since its property holds."""

    size: str
    model: str
    settings: tuple[str, ...]
    prop: str = "no-ghost-connection"
    only: tuple[str, ...] | None = None  # the tools that search it beside synproof with several workers; None: all
    table: int = 24  # SPIN's -w: its hash table has 2 ** table entries, about as many as there are states

    @property
    def name(self) -> str:
        """How it is asked for on the command line."""
        return " ".join([self.model, *(f"-s {pair}" for pair in self.settings)])

    @property
    def arguments(self) -> list[str]:
        """The arguments of `synproof check`."""
        return [self.model, "-p", self.prop, *(word for pair in self.settings for word in ("-s", pair))]

    def subject(self) -> Subject:
        """The system and its property."""
        settings = dict(pair.split("=", 1) for pair in self.settings)
        return choose(find(), self.model, settings, [self.prop]).subject


INSTANCES = (
    Instance("10^4", "three-way", ("incarnations=1", "capacity=2:2")),
    Instance("10^6", "three-way", ("capacity=2:2",)),
    Instance("10^7", "three-way", ("incarnations=3", "capacity=3:1")),
)
LARGER = (  # asked for by their sizes; with fewer numbers, the initial ones would run out
    Instance("5*10^7", "life", ("capacity=5:2", "seq-bits=5"), only=("synproof", "SPIN, depth first"), table=26),
    Instance("2*10^8", "life", ("capacity=6:2", "seq-bits=5"), only=()),
)
