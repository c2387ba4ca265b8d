"""How the values of settings are written and read: choices, switches, numbers, budgets, pairs, timers, old segments.

A `Values` is one notation. It reads text (`read` raises ValueError with the reason in words) and writes the value back in
its canonical form, a plain number or text, which reads as the same value again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from synproof.engine.errors import did_you_mean

__all__ = [
    "ENDS", "Keepalive", "OldDuplicate", "PerDirection", "PerEnd", "Values", "budget", "choice", "crashes", "keepalive",
    "limit", "number", "octets", "old_duplicates", "per_direction", "some_of", "switch", "timer", "who",
]  # fmt: skip

ENDS = ("client", "server")
BUDGET_LIMIT = 1000  # beyond it a budget only makes states larger: `unlimited` is the word
FLAG_SETS = ("S", "SA", "A", "R", "RA", "FA")  # what TCP sends: at most one of SYN, RST, FIN; no FIN without ACK


class PerEnd(NamedTuple):
    """A number for each end."""

    client: int
    server: int


class PerDirection(NamedTuple):
    """A number for each direction of the network."""

    to_server: int
    to_client: int


class Keepalive(NamedTuple):
    """How many probes in a row may stay unanswered, and after how many ticks they are sent (None: at any time)."""

    probes: int
    idle: int | None = None
    interval: int | None = None


class OldDuplicate(NamedTuple):
    """A segment that is in the network at the start: towards `to`, `flags` one of S, SA, A, R, RA, FA."""

    to: str
    flags: str
    seq: int
    ack: int
    len: int

    def __str__(self) -> str:
        return ":".join(str(part) for part in self)


@dataclass(frozen=True)
class Values:
    """One notation: what may be written, how it is read, how a value is written; and the `words` among what may be written."""

    text: str
    read: Callable[[str], Any]
    write: Callable[[Any], str | int]
    words: tuple[str, ...] = ()


def _number(text: str, lo: int, hi: int) -> int:
    if not _is_number(text):
        raise ValueError(f"{_brief(text)} is not a whole number")
    if len(text) > 12 or int(text) > hi:
        raise ValueError(f"{_brief(text)} is more than {hi}")
    if int(text) < lo:
        raise ValueError(f"{text} is less than {lo}")
    return int(text)


def _brief(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?[0-9]+", text) is not None


def _word(text: str, words: tuple[str, ...]) -> str:
    if text in words:
        return text
    near = did_you_mean(text.lower(), words)
    raise ValueError(near if near.startswith("did you mean") else "")


def _same(value: Any) -> Any:
    return value


def choice(*words: str) -> Values:
    """One of the words."""
    return Values(", ".join(words), lambda text: _word(text, words), _same, words)


def some_of(*words: str) -> Values:
    """`none`, or some of the words with commas between: a frozenset."""

    def read(text: str) -> frozenset[str]:
        return frozenset() if text == "none" else frozenset(_word(part.strip(), words) for part in text.split(","))

    def write(value: frozenset[str]) -> str:
        return ",".join(word for word in words if word in value) or "none"

    return Values(f"none, or with commas between some of: {', '.join(words)}", read, write)


def switch() -> Values:
    """`on` or `off`: a bool."""
    words = ("on", "off")
    return Values(", ".join(words), lambda text: _word(text, words) == "on", lambda value: "on" if value else "off", words)


def number(lo: int, hi: int) -> Values:
    """A whole number lo..hi."""
    return Values(f"{lo} to {hi}", lambda text: _number(text, lo, hi), _same)


def budget() -> Values:
    """How often something may happen in a whole run: None means unlimited."""

    words = ("unlimited", "off")

    def read(text: str) -> int | None:
        if _is_number(text):
            return _number(text, 0, BUDGET_LIMIT)
        return None if _word(text, words) == "unlimited" else 0

    return Values("unlimited, off, n", read, lambda value: "unlimited" if value is None else value or "off", words)


def limit() -> Values:
    """How much there may be of something at a time, 1 at least: None means unlimited."""

    def read(text: str) -> int | None:
        if _is_number(text):
            return _number(text, 1, BUDGET_LIMIT)
        _word(text, ("unlimited",))
        return None

    return Values("unlimited, n", read, lambda value: "unlimited" if value is None else value)


def who() -> Values:
    """Which ends: a frozenset of `client`, `server`."""
    meaning = {"off": (), "client": ("client",), "server": ("server",), "on": ENDS}
    words = tuple(meaning)

    def write(value: frozenset[str]) -> str:
        return next(word for word, ends in meaning.items() if value == frozenset(ends))

    return Values(", ".join(words), lambda text: frozenset(meaning[_word(text, words)]), write, words)


def _pair(text: str, lo: int, hi: int) -> tuple[int, int]:
    parts = [part.strip() for part in text.split(":")]
    if len(parts) > 2:
        raise ValueError("too many parts")
    return _number(parts[0], lo, hi), _number(parts[-1], lo, hi)


def _write_pair(pair: tuple[int, int]) -> str | int:
    return pair[0] if pair[0] == pair[1] else f"{pair[0]}:{pair[1]}"


def per_direction(lo: int, hi: int) -> Values:
    """`n:m`, towards the server : towards the client; one number means both."""
    return Values(f"n or n:m ({lo} to {hi})", lambda text: PerDirection(*_pair(text, lo, hi)), _write_pair)


def octets(hi: int) -> Values:
    """`n:m`, of the client : of the server; one number means both."""
    return Values("0, n or n:m", lambda text: PerEnd(*_pair(text, 0, hi)), _write_pair)


def crashes() -> Values:
    """`n` for each end, or `client:n`, `server:n` for one."""

    def read(text: str) -> PerEnd:
        end, colon, count = (part.strip() for part in text.partition(":"))
        if not colon:
            times = _number(text, 0, BUDGET_LIMIT)
            return PerEnd(times, times)
        times = _number(count, 0, BUDGET_LIMIT)
        return PerEnd(times, 0) if _word(end, ENDS) == "client" else PerEnd(0, times)

    def write(value: PerEnd) -> str | int:
        if value.client == value.server:
            return value.client
        return f"client:{value.client}" if value.client else f"server:{value.server}"

    return Values("0, n, client:n, server:n", read, write)


def timer() -> Values:
    """`off`, `may-fire`, or a number of ticks: text or int."""

    words = ("off", "may-fire")

    def read(text: str) -> str | int:
        return _number(text, 1, BUDGET_LIMIT) if _is_number(text) else _word(text, words)

    return Values("off, may-fire, ticks", read, _same, words)


def keepalive() -> Values:
    """`off` (None), `may-fire:PROBES` or `IDLE:INTERVAL:PROBES`."""

    def read(text: str) -> Keepalive | None:
        parts = [part.strip() for part in text.split(":")]
        if parts == ["off"]:
            return None
        if len(parts) == 2 and parts[0] == "may-fire":
            return Keepalive(_number(parts[1], 1, BUDGET_LIMIT))
        if len(parts) == 3:
            idle, interval, probes = (_number(part, 1, BUDGET_LIMIT) for part in parts)
            return Keepalive(probes, idle, interval)
        raise ValueError("")

    def write(value: Keepalive | None) -> str:
        if value is None:
            return "off"
        if value.idle is None:
            return f"may-fire:{value.probes}"
        return f"{value.idle}:{value.interval}:{value.probes}"

    return Values("off, may-fire:PROBES, IDLE:INTERVAL:PROBES", read, write)


def old_duplicates() -> Values:
    """`none`, or segments `TO:FLAGS:SEQ:ACK:LEN` with commas between: a tuple of OldDuplicate in the order given."""

    def read(text: str) -> tuple[OldDuplicate, ...]:
        return () if text == "none" else tuple(_old_duplicate(part.strip()) for part in text.split(","))

    def write(value: tuple[OldDuplicate, ...]) -> str:
        return ",".join(map(str, value)) or "none"

    return Values("none, or TO:FLAGS:SEQ:ACK:LEN with commas between", read, write)


def _old_duplicate(text: str) -> OldDuplicate:
    parts = [part.strip() for part in text.split(":")]
    if len(parts) != 5:
        raise ValueError(f"{_brief(text)} is not TO:FLAGS:SEQ:ACK:LEN, as in server:S:9:0:0")
    if parts[0] not in ENDS:
        raise ValueError(f"{_brief(text)} goes neither way: TO is client or server")
    flags = _flags(parts[1])
    seq, ack, length = (_number(part, 0, 2**32 - 1) for part in parts[2:])
    if ack and "A" not in flags:
        raise ValueError(f"{_brief(text)} has no ACK among its flags, so its ACK must be 0")
    if length and "R" in flags:
        raise ValueError(f"{_brief(text)} is a reset, which carries no data: LEN must be 0")
    return OldDuplicate(parts[0], flags, seq, ack, length)


def _flags(text: str) -> str:
    """The flags in canonical order. `.` is another way to write A; P changes nothing in TCP's rules and is left out."""
    letters = text.upper().replace(".", "A")
    if strange := sorted(set(letters) - set("SAFRP")):
        raise ValueError(f"flag {strange[0]!r} in {_brief(text)}; flags are S (SYN), A or . (ACK), R (RST), F (FIN), P (PSH)")
    if len(set(letters)) != len(letters):
        raise ValueError(f"{_brief(text)} names a flag twice")
    found = "".join(letter for letter in "SRFA" if letter in letters)
    if found not in FLAG_SETS:
        raise ValueError(f"no segment of TCP has the flags {_brief(text)}; FLAGS is one of {', '.join(FLAG_SETS)}")
    return found
