"""Bad input: each kind has its message and its documented exit code, and nothing is written, nothing overwritten.

On the shipped models, within this process. What a file of one's own can do wrong in detail is asked in `tests/models/`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from .fake import synproof

SHADOW = b'[[property]]\nname = "no-deadlock"\nalways = "True"\n'
OWN = 'extends = "two-way"\n[[property]]\nname = "mine"\nalways = "client.opens < 2"\n'


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, empty but for a sound model."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.toml").write_text(OWN, encoding="utf-8")
    return tmp_path


def seen(folder: Path) -> dict[str, Any]:
    """Every file below a folder: what it holds, and when it was written."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        whole = path.is_file() and status.st_size < 1 << 20
        found[str(path.relative_to(folder))] = (status.st_mtime_ns, status.st_size, path.read_bytes() if whole else b"")
    return found


def refused(folder: Path, code: int, says: str, *words: str | Path) -> None:
    """The command is refused with one message that says this, and leaves everything as it was."""
    before = seen(folder)
    done = synproof(*words)
    assert done.code == code, done.err
    assert done.out == ""
    assert says in " ".join(done.err.split())
    assert done.err.count("synproof: ") == 1
    assert "Traceback" not in done.err
    assert seen(folder) == before


@pytest.mark.parametrize(
    ("code", "says", "words"),
    [
        (150, "own.tml.toml: there is no such file", ["own.tml.toml"]),
        (150, "there is no such file; did you mean 'own.toml'?", ["owm.toml"]),
        (150, "there is no model 'twoway'; did you mean 'two-way'?", ["twoway"]),
        (2, "there is no setting 'windw'; did you mean 'window'?", ["own.toml", "-s", "windw=1"]),
        (151, "window = '0': 0 is less than 1", ["own.toml", "-s", "window=0"]),
        (151, "window = 'wide'", ["own.toml", "-s", "window=wide"]),
        (151, "could not be told apart", ["own.toml", "-s", "window=7", "-s", "seq-bits=3"]),
        (2, "-s window is given twice: 1 and 2", ["own.toml", "-s", "window=1", "-s", "window=2"]),
        (2, "-s window: write -s name=value", ["own.toml", "-s", "window"]),
        (2, "there is no property 'no-gost-connection'; did you mean", ["own.toml", "-p", "no-gost-connection"]),
        (2, "there is no `client.stat`; did you mean 'client.state'?", ["own.toml", "--always", "client.stat == CLOSED"]),
        (2, "they cannot be compared", ["own.toml", "--always", "client.state == 3"]),
        (2, "is a whole number", ["own.toml", "--always", "client.opens"]),
        (2, "this is a call", ["own.toml", "--always", "open('x', 'w')"]),
        (2, "is not part of an expression", ["own.toml", "--sometimes", "[x for x in ()]"]),
        (2, "the character", ["own.toml", "--eventually", "client.state == сlosed"]),
        (2, "the number is larger than", ["own.toml", "--always", "client.opens < " + "9" * 60]),
        (2, "nested", ["own.toml", "--always", "(" * 1500 + "True" + ")" * 1500]),
        (2, "the expression is empty", ["own.toml", "--via", " "]),
        (2, "--as-expected compares with what the model file declares; -s would", ["--all", "--as-expected", "-s", "window=1"]),
        (2, "--as-expected compares with what the model file declares; -p would", ["--all", "--as-expected", "-p", "closes"]),
        (2, "own.toml is named twice", ["own.toml", "own.toml"]),
        (2, "--seed", ["own.toml", "--seed", "1"]),
    ],
)
def test_check_is_refused(here: Path, code: int, says: str, words: list[str]) -> None:
    refused(here, code, says, "check", *words, "--trace-dir", "traces")


@pytest.mark.parametrize(
    ("code", "says", "text"),
    [
        (150, "bad.toml:2: is not TOML", b'extends = "two-way"\nx = = 1\n'),
        (150, "bad.toml:2", b'[settings]\nwindw = 1\n'),
        (151, "bad.toml:2: window = 0", b"[settings]\nwindow = 0\n"),
        (151, "bad.toml:2", b"[settings]\nwindow = 1.5\n"),
        (151, "could not be told apart", b"[settings]\nwindow = 7\nseq-bits = 3\n"),
        (150, "bad.toml:2: there is no property 'x'", b'[[property]]\nname = "x"\n'),
        (150, "bad.toml:3", b'[[property]]\nname = "x"\nalways = "client.stat == CLOSED"\n'),
        (150, "bad.toml:3", b'[[property]]\nname = "x"\nalways = "client.state == 3"\n'),
        (150, "bad.toml:3", b'[[property]]\nname = "x"\nalways = "print(1)"\n'),
        (150, "no-deadlock is the name of a property of the specification", SHADOW),
        (150, "extends goes round in a circle", b'extends = "bad.toml"\n'),
        (150, "extends = '../nowhere.toml'", b'extends = "../nowhere.toml"\n'),
        (150, "bad.toml:1: is not a text file (it has null bytes)", b'name = "\0"\n'),
        (150, "bad.toml:1: is not UTF-8 text (byte 0xff)", b'name = "\xff"\n'),
        (150, "is UTF-16", b"\xff\xfen\0"),
        (150, "nested too deeply", b"x = " + b"[" * 5000 + b"]" * 5000),
        (150, "bad.toml:1: name must be one line of at most 200 characters", b'name = "' + b"long" * 100 + b'"\n'),
    ],
)  # fmt: skip
@pytest.mark.parametrize("command", [("check", "--trace-dir", "traces"), ("show",), ("export", "--to", "itf", "--out", "x")])
def test_a_model_file_is_refused(here: Path, code: int, says: str, text: bytes, command: tuple[str, ...]) -> None:
    (here / "bad.toml").write_bytes(text)
    refused(here, code, says, command[0], "bad.toml", *command[1:])


