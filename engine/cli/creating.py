"""`synproof new`: a commented model file to start from."""

from __future__ import annotations

import argparse
import os
import shlex

from ..catalogue import find
from ..files import write_text
from .arguments import Parser
from .console import Console

__all__ = ["configure", "run"]


def configure(parser: Parser) -> None:
    """The options of `new`."""
    parser.add_argument("file", metavar="FILE", help="the file to write, such as my-model.toml; never over another one")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Write the file."""
    write_text(arguments.file, find().template())
    console.say(f"wrote {arguments.file}; next: synproof check {shlex.quote(_as_path(arguments.file))}")
    return 0


def _as_path(file: str) -> str:
    """The file as `check` takes it for one, and not for the name of a shipped model."""
    return file if file.endswith(".toml") or os.sep in file else os.path.join(os.curdir, file)
