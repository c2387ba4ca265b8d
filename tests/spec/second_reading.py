"""RFC 9293 3.10 read a second time: what an endpoint does when a segment arrives, in plain Python over numbers modulo 2^32.

Written from the RFC's text alone, step by step and in its order, as a program that follows it would be; no expression, rule or
predicate of `spec/` is used. Where the text leaves a choice, `ANY` stands for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from synproof.spec.alone import Connection, Segment

__all__ = ["ANY", "Answer", "Endpoint", "Stack"]

MOD, HALF = 2**32, 2**31


@dataclass(frozen=True)
class Stack:
    """The choices of an implementation, by the names of the settings."""

    window: int = 65535
    rfc5961: str = "rst-syn"
    rfc1337: bool = False
    reassembly: bool = False
    rst_on_closed: bool = True


@dataclass(frozen=True)
class Answer:
    """What is sent: a segment; or, if `kind` says so, an ACK that may be left out, or one that may carry what waited."""

    segment: Segment
    kind: str = "must"


ANY = frozenset({"REFUSED", "RESET"})
"""3.10.7.3 calls a refusal "connection reset", 3.10.7.4 calls it "connection refused"."""


def behind(number: int, start: int) -> int:
    """How far a number lies behind another, going round."""
    return (number - start) % MOD


@dataclass
class Endpoint:
    """The TCB. `early` are the places of octets that wait, as distances from RCV.NXT, and `early_fin` that of a FIN."""

    stack: Stack
    state: str = "CLOSED"
    opened: str = "ACTIVE"
    iss: int = 0
    irs: int = 0
    snd_una: int = 0
    snd_nxt: int = 0
    rcv_nxt: int = 0
    told: object = "NOTHING"
    fin_sent: bool = False
    syn_text: int = 0
    early: frozenset[int] = field(default_factory=frozenset)
    early_fin: int | None = None

    @staticmethod
    def of(now: Connection, stack: Stack) -> Endpoint:
        """The same TCB as the specification's, by the names of the RFC."""
        held = frozenset(int(name.removeprefix("held_")) for name, value in now.items if value is True and "held_" in name)
        behind_fin = ("FIN_WAIT_1", "FIN_WAIT_2", "CLOSING", "LAST_ACK", "TIME_WAIT")
        return Endpoint(
            stack, now.state, now.opened, now.iss, now.irs, now.snd_una, now.snd_nxt, now.rcv_nxt, now.told,
            now.state in behind_fin and not now["fin_waits"], int(now["syn_text"]), held, int(now["held_fin"]) or None,
        )  # fmt: skip

    # ---- 3.10.7 ------------------------------------------------------------------------------------------------------
    def arrives(self, seg: Segment, iss: int) -> list[Answer]:
        """SEGMENT ARRIVES: the TCB is changed; what is sent is given back."""
        if self.state == "CLOSED":
            return self._in_closed(seg)
        if self.state == "LISTEN":
            return self._in_listen(seg, iss)
        if self.state == "SYN_SENT":
            return self._in_syn_sent(seg)
        return self._in_other_states(seg)

    def _in_closed(self, seg: Segment) -> list[Answer]:
        if seg.rst or not self.stack.rst_on_closed:
            return []
        if seg.ack is not None:
            return [Answer(Segment(seg.ack, rst=True))]
        return [Answer(Segment(0, (seg.seq + _length(seg)) % MOD, rst=True))]

    def _in_listen(self, seg: Segment, iss: int) -> list[Answer]:
        if seg.rst:
            return []
        if seg.ack is not None:
            return [Answer(Segment(seg.ack, rst=True))]
        if not seg.syn:
            return []
        self.irs, self.rcv_nxt, self.syn_text = seg.seq, (seg.seq + 1) % MOD, min(seg.len, self.stack.window)
        self.iss, self.snd_una, self.snd_nxt, self.state = iss, iss, (iss + 1) % MOD, "SYN_RECEIVED"
        return [Answer(Segment(iss, self.rcv_nxt, syn=True))]

    def _in_syn_sent(self, seg: Segment) -> list[Answer]:
        if seg.ack is not None and not self._acks_something_new(seg.ack):
            return [] if seg.rst else [Answer(Segment(seg.ack, rst=True))]
        if seg.rst:
            if seg.ack is not None:
                self._delete(ANY)
            return []
        if not seg.syn:
            return []
        self.irs, self.rcv_nxt = seg.seq, (seg.seq + 1) % MOD
        if seg.ack is None:
            self.state, self.syn_text = "SYN_RECEIVED", min(seg.len, self.stack.window)
            return [Answer(Segment(self.iss, self.rcv_nxt, syn=True), "may carry")]
        self.state, self.snd_una = "ESTABLISHED", seg.ack
        self._text(replace(seg, syn=False, seq=self.rcv_nxt))
        return [Answer(self._ack, "may carry")]

    def _in_other_states(self, seg: Segment) -> list[Answer]:
        passive, challenges = self.opened == "PASSIVE", self.stack.rfc5961 != "off"
        # first, check sequence number
        last = (seg.seq + _length(seg) - 1) % MOD
        if not self._in_window(seg.seq) and (seg.rst or not _length(seg) or not self._in_window(last)):
            return [] if seg.rst else [Answer(self._ack)]
        # second, check the RST bit
        if seg.rst:
            if self.state == "TIME_WAIT" and self.stack.rfc1337:
                return []
            if challenges and seg.seq != self.rcv_nxt:
                return [Answer(self._ack)]
            self._reset()
            return []
        # fourth, check the SYN bit
        if seg.syn and self.state == "SYN_RECEIVED" and passive and self._in_window(seg.seq):
            self._listen()
            return []
        if seg.syn and not (self.state == "SYN_RECEIVED" and passive):
            if challenges:
                return [Answer(self._ack)]
            if self._in_window(seg.seq):
                self._delete("RESET")
                by_ack = seg.ack is not None
                return [Answer(Segment(seg.ack or 0, None if by_ack else (seg.seq + _length(seg)) % MOD, rst=True))]
        # fifth, check the ACK field
        if seg.ack is None:
            return []
        if self.stack.rfc5961 == "all":
            lowest = (self.snd_una - self.stack.window) % MOD
            if behind(seg.ack, lowest) > behind(self.snd_nxt, lowest):
                return [Answer(self._ack)]
        return self._from_fifth_on(seg, seg.ack)

    def _from_fifth_on(self, seg: Segment, ack: int) -> list[Answer]:
        if self.state == "SYN_RECEIVED":
            if not self._acks_something_new(ack):
                return [Answer(Segment(ack, rst=True))]
            self.state, self.snd_una = "ESTABLISHED", ack
            waited, self.syn_text = self.syn_text, 0
            self.rcv_nxt = (self.rcv_nxt + waited) % MOD
            took = self._text(seg) or waited > 0
            return [Answer(self._ack, "must" if took else "may")]
        if self.state == "TIME_WAIT":
            return [Answer(self._ack, "may")]
        if self._acks_something_new(ack):
            self.snd_una = ack
        elif behind(self.snd_una, ack) >= HALF:
            return [Answer(self._ack)]  # it "acks something not yet sent"
        if self.fin_sent and self.snd_una == self.snd_nxt:
            if self.state == "LAST_ACK":
                self._delete(self.told)
                return []
            self.state = {"FIN_WAIT_1": "FIN_WAIT_2", "CLOSING": "TIME_WAIT"}.get(self.state, self.state)
        took = self._text(seg)
        return [Answer(self._ack, "must" if took else "may")] if _length(seg) else []

    # ---- seventh and eighth: the text, the FIN -------------------------------------------------------------------------
    def _text(self, seg: Segment) -> bool:
        """Process the segment text and the FIN; whether anything was taken, which is to be acknowledged."""
        if self.state not in ("ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2"):
            return False
        start = (seg.seq + seg.syn - self.rcv_nxt + HALF) % MOD - HALF  # of the text, from RCV.NXT; the SYN is trimmed
        places = range(max(start, 0), min(start + seg.len, self.stack.window))
        end = start + seg.len
        fin = end if seg.fin and 0 <= end < self.stack.window else self.early_fin
        taken = places.stop if places and not places.start else 0
        if self.stack.reassembly:
            waits = self.early | frozenset(places)
            while taken in waits:
                taken += 1
            self.early = frozenset(place - taken for place in waits if place > taken)
        elif start > 0:
            return False
        self.rcv_nxt = (self.rcv_nxt + taken) % MOD
        if fin == taken:
            self._take_fin()
            return True
        self.early_fin = None if fin is None or not self.stack.reassembly else fin - taken
        return taken > 0

    def _take_fin(self) -> None:
        self.rcv_nxt, self.told = (self.rcv_nxt + 1) % MOD, "CLOSING"
        self.early, self.early_fin = frozenset(), None
        after = {"ESTABLISHED": "CLOSE_WAIT", "FIN_WAIT_1": "CLOSING", "FIN_WAIT_2": "TIME_WAIT"}
        self.state = after[self.state]

    # ---- how ---------------------------------------------------------------------------------------------------------
    @property
    def _ack(self) -> Segment:
        return Segment(self.snd_nxt, self.rcv_nxt)

    def _acks_something_new(self, ack: int) -> bool:
        return 0 < behind(ack, self.snd_una) <= behind(self.snd_nxt, self.snd_una)

    def _in_window(self, number: int) -> bool:
        return behind(number, self.rcv_nxt) < self.stack.window

    def _reset(self) -> None:
        if self.state == "SYN_RECEIVED" and self.opened == "PASSIVE":
            self._listen()
        elif self.state == "SYN_RECEIVED":
            self._delete("REFUSED")
        else:
            self._delete(self.told if self.state in ("CLOSING", "LAST_ACK", "TIME_WAIT") else "RESET")

    def _listen(self) -> None:
        self.state = "LISTEN"

    def _delete(self, told: object) -> None:
        self.state, self.told = "CLOSED", told


def _length(seg: Segment) -> int:
    """SEG.LEN, "counting SYN and FIN"."""
    return seg.len + seg.syn + seg.fin
