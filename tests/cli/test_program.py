"""The program as it is installed, run as a process of its own on the shipped models."""

from __future__ import annotations

import json
import math
import os
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

PROGRAM = [sys.executable, "-c", "import sys; from synproof.engine.cli import main; sys.exit(main())"]


def synproof(*words: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run the program."""
    command = [*PROGRAM, *map(str, words)]
    environment = {**os.environ, "PYTHONUTF8": "1", **more.pop("env", {})}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, **more)


# ---- the headline ----------------------------------------------------------------------------------------------------


def test_the_headline_is_shown_and_decided() -> None:
    done = synproof("compare", "two-way", "three-way")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    (row,) = [line.split() for line in lines if line.startswith("* no-ghost-connection")]
    assert row[2:] == ["violated", "(4)", "holds"]
    (search,) = [line.split() for line in lines if line.startswith("  search")]
    assert search == ["search", "complete", "complete"]
    assert "three-way comes to rest after 6 steps (client CLOSED, server LISTEN)" in done.stdout
    assert max(map(len, lines)) <= 80


def test_two_way_is_violated_and_three_way_holds() -> None:
    assert synproof("check", "two-way", "-p", "no-ghost-connection").returncode == 12
    assert synproof("check", "three-way", "-p", "no-ghost-connection").returncode == 0


def test_three_way_told_to_be_two_way_gives_the_verdicts_and_steps_of_two_way() -> None:
    def verdicts(*words: str) -> Any:
        (result,) = json.loads(synproof("check", *words, "--json").stdout)["results"]
        return result["states"], {row["name"]: (row["verdict"], row["steps"]) for row in result["properties"]}

    assert verdicts("three-way", "-s", "handshake=two-way") == verdicts("two-way")


# ---- the same on every run -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [
    ("check", "two-way", "--json", "-s", "data=0", "-s", "capacity=1"),
    ("compare", "two-way", "three-way", "-p", "no-ghost-connection", "-s", "data=0", "-s", "capacity=1"),
    ("simulate", "three-way", "--seed", "5", "--steps", "15"),
])  # fmt: skip
def test_what_is_printed_depends_on_no_hash_seed(words: tuple[str, ...]) -> None:
    def text(seed: str) -> str:
        out = synproof(*words, env={"PYTHONHASHSEED": seed}).stdout
        if "--json" in words:
            found = json.loads(out)
            for result in found["results"]:
                result["seconds"] = 0
            return json.dumps(found)
        return "\n".join(line for line in out.splitlines() if not line.startswith("  seconds"))

    assert text("0") == text("1")


# ---- start-up --------------------------------------------------------------------------------------------------------


def test_list_starts_without_the_heavy_parts() -> None:
    body = (
        "import sys; from synproof.engine.cli import main; main(['list'])\n"
        "heavy = {'z3', 'networkx', 'synproof.spec.system', 'synproof.engine.compile', 'synproof.engine.render'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", body], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr.strip() == "[]"


# ---- pipes, disks, interrupts ----------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="pipes close differently there")
@pytest.mark.parametrize(("words", "code"), [(("list",), 0), (("check", "two-way", "-p", "no-ghost-connection"), 12)])
def test_a_reader_that_goes_away_changes_nothing_but_the_output(words: tuple[str, ...], code: int) -> None:
    process = subprocess.Popen([*PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait() == code


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
@pytest.mark.parametrize("words", [("list",), ("check", "two-way", "-p", "no-ghost-connection"), ("--help",)])
def test_a_full_disk_is_an_error_of_the_system(words: tuple[str, ...]) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([*PROGRAM, *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 153
    assert done.stderr.count("\n") == 1
    assert "cannot be written" in done.stderr


LARGE = 'extends = "three-way"\n[settings]\ncapacity = "3:3"\nincarnations = 3\n'
NO_SIGNALS = pytest.mark.skipif(os.name == "nt", reason="no SIGINT")
HANGS = 120  # seconds after which nothing more is expected, on any machine
AT_A_CALL = """
import os, signal, sys
from importlib import import_module
holder, name = import_module(sys.argv.pop(1)), sys.argv.pop(1)
*path, last = name.split(".")
for part in path:
    holder = getattr(holder, part)
real = getattr(holder, last)
def interrupted(*given, **more):
    os.kill(os.getpid(), signal.SIGINT)
    return real(*given, **more)
setattr(holder, last, interrupted)
from synproof.engine.cli import main
sys.exit(main())
"""


def begun(command: Sequence[str], *, ignoring: bool = False, stderr: int = subprocess.PIPE) -> subprocess.Popen[str]:
    """A process that notices interrupts, or ignores them.

    A shell that starts a job in the background has it ignore interrupts, and whatever that starts inherits this; so a process
    is told which of the two is meant.
    """
    before = signal.signal(signal.SIGINT, signal.SIG_IGN if ignoring else signal.SIG_DFL)  # the process inherits it
    try:
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True)
    finally:
        signal.signal(signal.SIGINT, before)


def interrupted_when(sign: str, *words: str) -> tuple[int, str, str]:
    """Run the program, interrupt it once its line of progress has a sign; exit code and output. It ends soon."""
    terminal, its_end = os.openpty()
    process = begun([*PROGRAM, *words], stderr=its_end)
    os.close(its_end)
    told = b""
    while sign.encode() not in told:
        assert select.select([terminal], [], [], HANGS)[0], f"{sign!r} is not in {told!r}"
        told += os.read(terminal, 1 << 16)
    worked = seconds_of_work(process.pid)
    process.send_signal(signal.SIGINT)
    assert process.stdout is not None
    out = process.stdout.read()
    with suppress(OSError):  # so the last end of a terminal is told
        while more := os.read(terminal, 1 << 16):
            told += more
    os.close(terminal)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    assert used.ru_utime + used.ru_stime - worked < 5, "some tenths of a second, on any machine of these years"
    return process.returncode, out, told.decode()


def seconds_of_work(process: int) -> float:
    """How long a process has worked so far, where the system tells; that depends on no other process."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return math.inf
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@NO_SIGNALS
@pytest.mark.parametrize(
    ("words", "sign"), [(("check", "--json"), "states"), (("check", "--engine", "smt", "--depth", "30"), "runs of 2 steps")]
)
def test_an_interrupt_ends_soon_with_what_was_found(tmp_path: Path, words: tuple[str, ...], sign: str) -> None:
    path = tmp_path / "large model.toml"
    path.write_text(LARGE, encoding="utf-8")
    code, out, err = interrupted_when(sign, words[0], str(path), *words[1:])
    assert code == 130, err
    assert "Traceback" not in err
    assert "incomplete" in out
    if "--json" in words:
        (result,) = json.loads(out)["results"]
        assert result["complete"] is False
        assert all(row["verdict"] != "holds" for row in result["properties"])


@NO_SIGNALS
def test_an_interrupt_that_is_ignored_from_outside_stays_ignored() -> None:
    process = begun([*PROGRAM, "check", "two-way", "-p", "no-ghost-connection"], ignoring=True)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=HANGS)
    assert (process.returncode, err) == (12, "")
    assert "no-ghost-connection: violated in 4 steps" in out


