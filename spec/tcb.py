"""The transmission control block: the variables of one end of a connection (RFC 9293 3.3.1), and what follows from them.

Both ends have the same variables, `client.snd_una` and `server.snd_una`. What the RFC calls the TCB is the `block` among them:
where the state is CLOSED there is none, and each of its variables has the value that stands for its absence.
"""

from __future__ import annotations

from synproof.engine.expr import FALSE, Expr, all_of, any_of, clamp, const, ite
from synproof.engine.sorts import BOOL, Int, Seq, Sort, Value
from synproof.engine.system import Variable

from .settings import Settings
from .states import (
    CLOSE_WAIT,
    CLOSED,
    CLOSING,
    FIN_RECEIVED,
    FIN_SENT,
    FIN_WAIT_1,
    FIN_WAIT_2,
    HEARD,
    LAST_ACK,
    LISTEN,
    NOBODY,
    OPENED,
    ORIGIN,
    STATE,
    SYN_RECEIVED,
    SYN_SENT,
    SYNCHRONIZED,
    TIME_WAIT,
    TOLD,
    WAITS_FOR_ACK_OF_FIN,
)

__all__ = ["ZERO", "Tcb"]

ZERO = const(0, Int(0, 0))
"""What stands for a variable that the settings leave out."""


class Tcb:
    """The variables of one end, as expressions named as the RFC names them.

    They are those of its TCB (`block`), and some that are there whether it has one or not: the state, what the user was told,
    budgets, the quiet time, and some of the history.
    """

    def __init__(self, end: str, s: Settings) -> None:
        self.end, self.settings = end, s
        here = 0 if end == "client" else 1
        self.role: str = (s.client, s.server)[here]
        self.may_send: int = s.data[here]
        self.may_receive: int = s.data[1 - here]
        self.may_close: bool = end in s.close
        other = "server" if end == "client" else "client"
        answers_fin = s.close_style == "three-way"
        self.sends_fin: bool = self.may_close or (answers_fin and other in s.close)
        old_fin = any("F" in old.flags and old.to == end for old in s.old_duplicates)
        self.gets_fin: bool = other in s.close or (answers_fin and self.may_close) or old_fin
        number = Seq(s.seq_bits)
        self._variables: list[Variable] = []
        self._initial: dict[str, Value] = {}
        self._in_tcb: list[tuple[Expr, Value]] = []

        self.state = self._declare("state", STATE, "the connection's state", tcb=False)
        self.opened = self._declare("opened", OPENED, "how the connection was opened (MUST-11)", initial=self.role.upper())
        self.iss = self._declare("iss", number, "initial send sequence number")
        self.irs = self._declare("irs", number, "initial receive sequence number")
        self.snd_una = self._declare("snd_una", number, "oldest unacknowledged sequence number")
        self.snd_nxt = self._declare("snd_nxt", number, "next sequence number to be sent")
        self.rcv_nxt = self._declare("rcv_nxt", number, "next sequence number expected")
        self.queued = self._declare("queued", Int(0, self.may_send), "octets accepted from the user and not yet sent")
        old_text = max((old.len for old in s.old_duplicates), default=0)
        syn_text = max(self.may_receive if s.syn_data else 0, old_text)
        self.syn_text = self._declare(
            "syn_text", Int(0, syn_text), "octets that came on the SYN, kept until ESTABLISHED (3.5)"
        )
        held = range(1, s.window if s.reassembly and (self.may_receive or old_text) else 1)
        self.held = [self._declare(f"held_{i}", BOOL, f"octet RCV.NXT+{i} has arrived early (SHLD-31)") for i in held]
        early = s.window - 1 if held and self.gets_fin else 0
        self.held_fin = self._declare("held_fin", Int(0, early), "RCV.NXT+n is a FIN that has arrived early (SHLD-31); 0: none")
        self.retries = self._declare("retries", Int(0, s.retransmit or 0), "retransmissions of the front of the queue so far")
        self.told = self._declare("told", TOLD, "what the user was last told", tcb=False)
        self.opens = self._declare("opens", Int(0, s.incarnations), "active OPENs so far", tcb=False)
        crashes = s.crash[here]
        self.crashes_left = self._declare("crashes_left", Int(0, crashes), "crashes to come", initial=crashes, tcb=False)
        self.closed_by_user = self._declare(
            "closed_by_user", BOOL, "the user has called CLOSE, or close-style=three-way has"
        )
        self.fin_waits = self._declare("fin_waits", BOOL, "the user has called CLOSE, and the FIN is not sent yet")
        self.listened = self._declare("listened", BOOL, "whether a passive OPEN was made (relisten=off)", tcb=False)

        self.reset_sent: Expr = FALSE
        if s.abort_to == "time-wait" and end in s.abort:
            self.reset_sent = self._declare("reset_sent", BOOL, "TIME-WAIT was entered by ABORT, with a reset")

        # what a connection that was reopened from TIME-WAIT has to return to (MAY-2)
        self.reopened: Expr = FALSE
        self.former: list[tuple[Expr, Expr]] = []
        if s.time_wait_reuse != "off" and self.can_be_in(TIME_WAIT):
            self.reopened = self._declare("reopened", BOOL, "SYN-RECEIVED was entered from TIME-WAIT")
            for kept in (self.iss, self.irs, self.snd_nxt, self.rcv_nxt):
                what = str(kept.attr).partition(".")[2]
                self.former.append((kept, self._declare(f"former_{what}", number, f"{what} of the connection before")))

        # what was sent and delivered, where the numbers alone do not say it because they come again
        self.octets_sent = self._octets("sent", self.may_send, 0)
        self.octets_delivered = self._octets("delivered", self.may_receive, 2, history=True)
        self.sent_now = self._count("sent_now", s.rate or 0, "octets sent for the first time in this tick", tcb=False)

        # timers, where time is modelled: ticks since they were started (see `clock`)
        alive = s.keepalive
        self.timers: dict[str, Expr] = {}
        waits = s.time_wait if self.can_be_in(TIME_WAIT) else 0
        self.waited = self._timer("waited", waits, "ticks of TIME-WAIT since it was begun, or begun again")
        self.fin_waited = self._timer("fin_waited", s.fin_wait_2_timeout, "ticks of FIN-WAIT-2")
        self.unacknowledged_for = self._timer(
            "unacknowledged_for", s.user_timeout, "ticks for which the front of the queue has waited for its acknowledgment"
        )
        longest = max(alive.idle or 0, alive.interval or 0) if alive else 0
        self.idle_for = self._timer("idle_for", longest, "ticks since a segment arrived, or a probe was sent")
        probes = alive.probes if alive else 0
        self.probes = self._count("probes", probes, "keepalive probes since a segment arrived")
        quiet = s.msl + 1 if s.quiet_time != "off" else 0
        self.quiet = self._count("quiet", quiet, "ticks of the quiet time to come, and one; 0: it is over", tcb=False)

        # history: for properties only
        self.irs_from = self._declare("irs_from", ORIGIN, "whose SYN set IRS", tcb=False, history=True)
        self.irs_taken = self._declare(
            "irs_taken", BOOL, "an earlier incarnation of this end has connected to the one whose SYN set IRS", history=True
        )
        self.taken = self._declare(
            "taken", BOOL, "an incarnation of the peer has connected to the present one", tcb=False, history=True
        )
        self.peer_was_unwilling = self._declare(
            "peer_was_unwilling", BOOL, "since the active OPEN the peer was once in no state to open", history=True
        )
        self.missed = self._declare(
            "missed", BOOL, "an octet that was sent to this end was not delivered before the FIN, or another in its place",
            tcb=False, history=True,
        )
        self.dropped = self._declare(
            "dropped", BOOL, "an octet that the user had handed over was never sent", tcb=False, history=True
        )
        self.ended = self._declare("ended", BOOL, "the last connection ended by FINs alone", tcb=False, history=True)
        self.former_irs_from: Expr = NOBODY
        if self.former:
            self.former_irs_from = self._declare(
                "former_irs_from", ORIGIN, "whose SYN set the IRS that is kept", tcb=False, history=True
            )
        self.heard = self._declare(
            "heard", HEARD, "whether the ACK of this end's FIN reached it", tcb=False, history=True
        ) if s.msl and self.sends_fin and other in s.close else ZERO  # fmt: skip
        silence = alive.idle + alive.probes * alive.interval if alive and alive.idle and alive.interval else 0
        self.silent_for = self._timer("silent_for", silence and silence + 1, "ticks since a segment arrived", history=True)
        self.held_stale = [
            self._declare(f"held_stale_{i}", BOOL, f"octet RCV.NXT+{i} is not of this connection", history=True) for i in held
        ]

    def _declare(
        self, name: str, sort: Sort, note: str, *, initial: Value = None, tcb: bool = True, history: bool = False
    ) -> Expr:
        variable = Variable(f"{self.end}.{name}", sort, history, note)
        value = sort.default if initial is None else initial
        self._variables.append(variable)
        self._initial[variable.name] = value
        if tcb:
            self._in_tcb.append((variable.expr, value))
        return variable.expr

    def _timer(self, name: str, length: int | str, note: str, *, history: bool = False) -> Expr:
        """A timer that counts up to its length; 0 for ever where time is not modelled, or the timer is not there."""
        if not isinstance(length, int) or not length:
            return ZERO
        self.timers[name] = self._declare(name, Int(0, length), note, history=history)
        return self.timers[name]

    def _count(self, name: str, most: int, note: str, *, tcb: bool = True) -> Expr:
        """A variable 0..most; 0 for ever where there is nothing to count."""
        return self._declare(name, Int(0, most), note, tcb=tcb) if most else ZERO

    def _octets(self, what: str, most: int, beyond: int, *, history: bool = False) -> Expr:
        """A count of octets up to `most`, and `beyond` where more may be delivered than there are; ZERO if numbers say it."""
        if not self.settings.uses_all_numbers(most):
            return ZERO
        return self._declare(f"octets_{what}", Int(0, most + beyond), f"octets {what}, counted", history=history)

    # -- what there is -------------------------------------------------------------------------------------------
    @property
    def variables(self) -> list[Variable]:
        """All variables of this end."""
        return list(self._variables)

    @property
    def initial(self) -> dict[str, Value]:
        """The values at the start: CLOSED, no TCB."""
        return dict(self._initial)

    @property
    def block(self) -> list[tuple[Expr, Value]]:
        """The RFC's TCB: the variables that exist only while there is one, each with the value that stands for its absence."""
        return list(self._in_tcb)

    # -- derived facts -------------------------------------------------------------------------------------------
    @property
    def rcv_wnd(self) -> int:
        """RCV.WND, which is constant; SND.WND is the peer's."""
        return self.settings.window

    def can_be_in(self, state: Expr) -> bool:
        """Whether the settings leave this end a way into a (constant) state at all."""
        if state is LISTEN:
            return self.role == "passive" or not self.settings.must_11
        if state is SYN_SENT:
            return self.role == "active"
        if state is SYN_RECEIVED:
            return self.settings.handshake == "three-way"
        if state is CLOSE_WAIT:
            return self.gets_fin and self.settings.close_style == "four-way"
        if state is LAST_ACK:
            return self.gets_fin and self.sends_fin
        if state is CLOSING or state is TIME_WAIT:
            by_reset = state is TIME_WAIT and self.settings.abort_to == "time-wait" and self.end in self.settings.abort
            return (self.gets_fin and self.may_close) or by_reset
        if state is FIN_WAIT_1 or state is FIN_WAIT_2:
            return self.may_close
        return True

    @property
    def closes_early(self) -> bool:
        """Whether CLOSE in SYN-RECEIVED leads to FIN-WAIT-1, where our SYN may then still wait for its ACK."""
        early = self.settings.close_in_syn_received == "fin-wait-1" and self.settings.handshake == "three-way"
        return self.may_close and early

    @property
    def is_synchronized(self) -> Expr:
        """ESTABLISHED or later (3.5.2, group 3), and our SYN is acknowledged where the handshake has three ways."""
        later = self.state.isin(*SYNCHRONIZED) & ~self.reset_sent
        return later & self.syn_acknowledged if self.closes_early else later

    @property
    def numbers_used(self) -> Expr:
        """SND.NXT - ISS, not modulo anything: the numbers of our SYN, octets and FIN so far."""
        if self.octets_sent is ZERO:
            return self.snd_nxt - self.iss
        return self.octets_sent + ite(self.fin_sent, 2, 1)

    @property
    def numbers_acknowledged(self) -> Expr:
        """SND.UNA - ISS, not modulo anything; what is outstanding is less than all numbers."""
        if self.octets_sent is ZERO:
            return self.snd_una - self.iss
        return self.numbers_used - (self.snd_nxt - self.snd_una)

    @property
    def numbers_received(self) -> Expr:
        """RCV.NXT - IRS, not modulo anything: the numbers of the peer's SYN, octets and FIN so far."""
        if self.octets_delivered is ZERO:
            return self.rcv_nxt - self.irs
        return self.octets_delivered + ite(self.fin_received, 2, 1)

    def has_received_all_of(self, peer: Tcb) -> Expr:
        """RCV.NXT is the peer's SND.NXT."""
        if self.octets_delivered is ZERO:
            return self.rcv_nxt == peer.snd_nxt
        return all_of(self.rcv_nxt == peer.snd_nxt, self.numbers_received == peer.numbers_used)

    @property
    def syn_acknowledged(self) -> Expr:
        """Our SYN is acknowledged: SND.UNA has left ISS, to which it may come again."""
        return self.snd_una != self.iss if self.octets_sent is ZERO else self.numbers_acknowledged > 0

    @property
    def something_unacknowledged(self) -> Expr:
        """The retransmission queue is not empty."""
        return all_of(~self.state.isin(CLOSED, LISTEN), self.snd_una != self.snd_nxt)

    @property
    def fin_sent(self) -> Expr:
        """Our FIN was sent; SND.NXT lies behind it, for it is the last number that we use."""
        if not self.sends_fin:
            return const(False)
        return any_of(self.state.isin(*FIN_SENT) & ~self.reset_sent, self.state.isin(*WAITS_FOR_ACK_OF_FIN) & ~self.fin_waits)

    @property
    def fin_received(self) -> Expr:
        """RCV.NXT lies behind the peer's FIN."""
        return self.state.isin(*FIN_RECEIVED) & ~self.reset_sent if self.gets_fin else const(False)

    @property
    def sent(self) -> Expr:
        """Octets of data sent by this incarnation: what lies between ISS + 1 and SND.NXT, or our FIN."""
        if self.octets_sent is not ZERO:
            return self.octets_sent
        after_syn = (self.snd_nxt - self.iss) - 1
        return clamp(after_syn - ite(self.fin_sent, 1, 0) if self.sends_fin else after_syn, 0, self.may_send)

    @property
    def octets_on_syn(self) -> Expr:
        """What the SYN carried and carries again when it is retransmitted (before ESTABLISHED nothing else was sent)."""
        may = self.settings.syn_data and self.role == "active" and self.may_send
        begun = self.state.isin(SYN_SENT, SYN_RECEIVED)
        return ite(begun, clamp(self.sent, 0, self.settings.mss), const(0)) if may else const(0)

    @property
    def delivered(self) -> Expr:
        """Octets delivered to the user: what lies between IRS + 1 and RCV.NXT, or the peer's FIN."""
        if self.octets_delivered is not ZERO:
            return self.octets_delivered
        hi = (1 << self.settings.seq_bits) - 2
        after_syn = (self.rcv_nxt - self.irs) - 1
        octets = after_syn - ite(self.fin_received, 1, 0) if self.gets_fin else after_syn
        return ite(self.state.isin(CLOSED, LISTEN, SYN_SENT), const(0), clamp(octets, 0, hi))

    @property
    def is_matched(self) -> Expr:
        """The present IRS comes from the peer's present incarnation (history)."""
        return self.irs_from == "PRESENT"
