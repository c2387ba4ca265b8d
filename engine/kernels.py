"""What a large search does that is the same for every model, in the part of Python that `native` translates.

States are rows of `WIDTH` words. A hash table tells where a state is: an entry holds its position and, above that, bits of its
hash, so that hardly ever two states are compared that differ. Every state of the table lies in `states`, or, while a batch is
being worked off, among the successors of the batch (`words`); the latter have provisional positions, `known` and up.

The table is made of `1 << PARTS` parts by the highest bits of the hash. A search for a free place stays within its part, so
that as many threads as there are parts may put states into the table at the same time.
"""

from __future__ import annotations

from collections.abc import MutableSequence
from typing import TypeAlias

__all__ = ["divide", "forget", "insert", "locate", "number", "order", "refill", "tally"]

Words: TypeAlias = MutableSequence[int]  # of 64 bits
Numbers: TypeAlias = MutableSequence[int]  # of 32 bits, none negative
Octets: TypeAlias = MutableSequence[int]

WIDTH = 1  # words of a state; the translation is given the true number
PARTS = 6
POSITION = (1 << 36) - 1  # the bits of an entry that hold a position, plus one; an entry of 0 is empty
TAG = (1 << 63) - 1 - POSITION
LOW = (1 << 32) - 1
AHEAD = 12  # how far ahead memory is asked for


def prefetch(_array: Words, _index: int) -> None:
    """Ask for a place of an array ahead of its use."""


def hash_of(words: Words, row: int) -> int:
    """The hash of a state."""
    h = 0
    for i in range(WIDTH):
        h = (h ^ words[row * WIDTH + i]) * -7046029254386353131
        h = h ^ (h >> 32 & LOW)
    h = h * -4658895280553007687
    return h ^ (h >> 29 & LOW)


def order(count: int, first: int, ends: Words, labels: Words, words: Words, flags: Words, hashes: Words) -> None:
    """Sort the successors of each of `count` states by label, and hash them; `ends` tells where those of each state end."""
    at = first
    for state in range(count):
        begin = at
        at = ends[state]
        for i in range(begin + 1, at):
            if labels[i] < labels[i - 1]:
                label = labels[i]
                flag = flags[i]
                j = i
                while j > begin and labels[j - 1] > label:
                    labels[j] = labels[j - 1]
                    flags[j] = flags[j - 1]
                    j -= 1
                labels[j] = label
                flags[j] = flag
                for w in range(WIDTH):
                    word = words[i * WIDTH + w]
                    k = i
                    while k > j:
                        words[k * WIDTH + w] = words[(k - 1) * WIDTH + w]
                        k -= 1
                    words[j * WIDTH + w] = word
    for i in range(first, at):
        hashes[i] = hash_of(words, i)


def home(h: int, bits: int) -> int:
    """Where in a table of `1 << bits` entries a hash belongs."""
    return h >> 64 - bits & (1 << bits) - 1


def tag(h: int) -> int:
    """The bits of a hash that an entry holds."""
    return h << 36 & TAG


def after(slot: int, bits: int) -> int:
    """The entry after another one, in the same part."""
    inside = (1 << bits - PARTS) - 1
    return slot & ~inside | slot + 1 & inside


def same(one: Words, row: int, other: Words, place: int) -> int:
    """Whether two states are equal."""
    different = 0
    for i in range(WIDTH):
        different = different | one[row * WIDTH + i] ^ other[place * WIDTH + i]
    return different == 0


def divide(first: int, end: int, hashes: Words, owners: int, size: int, chosen: Words, counts: Words) -> None:
    """List the successors by who owns the part of the table where they belong; each list has room for `size`."""
    for owner in range(owners):
        counts[owner] = 0
    for i in range(first, end):
        owner = home(hashes[i], PARTS) * owners >> PARTS
        chosen[owner * size + counts[owner]] = i
        counts[owner] += 1


