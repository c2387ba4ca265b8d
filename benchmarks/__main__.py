"""python -m benchmarks: compares synproof with SPIN (and with TLC, where TLA2TOOLS names a tla2tools.jar), and reports."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .instances import INSTANCES, LARGER, Instance
from .measuring import Failed, measure
from .report import SOON, TIMES, report
from .tools import Outcome, Tool, start_up, tools


def main() -> int:
    """Measure everything, one search at a time, and write the report."""
    known = {instance.size: instance for instance in (*INSTANCES, *LARGER)}
    sizes = [instance.size for instance in INSTANCES]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--sizes", nargs="+", choices=known, default=sizes, metavar="SIZE",
        help=f"some of {', '.join(known)}; if none is given: {', '.join(sizes)}",
    )  # fmt: skip
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="workers to compare with one (2; 1: none)")
    parser.add_argument("--out", metavar="FILE", default="benchmarks/REPORT.md", help="the report (%(default)s)")
    arguments = parser.parse_args()
    chosen = [instance for size, instance in known.items() if size in arguments.sizes]
    machine = _machine()
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        start_up(folder)
        begun, bare = start_up(folder), measure([sys.executable, "-c", "pass"], folder)
        for instance in chosen:
            for tool in tools(arguments.workers):
                if instance.only is not None and not (tool.name in instance.only or "workers" in tool.name):
                    continue
                try:
                    outcome = _fastest(tool, instance, folder)
                except Failed as failure:
                    print(f"{instance.size}  {tool.name}: left out. {failure}", file=sys.stderr, flush=True)
                    continue
                outcomes.append(outcome)
                whole = outcome.whole
                print(
                    f"{instance.size}  {tool.name}: {outcome.states:,} states, {outcome.transitions:,} transitions, "
                    f"{whole.seconds:.2f} s, {whole.processor:.2f} s of processor time, {whole.peak >> 20} MiB",
                    flush=True,
                )
    text = report(machine, chosen, outcomes, begun, bare)
    Path(arguments.out).write_text(text, encoding="utf-8")
    print(f"wrote {arguments.out}")
    return 0


def _fastest(tool: Tool, instance: Instance, folder: Path) -> Outcome:
    """The fastest of several runs: what else the machine does only ever makes one slower."""
    found: list[Outcome] = []
    while not found or len(found) < TIMES and sum(outcome.whole.seconds for outcome in found) < SOON:
        found.append(tool.run(instance, folder))
    return min(found, key=lambda outcome: outcome.whole.seconds)


def _machine() -> list[str]:
    """What the figures depend on."""
    found = [
        f"{os.cpu_count()} processors ({_processor()}), {platform.system()}{_load()}",
        f"Python {platform.python_version()}",
    ]
    for package in ("synproof", "llvmlite", "numpy"):
        try:
            found[-1] += f", {package} {version(package)}"
        except PackageNotFoundError:
            found[-1] += f", no {package}"
    for command in (["spin", "-V"], ["cc", "--version"]):
        try:
            said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        except OSError:
            said = f"no {command[0]}"
        found.append(said.partition("\n")[0])
    return found


def _load() -> str:
    """What else the machine does, and whether that can hold up what is measured."""
    said = ""
    with suppress(OSError):
        said = f", load average {os.getloadavg()[0]:.1f} at the beginning"
    if hasattr(os, "sched_getscheduler") and os.sched_getscheduler(0) in (os.SCHED_FIFO, os.SCHED_RR):
        said += "; what is measured runs before everything else (real-time priority)"
    return said


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


if __name__ == "__main__":
    sys.exit(main())
