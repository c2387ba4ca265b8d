"""Plain values for one endpoint alone: segments, what can happen to it, and its TCB with concrete numbers.

Everything here is frozen and can be compared and hashed, so that sets of possible TCBs can be followed through a capture.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from synproof.engine.errors import SynproofError, did_you_mean
from synproof.engine.sorts import Value

from .segment import SPOKEN_FLAGS, show_segment

__all__ = [
    "Abort", "ActiveOpen", "Arrives", "Close", "Connection", "Event", "GoOn", "NotASegment", "PassiveOpen", "Segment", "Send",
    "Timeout", "Timer",
]  # fmt: skip


# ---- segments --------------------------------------------------------------------------------------------------------


class NotASegment(SynproofError):
    """A text does not write a segment as the RFC's figures do."""


_FIELD = re.compile(r"<([A-Z]+)=([^<>=]*)>")


@dataclass(frozen=True)
class Segment:
    """A segment. `ack` is None where the ACK bit is off; `len` counts octets of data, without SYN and FIN.

    >>> str(Segment(seq=300, ack=101, syn=True))
    '<SEQ=300><ACK=101><CTL=SYN,ACK>'
    >>> Segment.read("<SEQ=300><ACK=100><DATA=10><CTL=ACK>")
    Segment(seq=300, ack=100, len=10, syn=False, fin=False, rst=False)
    """

    seq: int
    ack: int | None = None
    len: int = 0
    syn: bool = False
    fin: bool = False
    rst: bool = False

    def __str__(self) -> str:
        return show_segment(self.fields())

    def fields(self) -> dict[str, Value]:
        """The fields by the names that the specification's segments have."""
        bits = {"syn_bit": self.syn, "ack_bit": self.ack is not None, "fin_bit": self.fin, "rst_bit": self.rst}
        return {"seq": self.seq, "ack": self.ack or 0, "len": self.len, **bits}

    @staticmethod
    def read(text: str) -> Segment:
        """A segment as the RFC's figures write it. Raises NotASegment."""
        found = dict(_FIELD.findall(text))
        spelled = "".join(f"<{name}={value}>" for name, value in found.items())
        example = "a segment is written as in <SEQ=300><ACK=101><DATA=10><CTL=SYN,ACK>"
        if spelled != text.replace(" ", "") or "SEQ" not in found:
            raise NotASegment(f"{text[:80]!r} is no segment: {example}")
        for name in found:
            if name not in ("SEQ", "ACK", "DATA", "CTL"):
                raise NotASegment(f"{name} in {text[:80]!r} is no part of a segment: {example}")
        words = found.pop("CTL", "").split(",") if found.get("CTL") else []
        known = {word: field for field, word in SPOKEN_FLAGS}
        for word in words:
            if word not in known:
                raise NotASegment(f"{word!r} in {text[:80]!r} is no control bit; {did_you_mean(word, known)}")
        for name, value in found.items():
            if not re.fullmatch("[0-9]{1,10}", value):
                raise NotASegment(f"{name} in {text[:80]!r} is no whole number: {example}")
        if ("ACK" in found) != ("ACK" in words):
            raise NotASegment(f"{text[:80]!r}: an acknowledgment number goes with the control bit ACK, and only with it")
        ack = int(found["ACK"]) if "ACK" in found else None
        bits = {word.lower(): word in words for word in ("SYN", "FIN", "RST")}
        return Segment(int(found["SEQ"]), ack, int(found.get("DATA", 0)), **bits)


# ---- what can happen -------------------------------------------------------------------------------------------------


class Timer(Enum):
    """The timers of an endpoint. Time is the caller's: whoever steps an endpoint says when one expires."""

    RETRANSMISSION = "retransmission"  # also where it has expired too often: `give-up` ends the connection then (3.8.3)
    TIME_WAIT = "time-wait"
    USER = "user"
    FIN_WAIT_2 = "fin-wait-2"  # not in the RFC
    KEEPALIVE = "keepalive"


@dataclass(frozen=True)
class ActiveOpen:
    """The user calls OPEN, active. `iss` is the initial sequence number; `octets` go with the SYN (3.5)."""

    iss: int
    octets: int = 0


@dataclass(frozen=True)
class PassiveOpen:
    """The user calls OPEN, passive. The remote socket is left unspecified."""


@dataclass(frozen=True)
class Send:
    """The user calls SEND with so many octets, at most `mss`."""

    octets: int = 1


@dataclass(frozen=True)
class Close:
    """The user calls CLOSE."""


@dataclass(frozen=True)
class Abort:
    """The user calls ABORT."""


@dataclass(frozen=True)
class Arrives:
    """A segment arrives. `iss` is the initial sequence number with which a SYN in LISTEN is answered; else it is ignored."""

    segment: Segment
    iss: int | None = None


@dataclass(frozen=True)
class Timeout:
    """A timer expires. `octets`: how many are retransmitted; unless given, as many as can be."""

    timer: Timer
    octets: int | None = None


@dataclass(frozen=True)
class GoOn:
    """The endpoint goes on with what it was asked to do before: it sends what waited for the window or for ESTABLISHED.

    `octets`: how many are sent in one segment; unless given, as many as can be.
    """

    octets: int | None = None


Event: TypeAlias = ActiveOpen | PassiveOpen | Send | Close | Abort | Arrives | Timeout | GoOn


# ---- the TCB ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Connection:
    """The state of one endpoint: its TCB with concrete numbers, and what its user was last told.

    `items` are all variables of the specification's TCB, by name; those that people ask for are attributes. `sent` and
    `delivered` count the octets of this connection.
    """

    items: tuple[tuple[str, Value], ...]
    sent: int = 0
    delivered: int = 0

    def __getitem__(self, name: str) -> Value:
        """A variable by its name. Raises KeyError."""
        return dict(self.items)[name]

    def __str__(self) -> str:
        return self.state.replace("_", "-")

    @property
    def state(self) -> str:
        """`CLOSED`, `SYN_SENT`, ...: the states are spelt as in the specification."""
        return str(self["state"])

    @property
    def opened(self) -> str:
        """`ACTIVE` or `PASSIVE`: how the connection was opened."""
        return str(self["opened"])

    @property
    def iss(self) -> int:
        """ISS, the initial send sequence number."""
        return int(self["iss"])

    @property
    def irs(self) -> int:
        """IRS, the initial receive sequence number."""
        return int(self["irs"])

    @property
    def snd_una(self) -> int:
        """SND.UNA, the oldest unacknowledged sequence number."""
        return int(self["snd_una"])

    @property
    def snd_nxt(self) -> int:
        """SND.NXT, the next sequence number to be sent."""
        return int(self["snd_nxt"])

    @property
    def rcv_nxt(self) -> int:
        """RCV.NXT, the next sequence number expected."""
        return int(self["rcv_nxt"])

    @property
    def queued(self) -> int:
        """Octets accepted from the user and not yet sent."""
        return int(self["queued"])

    @property
    def told(self) -> str:
        """What the user was last told: `NOTHING`, `REFUSED`, `RESET`, `TIMEOUT` or `CLOSING`."""
        return str(self["told"])

    @property
    def closed_by_user(self) -> bool:
        """Whether CLOSE was called."""
        return bool(self["closed_by_user"])
