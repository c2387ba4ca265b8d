"""Model files: what is read, where each setting comes from, and how each mistake is told: file, line, key, what is allowed."""

from __future__ import annotations

import os
import random
import re
import tomllib
from pathlib import Path

import pytest

from synproof.engine.catalogue import Declaration, Expectation, find
from synproof.engine.errors import SynproofError
from synproof.engine.property import PropertyKind, Response, Verdict
from synproof.models.catalogue import UnknownProperty, catalogue
from synproof.models.files import LARGEST, ModelFileError, shipped_names, shipped_titles
from synproof.models.loader import Model, load
from synproof.models.toml_lines import key_lines, line_of
from synproof.spec.settings import SETTINGS, Contradiction, SettingError, Settings, UnknownSetting

from ..house import ROOT

KINDS = {
    "no-ghost-connection": PropertyKind.ALWAYS,
    "reaches:ESTABLISHED": PropertyKind.SOMETIMES,
    "establishes": PropertyKind.EVENTUALLY,
}


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(text: str, name: str = "mine.toml") -> str:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return name


def read(text: str, **overrides: object) -> Model:
    return load(write(text), {name.replace("_", "-"): value for name, value in overrides.items()}, lambda: KINDS)


# --- what is read -------------------------------------------------------------------------------------------


def test_an_empty_file_is_a_model_with_the_defaults() -> None:
    model = read("")
    assert (model.name, model.title, model.path, model.shipped) == ("mine", "", "mine.toml", False)
    assert model.settings == Settings()
    assert {str(source) for source in model.sources.values()} == {"default"}
    assert (model.properties, model.expect) == ((), Expectation())


def test_all_that_a_file_may_say() -> None:
    model = read(
        """
        name = "two ends"
        title = "A title"
        [settings]
        handshake = "two-way"
        loss = 1
        relisten = false

        [[property]]
        name = "no-ghost-connection"
        expect = "violated"
        steps = 4
        [[property]]
        name = "mine"
        sometimes = "client.state == ESTABLISHED"
        [expect]
        states = 10
        depth = 3
        """
    )
    assert (model.name, model.title) == ("two ends", "A title")
    assert (model.settings.handshake, model.settings.loss, model.settings.relisten) == ("two-way", 1, False)
    assert str(model.sources["loss"]) == "mine.toml:6"
    assert str(model.sources["window"]) == "default"
    assert model.properties == (
        Declaration("no-ghost-connection", None, None, Verdict.VIOLATED, 4, "mine.toml", 10),
        Declaration("mine", PropertyKind.SOMETIMES, "client.state == ESTABLISHED", None, None, "mine.toml", 15),
    )
    assert model.expect == Expectation(states=10, depth=3)


def test_what_the_command_line_says_wins() -> None:
    model = read("[settings]\nwindow = 3\nloss = 'off'", window="1", data="1:0")
    assert (model.settings.window, model.settings.data, model.settings.loss) == (1, (1, 0), 0)
    assert [str(model.sources[name]) for name in ("window", "data", "loss")] == ["-s", "-s", "mine.toml:3"]


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b""])
@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_windows_files_are_read(mark: bytes, ending: bytes) -> None:
    Path("mine.toml").write_bytes(mark + ending.join([b"# first", b"[settings]", b"window = 1", b""]))
    model = load("mine.toml")
    assert model.settings.window == 1
    assert model.sources["window"].line == 3


def test_a_path_with_spaces_and_a_name_without_an_ending() -> None:
    assert load(write("title = 'x'", "some folder/my model.toml")).name == "my model"
    assert load(write("title = 'x'", "plain")).title == "x"


# --- extends ------------------------------------------------------------------------------------------------


