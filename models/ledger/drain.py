"""The drain table: how long TIME-WAIT must last until nothing of the old connection is in the network, as experiments.

TIME-WAIT may end at any moment once `time-wait` has passed, so a run of a longer `time-wait` is also a run of a shorter one:
what is violated at some length is violated at every shorter one. Two experiments therefore make an entry sharp: one tick less
is too little, and the bound itself is enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from synproof.engine.experiment import Experiment
from synproof.engine.property import Verdict

__all__ = [
    "ASSUMPTIONS", "KINDS", "LISTENER", "LONGEST", "MODEL", "OPENER", "RULES", "Closer", "Entry", "entries", "settings",
]  # fmt: skip

MODEL = "drain"
LONGEST = 5
"""The longest TIME-WAIT that is tried, in MSL: what is violated there has no bound that was found."""

RULES = ("fin", "reply", "any-ack", "never")
"""What restarts TIME-WAIT."""

ASSUMPTIONS = {"strong": "drained-if-heard-in-time", "weak": "drained-if-heard", "none": "drained-after-time-wait"}
"""What is assumed of the last ACK, and the property that says so."""

KINDS = {"SYN, data, FIN": "", "pure ACKs": "-acks", "resets": "-resets"}
"""Of which segments the network is to be free, and the end of the property's name."""

BASE = {"msl": 1, "time-wait": 2, "time-wait-restart": "fin", "data": "0", "close": "client", "capacity": "1:2"}
"""What the model says of settings that change here."""


def settings(changes: Mapping[str, str | int]) -> tuple[tuple[str, str | int], ...]:
    """Those of the settings that are not so already."""
    return tuple((name, value) for name, value in changes.items() if BASE.get(name) != value)


Bounds = dict[tuple[str, str], int | None]


@dataclass(frozen=True)
class Closer:
    """Which end closes first: in a word, and as settings; `data` lets the other end send an octet before its FIN."""

    name: str
    settings: tuple[tuple[str, str], ...]
    data: str


OPENER = Closer("opener", (), "0:1")
LISTENER = Closer("listener", (("close", "server"), ("capacity", "2:1")), "1:0")

def _bounds(strong: tuple[int, int, int], weak: tuple[int, int, int] | None, none: tuple[int, int] | None) -> Bounds:
    """Bounds in MSL by assumption and kind; None stands for none at all."""
    found: Bounds = dict(zip(product(("strong",), KINDS), strong, strict=True))
    found |= dict(zip(product(("weak",), KINDS), weak or (None,) * 3, strict=True))
    return found | dict(zip(product(("none",), KINDS), (None, *(none or (None, None))), strict=True))


SLOW = _bounds((2, 3, 4), None, None)
"""Where no answer of TIME-WAIT to what the peer repeats begins it again."""

BY_RULE: dict[tuple[str, bool], Bounds] = {
    ("fin", False): _bounds((2, 2, 3), (3, 2, 3), (2, 3)),
    ("fin", True): SLOW,
    **{(rule, data): SLOW for rule in ("any-ack", "never") for data in (False, True)},
}
REPLY = _bounds((2, 1, 2), (2, 1, 2), (2, 2))
REPLY_TO_SYN = _bounds((2, 2, 3), (3, 2, 3), (2, 3))
"""A bare SYN is answered without a restart, and only the end that listened can be sent one."""


@dataclass(frozen=True)
class Entry:
    """One entry of the table: who closes first, what restarts TIME-WAIT, whether data went before the last FIN, what is assumed
    of the last ACK, which segments are meant; and the bound in MSL (None: no bound)."""

    closer: Closer
    rule: str
    data: bool
    assumed: str
    kind: str
    bound: int | None

    @property
    def prop(self) -> str:
        """The property that decides it."""
        return ASSUMPTIONS[self.assumed] + KINDS[self.kind]

    def experiment(self, msl: int, ticks: int, expect: Verdict, *, tied: bool = True) -> Experiment:
        """TIME-WAIT of so many ticks. Without `tied` a segment may be there still at the instant at which it is too old."""
        changes: dict[str, str | int] = {"msl": msl, "time-wait": ticks, "time-wait-restart": self.rule}
        changes |= {"data": self.closer.data if self.data else "0", **dict(self.closer.settings)}
        return Experiment(
            MODEL, self.prop, expect, settings(changes), unread=() if tied else (("leave_time_wait", "network"),)
        )

    def too_short(self, msl: int, *, tied: bool = True) -> Experiment:
        """One tick less than the bound, or the longest that is tried: it is violated."""
        ticks = LONGEST * msl if self.bound is None else self.ticks(msl, tied=tied) - 1
        return self.experiment(msl, ticks, Verdict.VIOLATED, tied=tied)

    def enough(self, msl: int, *, tied: bool = True) -> Experiment:
        """The bound itself: it holds."""
        assert self.bound is not None
        return self.experiment(msl, self.ticks(msl, tied=tied), Verdict.HOLDS, tied=tied)

    def sharp(self, msl: int, *, tied: bool = True) -> Iterator[Experiment]:
        """What shows that the entry is right, and that no less would do."""
        yield self.too_short(msl, tied=tied)
        if self.bound is not None:
            yield self.enough(msl, tied=tied)

    def ticks(self, msl: int, *, tied: bool = True) -> int:
        """The bound in ticks; without `tied`, one more."""
        assert self.bound is not None
        return self.bound * msl + (0 if tied else 1)


def entries(closer: Closer, data: Iterable[bool] = (False, True), rules: Iterable[str] = RULES) -> Iterator[Entry]:
    """The entries of one table, row by row."""
    for rule, sends, assumed, kind in product(rules, data, ASSUMPTIONS, KINDS):
        of_reply = REPLY if closer is OPENER else REPLY_TO_SYN
        bounds = of_reply if rule == "reply" else BY_RULE[rule, sends]
        yield Entry(closer, rule, sends, assumed, kind, bounds[assumed, kind])
