"""The smaller commands, on doors: list, show, new, replay, export, simulate, doctor; help; and what is not built yet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from synproof.engine.cli.arguments import COMMANDS
from synproof.engine.cli.doctor import PARTS

from .fake import MODELS, FakeCatalogue, Terminal, synproof

pytestmark = pytest.mark.usefixtures("doors")


# ---- help, and what is not there -------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"], ["help"]])
def test_help_names_every_command(words: list[str]) -> None:
    done = synproof(*words)
    assert (done.code, done.err) == (0, "")
    assert all(f"  {command.name} " in done.out for command in COMMANDS)


@pytest.mark.parametrize("name", [command.name for command in COMMANDS if command.module != "unbuilt"])
def test_every_command_has_help(name: str) -> None:
    done = synproof(name, "--help")
    assert done.code == 0
    assert done.out.startswith(f"usage: synproof {name}")


def test_the_version_is_that_of_the_distribution() -> None:
    import importlib.metadata

    assert synproof("--version").out == f"synproof {importlib.metadata.version('synproof')}\n"


@pytest.mark.parametrize("words", [["prove", "all", "--recheck", "x"], ["graph", "careful"], ["conform", "x"], ["kernel"],
                                   ["list", "proofs"]])  # fmt: skip
def test_what_is_not_built_yet_says_so_and_exits_with_2(words: list[str]) -> None:
    done = synproof(*words)
    assert (done.code, done.out) == (2, "")
    assert "not built yet" in done.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["chekc"], "did you mean 'check'?"),
        (["--jsn"], "there is no option '--jsn'"),
        (["list", "model"], "did you mean 'models'?"),
        (["list", "models", "more"], "one argument too many"),
        (["show"], "MODEL"),
        (["export", "careful"], "--to"),
        (["export", "careful", "--to", "pdf"], "markdown"),
        (["export", "careful", "--to", "svg"], "'svg' is not built yet"),
        (["simulate", "careful", "--steps", "many"], "--steps"),
    ],
)
def test_a_wrong_command_line_exits_with_2(words: list[str], says: str) -> None:
    done = synproof(*words)
    assert (done.code, done.out) == (2, "")
    assert says in done.err


def test_a_bug_is_told_as_one_without_a_traceback_unless_asked_for(
    doors: FakeCatalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> Any:
        raise ZeroDivisionError("no luck")

    monkeypatch.setattr(doors, "models", broken)
    monkeypatch.delenv("SYNPROOF_DEBUG", raising=False)
    done = synproof("list")
    assert done.code == 153
    assert "this is a bug in synproof (ZeroDivisionError: no luck)" in done.err
    monkeypatch.setenv("SYNPROOF_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        synproof("list")


@pytest.mark.parametrize(("error", "code"), [(MemoryError(), 153), (KeyboardInterrupt(), 130), (OSError(28, "full"), 153)])
def test_trouble_of_the_system_has_its_exit_code(
    doors: FakeCatalogue, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int
) -> None:
    def troubled() -> Any:
        raise error

    monkeypatch.setattr(doors, "models", troubled)
    done = synproof("list")
    assert done.code == code
    assert done.err.strip()


def test_an_installation_without_a_catalogue_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.metadata

    monkeypatch.setattr(importlib.metadata, "entry_points", lambda **_: [])
    done = synproof("list")
    assert (done.code, done.out) == (153, "")
    assert "catalogue" in done.err


# ---- list and show ---------------------------------------------------------------------------------------------------


def test_list_names_models_properties_and_settings(doors: FakeCatalogue) -> None:
    assert synproof("list").out == synproof("list", "models").out
    assert "careful    waits for a confirmation" in synproof("list").out
    assert "no-ghost       always: The door is open only" in synproof("list", "properties").out
    assert "mode      careful, eager; default careful." in synproof("list", "settings").out
    assert doors.loaded == []


@pytest.mark.parametrize(("what", "keys"), [
    ("models", ["name", "title"]),
    ("properties", ["name", "kind", "sentence"]),
    ("settings", ["name", "values", "default", "meaning"]),
])  # fmt: skip
def test_list_as_json_is_one_object(what: str, keys: list[str]) -> None:
    found = synproof("list", what, "--json").json
    assert list(found) == [what]
    assert all(list(row) == keys for row in found[what])
    assert found[what]


def test_show_says_where_each_setting_comes_from_and_what_is_expected() -> None:
    done = synproof("show", "eager", "-s", "asks=2")
    assert done.code == 0
    assert "mode = eager  doors.toml:1" in done.out
    assert "asks = 2      -s" in done.out
    assert "no-ghost  always; expected: violated in 3 steps" in done.out
    assert "expected counts: states 13, transitions 17, depth 4" in synproof("show", "careful").out
    assert "declares none" in synproof("show", "anything").out


def test_show_as_json_has_the_settings_with_their_sources() -> None:
    found = synproof("show", "eager", "--json").json
    assert found["settings"]["mode"] == {"value": "eager", "source": "doors.toml:1"}
    assert found["settings"]["asks"] == {"value": 1, "source": "default"}
    assert found["properties"][0]["expect"] == "violated"
    assert found["expect"] == {"states": None, "transitions": None, "depth": None}


# ---- new -------------------------------------------------------------------------------------------------------------


def test_new_writes_the_template_and_never_over_another_file(tmp_path: Path) -> None:
    path = tmp_path / "my door.toml"
    assert synproof("new", path).code == 0
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# a door")
    path.write_text("mine", encoding="utf-8")
    done = synproof("new", path)
    assert (done.code, done.out) == (2, "")
    assert "exists already" in " ".join(done.err.split())
    assert path.read_text(encoding="utf-8") == "mine"


def test_new_where_nothing_can_be_written_is_an_error_of_the_system(tmp_path: Path) -> None:
    done = synproof("new", tmp_path / "nowhere" / "x.toml")
    assert done.code == 153
    assert "cannot be written" in " ".join(done.err.split())


# ---- replay and export -----------------------------------------------------------------------------------------------


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A trace of the eager door's ghost."""
    synproof("check", "eager", "-p", "no-ghost", "--trace-dir", tmp_path)
    return tmp_path / "eager.no-ghost.itf.json"


