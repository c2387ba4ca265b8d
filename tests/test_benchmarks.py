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
    from benchmarks.instances import INSTANCES
    from benchmarks.measuring import Used
    from benchmarks.report import report
    from benchmarks.tools import COLD, WARM, Outcome

    def outcome(tool: str, size: str, whole: float, search: float, peak: int) -> Outcome:
        states = {"10^4": 10_000, "10^6": 1_000_000}[size]
        return Outcome(tool, size, Used(whole, whole, peak), Used(search, search, peak), states, 5 * states)

    outcomes = [
        outcome(COLD, "10^4", 2, 2, 100), outcome(WARM, "10^4", 1, 1, 100), outcome("SPIN", "10^4", 4, 1, 100),
        outcome(COLD, "10^6", 7, 7, 100), outcome(WARM, "10^6", 5, 5, 990_100), outcome("SPIN", "10^6", 40, 30, 100),
    ]  # fmt: skip
    text = report(["one processor"], INSTANCES[:2], outcomes, Used(0.3, 0.2, 0), Used(0.1, 0.1, 0))
    assert "| 10^4 | `three-way -s incarnations=1 -s capacity=2:2` | 10,000 | 50,000 |" in text
    assert "| 10^4 | SPIN | 4.0 | 2.0 | 1.0 | 0.5 |" in text
    assert "| 10^6 | SPIN | 8.0 | 5.7 | 6.0 | 4.3 |" in text
    assert f"| {WARM} | 4.04 | 0.04 | 1 |" in text  # 4 s and 990,000 bytes for 990,000 states more
    assert "* 10^6 states: 2.00 s more where no machine code is kept" in text
    assert f"  {WARM:<20}  {'█' * 50} 200,000" in text


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
