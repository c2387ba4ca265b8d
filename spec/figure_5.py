"""Figure 5, the connection state diagram: its arcs, the rules that are each of them, and the property that all are taken.

An arc is a change of state with its cause. `figure-5` asks of one model that each arc for which the settings leave room is
taken in some run (`laws` asks the converse of every step: that it is an arc). The arc from LISTEN to SYN-SENT on SEND is drawn,
but a passive OPEN leaves the remote socket unspecified here, so that SEND in LISTEN is an error (3.10.2).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from synproof.engine.expr import Expr
from synproof.engine.property import ScenarioLine
from synproof.engine.system import System

from .setting_values import ENDS
from .settings import Settings
from .states import (
    CLOSE_WAIT,
    CLOSED,
    CLOSING,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    LAST_ACK,
    LISTEN,
    SYN_RECEIVED,
    SYN_SENT,
    TIME_WAIT,
)

__all__ = ["ARCS", "FIGURE_5", "Arc", "figure_5", "why_not_figure_5"]

FIGURE_5 = "figure-5"


@dataclass(frozen=True)
class Arc:
    """A change of state: from where, to where, on what, what is sent or done, and the rules that are it.

    `note` is the number of the note to figure 5 that adds the arc; 0 if it is drawn.
    """

    before: Expr
    after: Expr
    event: str
    action: str
    rules: tuple[str, ...]
    note: int = 0

    @property
    def states(self) -> tuple[str, str]:
        """The states, as the RFC writes them."""
        return str(self.before.attr).replace("_", "-"), str(self.after.attr).replace("_", "-")

    @property
    def text(self) -> str:
        """The arc in one line.

        >>> ARCS[0].text
        'CLOSED to LISTEN: passive OPEN, create TCB'
        """
        before, after = self.states
        return f"{before} to {after}: {self.event}" + (f", {self.action}" if self.action else "")


ARCS: tuple[Arc, ...] = (
    Arc(CLOSED, LISTEN, "passive OPEN", "create TCB", ("open_passive",)),
    Arc(CLOSED, SYN_SENT, "active OPEN", "create TCB, snd SYN", ("open_active", "open_active_with_data")),
    Arc(LISTEN, CLOSED, "CLOSE", "delete TCB", ("close_in_listen",)),
    Arc(LISTEN, SYN_RECEIVED, "rcv SYN", "snd SYN,ACK", ("receive_syn_in_listen",)),
    Arc(LISTEN, SYN_SENT, "SEND", "snd SYN", ()),
    Arc(SYN_SENT, CLOSED, "CLOSE", "delete TCB", ("close_in_syn_sent",)),
    Arc(SYN_SENT, SYN_RECEIVED, "rcv SYN", "snd SYN,ACK", ("receive_syn_in_syn_sent",)),
    Arc(SYN_SENT, ESTABLISHED, "rcv SYN,ACK", "snd ACK", ("receive_syn_ack_in_syn_sent",)),
    Arc(SYN_RECEIVED, LISTEN, "rcv RST (note 1)", "", ("receive_rst_in_syn_received_after_passive_open",)),
    Arc(
        SYN_RECEIVED, ESTABLISHED, "rcv ACK of SYN", "",
        ("receive_ack_in_syn_received", "receive_syn_ack_in_syn_received"),
    ),
    Arc(SYN_RECEIVED, FIN_WAIT_1, "CLOSE", "snd FIN", ("close_in_syn_received",)),
    Arc(ESTABLISHED, FIN_WAIT_1, "CLOSE", "snd FIN", ("close_in_established",)),
    Arc(ESTABLISHED, CLOSE_WAIT, "rcv FIN", "snd ACK", ("receive_fin_in_established",)),
    Arc(FIN_WAIT_1, FIN_WAIT_2, "rcv ACK of FIN", "", ("receive_ack_of_fin_in_fin_wait_1",)),
    Arc(FIN_WAIT_1, CLOSING, "rcv FIN", "snd ACK", ("receive_fin_in_fin_wait_1",)),
    Arc(
        FIN_WAIT_1, TIME_WAIT, "rcv FIN that acknowledges ours", "snd ACK",
        ("receive_fin_with_ack_of_fin_in_fin_wait_1",), note=2,
    ),
    Arc(FIN_WAIT_2, TIME_WAIT, "rcv FIN", "snd ACK", ("receive_fin_in_fin_wait_2",)),
    Arc(CLOSING, TIME_WAIT, "rcv ACK of FIN", "", ("receive_ack_of_fin_in_closing",)),
    Arc(CLOSE_WAIT, LAST_ACK, "CLOSE", "snd FIN", ("close_in_close_wait", "transmit_queued_fin_in_close_wait")),
    Arc(LAST_ACK, CLOSED, "rcv ACK of FIN", "", ("receive_ack_of_fin_in_last_ack",)),
    Arc(TIME_WAIT, CLOSED, "Timeout=2MSL", "delete TCB", ("leave_time_wait",)),
)  # fmt: skip
"""The arcs that figure 5 draws, and that of its note 2. Notes 1 and 3 say of resets what no single arc draws."""


def why_not_figure_5(s: Settings) -> str:
    """Why the settings make no model of figure 5; empty if they do."""
    if s.handshake != "three-way":
        return "figure 5 shows the three-way handshake"
    if s.close and s.close_style != "four-way":
        return "figure 5 shows the four-way close"
    return ""


def figure_5(s: Settings, system: System) -> tuple[ScenarioLine, ...]:
    """The arcs for which the settings leave room, each as a step that some end takes."""
    return tuple(_lines(s, system))


def _lines(s: Settings, system: System) -> Iterator[ScenarioLine]:
    for arc in ARCS:
        actions = frozenset(
            f"{end}.{rule}"
            for end in ENDS
            for rule in arc.rules
            if f"{end}.{rule}" in system.action_index and _has_room(arc, s, end)
        )
        if actions:
            yield ScenarioLine(arc.text, actions)


def _has_room(arc: Arc, s: Settings, end: str) -> bool:
    """What the arc's event needs can be there at all."""
    if arc.event == "rcv SYN":
        return _gets_syn(s, end)
    if arc.event == "CLOSE":
        return end in s.close
    if arc.after is LISTEN:  # the passive OPEN, and note 1, which is about one
        return (s.client if end == "client" else s.server) == "passive"
    return True


def _gets_syn(s: Settings, end: str) -> bool:
    """A SYN without ACK can come: the peer opens actively, one is in the network from before, or an attacker sends it."""
    peer = s.server if end == "client" else s.client
    return peer == "active" or s.attacker == "syn" or any(old.flags == "S" and old.to == end for old in s.old_duplicates)
