"""Why not: where the settings leave a named property nothing to say, and the words for it."""

from __future__ import annotations

from collections.abc import Callable

from ..states import TIME_WAIT
from ..tcb import ZERO
from .pair import Pair

__all__ = [
    "NOBODY_CLOSES", "Reason", "first_of", "no_clock", "no_data", "no_data_nor_old", "no_keepalive", "no_opener",
    "no_openers_data", "no_reason", "no_retransmission", "no_return_to_listen", "no_syn_data", "no_time_wait", "nobody_closes",
    "nobody_hears",
]  # fmt: skip

Reason = Callable[[Pair], str]
"""Why a property does not apply; empty where it does."""


def no_reason(_: Pair) -> str:
    """It always applies."""
    return ""


def unless(possible: Callable[[Pair], object], words: str) -> Reason:
    """These words, where something is not possible."""
    return lambda pair: "" if possible(pair) else words


def first_of(*reasons: Reason) -> Reason:
    """The first of the reasons that there are."""
    return lambda pair: next(filter(None, (reason(pair) for reason in reasons)), "")


no_clock = unless(lambda pair: pair.s.msl, "msl=0: time is not modelled")

# ---- opening ---------------------------------------------------------------------------------------------------------

no_opener = unless(lambda pair: "active" in (pair.s.client, pair.s.server), "no end opens actively")
no_return_to_listen = unless(
    lambda pair: pair.s.handshake != "two-way" and "passive" in (pair.s.client, pair.s.server),
    "no end is passive and enters SYN-RECEIVED",
)
no_retransmission = unless(lambda pair: pair.s.retransmit != 0, "retransmit=off")

# ---- data ------------------------------------------------------------------------------------------------------------

NO_DATA = "data=0: nothing is sent that could be delivered"

no_data = unless(lambda pair: any(pair.s.data), NO_DATA)
no_data_nor_old = unless(lambda pair: any(pair.s.data) or any(old.len for old in pair.s.old_duplicates), NO_DATA)
no_openers_data = unless(
    lambda pair: any(me.role == "active" and me.may_send for me in pair.ends), "no end that opens actively may send data"
)
no_syn_data = unless(lambda pair: pair.s.syn_data, "syn-data=off")

# ---- keepalive, and closing ------------------------------------------------------------------------------------------

NOBODY_CLOSES = "close=off: nobody calls CLOSE"

no_keepalive = unless(lambda pair: pair.s.keepalive is not None, "keepalive=off")
nobody_closes = unless(lambda pair: pair.s.close, NOBODY_CLOSES)
no_time_wait = unless(
    lambda pair: any(me.can_be_in(TIME_WAIT) for me in pair.ends), "no end sends and receives a FIN, so none reaches TIME-WAIT"
)
nobody_hears = unless(
    lambda pair: any(me.heard is not ZERO for me in pair.ends), "no end sends a FIN to one that may be in TIME-WAIT"
)
