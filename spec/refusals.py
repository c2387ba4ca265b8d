"""What TCP answers to a call that it refuses, state by state and in the words of RFC 9293 3.10.1, 3.10.2, 3.10.4 and 3.10.5.

A refusal changes nothing, so no action says it: where an action answers the call, TCP does what the action says, and where none
does, this is what the user is told.
"""

from __future__ import annotations

__all__ = ["ABORT", "CLOSE", "NO_ROOM", "OPEN", "REFUSALS", "SEND", "SPENT"]

OPEN, SEND, CLOSE, ABORT = "OPEN", "SEND", "CLOSE", "ABORT"

NO_CONNECTION = "error: connection does not exist"
EXISTS = "error: connection already exists"
ENDS = "error: connection closing"
UNSPECIFIED = "error: remote socket unspecified"

NO_ROOM = "error: insufficient resources"
"""A SEND for which there is no room (3.10.2)."""

SPENT = ENDS
"""SEND or CLOSE after CLOSE, where CLOSE is queued: "No further SENDs from the user will be accepted" (3.6); of the words, and
of a second CLOSE, the RFC says nothing there, and we take those of the states that follow."""

AFTER_CLOSED = (
    "SYN_SENT", "SYN_RECEIVED", "ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2", "CLOSE_WAIT", "CLOSING", "LAST_ACK", "TIME_WAIT",
)  # fmt: skip
CLOSED_HERE = ("FIN_WAIT_1", "FIN_WAIT_2", "CLOSING", "LAST_ACK", "TIME_WAIT")

REFUSALS: dict[tuple[str, str], str] = {
    **{(call, "CLOSED"): NO_CONNECTION for call in (SEND, CLOSE, ABORT)},
    # "If the remote socket was not specified", which to the letter is so of a second passive OPEN too; that this "returns an
    # error" and leaves alone what there is, MUST-41 demands (3.9.1.1). An active OPEN, which specifies it, would change the
    # connection from passive to active: that is not modelled.
    **{(call, "LISTEN"): UNSPECIFIED for call in (OPEN, SEND)},
    **{(OPEN, state): EXISTS for state in AFTER_CLOSED},
    **{(SEND, state): ENDS for state in CLOSED_HERE},
    **{(CLOSE, state): ENDS for state in CLOSED_HERE},
}
"""(call, state) -> the error. In FIN-WAIT-1 and FIN-WAIT-2 an "ok" to CLOSE would be acceptable too (3.10.4)."""
