"""Measuring: a command is run, and its time, processor time and memory are taken from the operating system."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Failed", "Used", "measure"]


class Failed(Exception):
    """A command that was measured ended with an error."""


@dataclass(frozen=True)
class Used:
    """What one or several commands used, one after the other, and what the last one printed."""

    seconds: float  # as the clock on the wall has them
    processor: float  # of all threads, in user and system mode
    peak: int  # bytes, of the largest
    said: str = ""

    def __add__(self, other: Used) -> Used:
        return Used(self.seconds + other.seconds, self.processor + other.processor, max(self.peak, other.peak), other.said)


def measure(command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> Used:
    """Run a command to its end. Raises Failed, with what it said."""
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **(environment or {})}, stdout=output, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        said = output.read().decode(errors="replace")
    if process.returncode:
        raise Failed(f"{' '.join(command)} ended with {process.returncode}:\n{said[-2000:]}")
    return Used(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, said)
