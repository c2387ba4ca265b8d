"""Mirror images of packed states: pairs of variables that change places, and which of the two states stands for both."""

from __future__ import annotations

from collections.abc import Mapping

from ..layout import Layout

__all__ = ["Mirror"]


class Mirror:
    """Swaps variables of equal sorts: `pairs` maps each of those that move to its counterpart, and that to it."""

    def __init__(self, layout: Layout, pairs: Mapping[str, str]) -> None:
        both = [pair for a, b in pairs.items() for pair in zip(layout.places[a], layout.places[b], strict=True)]
        self.places = [(here, there) for here, there in both if here.offset < there.offset and here.width]
        found: dict[int, list[int]] = {}
        for here, there in self.places:
            masks = found.setdefault(there.offset - here.offset, [0, 0])
            masks[0] |= here.mask << here.offset
            masks[1] |= there.mask << there.offset
        self.moves = [(lower, upper, distance) for distance, (lower, upper) in sorted(found.items())]
        """(Mask of places, mask of their counterparts, how far these are above those)."""
        self.stays = (1 << layout.width) - 1 & ~sum(lower | upper for lower, upper, _ in self.moves)

    def image(self, code: int) -> int:
        """The mirror image of a packed state."""
        found = code & self.stays
        for lower, upper, distance in self.moves:
            found |= (code & lower) << distance | (code & upper) >> distance
        return found

    def canonical(self, code: int) -> int:
        """The less of a packed state and its mirror image."""
        return min(code, self.image(code))
