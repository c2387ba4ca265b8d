"""Settings: the documented table, how values are read and written back, what is refused and what contradicts."""

from __future__ import annotations

import dataclasses
import random
import re
from typing import Any

import pytest

from synproof.spec.contradictions import contradiction
from synproof.spec.setting_values import Keepalive, OldDuplicate, PerDirection, PerEnd
from synproof.spec.settings import (
    SETTINGS,
    Contradiction,
    SettingError,
    Settings,
    UnknownSetting,
    setting,
)

# What the documentation promises: name, default, other values that may be written.
DOCUMENTED: dict[str, tuple[str | int, tuple[object, ...]]] = {
    "handshake": ("three-way", ("two-way",)),
    "client": ("active", ("passive",)),
    "server": ("passive", ("active",)),
    "relisten": ("on", ("off",)),
    "incarnations": (2, (1, 3)),
    "capacity": ("2:1", (2, "2", "3:3", "1:4")),
    "loss": ("unlimited", ("off", 1, "7")),
    "duplicate": ("unlimited", ("off", 1)),
    "reorder": ("on", ("off",)),
    "retransmit": ("unlimited", ("off", 2)),
    "give-up": ("off", ("on",)),
    "isn": ("fresh", ("number-fresh", "any", "clock", "reuse")),
    "seq-bits": (4, (3, 5, 8)),
    "window": (2, (1, 7)),
    "wrap": ("off", ("on",)),
    "data": (0, (1, "2", "1:0", "0:3")),
    "mss": (1, (2,)),
    "rate": ("unlimited", (1, "2")),
    "syn-data": ("off", ("on",)),
    "reassembly": ("off", ("on",)),
    "close": ("off", ("client", "server", "on")),
    "abort": ("off", ("client", "server", "on")),
    "crash": (0, (1, "client:1", "server:2")),
    "quiet-time": ("off", ("on", "after-forgetting")),
    "close-style": ("four-way", ("three-way",)),
    "close-in-syn-received": ("fin-wait-1", ("defer",)),
    "msl": (0, (3,)),
    "time-wait": (0, (6,)),
    "time-wait-restart": ("fin", ("reply", "any-ack", "never")),
    "time-wait-reuse": ("off", ("rfc1122", "bsd")),
    "user-timeout": ("off", ("may-fire", 4)),
    "keepalive": ("off", ("may-fire:2", "7:3:2")),
    "rst-on-closed": ("on", ("off",)),
    "rfc5961": ("rst-syn", ("off", "all")),
    "rfc1337": ("off", ("on",)),
    "abort-to": ("closed", ("time-wait",)),
    "must-11": ("on", ("off",)),
    "simultaneous-open": ("strict", ("figure-7",)),
    "fin-wait-2-timeout": ("off", ("may-fire", 4)),
    "attacker": ("off", ("rst", "syn")),
    "old-duplicates": ("none", ("server:S:9:0:0", "server:S.:9:4:0, client:A:1:2:1")),
    "readings": ("none", ("new-syn-again", "fin-again, only-ack-of-fin")),
}
# What a value needs beside it.
WITH: dict[str, dict[str, object]] = {
    "give-up": {"retransmit": 1}, "syn-data": {"data": 1}, "client": {"attacker": "syn"},
    "close-style": {"close": "on"}, "close-in-syn-received": {"close": "on"}, "mss": {"data": 2},
    "rate": {"data": 3, "msl": 1},
    "isn": {"msl": 1}, "quiet-time": {"msl": 1}, "time-wait": {"msl": 3}, "time-wait-restart": {"msl": 1},
    "user-timeout": {"msl": 1}, "keepalive": {"msl": 1}, "fin-wait-2-timeout": {"msl": 1}, "abort-to": {"abort": "on"},
    "readings": {"close": "on"},
}  # fmt: skip
CASES = [(name, value) for name, (_, values) in DOCUMENTED.items() for value in values]


def read(name: str, value: object) -> Any:
    return setting(name).read(value)


# --- the table ----------------------------------------------------------------------------------------------


def test_the_table_is_the_documented_one() -> None:
    assert {row.name: row.default for row in SETTINGS} == {name: default for name, (default, _) in DOCUMENTED.items()}


def test_each_setting_is_an_attribute() -> None:
    assert [row.attribute for row in SETTINGS] == [f.name for f in dataclasses.fields(Settings)]


def test_every_setting_says_what_it_means_and_what_may_stand_there() -> None:
    for row in SETTINGS:
        assert row.meaning and not row.meaning.endswith("."), row.name
        assert row.values.text, row.name