def insert(
    count: int, chosen: Words, hashes: Words, words: Words, slots: Words,
    states: Words, known: int, table: Words, bits: int,
) -> int:  # fmt: skip
    """Put those of the chosen successors into the table that are not there: their slots, else -1.

    Gives 1 if a part is full (then the table has to grow, and all begins anew), else 0.
    """
    size = 1 << bits - PARTS
    for k in range(count):
        if k + 2 * AHEAD < count:
            prefetch(table, home(hashes[chosen[k + 2 * AHEAD]], bits))
            h = hashes[chosen[k + AHEAD]]
            entry = table[home(h, bits)]
            if entry & TAG == tag(h) and entry & POSITION <= known:
                prefetch(states, ((entry & POSITION) - 1) * WIDTH)
        i = chosen[k]
        h = hashes[i]
        slot = home(h, bits)
        steps = 0
        found = -1
        while True:
            entry = table[slot]
            if entry == 0:
                table[slot] = tag(h) | known + i + 1
                found = slot
                break
            if entry & TAG == tag(h):
                position = (entry & POSITION) - 1
                if position < known:
                    if same(words, i, states, position):
                        break
                elif same(words, i, words, position - known):
                    break
            slot = after(slot, bits)
            steps += 1
            if steps == size:
                return 1
        slots[i] = found
    return 0


def number(
    start: int, count: int, first: int, ends: Words, words: Words, slots: Words,
    states: Words, parents: Numbers, known: int, most: int, table: Words, level: Words,
) -> int:  # fmt: skip
    """Give the new successors of `count` states from `start` on their positions, in order: how many states are then known.

    Stops before the state that would make it more than `most`: `level[0]` says after how many states. `level[1]` is where the
    level ends that is being worked off; `level[2]` counts the ends of levels that were passed and are written after it.
    """
    at = first
    for i in range(count):
        begin = at
        at = ends[i]
        fresh = 0
        for j in range(begin, at):
            if slots[j] >= 0:
                fresh += 1
                prefetch(table, slots[j])
        if known + fresh > most:
            level[0] = i
            return known
        if fresh > 0:
            for j in range(begin, at):
                slot = slots[j]
                if slot >= 0:
                    for w in range(WIDTH):
                        states[known * WIDTH + w] = words[j * WIDTH + w]
                    parents[known] = start + i
                    known += 1
                    table[slot] = table[slot] & TAG | known
        if start + i + 1 == level[1]:
            level[3 + level[2]] = known
            level[2] += 1
            level[1] = known
    level[0] = count
    return known


def forget(first: int, end: int, slots: Words, table: Words) -> None:
    """Take successors out of the table again, the last that were put in."""
    for i in range(first, end):
        if slots[i] >= 0:
            table[slots[i]] = 0


def tally(
    count: int, first: int, ends: Words, labels: Words, flags: Words, shift: int,
    actions: int, protocol: Octets, quiet: Octets, taken: Words,
) -> int:  # fmt: skip
    """Count the transitions of `count` states by action, and after the last action the overflows: which flags occur.

    `quiet` is made 1 for the states without a protocol step.
    """
    seen = 0
    lost = 0
    at = first
    for i in range(count):
        moves = 0
        for j in range(at, ends[i]):
            action = labels[j] >> shift
            taken[action] += 1
            moves = moves | protocol[action]
            seen = seen | flags[j]
            lost += flags[j] & 1
        quiet[i] = 1 - moves
        at = ends[i]
    taken[actions] += lost
    return seen


def refill(start: int, end: int, states: Words, table: Words, bits: int) -> int:
    """Put the states start .. end - 1 into a table that has none of them; 1 if a part is full."""
    size = 1 << bits - PARTS
    for i in range(start, end):
        if i + AHEAD < end:
            prefetch(table, home(hash_of(states, i + AHEAD), bits))
        h = hash_of(states, i)
        slot = home(h, bits)
        steps = 0
        while table[slot] != 0:
            slot = after(slot, bits)
            steps += 1
            if steps == size:
                return 1
        table[slot] = tag(h) | i + 1
    return 0


def locate(count: int, words: Words, states: Words, table: Words, bits: int, found: Words) -> None:
    """The positions of `count` states, -1 for those that are not in the table."""
    size = 1 << bits - PARTS
    for i in range(count):
        if i + 2 * AHEAD < count:
            prefetch(table, home(hash_of(words, i + 2 * AHEAD), bits))
        if i + AHEAD < count:
            ahead = hash_of(words, i + AHEAD)
            entry = table[home(ahead, bits)]
            if entry != 0 and entry & TAG == tag(ahead):
                prefetch(states, ((entry & POSITION) - 1) * WIDTH)
        h = hash_of(words, i)
        slot = home(h, bits)
        steps = 0
        found[i] = -1
        while table[slot] != 0 and steps < size:
            entry = table[slot]
            if entry & TAG == tag(h) and same(words, i, states, (entry & POSITION) - 1):
                found[i] = (entry & POSITION) - 1
                break
            slot = after(slot, bits)
            steps += 1
