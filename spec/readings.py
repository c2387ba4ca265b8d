"""Readings: places of RFC 9293 that can be read in another way than the specification reads them, or worded better.

A model that names one (`readings`) follows it. Some are the text to the letter, some are wordings that we propose;
docs/rfc-text.md has the clauses, and what follows. The laws of single steps (`laws`) are of the text as it is: a reading may
break them.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["CLASHES", "IDLE", "READINGS"]

READINGS: Mapping[str, str] = {
    "quiet-but-for-resets": "3.4.2 and 3.10.7.1: resets answer in the quiet time too, for they assign no sequence numbers",
    "refusal-at-rcv-nxt": "3.10.7.3, second: a reset in SYN-SENT must have the number RCV.NXT, which has no value there",
    "syn-text-at-once": "3.10.7.2, third: text on a SYN is delivered in SYN-RECEIVED",
    "syn-text-dropped": "3.10.7.4, seventh: text on a SYN is not delivered in SYN-RECEIVED, nor kept",
    "syn-trimmed": "3.10.7.4, first: a SYN before the window is trimmed away, and what is left has none",
    "syn-untrimmed": "3.10.7.4, fourth: SYN-RECEIVED sees the SYN of a segment whose text alone lies in the window",
    "same-syn-again": "ours: a reset in SYN-RECEIVED after an active OPEN leads back to SYN-SENT, and the SYN is sent again",
    "new-syn-again": "ours: a reset in SYN-RECEIVED after an active OPEN leads back to SYN-SENT, with a SYN that has a new ISS",
    "on-after-reset": "3.10.7.4, fifth: a segment whose ACK SYN-RECEIVED answers by a reset is processed further, with its FIN",
    "syn-unacknowledged": "3.10.7.4, fifth: SYN-RECEIVED does not set SND.UNA",
    "old-ack-ignored": "3.10.7.4, fifth: of a segment with a duplicate ACK nothing is processed",
    "reset-outside": "3.5.2, 2: SYN-RECEIVED answers an ACK of what it never sent by a reset outside the window too",
    "only-ack-of-fin": "3.10.7.4, fifth: CLOSING and LAST-ACK process no ACK but that of our FIN",
    "fin-again": "3.10.7.4, eighth: each FIN that is acceptable moves RCV.NXT, also behind the first one",
    "reset-is-told": "3.5.3: the user is told of a reset in CLOSING, LAST-ACK and TIME-WAIT too",
    "queued-close-ends": "ours: an attempt that fails in SYN-RECEIVED ends in CLOSED, not in LISTEN, if a CLOSE is queued",
    "give-up-closes": "3.8.3, (c): whoever gives up in SYN-RECEIVED enters CLOSED, after a passive OPEN too",
    "reset-for-fin": "ours: ABORT in CLOSING sends a reset if our FIN has not been sent",
    "linger-in-full": "ours: ABORT in a TIME-WAIT that began with ABORT is refused",
}
"""Name -> the clause, or that the wording is ours, and what it says."""

CLASHES = (("syn-text-at-once", "syn-text-dropped"), ("syn-trimmed", "syn-untrimmed"), ("same-syn-again", "new-syn-again"))
"""Readings of the same words, of which a model can follow one."""

IDLE: Mapping[str, tuple[str, str]] = {
    "quiet-but-for-resets": ("quiet-time", "off"),
    "only-ack-of-fin": ("close", "off"),
    "queued-close-ends": ("close", "off"),
    "give-up-closes": ("give-up", "off"),
    "reset-for-fin": ("close", "off"),
    "linger-in-full": ("abort-to", "closed"),
}
"""Name -> the setting, and its value, with which there is nothing to be read so."""
