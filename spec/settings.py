"""The settings: every choice a model makes, its name, its values, its default and its meaning.

A setting's attribute is its name with `_` for `-` (`close-in-syn-received` is `close_in_syn_received`). `Settings.of` is the
way to make one: it reads values as a model file or a command line gives them and refuses what cannot be. The constructor
checks nothing.

>>> settings = Settings.of({"handshake": "two-way", "capacity": "2:1", "loss": "off"})
>>> settings.handshake, settings.capacity.to_client, settings.loss, settings.duplicate
('two-way', 1, 0, None)
>>> settings.as_dict()["capacity"]
'2:1'
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from synproof.engine.errors import SynproofError, did_you_mean

from .readings import READINGS
from .setting_values import (
    Keepalive,
    OldDuplicate,
    PerDirection,
    PerEnd,
    Values,
    budget,
    choice,
    crashes,
    keepalive,
    limit,
    number,
    octets,
    old_duplicates,
    per_direction,
    some_of,
    switch,
    timer,
    who,
)

__all__ = ["SETTINGS", "Contradiction", "Setting", "SettingError", "Settings", "UnknownSetting", "setting"]


class SettingError(SynproofError):
    """A setting has a value it cannot have. `names` are the settings concerned."""

    exit_code = 151

    def __init__(self, text: str, *names: str) -> None:
        super().__init__(text)
        self.names = names


class UnknownSetting(SettingError):
    """There is no setting of that name."""

    exit_code = 2


class Contradiction(SettingError):
    """Settings that cannot be true together, or that leave nothing to happen."""


@dataclass(frozen=True)
class Settings:
    """One value for each setting; the defaults are those of the documentation. Meanings are in `SETTINGS`."""

    handshake: str = "three-way"
    client: str = "active"
    server: str = "passive"
    relisten: bool = True
    incarnations: int = 2
    capacity: PerDirection = PerDirection(2, 1)  # noqa: RUF009  (immutable)
    loss: int | None = None  # None: unlimited
    duplicate: int | None = None
    reorder: bool = True
    retransmit: int | None = None
    give_up: bool = False
    isn: str = "fresh"
    seq_bits: int = 4
    window: int = 2
    wrap: bool = False
    data: PerEnd = PerEnd(0, 0)  # noqa: RUF009
    mss: int = 1
    rate: int | None = None  # None: unlimited
    syn_data: bool = False
    reassembly: bool = False
    close: frozenset[str] = frozenset()  # of "client", "server"
    abort: frozenset[str] = frozenset()
    crash: PerEnd = PerEnd(0, 0)  # noqa: RUF009
    quiet_time: str = "off"
    close_style: str = "four-way"
    close_in_syn_received: str = "fin-wait-1"
    msl: int = 0
    time_wait: int = 0
    time_wait_restart: str = "fin"
    time_wait_reuse: str = "off"
    user_timeout: str | int = "off"  # "off", "may-fire" or ticks
    keepalive: Keepalive | None = None
    rst_on_closed: bool = True
    rfc5961: str = "rst-syn"
    rfc1337: bool = False
    abort_to: str = "closed"
    must_11: bool = True
    simultaneous_open: str = "strict"
    fin_wait_2_timeout: str | int = "off"  # "off", "may-fire" or ticks
    attacker: str = "off"
    old_duplicates: tuple[OldDuplicate, ...] = ()
    readings: frozenset[str] = frozenset()

    def reads(self, reading: str) -> bool:
        """Whether a place of the RFC is read so (a name of `READINGS`)."""
        assert reading in READINGS, reading
        return reading in self.readings

    @staticmethod
    def of(values: Mapping[str, object], *, alone: bool = False) -> Settings:
        """Settings from name -> value (bool, int or text); what is not named has its default.

        `alone`: for one endpoint that is stepped and not explored, whose sequence numbers may have all their bits.

        Raises UnknownSetting, SettingError (a wrong value), Contradiction, in that order.
        """
        from .contradictions import contradiction

        read = {setting(name).attribute: setting(name).read(value) for name, value in values.items()}
        settings = Settings(**read)
        if clash := contradiction(settings, alone=alone):
            raise Contradiction(*clash)
        return settings

    def uses_all_numbers(self, octets: int) -> bool:
        """SYN, so many octets and FIN use every sequence number that there is; if they are more, some come again."""
        return 1 + octets + 1 >= 1 << self.seq_bits

    @property
    def laps(self) -> int:
        """How often the numbers of octets begin again within one connection, at most."""
        return (1 + max(self.data)) >> self.seq_bits if self.uses_all_numbers(max(self.data)) else 0

    def value(self, name: str) -> str | int:
        """The value of one setting in canonical form. Raises UnknownSetting."""
        row = setting(name)
        return row.values.write(getattr(self, row.attribute))

    def as_dict(self) -> dict[str, str | int]:
        """Every setting's name and canonical value, in the order of the table. `of` reads it back."""
        return {row.name: self.value(row.name) for row in SETTINGS}

    def but(self, **changes: object) -> Settings:
        """These settings with some changed, attribute by attribute, as `of` reads and checks them."""
        return Settings.of({**self.as_dict(), **{name.replace("_", "-"): value for name, value in changes.items()}})


