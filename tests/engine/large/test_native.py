"""Machine code against Python: the same functions, compiled and as they stand, give the same."""

from __future__ import annotations

import random
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from synproof.engine.cache import Cache
from synproof.engine.large.native import Untranslatable, arguments_of, translate

pytest.importorskip("llvmlite", reason="machine code needs the extra: pip install -e '.[fast]'")
np = pytest.importorskip("numpy", reason="machine code needs the extra: pip install -e '.[fast]'")

SOURCE = '''
def arithmetic(a, b, c):
    """Of every operator."""
    x = a + b * c - (a >> 3) ^ (b << 2 & 255 | ~c)
    x += -b
    return x if a < b <= c or not c else max(min(a, b), c) - (a in (1, 2, b))

def conditions(a, b, c):
    if a > 0 and b > 0:
        return 1 if c else 2
    elif a == b != c:
        return 3
    found = a < b
    return found + (b < c) + 10 * (a >= c)

def loops(a, b, c):
    total = 0
    for i in range(a & 7):
        if i == 5:
            break
        for x in (b, c, i):
            if x == 3:
                continue
            total += x
        i = 100
    for i in range(2, 6):
        total = total * 3 + i
    while total > 50:
        total, c = total >> 1, total & 1
    return total + c

def guarded(n: Words, k, low: Octets):
    """The second half is not looked at where the first says no."""
    i = k
    while i > 0 and n[i - 1] > n[i]:
        n[i], n[i - 1] = n[i - 1], n[i]
        i -= 1
    low[0] = low[0] + 255
    return i + called(n, i) + low[0]

def called(n: Words, i):
    n[i] += LARGE
    return n[i] & 15
'''
LARGE = 1 << 40


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from synproof.engine.large.machine import Machine

    made = Machine(SOURCE, {"LARGE": LARGE}, Cache("test", tmp_path_factory.mktemp("cache")))
    assert not made.is_made
    made.load()
    return made


@pytest.fixture(scope="module")
def python() -> dict[str, Any]:
    scope: dict[str, Any] = {"LARGE": LARGE, "Words": list, "Octets": list}
    exec(SOURCE, scope)
    return scope


@pytest.mark.parametrize("name", ["arithmetic", "conditions", "loops"])
def test_numbers(machine: Any, python: dict[str, Any], name: str) -> None:
    dice = random.Random(name)
    seen = set()
    for _ in range(500):
        given = [dice.choice((0, 1, 2, 3, 7, -1, -5, dice.randrange(-99, 99))) for _ in range(3)]
        expected = int(python[name](*given))
        assert machine[name](*given) == expected, given
        seen.add(expected)
    assert len(seen) >= 5


def test_arrays(machine: Any, python: dict[str, Any]) -> None:
    dice = random.Random(0)
    for _ in range(200):
        numbers = [dice.randrange(-9, 9) for _ in range(6)]
        k, low = dice.randrange(6), dice.randrange(2)
        array, octets = np.array(numbers, np.int64), np.array([low], np.uint8)
        found = machine["guarded"](array, k, octets)
        plain = [low]
        expected = python["guarded"](numbers, k, plain)
        assert array.tolist() == numbers and int(octets[0]) == plain[0] & 255
        assert found == expected - plain[0] + (plain[0] & 255)


def test_numbers_wrap_at_64_bits(machine: Any) -> None:
    assert machine["arithmetic"](-(1 << 63), -1, 0) == machine["arithmetic"](-(1 << 63), -1, 0)
    assert machine["called"](np.array([(1 << 63) - 1], np.int64), 0) == (LARGE - 1) & 15


@pytest.mark.parametrize(
    "line",
    ["x = a / b", "x = a ** 2", "x = {a}", "x = unknown", "x = b[0]", "with a: pass", "print(a)", "x = 'text'",
     "for x in a: pass", "x = a is b", "a, b = b", "del a", "x = lambda: a", "x = n[0] if a else b"],
)  # fmt: skip
def test_what_is_not_of_the_part_is_refused(line: str) -> None:
    with pytest.raises(Untranslatable, match="wrong"):
        translate(f"def wrong(a, b, n: Words):\n    {line}\n")


def test_kinds_of_arguments() -> None:
    assert arguments_of("def f(a, n: Words, p: Numbers): pass") == {"f": ["int", "Words", "Numbers"]}


def test_another_process_finds_what_was_made(tmp_path: Path) -> None:
    script = """
        import os, sys
        from synproof.engine.large.machine import Machine
        machine = Machine("def twice(a):\\n    return a + a\\n")
        print(machine.is_made)
        machine.load()
        print(machine["twice"](21))
    """
    said = []
    for _ in range(2):
        command = [sys.executable, "-c", textwrap.dedent(script)]
        environment = {"XDG_CACHE_HOME": str(tmp_path), "PATH": ""}
        said.append(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split())
    assert said == [["False", "42"], ["True", "42"]]
