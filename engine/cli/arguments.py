"""Arguments: which command is asked for, and what with. Only the module of that command is imported."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, NoReturn

from ..errors import did_you_mean
from ..search.limits import Limits
from .console import Console
from .trouble import CommandLineError

__all__ = [
    "COMMANDS", "Asked", "Command", "Parser", "at_least", "limits_of", "limits_options", "one_of", "read", "reduce_option",
    "size_in_bytes",
]  # fmt: skip


@dataclass(frozen=True)
class Command:
    """A command: its name, what it is for, and the module beside this one that has `configure` and `run`."""

    name: str
    summary: str
    module: str


MOST_DIGITS = 18  # so that any number fits into a signed word of 64 bits
COMMANDS = (
    Command("list", "models, properties, settings, claims: what there is", "listing"),
    Command("check", "check models: verdicts, counts, shortest counterexamples", "checking"),
    Command("compare", "verdict matrix of several models; runs that differ, side by side", "comparing"),
    Command("show", "a model's settings and where each is from, properties, expectations", "showing"),
    Command("new", "write a commented model file to start from", "creating"),
    Command("why", "take one mechanism away and show what breaks", "explaining"),
    Command("prove", "inductive proofs without bounds", "unbuilt"),
    Command("replay", "check a saved trace step by step with the reference evaluator", "replaying"),
    Command("export", "a trace as text, Markdown, Mermaid or ITF; a system for SPIN or TLC", "exporting"),
    Command("simulate", "a random run", "simulating"),
    Command("graph", "the explored state graph", "unbuilt"),
    Command("conform", "does the specification admit a packet capture?", "unbuilt"),
    Command("kernel", "drive a live kernel through the specification", "unbuilt"),
    Command("docs", "regenerate the documentation from checked results", "documenting"),
    Command("doctor", "versions, optional parts, what is missing and how to get it", "doctor"),
)


@dataclass(frozen=True)
class Asked:
    """A command and its arguments, read and found to be well formed."""

    command: Command
    arguments: argparse.Namespace

    def run(self, console: Console) -> int:
        """Do it; the exit code."""
        return int(_module(self.command).run(self.arguments, console))


class _Help(Exception):
    """Help was asked for: nothing is wrong."""


class _HelpAction(argparse.Action):
    def __init__(self, **given: Any) -> None:
        super().__init__(**{**given, "nargs": 0})

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        raise _Help(parser.format_help().rstrip())


class Parser(argparse.ArgumentParser):
    """An argument parser whose mistakes are `CommandLineError`s and whose help is a text."""

    def __init__(self, **given: Any) -> None:
        super().__init__(add_help=False, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **given)
        self.add_argument("-h", "--help", action=_HelpAction, help="show this text")

    def error(self, message: str) -> NoReturn:
        """A wrong command line."""
        raise CommandLineError(f"{message.removeprefix('argument ')} ({self.prog} --help)")

    def read(self, words: Sequence[str]) -> argparse.Namespace:
        """The arguments. Raises CommandLineError, with the nearest option for an unknown one."""
        found, extra = self.parse_known_intermixed_args(list(words))
        if extra:
            known = [option for action in self._actions for option in action.option_strings]
            word = next((e for e in extra if e.startswith("-")), extra[0])
            if word.startswith("-"):
                name = word.split("=")[0]
                self.error(f"there is no option {name!r}; {did_you_mean(name, [k for k in known if k.startswith('--')])}")
            self.error(f"{word!r} is one argument too many")
        return found


def read(words: list[str]) -> Asked | str:
    """What the words of the command line ask for: a command, or a text (help, version). Raises CommandLineError."""
    if not words or words[0] in ("-h", "--help", "help"):
        return _overview()
    if words[0] in ("-V", "--version"):
        from importlib.metadata import version

        return f"synproof {version('synproof')}"
    known = {command.name: command for command in COMMANDS}
    command = known.get(words[0])
    if command is None:
        what = "option" if words[0].startswith("-") else "command"
        raise CommandLineError(f"there is no {what} {words[0]!r}; {did_you_mean(words[0], known)}")
    module = _module(command)
    parser = Parser(prog=f"synproof {command.name}", description=f"{command.summary[0].upper()}{command.summary[1:]}.")
    module.configure(parser)
    try:
        return Asked(command, parser.read(words[1:]) if command.module != "unbuilt" else argparse.Namespace(name=command.name))
    except _Help as text:
        return str(text)


def _module(command: Command) -> Any:
    return import_module(f".{command.module}", __package__)


def _overview() -> str:
    lines = [
        "synproof: a machine-checked specification of TCP connection management",
        "",
        "  synproof compare two-way three-way   the headline: why three segments",
        "  synproof check two-way               one model: verdicts, counterexamples",
        "  synproof check my-model.toml         your own (synproof new my-model.toml)",
        "",
        "commands (synproof COMMAND --help):",
    ]
    for command in COMMANDS:
        later = " (not built yet)" if command.module == "unbuilt" else ""
        lines.append(f"  {command.name:<10}{command.summary}{later}")
    return "\n".join(lines)


# ---- kinds of values -------------------------------------------------------------------------------------------------


def one_of(*known: str, later: Sequence[str] = ()) -> Callable[[str], str]:
    """A reader of one of several words; those that are not built yet are told from those that do not exist."""

    def word(text: str) -> str:
        if text in later:
            raise argparse.ArgumentTypeError(f"{text!r} is not built yet; there are: {', '.join(known)}")
        if text not in known:
            raise argparse.ArgumentTypeError(f"{text!r} is none of its values; {did_you_mean(text, known)}")
        return text

    return word


def at_least(least: int) -> Callable[[str], int]:
    """A reader of whole numbers, none of which takes more than 63 bits."""

    def number(text: str) -> int:
        if not text.isascii() or not text.isdigit():
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least {least}")
        if len(text) > MOST_DIGITS:
            raise argparse.ArgumentTypeError(f"a number of {len(text)} digits is too large: at most {MOST_DIGITS}")
        if int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least {least}")
        return int(text)

    return number


def seconds(text: str) -> float:
    """A positive number of seconds."""
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return found


def size_in_bytes(text: str) -> int:
    """A size such as 500M or 2G.

    >>> size_in_bytes("500M"), size_in_bytes("2G"), size_in_bytes("65536")
    (524288000, 2147483648, 65536)
    """
    units = {"K": 10, "M": 20, "G": 30, "T": 40}
    bare = text.upper().removesuffix("B").removesuffix("I")
    shift = units.get(bare[-1:], 0)
    digits = bare[:-1] if shift else bare
    if not digits.isascii() or not digits.isdigit() or len(digits) > 15 or not int(digits):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size: write for instance 500M or 2G")
    return int(digits) << shift


def reductions(text: str) -> tuple[str, ...]:
    """Names of reductions, with commas between them."""
    from ..reductions import REDUCTIONS

    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in REDUCTIONS:
            raise argparse.ArgumentTypeError(f"there is no reduction {name!r}; {did_you_mean(name, REDUCTIONS)}")
    return tuple(name for name in REDUCTIONS if name in names)


def reduce_option(parser: argparse.ArgumentParser) -> None:
    """--reduce NAME,..."""
    parser.add_argument(
        "--reduce", type=reductions, default=(), metavar="NAME[,NAME...]",
        help="explore fewer states for the same verdicts (synproof list reductions); counts are then those of what is explored",
    )  # fmt: skip


def limits_options(parser: argparse.ArgumentParser) -> None:
    """The options that end a search early; what is not settled then is `incomplete`."""
    group = parser.add_argument_group("limits (what is not settled when one is met is `incomplete`)")
    group.add_argument("--max-states", type=at_least(1), metavar="N", help="stop when more than N states are known")
    group.add_argument("--max-memory", type=size_in_bytes, metavar="SIZE", help="stop at this much memory, such as 500M or 2G")
    group.add_argument("--timeout", type=seconds, metavar="S", help="stop after so many seconds")


def limits_of(arguments: argparse.Namespace) -> Limits:
    """The limits that those options give."""
    return Limits(arguments.max_states, arguments.max_memory, arguments.timeout)
