"""Settings that cannot stand together.

The answer is the arguments of the error to raise: the text, then the names of the settings concerned.
"""

from __future__ import annotations

from collections.abc import Iterator

from .readings import CLASHES, IDLE
from .settings import Settings

__all__ = ["contradiction"]

MOST_CHOICES = 12  # bits
MOST_BITS = 63  # of a segment in flight, with the bit that says that it is there: one place of a packed state
SEGMENT_BITS = 8  # its flags, its history, and that bit; with time one more, and its age
MOST_HELD = 32  # octets
MOST_LAPS = 8

Fault = tuple[str, ...]  # text, names


def contradiction(settings: Settings, *, alone: bool = False) -> Fault | None:
    """The first contradiction, or None. One endpoint `alone` is not explored: its numbers need not be few, and what its user
    may call is no setting.
    """
    explored = () if alone else (_choices, _idle_readings)
    checks = (_numbers, _wrapping, *explored, _held, _limits, _idle, _time, _old_duplicates, _readings)
    return next((fault for check in checks for fault in check(settings)), None)


def _fault(text: str, *names: str) -> Fault:
    return text, *names


def _numbers(s: Settings) -> Iterator[Fault]:
    """Modular arithmetic needs room (RFC 9293 3.4)."""
    numbers, octets = 2**s.seq_bits, max(s.data)
    length = 1 + octets + 1  # SYN, octets, FIN
    if s.window > numbers // 2 - 1 and not s.wrap:
        yield _fault(
            f"window = {s.window} is more than 2^(k-1) - 1 = {numbers // 2 - 1}, where k is seq-bits = {s.seq_bits}: "
            "old and new numbers could not be told apart (wrap = on shows what then goes wrong)",
            "window", "seq-bits", "wrap",
        )  # fmt: skip
    if s.uses_all_numbers(octets) and not s.wrap:
        yield _fault(
            f"data = {s.value('data')}: SYN, {octets} octets and FIN take {length} sequence numbers, "
            f"but must leave one of the {numbers} of seq-bits = {s.seq_bits} unused (unless wrap = on lets numbers come again)",
            "data", "seq-bits", "wrap",
        )  # fmt: skip
    in_a_row = {"fresh": length + s.window, "number-fresh": length}.get(s.isn, 0)
    if in_a_row >= numbers:
        window, *names = (f" and window = {s.window}", "window") if s.isn == "fresh" else ("",)
        yield _fault(
            f"isn = {s.isn} never finds a number: SYN, data = {s.value('data')}, FIN{window} need "
            f"{in_a_row} in a row, but seq-bits = {s.seq_bits} has only {numbers - 1} besides 0",
            "isn", "data", *names, "seq-bits",
        )  # fmt: skip


def _wrapping(s: Settings) -> Iterator[Fault]:
    """What even numbers that come again must leave room for, and what has no meaning with them."""
    if not s.wrap:
        return
    numbers = 2**s.seq_bits
    if s.window > numbers - 1:
        yield _fault(
            f"window = {s.window} is more than 2^k - 1 = {numbers - 1}, where k is seq-bits = {s.seq_bits}: if all numbers "
            "were outstanding, SND.NXT would be SND.UNA again, as if none were",
            "window", "seq-bits",
        )  # fmt: skip
    if s.mss + s.window > numbers:
        yield _fault(
            f"mss = {s.mss} and window = {s.window} are together more than the {numbers} numbers of seq-bits = {s.seq_bits}: "
            "of one segment some octets could lie at either end of the window",
            "mss", "window", "seq-bits",
        )  # fmt: skip
    if s.laps > MOST_LAPS:
        yield _fault(
            f"data = {s.value('data')}: the {numbers} numbers of seq-bits = {s.seq_bits} would come again {s.laps} times, and "
            f"which time it is is remembered for {MOST_LAPS} at most",
            "data", "seq-bits",
        )  # fmt: skip
    if s.time_wait_reuse != "off" and s.uses_all_numbers(max(s.data)):
        yield _fault(
            f"time-wait-reuse = {s.time_wait_reuse} asks for a number larger than the largest that the connection before used "
            f"(MAY-2), and with data = {s.value('data')} that may have used all {numbers} of seq-bits = {s.seq_bits}",
            "time-wait-reuse", "data", "seq-bits",
        )  # fmt: skip


def _choices(s: Settings) -> Iterator[Fault]:
    """What is tried out number by number, or packed into a state, needs few numbers."""
    if s.seq_bits > MOST_CHOICES:
        for name in ("isn", "attacker"):
            if s.value(name) in ("any", "rst", "syn"):
                yield _fault(
                    f"{name} = {s.value(name)} tries each of the 2^{s.seq_bits} sequence numbers; "
                    f"seq-bits may be at most {MOST_CHOICES} then",
                    name, "seq-bits",
                )  # fmt: skip
    length = max([s.mss, *(old.len for old in s.old_duplicates)]).bit_length()
    beside_numbers = length + SEGMENT_BITS + s.laps.bit_length() + (s.msl.bit_length() + 1 if s.msl else 0)
    widest = 2 * s.seq_bits + beside_numbers
    if widest > MOST_BITS:
        yield _fault(
            f"seq-bits = {s.seq_bits}: a segment in flight would take {widest} bits, and at most {MOST_BITS} fit; "
            f"seq-bits may be at most {(MOST_BITS - beside_numbers) // 2}",
            "seq-bits",
        )  # fmt: skip


