"""`synproof check`, on doors: what it prints, what it saves, and its exit codes."""

from __future__ import annotations

import errno
import json
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from synproof.engine import checker_smt
from synproof.engine.checker import Subject, Task, check
from synproof.engine.cli import checking, traces
from synproof.engine.cli.console import Console
from synproof.engine.files import FileNotWritten
from synproof.engine.property import Property, PropertyKind, Verdict
from synproof.engine.results import ModelResult, PropertyResult

from ..clock import Clock
from .fake import FakeCatalogue, Terminal, synproof

pytestmark = pytest.mark.usefixtures("doors")


# ---- exit codes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["careful"], 0),
        (["eager"], 12),
        (["stuck"], 11),
        (["waiting"], 13),
        (["unreached"], 10),
        (["patient"], 0),
        (["impatient"], 152),
        (["careful", "eager"], 12),
        (["unreached", "stuck", "waiting"], 11),
        (["careful", "--max-states", "3"], 152),
        (["careful", "--engine", "smt"], 152),
        (["careful", "--engine", "both"], 0),
        (["careful", "-s", "mode=eager"], 12),
        (["eager", "-p", "inside"], 0),
        (["careful", "--always", "door.state != OPEN"], 12),
        (["careful", "--sometimes", "door.state == OPEN and client.state == AWAY"], 10),
        (["careful", "-p", "never"], 0),
    ],
)
def test_the_exit_code_is_the_documented_one(arguments: list[str], code: int) -> None:
    assert synproof("check", *arguments).code == code


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ([], 2, "which model? `synproof list` names"),
        (["--all", "careful"], 2, "exclude each other"),
        (["careful", "careful"], 2, "named twice"),
        (["carful"], 150, "did you mean 'careful'?"),
        (["careful", "-s", "mode"], 2, "-s name=value"),
        (["careful", "-s", "mood=eager"], 2, "did you mean 'mode'?"),
        (["careful", "--reduce", "dead-variable"], 2, "did you mean 'dead-variables'?"),
        (["careful", "--reduce", "dead-variables", "--engine", "smt"], 2, "not for --engine smt"),
        (["careful", "--reduce", "dead-variables", "--via", "client.state == IN"], 2, "not for --via"),
        (["careful", "--reduce", "dead-variables", "--as-expected"], 2, "--reduce would ask something else"),
        (["careful", "-s", "mode=fast"], 151, "mode = 'fast'"),
        (["careful", "-s", "mode=eager", "-s", "mode=careful"], 2, "given twice"),
        (["careful", "-p", "no-gost"], 2, "did you mean 'no-ghost'?"),
        (["careful", "--always", "door.stat == OPEN"], 2, "did you mean 'door.state'?"),
        (["careful", "--always", "door.state == "], 2, "not an expression"),
        (["careful", "--always", "open()"], 2, "open"),
        (["careful", "--engine", "guess"], 2, "--engine: 'guess'"),
        (["careful", "--depth", "-1"], 2, "--depth"),
        (["careful", "--max-memory", "lots"], 2, "500M or 2G"),
        (["careful", "--timeout", "0"], 2, "--timeout"),
        (["careful", "--via"], 2, "--via"),
        (["careful", "--jsn"], 2, "did you mean '--json'?"),
        (["careful", "--workers", "0"], 2, "--workers"),
        (["careful", "eager", "--checkpoint", "there"], 2, "name one model"),
        (["careful", "--checkpoint", "there", "--engine", "smt"], 2, "leave out"),
        (["careful", "--checkpoint", "there", "--resume", "there"], 2, "leave out --checkpoint"),
        (["careful", "--resume", "there"], 150, "holds no checkpoint"),
        (["careful", "--as-expected", "-s", "mode=eager"], 2, "--as-expected"),
        (["careful", "--as-expected", "-p", "inside"], 2, "--as-expected"),
        (["careful", "--as-expected", "--always", "True"], 2, "--as-expected"),
        (["careful", "--via", "True", "--engine", "smt"], 2, "--via"),
        (["careful", "--depth", "3"], 2, "--engine smt or both"),
        (["careful", "--via", "True", "--always", "True"], 2, "--via"),
        (["careful", "--via", "True", "-p", "inside"], 2, "always-property"),
        (["careful", "--via", "True", "-p", "never"], 2, "never"),
    ],
)
def test_a_mistake_is_told_in_one_message_and_nothing_is_printed(arguments: list[str], code: int, says: str) -> None:
    done = synproof("check", *arguments)
    assert (done.code, done.out) == (code, "")
    assert says in " ".join(done.err.split())
    assert "Traceback" not in done.err
    assert all(len(line) <= 80 for line in done.err.splitlines())


