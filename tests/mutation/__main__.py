"""The campaign as a command, from the root of the checkout: `python -m tests.mutation` (some tens of minutes; see --help)."""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
from collections.abc import Iterator

from .campaign import Fate, all_mutations, fate_of
from .mutants import Mutation
from .originals import Original, originals
from .report import DOCUMENT, Report, reasons

ENOUGH = 0.95


def main() -> int:
    """0 if at least 95 % of the mutants that change a reachable graph are noticed, and there is a reason for each survivor."""
    options = _options()
    models = originals(at_most=options.at_most)
    tried = [m for m in all_mutations(models) if options.only in str(m)]
    if options.sample is not None:
        tried = sorted(random.Random(options.seed).sample(tried, min(options.sample, len(tried))))
    fates = []
    for fate in _fates(tried, models, options.jobs):
        fates.append(fate)
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{len(fates)} of {len(tried)} ")
    report, known = Report(fates, len(models)), reasons()
    sys.stdout.write("\n".join(report.summary(known)) + "\n")
    if options.write:
        DOCUMENT.write_text(report.document(known), encoding="utf-8")
    return 0 if report.share >= ENOUGH and not report.unexplained(known) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description="Mutate the specification, rule by rule.")
    parser.add_argument("--sample", type=int, metavar="N", help="try only N mutants, drawn at random")
    parser.add_argument("--seed", type=int, default=9293, help="of the drawing (9293)")
    parser.add_argument("--only", default="", metavar="TEXT", help="try only mutants in whose description the text occurs")
    parser.add_argument("--at-most", type=int, metavar="STATES", help="leave larger models out")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (1)")
    parser.add_argument("--write", action="store_true", help="write docs/mutants.md")
    options = parser.parse_args()
    if options.write and (options.sample is not None or options.only or options.at_most is not None):
        parser.error("--write needs the whole campaign")
    return options


class _Worker:
    """What each process keeps: its own explorations."""

    models: list[Original]

    @classmethod
    def begin(cls, at_most: int | None) -> None:
        cls.models = originals(at_most=at_most)

    @classmethod
    def work(cls, mutation: Mutation) -> Fate:
        return fate_of(mutation, cls.models)


def _fates(tried: list[Mutation], models: list[Original], jobs: int) -> Iterator[Fate]:
    if jobs == 1:
        yield from (fate_of(mutation, models) for mutation in tried)
        return
    largest = max(original.states for original in models)
    with multiprocessing.get_context("spawn").Pool(jobs, _Worker.begin, (largest,)) as pool:
        yield from pool.imap(_Worker.work, tried, chunksize=4)


if __name__ == "__main__":
    sys.exit(main())
