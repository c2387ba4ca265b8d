"""Two ladders beside each other: equal steps on equal lines, and what happens where they do not fit."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from synproof.engine.property import Property, PropertyKind, Verdict
from synproof.engine.render import Column, Look, render_ladder, render_side_by_side
from synproof.engine.traces.telling import tell

from ..golden_files import assert_golden
from ..toys import FIGURE_8, handshake, run
from .test_ladder import around, ghost

CLEARED = Property("old-syn-is-cleared", PropertyKind.SOMETIMES, "An old SYN is answered, and a reset clears it away.")


def two_way() -> Column:
    return Column("two-way", "no-ghost: violated in 4 steps", ghost())


def three_way() -> Column:
    lines = (*FIGURE_8[:3], "server.receive_syn iss=5", "client.receive_wrong_syn_ack", "server.receive_rst")
    telling = tell(run(handshake(), *lines), CLEARED, Verdict.REACHED)
    return Column("three-way", "no-ghost: holds (1,234 states). The same SYN:", telling)


def test_the_ghost_beside_the_run_in_which_it_is_cleared_away() -> None:
    assert_golden("compare.txt", render_side_by_side(two_way(), three_way()))


def test_the_same_in_ascii() -> None:
    text = render_side_by_side(two_way(), three_way(), Look(unicode=False))
    assert text.isascii()
    assert_golden("compare-ascii.txt", text)


@pytest.mark.parametrize("width", [64, 72, 80, 120, 160])
def test_no_line_is_wider_than_asked_for(width: int) -> None:
    text = render_side_by_side(two_way(), three_way(), Look(width=width))
    assert max(map(len, text.splitlines())) <= width


def test_equal_steps_stand_on_equal_lines_until_the_runs_part() -> None:
    lines = render_side_by_side(two_way(), three_way()).splitlines()
    parted = next(i for i, line in enumerate(lines) if "from here on they differ" in line)
    numbered = [line for line in lines[:parted] if line[:2].strip().isdigit()]
    assert [line[:2].strip() for line in numbered] == ["1", "2", "3"]
    assert all(line[:38].rstrip() == line[42:].rstrip() for line in numbered)


def test_a_step_that_only_one_has_leaves_a_gap_in_the_other() -> None:
    system = handshake()
    one = Column("a", "", tell(run(system, "server.listen", "client.open iss=9", "client.abort")))
    two = Column("b", "", tell(run(system, "server.listen", "client.open iss=9", "client.repeat_syn", "client.abort")))
    lines = render_side_by_side(one, two).splitlines()
    abort = next(line for line in lines if line.startswith(" 3"))
    assert abort[42:].startswith(" 4")
    repeat = next(line for line in lines if line[42:].startswith(" 3"))
    assert repeat[:38].strip(" │") == ""


def test_the_same_run_twice_never_differs() -> None:
    assert "differ" not in render_side_by_side(two_way(), two_way())


def test_what_does_not_fit_stands_one_below_the_other() -> None:
    long = tell(run(handshake(), "client.open iss=9", *["client.repeat_syn", "network.lose_to_server"] * 15))
    wide = tell(run(replace(handshake(), show_message=lambda fields: f"a message {'of many words ' * 3}"), "client.open iss=9"))
    for other in (Column("long", "", long), Column("wide", "", wide), Column("nothing", "holds", None)):
        text = render_side_by_side(two_way(), other)
        assert render_ladder(ghost()) in text
        assert f"{other.heading}\n{'─' * len(other.heading)}\n" in text
        assert other.telling is None or render_ladder(other.telling) in text
    narrow = render_side_by_side(two_way(), three_way(), Look(width=60))
    assert render_ladder(ghost(), Look(width=60)) in narrow


def test_three_actors_fit_beside_two() -> None:
    lines = render_side_by_side(two_way(), Column("ring", "", around())).splitlines()
    assert any("client" in line and "eve" in line for line in lines)


def test_the_end_of_the_shorter_one_follows_its_last_step() -> None:
    lines = render_side_by_side(two_way(), three_way()).splitlines()
    end = next(i for i, line in enumerate(lines) if "✗ FALSE" in line)
    assert any("<CTL=RST>" in line for line in lines[end - 8 :])


def test_colours_change_nothing_but_colours() -> None:
    coloured = render_side_by_side(two_way(), three_way(), Look(colour=True))
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render_side_by_side(two_way(), three_way())
