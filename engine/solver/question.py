"""Questions: what a solver is asked about a property at each depth of an unrolled relation.

| property | decided by a run of d steps if |
|---|---|
| always, a predicate | its last state breaks the predicate (and is quiescent, if the property speaks of such states only) |
| sometimes, a predicate | its last state satisfies the predicate |
| an event | its last step causes the event |
| a scenario of n lines | it satisfies `start` n steps before its end, and its last n steps follow the lines |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ..errors import UnknownName, did_you_mean
from ..expr import TRUE, Expr, Op, all_of, any_of, negate, postorder
from ..property import Property, PropertyKind, ScenarioLine
from ..system import Action, System
from .asking import Term, solver_module
from .relation import Relation, cone
from .unrolling import Unrolling

__all__ = ["Question", "Watch", "lack_of", "question_of"]


@dataclass(frozen=True, eq=False)
class Question:
    """Whether a run ends so: in a state where `states[0]` holds; or, with `steps`, `states[0]`, then a step for which the
    first condition holds and after which `states[1]` does, and so on.

    A condition on a step has for each action (position) that it allows a truth value over the state before and the action's
    parameters.
    """

    name: str
    states: tuple[Expr, ...]
    steps: tuple[Mapping[int, Expr], ...] = ()

    @property
    def expressions(self) -> list[Expr]:
        """Everything that decides the answer."""
        return [*self.states, *(condition for step in self.steps for condition in step.values())]

    def asked(self, runs: Unrolling, depth: int, watched: int) -> Term:
        """The question about runs of `depth` steps; its steps are the watched conditions of the relation from `watched` on."""
        z3, first = solver_module(), depth - len(self.steps)
        if first < 0:
            return z3.BoolVal(False)
        parts = [runs.holds(state, first + i) for i, state in enumerate(self.states) if state is not TRUE]
        parts += [runs.steps[first + i].happens[watched + i] for i in range(len(self.steps))]
        return z3.simplify(z3.And(parts))


def question_of(system: System, prop: Property) -> Question | None:
    """What decides a property, or None for one that no finite run decides. Raises UnknownName for what does not exist."""
    if prop.event is not None:
        caused = {i: e for i, action in enumerate(system.actions) for name, e in action.events if name == prop.event}
        return Question(prop.name, (TRUE, TRUE), (caused,))
    if prop.scenario is not None:
        lines = prop.scenario.lines
        states = (prop.scenario.start, *(line.after for line in lines))
        for state in states:
            system.check_expr(state, prop.name)
        return Question(prop.name, states, tuple(_line(system, prop.name, line) for line in lines))
    if prop.predicate is None:
        return None
    system.check_expr(prop.predicate, prop.name)
    decisive = prop.predicate if prop.kind is PropertyKind.SOMETIMES else negate(prop.predicate)
    return Question(prop.name, (all_of(decisive, system.quiescent) if prop.only_quiescent else decisive,))


def _line(system: System, where: str, line: ScenarioLine) -> dict[int, Expr]:
    """What a line allows; an action that the system does not have never happens."""
    allowed = {}
    for index, action in enumerate(system.actions):
        if action.name in line.actions:
            _check_line(system, action, line, where)
            allowed[index] = line.before
    return allowed


def _check_line(system: System, action: Action, line: ScenarioLine, where: str) -> None:
    params = {p.name: p.sort for p in action.params}
    for node in postorder(line.before):
        if node.op is Op.PARAM and params.get(node.attr) != node.sort:
            known = did_you_mean(node.attr, params)
            raise UnknownName(f"{where}, {line.text!r}: {action.name} has no parameter {node.attr!r} of {node.sort}; {known}")
        if node.op is Op.VAR:
            system.check_expr(node, f"{where}, {line.text!r}")


def lack_of(system: System, need: str) -> Question:
    """Whether in a run's last state some action fails only for want of the named need (those named before it are there)."""
    cases = []
    for action in system.actions:
        earlier: list[Expr] = []
        for name, condition in action.needs:
            if name == need:
                lacking = replace(action, guard=(*action.guard, *earlier, negate(condition)), needs=())
                cases.append(system.can_happen(lacking))
            earlier.append(condition)
    return Question(need, (any_of(*cases),))


class Watch:
    """A relation that watches for what questions ask, and where each question's conditions are among the watched ones."""

    def __init__(self, system: System, questions: Iterable[Question]) -> None:
        listed = list(questions)
        self._first: dict[Question, int] = {}
        watched: list[Mapping[int, Expr]] = []
        for question in listed:
            self._first[question] = len(watched)
            watched += question.steps
        kept = cone(system, system.actions, [e for question in listed for e in question.expressions])
        self.relation = Relation(system, kept, range(len(system.actions)), watched)

    def term(self, question: Question, runs: Unrolling, depth: int) -> Term:
        """The question about runs of that many steps."""
        return question.asked(runs, depth, self._first[question])
