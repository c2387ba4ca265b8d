"""`synproof why`: one mechanism taken away, and what breaks; or which single change makes a violated property hold."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..ablation import Ablated, Mend, ablated, asked_of, costs, mends, planned
from ..catalogue import Catalogue, find
from ..errors import did_you_mean
from ..experiment import Experiment, Found, Laboratory
from ..ledger import Exhibit, Topic
from ..render import Detail, render_ladder
from ..search.budget import LimitMet
from ..search.limits import UNLIMITED
from ..traces.telling import tell
from .arguments import Parser, limits_of, limits_options
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
    parser.add_argument(
        "--model", metavar="MODEL",
        help=f"with a property: which one change of a setting alters its verdict (--max-states {MOST_STATES} unless given)",
    )  # fmt: skip
    settings_option(parser)
    limits_options(parser)
    parser.add_argument("--ablation", action="store_true", help="every mechanism taken away in turn, against all properties")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Say why. The limits of time and memory bound all searches together, that of states each of them."""
    _refuse(arguments)
    catalogue = find()
    limits = limits_of(arguments)
    if arguments.model is not None and limits.max_states is None:
        limits = replace(limits, max_states=MOST_STATES)
    laboratory = Laboratory(catalogue, console.progress(), limits)
    if arguments.ablation:
        return _ablation(catalogue, laboratory, console)
    if arguments.model is not None:
        return _mends(asked_of(arguments.model, arguments.topic, overrides(arguments.settings)), laboratory, console)
    if arguments.topic is not None:
        return _topic(_known(catalogue, arguments.topic), laboratory, console)
    console.say("\n".join(definition_lines([(topic.name, topic.question) for topic in catalogue.topics()], console.width)))
    advice = "synproof why TOPIC answers one; synproof why --ablation takes away each mechanism in turn"
    console.say("\n" + "\n".join(textwrap.wrap(advice, console.width, break_on_hyphens=False)))
    return 0


def _refuse(arguments: argparse.Namespace) -> None:
    if arguments.ablation and (arguments.topic or arguments.model):
        raise CommandLineError("--ablation is about all mechanisms: leave out the topic and --model")
    if arguments.model is not None and arguments.topic is None:
        raise CommandLineError(f"which property? synproof why PROPERTY --model {arguments.model}")
    if arguments.topic is None and not arguments.ablation and limits_of(arguments) != UNLIMITED:
        raise CommandLineError("nothing is searched for the list of topics: name one, or leave out the limits")
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


def _topic(topic: Topic, laboratory: Laboratory, console: Console) -> int:
    laboratory.plan(topic.experiments)
    look = console.look()
    shown = [("with it", topic.present), ("without it", topic.removed), *(("also", exhibit) for exhibit in topic.more)]
    found = [_as_far_as_it_goes(laboratory, exhibit.experiment) for _, exhibit in shown]
    is_open = any(isinstance(one, str) or one.is_open for one in found)
    # What the topic says rests on all its experiments: it is not said before they are decided.
    for text in (topic.question, *([] if is_open else [topic.answer]), f"{topic.quote.source}: “{topic.quote.text}”"):
        console.say("\n".join(look.wrap(text, look.width)) + "\n")
    outcomes = [(label, _outcome(exhibit, one)) for (label, exhibit), one in zip(shown, found, strict=True)]
    console.say("\n".join(definition_lines(outcomes, look.width)))
    for (_, exhibit), one in zip(shown[1:], found[1:], strict=True):
        if exhibit.drawn and isinstance(one, Found) and one.result.trace is not None:
            console.say("\n" + "\n".join(_story(one, look)))
    is_measured = _cost(topic, laboratory, console)
    if is_open or not is_measured:
        return _allow_more("not all of this is decided", console)
    return 0


def _as_far_as_it_goes(laboratory: Laboratory, experiment: Experiment) -> Found | str:
    """What an experiment finds, or the limit that was met before it began."""
    try:
        return laboratory.found(experiment)
    except LimitMet as met:
        return met.limit


def _cost(topic: Topic, laboratory: Laboratory, console: Console) -> bool:
    """Say what a topic's mechanism costs; whether that could be measured."""
    goals = [_as_far_as_it_goes(laboratory, experiment) for experiment in topic.goals]
    if any(isinstance(goal, str) or goal.is_open for goal in goals):
        return False
    try:
        measured = costs(laboratory, topic)
    except LimitMet:
        return False
    look = console.look()
    console.say("\n" + "\n".join(ruled("what it costs", look.width)) + "\n")
    for cost in measured:
        console.say("\n".join(look.wrap(cost.words, look.width, "  ")))
    if topic.cost:
        console.say("\n".join(look.wrap(topic.cost, look.width)))
    return True


