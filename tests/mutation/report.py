"""What a campaign found, as text: a summary for the terminal, and the document `docs/mutants.md`."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .campaign import Fate, Outcome

__all__ = ["DOCUMENT", "Report", "listed_survivors", "reasons"]

HERE = Path(__file__).parent
DOCUMENT = HERE.parents[1] / "docs" / "mutants.md"


def reasons() -> dict[str, str]:
    """Mutant -> why it survives, as `survivors.toml` says."""
    table = tomllib.loads((HERE / "survivors.toml").read_text(encoding="utf-8"))
    return {mutant: group["reason"] for group in table["group"] for mutant in group["mutants"]}


def listed_survivors(document: str) -> list[str]:
    """The survivors that a document lists."""
    return [line.removeprefix("* `").removesuffix("`") for line in document.splitlines() if line.startswith("* `")]


@dataclass(frozen=True)
class Report:
    """The fates of all mutants that were tried on `models` models."""

    fates: Sequence[Fate]
    models: int

    def _with(self, outcome: Outcome) -> list[Fate]:
        return [fate for fate in self.fates if fate.outcome is outcome]

    @property
    def survivors(self) -> list[str]:
        """The mutants that change a graph and that nothing notices."""
        return [str(fate.mutation) for fate in self._with(Outcome.SURVIVES)]

    @property
    def changed(self) -> int:
        """How many mutants change the reachable graph of some model."""
        return len(self._with(Outcome.NOTICED)) + len(self.survivors)

    @property
    def share(self) -> float:
        """Of those, the share that a named property, witness or figure notices."""
        return len(self._with(Outcome.NOTICED)) / max(1, self.changed)

    def unexplained(self, known: Mapping[str, str]) -> list[str]:
        """Survivors without a reason."""
        return [mutant for mutant in self.survivors if mutant not in known]

    def summary(self, known: Mapping[str, str]) -> list[str]:
        """The figures and the survivors, line by line."""
        declared = sum(1 for fate in self._with(Outcome.NOTICED) if fate.declared)
        lines = [f"{len(self.fates)} mutants on {self.models} models"]
        lines += [f"  {outcome.value:<12}{len(self._with(outcome)):>6}" for outcome in Outcome]
        lines.append(f"  of {self.changed} that change a reachable graph, {self.share:.1%} are noticed")
        lines.append(f"  ({declared} of them first by a property that the model declares)")
        lines += [f"survives: {mutant}\n    {known.get(mutant, 'NO REASON IS KNOWN')}" for mutant in self.survivors]
        return lines

    def document(self, known: Mapping[str, str]) -> str:
        """The text of `docs/mutants.md`."""
        counts = {outcome: len(self._with(outcome)) for outcome in Outcome}
        parts = [
            "# Mutants of the specification",
            "",
            f"Written by `python -m tests.mutation --write`: {len(self.fates)} mutants on {self.models} models.",
            "",
            "Each mutant changes one place of one rule, at both ends: a conjunct of its guard is left out, it enters another",
            "state, a number is one more or less, a flag of what it sends is another, an assignment or a segment is missing. A",
            "mutant is *equivalent* if no shipped model's reachable graph changes (history apart), and *noticed* if in some",
            "model a named property, a witness or a figure has another verdict. That a count changes is not enough.",
            "",
            "| mutants | |",
            "|---|---|",
            f"| tried | {len(self.fates)} |",
            f"| equivalent in every model | {counts[Outcome.EQUIVALENT]} |",
            f"| refused by the engine: a variable leaves its sort | {counts[Outcome.ILL_FORMED]} |",
            f"| change a reachable graph | {self.changed} |",
            f"| of these noticed | {counts[Outcome.NOTICED]} ({self.share:.1%}) |",
            f"| survivors | {counts[Outcome.SURVIVES]} |",
            "",
            *self._by_change(),
            *self._by_property(),
            *self._survivors(known),
        ]
        return "\n".join(parts) + "\n"

    def _by_change(self) -> Iterable[str]:
        yield from ("## By what is changed", "", "| change | equivalent | noticed | survives |", "|---|---|---|---|")
        table: dict[str, Counter[Outcome]] = {}
        for fate in self.fates:
            table.setdefault(_class(fate), Counter())[fate.outcome] += 1
        for name in sorted(table):
            row = table[name]
            yield f"| {name} | {row[Outcome.EQUIVALENT]} | {row[Outcome.NOTICED]} | {row[Outcome.SURVIVES]} |"
        yield ""

    def _by_property(self) -> Iterable[str]:
        yield from (
            "## By who notices", "", "In the first model, by size, in which anything does; several properties may.", "",
            "| property | mutants |", "|---|---|",
        )  # fmt: skip
        noticed = Counter(name for fate in self.fates for name in fate.by)
        for name, count in sorted(noticed.items(), key=lambda item: (-item[1], item[0])):
            yield f"| `{name}` | {count} |"
        yield ""

    def _survivors(self, known: Mapping[str, str]) -> Iterable[str]:
        yield from ("## Survivors", "", "They change the graph of some model, and no property's verdict.", "")
        grouped: dict[str, list[str]] = {}
        for mutant in self.survivors:
            grouped.setdefault(known.get(mutant, "No reason is known."), []).append(mutant)
        for reason, mutants in grouped.items():
            yield from (reason, "", *(f"* `{mutant}`" for mutant in mutants), "")


def _class(fate: Fate) -> str:
    place, change = fate.mutation.place, fate.mutation.change
    if place == "guard":
        return "a conjunct of a guard is left out"
    if place == "state":
        return "another state is entered, or none"
    if place.startswith("segment"):
        return "a segment: missing, needless, or other flags, numbers, length"
    if change == "is not forgotten":
        return "a variable is not forgotten"
    if fate.mutation.action.startswith(("network.", "attacker.")):
        return "what the network or the attacker does"
    return "another value is assigned, or none"
