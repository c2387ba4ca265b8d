"""A reduced system: what is explored in the place of a system, and how its runs become runs of the system itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..errors import LanguageError, did_you_mean
from ..evaluate import apply
from ..layout import Layout
from ..property import Property
from ..search.explore import Run
from ..sorts import Value
from ..system import Action, State, System
from ..traces.trace import Trace, replay
from . import REDUCTIONS
from .dead_variables import without_dead_variables
from .mirror import Mirror
from .symmetry import Symmetry, find_symmetry

__all__ = ["Reduced", "reduced"]

Instance = tuple[Action, Mapping[str, Value]]


@dataclass(frozen=True)
class Reduced:
    """`system` is explored in the place of `original`. `refused` says of other reductions that were asked for why they are not
    used."""

    original: System
    system: System
    symmetry: Symmetry | None = None
    applied: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)

    @property
    def mirror(self) -> Mirror | None:
        """Which packed states stand for two."""
        return None if self.symmetry is None else self.symmetry.mirror

    def counts(self, taken: Mapping[str, int]) -> dict[str, int]:
        """How often each action happened: of two that are mirror images, each as often as both."""
        image = {} if self.symmetry is None else {a: b for a, b in self.symmetry.actions.items() if a != b}
        return {name: count + (taken[image[name]] if name in image else 0) for name, count in taken.items()}

    def trace(self, run: Run, about: str = "") -> Trace:
        """A run of the reduced system as a run of the original one, rebuilt by the reference evaluator.

        A lasso may go round several times before it returns: states that the reduced system does not tell apart may differ.
        Raises ReplayFailed if the evaluator does not reproduce it.
        """
        if not self.applied:
            return run.trace(self.original, about)
        layout = Layout(self.system)
        first: State = layout.unpack(run.start)
        if self.symmetry is None:
            steps = [layout.unpack_label(label) for label in run.labels]
        else:
            first, steps = self.symmetry.unfolded(run.start, run.labels)
        start = self.original.initial[[dict(state) for state in self.system.initial].index(dict(first))]
        instances = [self._original(*step) for step in steps]
        loop = run.loop
        if loop is not None:
            instances, loop = self._closed(start, instances[:loop], instances[loop:])
        return replay(self.original, start, instances, loop=loop, about=about)

    def _original(self, action: Action, params: Mapping[str, Value]) -> Instance:
        return self.original.actions[self.original.action_index[action.name]], params

    def _closed(self, start: State, stem: list[Instance], cycle: list[Instance]) -> tuple[list[Instance], int]:
        """A lasso of the original system: stem and cycle until a state after the cycle has been there before."""
        passed = [self._after(start, stem)]
        while True:
            after = dict(self._after(passed[-1], cycle))
            if after in passed:
                first = len(stem) + passed.index(after) * len(cycle)
                return [*stem, *(cycle * len(passed))], first
            passed.append(after)

    def _after(self, state: State, instances: Sequence[Instance]) -> State:
        for action, params in instances:
            state = apply(self.original, action, state, params)
        return dict(state)


def reduced(system: System, properties: Sequence[Property], names: Sequence[str]) -> Reduced:
    """The system reduced for the sake of these properties. Raises LanguageError for a reduction that does not exist."""
    for name in names:
        if name not in REDUCTIONS:
            raise LanguageError(f"there is no reduction {name!r}; {did_you_mean(name, REDUCTIONS)}")
    small = system
    applied: list[str] = []
    if "dead-variables" in names:
        small = without_dead_variables(small, properties)
        applied.append("dead-variables")
    symmetry = None
    refused: dict[str, str] = {}
    if "symmetry" in names:
        found = find_symmetry(small, properties)
        if isinstance(found, str):
            refused["symmetry"] = found
        else:
            symmetry = found
            applied.append("symmetry")
    return Reduced(system, small, symmetry, tuple(applied), refused)