def test_extends_brings_settings_and_nothing_else() -> None:
    settings = "[settings]\nwindow = 1\nloss = 2\n"
    write(f"title = 'base'\n{settings}[[property]]\nname = 'establishes'\n[expect]\nstates = 3", "a/base.toml")
    model = load(write("extends = 'base.toml'\n[settings]\nloss = 'off'", "a/mine.toml"), {}, lambda: KINDS)
    assert (model.settings.window, model.settings.loss) == (1, 0)
    assert [str(model.sources[name]) for name in ("window", "loss")] == [os.path.join("a", "base.toml") + ":3", "a/mine.toml:3"]
    assert (model.title, model.properties, model.expect) == ("", (), Expectation())


def test_a_shipped_model_can_be_extended() -> None:
    model = read("extends = 'two-way'")
    assert model.settings == load("two-way", {}, catalogue_kinds).settings
    assert model.sources["handshake"].file == "models/two-way.toml"


def catalogue_kinds() -> dict[str, PropertyKind]:
    return {row.name: PropertyKind(row.kind) for row in catalogue.property_table()}


def test_a_wrong_value_is_found_in_the_base_even_if_it_is_overridden() -> None:
    write("[settings]\nwindow = 'x'", "base.toml")
    with pytest.raises(SettingError, match=r"^base\.toml:2: window = 'x'"):
        read("extends = 'base.toml'\n[settings]\nwindow = 1")


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"mine.toml": "extends = 'mine.toml'"}, "round in a circle: mine.toml extends mine.toml"),
        ({"mine.toml": "extends = 'b.toml'", "b.toml": "extends = './mine.toml'"}, "b.toml:1: extends goes round in a circle"),
        ({"mine.toml": "extends = 'nowhere.toml'"}, "mine.toml:1: extends = 'nowhere.toml': nowhere.toml: there is no such"),
        ({"mine.toml": "\nextends = 'two-wya'"}, "mine.toml:2: .*did you mean 'two-way'"),
        ({"mine.toml": "extends = 'b.toml'", "b.toml": "\n\nx"}, "mine.toml:1: .*b.toml:3: is not TOML"),
        ({"mine.toml": "extends = 'b.toml'", "b.toml": "x = 1"}, "b.toml:1: a model file has no key 'x'"),
        ({"mine.toml": "extends = 3"}, "mine.toml:1: extends must be the name of a shipped model or a path, not 3"),
        ({"mine.toml": "extends = ''"}, "extends must be"),
        ({"mine.toml": "extends = ['a']"}, "extends must be .*, not a list"),
        ({"mine.toml": r'extends = "a\u0000.toml"'}, "is not a path"),
        ({"mine.toml": "extends = './'"}, "is a folder"),
    ],
)
def test_what_cannot_be_extended(files: dict[str, str], says: str) -> None:
    for name, text in files.items():
        write(text, name)
    with pytest.raises(ModelFileError, match=says) as error:
        load("mine.toml")
    assert error.value.exit_code == 150


def test_two_files_of_one_stem_are_two() -> None:
    write("[settings]\nwindow = 1", "mine")
    assert read("extends = './mine'").settings.window == 1


def test_a_long_line_of_models_is_refused() -> None:
    for i in range(30):
        write(f"extends = 'm{i + 1}.toml'", f"m{i}.toml")
    with pytest.raises(ModelFileError, match="more than 20 models extend one another"):
        load("m0.toml")


