"""`synproof simulate`: a random run, taken with the reference evaluator; the same seed gives the same run everywhere."""

from __future__ import annotations

import argparse
import random
import textwrap

from ..catalogue import find
from ..choosing import choose
from ..evaluate import enabled_steps
from ..render import render_ladder
from ..system import Action, System
from ..traces.itf import document
from ..traces.telling import tell
from ..traces.trace import Trace, replay
from .arguments import Parser, at_least
from .console import Console
from .report import plural
from .subjects import overrides, settings_option
from .traces import header_of

__all__ = ["configure", "random_run", "run"]

STEPS = 20


def configure(parser: Parser) -> None:
    """The options of `simulate`."""
    parser.add_argument("model", metavar="MODEL", help="a model's name, or a file of your own")
    parser.add_argument("--seed", type=at_least(0), default=0, metavar="N", help="which random run (0)")
    parser.add_argument("--steps", type=at_least(0), default=STEPS, metavar="K", help=f"how many steps ({STEPS})")
    settings_option(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output and nothing else")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Simulate, and tell the run."""
    one = choose(find(), arguments.model, overrides(arguments.settings))
    trace = random_run(one.subject.system, arguments.seed, arguments.steps)
    header = header_of(one, description=f"a random run, seed {arguments.seed}")
    if arguments.json:
        console.say_json({"model": header.model, "seed": arguments.seed, "steps": len(trace), "trace": document(trace, header)})
        return 0
    ended = "" if len(trace) == arguments.steps else "; then nothing more is possible"
    told = f"{header.model}: a random run, seed {arguments.seed}, {plural(len(trace), 'step')}{ended}"
    console.say("\n".join(textwrap.wrap(told, console.width, subsequent_indent="  ")))
    console.say()
    console.say(render_ladder(tell(trace), console.look()).rstrip("\n"))
    return 0


def random_run(system: System, seed: int, steps: int) -> Trace:
    """A run of at most so many steps: in each state an enabled action, each as likely as another, then one of its choices."""
    source = random.Random(seed)

    def pick(number: int) -> int:
        return int(source.random() * number)  # of all that a generator offers, this alone stays the same in every Python

    trace = replay(system, system.initial[pick(len(system.initial))], [])
    instances: list[tuple[Action, dict[str, object]]] = []
    for _ in range(steps):
        by_action: dict[str, list[tuple[Action, dict[str, object]]]] = {}
        for action, params in enabled_steps(system, trace.final):
            by_action.setdefault(action.name, []).append((action, params))
        if not by_action:
            break
        choices = list(by_action.values())[pick(len(by_action))]
        instances.append(choices[pick(len(choices))])
        trace = _longer(trace, *instances[-1])
    return replay(system, trace.initial, instances)


def _longer(trace: Trace, action: Action, params: dict[str, object]) -> Trace:
    from ..evaluate import Transition, apply

    step = Transition(action, params, trace.final, apply(trace.system, action, trace.final, params))
    return Trace(trace.system, trace.initial, (*trace.steps, step))
