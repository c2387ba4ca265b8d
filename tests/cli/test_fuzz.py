"""Anything at all: mutated model files, expressions and traces end in a documented exit code, never in a bug.

Everything is seeded. Some hundreds are tried each time, thousands with `-m slow`.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from synproof.engine.results import EXIT_CODES

from ..house import ROOT
from .fake import synproof

NUMBERS = [pytest.param(100, id="few"), pytest.param(1700, id="many", marks=pytest.mark.slow)]
TOKENS = [
    "[settings]", "[[property]]", "[expect]", "=", "==", "(", ")", "[", "]", "{", "}", '"', "'", '"""', "\n", "\r\n", "\t", " ",
    "#", ",", ".", "..", "-", "--", "+", "0", "1", "-1", "9" * 40, "1e9", "0x10", "nan", "true", "null", "é", "\u202e", "\0",
    "\\", "client", "server", ".state", "CLOSED", "ESTABLISHED", "network.to_server", ".count", " and ", " or ", "not ", " in ",
    "implies(", "iff(", "None", "__class__", "lambda x: x", "extends", "name", "always", "holds", "two-way", "\ufeff", "😀",
]  # fmt: skip
VALUES: list[Any] = [
    None, True, False, 0, -1, 3, 10**30, 1.5, "", "x", "CLOSED", "client.open_active", "\ud800", [], [[]], {},
    {"#bigint": "-1"}, {"#bigint": "1" * 50}, {"#tup": []}, "violated", "three-way", "../two-way", {"a": {"b": []}},
]  # fmt: skip


def mutated(rng: random.Random, text: str) -> bytes:
    """The text after one to four changes: of bytes, of tokens, of whole lines."""
    data = text.encode("utf-8", "surrogatepass")
    for _ in range(rng.randint(1, 4)):
        at, size = rng.randrange(len(data) + 1), rng.choice((0, 1, 3, 20, 200))
        match rng.randrange(6):
            case 0:
                data = data[:at] + bytes(rng.choices(range(256), k=rng.randint(1, 3))) + data[at + 1 :]
            case 1:
                data = data[:at] + rng.choice(TOKENS).encode("utf-8", "surrogatepass") + data[at + size :]
            case 2:
                data = data[:at] + data[at + size :]
            case 3:
                data = data[:at] + data[max(0, at - size) : at] * rng.choice((2, 2, 50)) + data[at:]
            case 4:
                lines = data.split(b"\n")
                rng.shuffle(lines) if rng.random() < 0.2 else lines.insert(rng.randrange(len(lines)), rng.choice(lines))
                data = b"\n".join(lines)
            case _:
                data = data[:at] if rng.random() < 0.2 else data
    return data


def restructured(rng: random.Random, text: str) -> bytes:
    """The JSON text with one to three of its values exchanged, left out, or moved elsewhere."""
    found = json.loads(text)
    for _ in range(rng.randint(1, 3)):
        node: Any = found
        path: list[tuple[Any, Any]] = []
        while isinstance(node, dict | list) and node and (not path or rng.random() < 0.8):
            key = rng.choice(list(node)) if isinstance(node, dict) else rng.randrange(len(node))
            path.append((node, key))
            node = node[key]
        where, key = rng.choice(path)
        if rng.random() < 0.3:
            del where[key]
        else:
            where[key] = deepcopy(rng.choice(VALUES) if rng.random() < 0.7 else rng.choice(path)[0])
        if not found:
            break
    return json.dumps(found).encode()


def tried(count: int, words_of: Callable[[int], list[str]], monkeypatch: pytest.MonkeyPatch) -> Counter[int]:
    """Run so many commands, and count their exit codes. A bug raises its own exception here."""
    monkeypatch.setenv("SYNPROOF_DEBUG", "1")
    codes: Counter[int] = Counter()
    for i in range(count):
        words = words_of(i)
        done = synproof(*words)
        codes[done.code] += 1
        assert done.code in EXIT_CODES.values(), words
        assert done.code in (2, 150, 151) or done.out, words
        if done.code in (2, 150, 151, 153):
            assert done.out == "", words
            assert done.err.startswith("synproof: "), words
            assert len(done.err) < 6000, words
        assert "Traceback" not in done.err
        assert "\x1b" not in done.out + done.err, "no control sequence of a file reaches the terminal"
    return codes


@pytest.mark.parametrize("count", NUMBERS)
def test_model_files(count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(9293)
    names = ("two-way", "three-way", "handshake", "give-up", "must-11", "template")
    texts = [(ROOT / "models" / f"{name}.toml").read_text(encoding="utf-8") for name in names]
    monkeypatch.chdir(tmp_path)

    def words_of(i: int) -> list[str]:
        Path("mine.toml").write_bytes(mutated(rng, rng.choice(texts)))
        return ["show", "mine.toml"] if i % 10 else ["check", "mine.toml", "--max-states", "5"]

    codes = tried(count, words_of, monkeypatch)
    assert codes[150] > count // 5
    assert codes[0] > count // 10
    assert [path.name for path in tmp_path.iterdir()] == ["mine.toml"]


EXPRESSIONS = [
    "client.state == ESTABLISHED and server.state == ESTABLISHED", "implies(client.state == SYN_SENT, server.opens <= 2)",
    "client.snd_una <= client.snd_nxt", "not (server.state in (CLOSED, LISTEN)) or client.opens < 2", "client.told != RESET",
    "iff(client.opened == ACTIVE, client.opens > 0)", "network.to_client.count + network.to_server.count < 5", "True",
    "client.iss - client.snd_una == 0", "server.rcv_nxt == client.snd_nxt + 1",
]  # fmt: skip


@pytest.mark.parametrize("count", NUMBERS)
def test_expressions(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(793)

    def words_of(_: int) -> list[str]:
        text = mutated(rng, rng.choice(EXPRESSIONS)).decode("utf-8", "surrogateescape")
        kind = rng.choice(("--always", "--sometimes", "--eventually", "--via"))
        return ["check", "blind-syn", "-p", "no-ghost-connection", f"{kind}={text}", "--max-states", "1"]

    codes = tried(count, words_of, monkeypatch)
    assert codes[2] > count // 3
    assert sum(codes.values()) - codes[2] > count // 30


@pytest.mark.parametrize("count", NUMBERS)
def test_traces(count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(5961)
    monkeypatch.chdir(tmp_path)
    assert synproof("check", "two-way", "-p", "no-ghost-connection", "-s", "data=0", "--trace-dir", ".").code == 12
    (path,) = tmp_path.iterdir()
    text = path.read_text(encoding="utf-8")

    def words_of(i: int) -> list[str]:
        path.write_bytes(mutated(rng, text) if i % 2 else restructured(rng, text))
        return ["replay", path.name] if i % 10 else ["export", path.name, "--to", "mermaid"]

    codes = tried(count, words_of, monkeypatch)
    assert codes[150] > count // 2
    assert codes[151] > 0
    assert [left.name for left in tmp_path.iterdir()] == [path.name]