# --- files that are none ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0", r"^mine\.toml:1: is not UTF-8 text \(byte 0x89\)"),
        (b"# ok\ntitle = '\xe4'", r"^mine\.toml:2: is not UTF-8 text"),
        (b"a = 1\n\0", r"^mine\.toml:2: is not a text file"),
        ("a = 1".encode("utf-16"), r"^mine\.toml: is UTF-16: save it as UTF-8"),
        (b"#" * (LARGEST + 1), r"^mine\.toml: is larger than 256 KiB"),
        (b"x", r"^mine\.toml:1: is not TOML: .*"),
        (b"[settings]\nwindow = \n", r"^mine\.toml:2: is not TOML: Invalid value"),
        (b"[settings]\nwindow = 1\nwindow = 2\n", r"^mine\.toml:3: is not TOML: Cannot overwrite a value"),
        (b"\ntitle = 'x\n", r"^mine\.toml:2: is not TOML"),
        (b"a = [1,\n", r"^mine\.toml:\d: is not TOML"),
        (b"a = " + b"[" * 5000, r"^mine\.toml: is not TOML: it is nested too deeply"),
        (b"a = 1" + b"0" * 5000, r"^mine\.toml: is not TOML: "),
        (b"a = 2026-02-30", r"^mine\.toml:1: is not TOML: Invalid date"),
    ],
)
def test_a_file_that_is_no_toml(data: bytes, says: str) -> None:
    Path("mine.toml").write_bytes(data)
    with pytest.raises(ModelFileError, match=says) as error:
        load("mine.toml")
    assert error.value.exit_code == 150
    assert "\n" not in str(error.value)


@pytest.mark.skipif(os.name == "nt", reason="other special files, other words")
def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    Path("folder.toml").mkdir()
    os.mkfifo("pipe.toml")
    write("", "three-wax.toml")
    for name, says in {
        "nowhere.toml": "there is no such file",
        "three-way.toml": "the shipped model is called three-way",
        "three-was.toml": "did you mean 'three-wax.toml'",
        "no/folder/x": "there is no such file",
        "folder.toml": "is a folder",
        "pipe.toml": "is not a regular file",
        "/dev/zero": "is not a regular file",
        "a\0.toml": "is not a path",
        "x" * 5000 + ".toml": "cannot be read: File name too long",
        "three-way.toml/x": "there is no such file",
        "three-wax.toml/x": "cannot be read: Not a directory",
    }.items():
        with pytest.raises(ModelFileError, match=re.escape(says)) as error:
            load(name)
        assert len(str(error.value)) < 400
    assert len(list(tmp_path.iterdir())) == 3, "nothing is written"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read() -> None:
    Path(write("")).chmod(0)
    with pytest.raises(ModelFileError, match="cannot be read: Permission denied"):
        load("mine.toml")


@pytest.mark.parametrize("name", ["thre-way", "Two-Way", "", "no-such-model", "x" * 10000, "\x1b[31m", "\ud800", "template"])
def test_a_name_that_is_no_model(name: str) -> None:
    with pytest.raises(ModelFileError, match="there is no model") as error:
        load(name)
    assert str(error.value).isprintable() and len(str(error.value)) < 3000
    assert "a file of your own" in str(error.value)


