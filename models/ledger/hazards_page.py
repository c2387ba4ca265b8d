"""The page of hazards: published results and known dangers of TCP connection management, as the checker finds them."""

from __future__ import annotations

from synproof.engine.experiment import Laboratory
from synproof.engine.ledger import Exhibit, Page

from .reading import Hazard, hazards
from .writing import anchor, cell, exhibit_lines, head, paragraph, table

__all__ = ["PAGE"]


def _write(laboratory: Laboratory) -> str:
    rows = hazards()
    corrected = [row.name for row in rows if row.correction]
    open_ = [row.name for row in rows if row.open]
    lines = head(
        "Hazards: what is known, and what the checker finds",
        "Published results and known hazards of TCP connection management. Each row was first derived by hand, or taken from "
        "its source, and then checked: no rule was added to the specification for a row's sake. *Found* is the verdict in "
        "the model that is named, with the steps of the shortest run (every step counts: calls of users, deliveries, "
        "losses); *flipped by* is what turns the verdict round, checked too.",
        f"{len(rows)} rows. Corrected after the check: {', '.join(corrected) or 'none'}. "
        + (f"Not decided yet: {', '.join(open_)}." if open_ else "All are decided."),
    )
    for group in dict.fromkeys(row.group for row in rows):
        members = [row for row in rows if row.group == group]
        lines += [f"## {group}", ""]
        lines += table(("row", "situation", "found", "flipped by"), (_row(laboratory, row) for row in members))
        for row in members:
            lines += ["", *_section(laboratory, row)]
        lines.append("")
    return "\n".join(lines).rstrip("\n") + "\n"


def _row(laboratory: Laboratory, row: Hazard) -> tuple[str, str, str, str]:
    name = f"[{row.name}](#{anchor(row.name)})"
    if row.open and not row.found:
        return name, cell(row.situation), "open", ""
    return (
        name, cell(row.situation),
        "; ".join(_short(laboratory, exhibit) for exhibit in row.found),
        "; ".join(f"{_change(row, exhibit)}: {_short(laboratory, exhibit)}" for exhibit in row.flips) or "-",
    )  # fmt: skip


def _short(laboratory: Laboratory, exhibit: Exhibit) -> str:
    found = laboratory.found(exhibit.experiment)
    name = exhibit.experiment.prop if exhibit.experiment.kind is None and exhibit.experiment.prop else ""
    return cell(f"`{name}` {found.told}" if name else found.told)


def _change(row: Hazard, exhibit: Exhibit) -> str:
    """What is changed: settings and rules; and the model, if it is another."""
    experiment = exhibit.experiment
    changes = [f"`{name}={value}`" for name, value in experiment.settings]
    changes += [f"without `{rule}`" for rule in experiment.without]
    if not changes or experiment.model != row.found[0].experiment.model:
        changes.insert(0, f"`{experiment.model}`")
    return cell(", ".join(changes))


def _section(laboratory: Laboratory, row: Hazard) -> list[str]:
    lines = [f"### {row.name}", "", *paragraph(row.situation), ""]
    lines += [*paragraph(f"*Said*: {row.said} ({row.source})." if row.said else f"*Source*: {row.source}."), ""]
    for exhibit in row.found:
        lines += exhibit_lines(laboratory, exhibit)
    if row.flips:
        lines += [*([""] if lines[-1] else []), "Flipped by:", ""]
        for exhibit in row.flips:
            lines += exhibit_lines(laboratory, exhibit)
    for title, text in (("", row.remark), ("**Corrected**: ", row.correction), ("**Open**: ", row.open)):
        if text:
            lines += [*([""] if lines[-1] else []), *paragraph(title + text)]
    while not lines[-1]:
        lines.pop()
    return lines


PAGE = Page("hazards", _write, lambda: (experiment for row in hazards() for experiment in row.experiments))
