"""`synproof new`: a commented model file to start from."""

from __future__ import annotations

import argparse

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
    console.say(f"wrote {arguments.file}; next: synproof check {arguments.file}")
    return 0
