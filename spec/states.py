"""The connection states and the other enumerated values of the specification (RFC 9293 3.3.2, 3.9.1)."""

from __future__ import annotations

from synproof.engine.expr import const
from synproof.engine.sorts import Enum

STATE = Enum(
    "State",
    (
        "CLOSED", "LISTEN", "SYN_SENT", "SYN_RECEIVED", "ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2", "CLOSE_WAIT",
        "CLOSING", "LAST_ACK", "TIME_WAIT",
    ),
)  # fmt: skip
CLOSED, LISTEN, SYN_SENT, SYN_RECEIVED, ESTABLISHED = (const(s, STATE) for s in STATE.members[:5])
FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT, CLOSING, LAST_ACK, TIME_WAIT = (const(s, STATE) for s in STATE.members[5:])

SYNCHRONIZED = (ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT, CLOSING, LAST_ACK, TIME_WAIT)
"""The synchronized states (RFC 9293 3.5.2, group 3)."""

FIN_SENT = (FIN_WAIT_2, LAST_ACK, TIME_WAIT)
"""The states in which our FIN has been sent: in FIN-WAIT-2 and TIME-WAIT it is acknowledged too."""

WAITS_FOR_ACK_OF_FIN = (FIN_WAIT_1, CLOSING)
"""The states in which our FIN is to be acknowledged, or waits itself for octets that were sent before CLOSE (3.10.4)."""

FIN_RECEIVED = (CLOSE_WAIT, CLOSING, LAST_ACK, TIME_WAIT)
"""The states in which the peer's FIN has been received."""

SENDING = (ESTABLISHED, FIN_WAIT_1, CLOSE_WAIT, CLOSING, LAST_ACK)
"""The synchronized states in which octets are sent, or wait for their acknowledgment."""

RECEIVING = (ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2)
"""The states in which the peer may still send text and its FIN."""

KEPT_ALIVE = (ESTABLISHED, FIN_WAIT_2, CLOSE_WAIT)
"""The states in which keepalive probes a peer that says nothing: nothing of ours need be outstanding in them."""

WILLING = (LISTEN, SYN_SENT, SYN_RECEIVED)
"""The states in which an end is ready to open a connection."""

OPENED = Enum("Opened", ("ACTIVE", "PASSIVE"))
"""How a connection was opened (3.10.1; kept for MUST-11)."""
ACTIVE, PASSIVE = (const(s, OPENED) for s in OPENED.members)

TOLD = Enum("Told", ("NOTHING", "REFUSED", "RESET", "TIMEOUT", "CLOSING"))
"""What an end's user was last told of its connection without having asked: what 3.10 says to "signal" (3.6, MUST-12)."""
NOTHING, REFUSED, RESET, TIMED_OUT, TOLD_CLOSING = (const(s, TOLD) for s in TOLD.members)

HEARD = Enum("Heard", ("NO", "LATE", "TIMELY"))
"""History: whether an ACK of this end's FIN reached it, and whether it was sent before TIME-WAIT was last begun, or with it."""
NO, LATE, TIMELY = (const(s, HEARD) for s in HEARD.members)

ORIGIN = Enum("Origin", ("NOBODY", "PRESENT", "KNOWN", "PAST"))
"""History: whose SYN set the present IRS. NOBODY: none, or it no longer matters; PRESENT: the peer's present
incarnation; KNOWN: an earlier one that had taken its IRS from this end's present incarnation; PAST: any other earlier
one."""
NOBODY, PRESENT, KNOWN, PAST = (const(s, ORIGIN) for s in ORIGIN.members)
