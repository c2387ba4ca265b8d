"""What never happens: always-properties of steps, each of which forbids an event of `history`."""

from __future__ import annotations

from synproof.engine.property import PropertyKind

from .named import Named, Row, of_event
from .why_not import (
    Reason,
    first_of,
    no_clock,
    no_data,
    no_data_nor_old,
    no_keepalive,
    no_opener,
    no_reason,
    no_time_wait,
    nobody_closes,
    nobody_hears,
)

__all__ = ["NEVER"]

HEARD = (
    ("heard", "Where an ACK of the peer's FIN has reached it when"),
    ("heard-in-time", "Where one that was sent before TIME-WAIT was last begun, or with it, has reached it when"),
)
DRAINED = (
    ("", "SYN, data or FIN", "old-numbers-left"),
    ("-acks", "pure ACK", "old-acks-left"),
    ("-resets", "reset", "old-resets-left"),
)


def _never(name: str, event: str, sentence: str, why_not: Reason = no_reason) -> Named:
    return of_event(Row(name, PropertyKind.ALWAYS, sentence), event, why_not)


NEVER: tuple[Named, ...] = (
    _never(
        "no-ghost-connection", "ghost-connection",
        "An end enters a synchronized state only on a SYN of a peer incarnation that knows of it, or that is still there.",
    ),
    _never(
        "one-connection-each", "second-connection",
        "No two incarnations of one end connect to the same incarnation of the other.",
    ),
    _never(
        "no-stale-data", "stale-data",
        "Every octet delivered was sent at its place, by the incarnation that the receiver is connected to and to the "
        "present one.",
        no_data_nor_old,
    ),
    _never(
        "no-stale-acceptance", "stale-acceptance",
        "In SYN-RECEIVED or later no segment of another incarnation, resets aside, changes anything.",
    ),
    _never(
        "no-spurious-abort", "spurious-abort",
        "While both ends are synchronized with each other, neither connection is ended by a reset or by giving up.",
    ),
    _never(
        "no-spurious-refusal", "spurious-refusal",
        "An active open is refused only if the peer was not willing at some time since.",
        no_opener,
    ),
    _never(
        "orderly-close-delivers", "octets-missed",
        "If both ends end through FINs alone, every octet sent was delivered.",
        first_of(nobody_closes, no_data),
    ),
    _never(
        "accepted-is-delivered", "octets-lost",
        "If both ends end through FINs alone, every octet that SEND accepted was delivered.",
        first_of(nobody_closes, no_data),
    ),
    _never(
        "passive-closer-first", "active-closer-first",
        "The end that received the first FIN reaches CLOSED before the end that sent it.",
        nobody_closes,
    ),
    _never(
        "time-wait-lasts", "time-wait-cut-short",
        "TIME-WAIT is left only by its timer, the user's ABORT, a crash or a permitted reuse.",
        no_time_wait,
    ),
    *(
        _never(
            f"drained-after-time-wait{suffix}", event,
            f"When TIME-WAIT ends by its timer, no old {what} is in the network.",
            no_time_wait,
        )
        for suffix, what, event in DRAINED
    ),
    *(
        _never(
            f"drained-if-{heard}{suffix}", f"{event}-though-{heard}",
            f"{sentence} TIME-WAIT ends by its timer, no old {what} is left.",
            first_of(no_clock, nobody_hears, no_time_wait),
        )
        for heard, sentence in HEARD
        for suffix, what, event in DRAINED
    ),
    _never(
        "keepalive-in-time", "found-dead-at-another-time",
        "Keepalive gives a peer up after IDLE + PROBES * INTERVAL ticks of silence.",
        first_of(no_keepalive, no_clock),
    ),
)  # fmt: skip
"""Name, the event that is forbidden, the sentence, and why it may not apply."""
