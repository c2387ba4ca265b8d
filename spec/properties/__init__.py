"""The named properties: what each says, whether the settings leave it something to say, and how it is decided.

`properties(settings, system)` gives all of them in the order of `rows`; one that does not apply says why. Safety properties
that speak of a step ("when an incarnation enters a synchronized state, then ...") are events that never happen: see
`history`.
"""

from __future__ import annotations

from collections.abc import Collection

from synproof.engine.property import Property
from synproof.engine.system import System

from ..laws import LAWS
from ..settings import Settings
from .always import ALWAYS
from .eventually import EVENTUALLY
from .invariants_and_laws import INVARIANTS_AND_LAWS
from .named import Named, Row
from .never import NEVER
from .pair import Pair
from .sometimes import SOMETIMES

__all__ = ["COSTLY", "Row", "names", "needs_observing", "properties", "rows"]

NAMED: tuple[Named, ...] = (*NEVER, *ALWAYS, *INVARIANTS_AND_LAWS, *SOMETIMES, *EVENTUALLY)

COSTLY: tuple[Row, ...] = tuple(named.row for named in INVARIANTS_AND_LAWS)
"""The rows of invariants and laws."""


def rows() -> tuple[Row, ...]:
    """Every named property, in the order in which results are shown."""
    return tuple(named.row for named in NAMED)


def names() -> list[str]:
    """The names of all named properties."""
    return [row.name for row in rows()]


def properties(settings: Settings, system: System, costly: Collection[str] | None = None) -> list[Property]:
    """Every named property for one system, in the order of `rows`. The system must be built from these settings.

    Of the invariants and the laws only those named in `costly` (None: all); laws need the system that `observe_system` gives.
    """
    pair = Pair(settings, system)
    left_out = set() if costly is None else {row.name for row in COSTLY}.difference(costly)
    return [named.of(pair) for named in NAMED if named.row.name not in left_out]


def needs_observing(asked: Collection[str]) -> bool:
    """Whether a law is among the properties that are asked for."""
    return any(law.name in asked for law in LAWS)
