"""`list claims`, `why` and `docs`, on doors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from synproof.engine.experiment import Experiment
from synproof.engine.ledger import Claim, Exhibit, Holding, Page
from synproof.engine.property import Verdict

from . import fake
from .fake import FakeCatalogue, synproof

pytestmark = pytest.mark.usefixtures("doors")

UNTRUE = Claim("D3", "an eager door holds", (), Holding.TRUE, "?", exhibits=(
    Exhibit("", Experiment("eager", "no-ghost", Verdict.HOLDS)),
))  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the pages as they are."""
    assert synproof("docs", "--into", tmp_path).code == 0
    return tmp_path


# ---- claims ----------------------------------------------------------------------------------------------------------


def test_claims_are_listed_with_what_was_found() -> None:
    done = synproof("list", "claims")
    assert (done.code, done.err) == (0, "")
    assert "D1     true: a careful door lets nobody in unasked\n         careful: no-ghost holds\n" in done.out
    assert "D2     refuted: an eager door is safe\n         eager: no-ghost violated (3)\n         saved by: care\n" in done.out


def test_claims_as_json() -> None:
    done = synproof("list", "claims", "--json")
    assert done.code == 0
    one, other = done.json["claims"]
    assert (one["name"], one["verdict"], one["quotes"]) == ("D1", "true", [{"text": "nobody", "source": "a book"}])
    (experiment,) = other["experiments"]
    assert (experiment["model"], experiment["verdict"], experiment["steps"]) == ("eager", "violated", 3)
    assert other["saved"] == "care"


@pytest.mark.parametrize("words", [["list", "claims"], ["list", "claims", "--json"]])
def test_a_claim_that_its_experiment_contradicts_is_not_listed(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fake, "CLAIMS", [*fake.CLAIMS, UNTRUE])
    done = synproof(*words)
    assert done.code == 1
    assert "eager: no-ghost is said to be holds, found violated" in " ".join(done.err.split())
    assert "D1" not in done.out


# ---- why -------------------------------------------------------------------------------------------------------------


def test_topics_are_listed() -> None:
    done = synproof("why")
    assert done.code == 0
    assert "confirmation  Why a confirmation?" in done.out


def test_a_topic_tells_what_breaks_without_it_and_what_it_costs() -> None:
    done = synproof("why", "confirmation")
    assert (done.code, done.err) == (0, "")
    assert "with it     no-ghost holds, in careful\n" in done.out
    assert "without it  no-ghost violated (3), in careful with mode=eager\n" in done.out
    assert "the shortest story without it, 3 steps" in done.out
    assert "arrive until somebody is inside: " in done.out
    assert max(map(len, done.out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["why", "confirmations"], "did you mean 'confirmation'?"),
        (["why", "no-ghost"], "no-ghost is a property: name the model"),
        (["why", "--model", "eager"], "which property?"),
        (["why", "no-gost", "--model", "eager"], "did you mean 'no-ghost'?"),
        (["why", "confirmation", "--ablation"], "leave out the topic"),
        (["why", "confirmation", "-s", "mode=eager"], "--model"),
        (["why", "--timeout", "5"], "nothing is searched"),
        (["docs", "door"], "did you mean 'doors'?"),
    ],
)  # fmt: skip
def test_what_is_asked_wrongly_exits_with_2(words: list[str], says: str, tmp_path: Path) -> None:
    done = synproof(*words, *(["--into", str(tmp_path)] if words[0] == "docs" else []))
    assert (done.code, done.out) == (2, "")
    assert says in done.err


def test_single_changes_that_mend_a_property() -> None:
    done = synproof("why", "no-ghost", "--model", "eager")
    assert done.code == 0
    assert done.out.startswith("eager: no-ghost violated (3)")
    assert "mode=careful  holds" in done.out
    assert "loss" not in done.out, "that alters nothing"


def test_every_mechanism_is_taken_away() -> None:
    done = synproof("why", "--ablation")
    assert done.code == 0
    assert "without care (mode=eager)\n    no-ghost: holds becomes violated (3)" in done.out


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        (["--max-states", "5"], "--max-states 5: "),
        (["--max-memory", "1K"], "--max-memory 1024"),
        (["--timeout", "1e-9"], "--timeout 1e-09"),
    ],
)
def test_a_topic_within_limits_tells_what_was_found_and_does_not_answer(limit: list[str], told: str) -> None:
    done = synproof("why", "confirmation", *limit)
    assert (done.code, done.err) == (152, "")
    assert "Why a confirmation?" in done.out and "An eager door" not in done.out
    assert f"with it     no-ghost incomplete ({told}" in done.out
    assert "becomes" not in done.out and "what it costs" not in done.out
    assert "not all of this is decided: allow more with --max-states" in done.out
    assert max(map(len, done.out.splitlines())) <= 80


