"""Scenarios: the shortest run that follows given lines one after the other, from a reachable state, with nothing in between.

And single lines: for each the shortest run that ends with it.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..compile import Compiled
from ..errors import UnknownName, did_you_mean
from ..evaluate import holds
from ..expr import TRUE, Op, postorder
from ..property import Scenario, ScenarioLine
from ..system import System
from .budget import Budget
from .explore import Exploration, Run

__all__ = ["find_scenario", "first_steps"]


def find_scenario(exploration: Exploration, scenario: Scenario, budget: Budget | None = None) -> Run | None:
    """The run to the nearest explored state from which the lines can be followed, and along them; or None.

    Among equally short runs it is the least by action order. After an exploration that is not complete a run that is found is a
    run, and None settles nothing. An action that the system does not have never happens. Raises UnknownName if a line reads
    what neither the state nor one of its actions has, LimitMet if the budget is spent.
    """
    system = exploration.system
    system.check_expr(scenario.start, "the start of a scenario")
    for number, line in enumerate(scenario.lines, 1):
        _check_line(system, line, f"line {number} of a scenario ({line.text})")
    budget = budget or Budget()
    walk = _Walk(exploration, scenario.lines, budget)
    starts = Compiled(system, [scenario.start]).predicates
    for position, state in enumerate(exploration.states):
        budget.spend()
        if starts(state):
            labels = walk.follow(state, 0)
            if labels is not None:
                return exploration.run_to(position, *labels)
    return None


def first_steps(
    exploration: Exploration, lines: Sequence[ScenarioLine], budget: Budget | None = None, at_most: int | None = None
) -> list[Run | None]:
    """For each line the shortest run whose last step is one, or None; among equally short ones the least by action order.

    With `at_most`, only runs of so many steps are looked at. Whether None settles anything, and what is raised, is as with
    `find_scenario`.
    """
    system, shift = exploration.system, exploration.unit.layout.param_bits
    for number, line in enumerate(lines, 1):
        _check_line(system, line, f"line {number} ({line.text})")
    taken = {system.action_index[name] for name, times in exploration.coverage.items() if times}
    wanted = [{system.action_index[name] for name in line.actions if name in system.action_index} & taken for line in lines]
    pending = {i for i, actions in enumerate(wanted) if actions}
    found: list[Run | None] = [None] * len(lines)
    walk = _Walk(exploration, tuple(lines), budget or Budget())
    for position in range(exploration.expanded):
        if not pending or at_most is not None and exploration.depth_of(position) >= at_most:
            break
        walk.budget.spend()
        steps = [(label, target) for label, target, _ in exploration.successors(position)]
        for i in sorted(pending):
            mine = walk.kept(exploration.states[position], i, [s for s in steps if s[0] >> shift in wanted[i]])
            if mine:
                found[i] = exploration.run_to(position, mine[0][0])
                pending.discard(i)
    return found


def _check_line(system: System, line: ScenarioLine, where: str) -> None:
    system.check_expr(line.after, where)
    read = {node.attr: node.sort for node in postorder(line.before) if node.op is Op.PARAM}
    for action in system.actions:
        if action.name in line.actions:
            has = {p.name: p.sort for p in action.params}
            for name, sort in read.items():
                if name not in has:
                    raise UnknownName(f"{where}: {action.name} has no parameter {name!r}; {did_you_mean(name, has)}")
                if has[name] != sort:
                    raise UnknownName(f"{where}: the parameter {name!r} of {action.name} is {has[name]}, not {sort}")


class _Walk:
    """Follows lines, and remembers from where they cannot be followed."""

    def __init__(self, exploration: Exploration, lines: tuple[ScenarioLine, ...], budget: Budget) -> None:
        self.budget = budget
        self.unit, self.layout, self.lines = exploration.unit, exploration.unit.layout, lines
        index = exploration.system.action_index
        self.wanted = [frozenset(index[name] for name in line.actions if name in index) for line in lines]
        self.dead_ends: set[tuple[int, int]] = set()  # (packed state, line)

    def follow(self, state: int, number: int) -> list[int] | None:
        """The least labels by which lines `number` and on can be followed from a packed state, or None."""
        if number == len(self.lines):
            return []
        if (state, number) in self.dead_ends:
            return None
        for label, target in self._steps(state, number):
            rest = self.follow(target, number + 1)
            if rest is not None:
                return [label, *rest]
        self.dead_ends.add((state, number))
        return None

    def _steps(self, state: int, number: int) -> list[tuple[int, int]]:
        """The transitions that are line `number`, in action order."""
        self.budget.spend()
        wanted = self.wanted[number]
        out: list[tuple[int, int, int]] = []
        self.unit.successors(state, out, [0] * len(self.unit.needs))
        return self.kept(state, number, sorted((la, ta) for la, ta, _ in out if la >> self.layout.param_bits in wanted))

    def kept(self, state: int, number: int, steps: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Those transitions of a packed state, by actions of line `number`, where its conditions hold."""
        line = self.lines[number]
        if line.before is not TRUE and steps:
            before = self.layout.unpack(state)
            steps = [s for s in steps if holds(line.before, before, self.layout.unpack_label(s[0])[1])]
        if line.after is not TRUE:
            steps = [s for s in steps if holds(line.after, self.layout.unpack(s[1]))]
        return steps
