"""`synproof check`: verdicts, counts and shortest runs of models."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ..catalogue import Catalogue, find
from ..checker import DEPTH, ENGINES, Task, check
from ..choosing import Chosen, choose
from ..results import EXIT_CODES, ModelResult, disagreements, exit_code
from ..search.explore import Means
from .arguments import Parser, at_least, limits_of, limits_options, one_of, reduce_option
from .console import Console
from .expectations import expectation_report, mismatches
from .report import Report, report
from .subjects import all_of_them, distinct, overrides, own_properties, properties_options, settings_option, shipped
from .traces import TraceFolder, trace_json
from .trouble import CommandLineError

if TYPE_CHECKING:
    from ..via import Way

__all__ = ["configure", "run"]

NOT_AS_EXPECTED = 1  # where no verdict by itself asks for another exit code


def configure(parser: Parser) -> None:
    """The options of `check`."""
    parser.add_argument("models", nargs="*", metavar="MODEL", help="a model's name, or a file of your own")
    parser.add_argument("--all", action="store_true", help="every model that is shipped")
    settings_option(parser)
    properties_options(parser)
    parser.add_argument(
        "--via", action="append", default=[], metavar="EXPR",
        help="ask for the shortest run that satisfies these in this order; with -p ALWAYS-PROPERTY: and then violates it",
    )  # fmt: skip
    parser.add_argument("--engine", type=one_of(*ENGINES), default="explore", metavar="explore|smt|both")
    parser.add_argument("--depth", type=at_least(0), metavar="K", help=f"steps that smt looks at ({DEPTH})")
    limits_options(parser)
    reduce_option(parser)
    parser.add_argument("--as-expected", action="store_true", help="exit 0 if and only if all is as the model files declare")
    parser.add_argument("-v", "--show-witnesses", action="store_true", help="draw witnesses, name idle actions")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output and nothing else")
    parser.add_argument("--trace-dir", metavar="DIR", help="save each run there as MODEL.PROPERTY.itf.json")
    parser.add_argument(
        "--workers", type=at_least(1), default=1, metavar="N",
        help="threads of a large search (1); at most as many as there are processors, or 8",
    )  # fmt: skip
    parser.add_argument("--checkpoint", metavar="DIR", help="keep there how far the search has come, twice a minute")
    parser.add_argument("--resume", metavar="DIR", help="go on from the checkpoint that is there, and keep on keeping it")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Check, and say what was found."""
    _refuse(arguments)
    outcomes: list[tuple[Chosen, tuple[ModelResult, ...]]] = []
    if arguments.json:
        console.so_far = partial(as_json, outcomes)
    catalogue = find()
    names = shipped(catalogue, arguments.models, arguments.all)
    if len(names) > 1 and (arguments.checkpoint or arguments.resume):
        raise CommandLineError("a folder has the checkpoint of one search: name one model; or no --checkpoint and no --resume")
    settings, own = overrides(arguments.settings), own_properties(arguments)
    chosen = all_of_them(partial(choose, catalogue, name, settings, arguments.properties, own) for name in names)
    ways = _ways(catalogue, chosen, arguments)
    folder = None
    if arguments.trace_dir is not None:
        distinct([one.subject.name for one in chosen], "their traces would replace each other")
        folder = TraceFolder(arguments.trace_dir, chosen, ["via"] if arguments.via else None)
    tell = Report(console.look(), arguments.show_witnesses, frozenset([*arguments.properties, *(o.name for o in own), "via"]))

    faults: list[str] = []
    for number, (one, results) in enumerate(_outcomes(chosen, ways, arguments, console)):
        outcomes.append((one, results))
        faults += mismatches(one, results) if arguments.as_expected else []
        if not arguments.json:
            if number and not arguments.as_expected:
                console.say()
            console.say(_told(one, results, arguments, tell))
        if folder:
            for line in folder.save(one, results):
                console.note(line)
        if any(result.interrupted for result in results):
            break
    if arguments.json:
        console.say_json(as_json(outcomes), lines=False)
    code = exit_code(results for _, results in outcomes)
    if arguments.as_expected and code != EXIT_CODES["interrupted"]:
        return (NOT_AS_EXPECTED if code == 0 else code) if faults else 0
    return code


def _refuse(arguments: argparse.Namespace) -> None:
    """Raise CommandLineError for options that do not go together."""
    for option in ("checkpoint", "resume"):
        if getattr(arguments, option) == "":
            raise CommandLineError(f"--{option} needs the name of a folder")
        if getattr(arguments, option) is not None and (arguments.engine == "smt" or arguments.via):
            raise CommandLineError(f"--{option} is for exploration of all states: leave out --via and --engine smt")
    if arguments.checkpoint is not None and arguments.resume is not None:
        raise CommandLineError("--resume DIR keeps on keeping checkpoints there: leave out --checkpoint")
    changed = [
        option
        for option, given in (
            ("-s", arguments.settings),
            ("-p", arguments.properties),
            ("--always", arguments.always),
            ("--sometimes", arguments.sometimes),
            ("--eventually", arguments.eventually),
            ("--via", arguments.via),
            ("--reduce", arguments.reduce),
        )
        if given
    ]
    if arguments.as_expected and changed:
        raise CommandLineError(
            f"--as-expected compares with what the model file declares; {', '.join(changed)} would ask something else"
        )
    if arguments.reduce and (arguments.via or arguments.engine == "smt"):
        what = "--via" if arguments.via else "--engine smt"
        raise CommandLineError(f"--reduce is for what exploration is asked of all runs, not for {what}: leave one of them out")
    if arguments.depth is not None and arguments.engine == "explore":
        raise CommandLineError("--depth bounds the runs of --engine smt or both; exploration goes to the end (see --timeout)")
    if arguments.via and arguments.engine != "explore":
        raise CommandLineError("--via is a question to exploration: leave out --engine")
    if arguments.via and (arguments.always or arguments.sometimes or arguments.eventually):
        raise CommandLineError("--via asks for one run; ask for --always, --sometimes and --eventually without it")


def _ways(catalogue: Catalogue, chosen: Sequence[Chosen], arguments: argparse.Namespace) -> list[Way] | list[None]:
    """For each model the way that `--via` asks for. What is wrong with it is found before anything is checked."""
    if not arguments.via:
        return [None] * len(chosen)
    from ..via import way_of

    return [way_of(catalogue, one, arguments.via, arguments.properties) for one in chosen]


def _outcomes(
    chosen: Sequence[Chosen], ways: Sequence[Way | None], arguments: argparse.Namespace, console: Console
) -> Iterator[tuple[Chosen, tuple[ModelResult, ...]]]:
    limits = limits_of(arguments)
    means = Means(arguments.workers, keep=arguments.resume or arguments.checkpoint, resume=arguments.resume is not None)
    for one, way in zip(chosen, ways, strict=True):
        depth = DEPTH if arguments.depth is None else arguments.depth
        within = one.within(limits)
        task = Task(arguments.engine, depth, within, console.progress(), console.deepening(), arguments.reduce, means)
        if way is not None:
            from ..via import check_via

            yield one, (check_via(way, task),)
        else:
            yield one, check(one.subject, task)


def _told(one: Chosen, results: Sequence[ModelResult], arguments: argparse.Namespace, how: Report) -> str:
    if arguments.as_expected:
        return expectation_report(one, results, how.look.width)
    parts = []
    drawn: dict[str, int | None] = {}
    for result in results:
        parts.append(report(one.model.title, result, replace(how, drawn=drawn)))
        drawn = {found.name: found.steps for found in result.properties if found.trace is not None}
    if len(results) > 1:
        contradictions = disagreements(results)
        parts.append(
            "\n".join(f"the engines DISAGREE: {text}" for text in contradictions)
            if contradictions
            else "the engines agree"
        )
    return "\n\n".join(parts)


def as_json(outcomes: Sequence[tuple[Chosen, Sequence[ModelResult]]]) -> dict[str, Any]:
    """The object that `--json` prints."""
    from importlib.metadata import version

    results = []
    for one, engines in outcomes:
        for result in engines:
            entry = result.as_json()
            for found, row in zip(result.properties, entry["properties"], strict=True):
                row["trace"] = trace_json(one, found)
            results.append(entry)
    return {
        "synproof": version("synproof"),
        "agree": not any(disagreements(engines) for _, engines in outcomes),
        "results": results,
    }
