"""SPIN, run on the Promela text of a model: how many states and transitions it counts, and what it says of the properties."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from synproof.engine.checker import Subject
from synproof.engine.foreign.promela import to_promela

__all__ = ["ALL", "BREADTH_FIRST", "COUNT_ONLY", "DEPTH_FIRST", "Counted", "count", "missing"]

COMPILE = ("-O0", "-DSAFETY", "-DNOREDUCE")
BREADTH_FIRST = ("-DBFS",)
DEPTH_FIRST = ()
ALL, COUNT_ONLY = 0, -1


def missing() -> str:
    """Which program is not installed, or empty."""
    for program in ("spin", "cc"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    return ""


@dataclass(frozen=True)
class Counted:
    """What SPIN says: the states it stored, the transitions of the system, and per property its answer and the steps to it."""

    states: int
    transitions: int
    answers: dict[str, tuple[str, int]]


def count(subject: Subject, folder: Path, way: tuple[str, ...] = BREADTH_FIRST, ask: int = ALL) -> Counted:
    """SPIN's exhaustive search of a model; `ask` is the number of a property, ALL or COUNT_ONLY."""
    (folder / "model.pml").write_text(to_promela(subject), encoding="ascii")
    _run(folder, "spin", "-o2", "-a", f"-DPROPERTY={ask}", "model.pml")
    _run(folder, "cc", *COMPILE, *way, "-o", "pan", "pan.c")
    said = _run(folder, "./pan", "-c0", "-w18", "-m1000000")
    assert "Search not completed" not in said and "max search depth too small" not in said, said
    several = len(subject.system.initial) > 1  # then SPIN chooses among them in a step of its own, from a state of its own
    told = re.findall(r"^(\S+): (violated|reached), steps: (\d+)$", said, re.M)
    answers = {name: (answer, int(steps) - several) for name, answer, steps in told}
    of_states = sum(prop.name in answers and prop.event is None for prop in subject.properties)  # a transition for each
    ways_in = 1 + len(subject.system.initial) * several
    transitions = _number(said, r"transitions \(= stored\+matched\)") - ways_in - of_states
    return Counted(_number(said, "states, stored") - several, transitions, answers)


def _number(said: str, what: str) -> int:
    found = re.search(rf"^ *(\d+) {what}", said, re.M)
    assert found, said
    return int(found[1])


def _run(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout
