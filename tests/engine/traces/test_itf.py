"""Traces as files: they round-trip to the byte, prove themselves when read, and a damaged one is refused by name."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from synproof.engine.errors import SynproofError
from synproof.engine.files import FileExists, FileNotWritten, write_text
from synproof.engine.identity import canonical_text, model_hash
from synproof.engine.property import Verdict
from synproof.engine.sorts import Int
from synproof.engine.system import Kind, System
from synproof.engine.traces.itf import (
    MAX_BYTES,
    Header,
    TraceFileError,
    TraceOfAnotherModel,
    document,
    parse,
    read,
    save,
    to_text,
)
from synproof.engine.traces.itf_document import Scalar
from synproof.engine.traces.trace import Trace

from ...house import ROOT
from ..golden_files import assert_golden
from ..toys import FIGURE_8, counter, handshake, random_run, ring, run

SETTINGS: dict[str, Scalar] = {"handshake": "two-way", "capacity": "2:1", "seq-bits": 4}
HEADER = Header("two-way", SETTINGS, Verdict.VIOLATED, "no ghost", {"synproof": "0.1.0"})


def ghost() -> Trace:
    lines = ("server.listen", "client.open iss=9", "client.abort", "server.receive_syn iss=5")
    return run(handshake(two_way=True), *lines, name="no-ghost")


def changed(change: Callable[[dict[str, Any]], Any]) -> str:
    """The text of a trace file in which something was changed."""
    found = json.loads(to_text(ghost(), HEADER))
    change(found)
    return json.dumps(found)


# ---- there and back --------------------------------------------------------------------------------------------------


def test_a_trace_file_looks_as_documented() -> None:
    assert_golden("ghost.itf.json", to_text(ghost(), HEADER))


def test_every_state_says_what_led_to_it() -> None:
    found = document(ghost(), HEADER)
    assert found["#meta"]["format"] == "ITF"
    told = [found["#meta"][key] for key in ("status", "property", "verdict")]
    assert told == ["violation", "no-ghost", "violated"]
    metas = [state["#meta"] for state in found["states"]]
    assert [meta["index"] for meta in metas] == [0, 1, 2, 3, 4]
    assert metas[0] == {
        "index": 0, "action": None, "actor": None, "segment": None, "clause": None, "sentence": None, "sent": [], "params": {},
    }  # fmt: skip
    assert (metas[4]["action"], metas[4]["actor"], metas[4]["clause"]) == ("server.receive_syn", "server", "3.10.7.2, third")
    assert metas[4]["segment"] == {"from": "client", "to": "server", "seq": 9, "flags": "S"}
    assert metas[4]["sent"] == [{"from": "server", "to": "client", "seq": 5, "flags": "S", "dropped": False}]
    assert metas[4]["params"]["iss"] == {"#bigint": "5"}
    state = found["states"][2]
    assert (state["client.state"], state["client.told"], state["client.iss"]) == ("SYN_SENT", False, {"#bigint": "9"})
    assert state["network.to_server"][0]["seq"] == {"#bigint": "9"}
    assert found["vars"] == [name for name in state if name != "#meta"]


def test_without_a_hook_a_message_is_its_fields_without_history() -> None:
    found = document(run(handshake(hooks=False), "client.open iss=9"), HEADER)
    (sent,) = found["states"][1]["#meta"]["sent"]
    assert sent == {
        "from": "client", "to": "server", "seq": 9, "ack": 0, "syn": True, "ack_bit": False, "rst": False, "dropped": False,
    }  # fmt: skip


def round_trips(trace: Trace, header: Header = HEADER) -> None:
    text = to_text(trace, header)
    file = parse(text)
    assert file.header == header
    again = file.replayed(trace.system, header.settings)
    assert again == trace
    assert to_text(again, file.header) == text


@pytest.mark.parametrize("seed", range(20))
def test_a_random_run_round_trips(seed: int) -> None:
    round_trips(random_run(handshake(two_way=seed % 2 == 0, old=(3,), attacker=True), seed, 30))


def test_lassos_queues_and_empty_runs_round_trip() -> None:
    around = run(ring(), "ada.give", "bob.take", "bob.give", "eve.take", "eve.give", "ada.take", loop=0, name="token")
    assert document(around, HEADER)["loop"] == 0
    round_trips(around)
    round_trips(run(counter(), "clock.up", loop=1))
    round_trips(run(counter()), Header("counter", versions={}))


def test_the_versions_are_this_program_s_unless_told() -> None:
    versions = document(ghost(), Header("m"))["#meta"]["versions"]
    assert list(versions) == ["synproof"]
    assert re.fullmatch(r"\d+\.\d+.*", versions["synproof"])


def test_plain_numbers_and_another_layout_are_read_too() -> None:
    text = re.sub(r'\{"#bigint": "(-?\d+)"\}', r"\1", to_text(ghost(), HEADER))
    assert "#bigint" not in text
    assert parse(text).replayed(ghost().system, SETTINGS) == ghost()
    assert parse(changed(lambda found: None)).replayed(ghost().system) == ghost()


# ---- which model -----------------------------------------------------------------------------------------------------


def test_the_hash_is_the_same_under_every_hash_seed() -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]);"
        "from tests.engine.toys import handshake; from synproof.engine.identity import model_hash;"
        "print(model_hash(handshake()))"
    )
    found = set()
    for seed in ("0", "1", "4711"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", code, str(ROOT)]
        found.add(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip())
    assert found == {model_hash(handshake())}


def test_whatever_a_run_depends_on_changes_the_hash() -> None:
    system = handshake()
    others: list[System] = [handshake(two_way=True), handshake(capacity=3), handshake(old=(3,))]
    for i, action in enumerate(system.actions):
        changes = [replace(action, name="other"), replace(action, actor="other"), replace(action, kind=Kind.INTERNAL)]
        changes += [replace(action, guard=action.guard[:n] + action.guard[n + 1 :]) for n in range(len(action.guard))]
        changes += [replace(action, effects=action.effects[:n] + action.effects[n + 1 :]) for n in range(len(action.effects))]
        others += [replace(system, actions=(*system.actions[:i], c, *system.actions[i + 1 :])) for c in changes]
    others.append(replace(system, actions=system.actions[::-1]))
    others.append(replace(system, channels=system.channels[::-1]))
    history = replace(system.variables[-1], history=False)
    others.append(replace(system, variables=(*system.variables[:-1], history)))
    wider = replace(counter(), variables=(replace(counter().variables[0], note="words"),))
    assert model_hash(wider) == model_hash(counter())
    hashes = [model_hash(other) for other in others]
    assert len({model_hash(system), *hashes}) == len(hashes) + 1


def test_words_do_not_change_the_hash() -> None:
    system = handshake()
    actions = tuple(replace(action, sentence="In other words.", clause="elsewhere") for action in system.actions)
    assert model_hash(replace(system, actions=actions, name="another name")) == model_hash(system)


def test_shared_expressions_are_listed_once() -> None:
    """A value that is doubled forty times is a short text, though it would be a very long one if it were written out."""
    count = counter().variables[0].expr
    value = count
    for _ in range(40):
        value = value + value
    doubling = replace(counter().actions[0], guard=(value < 5,))
    system = replace(counter(), actions=(doubling,))
    assert sum(map(len, canonical_text(system))) < 10_000


def test_a_trace_of_another_model_is_refused() -> None:
    with pytest.raises(TraceOfAnotherModel, match="saved for 'two-way', whose rules or sorts are different now") as found:
        parse(to_text(ghost(), HEADER)).replayed(handshake(), SETTINGS)
    assert found.value.exit_code == 151


def test_other_settings_are_named() -> None:
    file = parse(to_text(ghost(), HEADER))
    with pytest.raises(TraceOfAnotherModel, match="capacity is '2:1' there and '2:2' here; seq-bits is 4 there and 5 here"):
        file.replayed(ghost().system, SETTINGS | {"capacity": "2:2", "seq-bits": 5})
    with pytest.raises(TraceOfAnotherModel, match="loss is None there and 'off' here"):
        file.replayed(ghost().system, SETTINGS | {"loss": "off"})
    assert file.replayed(ghost().system) == ghost()


# ---- damage ----------------------------------------------------------------------------------------------------------


def _set(*path: str | int, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(found: Any) -> None:
        for key in path[:-1]:
            found = found[key]
        found[path[-1]] = value

    return change


def _delete(*path: str | int) -> Callable[[dict[str, Any]], None]:
    def change(found: Any) -> None:
        for key in path[:-1]:
            found = found[key]
        del found[path[-1]]

    return change


DAMAGE: list[tuple[Callable[[dict[str, Any]], Any], str]] = [
    (_set("#meta", "format", value="PNG"), "does not say that its format is ITF"),
    (_delete("#meta"), "it is no ITF trace"),
    (_delete("#meta", "hash"), "a trace of another program"),
    (_set("#meta", "hash", value=5), "#meta has no hash"),
    (_set("#meta", "settings", value={"a": []}), "settings has values that are neither"),
    (_set("#meta", "settings", value=[]), "#meta has no settings"),
    (_set("#meta", "versions", value={"a": 1}), "versions has values that are no text"),
    (_set("#meta", "verdict", value="maybe"), "violated, or reached, and nothing else: not 'maybe'"),
    (_set("#meta", "verdict", value="holds"), "violated, or reached, and nothing else: not 'holds'"),
    (_set("#meta", "verdict", value="reached"), "status should be 'ok'"),
    (_set("#meta", "varTypes", value={}), "varTypes should be"),
    (_set("#meta", "model", value=None), "#meta has no model"),
    (_set("#meta", "property", value=None), "#meta has no property"),
    (_delete("vars"), "vars should be"),
    (_delete("states"), "it has no states"),
    (_set("states", value=[]), "it has no states"),
    (_set("states", 2, value=5), "state 2 is not an object"),
    (_set("states", 2, "#meta", "index", value=3), "state 2 does not have the index 2"),
    (_set("states", 2, "#meta", "index", value=True), "state 2 does not have the index 2"),
    (_set("states", 2, "#meta", "action", value=None), "state 2, #meta has no action"),
    (_set("states", 0, "#meta", "action", value="client.open"), "state 0, #meta has no action"),
    (_set("states", 2, "#meta", "action", value="client.opne"), "did you mean 'client.open'"),
    (_set("states", 2, "#meta", "action", value="client.abort"), "client.abort takes the choices none"),
    (_set("states", 2, "#meta", "params", value={}), "client.open takes the choices iss"),
    (_set("states", 2, "#meta", "params", value=5), "state 2, #meta has no params"),
    (_set("states", 2, "#meta", "params", "iss", value={"#bigint": "16"}), "the choice iss = {'#bigint': '16'} is outside Seq"),
    (_set("states", 4, "#meta", "params", "iss", value={"#bigint": "8"}), "server.iss = 5 in state 4, but the model gives 8"),
    (_set("states", 4, "#meta", "params", "segment", "seq", value=8), "server.receive_syn has no such choice"),
    (_set("states", 2, "#meta", "actor", value="server"), "actor of state 2 should be 'client'"),
    (_set("states", 4, "#meta", "segment", "seq", value=8), "segment of state 4 should be"),
    (_delete("states", 4, "#meta", "sent"), "sent of state 4 should be"),
    (_set("states", 2, "#meta", "sentence", value=7), "state 2, #meta has no sentence"),
    (_set("states", 2, "client.state", value="SYN_SENDT"), "client.state = 'SYN_SENDT' is outside State"),
    (_set("states", 2, "client.state", value="CLOSED"), "client.state = 'CLOSED' in state 2, but the model gives 'SYN_SENT'"),
    (_set("states", 2, "client.told", value=0), "client.told = 0 is outside Bool"),
    (_set("states", 2, "client.iss", value=True), "client.iss = True is outside Seq"),
    (_set("states", 2, "client.iss", value={"#bigint": "9" * 5000}), "client.iss = .* is outside Seq"),
    (_set("states", 2, "client.iss", value={"#bigint": "٩"}), "client.iss = .* is outside Seq"),
    (_set("states", 2, "client.iss", value={"#bigint": "9", "x": 1}), "client.iss = .* is outside Seq"),
    (_delete("states", 2, "client.iss"), "state 2 says nothing of client.iss"),
    (_set("states", 2, "client.ssi", value=1), "state 2 has a variable 'client.ssi'; did you mean 'client.iss'"),
    (_set("states", 2, "network.to_server", value={}), "network.to_server is not a bag of at most 2 Segment"),
    (_set("states", 2, "network.to_server", value=[1, 2, 3]), "network.to_server is not a bag of at most 2 Segment"),
    (_set("states", 2, "network.to_server", value=[{}]), "network.to_server is not a Segment with the fields seq, ack"),
    (_set("states", 0, "client.iss", value=1), "step 0: not an initial state"),
    (lambda found: found["states"].pop(2), "state 2 does not have the index 2"),
    (_set("loop", value=9), "loop = 9 is not the number of a state"),
    (_set("loop", value="0"), "loop = '0' is not the number of a state"),
    (_set("loop", value=0), "the run does not return to state 0"),
]


@pytest.mark.parametrize(("change", "message"), DAMAGE, ids=[message for _, message in DAMAGE])
def test_damage_is_named(change: Callable[[dict[str, Any]], Any], message: str) -> None:
    with pytest.raises(TraceFileError, match=message) as found:
        parse(changed(change), "x.itf.json").replayed(ghost().system, SETTINGS)
    assert str(found.value).startswith("x.itf.json is ")
    assert found.value.exit_code == 150
    assert "\n" not in str(found.value)


def test_a_canonical_order_that_was_broken_is_damage() -> None:
    trace = run(handshake(), "client.open iss=9", "client.repeat_syn", "client.abort", "client.open iss=2")
    found = json.loads(to_text(run(handshake(), *FIGURE_8[:4]), HEADER))
    assert len(trace.final["network.to_server"]) == 2
    found["states"][4]["network.to_server"].reverse()
    with pytest.raises(TraceFileError, match="is outside bag of at most 2 Segment"):
        parse(json.dumps(found)).replayed(handshake())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1, column 1"),
        ("[]", "it is no ITF trace"),
        ("{", "line 1, column 2"),
        ('{"#meta": {}, "#meta": {}}', "two entries of one name"),
        ('{"#meta": 1.5}', "1.5 is not a whole number"),
        ('{"#meta": NaN}', "NaN is not a whole number"),
        ("[" * 100_000, "nested too deeply"),
        ('{"loop": ' + "9" * 5000 + "}", "digits"),
        ("\ufeff{}", "BOM"),
    ],
    ids=["empty", "list", "cut", "twice", "float", "nan", "deep", "digits", "bom"],
)
def test_what_is_no_trace_at_all_is_refused(text: str, message: str) -> None:
    with pytest.raises(TraceFileError, match=message):
        parse(text)


def test_every_truncated_file_is_refused(tmp_path: Path) -> None:
    content = to_text(ghost(), HEADER).encode()
    path = tmp_path / "cut.itf.json"
    for length in range(0, len(content) - 2, 97):
        path.write_bytes(content[:length])
        with pytest.raises(TraceFileError, match="is damaged"):
            read(path)


@pytest.mark.parametrize("seed", range(10))
def test_a_file_with_random_damage_is_read_or_refused_and_nothing_else(seed: int) -> None:
    """A hundred files each: bytes changed, pieces cut out or doubled, values exchanged for others."""
    rng = random.Random(seed)
    system, text = ghost().system, to_text(ghost(), HEADER)
    refused = 0
    for _ in range(100):
        damaged = _mutated(rng, text)
        try:
            trace = parse(damaged.decode("utf-8"), "x").replayed(system, SETTINGS)
        except (TraceFileError, TraceOfAnotherModel) as error:
            refused += 1
            assert 0 < len(str(error)) < 2_000
            str(error).encode()
        except UnicodeDecodeError:  # `read` refuses these
            refused += 1
        else:
            assert trace.states == ghost().states  # what was changed were words, or nothing
    assert refused > 70


def _mutated(rng: random.Random, text: str) -> bytes:
    kind = rng.randrange(5)
    if kind == 0:
        content = bytearray(text.encode())
        for _ in range(rng.randint(1, 4)):
            content[rng.randrange(len(content))] = rng.randrange(256)
        return bytes(content)
    if kind == 1:
        start, length = rng.randrange(len(text)), rng.randint(1, 300)
        return (text[:start] + text[start + length :]).encode()
    if kind == 2:
        start, length, to = rng.randrange(len(text)), rng.randint(1, 300), rng.randrange(len(text))
        return (text[:to] + text[start : start + length] + text[to:]).encode()
    found = json.loads(text)
    for _ in range(rng.randint(1, 2)):
        _exchange(rng, found)
    return json.dumps(found).encode()


STRANGE: list[Any] = [
    None, True, False, 0, -1, 10**30, "", "x", "CLOSED", "\ud800", "client.open", [], [[]], {}, {"#bigint": "x"},
    {"#bigint": "-1"}, {"#tup": []}, {"#set": []}, "violated", "0" * 1000,
]  # fmt: skip


def _exchange(rng: random.Random, found: Any) -> None:
    """Replace, delete or rename something at a random place."""
    while True:
        keys = list(found) if isinstance(found, dict) else range(len(found))
        if not keys:
            return
        key = rng.choice(keys)
        if isinstance(found[key], dict | list) and found[key] and rng.random() < 0.8:
            found = found[key]
            continue
        if rng.random() < 0.2:
            value = found.pop(key)
            if isinstance(found, dict) and rng.random() < 0.5:
                found[f"{key}x"] = value
        else:
            found[key] = rng.choice(STRANGE)
        return


# ---- files -----------------------------------------------------------------------------------------------------------


def test_saving_and_reading_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a folder with spaces" / "ghost.itf.json"
    path.parent.mkdir()
    save(path, ghost(), HEADER)
    file = read(path)
    assert (file.where, file.about, file.header) == (str(path), "no-ghost", HEADER)
    assert file.replayed(ghost().system, SETTINGS) == ghost()
    assert path.read_text(encoding="utf-8") == to_text(ghost(), HEADER)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_file_that_is_there_is_not_replaced_unless_asked(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("mine")
    with pytest.raises(FileExists, match=r"x\.json exists already and was left as it is"):
        save(path, ghost(), HEADER)
    assert path.read_text() == "mine"
    save(path, ghost(), HEADER, overwrite=True)
    assert read(path).replayed(ghost().system) == ghost()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["no/such/folder/x.json", "", "nul\0byte", "x" * 300])
def test_a_name_that_no_file_can_have_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileNotWritten) as found:
        save(tmp_path / name, ghost(), HEADER)
    assert isinstance(found.value, OSError)
    assert isinstance(found.value, SynproofError)
    assert "nothing was saved" in str(found.value) or "is a folder" in str(found.value)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(TraceFileError, match="cannot be read"):
        read(tmp_path / name)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_told_and_a_device_is_not_replaced() -> None:
    with pytest.raises(FileNotWritten, match="No space left"):
        save("/dev/full", ghost(), HEADER, overwrite=True)
    assert not Path("/dev/full").is_file()


@pytest.mark.parametrize("call", ["write", "fsync", "link"])
def test_nothing_is_left_behind_where_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    if call == "write":
        monkeypatch.setattr("builtins.open", _opens_full(fails))
    else:
        monkeypatch.setattr(os, call, fails)
        monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(FileNotWritten, match=r"x\.json cannot be written: No space left on device; nothing was saved"):
        write_text(tmp_path / "x.json", "text")
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []


def _opens_full(fails: Callable[..., None]) -> Callable[..., Any]:
    real = open

    def opened(*arguments: Any, **options: Any) -> Any:
        file = real(*arguments, **options)

        class Full:
            def __enter__(self) -> Full:
                return self

            def __exit__(self, *_: object) -> None:
                file.close()

            write = staticmethod(fails)

        return Full()

    return opened


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.json"
    real = os.fsync

    def someone_else_is_faster(descriptor: int) -> None:
        path.write_text("theirs")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", someone_else_is_faster)
    with pytest.raises(FileExists):
        write_text(path, "mine")
    assert path.read_text() == "theirs"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_system_without_links_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", fails)
    write_text(tmp_path / "x", "text\n")
    assert (tmp_path / "x").read_bytes() == b"text\n"
    with pytest.raises(FileExists):
        write_text(tmp_path / "x", "other")


def test_a_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_text(tmp_path / "link", "new", overwrite=True)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_a_file_of_absurd_size_is_not_even_parsed(tmp_path: Path) -> None:
    path = tmp_path / "huge.itf.json"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(TraceFileError, match="is larger than 32 MiB"):
        read(path)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.itf.json"
    path.write_bytes(b'{"#meta": "\xff"}')
    with pytest.raises(TraceFileError, match=r"byte 11 is no UTF-8 text"):
        read(path)
    with pytest.raises(TraceFileError, match="cannot be read: Is a directory"):
        read(tmp_path)
    with pytest.raises(TraceFileError, match="cannot be read: No such file or directory"):
        read(tmp_path / "missing")


def test_a_number_outside_what_a_run_can_reach_is_refused() -> None:
    """Int bounds are part of the sort, and so of the file."""
    assert Int(0, 3).contains(3)
    found = json.loads(to_text(run(counter(), "clock.up"), HEADER))
    found["states"][1]["count"] = {"#bigint": "4"}
    with pytest.raises(TraceFileError, match=r"state 1: count = \{'#bigint': '4'\} is outside Int\(0\.\.3\)"):
        parse(json.dumps(found)).replayed(counter())
