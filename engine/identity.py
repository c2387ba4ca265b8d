"""Identity: a hash by which a saved trace knows the system that it is a run of.

The hash is taken of a canonical text that lists everything a run depends on: sorts, variables, initial states, and each
action's choices, guard and effect. Expressions are listed node by node, shared nodes once, so the text stays short where the
written-out expression would not. Words for people (sentences, clauses, notes) are no part of it, and
events are none: they decide properties, not runs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence

from .expr import Expr, Op, postorder
from .sorts import Bag, Bool, Enum, Int, Record, Seq, Sort
from .system import Action, System

__all__ = ["canonical_text", "model_hash", "search_hash", "sort_text"]


def model_hash(system: System) -> str:
    """SHA-256 of the canonical text, in hexadecimal: the same on every run, hash seed, platform and Python version.

    It is computed once per system and kept with it, as a cached property is: a result may save many traces of one system.
    """
    known = vars(system).get(_KEPT_AS)
    if known is None:
        digest = hashlib.sha256()
        for line in canonical_text(system):
            digest.update(line.encode() + b"\n")
        known = vars(system)[_KEPT_AS] = digest.hexdigest()
    return str(known)


_KEPT_AS = "model_hash"


def canonical_text(system: System) -> Iterator[str]:
    """The lines that are hashed."""
    yield "synproof system 1"
    for variable in system.variables:
        yield f"variable {variable.name!r} {'history ' if variable.history else ''}{sort_text(variable.sort)}"
    for state in system.initial:
        yield f"initial {[state[variable.name] for variable in system.variables]!r}"
    for channel in system.channels:
        yield f"channel {channel.variable!r} {channel.sender!r} {channel.receiver!r}"
    listing = _Listing()
    for action in system.actions:
        yield from _action(action, listing)


def search_hash(system: System, predicates: Sequence[Expr], events: Iterable[str], *more: object) -> str:
    """SHA-256 of a system together with what is looked for: predicates, events by their names, and anything with a `repr`."""
    listing = _Listing()
    lines = [*canonical_text(system), *map(repr, more)]
    for predicate in predicates:
        lines += listing.add("predicate", predicate)
    for name in events:
        for action in system.actions:
            for _, expr in (pair for pair in action.events if pair[0] == name):
                lines += listing.add(f"event {name!r} of {action.name!r}", expr)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _action(action: Action, listing: _Listing) -> Iterator[str]:
    yield f"action {action.name!r} {action.actor!r} {action.kind.name} takes {action.takes!r}"
    for p in action.params:
        yield f"choose {p.name!r} {sort_text(p.sort)} from {p.channel!r}"
    for conjunct in action.guard:
        yield from listing.add("when", conjunct)
    for word, pairs in (("need", action.needs), ("set", action.effects)):
        for name, expr in pairs:
            yield from listing.add(f"{word} {name!r}", expr)
    for send in action.sends:
        for word, expr in (("send", send.element), ("if", send.when), ("lost", send.lost)):
            yield from listing.add(f"{word} {send.channel!r}", expr)


class _Listing:
    """Numbers nodes in the order in which they are first met."""

    def __init__(self) -> None:
        self.number: dict[int, int] = {}
        self.kept: list[Expr] = []  # a node that is still referred to keeps its identity

    def add(self, what: str, root: Expr) -> Iterator[str]:
        """The lines of the nodes that are new, then what the expression is for."""
        for node in postorder(root):
            if id(node) not in self.number:
                yield self._line(node)
                self.number[id(node)] = len(self.number)
                self.kept.append(node)
        yield f"{what} {self.number[id(root)]}"

    def _line(self, node: Expr) -> str:
        arguments = [self.number[id(arg)] for arg in node.args]
        with_sort = node.op in (Op.CONST, Op.VAR, Op.PARAM, Op.RECORD, Op.BAG_OF)  # of the others it follows
        return f"{node.op.value} {arguments} {node.attr!r}" + (f" {sort_text(node.sort)}" if with_sort else "")


def sort_text(sort: Sort) -> str:
    """A sort with all that belongs to it.

    >>> sort_text(Record("Segment", (("seq", Seq(4)), ("old", Bool())), frozenset({"old"})))
    "Record 'Segment' ('seq': Seq 4, history 'old': Bool)"
    """
    match sort:
        case Bool():
            return "Bool"
        case Enum():
            return f"Enum {sort.name!r} {list(sort.members)!r}"
        case Int():
            return f"Int {sort.lo}..{sort.hi}"
        case Seq():
            return f"Seq {sort.bits}"
        case Record():
            fields = (f"{'history ' if n in sort.history else ''}{n!r}: {sort_text(s)}" for n, s in sort.fields)
            return f"Record {sort.name!r} ({', '.join(fields)})"
        case Bag():
            return f"{'Queue' if sort.ordered else 'Bag'} {sort.capacity} of {sort_text(sort.element)}"
        case _:
            raise TypeError(f"{type(sort).__name__} has no canonical text")