DEFAULTS = Settings()
HUGE = 10**12  # Python refuses to write numbers of thousands of digits


@dataclass(frozen=True)
class Setting:
    """One row of the table."""

    name: str
    values: Values
    meaning: str

    @property
    def attribute(self) -> str:
        """The attribute of `Settings`."""
        return self.name.replace("-", "_")

    @property
    def default(self) -> str | int:
        """The default in canonical form."""
        return self.values.write(getattr(DEFAULTS, self.attribute))

    def read(self, value: object) -> Any:
        """The value that a bool, a whole number or a text stands for. Raises SettingError."""
        try:
            return self.values.read(_as_text(value))
        except ValueError as error:
            reason = str(error) or "not one of its values"
            text = f"{self.name} = {_shown(value)}: {reason}{' ' if reason.endswith('?') else '; '}allowed: {self.values.text}"
            raise SettingError(text, self.name) from None


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int):
        if abs(value) >= HUGE:
            raise ValueError("no setting has so large a value")
        return str(value)
    if isinstance(value, str):
        text = value.strip()
        return {"true": "on", "false": "off"}.get(text, text)
    raise ValueError("neither a text nor a whole number")


def _shown(value: object) -> str:
    """A wrong value, briefly, as its writer wrote it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value) if abs(value) < HUGE else "a huge number"
    if isinstance(value, float):
        return str(value)
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a table"
    if not isinstance(value, str):
        return f"a {type(value).__name__}"
    return repr(value if len(value) <= 60 else value[:57] + "...")


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "handshake",
        choice("three-way", "two-way"),
        "two-way: whoever is sent a SYN is ESTABLISHED at once and waits for no acknowledgment of its own",
    ),
    Setting("client", choice("active", "passive"), "how the client opens"),
    Setting("server", choice("active", "passive"), "how the server opens"),
    Setting("relisten", switch(), "a passive end that is CLOSED may OPEN again"),
    Setting("incarnations", number(1, 100), "active OPENs per active end"),
    Setting(
        "capacity",
        per_direction(1, 16),
        "segments in flight towards the server : towards the client; one number means both",
    ),
    Setting("loss", budget(), "how many segments the network may lose in the whole run"),
    Setting("duplicate", budget(), "how many segments the network may duplicate in the whole run"),
    Setting("reorder", switch(), "off: first in, first out in each direction"),
    Setting(
        "retransmit",
        budget(),
        "retransmissions of the segment at the front of the queue before the endpoint falls silent",
    ),
    Setting(
        "give-up",
        switch(),
        "on: instead of falling silent the connection is closed and the user told; a passive SYN-RECEIVED returns to LISTEN",
    ),
    Setting(
        "isn",
        choice("fresh", "number-fresh", "any", "clock", "reuse"),
        "initial sequence numbers: fresh: nothing in flight and no peer uses those that will be sent, nor a window before "
        "and behind them; number-fresh: only those that will be sent; any: every choice; clock: one more with each tick; "
        "reuse: the same each time",
    ),
    Setting("seq-bits", number(2, 32), "k: sequence numbers are modulo 2^k"),
    Setting("window", number(1, 2**31 - 1), "RCV.WND, constant; at most 2^(k-1) - 1, or 2^k - 1 with wrap"),
    Setting(
        "wrap",
        switch(),
        "on: a connection may use more sequence numbers than there are, so that old ones come again, and the window may be "
        "more than half of them",
    ),
    Setting(
        "data",
        octets(2**32 - 1),
        "octets that the client : the server may send per incarnation; one number means both",
    ),
    Setting("mss", number(1, 2**31 - 1), "octets that one segment may carry; a SEND hands over so many at most (3.7.1)"),
    Setting("rate", limit(), "octets that an end may send in one tick, what is sent again not counted"),
    Setting("syn-data", switch(), "on: a SYN may carry data, delivered once the handshake has validated it"),
    Setting("reassembly", switch(), "on: data that arrives out of order is kept"),
    Setting("close", who(), "who may CLOSE"),
    Setting("abort", who(), "who may ABORT"),
    Setting("crash", crashes(), "how often each end, or the one named, may forget everything and restart"),
    Setting(
        "quiet-time",
        choice("off", "on", "after-forgetting"),
        "on: silent for one MSL after a restart; after-forgetting: a passive end also for one MSL after it has "
        "deleted the TCB of a connection",
    ),
    Setting(
        "close-style",
        choice("four-way", "three-way"),
        "three-way: whoever receives a FIN must send its own with the ACK",
    ),
    Setting(
        "close-in-syn-received",
        choice("fin-wait-1", "defer"),
        "CLOSE in SYN-RECEIVED: to the letter of 3.10.4 and figure 5, or queued until ESTABLISHED",
    ),
    Setting("msl", number(0, 1000), "ticks that a segment may live; 0: time is not modelled"),
    Setting("time-wait", number(0, 1000), "ticks that TIME-WAIT lasts at least"),
    Setting(
        "time-wait-restart",
        choice("fin", "reply", "any-ack", "never"),
        "what restarts TIME-WAIT: a repeated FIN, every segment that it answers except a SYN without ACK, any acceptable ACK, "
        "or nothing",
    ),
    Setting(
        "time-wait-reuse",
        choice("off", "rfc1122", "bsd"),
        "whether a new SYN is taken in TIME-WAIT: under the RFC's two conditions, or only if SEG.SEQ > RCV.NXT too",
    ),
    Setting(
        "user-timeout",
        timer(),
        "the user timeout of 3.10.8: none, at any time, or after so many ticks",
    ),
    Setting("keepalive", keepalive(), "keepalive of 3.8.4, ticks:ticks:count"),
    Setting("rst-on-closed", switch(), "CLOSED answers with RST"),
    Setting(
        "rfc5961",
        choice("rst-syn", "off", "all"),
        "challenge ACKs for an inexact RST and for a SYN; off: RFC 793; all: the ACK range check of MAY-12 too",
    ),
    Setting("rfc1337", switch(), "on: TIME-WAIT ignores RST"),
    Setting(
        "abort-to",
        choice("closed", "time-wait"),
        "where ABORT leads: 3.10.5, or 3.5.2 and note 3 of figure 5",
    ),
    Setting(
        "must-11",
        switch(),
        "RST in SYN-RECEIVED after an active OPEN leads to CLOSED; off: to LISTEN (a sentence of 3.5 taken literally)",
    ),
    Setting(
        "simultaneous-open",
        choice("strict", "figure-7"),
        "Table 6 to the letter (6 segments), or the exchange that figure 7 draws (4)",
    ),
    Setting(
        "fin-wait-2-timeout",
        timer(),
        "leave FIN-WAIT-2 by a timer; not in the RFC, but in common stacks",
    ),
    Setting("attacker", choice("off", "rst", "syn"), "off-path: injects one such segment with any numbers"),
    Setting(
        "old-duplicates",
        old_duplicates(),
        "segments of incarnation 0 that are in the network at the start; TO is client or server, FLAGS one of S SA A R RA FA "
        "(. may stand for A)",
    ),
    Setting(
        "readings",
        some_of(*READINGS),
        "places of RFC 9293 that are read in another way, to the letter or as we would word them (docs/rfc-text.md)",
    ),
)
_BY_NAME = {row.name: row for row in SETTINGS}


def setting(name: str) -> Setting:
    """The row of that name. Raises UnknownSetting with the nearest name."""
    if name not in _BY_NAME:
        near = did_you_mean(name[:60].lower().replace("_", "-"), _BY_NAME)
        raise UnknownSetting(f"there is no setting {name[:60]!r}; {near}", name)
    return _BY_NAME[name]
