"""The ladder in the terminal: golden pictures, and what holds of every picture."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest

from synproof.engine.render import Detail, Look, render_ladder
from synproof.engine.render.frame import Piece, fit
from synproof.engine.render.look import GLUE, Line, Style
from synproof.engine.traces.telling import Fate, Telling, tell

from ..golden_files import assert_golden
from ..toys import FIGURE_8, counter, handshake, no_ghost, random_run, ring, run

GHOST = ("server.listen", "client.open iss=9", "client.abort", "server.receive_syn iss=5")
TROUBLE = (
    "server.listen", "client.open iss=9", "client.abort", "client.open iss=2", "network.duplicate_to_server seq=2",
    "client.repeat_syn", "network.lose_to_server seq=9", "server.receive_syn seq=2 iss=5", "network.lose_to_client",
    "client.repeat_syn", "client.repeat_syn", "network.lose_to_server",
)  # fmt: skip
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def figure_8() -> Telling:
    return tell(run(handshake(), *FIGURE_8))


def ghost() -> Telling:
    system = handshake(two_way=True)
    return tell(run(system, *GHOST), no_ghost(system))


def trouble() -> Telling:
    """Loss, duplication, a full network, and a loop."""
    return tell(run(handshake(capacity=3), *TROUBLE, loop=10))


def around() -> Telling:
    return tell(run(ring(), "ada.give", "bob.take", "bob.give", "eve.take", "eve.give", "ada.take", loop=0))


def forged() -> Telling:
    lines = ("server.listen", "attacker.inject seq=4", "server.receive_syn iss=1", "server.receive_rst")
    return tell(run(handshake(old=(3,), attacker=True), *lines))


def one_actor() -> Telling:
    return tell(run(counter(), "clock.up", "clock.up", loop=2))


# ---- pictures --------------------------------------------------------------------------------------------------------


def test_the_recovery_from_an_old_syn_looks_like_figure_8() -> None:
    assert_golden("figure-8.txt", render_ladder(figure_8(), heading="Figure 8: recovery from an old duplicate SYN"))


def test_the_ghost_and_why_it_is_one() -> None:
    assert_golden("ghost.txt", render_ladder(ghost()))


def test_the_ghost_in_ascii() -> None:
    text = render_ladder(ghost(), Look(unicode=False))
    assert text.isascii()
    assert_golden("ghost-ascii.txt", text)


def test_the_ghost_in_half_the_width() -> None:
    assert_golden("ghost-narrow.txt", render_ladder(ghost(), Look(width=38)))


def test_loss_duplication_drops_and_a_loop() -> None:
    assert_golden("trouble.txt", render_ladder(trouble()))


def test_an_old_message_at_the_start_and_a_forged_one() -> None:
    assert_golden("forged.txt", render_ladder(forged()))


def test_three_actors() -> None:
    assert_golden("ring.txt", render_ladder(around()))


def test_one_actor_who_comes_to_rest() -> None:
    assert_golden("counter.txt", render_ladder(one_actor()))


# ---- what holds of every picture -------------------------------------------------------------------------------------

Teller = Callable[[], Telling]
TELLINGS: list[Teller] = [figure_8, ghost, trouble, around, forged, one_actor]


@pytest.mark.parametrize("telling", TELLINGS)
@pytest.mark.parametrize("width", [30, 38, 60, 71, 72, 80, 100, 132])
@pytest.mark.parametrize("unicode", [True, False])
def test_no_line_is_wider_than_asked_for(telling: Teller, width: int, unicode: bool) -> None:
    text = render_ladder(telling(), Look(width, unicode), heading="a heading that is rather long, so that it needs two lines")
    assert max(map(len, text.splitlines())) <= width
    assert all(line == line.rstrip() for line in text.splitlines())
    assert unicode or text.isascii()


@pytest.mark.parametrize("telling", TELLINGS)
def test_colours_change_nothing_but_colours(telling: Teller) -> None:
    plain, coloured = render_ladder(telling()), render_ladder(telling(), Look(colour=True))
    assert "\x1b" not in plain
    assert COLOUR.sub("", coloured) == plain
    assert all(line.count("\x1b[0m") * 2 == line.count("\x1b[") for line in coloured.splitlines())


def test_the_false_clause_is_red_and_the_true_one_is_not() -> None:
    coloured = render_ladder(ghost(), Look(colour=True))
    assert "\x1b[1;31m✗ FALSE\x1b[0m  the client is not CLOSED" in coloured
    assert "\x1b[32m✓ true\x1b[0m" in coloured.replace("true ", "true")


@pytest.mark.parametrize("seed", range(20))
def test_every_step_and_every_arrow_of_a_random_run_is_there(seed: int) -> None:
    telling = tell(random_run(handshake(two_way=seed % 2 == 0, attacker=seed % 3 == 0), seed, 25))
    text = render_ladder(telling)
    assert max(map(len, text.splitlines())) <= 80
    numbers = [int(found) for found in re.findall(r"^ ?(\d+) ", text, re.MULTILINE)]
    assert numbers == [step.number for step in telling.steps]
    drawn = len(re.findall("[►◄✗]", text))
    arrivals = sum(flight.fate in (Fate.DELIVERED, Fate.LOST) for flight in telling.flights)
    late = [flight for flight in telling.flights if not flight.is_prompt and not flight.by]
    departures = sum(flight.sent is not None and flight.copied is None for flight in late)
    assert drawn == arrivals + departures


def test_a_message_that_arrives_at_once_is_one_arrow_from_rail_to_rail() -> None:
    lines = render_ladder(figure_8()).splitlines()
    (reset,) = [line for line in lines if "RST" in line]
    assert re.fullmatch(r" 7 +SYN-SENT ├─+ <SEQ=10><CTL=RST> ─+►● LISTEN", reset)


def test_a_message_that_arrives_late_is_two() -> None:
    lines = [line for line in render_ladder(figure_8()).splitlines() if "<SEQ=9><CTL=SYN>" in line]
    assert re.fullmatch(r" 2 +SYN-SENT ●─+ <SEQ=9><CTL=SYN> ─+► ··· arrives in step 5 │ LISTEN", lines[0])
    assert re.fullmatch(r" 5 +SYN-SENT │ sent in step 2 ··· ─+ <SEQ=9><CTL=SYN> ─+►● SYN-RECEIVED", lines[1])
    assert len(lines) == 2


def test_less_detail_is_fewer_lines() -> None:
    counts = [render_ladder(figure_8(), detail=detail).count("\n") for detail in Detail]
    assert counts == sorted(counts)
    assert "[3.10.1]" not in render_ladder(figure_8(), detail=Detail.SENTENCES)
    assert "iss" not in render_ladder(figure_8(), detail=Detail.CLAUSES)
    assert "OPEN" not in render_ladder(figure_8(), detail=Detail.ARROWS)


def test_a_message_too_long_for_its_arrow_stands_beneath_it() -> None:
    text = render_ladder(ghost(), Look(width=30))
    assert re.search(r"├?─+.*\n.*<SEQ=9><CTL=SYN>", text)
    assert "<SEQ=5><ACK=10>" in text


def test_a_run_without_steps_is_its_first_state() -> None:
    assert render_ladder(tell(run(handshake()))).split() == ["client", "server", "CLOSED", "│", "│", "CLOSED"]


# ---- look ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "unicode"), [("utf-8", True), ("ascii", False), ("latin-1", False), ("cp1252", False), ("utf-16", True)]
)
def test_the_stream_s_encoding_decides_between_unicode_and_ascii(encoding: str, unicode: bool) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    assert Look.of(stream).unicode is unicode
    assert Look.of(stream, ascii=True).unicode is False


def test_a_stream_that_does_not_know_its_encoding_gets_ascii() -> None:
    assert Look.of(io.StringIO()).unicode is False


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert Look().text("a\x1b[31mb\tc\nd") == "a [31mb c d"


def test_glue_holds_words_together_where_a_line_has_room_for_them() -> None:
    glued = GLUE.join(["[3.10.7.4,", "fifth]"])
    assert Look().wrap(f"some words {glued}", 20) == ["some words", "[3.10.7.4, fifth]"]
    assert Look().wrap(f"some words {glued}", 10) == ["some words", "[3.10.7.4,", "fifth]"]


def test_arrows_are_stretched_to_the_room_there_is() -> None:
    shaft = Piece("-", fill=True)
    found = fit([shaft, Piece(" x "), shaft, Piece(">")], 10, leftwards=False)
    assert found is not None
    assert "".join(piece.text for piece in found) == "--- x --->"
    mirrored = fit([shaft, Piece(" x "), shaft, Piece("<")], 10, leftwards=True)
    assert mirrored is not None
    assert "".join(piece.text for piece in mirrored) == "<--- x ---"
    assert fit([shaft, Piece(" x "), shaft, Piece(">")], 5, leftwards=False) is None


def test_what_does_not_fit_on_a_line_is_cut_off() -> None:
    assert Line(5).put(3, "abc").put(-1, "xy").text(Look()) == "y  ab"
    assert Line(3).put(0, "abc", Style.BAD).text(Look(colour=True)) == "\x1b[1;31mabc\x1b[0m"