# --- what a file may not say --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("setings = 1", 1, "a model file has no key 'setings'; did you mean 'settings'?"),
        ("[[properties]]\nname = 'x'", 1, "a model file has no key 'properties'; did you mean 'property'?"),
        ("\n\n[seting]\nx = 1", 3, "did you mean 'settings'?"),
        ("title = 3", 1, "title must be a text, not 3"),
        ("title = '''a\nb'''", 1, "title must be one line"),
        ("name = ''", 1, "name must be one line of at most 200 characters"),
        ('name = "\\u001b[31m"', 1, "name must be one line"),
        ("settings = 3", 1, "settings must be a table: [settings], not 3"),
        ("[[settings]]\nwindow = 1", 1, "settings must be a table: [settings], not a list"),
        ("[settings]\n# c\nwindwo = 1", 3, "there is no setting 'windwo'; did you mean 'window'?"),
        ("settings.windwo = 1", 1, "did you mean 'window'?"),
        ("[settings]\n'seq_bits' = 1", 2, "did you mean 'seq-bits'?"),
        ("\nproperty = 3", 2, "a table of its own: [[property]]"),
        ("[property]\nname = 'x'", 1, "a table of its own: [[property]]"),
        ("property = [1]", 1, "a table of its own: [[property]]"),
        ("[[property]]\nname = 'establishes'\n[[property]]\n", 3, "a [[property]] needs a name"),
        ("[[property]]\nname = 3", 2, "the name must be a text"),
        ("[[property]]\nname = 'establish'", 2, "there is no property 'establish'; did you mean 'establishes'?"),
        ("[[property]]\nname = 'x'\nallways = 'True'", 3, "a [[property]] has no key 'allways'; did you mean 'always'?"),
        ("[[property]]\nname = 'x'\nalways = 'True'\nsometimes = 'True'", 4, "has both always and sometimes"),
        ("[[property]]\nname = 'x'\nalways = 3", 3, "always must be an expression in quotes, not 3"),
        ("[[property]]\nname = 'x'\nalways = true", 3, "always must be an expression in quotes, not true"),
        ("[[property]]\nname = 'x'\nalways = 'a = b'", 3, "always: this is not an expression: to compare, write =="),
        ("[[property]]\nname = 'x'\nsometimes = 'f()'", 3, "sometimes: this is a call"),
        ("[[property]]\nname = 'x y'\nalways = 'True'", 2, "the name of a property is made of"),
        ("[[property]]\nname = ''\nalways = 'True'", 2, "the name of a property is made of"),
        ("[[property]]\nname = 'establishes'\nalways = 'True'", 2, "is the name of a property of the specification"),
        ("[[property]]\nname = 'always-1'\nalways = 'True'", 2, "what a property of the command line is called"),
        ("[[property]]\nname = 'establishes'\n\n[[property]]\nname = 'establishes'", 5, "declared twice, first in line 2"),
        ("[[property]]\nname = 'establishes'\nexpect = 'hold'", 3, "cannot be 'hold', which is no verdict; allowed: holds,"),
        ("[[property]]\nname = 'establishes'\nexpect = 1", 3, "cannot be '1', which is no verdict"),
        ("[[property]]\nname = 'establishes'\nexpect = 'reached'", 3, "says eventually, which cannot be reached; allowed"),
        ("[[property]]\nname = 'reaches:ESTABLISHED'\nexpect = 'holds'", 3, "says sometimes, which cannot be holds"),
        ("[[property]]\nname = 'x'\nalways = 'True'\nexpect = 'reached'", 4, "says always, which cannot be reached"),
        ("[[property]]\nname = 'establishes'\nexpect = 'holds'\nsteps = 3", 4, "steps needs expect = "),
        ("[[property]]\nname = 'establishes'\nsteps = 3", 3, "steps needs expect = "),
        ("[[property]]\nname = 'establishes'\nexpect = 'violated'\nsteps = -1", 4, "steps must be a whole number from 0, not"),
        ("[[property]]\nname = 'establishes'\nexpect = 'violated'\nsteps = true", 4, "steps must be a whole number"),
        ("[expect]\nstate = 3", 2, "[expect] has no key 'state'; did you mean 'states'?"),
        ("[expect]\nstates = '3'", 2, "states must be a whole number from 0, not a text"),
        ("[expect]\ndepth = 1.5", 2, "depth must be a whole number from 0, not a fraction"),
        ("[expect]\ndepth = 2026-01-01", 2, "depth must be a whole number from 0, not a date or a time"),
        ("expect = 'holds'", 1, "expect must be a table: [expect], not a text"),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, line: int, says: str) -> None:
    with pytest.raises(ModelFileError) as error:
        read(text)
    assert str(error.value).startswith(f"mine.toml:{line}: ")
    assert says in str(error.value)
    assert (error.value.exit_code, error.value.file, error.value.line) == (150, "mine.toml", line)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("[settings]\nhandshake = 'four-way'", 2, "allowed: three-way, two-way"),
        ("[settings]\n\nwindow = [1]", 3, "window = a list: neither a text nor a whole number"),
        ("[settings]\nwindow = 1.5", 2, "window = 1.5: neither a text nor a whole number"),
        ("[settings]\nwindow = 2026-01-01", 2, "neither a text nor a whole number"),
        ("[settings]\nrelisten = 3", 2, "relisten = 3: not one of its values; allowed: on, off"),
        ("settings = {window = 0}", 1, "0 is less than 1"),
        ("[settings]\nwindow.x = 3", 2, "window = a table"),
    ],
)
def test_a_wrong_value_is_told_with_its_line(text: str, line: int, says: str) -> None:
    with pytest.raises(SettingError, match=re.escape(says)) as error:
        read(text)
    assert str(error.value).startswith(f"mine.toml:{line}: ")
    assert error.value.exit_code == 151