def test_a_mistake_in_the_last_model_is_found_before_the_first_is_checked() -> None:
    assert synproof("check", "careful", "nothing").out == ""


# ---- what is told ----------------------------------------------------------------------------------------------------


def lines_of(text: str, start: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(start)]


def test_a_report_fits_the_terminal_and_shows_verdicts_bounds_and_the_shortest_run() -> None:
    done = synproof("check", "eager")
    assert done.err == ""
    assert all(len(line) <= 80 for line in done.out.splitlines())
    assert done.out.startswith("eager: opens at once\nsettings: mode=eager\n")
    (violated,) = lines_of(done.out, "violated")
    assert violated.split()[:3] == ["violated", "no-ghost", "3"]
    assert "explore: complete · 12 states · 17 transitions · depth 4" in done.out
    assert "assuming the door is honest" in done.out
    assert "FALSE" in done.out.split("no-ghost: violated in 3 steps")[1]
    assert "never happened" not in done.out


def test_witnesses_are_drawn_when_they_are_asked_for() -> None:
    assert "a shortest witness" not in synproof("check", "careful").out
    assert "inside: a shortest witness" in synproof("check", "careful", "-v").out
    assert "inside: a shortest witness" in synproof("check", "careful", "-p", "inside").out
    assert "sometimes-1: a shortest witness" in synproof("check", "careful", "--sometimes", "door.state == OPEN").out


def test_actions_that_never_happen_are_counted_and_with_v_named() -> None:
    nobody = ("check", "careful", "-s", "asks=0")
    brief, long = synproof(*nobody).out, synproof(*nobody, "-v").out
    assert "9 of 9 actions never happened (-v names them)" in brief
    assert "door.receive_no" not in brief
    assert "9 of 9 actions never happened: client.ask, client.leave, door.receive_ask," in long
    assert "door.receive_no" in long


def test_what_does_not_apply_is_said_with_the_reason() -> None:
    assert "not-applicable: never (doors have no windows)" in synproof("check", "careful", "-p", "never").out


def test_drops_are_said_aloud() -> None:
    done = synproof("check", "careful", "-s", "asks=2", "-s", "capacity=1")
    assert "capacity was reached" in done.out


def test_a_cut_search_says_so_with_what_waits() -> None:
    done = synproof("check", "careful", "--max-states", "3", "-p", "no-ghost")
    assert "cut short (--max-states 3)" in done.out
    assert lines_of(done.out, "incomplete")
    assert "waiting" in done.out


def test_own_properties_are_numbered_and_join_those_of_the_model() -> None:
    done = synproof("check", "careful", "--json", "--always", "True", "--always", "client.asks <= 1", "--sometimes", "True")
    names = [row["name"] for row in done.json["results"][0]["properties"]]
    assert names == ["no-ghost", "inside", "always-1", "always-2", "sometimes-1"]


def test_a_model_that_declares_nothing_is_asked_everything_that_applies() -> None:
    rows = synproof("check", "anything", "--json").json["results"][0]["properties"]
    assert [row["name"] for row in rows] == [
        "no-ghost", "inside", "pending", "entering", "nobody-enters", "no-deadlock", "enters",
    ]  # fmt: skip