def test_the_words_of_a_setting_are_among_what_may_stand_there() -> None:
    for row in SETTINGS:
        found = [row.values.write(row.read(word)) for word in row.values.words]
        assert found == list(row.values.words), row.name
        assert all(word in row.values.text.split(", ") for word in row.values.words), row.name
    assert setting("isn").values.words == ("fresh", "number-fresh", "any", "clock", "reuse")
    assert setting("loss").values.words == ("unlimited", "off") and not setting("msl").values.words


def test_nothing_given_is_the_defaults() -> None:
    assert Settings.of({}) == Settings()
    assert contradiction(Settings()) is None


@pytest.mark.parametrize(("name", "value"), CASES)
def test_a_documented_value_is_read_and_written_back(name: str, value: object) -> None:
    row = setting(name)
    found = row.read(value)
    written = row.values.write(found)
    assert row.read(written) == found
    assert row.read(str(written)) == found
    assert found != row.read(row.default)


@pytest.mark.parametrize(("name", "value"), CASES)
def test_settings_with_a_documented_value_come_back_from_their_names(name: str, value: object) -> None:
    settings = Settings.of({**WITH.get(name, {}), name: value})
    assert Settings.of(settings.as_dict()) == settings
    assert Settings.of({n: str(v) for n, v in settings.as_dict().items()}) == settings
    assert getattr(settings, setting(name).attribute) == read(name, value)


# --- values -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("relisten", False, False),
        ("relisten", "true", True),
        ("give-up", "on", True),
        ("capacity", 3, PerDirection(to_server=3, to_client=3)),
        ("capacity", " 2 : 1 ", PerDirection(to_server=2, to_client=1)),
        ("loss", "unlimited", None),
        ("loss", "off", 0),
        ("loss", False, 0),
        ("loss", 0, 0),
        ("loss", 5, 5),
        ("data", 1, PerEnd(client=1, server=1)),
        ("data", "1:0", PerEnd(client=1, server=0)),
        ("close", "on", frozenset({"client", "server"})),
        ("close", "client", frozenset({"client"})),
        ("abort", False, frozenset()),
        ("crash", 2, PerEnd(client=2, server=2)),
        ("crash", "server:2", PerEnd(client=0, server=2)),
        ("user-timeout", "may-fire", "may-fire"),
        ("user-timeout", "12", 12),
        ("user-timeout", False, "off"),
        ("keepalive", "off", None),
        ("keepalive", "may-fire:3", Keepalive(probes=3)),
        ("keepalive", "7:2:3", Keepalive(probes=3, idle=7, interval=2)),
        ("old-duplicates", "none", ()),
        ("old-duplicates", "server:S:9:0:0", (OldDuplicate("server", "S", 9, 0, 0),)),
        ("old-duplicates", "client:.S:9:3:0", (OldDuplicate("client", "SA", 9, 3, 0),)),
        ("old-duplicates", "server:P.:9:3:2", (OldDuplicate("server", "A", 9, 3, 2),)),
        ("old-duplicates", "server:ar:9:3:0", (OldDuplicate("server", "RA", 9, 3, 0),)),
    ],
)
def test_values(name: str, value: object, found: object) -> None:
    assert read(name, value) == found


@pytest.mark.parametrize("value", [True, 1, None, 1.5, [], {}, "", "3-way", "Two-way ", "three-way,two-way"])
def test_a_word_that_is_none_of_the_choices_is_refused(value: object) -> None:
    with pytest.raises(SettingError, match=r"^handshake = .*allowed: three-way, two-way$") as error:
        read("handshake", value)
    assert error.value.names == ("handshake",)
    assert error.value.exit_code == 151


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("handshake", "two-wya", "did you mean 'two-way'?"),
        ("incarnations", 0, "0 is less than 1"),
        ("incarnations", "-1", "-1 is less than 1"),
        ("incarnations", True, "'on' is not a whole number"),
        ("incarnations", 10**30, "a huge number"),
        ("window", "2.0", "'2.0' is not a whole number"),
        ("window", 2.0, "window = 2.0: neither a text nor a whole number"),
        ("window", "٣", "is not a whole number"),
        ("capacity", "2:1:1", "too many parts"),
        ("capacity", "2:", "'' is not a whole number"),
        ("capacity", 17, "'17' is more than 16"),
        ("loss", True, "loss = true: not one of its values"),
        ("loss", 1001, "more than 1000"),
        ("crash", "clients:1", "did you mean 'client'?"),
        ("crash", "client:", "'' is not a whole number"),
        ("user-timeout", 0, "0 is less than 1"),
        ("keepalive", "7:2", "not one of its values"),
        ("keepalive", "may-fire:0", "0 is less than 1"),
        ("old-duplicates", "server:S:9:0", "is not TO:FLAGS:SEQ:ACK:LEN"),
        ("old-duplicates", "router:S:9:0:0", "TO is client or server"),
        ("old-duplicates", "server:X:9:0:0", "flag 'X'"),
        ("old-duplicates", "server:SS:9:0:0", "names a flag twice"),
        ("old-duplicates", "server:S.A:9:0:0", "names a flag twice"),
        ("old-duplicates", "server:SF:9:0:0", "no segment of TCP has the flags 'SF'"),
        ("old-duplicates", "server::9:0:0", "no segment of TCP has the flags ''"),
        ("old-duplicates", "server:F:9:0:0", "no segment of TCP has the flags 'F'"),
        ("old-duplicates", "server:S:9:3:0", "no ACK among its flags"),
        ("old-duplicates", "server:R:9:0:1", "a reset, which carries no data"),
        ("old-duplicates", "server:S:9:0:0,", "'' is not TO:FLAGS:SEQ:ACK:LEN"),
        ("old-duplicates", "server:S:x:0:0", "'x' is not a whole number"),
    ],
)
def test_a_wrong_value_is_refused_with_a_reason(name: str, value: object, says: str) -> None:
    with pytest.raises(SettingError, match=re.escape(says)) as error:
        Settings.of({name: value})
    assert setting(name).values.text in str(error.value)


