"""What happens in some run: states that are reached, witnesses among the steps, and the RFC's figures."""

from __future__ import annotations

from dataclasses import replace

from synproof.engine.expr import any_of
from synproof.engine.property import Property, PropertyKind

from ..figure_5 import FIGURE_5, figure_5, why_not_figure_5
from ..figures import FIGURES, Figures
from ..states import ESTABLISHED, STATE, SYNCHRONIZED
from .named import Named, Row, of_event
from .pair import Pair
from .why_not import (
    NOBODY_CLOSES,
    Reason,
    first_of,
    no_data,
    no_data_nor_old,
    no_keepalive,
    no_openers_data,
    no_reason,
    no_retransmission,
    no_return_to_listen,
    no_syn_data,
    nobody_closes,
)

__all__ = ["SOMETIMES"]

BEHIND_FIN = tuple(state.attr for state in SYNCHRONIZED if state is not ESTABLISHED)


def _reaches(state: str) -> Named:
    def decide(prop: Property, pair: Pair) -> Property:
        here = any_of(*(me.state == state for me in pair.ends))
        no_fin = state in BEHIND_FIN and not any(me.gets_fin for me in pair.ends)
        return replace(prop, predicate=here, not_applicable=NOBODY_CLOSES if no_fin else "")

    sentence = f"Some end reaches {state.replace('_', '-')}."
    return Named(Row(f"reaches:{state}", PropertyKind.SOMETIMES, sentence), decide)


def _happens(name: str, event: str, sentence: str, why_not: Reason = no_reason) -> Named:
    return of_event(Row(name, PropertyKind.SOMETIMES, sentence), event, why_not)


WITNESSES: tuple[Named, ...] = (
    _happens("old-syn-arrives", "old-syn", "A SYN of an earlier incarnation arrives."),
    _happens("old-ack-arrives", "old-ack", "An ACK of an earlier incarnation arrives."),
    _happens("old-data-arrives", "old-data", "Data of an earlier incarnation arrives.", no_data_nor_old),
    _happens("syn-is-retransmitted", "syn-again", "A SYN is sent again.", no_retransmission),
    _happens(
        "cleared-by-rst", "cleared-by-rst",
        "A reset takes a passive end from SYN-RECEIVED back to LISTEN.",
        no_return_to_listen,
    ),
    _happens(
        "data-on-third-segment", "third-segment-data",
        "The third segment of a handshake carries data.",
        no_openers_data,
    ),
    _happens("data-on-syn-delivered", "syn-data-delivered", "Data that came on a SYN is delivered.", no_syn_data),
    _happens("keepalive-gives-up", "found-dead", "Keepalive ends a connection whose peer has said nothing.", no_keepalive),
    _happens(
        "kept-alive-by-old-segment", "kept-alive-by-old",
        "Keepalive takes a segment of an earlier incarnation for a sign of life.",
        no_keepalive,
    ),
    _happens(
        "half-close-usable", "half-close-data",
        "Data is delivered to an end in FIN-WAIT-2.",
        first_of(nobody_closes, no_data),
    ),
)  # fmt: skip
"""Name, the event that happens, the sentence, and why it may not apply."""


def _arcs(prop: Property, pair: Pair) -> Property:
    return replace(prop, each=figure_5(pair.s, pair.system), not_applicable=why_not_figure_5(pair.s))


def _figure(prop: Property, pair: Pair) -> Property:
    figures = Figures(pair.s, pair.client, pair.server, pair.network)
    return replace(prop, scenario=figures.scenario(prop.name), not_applicable=figures.why_not(prop.name))


SOMETIMES: tuple[Named, ...] = (
    *map(_reaches, STATE.members),
    *WITNESSES,
    Named(
        Row(
            FIGURE_5, PropertyKind.SOMETIMES,
            "Each arc of figure 5 for which the settings leave room is taken, in one run or another.",
        ),
        _arcs,
    ),
    *(Named(Row(name, PropertyKind.SOMETIMES, sentence), _figure) for name, sentence in FIGURES.items()),
)  # fmt: skip