def test_limits_that_are_not_met_change_nothing() -> None:
    generous = ["--max-states", "1000", "--max-memory", "100G", "--timeout", "100000"]
    for words in (["why", "confirmation"], ["why", "no-ghost", "--model", "eager"], ["why", "--ablation"]):
        assert synproof(*words, *generous) == synproof(*words)


def test_a_property_that_the_limits_leave_open_has_nothing_to_alter() -> None:
    for limit in (["--max-states", "5"], ["--timeout", "1e-09"]):
        done = synproof("why", "no-ghost", "--model", "careful", *limit)
        assert (done.code, done.err) == (152, "")
        assert done.out.startswith(f"careful: no-ghost incomplete ({' '.join(limit)}")
        assert "nothing to alter" in done.out


def test_changes_that_the_limits_leave_open_are_named() -> None:
    done = synproof("why", "no-ghost", "--model", "eager", "--max-states", "12")
    assert (done.code, done.err) == (152, "")
    assert done.out.startswith("eager: no-ghost violated (3)")
    assert "not decided: mode=careful" in done.out


def test_an_interrupt_keeps_the_changes_that_were_found(doors: FakeCatalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    load = doors.load

    def interrupted(name: str, overrides: Mapping[str, object] | None = None, *more: Any) -> object:
        if "loss" in (overrides or {}):
            raise KeyboardInterrupt
        return load(name, overrides, *more)

    monkeypatch.setattr(doors, "load", interrupted)
    done = synproof("why", "no-ghost", "--model", "eager")
    assert (done.code, done.err) == (130, "interrupted\n")
    assert "mode=careful  holds" in done.out


def test_the_mechanisms_that_the_limits_leave_open_are_named() -> None:
    done = synproof("why", "--ablation", "--max-states", "12")
    assert (done.code, done.err) == (152, "")
    assert "    incomplete: no-ghost\n" in done.out
    assert "no-ghost: " not in done.out, "what is not known on one side alters nothing"
    late = synproof("why", "--ablation", "--timeout", "1e-9")
    assert (late.code, late.err) == (152, "")
    assert "without care (mode=eager)\n    incomplete (--timeout 1e-09)\n" in late.out


# ---- docs ------------------------------------------------------------------------------------------------------------


def test_pages_are_written_and_then_as_they_are(tmp_path: Path) -> None:
    done = synproof("docs", "--into", tmp_path)
    assert (done.code, done.err) == (0, "")
    assert (tmp_path / "doors.md").read_text(encoding="utf-8") == "# Doors\nD1: holds\nD2: violated (3)\n"
    assert (tmp_path / "plain.md").read_text(encoding="utf-8") == "# Plain\n"
    again = synproof("docs", "--into", tmp_path)
    assert again.code == 0 and again.out.count("up to date") == 2
    assert synproof("docs", "--check", "--into", tmp_path).code == 0


def test_a_stale_page_is_noticed_and_left(folder: Path) -> None:
    (folder / "doors.md").write_text("# Doors\nD1: violated (1)\nD2: violated (3)\n", encoding="utf-8")
    done = synproof("docs", "--check", "--into", folder)
    assert done.code == 1
    assert f"{folder / 'doors.md'}: stale from line 2 on" in done.out
    assert "1 of 2 pages are stale" in done.err
    assert "violated (1)" in (folder / "doors.md").read_text(encoding="utf-8")


def test_a_page_that_is_longer_or_missing_is_stale(folder: Path) -> None:
    (folder / "plain.md").write_text("# Plain\nmore\n", encoding="utf-8")
    (folder / "doors.md").unlink()
    done = synproof("docs", "--check", "--into", folder)
    assert done.code == 1
    assert "stale from line 2 on" in done.out and "it does not exist" in done.out
    assert not (folder / "doors.md").exists()


def test_one_page_alone(folder: Path) -> None:
    (folder / "doors.md").unlink()
    done = synproof("docs", "plain", "--check", "--into", folder)
    assert (done.code, done.out.count("\n")) == (0, 1)


@pytest.mark.parametrize("option", [[], ["--check"]])
def test_no_page_is_written_from_what_differs(option: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fake, "CLAIMS", [*fake.CLAIMS, UNTRUE])
    done = synproof("docs", *option, "--into", tmp_path)
    assert (done.code, done.out) == (1, "")
    assert "is said to be holds, found violated" in done.err
    assert not list(tmp_path.iterdir())


def test_a_page_that_asks_for_what_differs_writes_nothing(
    doors: FakeCatalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page("late", lambda laboratory: laboratory.found(UNTRUE.experiments[0]).told)
    monkeypatch.setattr(doors, "pages", lambda: [page])
    done = synproof("docs", "--into", tmp_path)
    assert done.code == 1 and not list(tmp_path.iterdir())


def test_without_a_folder_nothing_is_checked(doors: FakeCatalogue, tmp_path: Path) -> None:
    done = synproof("docs", "--into", tmp_path / "nowhere")
    assert done.code == 2 and "--into DIR" in done.err
    assert not doors.loaded