def test_a_contradiction_is_told_with_all_places() -> None:
    says = r"window = 8 is more than .*\n    \(window: -s; seq-bits: mine\.toml:2; wrap: default\)"
    with pytest.raises(Contradiction, match=says) as error:
        read("[settings]\nseq-bits = 4", window=8)
    assert error.value.exit_code == 151
    with pytest.raises(Contradiction, match=r"\(give-up: mine\.toml:2; retransmit: default\)"):
        read("[settings]\ngive-up = 'on'")


def test_a_mistake_on_the_command_line_says_so() -> None:
    with pytest.raises(UnknownSetting, match=r"^-s: there is no setting 'windwo'; did you mean 'window'") as error:
        read("", windwo=1)
    assert error.value.exit_code == 2
    with pytest.raises(SettingError, match=r"^-s: window = 'x': 'x' is not a whole number") as wrong:
        read("", window="x")
    assert wrong.value.exit_code == 151


# --- lines --------------------------------------------------------------------------------------------------


def test_lines_are_found_between_texts_and_comments_that_look_like_keys() -> None:
    text = (
        'title = """\n[settings]\nwindow = 3\n"""\n# window = 4\n[settings] # here\n'
        "loss = '''\n'''\n\"win\\\"dow\" = [ # ]\n  1,\n  '] window = 5',\n]\n   window   =   6\n"
    )
    lines = key_lines(text)
    assert (lines["title",], lines["settings",], lines["settings", "loss"], lines["settings", "window"]) == (1, 6, 7, 13)
    assert line_of(lines, ("settings", "window", "x")) == 13
    assert line_of(lines, ("nothing",)) is None


def test_lines_of_all_shipped_models_are_those_of_a_plain_search() -> None:
    found = 0
    for name in shipped_names():
        text = catalogue_text(name)
        lines = key_lines(text)
        for key in tomllib.loads(text).get("settings", {}):
            line = lines["settings", key]
            assert re.match(rf"{key}\s*=", text.splitlines()[line - 1]), (name, key)
            found += 1
    assert found > 20


# --- the catalogue ------------------------------------------------------------------------------------------


def test_the_catalogue_is_found_as_an_entry_point() -> None:
    assert type(find()) is type(catalogue)


def test_every_shipped_model_loads_and_builds_and_has_a_title() -> None:
    titles = dict(shipped_titles())
    assert list(titles) == shipped_names() == sorted(shipped_names())
    assert {"two-way", "three-way"} <= set(titles)
    assert "template" not in titles
    for name, title in titles.items():
        model = catalogue.load(name)
        assert (model.name, model.title, model.shipped) == (name, title, True)
        assert title.strip() and len(title) <= 120
        assert set(model.sources) == {row.name for row in SETTINGS}


def test_a_model_that_declares_no_property_has_every_named_one_that_applies() -> None:
    system, properties = catalogue.build(catalogue.load(write("")))
    names = [prop.name for prop in properties]
    assert names == [name for name in catalogue_kinds() if name in names]
    assert "no-ghost-connection" in names
    assert not any(prop.not_applicable for prop in properties)
    assert "no-stale-data" not in names, "it does not apply with data=0"
    assert "client.state" in system.by_name


