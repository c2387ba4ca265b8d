"""Bounded model checking and k-induction: the shortest violations and witnesses, found by Z3 on the unrolled relation.

Depths are searched in increasing order, all undecided properties at once, so what is found is as short as what exploration
finds. Every run is replayed and confirmed by the reference evaluator before it is given back. References: Biere, Cimatti,
Clarke, Zhu, "Symbolic model checking without BDDs" (TACAS 1999); Sheeran, Singh, Stålmarck, "Checking safety properties using
induction and a SAT-solver" (FMCAD 2000).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum as PyEnum

from .confirm import confirm
from .property import Property, PropertyKind, Verdict
from .question import Question, lack_of, question_of
from .relation import Relation, cone
from .results import PropertyResult
from .smt import Answer, Term, ask, new_solver, solver_module, value_in
from .sorts import BOOL
from .system import System
from .trace import replay
from .unrolling import Unrolling

__all__ = ["BoundedResult", "Deepening", "Induction", "Outcome", "bounded"]


@dataclass(frozen=True)
class Deepening:
    """How far a bounded search has come: all runs of up to `depth` steps are settled."""

    depth: int
    undecided: int
    seconds: float


@dataclass(frozen=True)
class BoundedResult:
    """What a bounded search says of each property, in their order, and how far it came.

    All runs of up to `depth` steps were searched (-1: none). `lacks` says after how many steps, at the least, an action fails
    only for want of a need. `seconds_per_depth` has an entry for each depth, `followed` the variables on which it all depends.
    """

    properties: tuple[PropertyResult, ...]
    depth: int
    lacks: Mapping[str, int] = field(default_factory=dict)
    seconds_per_depth: tuple[float, ...] = ()
    followed: tuple[str, ...] = ()
    stopped_by: str = ""
    interrupted: bool = False

    @property
    def seconds(self) -> float:
        """How long it took."""
        return sum(self.seconds_per_depth)

    def result(self, name: str) -> PropertyResult:
        """The result of the property of that name. Raises KeyError."""
        return {found.name: found for found in self.properties}[name]


def bounded(
    system: System,
    properties: Sequence[Property],
    depth: int,
    *,
    timeout: float | None = None,
    progress: Callable[[Deepening], None] | None = None,
) -> BoundedResult:
    """Search the runs of up to `depth` steps for violations of always-properties and witnesses of sometimes-properties.

    | nothing found | verdict |
    |---|---|
    | an always-property | `holds-up-to` (`depth`), or `proved` where induction succeeds at once |
    | a sometimes-property | `incomplete` |
    | an eventually-property | `not-applicable`: no finite run decides it |
    | `timeout` seconds over, or Z3 gives up | `unknown`, with Z3's reason |

    A keyboard interrupt ends the search with what was found so far. Raises ReplayFailed if the reference evaluator does not
    reproduce a run (a bug of this engine), UnknownName if a property speaks of what the system does not have.
    """
    search = _Search(system, properties, timeout)
    try:
        search.run(depth, progress)
    except KeyboardInterrupt:
        search.stopped_by, search.interrupted = "interrupted", True
    return search.result()


class _Search:
    """A bounded search: one solver for all depths, and which questions are still open."""

    def __init__(self, system: System, properties: Sequence[Property], timeout: float | None) -> None:
        self.system, self.properties = system, tuple(properties)
        self.started = time.monotonic()
        self.deadline = None if timeout is None else self.started + timeout
        self.by_name = {p.name: p for p in properties}
        self.found: dict[str, PropertyResult] = {}
        self.lacks: dict[str, int] = {}
        self.seconds: list[float] = []
        self.stopped_by, self.interrupted = "", False
        self.depth = -1
        questions = [question for prop in properties if (question := self._question(prop)) is not None]
        needs = dict.fromkeys(name for action in system.actions for name, _ in action.needs)
        self.lacking = [lack_of(system, name) for name in needs]
        self.watch = _Watch(system, [*questions, *self.lacking])
        self.open = questions
        self.runs = Unrolling(self.watch.relation)
        self.solver = new_solver()

    def _question(self, prop: Property) -> Question | None:
        if prop.not_applicable:
            self.found[prop.name] = PropertyResult(prop, Verdict.NOT_APPLICABLE, reason=prop.not_applicable)
            return None
        question = question_of(self.system, prop)
        if question is None:
            reason = "a bounded search does not decide what happens eventually"
            self.found[prop.name] = PropertyResult(prop, Verdict.NOT_APPLICABLE, reason=reason)
        return question

    def run(self, depth: int, progress: Callable[[Deepening], None] | None) -> None:
        """Depth by depth, until all is decided or a limit is met."""
        for number in range(depth + 1):
            before = time.monotonic()
            if number:
                self.runs.extend()
            self.solver.add(*self.runs.news())
            self._search(number)
            self.seconds.append(time.monotonic() - before)
            if self.stopped_by:
                return
            self.depth = number
            if progress:
                progress(Deepening(number, len(self.open), time.monotonic() - self.started))
            if not self.open:
                return

    def _search(self, depth: int) -> None:
        """Settle all open questions for runs of just this depth."""
        z3 = solver_module()
        terms = {q: self.watch.term(q, self.runs, depth) for q in [*self.open, *self.lacking]}
        terms = {q: term for q, term in terms.items() if not z3.is_false(term)}
        round_ = 0
        while terms:
            some = z3.Bool(f"some {depth} {round_}")
            round_ += 1
            self.solver.add(z3.Implies(some, z3.Or(*terms.values())))
            answer = ask(self.solver, some, timeout=self._time_left())
            if answer.verdict == "unknown":
                self._give_up(answer, depth)
                return
            if answer.verdict == "unsat":
                self.solver.add([z3.Not(term) for term in terms.values()])  # known now, and of use at the next depth
                return
            for question in [q for q, term in terms.items() if value_in(answer.model, BOOL, term)]:
                self._decide(question, answer, depth)
                del terms[question]

    def _time_left(self) -> float | None:
        return None if self.deadline is None else self.deadline - time.monotonic()

    def _decide(self, question: Question, answer: Answer, depth: int) -> None:
        if question in self.lacking:
            self.lacking.remove(question)
            self.lacks[question.name] = depth
            return
        prop = self.by_name[question.name]
        instances = self.runs.instances(answer.model, depth)
        trace = replay(self.system, self.runs.initial_state(answer.model), instances, about=prop.name)
        verdict = Verdict.REACHED if prop.kind is PropertyKind.SOMETIMES else Verdict.VIOLATED
        self.found[prop.name] = PropertyResult(prop, verdict, confirm(prop, trace))
        self.open.remove(question)

    def _give_up(self, answer: Answer, depth: int) -> None:
        self.stopped_by = f"{answer.reason} in the search for runs of {depth} steps"

    def result(self) -> BoundedResult:
        """The verdicts."""
        for question in self.open:
            prop = self.by_name[question.name]
            self.found[prop.name] = self._undecided(prop)
        found = tuple(self.found[prop.name] for prop in self.properties)
        return BoundedResult(
            found, self.depth, dict(self.lacks), tuple(self.seconds), tuple(self.watch.relation.variables),
            self.stopped_by, self.interrupted,
        )  # fmt: skip

    def _undecided(self, prop: Property) -> PropertyResult:
        up_to = f"no run of up to {self.depth} steps decides it" if self.depth >= 0 else "no run was searched"
        if self.interrupted:
            return PropertyResult(prop, Verdict.INCOMPLETE, reason=f"interrupted; {up_to}")
        if self.stopped_by:
            return PropertyResult(prop, Verdict.UNKNOWN, reason=f"{self.stopped_by}; {up_to}")
        if prop.kind is PropertyKind.SOMETIMES:
            return PropertyResult(prop, Verdict.INCOMPLETE, reason=up_to, depth=self.depth)
        return PropertyResult(prop, Verdict.HOLDS_UP_TO, depth=self.depth)


class _Watch:
    """A relation that watches for what the questions ask, and where each question's conditions are among the watched ones."""

    def __init__(self, system: System, questions: Iterable[Question]) -> None:
        listed = list(questions)
        self.first: dict[Question, int] = {}
        watched: list[Mapping[int, object]] = []
        for question in listed:
            self.first[question] = len(watched)
            watched += question.steps
        kept = cone(system, system.actions, [e for question in listed for e in question.expressions])
        self.relation = Relation(system, kept, range(len(system.actions)), watched)  # type: ignore[arg-type]

    def term(self, question: Question, runs: Unrolling, depth: int) -> Term:
        """The question about runs of that many steps."""
        return question.asked(runs, depth, self.first[question])


class Outcome(PyEnum):
    """What an attempt at a proof comes to."""

    PROVED = "proved"
    NOT_PROVED = "not proved"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Induction:
    """The outcome of k-induction, and why it is not a proof if it is none."""

    outcome: Outcome
    k: int
    reason: str = ""
