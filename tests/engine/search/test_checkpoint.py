"""Checkpoints: a search that goes on from one ends as if it had never stopped; damage and strangers are refused."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from synproof.engine.catalogue import find
from synproof.engine.checker import watched
from synproof.engine.choosing import choose
from synproof.engine.property import Property
from synproof.engine.search.checkpoint import (
    CheckpointDamaged,
    CheckpointExists,
    CheckpointNotKept,
    CheckpointOfAnother,
    Keeper,
)
from synproof.engine.search.explore import Exploration, Limits, Means, Progress, Search, explore
from synproof.engine.search.keeping import keep
from synproof.engine.system import System

MODEL = "crash-of-server"  # 4,370 states of three words
FILES = {"checkpoint.json", "states", "parents"}
FAST = find_spec("llvmlite") is not None and find_spec("numpy") is not None
WAYS = [Means(move=None), *([Means(move=0), Means(workers=2, move=0)] if FAST else [])]


@pytest.fixture(autouse=True, scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache folder of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def asked() -> tuple[System, list[Property]]:
    subject = choose(find(), MODEL).subject
    return subject.system, watched(subject)


@pytest.fixture(scope="module")
def whole(asked: tuple[System, list[Property]]) -> Exploration:
    return explore(*asked, means=Means(move=None))


def same(found: Exploration, whole: Exploration) -> None:
    """A search that was stopped and went on found what one does that was not."""
    for name in ("transitions", "expanded", "overflows", "lacks", "coverage", "findings", "stopped_by", "level_starts"):
        assert getattr(found, name) == getattr(whole, name), name
    assert list(found.states) == list(whole.states) and list(found.parents) == list(whole.parents)
    for finding in whole.findings.values():
        assert found.run_of(finding) == whole.run_of(finding)


@pytest.mark.parametrize("second", WAYS)
def test_a_checkpoint_at_the_end_of_a_level_is_one(
    asked: tuple[System, list[Property]], whole: Exploration, tmp_path: Path, second: Means, monkeypatch: pytest.MonkeyPatch
) -> None:
    def keep_and_end(search: Search, keeper: Keeper, pause: Callable[[], None]) -> None:
        keep(search, keeper, pause)
        if search.result.expanded == search.level_end and len(search.result.level_starts) > 6:
            raise InterruptedError

    with monkeypatch.context() as patch:
        patch.setattr("synproof.engine.search.explore.keep", keep_and_end)
        with pytest.raises(InterruptedError):
            explore(*asked, means=Means(move=None, keep=str(tmp_path), keep_every=0))
    same(explore(*asked, means=replace(second, keep=str(tmp_path), resume=True)), whole)


@pytest.mark.parametrize("second", WAYS)
@pytest.mark.parametrize("first", WAYS)
def test_it_goes_on_where_it_stopped(
    asked: tuple[System, list[Property]], whole: Exploration, tmp_path: Path, first: Means, second: Means
) -> None:
    folder = str(tmp_path / "kept")
    explore(*asked, Limits(max_states=900), means=replace(first, keep=folder))
    for most in (901, 2_000, 10, 1_900, 2_000, 4_000):
        cut = explore(*asked, Limits(max_states=most), means=replace(second, keep=folder, resume=True))
        assert cut.stopped_by == f"--max-states {most}" and list(cut.states) == list(whole.states)[: len(cut.states)]
        assert cut.transitions == sum(cut.coverage.values())
    same(explore(*asked, means=replace(second, keep=folder, resume=True)), whole)
    assert {path.name for path in Path(folder).iterdir()} == FILES
    same(explore(*asked, means=replace(first, keep=folder, resume=True)), whole)  # nothing is left to do


@pytest.mark.parametrize("means", WAYS)
def test_it_goes_on_after_an_interrupt(
    asked: tuple[System, list[Property]], whole: Exploration, tmp_path: Path, means: Means
) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.level == 9:
            raise KeyboardInterrupt

    kept = replace(means, keep=str(tmp_path))
    assert explore(*asked, progress=interrupt, means=kept).interrupted
    same(explore(*asked, means=replace(kept, resume=True)), whole)


def test_an_interrupt_before_all_is_read_leaves_the_checkpoint(
    asked: tuple[System, list[Property]], whole: Exploration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    explore(*asked, Limits(max_states=900), means=Means(keep=str(tmp_path)))
    with monkeypatch.context() as patch:
        patch.setattr("synproof.engine.search.explore.load", interrupt)
        assert explore(*asked, means=Means(move=None, keep=str(tmp_path), resume=True)).interrupted
    same(explore(*asked, means=Means(move=None, keep=str(tmp_path), resume=True)), whole)


# ---- kills -----------------------------------------------------------------------------------------------------------

SEARCH = """
import sys
from synproof.engine.catalogue import find
from synproof.engine.checker import watched
from synproof.engine.choosing import choose
from synproof.engine.search.explore import Means, explore
folder, resume, move, settings = sys.argv[1], sys.argv[2] == "again", int(sys.argv[3]), eval(sys.argv[4])
subject = choose(find(), sys.argv[5], settings).subject
means = Means(move=None if move < 0 else move, keep=folder, resume=resume, keep_every=0)
print("began", flush=True)
result = explore(subject.system, watched(subject), means=means)
print(result.complete, len(result.states), result.transitions, result.depth, sorted(result.findings.items()))
"""


def killed(folder: Path, kills: int, seed: int, model: str, settings: dict[str, str], longest: float) -> tuple[str, int]:
    """What a search says in the end that is killed so many times at random moments, and how often it was killed."""
    dice, done = random.Random(seed), 0
    while True:
        again = "again" if (folder / "checkpoint.json").exists() else "anew"
        move = dice.choice([-1, 0] if FAST else [-1])
        command = [sys.executable, "-c", SEARCH, str(folder), again, str(move), repr(settings), model]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        process.stdout.readline()
        if done < kills:
            time.sleep(dice.random() * longest)
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
        rest, code = process.stdout.read(), process.wait()
        process.stdout.close()
        if code == 0:
            if done >= kills:
                return rest, done
            shutil.rmtree(folder)  # it was faster than the kills
        else:
            assert code == -signal.SIGKILL, rest
            done += 1


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a signal that kills")
def test_kills_at_random_moments_change_nothing(whole: Exploration, tmp_path: Path) -> None:
    said, _ = killed(tmp_path / "kept", 6, 1, MODEL, {}, 0.4)
    assert said.strip() == f"True {len(whole.states)} {whole.transitions} {whole.depth} {sorted(whole.findings.items())}"
    assert {path.name for path in (tmp_path / "kept").iterdir()} == FILES


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a signal that kills")
def test_a_hundred_kills_at_random_moments_change_nothing(tmp_path: Path) -> None:
    """Some ten minutes: a search of 1.1 million states, in plain Python and in machine code by turns."""
    settings = {"capacity": "2:2"}
    subject = choose(find(), "three-way", settings).subject
    whole = explore(subject.system, watched(subject))
    said, kills = killed(tmp_path / "kept", 100, 2, "three-way", settings, 6.0)
    assert kills == 100
    assert said.strip() == f"True {len(whole.states)} {whole.transitions} {whole.depth} {sorted(whole.findings.items())}"
    assert {path.name for path in (tmp_path / "kept").iterdir()} == FILES


# ---- what is refused -------------------------------------------------------------------------------------------------


@pytest.fixture
def kept(asked: tuple[System, list[Property]], tmp_path: Path) -> Path:
    """A folder with the checkpoint of a search that met a limit."""
    explore(*asked, Limits(max_states=900), means=Means(move=None, keep=str(tmp_path / "kept")))
    return tmp_path / "kept"


def refused(asked: tuple[System, list[Property]], folder: Path) -> str:
    """How a damaged checkpoint is refused, in plain Python and in machine code."""
    said = set()
    for means in WAYS:
        with pytest.raises(CheckpointDamaged) as info:
            explore(*asked, means=replace(means, keep=str(folder), resume=True))
        said.add(str(info.value))
    assert info.value.exit_code == 150
    (one,) = said
    return one


@pytest.mark.parametrize("name", sorted(FILES))
def test_damage_is_noticed(asked: tuple[System, list[Property]], kept: Path, name: str) -> None:
    content = (kept / name).read_bytes()
    for at in (0, len(content) // 2, len(content) - 1):
        (kept / name).write_bytes(content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :])
        assert "damaged" in refused(asked, kept)
    (kept / name).write_bytes(content[: len(content) // 2])
    assert "damaged" in refused(asked, kept)
    assert (kept / name).read_bytes() == content[: len(content) // 2], "what is refused is left as it is"
    (kept / name).unlink()
    assert "missing" in refused(asked, kept) or "no checkpoint" in refused(asked, kept)


def test_a_checkpoint_of_another_question_is_refused(asked: tuple[System, list[Property]], kept: Path) -> None:
    system, properties = asked
    other = choose(find(), "fifo").subject
    for question in ((other.system, watched(other)), (system, properties[1:])):
        with pytest.raises(CheckpointOfAnother, match="another model") as info:
            explore(*question, means=Means(keep=str(kept), resume=True))
        assert info.value.exit_code == 151


def test_a_checkpoint_is_not_written_over(asked: tuple[System, list[Property]], kept: Path) -> None:
    before = {path.name: path.read_bytes() for path in kept.iterdir()}
    with pytest.raises(CheckpointExists, match="--resume"):
        explore(*asked, means=Means(keep=str(kept)))
    assert {path.name: path.read_bytes() for path in kept.iterdir()} == before


def test_what_a_killed_process_left_behind_is_taken_away(
    asked: tuple[System, list[Property]], whole: Exploration, kept: Path
) -> None:
    for name in ("states", "parents"):
        with open(kept / name, "ab") as file:
            file.write(b"half a page")
    (kept / "checkpoint.json.new").write_text('{"sha2')
    same(explore(*asked, means=Means(keep=str(kept), resume=True)), whole)
    assert {path.name for path in kept.iterdir()} == FILES


def test_a_full_disk_is_told_and_leaves_the_checkpoint_before(
    asked: tuple[System, list[Property]], whole: Exploration, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = json.loads((kept / "checkpoint.json").read_text())

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(CheckpointNotKept, match=r"No space left.* the one before stands: go on from it with --resume"):
            explore(*asked, means=Means(keep=str(kept), resume=True))
        with pytest.raises(CheckpointNotKept, match=r"another: No space left.* there is none yet"):
            explore(*asked, means=Means(keep=str(kept.parent / "another")))
    assert json.loads((kept / "checkpoint.json").read_text()) == before
    same(explore(*asked, means=Means(keep=str(kept), resume=True)), whole)


@pytest.mark.parametrize("at", [0, 1, 2])
def test_an_interrupt_while_a_checkpoint_is_written_leaves_the_one_before(
    asked: tuple[System, list[Property]], whole: Exploration, kept: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    before = json.loads((kept / "checkpoint.json").read_text())

    def interrupted_keep(search: Search, keeper: Keeper, _pause: Callable[[], None]) -> None:
        pages = 0

        def interrupt() -> None:
            nonlocal pages
            pages += 1
            if pages > at:
                raise KeyboardInterrupt

        keep(search, keeper, interrupt)
        raise AssertionError("there were too few pages")

    with monkeypatch.context() as patch:
        patch.setattr("synproof.engine.search.explore.keep", interrupted_keep)
        patch.setattr("synproof.engine.search.keeping.PAGE", 64)
        patch.setattr("synproof.engine.search.checkpoint.LITTLE", 100)  # octets: the disk is asked now and then
        result = explore(*asked, means=Means(move=None, keep=str(kept), resume=True, keep_every=0))
    assert result.interrupted and result.frontier
    assert json.loads((kept / "checkpoint.json").read_text()) == before
    same(explore(*asked, means=Means(keep=str(kept), resume=True)), whole)


def test_files_of_others_are_left_as_they_are(asked: tuple[System, list[Property]], tmp_path: Path) -> None:
    (tmp_path / "states").write_text("precious")
    with pytest.raises(CheckpointExists, match="belongs to no checkpoint"):
        explore(*asked, means=Means(keep=str(tmp_path)))
    assert (tmp_path / "states").read_text() == "precious"
    assert {path.name for path in tmp_path.iterdir()} == {"states"}


def test_a_link_is_not_followed(asked: tuple[System, list[Property]], tmp_path: Path) -> None:
    folder, victim = tmp_path / "kept", tmp_path / "victim"
    folder.mkdir()
    victim.write_text("precious")
    (folder / "states").symlink_to(victim)
    with pytest.raises(CheckpointExists, match="belongs to no checkpoint"):
        explore(*asked, means=Means(keep=str(folder)))
    assert victim.read_text() == "precious"


@pytest.mark.parametrize("name", sorted(FILES))
def test_what_is_no_file_of_its_own_is_refused(
    asked: tuple[System, list[Property]], kept: Path, tmp_path: Path, name: str
) -> None:
    victim = tmp_path / "victim"
    (kept / name).rename(victim)
    before = victim.read_bytes()
    (kept / name).symlink_to(victim)
    assert f"{name} is no file of its own" in refused(asked, kept)
    assert victim.read_bytes() == before
    (kept / name).unlink()
    os.mkfifo(kept / name)
    assert f"{name} is no file of its own" in refused(asked, kept)


def test_what_was_begun_and_came_to_no_checkpoint_is_begun_anew(
    asked: tuple[System, list[Property]], whole: Exploration, tmp_path: Path
) -> None:
    for name in ("states", "parents", "checkpoint.json.new"):
        (tmp_path / name).write_bytes(b"half a page")
    same(explore(*asked, means=Means(keep=str(tmp_path))), whole)
    assert {path.name for path in tmp_path.iterdir()} == FILES
