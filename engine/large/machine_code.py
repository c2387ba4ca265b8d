"""The successor function and the predicates over machine words, from the same text as the plain ones.

A state is a row of signed words of 64 bits. The layout lets no variable cross a word, so an expression reads it from one word,
and what is written here is how a state is read and how a transition is given back; the rest `compile` and `source` have.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from ..compile import Compiled, SuccessorWriter, mask_of
from ..expr import Expr, postorder
from ..layout import WORD, Layout, Place
from ..sorts import Bag, Int
from ..source import Block, shared
from ..system import Action, System

__all__ = ["machine_source", "most_successors", "obstacle"]

MOST = 1 << 20  # successors of one state for which there is room
SAFE = 1 << 40  # whole numbers of a model are below: then nothing that is computed from them overflows


class Words:
    """Machine words, in the local variables `s0`, `s1`, ..."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    def load(self, place: Place) -> str:
        """What lies at a place."""
        return f"s{place.offset // WORD} >> {place.offset % WORD} & {place.mask}"

    def rows(self, array: str, row: str, indent: int) -> list[str]:
        """The lines that read a state from a row of an array."""
        width = self.layout.words
        return [f"{'    ' * indent}s{i} = {array}[{row} * {width} + {i}]" for i in range(width)]


def machine_source(unit: Compiled) -> str:
    """Source of `expand` and `judge`, for `native`.

    `expand(states, start, end, first, last, ...)` puts the transitions of the states start .. end - 1 into the arrays, from row
    `first` on, and the row after those of each state into `ends`. It stops before a state when it has come past the row `last`
    and gives the number of states expanded. `lack` counts as `Compiled.successors` does; its last place counts the values that
    are outside their sort. `judge` writes the masks of the predicates for the first rows of an array of
    states, and gives what occurs in them.
    """
    form = Words(unit.layout)
    width = unit.layout.words
    given = ", ".join(f"w{i}" for i in range(width))
    emit = [
        f"def emit(n, label, {given}, flag, labels: Words, words: Words, flags: Words):",
        *_standing(unit),
        "    labels[n] = label",
        *(f"    words[n * {width} + {i}] = w{i}" for i in range(width)),
        "    flags[n] = flag",
        "    return n + 1",
    ]
    block = Block(form, shared(unit.watched), 2)
    mask = mask_of(block, unit.watched)
    judge = [
        "def judge(count, states: Words, masks: Words):",
        "    seen = 0",
        "    for row in range(0, count):",
        *form.rows("states", "row", 2),
        *block.lines,
        f"        mask = {mask}",
        "        masks[row] = mask",
        "        seen = seen | mask",
        "    return seen",
    ]
    return "\n".join([*emit, _MachineWriter(unit, form).write(), *judge])


def _standing(unit: Compiled) -> list[str]:
    """The lines that put the mirror image in the place of the words w0, w1, ... if it is less than they are."""
    if unit.mirror is None:
        return []
    width = unit.layout.words
    parts: list[dict[tuple[int, int], int]] = [{} for _ in range(width)]  # (source word, shift) -> mask of the target
    for here, there in unit.mirror.places:
        for one, other in ((here, there), (there, here)):
            come = parts[other.offset // WORD]
            key = one.offset // WORD, other.offset % WORD - one.offset % WORD
            come[key] = come.get(key, 0) | other.mask << other.offset % WORD
    lines, less = [], "False"
    for i, come in enumerate(parts):
        texts = [f"w{i} & {_word(unit.mirror.stays, i)}"]
        for (source, shift), mask in come.items():
            moved = f"w{source} << {shift}" if shift > 0 else f"w{source} >> {-shift}" if shift else f"w{source}"
            texts.append(f"{moved} & {_word(mask, 0)}")
        lines.append(f"    m{i} = {' | '.join(texts)}")
        unsigned = f"(m{i} < w{i}) != ((m{i} ^ w{i}) < 0)"
        less = unsigned if i == 0 else f"({unsigned}) if m{i} != w{i} else ({less})"
    lines.append(f"    if {less}:")
    return [*lines, *(f"        w{i} = m{i}" for i in range(width))]


class _MachineWriter(SuccessorWriter):
    """Writes the successor function as a loop over states that fills arrays."""

    indent = 2
    form: Words

    def whole(self, lines: list[str]) -> str:
        arrays = "labels: Words, words: Words, flags: Words, ends: Words, lack: Words"
        return "\n".join([
            f"def expand(states: Words, start, end, first, last, {arrays}):",
            "    n = first",
            "    for position in range(start, end):",
            "        if n > last: return position - start",
            *self.form.rows("states", "position", 2),
            *lines,
            "        ends[position - start] = n",
            "    return end - start",
        ])  # fmt: skip

    def outside(self, action: int, variable: int, text: str) -> str:
        return f"lack[{len(self.unit.needs)}] += 1"

    def emit(self, label: str, cleared: int, parts: list[tuple[int, str]], known: int, flags: str) -> str:
        words = []
        for i in range(self.layout.words):
            keep, ones = _word(~cleared, i), _word(known, i)
            texts = [f"s{i}" if keep == -1 else f"s{i} & {keep}"]
            texts += [f"{text} << {at % WORD}" for at, text in parts if at // WORD == i]
            words.append(" | ".join([*texts, *([str(ones)] if ones else [])]))
        return f"n = emit(n, {label}, {', '.join(words)}, {flags}, labels, words, flags)"


def _word(bits: int, i: int) -> int:
    """One word of a packed state, signed."""
    word = bits >> i * WORD & (1 << WORD) - 1
    return word - (1 << WORD) if word >> WORD - 1 else word


def most_successors(system: System) -> int:
    """A bound on the transitions of one state."""
    return sum(prod(_choices(system, action)) for action in system.actions)


def _choices(system: System, action: Action) -> Iterator[int]:
    for p in action.params:
        bag = None if p.channel is None else system.by_name[p.channel].sort
        yield bag.capacity if isinstance(bag, Bag) else p.sort.cardinality


def obstacle(unit: Compiled) -> str:
    """Why a system's successors cannot be computed in machine words, or empty."""
    system, layout = unit.system, unit.layout
    if most_successors(system) > MOST:
        return "one state can have too many successors"
    if len(system.actions).bit_length() + layout.param_bits > WORD - 2:
        return "the parameters of an action do not fit into one word"
    if len(unit.events) > WORD - 3 or len(unit.watched) > WORD - 2:
        return "there are too many properties to note in one word"
    for node in postorder(*_expressions(unit)):
        if isinstance(node.sort, Int) and not -SAFE < node.sort.lo <= node.sort.hi < SAFE:
            return f"whole numbers are too large: {node.sort}"
    return ""


def _expressions(unit: Compiled) -> list[Expr]:
    found = list(unit.watched)
    for action in unit.system.actions:
        found += [*action.guard, *(e for pairs in (action.needs, action.effects, action.events) for _, e in pairs)]
        found += [action.overflow, *(p.expr for p in action.params)]
    return found
