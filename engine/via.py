"""Via: `--via EXPR`, the shortest run through given states, as a result that reports and JSON can show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .catalogue import Catalogue
from .checker import Subject, Task
from .choosing import Chosen
from .errors import SynproofError
from .expr import Expr
from .property import Property, PropertyKind, Verdict
from .results import ModelResult, PropertyResult
from .search.via import shortest_via
from .traces.confirm import confirm_via

__all__ = ["NoSuchEnd", "Way", "check_via", "way_of"]


class NoSuchEnd(SynproofError):
    """A run cannot end in what is asked for."""

    exit_code = 2


@dataclass(frozen=True)
class Way:
    """What a run of a subject is to pass, as it was written and as it was read, and the property that it is to violate then."""

    subject: Subject
    texts: tuple[str, ...]
    predicates: tuple[Expr, ...]
    final: Property | None


def way_of(catalogue: Catalogue, one: Chosen, texts: Sequence[str], named: Sequence[str]) -> Way:
    """The way that is asked for. Raises ExpressionError, and NoSuchEnd for a property that no run ends in."""
    subject = one.subject
    places = [
        catalogue.own_property(one.model, subject.system, f"via-{number}", PropertyKind.SOMETIMES, text)
        for number, text in enumerate(texts, 1)
    ]
    predicates = tuple(place.predicate for place in places if place.predicate is not None)
    return Way(subject, tuple(texts), predicates, _final(subject.properties if named else ()))


def check_via(way: Way, task: Task) -> ModelResult:
    """The run that satisfies the expressions in this order and, if one property is named, then violates it.

    It is told as a sometimes-property named `via`: reached, not-reached, or incomplete.
    """
    subject, texts, predicates, final = way.subject, way.texts, way.predicates, way.final
    found = shortest_via(subject.system, predicates, final, task.limits, task.progress)
    prop = _asked(texts, predicates, final)
    if found.run is not None:
        trace = confirm_via(predicates, final, found.run.trace(subject.system, prop.name))
        result = PropertyResult(prop, Verdict.REACHED, trace, reason=_where(texts, found.satisfied, final, len(trace)))
    elif found.complete:
        result = PropertyResult(prop, Verdict.NOT_REACHED)
    else:
        result = PropertyResult(prop, Verdict.INCOMPLETE, reason=f"{found.stopped_by}: {found.nodes} places looked at")
    return ModelResult(
        model=subject.name,
        engine="explore",
        properties=(result,),
        settings=subject.settings,
        changed=subject.changed,
        seconds=found.seconds,
        stopped_by=found.stopped_by,
        interrupted=found.interrupted,
    )


def _final(properties: Sequence[Property]) -> Property | None:
    if not properties:
        return None
    if len(properties) > 1:
        raise NoSuchEnd("with --via, name one property with -p: the run ends in its violation")
    (final,) = properties
    if final.kind is not PropertyKind.ALWAYS:
        raise NoSuchEnd(f"with --via, -p names an always-property to violate; {final.name} is a {final.kind.value} one")
    if final.not_applicable:
        raise NoSuchEnd(f"{final.name} does not apply: {final.not_applicable}")
    return final


def _asked(texts: Sequence[str], predicates: Sequence[Expr], final: Property | None) -> Property:
    """The question as a property; its clauses are those of the last thing asked for."""
    sentence = "First " + ", then ".join(texts) + (f", and in the end {final.name} is violated" if final else "")
    prop = Property("via", PropertyKind.SOMETIMES, f"{sentence}.")
    if final is None:
        return replace(prop, predicate=predicates[-1])
    if final.event is not None:
        return replace(prop, event=final.event, clauses=final.clauses)
    return replace(prop, predicate=final.predicate, clauses=final.clauses)


def _where(texts: Sequence[str], satisfied: Sequence[int], final: Property | None, steps: int) -> str:
    """Where in the run each thing asked for is satisfied."""
    parts = [f"{text}: {f'after step {step}' if step else 'at the start'}" for text, step in zip(texts, satisfied, strict=True)]
    return "; ".join([*parts, *([f"{final.name} is violated in step {steps}"] if final else [])])
