"""`synproof compare`, on doors: the matrix, the runs side by side, and varied settings."""

from __future__ import annotations

from typing import Any

import pytest

from synproof.engine.checker import Subject, Task, by_exploration
from synproof.engine.cli import comparing

from .fake import synproof

pytestmark = pytest.mark.usefixtures("doors")


def test_the_ghost_of_the_eager_door_stands_beside_the_careful_one_that_clears_it() -> None:
    done = synproof("compare", "eager", "careful", "-p", "no-ghost")
    assert (done.code, done.err) == (0, "")
    assert all(len(line) <= 80 for line in done.out.splitlines())
    (row,) = [line for line in done.out.splitlines() if line.startswith("* no-ghost")]
    assert row.split()[2:] == ["violated", "(3)", "holds"]
    assert "violated: the shortest run, 3 steps" in done.out
    assert "from here on they differ" in done.out
    assert "careful comes to rest after 5 steps (client AWAY, door SHUT)" in done.out


def test_the_bounds_of_each_search_are_below_the_matrix() -> None:
    words = [line.split() for line in synproof("compare", "eager", "careful", "-p", "no-ghost").out.splitlines()]
    assert ["states", "12", "13"] in words
    assert ["transitions", "17", "17"] in words
    assert ["depth", "4", "4"] in words
    assert ["search", "complete", "complete"] in words


def test_the_exit_code_asks_only_whether_every_cell_is_decided() -> None:
    assert synproof("compare", "eager", "stuck").code == 0
    assert synproof("compare", "eager", "impatient").code == 152
    assert synproof("compare", "eager", "careful", "--max-states", "3").code == 152


def test_a_property_that_one_model_declares_is_asked_of_all() -> None:
    rows = synproof("compare", "careful", "stuck", "--json").json["rows"]
    assert [(row["property"], [cell["verdict"] for cell in row["cells"]]) for row in rows] == [
        ("no-ghost", ["holds", "holds"]),
        ("inside", ["reached", "reached"]),
        ("no-deadlock", ["violated", "violated"]),
    ]


def test_json_is_as_documented() -> None:
    done = synproof("compare", "eager", "careful", "-p", "no-ghost", "--json")
    assert done.json == {
        "models": ["eager", "careful"],
        "rows": [
            {
                "property": "no-ghost",
                "cells": [
                    {"model": "eager", "verdict": "violated", "steps": 3},
                    {"model": "careful", "verdict": "holds", "steps": None},
                ],
            }
        ],
    }


def test_varied_settings_make_a_cell_for_every_combination() -> None:
    vary = ("--vary", "mode=eager,careful", "--vary", "loss=on,off")
    done = synproof("compare", "anything", *vary, "--json", "-p", "no-deadlock")
    assert done.json["models"] == [
        "anything[mode=eager,loss=on]", "anything[mode=eager,loss=off]",
        "anything[mode=careful,loss=on]", "anything[mode=careful,loss=off]",
    ]  # fmt: skip
    (row,) = done.json["rows"]
    assert [cell["verdict"] for cell in row["cells"]] == ["violated", "holds", "violated", "holds"]


def test_long_names_have_letters_and_all_columns_fit() -> None:
    done = synproof("compare", "anything", "--vary", "mode=eager,careful", "--vary", "asks=0,1,2", "-p", "no-ghost")
    assert all(len(line) <= 80 for line in done.out.splitlines())
    assert "A  anything[mode=eager,asks=0]" in done.out
    assert "F  anything[mode=careful,asks=2]" in done.out
    assert done.out.count("* no-ghost") >= 1


def test_models_without_a_difference_say_so() -> None:
    assert "no verdict differs" in synproof("compare", "careful", "anything", "-p", "no-ghost").out
    cut = synproof("compare", "careful", "anything", "-p", "no-ghost", "--max-states", "2")
    assert "no difference was found in what is decided" in cut.out


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ([], 2, "two models"),
        (["careful"], 2, "two models"),
        (["careful", "careful"], 2, "named twice"),
        (["careful", "nobody"], 150, "no model"),
        (["careful", "--vary", "mode"], 2, "--vary name=value,value"),
        (["careful", "--vary", "mode=eager,"], 2, "--vary name=value,value"),
        (["careful", "--vary", "mode=eager,eager"], 2, "twice"),
        (["careful", "--vary", "mode=eager,careful", "--vary", "mode=eager"], 2, "given twice"),
        (["careful", "--vary", "mode=eager,careful", "-s", "mode=eager"], 2, "both set"),
        (["careful", "--vary", "mode=eager,fast"], 151, "fast"),
        (["careful", "nobody", "--vary", "mode=eager,fast"], 150, "fast"),
        (["careful", "--vary", "mood=a,b"], 2, "did you mean 'mode'?"),
        (["careful", "--vary", "asks=" + ",".join(map(str, range(70)))], 2, "64 are allowed"),
        (["careful", "eager", "-p", "no-gost"], 2, "did you mean"),
    ],
)
def test_a_mistake_is_told_in_one_message_and_nothing_is_printed(arguments: list[str], code: int, says: str) -> None:
    done = synproof("compare", *arguments)
    assert (done.code, done.out) == (code, "")
    assert says in " ".join(done.err.split())


def test_an_interrupt_keeps_the_models_before(monkeypatch: pytest.MonkeyPatch) -> None:
    def first_only(subject: Subject, task: Task) -> Any:
        if subject.name == "careful":
            raise KeyboardInterrupt
        return by_exploration(subject, task)

    monkeypatch.setattr(comparing, "by_exploration", first_only)
    done = synproof("compare", "eager", "careful", "--json")
    assert (done.code, done.json["models"], done.json["error"]) == (130, ["eager"], "interrupted")
    done = synproof("compare", "eager", "careful")
    assert done.code == 130
    assert "violated (3)" in done.out
    assert synproof("compare", "careful", "eager").out == ""
