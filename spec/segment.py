"""Segments: what of a TCP header matters here, and Table 6, which says which segments are acceptable (RFC 9293 3.1, 3.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synproof.engine.expr import Expr, all_of, any_of, clamp, ite, record
from synproof.engine.sorts import BOOL, Int, Record, Seq

__all__ = [
    "AGE", "HISTORY", "LAP", "LATE_MARK", "SPOKEN_FLAGS", "in_window", "is_acceptable", "replace", "seg_len", "segment_fields",
    "segment_sort", "show_segment", "text_on_syn",
]  # fmt: skip

HISTORY = frozenset({"present", "known", "taken", "late", "lap"})
AGE = "age"
LAP = "lap"
LATE_MARK = "late"
SPOKEN_FLAGS = (("syn_bit", "SYN"), ("fin_bit", "FIN"), ("rst_bit", "RST"), ("ack_bit", "ACK"))


def segment_sort(seq_bits: int, max_len: int, msl: int, laps: int = 0) -> Record:
    """The sort of segments.

    `seq`, `ack`: SEG.SEQ, SEG.ACK (0 where the ACK bit is off); `len`: octets of data, without SYN and FIN; `age`, where
    time is modelled: ticks since it was sent, 0..MSL. The others are history: `present`: the sender's incarnation is its
    present one; `known`: the incarnation that sent it had taken its IRS from the receiver's present incarnation; `taken` (on
    SYNs of earlier incarnations): some incarnation of the receiver has entered a synchronized state on a SYN of the
    incarnation that sent it; `late`, where time is modelled: it was sent in TIME-WAIT, and after that was last begun; `lap`,
    where numbers come again: how often they had, 0..laps, at the first octet that it carries.
    """
    number = Seq(seq_bits)
    return Record(
        "Segment",
        (
            ("seq", number), ("ack", number), ("len", Int(0, max_len)),
            ("syn_bit", BOOL), ("ack_bit", BOOL), ("fin_bit", BOOL), ("rst_bit", BOOL),
            ("present", BOOL), ("known", BOOL), ("taken", BOOL), *(((LAP, Int(0, laps)),) if laps else ()),
            *(((LATE_MARK, BOOL), (AGE, Int(0, msl))) if msl else ()),
        ),
        HISTORY,
        frozenset({AGE} if msl else ()),
    )  # fmt: skip


def replace(segment: Expr, **fields: Expr | bool) -> Expr:
    """The segment with some fields changed."""
    sort = segment.sort
    assert isinstance(sort, Record)
    return record(sort, **{name: getattr(segment, name) for name in sort.index} | fields)


def seg_len(segment: Expr) -> Expr:
    """SEG.LEN: "the number of octets occupied by the data in the segment (counting SYN and FIN)" (3.4)."""
    return segment.len + ite(segment.syn_bit, 1, 0) + ite(segment.fin_bit, 1, 0)


def in_window(number: Expr, rcv_nxt: Expr, rcv_wnd: Expr | int) -> Expr:
    """RCV.NXT =< number < RCV.NXT + RCV.WND, as a distance on the circle (3.4)."""
    return number - rcv_nxt < rcv_wnd


def is_acceptable(segment: Expr, rcv_nxt: Expr, rcv_wnd: Expr | int) -> Expr:
    """Table 6 (3.10.7.4, first) for a window that is not zero: the first or the last octet lies in the window.

    "A reset is valid if its sequence number is in the window" (3.5.3), whatever text it may carry (SHLD-2).
    """
    length = seg_len(segment)
    last = segment.seq + (length - 1)
    reaches_in = all_of(length > 0, ~segment.rst_bit, in_window(last, rcv_nxt, rcv_wnd))
    return any_of(in_window(segment.seq, rcv_nxt, rcv_wnd), reaches_in)


def text_on_syn(segment: Expr, rcv_wnd: int) -> Expr:
    """The octets of a SYN's text that are taken: its sender does not know the window yet; what exceeds it is trimmed."""
    return clamp(segment.len, 0, rcv_wnd)


def show_segment(fields: Mapping[str, Any]) -> str:
    """A segment as the RFC's figures write it.

    >>> show_segment({"seq": 300, "ack": 101, "len": 0, "syn_bit": True, "ack_bit": True, "fin_bit": False, "rst_bit": False})
    '<SEQ=300><ACK=101><CTL=SYN,ACK>'
    """
    flags = ",".join(word for name, word in SPOKEN_FLAGS if fields[name])
    ack = f"<ACK={fields['ack']}>" if fields["ack_bit"] else ""
    data = f"<DATA={fields['len']}>" if fields["len"] else ""
    return f"<SEQ={fields['seq']}>{ack}{data}" + (f"<CTL={flags}>" if flags else "")


def segment_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What a saved trace says of a segment: its numbers, its flags as the field's engineers write them, its length."""
    flags = "".join(letter for name, letter in zip(("syn_bit", "fin_bit", "rst_bit"), "SFR", strict=True) if fields[name])
    ack = fields["ack"] if fields["ack_bit"] else None
    return {"seq": fields["seq"], "ack": ack, "flags": flags + ("." if fields["ack_bit"] else ""), "len": fields["len"]}
