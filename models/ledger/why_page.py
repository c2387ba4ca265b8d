"""The page of whys: each mechanism taken away, what breaks and what it costs; and all of them against all properties."""

from __future__ import annotations

from collections.abc import Iterator

from synproof.engine.ablation import ablated, costs
from synproof.engine.experiment import Experiment, Laboratory
from synproof.engine.ledger import Ablation, Page, Topic

from .reading import ablations, topics
from .writing import anchor, cell, exhibit_lines, head, paragraph, quotation, table

__all__ = ["PAGE"]

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MATRIX = "Every mechanism against every property"


def _write(laboratory: Laboratory) -> str:
    lines = head(
        "Why is TCP as it is?",
        "One mechanism at a time is taken away and the same question asked again. What breaks is told as the shortest story "
        "there is; what the mechanism costs is measured. `synproof why TOPIC` tells one of these at more length.",
    )
    for topic in topics():
        lines.append(f"* [{topic.question}](#{anchor(topic.question)}) (`synproof why {topic.name}`)")
    lines.append(f"* [{MATRIX}](#{anchor(MATRIX)}) (`synproof why --ablation`)")
    for topic in topics():
        lines += ["", *_section(laboratory, topic)]
    lines += ["", f"## {MATRIX}", ""]
    lines += paragraph(
        "Each table is about one model that has all mechanisms. A column takes one of them away; a cell has the verdict (and "
        "the steps of the shortest run) where it differs from the verdict of the whole. Of the named properties (invariants "
        "and laws of single steps aside) those are shown whose verdict changes in some column."
    )
    for ablation in ablations():
        lines += ["", *_matrix(laboratory, ablation)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _section(laboratory: Laboratory, topic: Topic) -> list[str]:
    lines = [f"## {topic.question}", "", *paragraph(topic.answer), "", *quotation(topic.quote), ""]
    for label, exhibit in (("With it", topic.present), ("Without it", topic.removed)):
        first, *rest = exhibit_lines(laboratory, exhibit)
        lines += [f"* {label}: {first.removeprefix('* ')}", *rest]
    for exhibit in topic.more:
        lines += exhibit_lines(laboratory, exhibit)
    if lines[-1]:
        lines.append("")
    parts = [cost.words for cost in costs(laboratory, topic)]
    lines += paragraph(f"*What it costs*: {'; '.join(parts)}." + (f" {topic.cost}" if topic.cost else ""))
    return lines


def _matrix(laboratory: Laboratory, ablation: Ablation) -> list[str]:
    matrix = ablated(laboratory, ablation)
    lines = [f"### {ablation.model}", "", *paragraph(ablation.title), ""]
    for letter, removal in zip(LETTERS, ablation.removals, strict=False):
        values = ", ".join(f"`{name}={value}`" for name, value in removal.settings)
        lines.append(f"* **{letter}** without {removal.words}: {values}")
    letters = LETTERS[: len(ablation.removals)]
    rows = [
        (f"`{name}`", matrix.whole[name].told, *(matrix.cell(name, column) for column in range(len(letters))))
        for name in matrix.changed
    ]
    lines += ["", *table(("property", "all", *letters), ([cell(text) for text in row] for row in rows))]
    idle = [letter for column, letter in enumerate(letters) if not any(matrix.cell(name, column) for name in matrix.changed)]
    if idle:
        lines += ["", *paragraph(f"Without {', '.join(idle)} no verdict changes in this model.")]
    return lines


def _experiments() -> Iterator[Experiment]:
    for topic in topics():
        yield from topic.experiments


PAGE = Page("why", _write, _experiments)
