"""Commands that are documented and not built yet: they say so."""

from __future__ import annotations

import argparse
from typing import NoReturn

from .console import Console
from .trouble import NotBuiltYet

__all__ = ["configure", "run"]


def configure(_parser: argparse.ArgumentParser) -> None:
    """There is nothing to configure."""


def run(arguments: argparse.Namespace, _console: Console) -> NoReturn:
    """Raises NotBuiltYet."""
    raise NotBuiltYet(f"`synproof {arguments.name}` is not built yet; `synproof --help` lists the commands that are")
