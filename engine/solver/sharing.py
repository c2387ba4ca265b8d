"""Sharing: what many actions make of a variable, written once with a choice of arguments, since one action is taken at a time.

Sixty actions that each put a segment of their own into a channel need one insertion and a choice among sixty segments, not
sixty insertions and a choice among their results. Formulas become several times smaller, and solvers as much faster.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ..expr import FALSE, TRUE, Expr, Op, field, insert, ite, negate, param, record, remove
from ..sorts import Bag, Record, Sort

__all__ = ["Cases", "Selection", "Sharing"]

Cases: TypeAlias = Sequence[tuple[frozenset[int], Expr]]  # (actions, the value where one of them is taken)


@dataclass(frozen=True, eq=False)
class Selection:
    """A value that depends on which action is taken: `leaf` (a parameter) equals the expression of the case that applies."""

    leaf: Expr
    cases: tuple[tuple[frozenset[int], Expr], ...]


class Sharing:
    """Merges cases into one expression, and collects the selections that it reads."""

    def __init__(self) -> None:
        self.selections: list[Selection] = []

    def value(self, cases: Cases, sort: Sort) -> Expr:
        """An expression that has the value of the case that applies (any value where none does)."""
        cases = _distinct(cases)
        if len(cases) == 1:
            return cases[0][1]
        if isinstance(sort, Bag):
            return self._bag(cases, sort)
        if isinstance(sort, Record) and sum(value.op is Op.RECORD for _, value in cases) > 1:
            return record(
                sort, **{name: self.value([(w, field(v, name)) for w, v in cases], inner) for name, inner in sort.fields}
            )
        leaf = param(f"selection {len(self.selections)}", sort)
        self.selections.append(Selection(leaf, tuple(cases)))
        return leaf

    def _bag(self, cases: Cases, sort: Bag) -> Expr:
        for split, join in ((_insertion, insert), (_removal, remove)):
            parts = [(actions, *split(value)) for actions, value in cases]
            doing = [(actions, element) for actions, _, _, element in parts if element is not None]
            if len(doing) > 1:
                condition = self.value([(actions, when) for actions, _, when, _ in parts], TRUE.sort)
                bag = self.value([(actions, bag) for actions, bag, _, _ in parts], sort)
                return ite(condition, join(bag, self.value(doing, sort.element)), bag)
        leaf = param(f"selection {len(self.selections)}", sort)
        self.selections.append(Selection(leaf, tuple(cases)))
        return leaf


def _distinct(cases: Iterable[tuple[frozenset[int], Expr]]) -> list[tuple[frozenset[int], Expr]]:
    """The cases, those with one value together."""
    found: dict[int, tuple[frozenset[int], Expr]] = {}
    for actions, value in cases:
        before = found.get(id(value))
        found[id(value)] = (actions if before is None else before[0] | actions, value)
    return list(found.values())


def _insertion(value: Expr) -> tuple[Expr, Expr, Expr | None]:
    """A bag as another one into which an element is put, if a condition holds: (that bag, condition, element or None)."""
    return _conditional(value, Op.INSERT)


def _removal(value: Expr) -> tuple[Expr, Expr, Expr | None]:
    """A bag as another one from which an element is taken, if a condition holds: (that bag, condition, element or None)."""
    return _conditional(value, Op.REMOVE)


def _conditional(value: Expr, op: Op) -> tuple[Expr, Expr, Expr | None]:
    if value.op is op:
        return value.args[0], TRUE, value.args[1]
    if value.op is Op.ITE:
        condition, then, otherwise = value.args
        if then.op is op and then.args[0] is otherwise:
            return otherwise, condition, then.args[1]
        if otherwise.op is op and otherwise.args[0] is then:
            return then, negate(condition), otherwise.args[1]
    return value, FALSE, None
