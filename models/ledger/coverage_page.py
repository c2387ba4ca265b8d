"""The page of coverage: RFC 9293 3.10 clause by clause, its numbered requirements, and figure 5 against what the models do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from synproof.engine.ledger import Page
from synproof.spec.figure_5 import ARCS
from synproof.spec.refusals import REFUSALS
from synproof.spec.states import STATE

from .census import Census, Change, Deed, Witness, deeds, take_census
from .coverage_data import Clause, Requirement, beyond, clauses, never, others, requirements
from .writing import cell, head, paragraph, table

__all__ = ["PAGE", "coverage"]

NAMES = {
    "3.10.1": "OPEN call", "3.10.2": "SEND call", "3.10.3": "RECEIVE call", "3.10.4": "CLOSE call", "3.10.5": "ABORT call",
    "3.10.6": "STATUS call", "3.10.7.1": "SEGMENT ARRIVES, CLOSED", "3.10.7.2": "SEGMENT ARRIVES, LISTEN",
    "3.10.7.3": "SEGMENT ARRIVES, SYN-SENT", "3.10.7.4": "SEGMENT ARRIVES, other states", "3.10.8": "timeouts",
    "3.8.3": "connection failures", "3.8.4": "keep-alives", "3.6.1": "half-closed connections", "3.4.3": "quiet time",
    "3.5.1": "half-open connections", "not in the RFC": "",
}  # fmt: skip
FEW_STATES = 4  # so many in a row are named one by one
FEW_MODELS = 3  # so many are named, the smallest


def coverage(census: Census) -> str:
    """The text of the page."""
    rows = clauses()
    built = [row for row in rows if row.rules or row.call]
    lines = head(
        "What of RFC 9293 is covered",
        "Section 3.10 clause by clause, in the order of the RFC, with the rules of `spec/` that implement each, and in how "
        f"many of the {len(census.models)} shipped models they are taken; then the rules one by one, the numbered "
        "requirements, and figure 5 against every change of state that the models have.",
        f"Of {len(rows)} clauses {sum(1 for row in built if not row.missing)} are answered by rules, or by a refusal in the "
        f"RFC's words; {sum(1 for row in built if row.missing)} in part; {len(rows) - len(built)} are not modelled, for the "
        f"reason that is given. Of {len(census.had)} actions (a rule in a state) {_happen(census)} are taken by some shipped "
        "model.",
    )
    for section in dict.fromkeys(row.section for row in rows):
        title = f"{section} {NAMES[section]}".strip()
        lines += [f"## {title[0].upper()}{title[1:]}", ""]
        lines += table(
            ("state, step", "the RFC says", "answered by", "models"),
            (_clause_row(census, row) for row in rows if row.section == section),
        )
        lines.append("")
    lines += [*_rules(census), *_never(), *_requirements(), *_figure(census)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _happen(census: Census) -> int:
    return sum(1 for names in census.taken.values() if names)


# ---- clauses ---------------------------------------------------------------------------------------------------------


def _clause_row(census: Census, row: Clause) -> tuple[str, str, str, str]:
    where = f"{row.step}: {_states(row.states)}" if row.step else _states(row.states)
    parts = []
    if row.call:
        parts.append(f"refused with \"{_refusal(row)}\"")
    if row.rules:
        parts.append(", ".join(f"`{rule}`" for rule in row.rules))
    if row.remark:
        parts.append(row.remark)
    if row.missing:
        parts.append(f"*not modelled*: {row.missing}")
    models = {name for rule in row.rules for state in row.answered_in for name in census.times(rule, state)}
    return where, cell(_code(row.says)), cell("; ".join(parts)), str(len(models)) if row.rules else ""


def _refusal(row: Clause) -> str:
    (words,) = {REFUSALS[row.call, state] for state in row.states}
    return words


def _states(states: Sequence[str]) -> str:
    shown = [state.replace("_", "-") for state in states]
    if len(shown) == len(STATE.members) - 1:
        return "all but CLOSED"
    first = STATE.members.index(states[0])
    in_a_row = tuple(states) == STATE.members[first : first + len(states)]
    return f"{shown[0]} to {shown[-1]}" if in_a_row and len(shown) > FEW_STATES else ", ".join(shown)


def _code(says: str) -> str:
    """Segments in angle brackets are code: a page would swallow them as tags."""
    return re.sub(r"((?:<[A-Z]+=[^<>]*>)+)", r"`\1`", says)


# ---- rules -----------------------------------------------------------------------------------------------------------


def _rules(census: Census) -> Iterator[str]:
    yield from ("## The rules, and the models that take them", "")
    yield from paragraph(
        "*Taken in*: in how many of the states that it is for some shipped model takes the rule; by how many models, and the "
        "smallest of them. `synproof check MODEL -v` tells which actions of one model never happen, `--json` how often each "
        "does."
    )
    yield ""
    by_rule: dict[str, list[Deed]] = {}
    for deed in deeds().values():
        by_rule.setdefault(deed.function, []).append(deed)
    yield from table(("rule", "clause", "taken in", "by models"), (_rule_row(census, found) for found in by_rule.values()))
    yield ""


def _rule_row(census: Census, of_rule: list[Deed]) -> tuple[str, str, str, str]:
    rule = of_rule[0].rule
    taken = [deed for deed in of_rule if census.taken[deed]]
    names = {name for deed in of_rule for name in census.taken[deed]}
    models = [f"`{name}`" for name in census.models if name in names]
    shown = ", ".join(models[:FEW_MODELS]) + (", ..." if len(models) > FEW_MODELS else "")
    clause = rule.clause + (f" · `{rule.choice}`" if rule.choice else "")
    count = f"{len(taken)} of {len(of_rule)} states" if len(of_rule) > 1 else _states([of_rule[0].state])
    return f"`{of_rule[0].function}`", clause, count if taken else "never", f"{len(models)}: {shown}" if models else "none"


def _never() -> Iterator[str]:
    yield from ("### Never taken", "")
    yield from paragraph("Actions that no shipped model takes, each with the reason; all others are taken by some model.")
    yield ""
    yield from table(("action", "why"), ((f"`{action}`", cell(why)) for action, why in never().items()))
    yield ""


# ---- requirements ----------------------------------------------------------------------------------------------------


def _requirements() -> Iterator[str]:
    yield from ("## Numbered requirements", "")
    yield from paragraph(
        "The requirements of RFC 9293 (appendix B lists them) that concern opening, closing and aborting connections. "
        "`MUST-22` is in appendix B alone, `MAY-12` in the text alone."
    )
    yield ""
    yield from table(("requirement", "asks", "modelled", "by"), map(_requirement_row, requirements()))
    yield ""
    yield from paragraph(
        "Not about the management of connections, and not modelled: "
        + "; ".join(f"{about} ({names})" for about, names in others()) + "."
    )  # fmt: skip
    yield ""


def _requirement_row(row: Requirement) -> tuple[str, str, str, str]:
    parts = []
    for kind, names in (("rules", row.rules), ("properties", row.properties), ("settings", row.settings)):
        if names:
            parts.append(f"{kind} {_listed(names)}")
    if row.remark:
        parts.append(row.remark)
    return row.name, cell(row.says), {"modelled": "yes", "partly": "in part", "not": "no"}[row.extent], cell("; ".join(parts))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


# ---- figure 5 --------------------------------------------------------------------------------------------------------


def _figure(census: Census) -> Iterator[str]:
    yield from ("## Figure 5", "")
    yield from paragraph(
        "Each change of state of one end, told apart by the rule that causes it: an edge of the quotient of the explored "
        "graphs by the state of that end. The witness is the shortest run over all models, with the model that has it, the "
        "number of its steps (of both ends and the network), and what its last step is. Models with another handshake or "
        "another close than those of figure 5 count only for the rules that are their own. The named property `figure-5` asks "
        "of one model that every arc for which its settings leave room is taken, `follows-figure-5` the converse of every step."
    )
    yield from ("", "### States", "")
    yield from table(("state", "first reached"), _state_rows(census))
    yield from ("", "### Arcs that figure 5 draws, and its note 2", "")
    yield from table(("from", "to", "on", "shortest witness"), _arc_rows(census))
    yield from ("", "### Changes of state that it does not draw", "")
    yield from table(("from", "to", "rule", "why", "shortest witness"), _beyond_rows(census))
    yield ""


def _told(witness: Witness) -> str:
    many = "step" if witness.steps == 1 else "steps"
    return cell(f"`{witness.model}`, {witness.steps} {many}: {witness.sentence}")


def _state_rows(census: Census) -> Iterator[tuple[str, str]]:
    yield "CLOSED", "at the start"
    foreign = {rule for rule, why in beyond().items() if why.startswith("not in the RFC")}
    for state in STATE.members[1:]:
        witnesses = [w for change, w in census.changes.items() if change.after == state and change.function not in foreign]
        yield state.replace("_", "-"), _told(min(witnesses, key=lambda w: w.steps)) if witnesses else "never"


def _arc_rows(census: Census) -> Iterator[tuple[str, str, str, str]]:
    for arc in ARCS:
        before, after = arc.states
        found = [w for rule in arc.rules for w in _of_arc(census, rule, str(arc.before.attr), str(arc.after.attr))]
        missing = "not found: SEND in LISTEN is an error here (3.10.2)"
        note = f" (note {arc.note})" if arc.note else ""
        event = arc.event + (f", {arc.action}" if arc.action else "") + note
        yield before, after, event, _told(min(found, key=lambda w: w.steps)) if found else missing


def _of_arc(census: Census, action: str, before: str, after: str) -> list[Witness]:
    """The witnesses of an arc. Rules that a choice puts in the place of another, under its name, do not count."""
    return [
        witness
        for change, witness in census.changes.items()
        if (change.before, change.after) == (before, after) and change.function in _functions(action)
    ]


def _functions(action: str) -> list[str]:
    return [deed.function for deed in deeds().values() if deed.action == action and deed.function not in beyond()]


def _beyond_rows(census: Census) -> Iterator[tuple[str, str, str, str, str]]:
    order = {state: i for i, state in enumerate(STATE.members)}
    drawn = {function for arc in ARCS for rule in arc.rules for function in _functions(rule)}
    found = [change for change in census.changes if change.function not in drawn]
    for change in sorted(found, key=lambda c: (order[c.before], order[c.after], c.function)):
        yield (
            change.before.replace("_", "-"), change.after.replace("_", "-"), f"`{change.function}`", cell(_why(change)),
            _told(census.changes[change]),
        )  # fmt: skip


def _why(change: Change) -> str:
    return beyond()[change.function]


PAGE = Page("coverage", lambda _laboratory: coverage(take_census()))
