"""TLC finds the same states, transitions and verdicts in the exported module (where TLA2TOOLS names a tla2tools.jar)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from synproof.engine.catalogue import find
from synproof.engine.checker import by_exploration
from synproof.engine.choosing import choose
from synproof.engine.foreign.tla import to_cfg, to_tla
from synproof.engine.property import Verdict

JAR = os.environ.get("TLA2TOOLS", "")

pytestmark = [
    pytest.mark.skipif(not Path(JAR).is_file(), reason="TLA2TOOLS does not name a tla2tools.jar"),
    pytest.mark.skipif(shutil.which("java") is None, reason="java is not installed"),
]


def tlc(folder: Path, cfg: str) -> str:
    # Before version 1.7.0 TLC was told on the command line alone that a state without a successor is not an error.
    (folder / "model.cfg").write_text(cfg.replace("CHECK_DEADLOCK FALSE\n", ""), encoding="ascii")
    options = ("-deadlock", "-workers", "1", "-metadir", str(folder / "states"))
    command = ("java", "-cp", JAR, "tlc2.TLC", *options, "model.tla")
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("name", ["handshake", "two-passive-ends", "fifo", "isn-any", "two-way-old-data"])
def test_tlc_counts_the_same(name: str, tmp_path: Path) -> None:
    subject = choose(find(), name).subject
    ours, _ = by_exploration(subject)
    (tmp_path / "model.tla").write_text(to_tla(subject, "model"), encoding="ascii")
    said = tlc(tmp_path, to_cfg(subject))
    found = re.search(r"^(\d+) states generated, (\d+) distinct states found, 0 states left", said, re.M)
    assert found, said
    assert (int(found[2]), int(found[1])) == (ours.states, (ours.transitions or 0) + len(subject.system.initial))


def test_tlc_gives_the_same_verdicts(tmp_path: Path) -> None:
    subject = choose(find(), "two-way-old-data").subject
    ours, _ = by_exploration(subject)
    (tmp_path / "model.tla").write_text(to_tla(subject, "model"), encoding="ascii")
    asked = re.findall(r"^\\\* (INVARIANT \w+) +\\\* (\S+) is \w+$", to_cfg(subject), re.M)
    assert asked
    for invariant, name in asked:
        said = tlc(tmp_path, f"SPECIFICATION Spec\n{invariant}\nCHECK_DEADLOCK FALSE\n")
        if name in {prop.name for prop in subject.properties}:
            assert ("is violated" in said) == (ours.result(name).verdict in (Verdict.VIOLATED, Verdict.REACHED)), said