def _held(s: Settings) -> Iterator[Fault]:
    """What is remembered octet by octet must be few octets."""
    if s.reassembly and s.window > MOST_HELD:
        yield _fault(
            f"reassembly = on remembers each octet of window = {s.window}; the window may be at most {MOST_HELD} then",
            "reassembly", "window",
        )  # fmt: skip


def _limits(s: Settings) -> Iterator[Fault]:
    if s.give_up and s.retransmit is None:
        yield _fault(
            "give-up = on needs a limit: with retransmit = unlimited an endpoint never gives up", "give-up", "retransmit"
        )


def _idle(s: Settings) -> Iterator[Fault]:
    """Settings that leave nothing to happen, or that change nothing."""
    if s.mss > s.window:
        yield _fault(
            f"mss = {s.mss} is more than window = {s.window}: no segment that large is ever let through", "mss", "window"
        )
    if s.mss > max(1, *s.data):
        yield _fault(
            f"mss = {s.mss} changes nothing: with data = {s.value('data')} nobody has so many octets to send", "mss", "data"
        )
    if s.rate is not None and s.rate >= max(s.data):
        yield _fault(
            f"rate = {s.rate} bounds no connection: with data = {s.value('data')} none has more octets to send", "rate", "data"
        )
    if s.rate is not None and s.mss > s.rate:
        yield _fault(f"mss = {s.mss} is more than rate = {s.rate}: no segment that large is ever sent", "mss", "rate")
    if s.syn_data and not any(s.data):
        yield _fault("syn-data = on needs octets to put on a SYN, but data = 0", "syn-data", "data")
    if s.client == s.server == "passive" and not s.old_duplicates and s.attacker == "off" and not any(s.data):
        yield _fault(
            "client = passive and server = passive leave nothing to happen, since nobody sends a SYN: make one end "
            "active, or put old-duplicates or an attacker into the network",
            "client", "server", "old-duplicates", "attacker",
        )  # fmt: skip
    for name in ("close-style", "close-in-syn-received"):
        if not s.close and s.value(name) != Settings().value(name):
            yield _fault(f"{name} = {s.value(name)} changes nothing: with close = off nobody may CLOSE", name, "close")
    if s.abort_to != "closed" and not s.abort:
        yield _fault(f"abort-to = {s.abort_to} changes nothing: with abort = off nobody may ABORT", "abort-to", "abort")
    if s.time_wait_reuse != "off" and s.handshake == "two-way":
        yield _fault(
            f"time-wait-reuse = {s.time_wait_reuse} returns to TIME-WAIT if the SYN turns out to be an old duplicate, which "
            "nobody finds out with handshake = two-way",
            "time-wait-reuse", "handshake",
        )  # fmt: skip


def _time(s: Settings) -> Iterator[Fault]:
    if s.msl:
        return
    needs = {
        "isn": s.isn == "clock",
        "quiet-time": s.quiet_time != "off",
        "time-wait": s.time_wait > 0,
        "user-timeout": isinstance(s.user_timeout, int),
        "keepalive": s.keepalive is not None and s.keepalive.idle is not None,
        "fin-wait-2-timeout": isinstance(s.fin_wait_2_timeout, int),
        "time-wait-restart": s.time_wait_restart != "fin",
        "rate": s.rate is not None,
    }
    for name, needed in needs.items():
        if needed:
            yield _fault(f"{name} = {s.value(name)} needs a clock, but msl = 0: time is not modelled", name, "msl")


def _old_duplicates(s: Settings) -> Iterator[Fault]:
    numbers = 2**s.seq_bits
    for segment in s.old_duplicates:
        for what, value in (("SEQ", segment.seq), ("ACK", segment.ack)):
            if value >= numbers:
                yield _fault(
                    f"old-duplicates: {what} = {value} of {segment} is outside 0..{numbers - 1}, "
                    f"where seq-bits = {s.seq_bits} ends",
                    "old-duplicates", "seq-bits",
                )  # fmt: skip
        if segment.len > s.window:
            yield _fault(
                f"old-duplicates: LEN = {segment.len} of {segment} is more than window = {s.window}: nobody sends that",
                "old-duplicates", "window",
            )  # fmt: skip
    for to, room in zip(("server", "client"), s.capacity, strict=True):
        found = sum(segment.to == to for segment in s.old_duplicates)
        if found > room:
            yield _fault(
                f"old-duplicates puts {found} segments on the way to the {to}, "
                f"but capacity = {s.value('capacity')} has room for {room}",
                "old-duplicates", "capacity",
            )  # fmt: skip


def _readings(s: Settings) -> Iterator[Fault]:
    for one, other in CLASHES:
        if s.reads(one) and s.reads(other):
            yield _fault(f"readings: {one} and {other} read the same words differently", "readings")


def _idle_readings(s: Settings) -> Iterator[Fault]:
    for name, (setting, value) in IDLE.items():
        if s.reads(name) and s.value(setting) == value:
            yield _fault(f"readings: {name} changes nothing with {setting} = {value}", "readings", setting)
