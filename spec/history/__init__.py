"""History: which incarnation sent what to whom. It serves the properties; no guard reads it, and erasing it changes no step.

Every choice of an ISS begins a new *incarnation* of an end. Counting them would make the state space infinite (a
passive end can pass through unboundedly many half-opened incarnations), so bits are kept:

* of a segment: `present`, `known`, `taken` (see `segment.segment_sort`);
* of an end: `irs_from`, whose SYN set its IRS; `taken` and `irs_taken`, who has connected to whom; `peer_was_unwilling`, since
  when it opens; `missed`, `dropped` and `ended`, how its connection was closed.

`octets` and `time_wait` say what is kept where numbers come again, and where time is modelled.

A FIN that waits (`reassembly=on`) has no mark of its own: where a later octet lets an old one be taken, `no-stale-acceptance`
does not see it. Resets, and what an attacker sent, count as old when TIME-WAIT ends. A connection that one end has left by a
new one before the other has left it is not asked what it delivered.

Of the incarnations of one end that are past, those with equal bits are not told apart: `no-stale-data` and
`no-stale-acceptance` may miss a step in which one past incarnation passes for another. They never see one that is not there.

The rules report here what they do, and read it as `history.connected(...)`, from whichever module of the folder it is.
"""

from __future__ import annotations

from .endings import aborted, closed_first, ended_by_fins, fin_taken, found_dead, octets_dropped, refused
from .incarnations import (
    arrival,
    begin_incarnation,
    connected,
    knows_peer,
    origin,
    set_aside,
    stale_acceptance,
    state_entered,
    take_irs,
    take_up_again,
    tcb_deleted,
)
from .octets import delivered, is_misplaced, is_stale, lap, syn_text_delivered
from .time_wait import fin_acknowledged, is_late, time_wait_cut_short, time_wait_over, time_wait_restarted

__all__ = [
    "aborted", "arrival", "begin_incarnation", "closed_first", "connected", "delivered", "ended_by_fins", "fin_acknowledged",
    "fin_taken", "found_dead", "is_late", "is_misplaced", "is_stale", "knows_peer", "lap", "octets_dropped", "origin",
    "refused", "set_aside", "stale_acceptance", "state_entered", "syn_text_delivered", "take_irs", "take_up_again",
    "tcb_deleted", "time_wait_cut_short", "time_wait_over", "time_wait_restarted",
]  # fmt: skip