@NO_SIGNALS
@pytest.mark.parametrize(
    "call",
    [
        ("importlib.metadata", "entry_points"),
        ("synproof.models.catalogue", "TcpCatalogue.load"),
        ("synproof.models.catalogue", "TcpCatalogue.build"),
        ("synproof.engine.compile", "Compiled.__init__"),
    ],
)
def test_an_interrupt_before_the_search_leaves_one_object_too(call: tuple[str, str]) -> None:
    process = begun([sys.executable, "-c", AT_A_CALL, *call, "check", "two-way", "--json"])
    out, err = process.communicate(timeout=HANGS)
    assert (process.returncode, err) == (130, "interrupted\n")
    found = json.loads(out)
    assert (found["results"], found["error"], found["exit_code"]) == ([], "interrupted", 130)


@NO_SIGNALS
@pytest.mark.parametrize("call", ["check_responses", "_regions"])
def test_an_interrupt_while_fair_runs_are_sought_leaves_what_was_found(call: str) -> None:
    words = ("synproof.engine.fairness.liveness", call, "check", "handshake", "--json")
    process = begun([sys.executable, "-c", AT_A_CALL, *words])
    out, err = process.communicate(timeout=HANGS)
    assert (process.returncode, err) == (130, "")
    (result,) = json.loads(out)["results"]
    verdicts = {row["name"]: row["verdict"] for row in result["properties"] if row["kind"] == "eventually"}
    assert result["complete"] and set(verdicts.values()) == {"incomplete"}


# ---- files of one's own ----------------------------------------------------------------------------------------------


def test_a_model_of_ones_own_is_checked_saved_and_replayed_from_any_folder(tmp_path: Path) -> None:
    folder = tmp_path / "a folder with spaces"
    folder.mkdir()
    assert synproof("new", "my.toml", cwd=folder).returncode == 0
    assert synproof("check", "my.toml", cwd=folder).returncode in (0, 10, 12)
    text = 'extends = "two-way"\n[[property]]\nname = "no-ghost-connection"\nexpect = "violated"\nsteps = 4\n'
    (folder / "ghost.toml").write_text(text, encoding="utf-8")
    assert synproof("check", "ghost.toml", "--as-expected", cwd=folder).returncode == 0
    assert synproof("check", "ghost.toml", "--trace-dir", "traces", cwd=folder).returncode == 12
    saved = folder / "traces" / "ghost.no-ghost-connection.itf.json"
    assert synproof("replay", saved.relative_to(folder), cwd=folder).returncode == 0
    (folder / "ghost.toml").write_text(text.replace("two-way", "three-way"), encoding="utf-8")
    changed = synproof("replay", saved.relative_to(folder), cwd=folder)
    assert (changed.returncode, changed.stdout) == (151, "")
    assert "handshake is 'two-way' there and 'three-way' here" in " ".join(changed.stderr.split())


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("extends = ", 150, "wrong.toml:1"),
        ('colour = "red"', 150, "colour"),
        ('[settings]\nhandshake = "four-way"', 151, "handshake"),
        ('[settings]\nhandshakes = "two-way"', 150, "handshake"),
        ('[[property]]\nname = "x"\nalways = "client.state == "', 150, "expression"),
        ('[[property]]\nname = "x"\nalways = "client.stat == CLOSED"', 150, "client.state"),
        ('[[property]]\nname = "no-gost-connection"', 150, "no-ghost-connection"),
        ('[settings]\nwindow = 9\nseq-bits = 3', 151, "window"),
    ],
)
def test_a_wrong_model_file_is_refused_with_its_place(tmp_path: Path, text: str, code: int, says: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text + "\n", encoding="utf-8")
    done = synproof("check", path)
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr
    assert "wrong.toml" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_closed_standard_error_changes_no_exit_code(tmp_path: Path) -> None:
    words = [*PROGRAM, "check", "nothere"]
    done = subprocess.run(words, cwd=tmp_path, stdout=subprocess.PIPE, check=False, preexec_fn=lambda: os.close(2))
    assert done.returncode == 150
