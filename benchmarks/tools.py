"""The tools that are compared, each as the whole of what it does from a model to a verdict."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from synproof.engine.foreign.promela import to_promela
from synproof.engine.foreign.tla import MAY_END, to_cfg, to_tla

from .instances import Instance
from .measuring import Failed, Used, measure

__all__ = ["Outcome", "Tool", "start_up", "tools"]

JAR = os.environ.get("TLA2TOOLS", "")
DEEPEST = 1_000_000  # steps of the longest run that SPIN keeps depth first; it reserves room for so many
MEMORY = 16 << 10  # MiB that SPIN may use
COLD, WARM = "synproof, cold cache", "synproof"
BREADTH = "SPIN, breadth first"


@dataclass(frozen=True)
class Outcome:
    """What a tool did with an instance: all of it, its search alone, and what it counted."""

    tool: str
    size: str
    whole: Used
    search: Used
    states: int
    transitions: int


@dataclass(frozen=True)
class Tool:
    """A way to search an instance, in a folder that is empty when the tool is first used."""

    name: str
    run: Callable[[Instance, Path], Outcome]


def tools(workers: int) -> list[Tool]:
    """What is there to be compared, synproof first: with nothing kept, then with its machine code kept from that run."""
    found = [Tool(COLD, _synproof(COLD, 1)), Tool(WARM, _synproof(WARM, 1))]
    if workers > 1:
        found.append(Tool(f"synproof, {workers} workers", _synproof(f"synproof, {workers} workers", workers)))
    if shutil.which("spin") and shutil.which("cc"):
        found += [
            _spin(BREADTH, "-DNOREDUCE", "-DBFS"),
            _spin("SPIN, breadth first, reduced", "-DBFS"),
            _spin("SPIN, depth first", "-DNOREDUCE"),
            _spin("SPIN, depth first, reduced"),
            _spin("SPIN, depth first, collapsed", "-DNOREDUCE", "-DCOLLAPSE"),
        ]
    if Path(JAR).is_file() and shutil.which("java"):
        found.append(Tool("TLC", _tlc))
    return found


# ---- synproof ----------------------------------------------------------------------------------------------------------


def _program(folder: Path, *words: str) -> Used:
    command = [sys.executable, "-c", "import sys; from synproof.engine.cli import main; sys.exit(main(sys.argv[1:]))", *words]
    return measure(command, folder, {"XDG_CACHE_HOME": str(folder / "cache")})


def start_up(folder: Path) -> Used:
    """`synproof list`."""
    return _program(folder, "list")


def _synproof(name: str, workers: int) -> Callable[[Instance, Path], Outcome]:
    def run(instance: Instance, folder: Path) -> Outcome:
        if name == COLD:
            shutil.rmtree(folder / "cache", ignore_errors=True)
        more = ["--workers", str(workers)] if workers > 1 else []
        used = _program(folder, "check", *instance.arguments, "--json", *more)
        (result,) = json.loads(used.said)["results"]
        verdicts = [prop["verdict"] for prop in result["properties"]]
        if not result["complete"] or verdicts != ["holds"]:
            raise Failed(f"{instance.name}: {verdicts}, and every tool is to search it to the end")
        return Outcome(name, instance.size, used, used, result["states"], result["transitions"])

    return run


# ---- SPIN and TLC --------------------------------------------------------------------------------------------------------


def _spin(name: str, *options: str) -> Tool:
    def run(instance: Instance, folder: Path) -> Outcome:
        (folder / "model.pml").write_text(to_promela(instance.subject()), encoding="ascii")
        made = measure(["spin", "-o2", "-a", "-DPROPERTY=1", "model.pml"], folder)
        verifier = folder / "pan.c"  # SPIN rounds what it counts to eight digits; here all are wanted
        verifier.write_text(verifier.read_text(encoding="latin-1").replace('"%9.8g ', '"%9.0f '), encoding="latin-1")
        made += measure(["cc", "-O2", "-DSAFETY", f"-DMEMLIM={MEMORY}", *options, "-o", "pan", "pan.c"], folder)
        search = measure(["./pan", f"-m{DEEPEST}", f"-w{instance.table}"], folder)
        if "search depth too small" in search.said or "errors: 0" not in search.said:
            raise Failed(f"{name} did not search {instance.name} to the end:\n{search.said[-2000:]}")
        states = _number(r"^ *(\d+) states, stored", search.said)
        transitions = _number(r"^ *(\d+) transitions \(= stored\+matched\)", search.said) - 1
        return Outcome(name, instance.size, made + search, search, states, transitions)

    return Tool(name, run)


def _tlc(instance: Instance, folder: Path) -> Outcome:
    subject = instance.subject()
    (folder / "model.tla").write_text(to_tla(subject, "model"), encoding="ascii")
    cfg = to_cfg(subject).replace("INVARIANT TypeOK\n", "").replace(f"{MAY_END}\n", "").replace(r"\* INVARIANT", "INVARIANT")
    (folder / "model.cfg").write_text(cfg, encoding="ascii")
    used = measure(["java", "-XX:+UseParallelGC", "-cp", JAR, "tlc2.TLC", "-deadlock", "-workers", "1", "model.tla"], folder)
    generated = _number(r"^(\d+) states generated, ", used.said)
    return Outcome("TLC", instance.size, used, used, _number(r"(\d+) distinct states found, 0", used.said), generated - 1)


def _number(pattern: str, said: str) -> int:
    found = re.findall(pattern, said, re.M)
    if not found:
        raise Failed(f"no count in:\n{said[-2000:]}")
    return int(found[-1])