# ---- by way of -------------------------------------------------------------------------------------------------------


def test_the_shortest_run_by_way_of_expressions_is_drawn() -> None:
    done = synproof("check", "eager", "--via", "client.state == INSIDE")
    assert done.code == 0
    assert lines_of(done.out, "reached")[0].split()[:3] == ["reached", "via", "3"]
    assert "client.state == INSIDE: after step 3" in " ".join(done.out.split())
    assert "via: a shortest witness, 3 steps" in done.out


def test_a_run_by_way_of_an_expression_can_end_in_a_violation() -> None:
    places = ("--via", "client.state == ASKED", "--via", "door.state == SHUT")
    done = synproof("check", "eager", "-p", "no-ghost", *places, "--json")
    (row,) = done.json["results"][0]["properties"]
    assert (done.code, row["name"], row["verdict"], row["steps"]) == (0, "via", "reached", 3)
    assert "no-ghost is violated in step 3" in row["reason"]
    assert row["trace"]["states"][-1]["door.state"] == "OPEN"


def test_a_run_that_does_not_exist_is_not_reached() -> None:
    done = synproof("check", "careful", "--via", "client.state == INSIDE", "--via", "client.state == AWAY", "--json")
    (row,) = done.json["results"][0]["properties"]
    assert (done.code, row["verdict"], row["trace"]) == (10, "not-reached", None)


# ---- several models, some of them broken -----------------------------------------------------------------------------


def test_all_that_is_wrong_is_told_at_once_and_the_first_code_in_the_documented_order_counts() -> None:
    done = synproof("check", "careful", "nobody", "eager", "noone", "-s", "mode=fast")
    assert (done.code, done.out) == (150, "")
    told = " ".join(done.err.split())
    assert all(f"there is no model '{name}'" in told for name in ("nobody", "noone"))
    assert told.count("mode = 'fast'") == 1, "what is the same for several models is told once"
    assert done.err.count("synproof: ") == 3
    assert synproof("check", "nobody", "careful", "-p", "no-gost").code == 2


def test_trouble_after_the_first_model_leaves_what_was_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, *_: Any, **__: Any) -> None:
        if "careful" in path.name:
            raise FileNotWritten(f"{path} cannot be written: No space left on device")

    monkeypatch.setattr(traces, "save", full)
    done = synproof("check", "eager", "careful", "--trace-dir", tmp_path, "--json")
    assert done.code == 153
    assert [result["model"] for result in done.json["results"]] == ["eager", "careful"]
    assert (done.json["exit_code"], "No space left" in done.json["error"]) == (153, True)
    assert "No space left" in done.err


# ---- JSON ------------------------------------------------------------------------------------------------------------


def test_json_is_one_object_with_the_documented_keys() -> None:
    done = synproof("check", "eager", "--json")
    assert list(done.json) == ["synproof", "agree", "results"]
    (result,) = done.json["results"]
    assert (result["model"], result["engine"], result["complete"], result["states"]) == ("eager", "explore", True, 12)
    assert result["settings"]["mode"] == "eager"
    row = result["properties"][0]
    assert (row["name"], row["kind"], row["verdict"], row["steps"]) == ("no-ghost", "always", "violated", 3)
    assert [state["#meta"]["index"] for state in row["trace"]["states"]] == [0, 1, 2, 3]
    assert result["actions"]["client.ask"] > 0


def test_both_engines_give_one_result_each_exploration_first() -> None:
    done = synproof("check", "eager", "--engine", "both", "--depth", "4", "--json")
    assert [result["engine"] for result in done.json["results"]] == ["explore", "smt"]
    assert done.json["agree"] is True
    assert done.json["results"][1]["states"] is None


def test_a_run_that_both_engines_have_is_drawn_once() -> None:
    done = synproof("check", "eager", "--engine", "both", "--depth", "4")
    assert done.out.count("no-ghost: a shortest violation, 3 steps") == 1
    assert len(lines_of(done.out, "violated")) == 2
    assert "the engines agree" in done.out


def contrary(subject: Subject, _task: Task) -> ModelResult:
    """A solver that finds no run of anything."""
    found = []
    for prop in subject.properties:
        verdict = Verdict.INCOMPLETE if prop.kind is PropertyKind.SOMETIMES else Verdict.HOLDS_UP_TO
        found.append(PropertyResult(prop, verdict, depth=12))
    return ModelResult(subject.name, "smt", tuple(found))


def at_a_loss(subject: Subject, _task: Task) -> ModelResult:
    """A solver that gives up."""
    found = tuple(PropertyResult(prop, Verdict.UNKNOWN, reason="canceled") for prop in subject.properties)
    return ModelResult(subject.name, "smt", found)


def test_engines_that_disagree_are_both_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checker_smt, "by_solver", contrary)
    done = synproof("check", "eager", "-p", "no-ghost", "--engine", "both")
    assert done.code == 20
    assert "the engines DISAGREE: no-ghost: explore says violated in 3 steps, smt says holds-up-to 12" in done.out
    assert synproof("check", "eager", "-p", "no-ghost", "--engine", "both", "--json").json["agree"] is False


def test_a_solver_that_gives_up_is_unknown_alone_and_outdone_by_exploration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checker_smt, "by_solver", at_a_loss)
    assert synproof("check", "careful", "-p", "no-ghost", "--engine", "smt").code == 21
    assert synproof("check", "careful", "-p", "no-ghost", "--engine", "both").code == 0


# ---- as expected -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["careful", "eager", "patient", "waiting", "unreached"])
def test_what_is_as_declared_exits_with_0(name: str) -> None:
    done = synproof("check", name, "--as-expected")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"as declared      {name}: ")


def test_what_is_not_as_declared_is_told_and_exits_with_something_else() -> None:
    done = synproof("check", "wrong", "--as-expected")
    assert done.code not in (0, 2)
    assert "no-ghost: declared violated, found holds" in done.out
    assert "states: declared 14, found 13" in done.out


def test_a_violation_that_nobody_declared_is_not_as_expected() -> None:
    done = synproof("check", "stuck", "careful", "--as-expected", "-v")
    assert done.code == 0  # stuck declares its deadlock, and that something is reached is expected anyway
    done = synproof("check", "impatient", "--as-expected")
    assert done.code == 152
    assert "nothing is declared of it" in done.out


def test_engines_that_disagree_are_never_as_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checker_smt, "by_solver", contrary)
    assert synproof("check", "eager", "--as-expected", "--engine", "both").code == 20


# ---- traces ----------------------------------------------------------------------------------------------------------


def test_every_run_is_saved_and_said_and_a_second_time_replaced_and_said(tmp_path: Path) -> None:
    folder = tmp_path / "traces"
    done = synproof("check", "eager", "--trace-dir", folder)
    assert sorted(path.name for path in folder.iterdir()) == ["eager.inside.itf.json", "eager.no-ghost.itf.json"]
    assert [line.split()[0] for line in done.err.splitlines() if "itf" in line] == ["saved", "saved"]
    before = (folder / "eager.no-ghost.itf.json").read_bytes()
    again = synproof("check", "eager", "--trace-dir", folder)
    assert "replaced" in again.err
    assert (folder / "eager.no-ghost.itf.json").read_bytes() == before
    assert json.loads(before)["#meta"]["property"] == "no-ghost"


def test_with_json_too_standard_output_is_one_object(tmp_path: Path) -> None:
    assert synproof("check", "eager", "--trace-dir", tmp_path, "--json").json["results"]


def refusing(*_: Any, **__: Any) -> Any:
    """A system that lets nobody read or write."""
    raise PermissionError(errno.EACCES, "Permission denied")


