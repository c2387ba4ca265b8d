"""`synproof replay`: a saved trace, checked step by step with the reference evaluator."""

from __future__ import annotations

import argparse
import textwrap

from ..catalogue import find
from ..render import render_ladder
from ..traces.telling import tell
from .arguments import Parser
from .console import Console
from .report import plural
from .traces import load_trace

__all__ = ["configure", "run"]


def configure(parser: Parser) -> None:
    """The options of `replay`."""
    parser.add_argument("trace", metavar="TRACE", help="a file saved by --trace-dir or export, .itf.json")
    parser.add_argument("--model", metavar="MODEL", help="the model it must belong to (the one that the file names)")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output and nothing else")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Replay, and tell the run."""
    file, model, trace, prop = load_trace(find(), arguments.trace, arguments.model)
    verdict = file.header.verdict
    if arguments.json:
        console.say_json(
            {
                "trace": arguments.trace,
                "model": model.name,
                "property": file.about or None,
                "verdict": verdict.value if verdict else None,
                "steps": len(trace),
                "replayed": True,
                "decides": prop is not None,
            }
        )
        return 0
    decides = ""
    if file.about:
        says = f"{file.about}: {verdict.value}" if verdict else file.about
        unknown = "; what that property says is not in the file" if prop is None else ""
        decides = f" ({says}{unknown})"
    told = f"{arguments.trace}: {plural(len(trace), 'step')} of {model.name}, each as the specification has it{decides}"
    console.say("\n".join(textwrap.wrap(told, console.width, subsequent_indent="  ", break_on_hyphens=False)))
    console.say()
    console.say(render_ladder(tell(trace, prop, verdict), console.look()).rstrip("\n"))
    return 0