def test_declared_properties_come_in_their_order_with_what_is_expected() -> None:
    text = """
        [[property]]
        name = "no-stale-data"
        expect = "not-applicable"
        [[property]]
        name = "mine"
        eventually = "implies(client.state == SYN_SENT, client.state in (ESTABLISHED, CLOSED))"
        [[property]]
        name = "reaches:LISTEN"
        expect = "reached"
        steps = 1
        """
    model = catalogue.load(write(text))
    _, properties = catalogue.build(model)
    assert [(p.name, p.kind, p.expect, p.expect_steps) for p in properties] == [
        ("no-stale-data", PropertyKind.ALWAYS, Verdict.NOT_APPLICABLE, None),
        ("mine", PropertyKind.EVENTUALLY, None, None),
        ("reaches:LISTEN", PropertyKind.SOMETIMES, Verdict.REACHED, 1),
    ]
    assert properties[0].not_applicable
    assert properties[1].fairness.compassion == {"network.to_server", "network.to_client"}
    assert "retransmission" in properties[1].fairness.weak
    assert isinstance(properties[1].responses[0], Response)
    assert not properties[1].fairness.recurring, "there is no clock"
    only = catalogue.build(model, ["establishes", "mine"])[1]
    assert [p.name for p in only] == ["establishes", "mine"]


def test_a_property_of_ones_own_supposes_that_time_passes_where_there_is_time() -> None:
    model = catalogue.load(write("[settings]\nmsl = 1\n[[property]]\nname = 'mine'\neventually = 'server.state == LISTEN'"))
    _, (mine,) = catalogue.build(model)
    assert mine.fairness.recurring == {"tick"} and "timer" in mine.fairness.weak


def test_a_property_that_does_not_exist_is_answered_with_the_nearest() -> None:
    model = catalogue.load(write("[[property]]\nname = 'mine'\nalways = 'True'"))
    for name, near in {"establish": "establishes", "mien": "mine"}.items():
        with pytest.raises(UnknownProperty, match=f"did you mean '{near}'") as error:
            catalogue.build(model, [name])
        assert error.value.exit_code == 2


def test_an_expression_that_does_not_fit_the_system_is_told_with_its_line() -> None:
    model = catalogue.load(write("[[property]]\nname = 'mine'\n\nalways = 'client.stat == CLOSED'"))
    with pytest.raises(ModelFileError, match=r"^mine\.toml:4: property 'mine': there is no `client\.stat`") as error:
        catalogue.build(model)
    assert error.value.exit_code == 150


def test_the_names_that_the_documentation_promises_exist() -> None:
    names = ["state", "iss", "irs", "snd_una", "snd_nxt", "rcv_nxt", "opened", "sent", "delivered"]
    names += ["closed_by_user", "told", "opens"]
    counts = ["count", "syn", "ack", "fin", "rst", "data"]
    model = catalogue.load(write("[settings]\ndata = 1"))
    system, _ = catalogue.build(model)
    parts = [f"{end}.{name} == {end}.{name}" for end in ("client", "server") for name in names]
    parts += [f"network.{way}.{count} >= 0" for way in ("to_server", "to_client") for count in counts]
    parts += ["server.told in (NOTHING, REFUSED, RESET, TIMEOUT, CLOSING)", "client.opened in (ACTIVE, PASSIVE)"]
    parts += ["client.state in (CLOSED, LISTEN, SYN_SENT, SYN_RECEIVED, ESTABLISHED, FIN_WAIT_1)"]
    parts += ["server.state in (FIN_WAIT_2, CLOSE_WAIT, CLOSING, LAST_ACK, TIME_WAIT)"]
    for part in parts:
        assert catalogue.own_property(model, system, "always-1", PropertyKind.ALWAYS, part).predicate is not None


def test_the_tables() -> None:
    rows = catalogue.settings_table()
    assert [row.name for row in rows] == [row.name for row in SETTINGS]
    assert {row.kind for row in catalogue.property_table()} == {"always", "sometimes", "eventually"}