def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def checked(*_: Any) -> Any:
        raise AssertionError("it was checked all the same")

    monkeypatch.setattr("synproof.engine.cli.checking.check", checked)
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "traces"):
        done = synproof("check", "eager", "--trace-dir", folder)
        assert (done.code, done.out) == (2, "")
        assert "there is a file, not a folder; no trace can be saved there" in " ".join(done.err.split())
    monkeypatch.setattr(tempfile, "TemporaryFile", refusing)
    done = synproof("check", "eager", "--trace-dir", tmp_path / "traces")
    assert (done.code, done.out) == (153, "")
    assert "traces: Permission denied; no trace can be saved there" in " ".join(done.err.split())
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_bad_input_makes_no_folder(tmp_path: Path) -> None:
    synproof("check", "eager", "-p", "nothing", "--trace-dir", tmp_path / "traces")
    assert not (tmp_path / "traces").exists()


def test_a_folder_of_checkpoints_that_the_system_refuses_is_named_with_its_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "mkdir", refusing)
    monkeypatch.setattr(Path, "read_text", refusing)
    for option, advice in (("--checkpoint", "name another folder"), ("--resume", "begin anew")):
        done = synproof("check", "eager", option, tmp_path / "kept")
        assert (done.code, done.out) == (153, "")
        told = " ".join(done.err.split())
        assert told.startswith(f"synproof: {option} {tmp_path / 'kept'}: Permission denied; checkpoints cannot be read and")
        assert told.endswith(f"there: {advice}, or leave out {option}")