def _outcome(exhibit: Exhibit, found: Found | str) -> str:
    experiment = exhibit.experiment
    what = experiment.prop if experiment.kind is None else experiment.text
    return f"{exhibit.shows} {what} {_told(found)}, in {experiment.place}".strip()


def _told(found: Found | str) -> str:
    """A verdict; of one that is open, why."""
    if isinstance(found, str):
        return f"incomplete ({found})"
    return f"{found.told} ({found.result.reason})" if found.is_open else found.told


def _allow_more(what: str, console: Console) -> int:
    """Say that limits cut something; the exit code."""
    advice = f"{what}: allow more with --max-states, --max-memory, --timeout"
    console.say("\n" + "\n".join(textwrap.wrap(advice, console.width, break_on_hyphens=False)))
    return INCOMPLETE


def _story(found: Found, look: Look) -> list[str]:
    assert found.result.trace is not None
    steps = found.steps or 0
    lines = [*ruled(f"the shortest story without it, {steps} step{'' if steps == 1 else 's'}", look.width), ""]
    told = tell(found.result.trace, found.result.prop, found.verdict)
    return lines + render_ladder(told, look, detail=Detail.SENTENCES).rstrip("\n").split("\n")


# ---- one change ------------------------------------------------------------------------------------------------------


def _mends(asked: Experiment, laboratory: Laboratory, console: Console) -> int:
    """What alters the verdict on a property; the exit code."""
    base = _as_far_as_it_goes(laboratory, asked)
    width = console.width
    console.say("\n".join(textwrap.wrap(f"{asked.place}: {asked.prop} {_told(base)}", width, subsequent_indent="  ")))
    if isinstance(base, str) or base.is_open:
        return _allow_more("that is no answer yet, so there is nothing to alter", console)
    found: list[Mend] = []
    try:
        for mend in mends(laboratory, base):
            found.append(mend)
    except KeyboardInterrupt:
        _tell_mends([mend for mend in found if not mend.is_open], console)
        raise
    decided = [mend for mend in found if not mend.is_open]
    if not found:
        console.say("\nno single change of a setting that was tried alters that")
    _tell_mends(decided, console)
    if is_open := [f"{mend.setting}={mend.value}" for mend in found if mend.is_open]:
        return _allow_more(f"not decided: {', '.join(is_open)}", console)
    return 0


def _tell_mends(found: Sequence[Mend], console: Console) -> None:
    for about in dict.fromkeys(mend.about for mend in found):
        console.say("\n".join(["", *ruled(about, console.width), ""]))
        members = [(f"{mend.setting}={mend.value}", mend.verdict.value) for mend in found if mend.about == about]
        console.say("\n".join(definition_lines(members, console.width)))


# ---- all mechanisms --------------------------------------------------------------------------------------------------


def _ablation(catalogue: Catalogue, laboratory: Laboratory, console: Console) -> int:
    ablations = catalogue.ablations()
    laboratory.plan(planned(catalogue, ablations))
    is_open = False
    for number, ablation in enumerate(ablations):
        matrix = ablated(laboratory, ablation)
        if number:
            console.say()
        console.say("\n".join([*ruled(f"{ablation.model}: {ablation.title}", console.width), ""]))
        console.say("\n".join(_told_by_mechanism(matrix, console.width)))
        is_open = is_open or not matrix.is_decided
    return _allow_more("not all of this is decided", console) if is_open else 0


def _told_by_mechanism(matrix: Ablated, width: int) -> list[str]:
    """For each mechanism what changes without it: that fits in any width."""
    lines: list[str] = []
    for column, removal in enumerate(matrix.ablation.removals):
        values = ", ".join(f"{name}={value}" for name, value in removal.settings)
        lines += textwrap.wrap(f"without {removal.words} ({values})", width, subsequent_indent="  ", break_on_hyphens=False)
        for part in _changes(matrix, column):
            lines += textwrap.wrap(part, width, initial_indent="    ", subsequent_indent="      ", break_on_hyphens=False)
    return lines


def _changes(matrix: Ablated, column: int) -> list[str]:
    if column >= len(matrix.removed):
        return [f"incomplete ({matrix.limit})"]
    changed = [(name, matrix.cell(name, column)) for name in matrix.changed]
    parts = [f"{name}: {matrix.whole[name].told} becomes {text}" for name, text in changed if text]
    undecided = matrix.undecided(column)
    if undecided:
        parts.append(f"incomplete: {', '.join(undecided)}")
    return parts or ["nothing changes"]
