"""SPIN finds the same states, transitions, verdicts and shortest lengths in the exported text of the shipped models."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from synproof.engine.catalogue import find
from synproof.engine.checker import Subject, by_exploration
from synproof.engine.choosing import choose
from synproof.engine.property import Verdict
from synproof.engine.results import ModelResult
from synproof.models.catalogue import catalogue

from ..engine.foreign.spin import BREADTH_FIRST, COUNT_ONLY, DEPTH_FIRST, Counted, count, missing
from ..house import ROOT

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

MOST = 10**6  # states of a model that SPIN counts here
USUAL = (  # one of each kind; -m slow compares all of them
    "handshake", "two-way", "three-way", "fifo", "isn-any", "blind-reset-rfc793", "crash-of-server", "data-both-ways",
    "data-on-syn", "give-up", "number-fresh", "reassembly", "two-generals-lossless", "user-timeout",
    "crash-and-quiet-time-reuse", "fin-wait-2-keepalive-crash", "keepalive-loses-all", "two-way-with-msl", "wrap-within-msl",
)  # fmt: skip


def same(subject: Subject, ours: ModelResult, theirs: Counted) -> None:
    assert (theirs.states, theirs.transitions) == (ours.states, ours.transitions)
    decided = {
        found.name: (found.verdict.value, found.steps)
        for found in ours.properties
        if found.verdict in (Verdict.VIOLATED, Verdict.REACHED) and (found.prop.event or found.prop.predicate is not None)
    }
    assert {name: answer for name, answer in theirs.answers.items() if name != "lossless-drop"} == decided


@pytest.mark.parametrize("name", USUAL)
def test_breadth_first_all_is_the_same(name: str, tmp_path: Path) -> None:
    subject = choose(find(), name).subject
    ours, _ = by_exploration(subject)
    assert ours.states is not None and ours.states < MOST
    same(subject, ours, count(subject, tmp_path, BREADTH_FIRST))


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, _ in catalogue.models() if name not in USUAL])
def test_the_other_models_are_the_same_too(name: str, tmp_path: Path) -> None:
    test_breadth_first_all_is_the_same(name, tmp_path)


@pytest.mark.parametrize("name", ["handshake", "three-way"])
def test_depth_first_the_counts_are_the_same(name: str, tmp_path: Path) -> None:
    subject = choose(find(), name).subject
    ours, _ = by_exploration(subject)
    theirs = count(subject, tmp_path, DEPTH_FIRST, COUNT_ONLY)
    assert (theirs.states, theirs.transitions) == (ours.states, ours.transitions)


def test_one_property_alone_neither_adds_nor_takes_a_state(tmp_path: Path) -> None:
    """A property that holds: SPIN searches to the end, and counts what it counts without the property."""
    subject = choose(find(), "three-way").subject
    theirs = count(subject, tmp_path, BREADTH_FIRST, 1)
    assert (theirs.states, theirs.transitions, theirs.answers) == (48_079, 259_174, {})


def test_the_document_shows_what_is_printed(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "other-tools.md").read_text(encoding="utf-8")
    session = "".join(re.findall(r"^```sh-session\n(.*?)^```$", text, re.M | re.S))
    steps = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", session, re.M)
    assert len(steps) > 5
    steps = [(command.replace("cc -O2", "cc -O0"), shown) for command, shown in steps]  # the same counts, compiled sooner
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    for command, shown in steps:
        done = subprocess.run(
            ["sh", "-c", command], cwd=tmp_path, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
        )
        assert done.stdout == shown, f"$ {command}\n{done.stdout}{done.stderr}"
