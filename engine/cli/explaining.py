"""`synproof why`: one mechanism taken away, and what breaks; or which single change makes a violated property hold."""

from __future__ import annotations

import argparse
import textwrap
from typing import TYPE_CHECKING

from ..ablation import Ablated, ablated, costs, mends, planned
from ..catalogue import Catalogue, find
from ..errors import did_you_mean
from ..experiment import Found, Laboratory
from ..ledger import Exhibit, Topic
from ..property import Verdict
from ..render import Detail, render_ladder
from ..search.explore import Limits
from ..traces.telling import tell
from .arguments import Parser, at_least
from .console import Console
from .definitions import definition_lines
from .report import ruled
from .subjects import overrides, settings_option
from .trouble import CommandLineError

if TYPE_CHECKING:
    from ..render import Look

__all__ = ["configure", "run"]

INCOMPLETE = 152
MOST_STATES = 400_000  # of one changed model; many are tried


def configure(parser: Parser) -> None:
    """The options of `why`."""
    parser.add_argument("topic", nargs="?", metavar="TOPIC|PROPERTY", help="a topic (without: the list), or a property")
    parser.add_argument("--model", metavar="MODEL", help="with a property: which one change of a setting alters its verdict")
    settings_option(parser)
    parser.add_argument(
        "--max-states", type=at_least(1), default=MOST_STATES, metavar="N",
        help=f"with --model: give up a search that knows more than N states ({MOST_STATES:,})",
    )  # fmt: skip
    parser.add_argument("--ablation", action="store_true", help="every mechanism taken away in turn, against all properties")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Say why."""
    catalogue = find()
    laboratory = Laboratory(catalogue, console.progress())
    _refuse(arguments)
    if arguments.ablation:
        _ablation(catalogue, laboratory, console)
    elif arguments.model is not None:
        if arguments.topic is None:
            raise CommandLineError(f"which property? synproof why PROPERTY --model {arguments.model}")
        limited = Laboratory(catalogue, console.progress(), Limits(arguments.max_states))
        return _mends(arguments.topic, arguments.model, overrides(arguments.settings), limited, console)
    elif arguments.topic is None:
        console.say("\n".join(definition_lines([(topic.name, topic.question) for topic in catalogue.topics()], console.width)))
        console.say("\nsynproof why TOPIC answers one;\nsynproof why --ablation takes away each mechanism in turn")
    else:
        _topic(_known(catalogue, arguments.topic), laboratory, console)
    return 0


def _refuse(arguments: argparse.Namespace) -> None:
    if arguments.ablation and (arguments.topic or arguments.model):
        raise CommandLineError("--ablation is about all mechanisms: leave out the topic and --model")
    if arguments.settings and arguments.model is None:
        raise CommandLineError("-s changes a model: synproof why PROPERTY --model MODEL -s NAME=VALUE")


def _known(catalogue: Catalogue, name: str) -> Topic:
    topics = {topic.name: topic for topic in catalogue.topics()}
    if name in topics:
        return topics[name]
    if any(row.name == name for row in catalogue.property_table()):
        raise CommandLineError(f"{name} is a property: name the model where it is violated: synproof why {name} --model MODEL")
    raise CommandLineError(f"there is no topic {name[:80]!r}; {did_you_mean(name[:80], topics, 'synproof why')}")


# ---- a topic ---------------------------------------------------------------------------------------------------------


def _topic(topic: Topic, laboratory: Laboratory, console: Console) -> None:
    laboratory.plan(topic.experiments)
    look = console.look()
    say = console.say
    for text in (topic.question, topic.answer, f"{topic.quote.source}: “{topic.quote.text}”"):
        say("\n".join(look.wrap(text, look.width)) + "\n")
    shown = [("with it", topic.present), ("without it", topic.removed), *(("also", exhibit) for exhibit in topic.more)]
    outcomes = [(label, _outcome(exhibit, laboratory.found(exhibit.experiment))) for label, exhibit in shown]
    say("\n".join(definition_lines(outcomes, look.width)))
    console.clear_progress()
    for exhibit in (topic.removed, *topic.more):
        found = laboratory.found(exhibit.experiment)
        if exhibit.drawn and found.result.trace is not None:
            say("\n" + "\n".join(_story(found, look)))
    say("\n" + "\n".join(ruled("what it costs", look.width)) + "\n")
    for cost in costs(laboratory, topic):
        say("\n".join(look.wrap(cost.words, look.width, "  ")))
    if topic.cost:
        say("\n".join(look.wrap(topic.cost, look.width)))


def _outcome(exhibit: Exhibit, found: Found) -> str:
    experiment = exhibit.experiment
    what = experiment.prop if experiment.kind is None else experiment.text
    return f"{exhibit.shows} {what} {found.told}, in {experiment.place}".strip()


def _story(found: Found, look: Look) -> list[str]:
    assert found.result.trace is not None
    steps = found.steps or 0
    lines = [*ruled(f"the shortest story without it, {steps} step{'' if steps == 1 else 's'}", look.width), ""]
    told = tell(found.result.trace, found.result.prop, found.verdict)
    return lines + render_ladder(told, look, detail=Detail.SENTENCES).rstrip("\n").split("\n")


# ---- one change ------------------------------------------------------------------------------------------------------


def _mends(name: str, model: str, settings: dict[str, str], laboratory: Laboratory, console: Console) -> int:
    """What mends a property; the exit code."""
    base, found = mends(laboratory, model, name, settings)
    console.clear_progress()
    width = console.width
    console.say("\n".join(textwrap.wrap(f"{base.experiment.place}: {name} {base.told}", width, subsequent_indent="  ")))
    if base.verdict in (Verdict.INCOMPLETE, Verdict.UNKNOWN):
        console.say("\nthat is no answer yet, so there is nothing to alter: allow more with --max-states N")
        return INCOMPLETE
    if not found:
        console.say("\nno single change of a setting that was tried alters that")
    for about in dict.fromkeys(mend.about for mend in found):
        console.say("\n".join(["", *ruled(about, width), ""]))
        members = [mend for mend in found if mend.about == about]
        console.say("\n".join(definition_lines([(f"{m.setting}={m.value}", m.verdict.value) for m in members], width)))
    return 0


# ---- all mechanisms --------------------------------------------------------------------------------------------------


def _ablation(catalogue: Catalogue, laboratory: Laboratory, console: Console) -> None:
    ablations = catalogue.ablations()
    laboratory.plan(planned(catalogue, ablations))
    for number, ablation in enumerate(ablations):
        matrix = ablated(laboratory, ablation)
        console.clear_progress()
        if number:
            console.say()
        console.say("\n".join([*ruled(f"{ablation.model}: {ablation.title}", console.width), ""]))
        console.say("\n".join(_told_by_mechanism(matrix, console.width)))


def _told_by_mechanism(matrix: Ablated, width: int) -> list[str]:
    """For each mechanism what changes without it: that fits in any width."""
    lines: list[str] = []
    for column, removal in enumerate(matrix.ablation.removals):
        changed = [(name, matrix.cell(name, column)) for name in matrix.changed]
        parts = [f"{name}: {matrix.whole[name].told} becomes {text}" for name, text in changed if text]
        values = ", ".join(f"{name}={value}" for name, value in removal.settings)
        lines += textwrap.wrap(f"without {removal.words} ({values})", width, subsequent_indent="  ", break_on_hyphens=False)
        for part in parts or ["nothing changes"]:
            lines += textwrap.wrap(part, width, initial_indent="    ", subsequent_indent="      ", break_on_hyphens=False)
    return lines
