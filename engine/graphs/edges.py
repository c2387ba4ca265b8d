"""The explored graph as compressed sparse arrays: for graphs that are too large to be walked state by state."""

from __future__ import annotations

from array import array
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

from ..bulk import CHUNK, Bulk, packed_words
from ..expr import Expr
from ..layout import Layout
from ..search.budget import Budget
from ..search.explore import Exploration

if TYPE_CHECKING:
    import numpy as np

__all__ = ["LARGE", "Edges", "arrays_serve", "column", "edges_of", "where"]

LARGE = 20_000  # transitions from which on arrays are worth the import of numpy and scipy
KEPT = 1 << 25  # transitions up to which the arrays, of 16 bytes for each, are kept


class Edges(NamedTuple):
    """The transitions of the expanded states in action order: those of state i are `indptr[i] .. indptr[i + 1] - 1`."""

    words: np.ndarray  # every state, expanded or not, as a row of machine words
    indptr: np.ndarray
    labels: np.ndarray
    targets: np.ndarray  # positions

    def leaving(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The transitions of some states, one state after the other: their numbers, and for each the place of its state."""
        import numpy as np

        number = self.indptr[positions + 1] - self.indptr[positions]
        within = np.arange(number.sum()) - np.repeat(np.cumsum(number) - number, number)
        return np.repeat(self.indptr[positions], number) + within, np.repeat(np.arange(len(positions)), number)

    def sources(self) -> np.ndarray:
        """For each transition the position of its source."""
        import numpy as np

        return np.repeat(np.arange(len(self.indptr) - 1), np.diff(self.indptr))


def where(layout: Layout, words: np.ndarray, predicate: Expr) -> np.ndarray:
    """In which of some packed states a predicate holds."""
    return column(layout, words, predicate).astype(bool)


def column(layout: Layout, words: np.ndarray, expr: Expr) -> np.ndarray:
    """The value of a scalar expression in each of some packed states (see `bulk`)."""
    import numpy as np

    parts = [Bulk(layout, words[at : at + CHUNK]).array(expr) for at in range(0, len(words), CHUNK)]
    return np.concatenate([np.zeros(0, dtype=np.int64), *parts])


def arrays_serve(exploration: Exploration) -> bool:
    """Whether questions to this graph are better answered on arrays: it is large, labels fit, numpy and scipy are there."""
    unit = exploration.unit
    narrow = len(unit.system.actions).bit_length() + unit.layout.param_bits < 64
    return exploration.transitions >= LARGE and narrow and all(find_spec(name) for name in ("numpy", "scipy"))


def edges_of(exploration: Exploration, budget: Budget | None = None) -> Edges:
    """The transitions again, as arrays; they are kept for the next question if they are few enough.

    Raises LimitMet if the budget is spent.
    """
    if exploration.edges_kept is not None:
        return exploration.edges_kept
    budget = budget or Budget()
    if exploration.large is None:
        edges = _walked(exploration, budget)
    else:
        edges = Edges(exploration.large.words_of_states, *exploration.large.edge_arrays(budget.spend))
    if len(edges.targets) <= KEPT:
        exploration.edges_kept = edges
    return edges


def _walked(exploration: Exploration, budget: Budget) -> Edges:
    """The transitions, asked for state by state."""
    import numpy as np

    indptr, labels, targets = array("q", [0]), array("q"), array("q")
    for position in range(exploration.expanded):
        budget.spend()
        for label, target, _ in exploration.successors(position):
            labels.append(label)
            targets.append(exploration.index[target])
        indptr.append(len(labels))
    words = packed_words(exploration.states, exploration.unit.layout)
    return Edges(words, *(np.array(column, dtype=np.int64) for column in (indptr, labels, targets)))