@pytest.mark.parametrize(("name", "near"), [("handshak", "handshake"), ("seq_bits", "seq-bits"), ("WINDOW", "window")])
def test_an_unknown_name_is_answered_with_the_nearest(name: str, near: str) -> None:
    with pytest.raises(UnknownSetting, match=f"did you mean '{near}'") as error:
        Settings.of({name: 1})
    assert error.value.exit_code == 2


def test_one_setting_can_be_changed() -> None:
    settings = Settings.of({"data": "1:0"})
    changed = settings.but(seq_bits=5, loss="off")
    assert (changed.seq_bits, changed.loss, changed.data) == (5, 0, (1, 0))
    with pytest.raises(Contradiction):
        settings.but(window=8)


# --- contradictions -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"window": 8}, {"window", "seq-bits", "wrap"}),
        ({"seq-bits": 2}, {"window", "seq-bits", "wrap"}),
        ({"data": 14}, {"data", "seq-bits", "wrap"}),
        ({"data": "0:14", "isn": "reuse"}, {"data", "seq-bits", "wrap"}),
        ({"data": 14, "wrap": "on"}, {"isn", "data", "window", "seq-bits"}),
        ({"data": 14, "wrap": "on", "isn": "number-fresh"}, {"isn", "data", "seq-bits"}),
        ({"window": 16, "wrap": "on", "isn": "reuse"}, {"window", "seq-bits"}),
        ({"window": 14, "wrap": "on", "isn": "reuse", "mss": 3, "data": 4}, {"mss", "window", "seq-bits"}),
        ({"data": 143, "wrap": "on", "isn": "reuse"}, {"data", "seq-bits"}),
        ({"data": 14, "wrap": "on", "isn": "reuse", "time-wait-reuse": "bsd"}, {"time-wait-reuse", "data", "seq-bits"}),
        ({"rate": 1, "data": 1, "msl": 1}, {"rate", "data"}),
        ({"rate": 1, "mss": 2, "data": 2, "msl": 1}, {"mss", "rate"}),
        ({"data": 12}, {"isn", "data", "window", "seq-bits"}),
        ({"seq-bits": 2, "window": 1, "data": "0:1"}, {"isn", "data", "window", "seq-bits"}),
        ({"seq-bits": 13, "isn": "any"}, {"isn", "seq-bits"}),
        ({"seq-bits": 13, "attacker": "syn"}, {"attacker", "seq-bits"}),
        ({"seq-bits": 8, "window": 33, "reassembly": "on"}, {"reassembly", "window"}),
        ({"give-up": "on"}, {"give-up", "retransmit"}),
        ({"syn-data": "on"}, {"syn-data", "data"}),
        ({"mss": 2}, {"mss", "data"}),
        ({"mss": 3, "data": 3}, {"mss", "window"}),
        ({"client": "passive"}, {"client", "server", "old-duplicates", "attacker"}),
        ({"old-duplicates": "server:S:16:0:0"}, {"old-duplicates", "seq-bits"}),
        ({"old-duplicates": "server:A:1:16:0"}, {"old-duplicates", "seq-bits"}),
        ({"old-duplicates": "server:A:1:1:3"}, {"old-duplicates", "window"}),
        ({"old-duplicates": "client:S:1:0:0,client:S:2:0:0"}, {"old-duplicates", "capacity"}),
        ({"readings": "only-ack-of-fin"}, {"readings", "close"}),
        ({"readings": "quiet-but-for-resets", "msl": 1}, {"readings", "quiet-time"}),
    ],
)
def test_settings_that_contradict_one_another_are_refused(values: dict[str, object], names: set[str]) -> None:
    with pytest.raises(Contradiction) as error:
        Settings.of(values)
    assert set(error.value.names) == names
    assert error.value.exit_code == 151
    for name in names:
        assert name in str(error.value), "the message says which"


