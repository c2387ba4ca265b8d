"""Bounded model checking: the shortest violations and witnesses, found by Z3 on the unrolled relation.

Depths are searched in increasing order, all undecided properties at once, so what is found is as short as what exploration
finds. Runs set out from the last frontier (`frontier`) whose states it was cheaper to find than to search on from the
one before, a group of its states at a time; their last step is always the solver's. Every run is replayed and confirmed by the
reference evaluator before it is given back. References: Biere, Cimatti, Clarke, Zhu, "Symbolic model checking without BDDs"
(TACAS 1999).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..property import Property, PropertyKind, Verdict
from ..results import PropertyResult
from ..search.limits import UNLIMITED, Limits
from ..sorts import BOOL
from ..system import System
from ..traces.confirm import confirm
from ..traces.trace import replay
from .asking import Answer, Term, ask, one_shot_solver, solver_module, work
from .frontier import Frontiers
from .inductive_step import Attempt
from .question import Question, Watch, lack_of, question_of
from .terms import value_in
from .unrolling import Unrolling

__all__ = ["BoundedResult", "Deepening", "Search", "bounded"]

HARDER = 3  # so much more work, roughly, is a search for each step that it is longer
LAST = 1  # the last step of a run is never a frontier's: the solver looks for it
TOGETHER = 200  # states of a frontier from which runs set out in one problem
PROOF_WORK = 30_000_000  # of Z3's, some ten seconds: a bounded search spends no more on looking for what is inductive


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
    limits: Limits = UNLIMITED,
    *,
    progress: Callable[[Deepening], None] | None = None,
) -> BoundedResult:
    """Search the runs of up to `depth` steps for violations of always-properties and witnesses of sometimes-properties.

    | nothing found | verdict |
    |---|---|
    | an always-property | `holds-up-to` (`depth`), or `proved` if it is inductive |
    | a sometimes-property | `incomplete` |
    | an eventually-property, or one of several steps | `not-applicable`: no single finite run decides it |
    | the same, where time is over or memory full | the same, up to the depth that was reached |
    | Z3 gives up | `unknown`, with its reason |

    A keyboard interrupt ends the search with what was found so far. Raises ReplayFailed if the reference evaluator does not
    reproduce a run (a bug of this engine), UnknownName if a property speaks of what the system does not have.
    """
    search = Search(system, properties, limits)
    try:
        search.run(depth, progress)
    except KeyboardInterrupt:
        search.stopped_by, search.interrupted = "interrupted", True
    return search.result()


class Search:
    """A bounded search: the unrolled runs, and which questions about them are still open."""

    def __init__(self, system: System, properties: Sequence[Property], limits: Limits) -> None:
        self.system, self.properties = system, tuple(properties)
        self.started = time.monotonic()
        self.limits = limits
        self.by_name = {p.name: p for p in properties}
        self.found: dict[str, PropertyResult] = {}
        self.lacks: dict[str, int] = {}
        self.seconds: list[float] = []
        self.stopped_by, self.interrupted = "", False
        self.limit = ""  # that was met, if this is why
        self.depth = -1
        self.open = [question for prop in properties if (question := self._question(prop)) is not None]
        self.lacking = [lack_of(system, name) for name in dict.fromkeys(n for a in system.actions for n, _ in a.needs)]
        self.watch = Watch(system, [*self.open, *self.lacking])
        self.frontiers = Frontiers(self.watch.relation)
        self.runs: dict[int, list[Unrolling]] = {}  # from which frontier they set out, in groups of its states
        self.last_work = 0  # what the searches of the last depth took

    def _question(self, prop: Property) -> Question | None:
        if prop.not_applicable:
            self.found[prop.name] = PropertyResult(prop, Verdict.NOT_APPLICABLE, reason=prop.not_applicable)
            return None
        question = question_of(self.system, prop)
        if question is None:
            several = "a bounded search looks for one run, and this asks for several"
            reason = several if prop.each else "a bounded search does not decide what happens eventually"
            self.found[prop.name] = PropertyResult(prop, Verdict.NOT_APPLICABLE, reason=reason)
        return question

    def run(self, depth: int, progress: Callable[[Deepening], None] | None, inductive: bool = True) -> None:
        """Depth by depth, until all is decided or a limit is met; `inductive`: what is so is proved on the way."""
        longest = max((len(question.steps) for question in [*self.open, *self.lacking]), default=0)
        for number in range(depth + 1):
            before = time.monotonic()
            self._search(number)
            if not self.stopped_by:
                self.depth = number
                if inductive and number == 0 < depth:
                    self._prove()
            self.seconds.append(time.monotonic() - before)
            if progress:
                progress(Deepening(self.depth, len(self.open), time.monotonic() - self.started))
            if self.stopped_by or not self.open:
                return
            if self.frontiers.ended and number >= self.frontiers.depth + longest:
                self.depth = depth  # no run sets out from a frontier that is empty
                return

    def _search(self, depth: int) -> None:
        """Settle all open questions for runs of just this depth, those together that set out from one frontier."""
        saved = (HARDER - 1.0) * self.last_work
        while not self.stopped_by and self.frontiers.depth < depth - LAST and self.frontiers.worth(saved):
            known = self.frontiers.depth
            self._stop(self.frontiers.grow(self._over), depth)
            saved = saved / HARDER if self.frontiers.depth > known else 0
        self.last_work = 0
        together: dict[int, list[Question]] = {}
        for question in [*self.open, *self.lacking]:
            base = min(depth - len(question.steps), self.frontiers.depth)
            if base >= 0:
                together.setdefault(base, []).append(question)
        self.runs = {base: self.runs.get(base) or self._set_out(base, depth) for base in together}
        for base, questions in together.items():
            for runs in self.runs[base]:
                if questions and not self.stopped_by:
                    questions = self._settle(questions, runs, base, depth)

    def _set_out(self, base: int, depth: int) -> list[Unrolling]:
        """Runs from a frontier. States that are near in order have much in common, and a group of them is simplified by it.

        There are few when a limit is met: then the search for runs of this depth is over.
        """
        numbers = [] if self.stopped_by else sorted(self.frontiers.found[base])
        runs: list[Unrolling] = []
        for first in range(0, len(numbers), TOGETHER):
            if runs:  # one group is looked at, however little time there is
                self._stop(self._over(), depth)
            if self.stopped_by:
                break
            runs.append(Unrolling(self.watch.relation, self.frontiers.packing.among(numbers[first : first + TOGETHER])))
        return runs

    def _settle(self, questions: Sequence[Question], runs: Unrolling, base: int, depth: int) -> list[Question]:
        """Settle questions for runs of just this depth that set out from some states of a frontier: those still open."""
        z3 = solver_module()
        while len(runs.steps) < depth - base:
            runs.extend()
        asked = {question: self.watch.term(question, runs, depth - base) for question in questions}
        terms = {question: term for question, term in asked.items() if not z3.is_false(term)}
        facts = [z3.Not(self.watch.term(q, runs, i)) for q in self.open for i in range(len(q.steps), depth - base)]
        while terms and not self.stopped_by:
            solver = one_shot_solver()
            solver.add(*runs.constraints, *facts, z3.Or(*terms.values()))
            before = work(solver)
            answer = self.ask(solver)
            self.last_work += work(solver) - before
            if answer.verdict == "unknown":
                self._stop(answer.reason, depth)
            if answer.verdict != "sat":
                break
            for question in [q for q, term in terms.items() if value_in(answer.model, BOOL, term)]:
                self._decide(question, answer, runs, base, depth)
                del terms[question], asked[question]
        return list(asked)

    def _stop(self, reason: str, depth: int) -> None:
        if reason:
            self.limit = self._over()
            self.stopped_by = f"{self.limit or reason} in the search for runs of {depth} steps"

    def ask(self, solver: Any, *assumptions: Term, most: int | None = None) -> Answer:
        """Ask within the time that is left, and with no more than so much work."""
        if reason := self._over():
            return Answer("unknown", reason=reason)
        left = self.limits.seconds_left
        if left is not None:
            left += self.started - time.monotonic() + 0.01  # not a moment before the limit is met
        over = None if self.limits.max_memory is None else self._over
        return ask(solver, *assumptions, timeout=left, over=over, most=most)

    def _over(self) -> str:
        """The limit that is met, or empty."""
        return self.limits.met(0, self.started)

    def _prove(self) -> None:
        """See whether the always-properties that hold at the beginning are inductive.

        Where runs may end for want of a need nothing counts as proved: what would have come after is not looked at.
        """
        candidates = [q for q in self.open if self.by_name[q.name].kind is PropertyKind.ALWAYS]
        if not candidates or any(action.needs for action in self.system.actions):
            return
        left = PROOF_WORK

        def asking(solver: Any, *assumptions: Term) -> Answer:
            nonlocal left
            before = work(solver)
            answer = self.ask(solver, *assumptions, most=max(1, left))
            left -= work(solver) - before
            return answer

        for question in Attempt(self.watch).proved(candidates, 1, asking):
            self.found[question.name] = PropertyResult(self.by_name[question.name], Verdict.PROVED)
            self.open.remove(question)

    def _decide(self, question: Question, answer: Answer, runs: Unrolling, base: int, depth: int) -> None:
        if question in self.lacking:
            self.lacking.remove(question)
            self.lacks[question.name] = depth
            return
        prop = self.by_name[question.name]
        initial, begun = self.frontiers.run_to(self.frontiers.read(answer.model, runs.states[0]))
        trace = replay(self.system, initial, [*begun, *runs.instances(answer.model, depth - base)], about=prop.name)
        self.found[prop.name] = PropertyResult(prop, prop.shown, confirm(prop, trace))
        self.open.remove(question)

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
        why = f"{self.stopped_by}; {up_to}" if self.stopped_by else ""
        if self.stopped_by and not self.limit:
            return PropertyResult(prop, Verdict.UNKNOWN, reason=why)
        if prop.kind is PropertyKind.SOMETIMES or self.depth < 0:
            return PropertyResult(prop, Verdict.INCOMPLETE, reason=why or up_to, depth=self.depth if self.depth >= 0 else None)
        return PropertyResult(prop, Verdict.HOLDS_UP_TO, reason=why, depth=self.depth)
