"""`synproof doctor`: versions, optional parts, what is missing and how to get it."""

from __future__ import annotations

import argparse
import platform
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from ..catalogue import find
from ..errors import SynproofError
from ..reductions import REDUCTIONS
from .arguments import Parser
from .console import Console
from .definitions import definition_lines

__all__ = ["configure", "run"]


@dataclass(frozen=True)
class Part:
    """A distribution that synproof uses. `extra` is the optional group that brings it; none: it is required."""

    name: str
    module: str
    use: str
    extra: str = ""

    @property
    def version(self) -> str | None:
        """The installed version, or None if it cannot be used."""
        try:
            return version(self.name) if find_spec(self.module) else None
        except (PackageNotFoundError, ValueError):
            return None

    @property
    def how(self) -> str:
        """How to get it."""
        return f"pip install 'synproof[{self.extra}]'" if self.extra else f"pip install '{self.name}'"


PARTS = (
    Part("networkx", "networkx", "graphs: liveness, components, dominators"),
    Part("z3-solver", "z3", "--engine smt"),
    Part("numpy", "numpy", "large searches", "fast"),
    Part("llvmlite", "llvmlite", "large searches", "fast"),
    Part("scipy", "scipy", "graphs of large searches", "fast"),
    Part("cvc5", "cvc5", "a second solver", "cvc5"),
)


def configure(parser: Parser) -> None:
    """The options of `doctor`."""
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output and nothing else")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Look, and say what is there. The exit code is 153 if something required is missing."""
    found = {part: part.version for part in PARTS}
    models, trouble = _models()
    missing = [part for part, installed in found.items() if installed is None and not part.extra]
    well = not missing and not trouble
    if arguments.json:
        console.say_json(
            {
                "synproof": version("synproof"),
                "python": platform.python_version(),
                "platform": platform.platform(),
                "parts": [
                    {"name": p.name, "version": installed, "required": not p.extra, "how": None if installed else p.how}
                    for p, installed in found.items()
                ],
                "models": models,
                "well": well,
            }
        )
        return 0 if well else 153
    rows = [("synproof", version("synproof")), ("Python", f"{platform.python_version()} on {platform.platform()}")]
    for part, installed in found.items():
        wanted = "missing" if not part.extra else "not installed (optional)"
        text = f"{installed}, for {part.use}" if installed else f"{wanted}, for {part.use}: {part.how}"
        rows.append((part.name, text))
    rows.append(("models", trouble or f"{models} shipped"))
    rows.append(("reductions", f"{', '.join(REDUCTIONS)} (--reduce; synproof list reductions)"))
    colours = "colours" if console.has_colour else "no colours"
    rows.append(("output", f"{sys.stdout.encoding or 'unknown encoding'}, {colours}"))
    console.say("\n".join(definition_lines(rows, console.width)))
    console.say("\nall that is required is there" if well else "\nsomething that is required is missing")
    return 0 if well else 153


def _models() -> tuple[int, str]:
    """How many models are shipped, or what is wrong with them."""
    try:
        models = find().models()
    except (SynproofError, ImportError) as error:
        return 0, str(error)
    return len(models), "" if models else "no models are shipped: install synproof again"