@pytest.mark.parametrize(
    "values",
    [
        {"window": 7},
        {"seq-bits": 2, "window": 1},
        {"data": 11},
        {"data": 13, "isn": "reuse"},
        {"data": 14, "isn": "reuse", "wrap": "on"},
        {"data": 142, "isn": "any", "wrap": "on"},
        {"window": 15, "wrap": "on", "isn": "any"},
        {"window": 8, "wrap": "on", "mss": 8, "data": 8, "isn": "any"},
        {"window": 2, "wrap": "on"},
        {"rate": 1, "data": "0:2", "msl": 1},
        {"seq-bits": 27, "window": 65535, "data": 100000},
        {"seq-bits": 12, "window": 40, "isn": "any"},
        {"give-up": "on", "retransmit": "off"},
        {"syn-data": "on", "data": "1:0"},
        {"client": "passive", "old-duplicates": "server:S:9:0:0"},
        {"client": "passive", "attacker": "syn"},
        {"client": "passive", "data": "1:0"},
        {"server": "active"},
        {"old-duplicates": "server:S:15:0:0,server:S:15:0:0,client:SA:15:15:2"},
    ],
)
def test_settings_on_the_edge_are_let_through(values: dict[str, object]) -> None:
    settings = Settings.of(values)
    assert Settings.of(settings.as_dict()) == settings


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        (Settings(isn="clock"), {"isn", "msl"}),
        (Settings(quiet_time="after-forgetting"), {"quiet-time", "msl"}),
        (Settings(time_wait=2), {"time-wait", "msl"}),
        (Settings(user_timeout=3), {"user-timeout", "msl"}),
        (Settings(rate=1, data=PerEnd(2, 2)), {"rate", "msl"}),
        (Settings(fin_wait_2_timeout=3), {"fin-wait-2-timeout", "msl"}),
        (Settings(keepalive=Keepalive(3, 7, 2)), {"keepalive", "msl"}),
        (Settings(close_style="three-way"), {"close-style", "close"}),
        (Settings(close_in_syn_received="defer"), {"close-in-syn-received", "close"}),
        (Settings(time_wait_restart="never"), {"time-wait-restart", "msl"}),
        (Settings(abort_to="time-wait"), {"abort-to", "abort"}),
        (Settings(time_wait_reuse="bsd", handshake="two-way"), {"time-wait-reuse", "handshake"}),
        (Settings(seq_bits=27, msl=3), {"seq-bits"}),
    ],
)
def test_what_needs_another_setting_says_so(settings: Settings, names: set[str]) -> None:
    fault = contradiction(settings)
    assert fault is not None
    assert set(fault[1:]) == names


@pytest.mark.parametrize(
    "settings",
    [
        Settings(isn="clock", msl=2),
        Settings(quiet_time="on", msl=2, time_wait=4, keepalive=Keepalive(3, 7, 2)),
        Settings(keepalive=Keepalive(2), fin_wait_2_timeout="may-fire", user_timeout="may-fire"),
        Settings(close_style="three-way", close=frozenset({"client"})),
    ],
)
def test_what_has_what_it_needs_is_let_through(settings: Settings) -> None:
    assert contradiction(settings) is None


# --- anything at all ----------------------------------------------------------------------------------------


def test_whatever_is_written_is_read_or_refused() -> None:
    rng = random.Random(9293)
    names = [row.name for row in SETTINGS]
    pieces = [
        "on", "off", "client", "server", ":", ",", "S", "A", ".", "0", "1", "2", "-", " ", "unlimited", "may-fire", "none",
        "any", "fresh", "reuse", "two-way", "999999999999999999", "\n", "\0", "é", "'",
    ]  # fmt: skip
    accepted = 0
    for _ in range(6000):
        values: dict[str, object] = {}
        for _ in range(rng.randrange(1, 5)):
            name = rng.choice(names)
            documented = DOCUMENTED[name]
            values[name if rng.random() < 0.98 else name + rng.choice(pieces)] = rng.choice(
                [
                    rng.choice((documented[0], *documented[1])),
                    rng.choice((documented[0], *documented[1])),
                    "".join(rng.choices(pieces, k=rng.randrange(4))),
                    rng.choice([True, False, None, 1.5, [], {}, -1, 0, 3, 10**20, 10**5000]),
                ]
            )
        try:
            settings = Settings.of(values)
        except SettingError as error:
            assert str(error) and len(str(error)) < 600
        else:
            accepted += 1
            assert Settings.of(settings.as_dict()) == settings
    assert accepted > 300, "the test must let something through"