def test_the_template_loads_as_it_is_and_with_every_setting_and_part_uncommented() -> None:
    text = catalogue.template()
    model = catalogue.load(write(text))
    _, properties = catalogue.build(model)
    assert [prop.name for prop in properties] == ["no-ghost-connection", "both-are-established"]
    for row in SETTINGS:
        assert re.search(rf"^(# )?{row.name} = ", text, re.MULTILINE), row.name
    whole = re.sub(r"^# (?=[a-z0-9-]+ = |\[)", "", text, flags=re.MULTILINE)
    model = catalogue.load(write(whole))
    _, properties = catalogue.build(model)
    assert len(properties) == 4
    assert model.settings.as_dict() == {**load("three-way", {}, catalogue_kinds).settings.as_dict(), **_settings_of(whole)}
    assert model.expect.states == 100


def _settings_of(text: str) -> dict[str, str | int]:
    return Settings.of(tomllib.loads(text)["settings"]).as_dict()


# --- anything at all ----------------------------------------------------------------------------------------

LINES = [
    "[settings]", "[[property]]", "[expect]", "handshake = 'two-way'", "window = 1", "window = 9", "seq-bits = 3",
    "loss = false", "capacity = '2:2'", "data = '1:0'", "old-duplicates = 'server:S:3:0:0'", "isn = 'reuse'", "msl = 2",
    "crash = 'client:1'", "name = 'mine'", "name = 'establishes'", "name = 'no-ghost-connection'", "title = 'x'",
    "always = 'client.iss == 3'", "sometimes = 'client.state in (CLOSED,)'", "eventually = 'True'", "expect = 'holds'",
    "expect = 'violated'", "steps = 3", "states = 5", "depth = -1", "extends = 'two-way'", "extends = 'mine.toml'", "# comment",
    "", "x = [1, {a = 2}]", "a.b.c = 1", "[settings.x]", "[[expect]]", "y = 2026-01-01", "z = '''", '"', "window = nan",
    "window = 0x7f", "window = 1_0",
]  # fmt: skip
JUNK = [
    "[", "]", "{", "}", "=", "'", '"', "\n", "\0", "é", "\ud7ff", "#", ".", ",", "\\", "0", "-", "'''", '"""', "true", "1e400",
]  # fmt: skip


def test_whatever_a_file_holds_is_read_or_refused() -> None:
    rng = random.Random(1337)
    texts = [catalogue.template(), *(catalogue_text(name) for name in shipped_names()[:6])]
    loaded = 0
    for i in range(5000):
        if i % 3 == 0:
            data = "\n".join(rng.choices(LINES, k=rng.randrange(1, 12))).encode()
        elif i % 3 == 1:
            text = rng.choice(texts)
            for _ in range(rng.randrange(1, 4)):
                at = rng.randrange(len(text))
                text = text[:at] + rng.choice([*JUNK, ""]) + text[at + rng.randrange(6) :]
            data = text.encode()
        else:
            lines = rng.choice(texts).splitlines()
            for _ in range(rng.randrange(1, 4)):
                lines[rng.randrange(len(lines))] = rng.choice(LINES)
            data = "\n".join(lines).encode()
            if rng.random() < 0.1:
                data = data[: rng.randrange(len(data))] + bytes(rng.choices(range(256), k=3))
        Path("mine.toml").write_bytes(data)
        try:
            model = load("mine.toml", {}, lambda: ALL_KINDS)
        except SynproofError as error:
            assert isinstance(error, ModelFileError | SettingError), data
            assert "mine.toml" in str(error), data
            assert len(str(error)) < 2000
        else:
            loaded += 1
            assert Settings.of(model.settings.as_dict()) == model.settings
    assert loaded > 400


ALL_KINDS = catalogue_kinds()


def catalogue_text(name: str) -> str:
    return (ROOT / "models" / f"{name}.toml").read_text(encoding="utf-8")
