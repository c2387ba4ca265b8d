"""The whole campaign, from the root of the checkout: `python -m tests.mutation [--sample N] [--at-most STATES]`.

Prints what became of the mutants and lists the survivors. A model takes about a second, and then each mutant a tenth of one.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path

from .campaign import Fate, Outcome, all_mutations, fate_of
from .originals import Original, originals
from .tampering import Mutation

ENOUGH = 0.97
SURVIVES = f"{Outcome.SURVIVES.value}: "
OFTEN = 500  # what is watched for in models of at most so many states is asked for often enough to be known beforehand
MODELS: list[Original] = []  # explored before the processes are made, so that each has them


def main() -> int:
    """0 if at least 97 % of the mutants that change a reachable graph were noticed."""
    options = _options()
    MODELS.extend(originals(options.models, at_most=options.at_most, sparing=True))
    tried = [mutation for mutation in all_mutations(MODELS) if options.only in str(mutation)]
    if options.besides:
        besides = frozenset(all_mutations(originals(at_most=options.besides)))
        tried = [mutation for mutation in tried if mutation not in besides]
    random.Random(9293).shuffle(tried)  # what is known after a while is then known of a sample
    if options.again:
        left = options.again.read_text(encoding="utf-8").splitlines()
        survivors = {line.removeprefix(SURVIVES).partition(" (changes ")[0] for line in left if line.startswith(SURVIVES)}
        tried = [mutation for mutation in tried if str(mutation) in survivors]
    fates = _all_fates(tried[options.behind : options.sample], options, options.patience)
    if options.then:
        known = {original.name for original in MODELS}
        MODELS.extend(o for o in originals(at_most=options.then, sparing=True) if o.name not in known)
        left = [fate.mutation for fate in fates if fate.outcome is Outcome.SURVIVES]
        anew = {fate.mutation: fate for fate in _all_fates(left, options)}
        fates = [anew.get(fate.mutation, fate) for fate in fates]
    tally = Counter(fate.outcome for fate in fates)
    changed = tally[Outcome.NOTICED] + tally[Outcome.SURVIVES]
    share = tally[Outcome.NOTICED] / max(changed, 1)
    lines = [f"{len(fates)} of {len(tried)} mutants on {len(MODELS)} models"]
    lines += [f"  {outcome.value:12} {tally[outcome]}" for outcome in Outcome]
    lines.append(f"noticed of those that change a graph: {tally[Outcome.NOTICED]} of {changed} ({share:.1%})")
    lines += sorted(f"  {_line(fate)}" for fate in fates if fate.outcome is Outcome.SURVIVES)
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if share >= ENOUGH else 1


def _all_fates(tried: list[Mutation], options: argparse.Namespace, patience: int | None = None) -> list[Fate]:
    fates = []
    with options.out.open("a", encoding="utf-8") if options.out else nullcontext() as out:
        for fate in _fates(tried, options.jobs, patience):
            fates.append(fate)
            if out:
                print(_line(fate), file=out, flush=True)
            if sys.stderr.isatty():
                sys.stderr.write(f"\r{len(fates)} of {len(tried)} ")
    return fates


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description="Mutate the specification, rule by rule.")
    parser.add_argument("--sample", type=int, metavar="N", help="try N mutants only, drawn with a fixed seed")
    parser.add_argument("--behind", type=int, default=0, metavar="N", help="leave out the first N of that order (0)")
    parser.add_argument("--only", default="", metavar="TEXT", help="try only mutants in whose description the text occurs")
    parser.add_argument("--at-most", type=int, default=2_000, metavar="STATES", help="leave larger models out (2000)")
    parser.add_argument("--models", nargs="+", default=(), metavar="MODEL", help="try them on these models only")
    parser.add_argument("--besides", type=int, metavar="STATES", help="leave out what models of so many, or fewer, have too")
    parser.add_argument("--again", type=Path, metavar="FILE", help="try only what survives according to what --out wrote")
    parser.add_argument("--then", type=int, metavar="STATES", help="try what survives on models of at most so many states")
    parser.add_argument("--patience", type=int, metavar="N", help="put a mutant aside that none of N models it changes notices")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (1)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="append a line for each mutant that was tried: its fate")
    return parser.parse_args()


def _fates(tried: list[Mutation], jobs: int, patience: int | None) -> Iterator[Fate]:
    fate = partial(_fate, patience)
    if jobs == 1:
        yield from map(fate, tried)
        return
    for original in MODELS:
        original.explored(watched=original.states <= OFTEN)
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        yield from pool.imap(fate, tried, chunksize=8)


def _fate(patience: int | None, mutation: Mutation) -> Fate:
    return fate_of(mutation, MODELS, patience)


def _line(fate: Fate) -> str:
    if fate.outcome is Outcome.NOTICED:
        return f"noticed: {fate.mutation} (in {fate.model} by {', '.join(fate.by)})"
    changes = f" (changes {', '.join(fate.changes[:3])})" if fate.changes else ""
    return f"{fate.outcome.value}: {fate.mutation}{changes}"


if __name__ == "__main__":
    sys.exit(main())