def test_a_file_is_no_folder_of_checkpoints(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for option, code in (("--checkpoint", 2), ("--resume", 150)):
        done = synproof("check", "eager", option, tmp_path / "file")
        assert (done.code, done.out) == (code, "")
        assert "is no folder" in done.err
    assert (tmp_path / "file").read_text() == "mine"


def test_a_checkpoint_that_is_refused_makes_no_folder_of_traces(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    done = synproof("check", "eager", "--resume", kept, "--trace-dir", tmp_path / "deep" / "traces")
    assert (done.code, done.out) == (150, "")
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_building_the_model_takes_of_its_time(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Task] = []

    def checked(subject: Subject, task: Task) -> Any:
        given.append(task)
        return check(subject, task)

    build = FakeCatalogue.build

    def slow(*arguments: Any) -> Any:
        clock.now += 3
        return build(*arguments)

    monkeypatch.setattr("synproof.engine.cli.checking.check", checked)
    monkeypatch.setattr(FakeCatalogue, "build", slow)
    assert synproof("check", "careful", "--timeout", "20").code == 0
    late = synproof("check", "careful", "--timeout", "2")
    assert late.code == 152 and "--timeout 2" in late.out
    assert [task.limits.spent for task in given] == [3, 3]


def test_a_file_that_is_no_trace_is_left_as_it_is_and_nothing_is_checked(tmp_path: Path) -> None:
    mine = tmp_path / "eager.no-ghost.itf.json"
    for text in ("", "mine", '{"#meta": {"format": "ITF"}}'):
        mine.write_text(text, encoding="utf-8")
        done = synproof("check", "eager", "--trace-dir", tmp_path)
        assert (done.code, done.out) == (2, "")
        assert "is no trace of synproof; it was left as it is" in " ".join(done.err.split())
        assert mine.read_text(encoding="utf-8") == text
    assert [path.name for path in tmp_path.iterdir()] == [mine.name]


def test_an_empty_name_is_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for option in ("--trace-dir", "--checkpoint", "--resume"):
        done = synproof("check", "eager", option, "")
        assert (done.code, done.out) == (2, "") and f"{option} needs the name of a folder" in done.err
    assert synproof("export", "eager", "--to", "text", "--out", "").code == 2
    assert not list(tmp_path.iterdir())


# ---- interrupts and progress -----------------------------------------------------------------------------------------


def test_an_interrupt_ends_with_what_was_found_and_130(monkeypatch: pytest.MonkeyPatch) -> None:
    from synproof.engine import checker

    def interrupted(prop: Property, trace: Any) -> Any:
        if prop.name == "inside":
            raise KeyboardInterrupt
        return trace

    monkeypatch.setattr(checker, "confirm", interrupted)
    done = synproof("check", "eager", "careful")
    assert done.code == 130
    assert lines_of(done.out, "violated")
    assert lines_of(done.out, "incomplete")
    assert "careful" not in done.out


def test_an_interrupt_before_a_search_still_gives_one_object(doors: FakeCatalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(doors, "build", interrupted)
    done = synproof("check", "eager", "--json")
    assert done.code == 130
    assert (done.json["results"], done.json["error"], done.json["exit_code"]) == ([], "interrupted", 130)
    assert done.err == "interrupted\n"


def test_an_interrupt_between_two_models_keeps_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    def first_only(subject: Subject, task: Task) -> Any:
        if subject.name == "careful":
            raise KeyboardInterrupt
        return check(subject, task)

    monkeypatch.setattr(checking, "check", first_only)
    done = synproof("check", "eager", "careful", "--json")
    assert (done.code, [result["model"] for result in done.json["results"]]) == (130, ["eager"])
    done = synproof("check", "eager", "careful")
    assert done.code == 130
    assert lines_of(done.out, "violated")


class Callback:
    """Something whose finalizer is interrupted: Python reports that and goes on."""

    def __del__(self) -> None:
        raise KeyboardInterrupt


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Interrupts are noticed: a shell that starts the tests in the background has them ignore interrupts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_in_a_finalizer_is_not_lost(doors: FakeCatalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*given: Any) -> Any:
        Callback()
        time.sleep(60)
        raise AssertionError("the interrupt was lost")

    monkeypatch.setattr(doors, "build", slow)
    before = sys.unraisablehook
    done = synproof("check", "eager")
    assert (done.code, done.err) == (130, "interrupted\n")
    assert sys.unraisablehook is before


def test_progress_is_one_line_that_is_taken_away_again() -> None:
    done = synproof("check", "careful", terminal=True)
    assert "level" in done.err
    assert "states" in done.err
    assert "\n" not in done.err
    assert done.err.endswith("\r")
    assert synproof("check", "careful").err == ""


def test_what_is_said_never_stands_behind_the_progress() -> None:
    terminal = Terminal()
    console = Console(terminal, terminal)
    console.rewrite("level 3")
    console.say("found")
    assert terminal.getvalue() == "\rlevel 3\r       \rfound\n"


def test_a_file_system_without_the_letters_of_a_name_gets_others(monkeypatch: pytest.MonkeyPatch) -> None:
    assert traces._as_file_name("größe:a") == "größe-a"
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "ascii")
    assert traces._as_file_name("größe:a") == "gr--e-a"


def test_all_models_are_checked_in_the_order_of_their_names(doors: FakeCatalogue) -> None:
    results = synproof("check", "--all", "--json").json["results"]
    assert [result["model"] for result in results] == [name for name, _ in doors.models()]


# ---- reductions ------------------------------------------------------------------------------------------------------


def test_reductions_are_told_beside_the_counts() -> None:
    assert "the counts are those with dead-variables" in synproof("check", "careful", "--reduce", "dead-variables").out
    assert "the counts are those" not in synproof("check", "careful").out
    entry = json.loads(synproof("check", "careful", "--reduce", "dead-variables", "--json").out)["results"][0]
    assert entry["reductions"] == ["dead-variables"]


def test_verdicts_are_the_same_with_reductions() -> None:
    for name in ("careful", "eager", "stuck", "waiting", "unreached"):
        assert synproof("check", name, "--reduce", "dead-variables").code == synproof("check", name).code