def test_marks_and_line_ends_of_other_systems_are_no_mistake(here: Path) -> None:
    (here / "windows.toml").write_bytes(b"\xef\xbb\xbf" + OWN.replace("\n", "\r\n").encode())
    assert synproof("show", "windows.toml").code == 0


@pytest.mark.skipif(os.name == "nt", reason="other kinds of files")
@pytest.mark.parametrize("ending", [".toml", ".itf.json"])
def test_what_is_no_file_is_refused_and_not_waited_for(here: Path, ending: str) -> None:
    os.mkfifo(here / f"pipe{ending}")
    (here / f"loop{ending}").symlink_to(here / f"loop{ending}")
    (here / f"gone{ending}").symlink_to(here / "nowhere")
    (here / f"folder{ending}").mkdir()
    with open(here / f"sparse{ending}", "wb") as sparse:
        sparse.truncate(1 << 30)
    why = {"pipe": "regular file", "loop": "symbolic links", "gone": "o such file", "folder": "a ", "sparse": "larger than"}
    for name, text in why.items():
        words = ("show", f"{name}{ending}") if ending == ".toml" else ("replay", f"{name}{ending}")
        refused(here, 150, text, *words)


# ---- traces ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def trace(here: Path) -> Path:
    """A saved trace of a model of one's own."""
    assert synproof("check", "own.toml", "--trace-dir", ".").code == 12
    return here / "own.mine.itf.json"


def test_a_trace_of_another_model_or_of_another_version_is_refused(here: Path, trace: Path) -> None:
    refused(here, 151, "was saved under other settings: handshake is", "replay", trace.name, "--model", "three-way")
    (here / "own.toml").write_text(OWN.replace("< 2", "< 1"), encoding="utf-8")
    refused(here, 151, "belongs to another version of own: there mine was 'client.opens < 2'", "replay", trace.name)
    (here / "own.toml").write_text(OWN.replace("two-way", "three-way"), encoding="utf-8")
    refused(here, 151, "handshake is 'two-way' there and 'three-way' here", "export", trace.name, "--to", "text", "--out", "x")
    (here / "own.toml").write_text(OWN, encoding="utf-8")
    assert synproof("replay", trace.name).code == 0


def test_a_trace_without_its_model_says_how_to_name_another(here: Path, trace: Path) -> None:
    (here / "own.toml").rename(here / "moved.toml")
    refused(here, 150, "--model names another one", "replay", trace.name)
    assert synproof("replay", trace.name, "--model", "moved.toml").code == 0


def test_a_trace_of_one_property_among_others_that_observe_more_is_replayed(here: Path) -> None:
    words = ("-p", "no-ghost-connection", "-p", "numbers-move-forward", "--always", "client.opens < 1")
    assert synproof("check", "two-way", *words, "-s", "data=0", "--trace-dir", ".").code == 12
    for name in ("no-ghost-connection", "always-1"):
        assert synproof("replay", f"two-way.{name}.itf.json").code == 0


def test_a_truncated_trace_is_refused(here: Path, trace: Path) -> None:
    text = trace.read_bytes()
    for length in (0, 1, 100, len(text) // 2, len(text) - 3):
        trace.write_bytes(text[:length])
        refused(here, 150, "is damaged", "replay", trace.name)
        refused(here, 150, "is damaged", "export", trace.name, "--to", "itf", "--out", "x.itf.json")


# ---- what cannot be written ------------------------------------------------------------------------------------------


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
def test_a_full_disk_is_an_error_of_the_system(here: Path) -> None:
    refused(here, 153, "/dev/full cannot be written: No space left on device", "new", "/dev/full")
    for form in ("itf", "text"):
        says = "/dev/full cannot be written: No space left on device"
        refused(here, 153, says, "export", "own.toml", "-p", "mine", "--to", form, "--out", "/dev/full")
    refused(here, 2, "--trace-dir /dev/full: there is a file, not a folder", "check", "own.toml", "--trace-dir", "/dev/full")


def test_nothing_is_written_over_another_file(here: Path) -> None:
    refused(here, 2, "own.toml exists already and was left as it is", "new", "own.toml")
    refused(here, 2, "exists already", "export", "own.toml", "--to", "itf", "--out", "own.toml")
    (here / "folder").mkdir()
    for form in ("itf", "promela"):
        refused(here, 2, "folder is a folder", "export", "own.toml", "--to", form, "--out", "folder")
    refused(here, 2, "folder is a folder", "new", "folder")
    refused(here, 2, "the name of a file is needed", "new", "")
    (here / "own.mine.itf.json").write_text("mine", encoding="utf-8")
    refused(here, 2, "is no trace of synproof", "check", "own.toml", "--trace-dir", ".")


def test_runs_that_would_have_one_name_are_refused(here: Path) -> None:
    again = '[[property]]\nname = "a:b"\nalways = "True"\n[[property]]\nname = "a-b"\nalways = "False"\n'
    (here / "own.toml").write_text(OWN + again, encoding="utf-8")
    refused(here, 2, "two runs would be saved as", "check", "own.toml", "--trace-dir", "traces")


def test_a_very_long_name_is_no_obstacle(here: Path) -> None:
    (here / "own.toml").write_text(f'name = "{"é" * 190}"\n{OWN}', encoding="utf-8")
    assert synproof("check", "own.toml", "--trace-dir", "traces").code == 12
    (saved,) = (here / "traces").iterdir()
    assert synproof("replay", saved).code == 0
