"""What of a search a checkpoint keeps, and how a search goes on from one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from struct import iter_unpack, pack
from typing import TYPE_CHECKING

from ..identity import search_hash
from ..layout import WORD
from .checkpoint import NONE, PAGE, Keeper, Page, Saved
from .exploration import Finding, Labels

if TYPE_CHECKING:
    from .explore import Search

__all__ = ["keep", "kept", "load", "pages_of", "restore"]


@contextmanager
def kept(search: Search, pause: Callable[[], None]) -> Iterator[Keeper | None]:
    """The keeper of a search, if its means name a folder. What the search has come to is kept when it ends.

    After an interrupt that is done only if it takes a moment; otherwise the last checkpoint stands.
    """
    means, unit, watch = search.means, search.unit, search.watch
    if means.keep is None:
        yield None
        return
    names = [watch.state_bits, watch.quiescent_bits, watch.event_names]
    places = [unit.layout.places, None if unit.mirror is None else unit.mirror.moves]
    what = search_hash(unit.system, unit.watched, unit.events, names, places)
    keeper = Keeper(means.keep, what, _octets(search), means.resume, means.keep_every)
    try:
        yield keeper
        keep(search, keeper, pause)
    except KeyboardInterrupt:
        if keeper.is_little(len(search.result.states)):
            keep(search, keeper)
        raise
    finally:
        keeper.close()


def keep(search: Search, keeper: Keeper, pause: Callable[[], None] = lambda: None) -> None:
    """Write a checkpoint. `pause` is called now and then: if it raises, the one before stands, and no other can be written."""
    result, large = search.result, search.result.large
    known = len(result.states)
    pages = pages_of(search, keeper.written, known) if large is None else large.store.pages(keeper.written, known)
    found = {name: (finding.state, finding.label) for name, finding in result.findings.items()}
    keeper.save(
        Saved(
            known, result.expanded, result.transitions, result.overflows, search.taken, search.lack,
            result.level_starts, search.level_end, found,
        ),
        pages, pause,
    )  # fmt: skip


def pages_of(search: Search, start: int, end: int) -> Iterator[Page]:
    """The states start .. end - 1 of a plain search and the positions of their parents."""
    octets = _octets(search)
    for at in range(start, end, PAGE):
        states, parents = (numbers[at : min(at + PAGE, end)] for numbers in (search.states, search.parents))
        joined = b"".join(code.to_bytes(octets, "little") for code in states)
        yield joined, pack(f"<{len(parents)}I", *(parent & NONE for parent in parents))


def restore(search: Search, saved: Saved) -> None:
    """Put everything but the states in the place where it was."""
    result = search.result
    result.expanded, result.transitions, result.overflows = saved.expanded, saved.transitions, saved.overflows
    result.level_starts[:], search.level_end = saved.level_starts, saved.level_end
    search.next_level(saved.known)
    search.taken[:], search.lack[:] = saved.taken, saved.lack
    result.findings |= {name: Finding(state, label) for name, (state, label) in saved.findings.items()}
    search.watch.forget(result.findings)
    search.events = {bit: names for bit, names in search.events.items() if not result.findings.keys() & names}


def load(search: Search, pages: Iterable[Page]) -> None:
    """Put the states into a plain search."""
    octets = _octets(search)
    for states, parents in pages:
        search.states += [int.from_bytes(states[i : i + octets], "little") for i in range(0, len(states), octets)]
        search.parents.extend(-1 if parent == NONE else parent for (parent,) in iter_unpack("<I", parents))
    search.index.update((state, position) for position, state in enumerate(search.states))
    search.labels, search.result.labels = [], Labels(search.result)


def _octets(search: Search) -> int:
    return search.unit.layout.words * WORD // 8
