"""Eventually-properties: responses under fairness, decided by the fair components of the explored graph.

A response is violated by a run that, after a trigger, stays for ever where the goal is missing: it ends by going round in a set
of states from each of which it reaches each other, or by resting in one state (a run may always stop taking steps that
nothing obliges it to take). The sets are the strongly connected components of the *region*: the states where `meanwhile` holds
and `goal` does not, reached from a trigger without leaving. Whether a component holds a fair run is decided as for Streett
automata: where a message is sent and never delivered, the sending edges are taken out and the rest is looked at again.

Fairness, for what a run does infinitely often (see `property.Fairness`):

* weak: each action with such a tag is taken, or disabled in some state; recurring: it is taken;
* compassion: a message value that an endpoint or the environment sends into the channel, dropped ones included, is delivered (a
  copy that the network makes is not sent). Values are compared without their history fields;
* delivery: a message value that is in flight in every state is delivered.

What that means of one state or transition is said in `rules`. Small graphs are searched by `region`, large ones by
`arrays`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ..errors import LanguageError
from ..graphs.edges import arrays_serve, edges_of
from ..property import Fairness, Property, Response, Verdict
from ..search.budget import Budget
from ..search.explore import Exploration, Run
from ..system import Kind
from .region import Region

if TYPE_CHECKING:
    from .arrays import ArrayRegion

__all__ = ["LivenessResult", "check_feasible", "check_responses"]


@dataclass(frozen=True)
class LivenessResult:
    """Whether responses hold.

    `verdict` is HOLDS, VIOLATED (then `run` is a lasso and `response` says which response it violates) or INCOMPLETE: the
    exploration was, and nothing was found in the states that it expanded. `waiting` counts the states of the regions looked at.
    """

    verdict: Verdict
    run: Run | None = None
    response: Response | None = None
    waiting: int = 0


def check_responses(
    exploration: Exploration, prop: Property, budget: Budget | None = None, *, arrays: bool | None = None
) -> LivenessResult:
    """Decide an eventually-property: its responses, in the order in which they are written, under its fairness.

    A lasso has a shortest way to a state from which the run can stay where it is or go round fairly, and goes round there
    through what fairness demands. It is a run whether or not the exploration is complete: only states whose transitions are
    all known are used for what repeats. `arrays` says whether the search works on compressed arrays (which needs the extra
    `fast`) or on networkx; unless told, it does so on large graphs. Verdict and run are the same. Raises LanguageError if the
    property has no responses or names an unknown channel, LimitMet if the budget is spent.
    """
    if not prop.responses:
        raise LanguageError(f"{prop.name} is no eventually-property: it has no responses")
    region_of = _regions(exploration, budget or Budget(), arrays)
    waiting = 0
    for response in prop.responses:
        region = region_of(response, prop.fairness)
        waiting += region.waiting
        run = region.lasso()
        if run is not None:
            return LivenessResult(Verdict.VIOLATED, run, response, waiting)
    return LivenessResult(Verdict.HOLDS if exploration.complete else Verdict.INCOMPLETE, waiting=waiting)


def check_feasible(
    exploration: Exploration, fairness: Fairness, budget: Budget | None = None, *, arrays: bool | None = None,
    without: frozenset[Kind] = frozenset(),
) -> LivenessResult:  # fmt: skip
    """Whether every finite run extends to a fair one; if not, `run` is a shortest that does not.

    In what repeats no action of a kind in `without` may occur, as in `Response`. A fairness assumption that is not feasible
    rules out more than what goes on for ever, and what "holds" under it may hold for that reason alone.
    """
    region = _regions(exploration, budget or Budget(), arrays)(Response(without=without), fairness)
    stranded = region.stranded()
    if stranded is not None:
        return LivenessResult(Verdict.VIOLATED, exploration.run_to(stranded), waiting=region.waiting)
    return LivenessResult(Verdict.HOLDS if exploration.complete else Verdict.INCOMPLETE, waiting=region.waiting)


def _regions(
    exploration: Exploration, budget: Budget, arrays: bool | None
) -> Callable[[Response, Fairness], Region | ArrayRegion]:
    """What builds the region of a response."""
    if arrays is False or (arrays is None and not arrays_serve(exploration)):
        return partial(Region, exploration, budget=budget)
    from .arrays import ArrayRegion

    return partial(ArrayRegion, exploration, edges_of(exploration, budget), budget=budget)