def test_a_saved_trace_is_replayed_and_told(saved: Path) -> None:
    done = synproof("replay", saved)
    assert (done.code, done.err) == (0, "")
    said = "3 steps of eager, each as the specification has it (no-ghost: violated)"
    assert said.replace(" ", "") in "".join(done.out.split()), "a long path may break the line anywhere"
    assert "no-ghost: violated in 3 steps" in done.out
    assert synproof("replay", saved, "--json").json == {
        "trace": str(saved), "model": "eager", "property": "no-ghost", "verdict": "violated", "steps": 3, "replayed": True,
        "decides": True,
    }  # fmt: skip


def test_a_trace_of_a_property_of_ones_own_is_replayed_too(tmp_path: Path) -> None:
    synproof("check", "eager", "-p", "no-ghost", "--always", "door.state != OPEN", "--trace-dir", tmp_path)
    done = synproof("replay", tmp_path / "eager.always-1.itf.json")
    assert done.code == 0
    assert "what that property says is not in the file" in " ".join(done.out.split())


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda text: text[: len(text) // 2], "damaged"),
        (lambda text: "", "damaged"),
        (lambda text: text.replace('"OPEN"', '"PENDING"'), "damaged"),
        (lambda text: text.replace("client.leave", "client.ask"), "damaged"),
        (lambda text: text.replace('"violated"', '"holds"'), "violated, or reached, and nothing else: not 'holds'"),
        (lambda text: text.replace('"violated"', '"reached"').replace('"violation"', '"ok"'), "by its run it is violated"),
        (lambda text: "[]", "ITF"),
    ],
)
def test_a_damaged_trace_is_refused_with_150(saved: Path, damage: Any, says: str) -> None:
    saved.write_text(damage(saved.read_text(encoding="utf-8")), encoding="utf-8")
    done = synproof("replay", saved)
    assert (done.code, done.out) == (150, "")
    assert says in done.err


def test_a_trace_that_stops_before_the_violation_is_damaged(saved: Path) -> None:
    content = json.loads(saved.read_text(encoding="utf-8"))
    del content["states"][-1]
    saved.write_text(json.dumps(content), encoding="utf-8")
    done = synproof("replay", saved)
    assert done.code == 150
    assert "damaged" in done.err


def test_a_trace_of_another_model_is_refused_with_151(saved: Path) -> None:
    done = synproof("replay", saved, "--model", "careful")
    assert (done.code, done.out) == (151, "")
    assert "settings" in done.err


def test_settings_of_the_command_line_are_given_again_when_a_trace_is_replayed(tmp_path: Path) -> None:
    synproof("check", "careful", "-s", "mode=eager", "-p", "no-ghost", "--trace-dir", tmp_path)
    saved = tmp_path / "careful.no-ghost.itf.json"
    assert json.loads(saved.read_text(encoding="utf-8"))["#meta"]["given"] == {"mode": "eager"}
    assert synproof("replay", saved).code == 0
    assert synproof("replay", saved, "--model", "eager").code == 0, "the same system under another name"
    done = synproof("replay", saved, "--model", "patient")
    assert (done.code, done.out) == (151, "")
    assert "loss" in done.err


