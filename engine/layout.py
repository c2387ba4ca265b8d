"""Layout: where each variable lives in a packed state.

A packed state is one unsigned integer. Every scalar variable and every slot of a bag is a *place* (offset, width) that does
not cross a multiple of 64 bits, so that the same layout serves one arbitrary-size Python integer and an array of machine
words. The encoding is injective: two states are equal if and only if their packed integers are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .errors import LanguageError
from .sorts import Bag, Value
from .system import Action, State, System

__all__ = ["WORD", "Layout", "Place"]

WORD = 64


@dataclass(frozen=True)
class Place:
    """Bits `offset` .. `offset + width - 1` of a packed state."""

    offset: int
    width: int

    @property
    def mask(self) -> int:
        """As many one bits as the place is wide."""
        return (1 << self.width) - 1


class Layout:
    """Packs states and action instances of one system. Raises LanguageError if a variable is wider than a word."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.places: dict[str, tuple[Place, ...]] = {}
        at = 0
        for variable in system.variables:
            sort = variable.sort
            count, width = (sort.capacity, sort.slot_width) if isinstance(sort, Bag) else (1, sort.width)
            if width > WORD - 1:
                raise LanguageError(f"{variable.name} needs {width} bits in one piece; at most {WORD - 1} are possible")
            places = []
            for _ in range(count):
                if at % WORD + width > WORD:
                    at += WORD - at % WORD
                places.append(Place(at, width))
                at += width
            self.places[variable.name] = tuple(places)
        self.width = at
        self.param_bits = max((sum(p.sort.width for p in a.params) for a in system.actions), default=0)

    @property
    def words(self) -> int:
        """Machine words that a packed state takes."""
        return max(1, -(-self.width // WORD))

    def pack(self, state: State) -> int:
        """The packed state. The state must be a complete assignment of values of the right sorts."""
        code = 0
        for variable in self.system.variables:
            sort, places = variable.sort, self.places[variable.name]
            if isinstance(sort, Bag):
                for place, element in zip(places, state[variable.name], strict=False):
                    code |= (sort.element.encode(element) << 1 | 1) << place.offset
            else:
                code |= sort.encode(state[variable.name]) << places[0].offset
        return code

    def unpack(self, code: int) -> dict[str, Value]:
        """The state that `pack` wrote as `code`."""
        state: dict[str, Value] = {}
        for variable in self.system.variables:
            sort = variable.sort
            parts = [code >> p.offset & p.mask for p in self.places[variable.name]]
            if isinstance(sort, Bag):
                state[variable.name] = tuple(sort.element.decode(part >> 1) for part in parts if part)
            else:
                state[variable.name] = sort.decode(parts[0])
        return state

    def pack_label(self, action: Action, params: Mapping[str, Value]) -> int:
        """An action instance as one integer; labels of one state sort in action order."""
        label = self.system.action_index[action.name]
        used = 0
        code = 0
        for p in action.params:
            code = code << p.sort.width | p.sort.encode(params[p.name])
            used += p.sort.width
        return label << self.param_bits | code

    def unpack_label(self, label: int) -> tuple[Action, dict[str, Value]]:
        """The action and its parameters that `pack_label` wrote as `label`."""
        action = self.system.actions[label >> self.param_bits]
        params: dict[str, Value] = {}
        for p in reversed(action.params):
            params[p.name] = p.sort.decode(label & (1 << p.sort.width) - 1)
            label >>= p.sort.width
        return action, {p.name: params[p.name] for p in action.params}
