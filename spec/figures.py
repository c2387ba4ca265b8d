"""The figures of RFC 9293 as scenarios: the run that a figure draws, segment for segment, with nothing in between.

Two more are drawn in words by RFC 1122 4.2.3.6: what a keepalive probe meets at a peer that is there, and at one that
has rebooted.

Peer A of the figures is the client, peer B the server. Every number that a figure writes is checked against the
numbers that the run has chosen (`SEG.ACK = ISS + 1` and so on), not against the figure's own 100 and 300.
"""

from __future__ import annotations

from synproof.engine.expr import TRUE, Expr, Operand, all_of, param, size
from synproof.engine.property import Scenario, ScenarioLine

from .network import Network
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
from .tcb import Tcb

__all__ = ["FIGURES", "Figures"]

FIGURES: dict[str, str] = {
    "figure-6": "Figure 6, basic three-way handshake, happens segment for segment.",
    "figure-7": "Figure 7, simultaneous open, happens segment for segment.",
    "figure-8": "Figure 8, recovery from an old duplicate SYN, happens segment for segment.",
    "figure-9": "Figure 9, half-open connection discovery, happens segment for segment.",
    "figure-10": "Figure 10, discovery by the active side's reset, happens segment for segment.",
    "figure-11": "Figure 11, an old duplicate SYN between two passive ends, happens segment for segment.",
    "figure-12": "Figure 12, normal close sequence, happens segment for segment.",
    "figure-13": "Figure 13, simultaneous close sequence, happens segment for segment.",
    "probe-answered": "A keepalive probe is answered by an ACK: the peer is there (RFC 1122 4.2.3.6).",
    "probe-reset": "A keepalive probe draws a reset from a peer that has rebooted (RFC 1122 4.2.3.6).",
}
"""Name -> what the property says."""