def test_a_trace_of_a_model_that_has_changed_since_is_refused(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    title, settings, *rest = MODELS["eager"]
    monkeypatch.setitem(MODELS, "eager", (title, {**settings, "asks": 2}, *rest))
    for words in (("replay", saved), ("export", saved, "--to", "text")):
        done = synproof(*words)
        assert (done.code, done.out) == (151, "")
        assert "asks is 1 there and 2 here" in " ".join(done.err.split())


def test_a_trace_of_a_model_that_is_not_there_is_refused(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(MODELS, "eager")
    done = synproof("replay", saved)
    assert (done.code, done.out) == (150, "")
    assert "--model names another one" in " ".join(done.err.split())


def test_a_trace_that_is_not_there_is_refused_with_150(tmp_path: Path) -> None:
    assert synproof("replay", tmp_path / "nothing.itf.json").code == 150
    assert synproof("replay", tmp_path).code == 150


@pytest.mark.parametrize(
    ("form", "begins"), [("text", "eager"), ("markdown", "## eager"), ("mermaid", "sequenceDiagram"), ("itf", "{")]
)
def test_a_model_and_its_saved_trace_export_the_same(saved: Path, form: str, begins: str) -> None:
    of_model = synproof("export", "eager", "--to", form)
    of_trace = synproof("export", saved, "--to", form)
    assert of_model.code == of_trace.code == 0
    assert of_model.out.startswith(begins)
    assert of_model.out == of_trace.out


def test_an_exported_trace_is_the_saved_one(saved: Path, tmp_path: Path) -> None:
    out = tmp_path / "again.itf.json"
    assert synproof("export", "eager", "--to", "itf", "--out", out).code == 0
    assert out.read_bytes() == saved.read_bytes()
    assert synproof("export", "eager", "--to", "itf", "--out", out).code == 2


def test_export_takes_the_named_property_else_the_first_violated_else_the_first_reached() -> None:
    assert "inside: reached in 3 steps" in synproof("export", "eager", "--to", "text", "-p", "inside").out
    assert "no-ghost: violated" in synproof("export", "eager", "--to", "text").out
    assert "inside: reached" in synproof("export", "careful", "--to", "text").out


def test_the_command_line_writes_the_configuration_beside_the_module(tmp_path: Path) -> None:
    out = tmp_path / "door.tla"
    assert synproof("export", "careful", "--to", "tla", "--out", out).code == 0
    assert " MODULE door " in out.read_text("utf-8")
    assert (tmp_path / "door.cfg").read_text("utf-8").startswith("SPECIFICATION Spec")
    refused = synproof("export", "careful", "--to", "tla", "--out", tmp_path / "a-door.tla")
    assert refused.code == 2 and "a_door.tla" in refused.err
    printed = synproof("export", "careful", "--to", "tla").out
    module, _, rest = printed.partition("====\n")
    assert " MODULE careful " in module and rest.index("careful.cfg") < rest.index("SPECIFICATION Spec")


@pytest.mark.parametrize("form", ["promela", "tla"])
def test_a_whole_system_is_neither_a_trace_nor_a_search(form: str, tmp_path: Path) -> None:
    assert synproof("export", "eager", "--to", "itf", "--out", tmp_path / "run.itf.json").code == 0
    of_trace = synproof("export", tmp_path / "run.itf.json", "--to", form)
    assert of_trace.code == 2 and "not a run" in of_trace.err
    assert synproof("export", "eager", "--to", form, "--max-states", "5").code == 2


def test_a_model_without_a_run_exports_nothing() -> None:
    done = synproof("export", "careful", "--to", "text", "-p", "no-ghost")
    assert (done.code, done.out) == (2, "")
    assert "no-ghost holds" in " ".join(done.err.split())


def test_a_saved_trace_has_its_settings_already(saved: Path) -> None:
    assert synproof("export", saved, "--to", "text", "-s", "mode=careful").code == 2


# ---- simulate --------------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_run_and_another_one_another() -> None:
    runs = [synproof("simulate", "eager", "-s", "asks=3", "--seed", seed, "--steps", "12").out for seed in "1123"]
    assert runs[0] == runs[1]
    assert len({text.split("\n", 1)[1] for text in runs}) > 1


def test_a_random_run_is_a_run_and_no_longer_than_asked() -> None:
    found = synproof("simulate", "eager", "--seed", "7", "--steps", "4", "--json").json
    assert (found["model"], found["seed"]) == ("eager", 7)
    assert found["steps"] == len(found["trace"]["states"]) - 1 <= 4


def test_a_run_that_cannot_go_on_says_so() -> None:
    done = synproof("simulate", "careful", "--seed", "1", "--steps", "50")
    assert "then nothing more is possible" in done.out


# ---- doctor ----------------------------------------------------------------------------------------------------------


def test_doctor_names_every_part_and_how_to_get_those_that_are_missing() -> None:
    done = synproof("doctor")
    assert done.code == 0
    assert "all that is required is there" in done.out
    for part in PARTS:
        assert part.name in done.out
        assert part.version or "synproof[" in part.how
    found = synproof("doctor", "--json").json
    assert [row["name"] for row in found["parts"]] == [part.name for part in PARTS]
    assert found["well"] is True


def test_doctor_fails_if_something_required_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    from synproof.engine.cli import doctor

    monkeypatch.setattr(doctor, "PARTS", (doctor.Part("no-such-part", "no_such_part", "nothing"),))
    done = synproof("doctor")
    assert done.code == 153
    assert "pip install 'no-such-part'" in " ".join(done.out.split())


def test_the_optional_parts_of_doctor_are_those_of_the_distribution() -> None:
    from ..house import pyproject

    project = pyproject()["project"]
    wanted = {name: extra for extra in ("fast", "cvc5") for name in project["optional-dependencies"][extra]}
    named = {name.split(">")[0]: extra for name, extra in wanted.items()}
    named |= {name.split(">")[0]: "" for name in project["dependencies"]}
    assert {part.name: part.extra for part in PARTS} == named


# ---- JSON where something is wrong ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["check", "nobody"], 150),
        (["check", "--jsn"], 2),
        (["compare", "eager"], 2),
        (["show", "eager", "-s", "mode=fast"], 151),
        (["replay", "nothing.itf.json"], 150),
        (["simulate", "nobody"], 150),
        (["list", "proofs"], 2),
        (["why", "x"], 2),
        (["chekc"], 2),
    ],
)
def test_json_is_one_object_also_where_something_is_wrong(words: list[str], code: int) -> None:
    done = synproof(*words, "--json")
    assert done.code == done.json["exit_code"] == code
    assert done.json["error"].split("\n")[0][:20] in done.err
    assert "synproof: " not in done.json["error"]


