"""The benchmarks: what the report makes of figures, and that the smallest instance is searched and counted by each tool."""

from __future__ import annotations

from pathlib import Path

import pytest

from .house import ROOT


@pytest.fixture(autouse=True)
def from_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Benchmarks are run from the root of the checkout; so they are imported here."""
    monkeypatch.syspath_prepend(str(ROOT))


def test_the_report_divides_what_others_used_by_what_synproof_used() -> None:
    from benchmarks.instances import INSTANCES, LARGER
    from benchmarks.measuring import Used
    from benchmarks.report import report
    from benchmarks.tools import BREADTH, COLD, WARM, Outcome

    two, depth = "synproof, 2 workers", "SPIN, depth first"
    counted = {"10^6": 1_000_000, "10^7": 10_000_000, "5*10^7": 50_000_000, "2*10^8": 200_000_000}

    def outcome(tool: str, size: str, whole: float, search: float, peak: int) -> Outcome:
        states = counted[size]
        return Outcome(tool, size, Used(whole, 2 * whole, peak), Used(search, 2 * search, peak), states, 5 * states)

    outcomes = [
        outcome(COLD, "10^6", 2, 2, 100), outcome(WARM, "10^6", 1, 1, 100), outcome(BREADTH, "10^6", 4, 1, 100),
        outcome(COLD, "10^7", 7, 7, 100), outcome(WARM, "10^7", 5, 5, 9_000_100), outcome(two, "10^7", 4, 4, 100),
        outcome(BREADTH, "10^7", 42, 35, 100), outcome(depth, "10^7", 30, 28, 100),
        outcome(two, "5*10^7", 60, 60, 3 << 30), outcome(depth, "5*10^7", 400, 390, 9 << 30),
        outcome(two, "2*10^8", 300, 300, 12 << 30),
    ]  # fmt: skip
    text = report(["one processor"], (*INSTANCES[1:], *LARGER), outcomes, Used(0.3, 0.2, 0), Used(0.1, 0.1, 0))
    assert "| 10^6 | `three-way -s capacity=2:2` | 1,000,000 | 5,000,000 |" in text
    assert "| 10^6 | SPIN, breadth first | 4.0 · 4.0 | 2.0 · 2.0 | 1.0 · 1.0 | 0.5 · 0.5 |" in text
    assert "breadth-first search, at least 5 times | 6.0 times (5.0) |" in text
    assert "fastest exact search, at least 3 times | 4.3 times (4.0) |" in text
    assert "| two workers as fast as one, at least 1.4 times | 1.25 times |" in text
    assert "at most 1.5 times | 0.50 times |" in text
    assert "| 50,000,000 states, 250,000,000 transitions, 60 s with 2 workers, 3.0 GiB; SPIN counts as many |" in text
    assert "ten minutes and 16 GiB | 200,000,000 states, 1,000,000,000 transitions, 300 s with 2 workers, 12.0 GiB |" in text
    assert f"| {WARM} | 0.44 | 0.44 | 1 |" in text  # 4 s and 9,000,000 bytes for 9,000,000 states more
    assert "* 10^7 states: 2.00 s more where no machine code is kept" in text
    assert f"  {WARM:<20}  {'█' * 40} 2,000,000" in text  # two workers have the longest bar


def test_a_count_that_differs_is_no_report() -> None:
    from benchmarks.instances import INSTANCES
    from benchmarks.measuring import Failed, Used
    from benchmarks.report import report
    from benchmarks.tools import BREADTH, WARM, Outcome

    used = Used(1, 1, 1)
    outcomes = [Outcome(tool, "10^6", used, used, states, 9) for tool, states in ((WARM, 5), (BREADTH, 6))]
    with pytest.raises(Failed, match=r"capacity=2:2: not all tools find the same: .*5.*SPIN"):
        report(["one processor"], INSTANCES[1:2], outcomes, used, used)


def test_a_command_that_fails_is_said_with_what_it_printed(tmp_path: Path) -> None:
    from benchmarks.measuring import Failed, measure

    used = measure(["sh", "-c", "echo done"], tmp_path)
    assert used.said == "done\n" and used.seconds > 0 and used.peak > 0
    with pytest.raises(Failed, match=r"ended with 3:\nalas"):
        measure(["sh", "-c", "echo alas; exit 3"], tmp_path)


@pytest.mark.slow
def test_every_tool_counts_the_smallest_instance_alike(tmp_path: Path) -> None:
    from benchmarks.instances import INSTANCES
    from benchmarks.tools import tools

    counted = {(o.states, o.transitions) for o in (tool.run(INSTANCES[0], tmp_path) for tool in tools(2))}
    assert counted == {(15_224, 87_950)}