class Figures:
    """The figures in one system. `why_not` says why the settings leave no room for one."""

    def __init__(self, s: Settings, client: Tcb, server: Tcb, network: Network) -> None:
        self.s, self.a, self.b = s, client, server
        self.to_b, self.to_a = network.to_server, network.to_client
        self.seg: Expr = param("segment", network.segment)

    def scenario(self, name: str) -> Scenario | None:
        """The scenario of a figure, or None if the settings leave no room for it."""
        make = {
            "figure-6": self._figure_6, "figure-7": self._figure_7, "figure-8": self._figure_8,
            "figure-9": self._figure_9, "figure-10": self._figure_10, "figure-11": self._figure_11,
            "figure-12": self._figure_12, "figure-13": self._figure_13,
            "probe-answered": self._probe_answered, "probe-reset": self._probe_reset,
        }[name]  # fmt: skip
        return None if self.why_not(name) else make()

    def why_not(self, name: str) -> str:
        """Why the settings leave no room for a figure; empty if they do not."""
        s = self.s
        opens = (s.client, s.server)
        if name in ("figure-12", "figure-13"):
            closing = all(end in s.close for end in ("client", "server")) and s.close_style == "four-way"
            why = "both ends of the figure call CLOSE, in the four-way style; close or close-style does not allow that"
            return "" if closing else why
        if name in ("probe-answered", "probe-reset"):
            if s.keepalive is None:
                return "keepalive=off"
            return "" if name == "probe-answered" or s.crash.client else "peer A reboots; crash allows none"
        if s.handshake != "three-way":
            return "the figure shows the three-way handshake"
        wanted = {"figure-7": ("active", "active"), "figure-11": ("passive", "passive")}.get(name, ("active", "passive"))
        if opens != wanted:
            return f"the figure's ends open {wanted[0]} and {wanted[1]}"
        if name in ("figure-9", "figure-10") and not s.crash.client:
            return "peer A of the figure reboots; crash allows none"
        if name == "figure-10" and not s.data.server:
            return "peer B of the figure sends data; data allows none"
        if name == "figure-11" and not any("S" in old.flags and old.to == "server" for old in s.old_duplicates):
            return "the figure begins with an old duplicate SYN on its way to peer B; there is none in old-duplicates"
        return ""

    # -- how lines are written -----------------------------------------------------------------------------------
    def _line(self, text: str, action: str, before: Operand = True, after: Operand = True) -> ScenarioLine:
        return ScenarioLine(text, frozenset({action}), all_of(before), all_of(after))

    def _states(self, a: Expr, b: Expr) -> Expr:
        return (self.a.state == a) & (self.b.state == b)

    def _quiet(self) -> Expr:
        return (size(self.to_a) == 0) & (size(self.to_b) == 0)

    def _two_msl(self) -> tuple[ScenarioLine, ...]:
        """What TIME-WAIT waits for, where time is modelled: nothing but ticks, and no more of them than it needs."""
        return tuple(self._line("(2 MSL)", "clock.tick") for _ in range(self.s.time_wait))

    # -- the figures ---------------------------------------------------------------------------------------------
    def _handshake(self, iss_of_b: str = "300") -> tuple[ScenarioLine, ...]:
        """Lines 2 to 4 of figure 6, after the departure of the SYN."""
        a, b, seg = self.a, self.b, self.seg
        return (
            self._line(
                "--> <SEQ=100><CTL=SYN> --> SYN-RECEIVED", "server.receive_syn_in_listen",
                (seg.seq == a.iss) & (seg.len == 0), self._states(SYN_SENT, SYN_RECEIVED) & (b.rcv_nxt == a.iss + 1),
            ),
            self._line(
                f"ESTABLISHED <-- <SEQ={iss_of_b}><ACK=101><CTL=SYN,ACK>", "client.receive_syn_ack_in_syn_sent",
                (seg.seq == b.iss) & (seg.ack == a.iss + 1) & (a.queued == 0), self._states(ESTABLISHED, SYN_RECEIVED),
            ),
            self._line(
                f"--> <SEQ=101><ACK={int(iss_of_b) + 1}><CTL=ACK> --> ESTABLISHED", "server.receive_ack_in_syn_received",
                all_of(seg.seq == a.iss + 1, seg.ack == b.iss + 1, seg.len == 0, ~seg.syn_bit),
                self._states(ESTABLISHED, ESTABLISHED),
            ),
        )  # fmt: skip

    def _figure_6(self) -> Scenario:
        a, b, seg = self.a, self.b, self.seg
        data = (
            self._line("ESTABLISHED --> <SEQ=101><ACK=301><CTL=ACK><DATA>", "client.send_in_established"),
            self._line(
                "--> <SEQ=101><ACK=301><CTL=ACK><DATA> --> ESTABLISHED", "server.receive_old_ack_in_established",
                (seg.seq == a.iss + 1) & (seg.ack == b.iss + 1) & (seg.len > 0),
                self._states(ESTABLISHED, ESTABLISHED) & (b.delivered == 1),
            ),
        )  # fmt: skip
        return Scenario(
            self._states(CLOSED, LISTEN) & self._quiet(),
            (
                self._line("SYN-SENT --> <SEQ=100><CTL=SYN>", "client.open_active"),
                *self._handshake(),
                *(data if self.s.data.client else ()),
            ),
        )

    def _figure_7(self) -> Scenario:
        a, b, seg = self.a, self.b, self.seg
        lines = [
            self._line("SYN-SENT --> <SEQ=100><CTL=SYN> ...", "client.open_active", after=a.state == SYN_SENT),
            self._line("SYN-SENT <-- (B opens too)", "server.open_active", after=self._states(SYN_SENT, SYN_SENT)),
            self._line(
                "SYN-RECEIVED <-- <SEQ=300><CTL=SYN> <-- SYN-SENT", "client.receive_syn_in_syn_sent",
                seg.seq == b.iss, self._states(SYN_RECEIVED, SYN_SENT),
            ),
            self._line(
                "... <SEQ=100><CTL=SYN> --> SYN-RECEIVED", "server.receive_syn_in_syn_sent",
                seg.seq == a.iss, self._states(SYN_RECEIVED, SYN_RECEIVED),
            ),
        ]  # fmt: skip
        syn_ack_of_b = all_of(seg.syn_bit, seg.ack_bit, seg.seq == b.iss, seg.ack == a.iss + 1)
        syn_ack_of_a = all_of(seg.syn_bit, seg.ack_bit, seg.seq == a.iss, seg.ack == b.iss + 1)
        to_a, to_b = "<SEQ=300><ACK=101><CTL=SYN,ACK>", "<SEQ=100><ACK=301><CTL=SYN,ACK>"
        if self.s.simultaneous_open == "figure-7":
            accept, after_a, after_b = "receive_syn_ack_in_syn_received", (ESTABLISHED, SYN_RECEIVED), (ESTABLISHED,) * 2
        else:  # Table 6 rejects both SYN-ACKs; the ACKs that answer them establish the connection
            accept, after_a, after_b = "receive_unacceptable_in_syn_received", (SYN_RECEIVED,) * 2, (SYN_RECEIVED,) * 2
        lines += [
            self._line(f"<-- {to_a} <-- SYN-RECEIVED", f"client.{accept}", syn_ack_of_b, self._states(*after_a)),
            self._line(f"... {to_b} -->", f"server.{accept}", syn_ack_of_a, self._states(*after_b)),
        ]
        if self.s.simultaneous_open == "strict":
            lines += [
                self._line(
                    "ESTABLISHED <-- <SEQ=301><ACK=101><CTL=ACK>", "client.receive_ack_in_syn_received",
                    all_of(seg.seq == b.iss + 1, seg.ack == a.iss + 1, ~seg.syn_bit),
                    self._states(ESTABLISHED, SYN_RECEIVED),
                ),
                self._line(
                    "<SEQ=101><ACK=301><CTL=ACK> --> ESTABLISHED", "server.receive_ack_in_syn_received",
                    all_of(seg.seq == a.iss + 1, seg.ack == b.iss + 1, ~seg.syn_bit),
                    self._states(ESTABLISHED, ESTABLISHED),
                ),
            ]  # fmt: skip
        return Scenario(self._states(CLOSED, CLOSED) & self._quiet(), tuple(lines))

    def _figure_8(self) -> Scenario:
        a, b, seg = self.a, self.b, self.seg
        old_syn = size(self.to_b) == 1
        return Scenario(
            self._states(CLOSED, LISTEN) & old_syn & (size(self.to_a) == 0),
            (
                self._line("SYN-SENT --> <SEQ=100><CTL=SYN> ...", "client.open_active"),
                self._line(
                    "(duplicate) ... <SEQ=90><CTL=SYN> --> SYN-RECEIVED", "server.receive_syn_in_listen",
                    seg.seq != a.iss, self._states(SYN_SENT, SYN_RECEIVED),
                ),
                self._line(
                    "SYN-SENT <-- <SEQ=300><ACK=91><CTL=SYN,ACK>", "client.receive_unacceptable_ack_in_syn_sent",
                    (seg.seq == b.iss) & (seg.ack == b.irs + 1) & seg.syn_bit, self._states(SYN_SENT, SYN_RECEIVED),
                ),
                self._line(
                    "SYN-SENT --> <SEQ=91><CTL=RST> --> LISTEN", "server.receive_rst_in_syn_received_after_passive_open",
                    (seg.seq == b.irs + 1) & seg.rst_bit, self._states(SYN_SENT, LISTEN),
                ),
                *self._handshake("400"),
            ),
        )  # fmt: skip

    def _reboot(self) -> tuple[Expr, ScenarioLine]:
        a, b = self.a, self.b
        together = all_of(self._states(ESTABLISHED, ESTABLISHED), self._quiet(), b.rcv_nxt == a.snd_nxt, a.rcv_nxt == b.snd_nxt)
        return together, self._line("(REBOOT)", "client.crash_in_established", after=self._states(CLOSED, ESTABLISHED))

    def _figure_9(self) -> Scenario:
        a, b, seg = self.a, self.b, self.seg
        start, reboot = self._reboot()
        return Scenario(
            start,
            (
                reboot,
                self._line("SYN-SENT --> <SEQ=400><CTL=SYN>", "client.open_active", after=self._states(SYN_SENT, ESTABLISHED)),
                self._line(
                    "--> <SEQ=400><CTL=SYN> --> (??)", "server.receive_unacceptable_in_established",
                    (seg.seq == a.iss) & seg.syn_bit, self._states(SYN_SENT, ESTABLISHED),
                ),
                self._line(
                    "(!!) <-- <SEQ=300><ACK=100><CTL=ACK>", "client.receive_unacceptable_ack_in_syn_sent",
                    all_of(seg.seq == b.snd_nxt, seg.ack == b.rcv_nxt, ~seg.syn_bit), self._states(SYN_SENT, ESTABLISHED),
                ),
                self._line(
                    "SYN-SENT --> <SEQ=100><CTL=RST> --> (Abort!!)", "server.receive_rst_in_established",
                    (seg.seq == b.rcv_nxt) & seg.rst_bit, self._states(SYN_SENT, CLOSED),
                ),
                self._line("SYN-SENT --> <SEQ=400><CTL=SYN> -->", "client.retransmit_syn"),
            ),
        )  # fmt: skip

    def _figure_10(self) -> Scenario:
        b, seg = self.b, self.seg
        start, reboot = self._reboot()
        return Scenario(
            start,
            (
                reboot,
                self._line("<-- <SEQ=300><ACK=100><DATA=10><CTL=ACK> <-- ESTABLISHED", "server.send_in_established"),
                self._line(
                    "(??) <-- <SEQ=300><ACK=100><DATA=10><CTL=ACK>", "client.receive_segment_with_ack_in_closed",
                    all_of(seg.seq + seg.len == b.snd_nxt, seg.ack == b.rcv_nxt, seg.len > 0),
                ),
                self._line(
                    "--> <SEQ=100><CTL=RST> --> (ABORT!!)", "server.receive_rst_in_established",
                    (seg.seq == b.rcv_nxt) & seg.rst_bit, self._states(CLOSED, CLOSED),
                ),
            ),
        )  # fmt: skip

    def _figure_11(self) -> Scenario:
        b, seg = self.b, self.seg
        return Scenario(
            self._states(LISTEN, LISTEN) & (size(self.to_a) == 0),
            (
                self._line(
                    "... <SEQ=Z><CTL=SYN> --> SYN-RECEIVED", "server.receive_syn_in_listen",
                    TRUE, self._states(LISTEN, SYN_RECEIVED),
                ),
                self._line(
                    "(??) <-- <SEQ=X><ACK=Z+1><CTL=SYN,ACK> <-- SYN-RECEIVED", "client.receive_ack_in_listen",
                    (seg.seq == b.iss) & (seg.ack == b.irs + 1),
                ),
                self._line(
                    "--> <SEQ=Z+1><CTL=RST> --> (return to LISTEN!)", "server.receive_rst_in_syn_received_after_passive_open",
                    seg.seq == b.irs + 1, self._states(LISTEN, LISTEN),
                ),
            ),
        )  # fmt: skip

    def _connected(self) -> Expr:
        """Both ends are ESTABLISHED, all that was sent has arrived and is acknowledged, and nothing waits."""
        a, b = self.a, self.b
        settled = [
            all_of(me.snd_una == me.snd_nxt, me.queued == 0, peer.has_received_all_of(me)) for me, peer in ((a, b), (b, a))
        ]
        return all_of(self._states(ESTABLISHED, ESTABLISHED), self._quiet(), *settled)

    def _figure_12(self) -> Scenario:
        a, b, seg = self.a, self.b, self.seg
        return Scenario(
            self._connected(),
            (
                self._line("FIN-WAIT-1 --> <SEQ=100><ACK=300><CTL=FIN,ACK>", "client.close_in_established"),
                self._line(
                    "--> <SEQ=100><ACK=300><CTL=FIN,ACK> --> CLOSE-WAIT", "server.receive_fin_in_established",
                    all_of(seg.seq == a.snd_una, seg.ack == b.snd_nxt, seg.fin_bit), self._states(FIN_WAIT_1, CLOSE_WAIT),
                ),
                self._line(
                    "FIN-WAIT-2 <-- <SEQ=300><ACK=101><CTL=ACK> <-- CLOSE-WAIT", "client.receive_ack_of_fin_in_fin_wait_1",
                    all_of(seg.seq == b.snd_nxt, seg.ack == a.snd_nxt, ~seg.fin_bit), self._states(FIN_WAIT_2, CLOSE_WAIT),
                ),
                self._line("(Close) LAST-ACK", "server.close_in_close_wait", after=self._states(FIN_WAIT_2, LAST_ACK)),
                self._line(
                    "TIME-WAIT <-- <SEQ=300><ACK=101><CTL=FIN,ACK> <-- LAST-ACK", "client.receive_fin_in_fin_wait_2",
                    all_of(seg.seq == b.snd_una, seg.ack == a.snd_nxt, seg.fin_bit), self._states(TIME_WAIT, LAST_ACK),
                ),
                self._line(
                    "TIME-WAIT --> <SEQ=101><ACK=301><CTL=ACK> --> CLOSED", "server.receive_ack_of_fin_in_last_ack",
                    all_of(seg.seq == a.snd_nxt, seg.ack == b.snd_nxt, ~seg.fin_bit), self._states(TIME_WAIT, CLOSED),
                ),
                *self._two_msl(),
                self._line("(2 MSL) CLOSED", "client.leave_time_wait", after=self._states(CLOSED, CLOSED)),
            ),
        )  # fmt: skip

    def _figure_13(self) -> Scenario:
        a, b, seg = self.a, self.b, self.seg
        fin_of = {me: all_of(seg.seq == me.snd_una, seg.ack == peer.snd_una, seg.fin_bit) for me, peer in ((a, b), (b, a))}
        ack_of = {me: all_of(seg.seq == me.snd_nxt, seg.ack == peer.snd_nxt, ~seg.fin_bit) for me, peer in ((a, b), (b, a))}
        return Scenario(
            self._connected(),
            (
                self._line("FIN-WAIT-1 --> <SEQ=100><ACK=300><CTL=FIN,ACK> ...", "client.close_in_established"),
                self._line("(Close) FIN-WAIT-1", "server.close_in_established", after=self._states(FIN_WAIT_1, FIN_WAIT_1)),
                self._line(
                    "<-- <SEQ=300><ACK=100><CTL=FIN,ACK> <--", "client.receive_fin_in_fin_wait_1",
                    fin_of[b], self._states(CLOSING, FIN_WAIT_1),
                ),
                self._line(
                    "... <SEQ=100><ACK=300><CTL=FIN,ACK> -->", "server.receive_fin_in_fin_wait_1",
                    fin_of[a], self._states(CLOSING, CLOSING),
                ),
                self._line(
                    "<-- <SEQ=301><ACK=101><CTL=ACK> <--", "client.receive_ack_of_fin_in_closing",
                    ack_of[b], self._states(TIME_WAIT, CLOSING),
                ),
                self._line(
                    "... <SEQ=101><ACK=301><CTL=ACK> -->", "server.receive_ack_of_fin_in_closing",
                    ack_of[a], self._states(TIME_WAIT, TIME_WAIT),
                ),
                *self._two_msl(),
                self._line("(2 MSL) CLOSED", "client.leave_time_wait"),
                self._line("(2 MSL) CLOSED", "server.leave_time_wait", after=self._states(CLOSED, CLOSED)),
            ),
        )  # fmt: skip

    # -- keepalive -----------------------------------------------------------------------------------------------
    def _probe(self) -> ScenarioLine:
        probed = self.b.probes == 1
        return self._line("<-- <SEQ=299><ACK=100><CTL=ACK> <-- (idle)", "server.send_keepalive_in_established", after=probed)

    def _is_probe(self) -> Expr:
        b, seg = self.b, self.seg
        return all_of(seg.seq + 1 == b.snd_nxt, seg.ack == b.rcv_nxt, seg.len == 0, ~seg.syn_bit, ~seg.fin_bit, ~seg.rst_bit)

    def _probe_answered(self) -> Scenario:
        a, b, seg = self.a, self.b, self.seg
        return Scenario(
            self._connected() & (b.probes == 0),
            (
                self._probe(),
                self._line(
                    "ESTABLISHED <-- <SEQ=299><ACK=100><CTL=ACK>", "client.receive_unacceptable_in_established",
                    self._is_probe(),
                ),
                self._line(
                    "--> <SEQ=100><ACK=300><CTL=ACK> --> ESTABLISHED", "server.receive_old_ack_in_established",
                    all_of(seg.seq == a.snd_nxt, seg.ack == b.snd_nxt, seg.len == 0),
                    self._states(ESTABLISHED, ESTABLISHED) & (b.probes == 0),
                ),
            ),
        )  # fmt: skip

    def _probe_reset(self) -> Scenario:
        b, seg = self.b, self.seg
        start, reboot = self._reboot()
        return Scenario(
            start & (b.probes == 0) & (b.snd_una == b.snd_nxt),
            (
                reboot,
                self._probe(),
                self._line(
                    "(??) <-- <SEQ=299><ACK=100><CTL=ACK>", "client.receive_segment_with_ack_in_closed", self._is_probe()
                ),
                self._line(
                    "--> <SEQ=100><CTL=RST> --> (ABORT!!)", "server.receive_rst_in_established",
                    (seg.seq == b.rcv_nxt) & seg.rst_bit, self._states(CLOSED, CLOSED),
                ),
            ),
        )  # fmt: skip
