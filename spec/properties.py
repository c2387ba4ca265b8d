"""The named properties: what each says, whether the settings leave it something to say, and how it is decided.

`properties(settings, system)` gives all of them in this order; one that does not apply says why. Safety properties
that speak of a step ("when an incarnation enters a synchronized state, then ...") are events that never happen: see
`history`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from synproof.engine.expr import Expr, all_of, any_of, implies
from synproof.engine.property import Fairness, Property, PropertyKind, Response
from synproof.engine.system import Kind, System

from .clock import TICK, runs_out
from .figure_5 import FIGURE_5, figure_5, why_not_figure_5
from .figures import FIGURES, Figures
from .invariants import INVARIANTS
from .laws import LAWS
from .network import Network
from .settings import Settings
from .states import (
    CLOSE_WAIT,
    CLOSED,
    ESTABLISHED,
    FIN_WAIT_2,
    LISTEN,
    REFUSED,
    RESET,
    STATE,
    SYN_RECEIVED,
    SYN_SENT,
    SYNCHRONIZED,
    TIME_WAIT,
    TIMED_OUT,
    WILLING,
)
from .system import ends
from .tcb import ZERO, Tcb

__all__ = ["Row", "names", "needs_observing", "properties", "rows"]

BEHIND_FIN = tuple(state.attr for state in SYNCHRONIZED if state is not ESTABLISHED)
ALWAYS, SOMETIMES, EVENTUALLY = PropertyKind.ALWAYS, PropertyKind.SOMETIMES, PropertyKind.EVENTUALLY
NO_CLOCK = "msl=0: time is not modelled"
NOBODY_CLOSES = "close=off: nobody calls CLOSE"


@dataclass(frozen=True)
class Row:
    """One named property: its name, its kind, and the sentence that says it."""

    name: str
    kind: PropertyKind
    sentence: str


HEARD = (
    ("heard", "Where an ACK of the peer's FIN has reached it when"),
    ("heard-in-time", "Where one that was sent before TIME-WAIT was last begun, or with it, has reached it when"),
)
DRAINED = (
    ("", "SYN, data or FIN", "old-numbers-left"),
    ("-acks", "pure ACK", "old-acks-left"),
    ("-resets", "reset", "old-resets-left"),
)

EVENTS: tuple[tuple[Row, str], ...] = (
    (
        Row(
            "no-ghost-connection", ALWAYS,
            "An end enters a synchronized state only on a SYN of a peer incarnation that knows of it, or that is still there.",
        ),
        "ghost-connection",
    ),
    (
        Row("one-connection-each", ALWAYS, "No two incarnations of one end connect to the same incarnation of the other."),
        "second-connection",
    ),
    (
        Row(
            "no-stale-data", ALWAYS,
            "Every octet delivered was sent at its place, by the incarnation that the receiver is connected to and to the "
            "present one.",
        ),
        "stale-data",
    ),
    (
        Row(
            "no-stale-acceptance", ALWAYS,
            "In SYN-RECEIVED or later no segment of another incarnation, resets aside, changes anything.",
        ),
        "stale-acceptance",
    ),
    (
        Row(
            "no-spurious-abort", ALWAYS,
            "While both ends are synchronized with each other, neither connection is ended by a reset or by giving up.",
        ),
        "spurious-abort",
    ),
    (
        Row("no-spurious-refusal", ALWAYS, "An active open is refused only if the peer was not willing at some time since."),
        "spurious-refusal",
    ),
    (
        Row("orderly-close-delivers", ALWAYS, "If both ends end through FINs alone, every octet sent was delivered."),
        "octets-missed",
    ),
    (
        Row(
            "accepted-is-delivered", ALWAYS,
            "If both ends end through FINs alone, every octet that SEND accepted was delivered.",
        ),
        "octets-lost",
    ),
    (
        Row(
            "passive-closer-first", ALWAYS,
            "The end that received the first FIN reaches CLOSED before the end that sent it.",
        ),
        "active-closer-first",
    ),
    (
        Row(
            "time-wait-lasts", ALWAYS,
            "TIME-WAIT is left only by its timer, the user's ABORT, a crash or a permitted reuse.",
        ),
        "time-wait-cut-short",
    ),
    (
        Row(
            "drained-after-time-wait", ALWAYS,
            "When TIME-WAIT ends by its timer, no old SYN, data or FIN is in the network.",
        ),
        "old-numbers-left",
    ),
    (
        Row("drained-after-time-wait-acks", ALWAYS, "When TIME-WAIT ends by its timer, no old pure ACK is in the network."),
        "old-acks-left",
    ),
    (
        Row("drained-after-time-wait-resets", ALWAYS, "When TIME-WAIT ends by its timer, no old reset is in the network."),
        "old-resets-left",
    ),
    *(
        (
            Row(f"drained-if-{heard}{suffix}", ALWAYS, f"{sentence} TIME-WAIT ends by its timer, no old {what} is left."),
            f"{event}-though-{heard}",
        )
        for heard, sentence in HEARD
        for suffix, what, event in DRAINED
    ),
    (
        Row("keepalive-in-time", ALWAYS, "Keepalive gives a peer up after IDLE + PROBES * INTERVAL ticks of silence."),
        "found-dead-at-another-time",
    ),
)  # fmt: skip
"""Safety properties that forbid an event, and the event."""

WITNESSES: tuple[tuple[Row, str], ...] = (
    (Row("old-syn-arrives", SOMETIMES, "A SYN of an earlier incarnation arrives."), "old-syn"),
    (Row("old-ack-arrives", SOMETIMES, "An ACK of an earlier incarnation arrives."), "old-ack"),
    (Row("old-data-arrives", SOMETIMES, "Data of an earlier incarnation arrives."), "old-data"),
    (Row("syn-is-retransmitted", SOMETIMES, "A SYN is sent again."), "syn-again"),
    (Row("cleared-by-rst", SOMETIMES, "A reset takes a passive end from SYN-RECEIVED back to LISTEN."), "cleared-by-rst"),
    (Row("data-on-third-segment", SOMETIMES, "The third segment of a handshake carries data."), "third-segment-data"),
    (Row("data-on-syn-delivered", SOMETIMES, "Data that came on a SYN is delivered."), "syn-data-delivered"),
    (Row("keepalive-gives-up", SOMETIMES, "Keepalive ends a connection whose peer has said nothing."), "found-dead"),
    (
        Row("kept-alive-by-old-segment", SOMETIMES, "Keepalive takes a segment of an earlier incarnation for a sign of life."),
        "kept-alive-by-old",
    ),
    (Row("half-close-usable", SOMETIMES, "Data is delivered to an end in FIN-WAIT-2."), "half-close-data"),
)
"""Witnesses that such a step happens, and the event."""

AGREE = Row(
    "numbers-agree", ALWAYS,
    "When both ends are ESTABLISHED or later, each IRS is the other's ISS, and the receive numbers lie within what was sent.",
)  # fmt: skip
NO_DEADLOCK = Row(
    "no-deadlock", ALWAYS,
    "Where no protocol step is possible, both ends are at rest or connected to each other, a user was told of a failure, or a "
    "timer runs.",
)  # fmt: skip
FIGURE = Row(FIGURE_5, SOMETIMES, "Each arc of figure 5 for which the settings leave room is taken, in one run or another.")
ESTABLISHES = Row(
    "establishes", EVENTUALLY,
    "An active open whose peer stays willing leads to a connection with that peer, or the attempt ends.",
)  # fmt: skip
DISCOVERED = Row(
    "half-open-is-discovered", EVENTUALLY,
    "An end in a synchronized state whose peer no longer has this incarnation leaves it.",
)  # fmt: skip
QUIET = Row("falls-quiet", EVENTUALLY, "Once the applications are silent, no endpoint sends any more.")
CLOSES = Row("closes", EVENTUALLY, "After CLOSE at both ends of one connection both leave it.")
FIN_WAIT_2_ENDS = Row("fin-wait-2-ends", EVENTUALLY, "FIN-WAIT-2 is left.")
TIME_CAN_PASS = Row("time-can-pass", EVENTUALLY, "Whatever has happened, the clock can go on for ever.")
FEASIBLE = Row("fairness-is-feasible", EVENTUALLY, "Whatever has happened, all that fairness asks can be done, all at once.")


COSTLY: tuple[Row, ...] = (
    *(Row(one.name, ALWAYS, one.sentence) for one in INVARIANTS), *(Row(one.name, ALWAYS, one.sentence) for one in LAWS),
)  # fmt: skip
"""Invariants and laws: they are long, so they are written only where they are asked for."""


OF_CLOSING = frozenset({
    "orderly-close-delivers", "accepted-is-delivered", "passive-closer-first", "half-close-usable", "closes", "fin-wait-2-ends",
})  # fmt: skip
OF_OCTETS = frozenset({"orderly-close-delivers", "accepted-is-delivered", "half-close-usable"})
OF_TIME_WAIT = frozenset({"time-wait-lasts", *(row.name for row, _ in EVENTS if row.name.startswith("drained-"))})
OF_KEEPALIVE = frozenset({"keepalive-in-time", "keepalive-gives-up", "kept-alive-by-old-segment"})


def _reaches(state: str) -> Row:
    return Row(f"reaches:{state}", SOMETIMES, f"Some end reaches {state.replace('_', '-')}.")


def rows() -> tuple[Row, ...]:
    """Every named property, in the order in which results are shown."""
    return (
        *(row for row, _ in EVENTS), AGREE, NO_DEADLOCK, *COSTLY,
        *(_reaches(state) for state in STATE.members), *(row for row, _ in WITNESSES),
        FIGURE, *(Row(name, SOMETIMES, sentence) for name, sentence in FIGURES.items()),
        ESTABLISHES, DISCOVERED, QUIET, CLOSES, FIN_WAIT_2_ENDS, TIME_CAN_PASS, FEASIBLE,
    )  # fmt: skip


def names() -> list[str]:
    """The names of all named properties."""
    return [row.name for row in rows()]


def properties(settings: Settings, system: System, costly: Collection[str] | None = None) -> list[Property]:
    """Every named property for one system, in the order of `rows`. The system must be built from these settings.

    Of the invariants and the laws only those named in `costly` (None: all); laws need the system that `observe` gives.
    """
    made = {prop.name: prop for prop in _Properties(settings, system).make(costly)}
    return [made[name] for name in names() if name in made]


def needs_observing(asked: Collection[str]) -> bool:
    """Whether a law is among the properties that are asked for."""
    return any(law.name in asked for law in LAWS)


class _Properties:
    def __init__(self, settings: Settings, system: System) -> None:
        self.s, self.system = settings, system
        self.client, self.server = ends(settings)
        self.network = Network(settings)
        self.sides = ((self.client, self.server), (self.server, self.client))
        self.observed = any(name in {law.event for law in LAWS} for action in system.actions for name, _ in action.events)
        self.assumption = ""
        if settings.isn in ("fresh", "number-fresh"):
            self.assumption = (
                f"isn={settings.isn}: initial numbers are fresh, which no endpoint with bounded memory can ensure "
                "without a known packet lifetime"
            )

    def make(self, costly: Collection[str] | None) -> Iterator[Property]:
        """All properties, in no particular order; of the costly ones those that are named."""
        for row in COSTLY:
            if costly is None or row.name in costly:
                yield self._costly(row)
        for row, event in EVENTS:
            yield replace(self._of(row), event=event, not_applicable=self._why_not(row.name))
        for row, event in WITNESSES:
            yield replace(self._of(row), event=event, not_applicable=self._why_not(row.name))
        for state in STATE.members:
            yield self._reached(state)
        yield replace(
            self._of(FIGURE), each=figure_5(self.s, self.system), not_applicable=why_not_figure_5(self.s)
        )
        figures = Figures(self.s, self.client, self.server, self.network)
        for name, sentence in FIGURES.items():
            row = Row(name, SOMETIMES, sentence)
            yield replace(self._of(row), scenario=figures.scenario(name), not_applicable=figures.why_not(name))
        yield self._numbers_agree()
        yield self._no_deadlock()
        yield self._establishes()
        yield self._half_open_is_discovered()
        yield self._falls_quiet()
        yield self._closes()
        yield self._fin_wait_2_ends()
        yield self._time_can_pass()
        yield self._fairness_is_feasible()

    def _of(self, row: Row) -> Property:
        return Property(row.name, row.kind, row.sentence, assumption=self.assumption if row.kind is not SOMETIMES else "")

    def _why_not(self, name: str) -> str:
        s = self.s
        old = s.old_duplicates
        if name in ("no-stale-data", "old-data-arrives") and not any(s.data) and not any(d.len for d in old):
            return "data=0: nothing is sent that could be delivered"
        if name == "no-spurious-refusal" and "active" not in (s.client, s.server):
            return "no end opens actively"
        if name == "syn-is-retransmitted" and s.retransmit == 0:
            return "retransmit=off"
        if name == "cleared-by-rst" and (s.handshake == "two-way" or "passive" not in (s.client, s.server)):
            return "no end is passive and enters SYN-RECEIVED"
        if name == "data-on-third-segment" and not self._openers_data():
            return "no end that opens actively may send data"
        if name == "data-on-syn-delivered" and not s.syn_data:
            return "syn-data=off"
        if name.startswith("drained-if-") and not s.msl:
            return NO_CLOCK
        if name.startswith("drained-if-") and all(me.heard is ZERO for me in (self.client, self.server)):
            return "no end sends a FIN to one that may be in TIME-WAIT"
        if name in OF_KEEPALIVE and s.keepalive is None:
            return "keepalive=off"
        if name == "keepalive-in-time" and not s.msl:
            return NO_CLOCK
        if name in OF_CLOSING and not s.close:
            return NOBODY_CLOSES
        if name in OF_TIME_WAIT and not any(me.can_be_in(TIME_WAIT) for me in (self.client, self.server)):
            return "no end sends and receives a FIN, so none reaches TIME-WAIT"
        if name in OF_OCTETS and not any(s.data):
            return "data=0: nothing is sent that could be delivered"
        return ""

    def _openers_data(self) -> bool:
        return any(me.role == "active" and me.may_send for me in (self.client, self.server))

    def _costly(self, row: Row) -> Property:
        for invariant in INVARIANTS:
            if invariant.name == row.name:
                clauses = tuple(invariant.clauses(self.s, self.system))
                demands = all_of(*(truth for _, truth in clauses))
                return replace(
                    self._of(row), predicate=demands, clauses=clauses, not_applicable="" if clauses else NOBODY_CLOSES
                )
        law = next(law for law in LAWS if law.name == row.name)
        assert self.observed, f"{law.name} needs the system that spec.laws.observe gives"
        return replace(self._of(row), event=law.event, not_applicable=law.why_not(self.s))

    # -- states --------------------------------------------------------------------------------------------------
    def _reached(self, state: str) -> Property:
        row = _reaches(state)
        here = any_of(*(me.state == state for me in (self.client, self.server)))
        behind_fin = state in BEHIND_FIN and not self.client.gets_fin and not self.server.gets_fin
        return replace(self._of(row), predicate=here, not_applicable=NOBODY_CLOSES if behind_fin else "")

    def _both_synchronized(self) -> Expr:
        return self.client.is_synchronized & self.server.is_synchronized

    def _matching(self) -> Expr:
        return self.client.is_matched & self.server.is_matched

    def _numbers_agree(self) -> Property:
        clauses = [
            (f"{me.end}.irs is {peer.end}.iss, of the same incarnation", me.is_matched & (me.irs == peer.iss))
            for me, peer in self.sides
        ]
        clauses += [
            (
                f"{peer.end}.snd_una =< {me.end}.rcv_nxt =< {peer.end}.snd_nxt",
                self._received_what_was_sent(me, peer),
            )
            for me, peer in self.sides
        ]
        return replace(
            self._of(AGREE),
            predicate=implies(self._both_synchronized(), all_of(*(truth for _, truth in clauses))),
            clauses=(("both ends are synchronized", self._both_synchronized()), *clauses),
        )

    @staticmethod
    def _received_what_was_sent(me: Tcb, peer: Tcb) -> Expr:
        if peer.octets_sent is ZERO:
            return me.rcv_nxt - peer.snd_una <= peer.snd_nxt - peer.snd_una
        received = me.numbers_received
        return all_of(peer.numbers_acknowledged <= received, received <= peer.numbers_used)

    def _no_deadlock(self) -> Property:
        a, b = self.client, self.server
        at_rest = a.state.isin(CLOSED, LISTEN) & b.state.isin(CLOSED, LISTEN)
        pairs = ((ESTABLISHED, ESTABLISHED), (FIN_WAIT_2, CLOSE_WAIT), (CLOSE_WAIT, FIN_WAIT_2))
        together = any_of(*((a.state == x) & (b.state == y) for x, y in pairs)) & self._matching()
        told = any_of(*(me.told.isin(REFUSED, RESET, TIMED_OUT) for me in (a, b)))
        clauses: tuple[tuple[str, Expr], ...] = (
            ("both ends are CLOSED or LISTEN", at_rest),
            ("both ends are connected to each other", together),
            ("a user was told of a refusal, a reset or a timeout", told),
        )
        if self.s.msl:
            clauses = (*clauses, ("a timer runs", any_of(*(runs_out(me) for me in (a, b)))))
        return replace(
            self._of(NO_DEADLOCK),
            predicate=any_of(*(truth for _, truth in clauses)),
            only_quiescent=True,
            clauses=(("no protocol step is possible", all_of(True)), *clauses),
        )

    # -- eventually ----------------------------------------------------------------------------------------------
    def _fairness(self, *tags: str) -> Fairness:
        channels = frozenset(channel.variable for channel in self.network.channels)
        weak = frozenset({"retransmission", "timer", "transmission", *tags})
        diverges = frozenset({TICK}) if self.s.msl else frozenset()
        lossless = channels if self.s.loss is not None else frozenset()
        return Fairness(weak=weak, recurring=diverges, compassion=channels, delivery=lossless)

    def _establishes(self) -> Property:
        openers = [(me, peer) for me, peer in self.sides if me.role == "active"]
        return replace(
            self._of(ESTABLISHES),
            responses=tuple(self._opening(me, peer) for me, peer in openers),
            fairness=self._fairness("passive-open"),
            not_applicable="" if openers else "no end opens actively",
        )

    def _opening(self, me: Tcb, peer: Tcb) -> Response:
        willing = peer.state.isin(*WILLING) | (peer.is_synchronized & peer.is_matched)
        if peer.role == "passive" and self.s.relisten:
            willing = willing | (peer.state == CLOSED)  # its next OPEN is a matter of fairness
        connected = all_of(self._both_synchronized(), self._matching())
        return Response(
            trigger=me.state.isin(SYN_SENT, SYN_RECEIVED),
            goal=connected | me.state.isin(CLOSED, LISTEN),
            meanwhile=willing,
            label=f"the {me.end}'s open",
        )

    def _closes(self) -> Property:
        a, b = self.client, self.server
        together = all_of(a.closed_by_user, b.closed_by_user, self._both_synchronized(), self._matching())
        return replace(
            self._of(CLOSES),
            responses=tuple(
                Response(trigger=together, goal=~me.is_synchronized, label=f"the {me.end}'s connection") for me in (a, b)
            ),
            fairness=self._fairness(),
            not_applicable="" if a.sends_fin and b.sends_fin else "one end at least never calls CLOSE",
        )

    def _fin_wait_2_ends(self) -> Property:
        ends_there = [me for me in (self.client, self.server) if me.can_be_in(FIN_WAIT_2)]
        return replace(
            self._of(FIN_WAIT_2_ENDS),
            responses=tuple(
                Response(trigger=me.state == FIN_WAIT_2, goal=me.state != FIN_WAIT_2, label=f"the {me.end}'s FIN-WAIT-2")
                for me in ends_there
            ),
            fairness=self._fairness("close-in-close-wait"),
            not_applicable="" if ends_there else NOBODY_CLOSES,
        )

    def _time_can_pass(self) -> Property:
        return replace(
            self._of(TIME_CAN_PASS),
            fairness=Fairness(recurring=frozenset({TICK})),
            assumption="",
            not_applicable="" if self.s.msl else NO_CLOCK,
        )

    def _fairness_is_feasible(self) -> Property:
        return replace(self._of(FEASIBLE), fairness=self._fairness("passive-open", "close-in-close-wait"), assumption="")

    def _half_open_is_discovered(self) -> Property:
        def lost(me: Tcb, peer: Tcb) -> Expr:
            return me.is_synchronized & any_of(~me.is_matched, peer.state.isin(CLOSED, LISTEN), peer.reset_sent)

        return replace(
            self._of(DISCOVERED),
            responses=tuple(
                Response(trigger=lost(me, peer), goal=~me.is_synchronized, label=f"the {me.end}'s connection")
                for me, peer in self.sides
            ),
            fairness=self._fairness(),
        )

    def _falls_quiet(self) -> Property:
        silent = frozenset({Kind.USER_CALL, Kind.ENVIRONMENT})
        return replace(
            self._of(QUIET),
            responses=(Response(sending=True, without=silent, label="sending for ever"),),
            fairness=self._fairness(),
        )
