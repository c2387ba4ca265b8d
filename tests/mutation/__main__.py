"""The whole campaign, from the root of the checkout: `python -m tests.mutation [--sample N] [--at-most STATES]`.

Prints what became of the mutants and lists the survivors. Takes a minute for a sample of 100, some tens of minutes for all.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter

from .campaign import Outcome, all_mutations, fate_of
from .originals import originals


def main() -> int:
    """0 if at least 95 % of the mutants that change a reachable graph were noticed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description="Mutate the specification, rule by rule.")
    parser.add_argument("--sample", type=int, metavar="N", help="try N mutants only, drawn with a fixed seed")
    parser.add_argument("--at-most", type=int, default=20_000, metavar="STATES", help="leave larger models out (20000)")
    arguments = parser.parse_args()
    models = originals(at_most=arguments.at_most)
    mutations = all_mutations(models)
    if arguments.sample:
        mutations = sorted(random.Random(9293).sample(mutations, min(arguments.sample, len(mutations))))
    tally: Counter[Outcome] = Counter()
    survivors = []
    for number, mutation in enumerate(mutations, 1):
        fate = fate_of(mutation, models)
        tally[fate.outcome] += 1
        if fate.outcome is Outcome.SURVIVES:
            survivors.append(fate)
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{number} of {len(mutations)}")
    changed = sum(n for outcome, n in tally.items() if outcome is not Outcome.EQUIVALENT)
    noticed = changed - tally[Outcome.SURVIVES]
    lines = [f"{len(mutations)} mutants on {len(models)} models"]
    lines += [f"  {outcome.value:12} {tally[outcome]}" for outcome in Outcome]
    lines.append(f"noticed of those that change a graph: {noticed} of {changed} ({noticed / max(changed, 1):.1%})")
    lines += [f"  survives: {fate.mutation} (changes {', '.join(fate.changes[:3])})" for fate in survivors]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if noticed >= 0.95 * changed else 1


if __name__ == "__main__":
    sys.exit(main())
