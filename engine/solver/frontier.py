"""Frontiers: the states that lie k steps from the beginning and not fewer, each found by Z3's evaluation of the ones before.

The runs of a given length are far more than the states that they lead to: what independent steps do in any order comes to one
state. A search along runs looks at each of them; a search that sets out from a frontier has all that lies before behind it.
A shortest run of d steps has after k of them a state of frontier k.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from ..system import State
from .images import Images, Instance
from .packing import Packing
from .relation import Relation
from .terms import Leaf

__all__ = ["Frontiers"]

FEW = 200  # as long as there are not more states than these, the next frontier is found without further question
MOST = 100_000  # a frontier that makes them so many is given up
CHOICES = 5000  # a system whose actions have more choices than these is searched along its runs alone
EVERY = 64  # states between two questions whether there is still time
STATE = 3000  # the work of a search that takes as long as finding what comes after a state


class Frontiers:
    """Frontiers 0, 1, ... of a relation: of each, the numbers of its states (over the variables of the relation's cone)."""

    def __init__(self, relation: Relation) -> None:
        self.relation = relation
        self.packing = Packing(relation.variables)
        numbers = [self.packing.number_of(state) for state in relation.system.initial]
        self.found: list[list[int]] = [list(dict.fromkeys(numbers))]
        self._initial = dict(zip(reversed(numbers), reversed(relation.system.initial), strict=True))
        self._reached: dict[int, tuple[int, int]] = dict.fromkeys(numbers, (-1, -1))  # from which state, by which choice
        self._given_up = Images.count(relation) > CHOICES

    @property
    def depth(self) -> int:
        """The last frontier that was found."""
        return len(self.found) - 1

    @property
    def ended(self) -> bool:
        """Whether nothing lies so far from the beginning as the last frontier: every state was found before."""
        return not self.found[-1]

    def worth(self, work: float) -> bool:
        """Whether there is a next frontier, and it takes less time than this work of Z3's (see `asking.work`)."""
        few = len(self._reached) <= FEW
        return not (self._given_up or self.ended) and (few or STATE * len(self.found[-1]) <= work)

    def read(self, model: Any, state: Mapping[str, Leaf]) -> int:
        """The number of a state in a Z3 model."""
        return self.packing.read(model, self.packing.number(state))

    def grow(self, over: Callable[[], str]) -> str:
        """Find the next frontier. Where `over` gives a reason to stop there is none, and the reason is given back."""
        new: dict[int, tuple[int, int]] = {}
        for position, number in enumerate(self.found[-1]):
            if position % EVERY == 0 and (reason := over()):
                return reason
            for choice, after in self._images.of(number):
                if after not in self._reached and after not in new:
                    new[after] = number, choice
            if len(self._reached) + len(new) > MOST:
                self._given_up = True
                return ""
        self.found.append(list(new))
        self._reached.update(new)
        return ""

    def run_to(self, number: int) -> tuple[State, list[Instance]]:
        """A shortest run to a state of a frontier: where it begins, and its steps."""
        instances: list[Instance] = []
        while number not in self._initial:
            number, choice = self._reached[number]
            instances.append(self._images.instance(number, choice))
        return self._initial[number], instances[::-1]

    @cached_property
    def _images(self) -> Images:
        return Images(self.relation, self.packing)
