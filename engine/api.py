"""The Python interface in one place: load a model, check it, get verdicts and traces as values, and the explored graph.

>>> from synproof.engine.api import check, load_model
>>> model = load_model("two-way", properties=["no-ghost-connection"])
>>> result = check(model).result("no-ghost-connection")
>>> result.verdict.value, result.steps
('violated', 4)
>>> result.trace.final["client.state"], result.trace.final["server.state"]
('CLOSED', 'ESTABLISHED')

In tests, `assert_holds` and `assert_violated` say what they found when they fail:

>>> assert_holds("three-way", "no-ghost-connection").states > 1000
True

A system of one's own (`engine.system`) is checked in the same way: `check(Subject("lamp", system, (prop,)))`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from .catalogue import find
from .checker import DEPTH, Subject, Task, check as _check, explored
from .choosing import choose
from .errors import LanguageError
from .property import Property, PropertyKind, Verdict
from .results import ModelResult, PropertyResult
from .search.limits import UNLIMITED, Limits
from .traces.trace import Trace

if TYPE_CHECKING:
    import networkx as nx

__all__ = [
    "Limits", "ModelResult", "Property", "PropertyKind", "PropertyResult", "Subject", "Trace", "Verdict", "assert_holds",
    "assert_violated", "check", "explored_graph", "load_model", "model_names",
]  # fmt: skip


def model_names() -> list[str]:
    """The names of the models that are shipped."""
    return [name for name, _ in find().models()]


def load_model(
    name_or_path: str | os.PathLike[str], settings: Mapping[str, object] | None = None, properties: Sequence[str] = ()
) -> Subject:
    """A shipped model by its name, or a file; `settings` win over the file's.

    `properties` are names of those to check; none: what the model declares. Raises a SynproofError that says what is wrong with
    the file, a setting or a name; LanguageError for arguments of other kinds.

    >>> load_model("two-way", {"window": 0})
    Traceback (most recent call last):
        ...
    synproof.spec.settings.SettingError: settings: window = 0: 0 is less than 1; allowed: 1 to 2147483647
    """
    if not isinstance(name_or_path, str | os.PathLike):
        raise LanguageError(f"a model is given by its name or a path, not by {name_or_path!r}")
    if settings is not None and not _is_mapping(settings):
        raise LanguageError(f"settings are a mapping from names to values, not {settings!r}")
    if not _are_names(properties):
        raise LanguageError(f"properties are a sequence of names, not {properties!r}")
    given = dict.fromkeys(settings or (), "settings")
    return choose(find(), os.fspath(name_or_path), settings, properties, given=given).subject


def check(
    model: Subject | str, *, engine: str = "explore", depth: int = DEPTH, limits: Limits | None = None
) -> ModelResult:
    """Check every property of a model with one engine: `explore`, or `smt` (which looks at runs of up to `depth` steps).

    Every trace in the result has been replayed by the reference evaluator. Raises LanguageError for another engine.
    """
    if engine not in ("explore", "smt"):
        raise LanguageError(f"check takes one engine, explore or smt, not {engine!r}")
    (result,) = _check(_subject(model), Task(engine, depth, UNLIMITED if limits is None else limits))
    return result


def explored_graph(model: Subject | str, *, limits: Limits | None = None, describe: bool = False) -> nx.DiGraph:
    """The reachable states and transitions as a networkx graph (`engine.graphs.graph.to_networkx` says what its nodes have)."""
    from .graphs.graph import to_networkx

    return to_networkx(explored(_subject(model), Task(limits=UNLIMITED if limits is None else limits)), describe)


def assert_holds(
    model: Subject | str,
    prop: Property | str,
    *,
    settings: Mapping[str, object] | None = None,
    limits: Limits | None = None,
) -> ModelResult:
    """Assert that a property holds (a sometimes-property: that it is reached). Gives back the result.

    Raises AssertionError with the shortest counterexample; and if the search was cut short or the property does not apply.
    """
    __tracebackhide__ = True
    result = _one(model, prop, settings, limits)
    (found,) = result.properties
    if found.verdict not in (Verdict.HOLDS, Verdict.PROVED, Verdict.REACHED):
        raise AssertionError(_told(result, found, "is not true"))
    return result


def assert_violated(
    model: Subject | str,
    prop: Property | str,
    *,
    steps: int | None = None,
    settings: Mapping[str, object] | None = None,
    limits: Limits | None = None,
) -> Trace:
    """Assert that a property is violated (by a shortest run of `steps` steps, if given). Gives back the counterexample.

    Raises AssertionError if it holds, if nothing was found in a search that was cut short, or if it does not apply. A
    sometimes-property is never violated by a run: use `check` and look for `not-reached`.
    """
    __tracebackhide__ = True
    result = _one(model, prop, settings, limits)
    (found,) = result.properties
    if found.verdict is not Verdict.VIOLATED or found.trace is None:
        raise AssertionError(_told(result, found, "is not violated"))
    if steps is not None and found.steps != steps:
        raise AssertionError(_told(result, found, f"is violated, but not in {steps} steps"))
    return found.trace


def _are_names(given: object) -> bool:
    return isinstance(given, Sequence) and not isinstance(given, str) and all(isinstance(name, str) for name in given)


def _is_mapping(given: object) -> bool:
    return isinstance(given, Mapping) and all(isinstance(name, str) for name in given)


def _subject(model: Subject | str) -> Subject:
    if isinstance(model, str):
        return load_model(model)
    if not isinstance(model, Subject):
        raise LanguageError(f"a model is given by its name, or as a Subject (load_model gives one), not by {model!r}")
    return model


def _one(
    model: Subject | str, prop: Property | str, settings: Mapping[str, object] | None, limits: Limits | None
) -> ModelResult:
    """The result of one property."""
    if not isinstance(prop, Property | str):
        raise LanguageError(f"a property is given by its name, or as a Property, not by {prop!r}")
    if isinstance(model, str):
        subject = load_model(model, settings, [prop] if isinstance(prop, str) else [])
    elif settings:
        raise LanguageError("settings can only be given together with the name of a model: this one is built already")
    else:
        subject = _subject(model)
    if isinstance(prop, str):
        chosen = next((p for p in subject.properties if p.name == prop), None)
        if chosen is None:
            known = ", ".join(p.name for p in subject.properties) or "none"
            raise LanguageError(f"{subject.name} has no property {prop!r}; it has: {known}")
        prop = chosen
    only = Subject(subject.name, subject.system, (prop,), subject.settings, subject.changed)
    return check(only, limits=limits)


def _told(result: ModelResult, found: PropertyResult, what: str) -> str:
    from .render import Look, render_ladder
    from .traces.telling import tell

    reason = f" ({found.reason})" if found.reason else ""
    text = f"{found.name} {what} of {result.model}: {found.verdict.value}{reason}"
    if found.trace is None:
        return text
    return f"{text}\n\n{render_ladder(tell(found.trace, found.prop, found.verdict), Look())}"
