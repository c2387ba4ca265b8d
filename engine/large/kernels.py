"""What a large search does that is the same for every model, in the part of Python that `native` translates.

States are rows of `WIDTH` words. A hash table tells where a state is: an entry holds its position and, above that, bits of its
hash, so that hardly ever two states are compared that differ. Every state of the table lies in `states`, or, while a batch is
being worked off, among the successors of the batch (`words`); the latter have provisional positions, `known` and up.

The table is made of `1 << PARTS` parts by the highest bits of the hash. A search for a free place stays within its part, so
that as many threads as there are parts may put states into the table at the same time. An entry holds so many bits of the
hash that they, with the part, tell where it belongs in a table of twice the size: the table grows without a look at the states.
"""

from __future__ import annotations

from collections.abc import MutableSequence
from typing import TypeAlias

__all__ = ["arrange", "forget", "insert", "locate", "number", "refill", "spread"]

Words: TypeAlias = MutableSequence[int]  # of 64 bits
Numbers: TypeAlias = MutableSequence[int]  # of 32 bits, none negative
Octets: TypeAlias = MutableSequence[int]

WIDTH = 1  # words of a state; the translation is given the true number
PARTS = 6
POSITION = (1 << 33) - 1  # the bits of an entry that hold a position, plus one; an entry of 0 is empty
TAG = (1 << 63) - 1 - POSITION
LOW = (1 << 32) - 1
RECENT = 1 << 13  # successors that are remembered, each at a place by its hash
AHEAD = 16  # how far ahead memory is asked for
NOWHERE = (1 << 32) - 1  # behind the last place


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


def home(h: int, bits: int) -> int:
    """Where in a table of `1 << bits` entries a hash belongs."""
    return h >> 64 - bits & (1 << bits) - 1


def tag(h: int) -> int:
    """The bits of a hash that an entry holds: those that follow the ones that tell the part."""
    return h << PARTS - 1 & TAG


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


def arrange(
    count: int, first: int, ends: Words, labels: Words, words: Words, flags: Words,
    rows: Numbers, hashes: Words, owners: int, size: int, chosen: Numbers, counts: Words,
    shift: int, actions: int, protocol: Octets, quiet: Octets, taken: Words, recent: Words,
) -> int:  # fmt: skip
    """Put the successors of each of `count` states in the order of their labels; `ends` tells where those of each state end.

    They stay in their rows: `rows` tells the row of each place in that order, and `hashes` the hash. By their places they are
    listed for those who own the part of the table where they belong; each list has room for `size`, one more than there are
    rows, since a place is written before it is known whether it counts. What was listed not long ago, in this batch or an
    earlier one, is in `recent` and is not listed again: it would be found in the table. Transitions are counted by action, and
    after the last action the overflows. `quiet` is made 1 for the states without a protocol step. Gives the flags that occur.
    """
    for owner in range(owners):
        counts[owner] = 0
    seen = 0
    lost = 0
    at = first
    for state in range(count):
        begin = at
        at = ends[state]
        highest = 0
        moves = 0
        for i in range(begin, at):
            label = labels[i]
            j = i
            if label < highest:
                while j > begin and labels[rows[j - 1]] > label:
                    rows[j] = rows[j - 1]
                    j -= 1
            else:
                highest = label
            rows[j] = i
            taken[label >> shift] += 1
            moves = moves | protocol[label >> shift]
            seen = seen | flags[i]
            lost += flags[i] & 1
        quiet[state] = 1 - moves
        for i in range(begin, at):
            h = hash_of(words, rows[i])
            hashes[i] = h
            place = h & RECENT - 1
            unlisted = 1 - same(words, rows[i], recent, place)
            for w in range(WIDTH):
                recent[place * WIDTH + w] = words[rows[i] * WIDTH + w]
            owner = home(h, PARTS) * owners >> PARTS
            chosen[owner * size + counts[owner]] = i
            counts[owner] += unlisted
    taken[actions] += lost
    return seen


