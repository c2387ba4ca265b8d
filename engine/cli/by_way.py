"""By way of: `--via EXPR`, the shortest run through given states, as a result that reports and JSON can show."""

from __future__ import annotations

from collections.abc import Sequence

from ..catalogue import Catalogue
from ..checker import Task
from ..confirm import confirm_via
from ..property import Property, PropertyKind, Verdict
from ..results import ModelResult, PropertyResult
from ..via import shortest_via
from .subjects import Chosen
from .trouble import CommandLineError

__all__ = ["by_way_of"]


def by_way_of(catalogue: Catalogue, one: Chosen, texts: Sequence[str], named: Sequence[str], task: Task) -> ModelResult:
    """The run that satisfies the expressions in this order and, if one property is named, then violates it.

    It is told as a sometimes-property named `via`: reached, not-reached, or incomplete. Raises CommandLineError for a property
    that no run ends in.
    """
    subject = one.subject
    final = _final(subject.properties if named else ())
    places = [
        catalogue.own_property(one.model, subject.system, f"via-{number}", PropertyKind.SOMETIMES, text)
        for number, text in enumerate(texts, 1)
    ]
    predicates = [place.predicate for place in places if place.predicate is not None]
    found = shortest_via(subject.system, predicates, final, task.limits, task.progress)
    prop = _asked(texts, final)
    if found.run is not None:
        trace = confirm_via(predicates, final, found.run.trace(subject.system, prop.name))
        result = PropertyResult(prop, Verdict.REACHED, trace)
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
        raise CommandLineError("with --via, name one property with -p: the run ends in its violation")
    (final,) = properties
    if final.kind is not PropertyKind.ALWAYS:
        raise CommandLineError(f"with --via, -p names an always-property to violate; {final.name} is a {final.kind.value} one")
    if final.not_applicable:
        raise CommandLineError(f"{final.name} does not apply: {final.not_applicable}")
    return final


def _asked(texts: Sequence[str], final: Property | None) -> Property:
    sentence = "first " + ", then ".join(texts) + (f", and in the end {final.name} is violated" if final else "")
    clauses = final.clauses if final else ()
    return Property("via", PropertyKind.SOMETIMES, sentence, clauses=clauses)