def test_json_is_one_object_also_for_a_bug(doors: FakeCatalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Any:
        raise ZeroDivisionError("no luck")

    monkeypatch.setattr(doors, "models", broken)
    monkeypatch.delenv("SYNPROOF_DEBUG", raising=False)
    assert "this is a bug in synproof" in synproof("list", "--json").json["error"]


# ---- how it looks -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [40, 60, 79, 80, 200])
def test_what_is_printed_fits_the_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from synproof.engine.cli.console import Console
    from synproof.engine.cli.run import run

    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", "1")
    for words in (
        "list properties", "list settings", "check eager", "check eager -v", "check careful --as-expected",
        "check wrong --as-expected", "show eager -s asks=2", "simulate eager", "compare eager careful",
        "compare anything --vary mode=eager,careful -p no-ghost",
    ):  # fmt: skip
        out = Terminal()
        run(words.split(), Console(out, Terminal()))
        lines = out.getvalue().splitlines()
        assert len(lines) > 0
        assert max(map(len, lines)) <= min(columns, 80), words
        if words == "check eager":
            assert any("SHUT" in line for line in lines)
            assert any("-> " in line or "->|" in line or "->*" in line for line in lines), "the ladder has its arrows"


def test_where_there_is_no_terminal_the_width_of_one_is_of_no_concern(monkeypatch: pytest.MonkeyPatch) -> None:
    before = synproof("check", "eager").out
    monkeypatch.setenv("COLUMNS", "50")
    assert synproof("check", "eager").out.splitlines()[:5] == before.splitlines()[:5]


def test_colours_only_on_a_terminal_and_never_against_its_owners_will(monkeypatch: pytest.MonkeyPatch) -> None:
    from synproof.engine.cli.console import Console
    from synproof.engine.cli.run import run

    def shown() -> str:
        out = Terminal()
        run(["check", "eager"], Console(out, Terminal()))
        return out.getvalue()

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b[" in shown()
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in shown()
    assert "\x1b[" not in synproof("check", "eager").out


def test_a_stream_without_unicode_gets_plain_characters() -> None:
    import io

    from synproof.engine.cli.console import Console
    from synproof.engine.cli.run import run

    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii")
    assert run(["check", "eager"], Console(out, io.StringIO())) == 12
    text = raw.getvalue().decode("ascii")
    assert "X FALSE" in text
    assert "?" not in text