def insert(
    count: int, chosen: Numbers, rows: Numbers, hashes: Words, words: Words, slots: Words, fresh: Numbers,
    states: Words, known: int, table: Words, bits: int,
) -> int:  # fmt: skip
    """Put those of the chosen successors into the table that are not there, and list them, with their slots: how many they are.

    Gives -1 if a part is full; then the table has to grow, and all begins anew.
    """
    size = 1 << bits - PARTS
    found = 0
    for k in range(-2 * AHEAD, count):
        if k + 2 * AHEAD < count:
            prefetch(table, home(hashes[chosen[k + 2 * AHEAD]], bits))
        if k + AHEAD >= 0 and k + AHEAD < count:
            i = chosen[k + AHEAD]
            h = hashes[i]
            slot = home(h, bits)
            entry = table[slot]
            steps = 0
            while entry != 0 and entry & TAG != tag(h) and steps < size:  # no entry before the one found here ever matters
                slot = after(slot, bits)
                entry = table[slot]
                steps += 1
            slots[k + AHEAD] = slot
            position = entry & POSITION
            if position != 0 and position <= known:
                prefetch(states, (position - 1) * WIDTH)
                prefetch(states, position * WIDTH - 1)
        if k >= 0:
            i = chosen[k]
            h = hashes[i]
            slot = slots[k]
            steps = 0
            while True:
                entry = table[slot]
                if entry == 0:
                    table[slot] = tag(h) | known + i + 1
                    fresh[found] = i
                    slots[found] = slot
                    found += 1
                    break
                if entry & TAG == tag(h):
                    position = (entry & POSITION) - 1
                    if position < known:
                        if same(words, rows[i], states, position):
                            break
                    elif same(words, rows[i], words, rows[position - known]):
                        break
                slot = after(slot, bits)
                steps += 1
                if steps == size:
                    return -1
    return found


def number(
    start: int, ends: Words, rows: Numbers, words: Words, slots: Words, owners: int, size: int, fresh: Numbers, counts: Words,
    heads: Words, states: Words, parents: Numbers, known: int, table: Words,
) -> int:  # fmt: skip
    """Give the new successors of the states from `start` on their positions, in order: how many states are then known.

    Each owner of parts of the table has listed those that are in its parts; the lists are merged.
    """
    total = 0
    for owner in range(owners):
        heads[owner] = owner * size
        fresh[owner * size + counts[owner]] = NOWHERE
        total += counts[owner]
    state = 0
    for _ in range(total):
        i = fresh[heads[0]]
        first = 0
        for owner in range(1, owners):
            if fresh[heads[owner]] < i:
                i = fresh[heads[owner]]
                first = owner
        head = heads[first] + 1
        heads[first] = head
        if head + AHEAD < first * size + counts[first]:
            prefetch(table, slots[head + AHEAD])
        while ends[state] <= i:
            state += 1
        row = rows[i]
        for w in range(WIDTH):
            states[known * WIDTH + w] = words[row * WIDTH + w]
        parents[known] = start + state
        known += 1
        slot = slots[head - 1]
        table[slot] = table[slot] & TAG | known
    return known


def forget(count: int, slots: Words, table: Words) -> None:
    """Take the last successors that were put into the table out of it again."""
    for k in range(count):
        table[slots[k]] = 0


def refill(start: int, end: int, states: Words, table: Words, bits: int, owner: int, owners: int) -> int:
    """Put those of the states start .. end - 1 that an owner of parts has into a table that has none of them.

    Gives 1 if a part is full.
    """
    size = 1 << bits - PARTS
    for i in range(start, end):
        if i + AHEAD < end:
            prefetch(table, home(hash_of(states, i + AHEAD), bits))
        h = hash_of(states, i)
        if home(h, PARTS) * owners >> PARTS == owner:
            slot = home(h, bits)
            steps = 0
            while table[slot] != 0:
                slot = after(slot, bits)
                steps += 1
                if steps == size:
                    return 1
            table[slot] = tag(h) | i + 1
    return 0


def spread(part: int, known: int, table: Words, bits: int, aside: Words) -> None:
    """Make a part of a table of half the size, `1 << bits - 1` entries, one of the table that begins at the same place.

    The parts above must be done: they lie where this one goes. What has no final position, below `known`, is left out.
    """
    size = 1 << bits - PARTS - 1
    for i in range(size):
        aside[i] = table[part * size + i]
    if 2 * part < 1 << PARTS:  # otherwise nothing has ever been there
        for i in range(2 * part * size, 2 * (part + 1) * size):
            table[i] = 0
    for i in range(size):
        entry = aside[i]
        if entry != 0 and entry & POSITION <= known:
            slot = 2 * part * size + ((entry & TAG) >> 63 - (bits - PARTS))
            while table[slot] != 0:
                slot = after(slot, bits)
            table[slot] = entry


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
