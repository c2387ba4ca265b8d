"""TLC finds the same states, transitions, verdicts and shortest lengths in the exported module (where there is a jar).

`TLA2TOOLS` names a tla2tools.jar.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from synproof.engine.catalogue import find
from synproof.engine.checker import Subject, by_exploration
from synproof.engine.choosing import choose
from synproof.engine.foreign.tla import MAY_END, to_cfg, to_tla
from synproof.engine.property import Property
from synproof.engine.results import ModelResult
from synproof.models.catalogue import catalogue

JAR = os.environ.get("TLA2TOOLS", "")

pytestmark = [
    pytest.mark.skipif(not Path(JAR).is_file(), reason="TLA2TOOLS does not name a tla2tools.jar"),
    pytest.mark.skipif(shutil.which("java") is None, reason="java is not installed"),
]

USUAL = ("handshake", "two-passive-ends", "fifo", "isn-any", "two-way-old-data")
MOST = 30_000  # states of a model that TLC counts here: it finds some ten thousand a second
MODELS = [name for name, _ in catalogue.models() if (catalogue.load(name).expect.states or 0) <= MOST]


def tlc(folder: Path, cfg: str) -> str:
    (folder / "model.cfg").write_text(cfg.replace(f"{MAY_END}\n", ""), encoding="ascii")
    options = ("-deadlock", "-workers", "1", "-metadir", str(folder / "states"))
    command = ("java", "-XX:+UseParallelGC", "-cp", JAR, "tlc2.TLC", *options, "model.tla")
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


def counted(name: str, folder: Path) -> tuple[Subject, ModelResult]:
    """The model with our result, after TLC has counted what we have counted."""
    subject = choose(find(), name).subject
    ours, _ = by_exploration(subject)
    (folder / "model.tla").write_text(to_tla(subject, "model"), encoding="ascii")
    said = tlc(folder, to_cfg(subject))
    found = re.search(r"^(\d+) states generated, (\d+) distinct states found, 0 states left", said, re.M)
    assert found, said
    assert (int(found[2]), int(found[1])) == (ours.states, (ours.transitions or 0) + len(subject.system.initial))
    return subject, ours


def asked(subject: Subject) -> Iterator[tuple[str, Property]]:
    """What the configuration can ask, and the property that it asks about."""
    by_name = {prop.name: prop for prop in subject.properties}
    for invariant, name in re.findall(r"^\\\* (INVARIANT \w+) +\\\* (\S+) is \w+$", to_cfg(subject), re.M):
        if name in by_name:
            yield invariant, by_name[name]


def same(folder: Path, invariant: str, prop: Property, ours: ModelResult) -> None:
    """TLC decides the invariant as we do, and by a run that is as short."""
    said = tlc(folder, f"SPECIFICATION Spec\n{invariant}\n")
    found = ours.result(prop.name)
    decided = found.verdict is prop.shown
    assert ("is violated" in said) == decided, said
    if decided:
        states = [int(number) for number in re.findall(r"^State (\d+): ", said, re.M)] or [1]
        assert max(states) - 1 + (prop.event is not None) == found.steps, said  # an event is one step beyond the state


@pytest.mark.parametrize("name", USUAL)
def test_tlc_counts_the_same(name: str, tmp_path: Path) -> None:
    counted(name, tmp_path)


def test_tlc_gives_the_same_verdicts_by_runs_as_short(tmp_path: Path) -> None:
    subject, ours = counted("handshake", tmp_path)
    of_each_kind = {
        (prop.event is not None, ours.result(prop.name).verdict is prop.shown): (invariant, prop)
        for invariant, prop in asked(subject)
    }
    assert {of_a_step for of_a_step, _ in of_each_kind} == {shown for _, shown in of_each_kind} == {False, True}
    for invariant, prop in of_each_kind.values():
        same(tmp_path, invariant, prop, ours)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in MODELS if name not in USUAL])
def test_the_other_models_are_the_same_too(name: str, tmp_path: Path) -> None:
    subject, ours = counted(name, tmp_path)
    decided = [pair for pair in asked(subject) if ours.result(pair[1].name).verdict is pair[1].shown]
    for invariant, prop in decided[:1]:
        same(tmp_path, invariant, prop, ours)
