"""Mermaid and Markdown: golden texts, a grammar that the diagrams keep to, and what must be escaped."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from synproof.engine.property import Property, PropertyKind
from synproof.engine.render import render_markdown, render_mermaid
from synproof.engine.render.markdown import escape as escape_markdown
from synproof.engine.render.mermaid import LIMIT, escape
from synproof.engine.system import System
from synproof.engine.traces.telling import Telling, tell

from ..golden_files import assert_golden
from ..toys import counter, handshake, random_run, run
from .test_ladder import TELLINGS, Teller, figure_8, ghost, trouble

# The part of Mermaid's grammar that every renderer takes: nothing else may occur.
ID = r"[A-Za-z][A-Za-z0-9]*"
TEXT = r"(?:[^;#<>\n]|#\d+;)*"
BROKEN = rf"{TEXT}(?:<br/>{TEXT})*"
LINES = [
    re.compile(rf"participant (?P<id>{ID})(?: as {TEXT})?"),
    re.compile(rf"Note over (?P<over>{ID}(?:,{ID})?): {BROKEN}"),
    re.compile(rf"(?P<from>{ID})(?:->>|-->>|-x|-\))(?P<to>{ID}): {TEXT}"),
    re.compile(rf"(?P<loop>loop) {TEXT}"),
    re.compile("(?P<end>end)"),
]


def assert_mermaid(text: str) -> None:
    """The text keeps to the grammar: known participants, balanced loops, escaped texts."""
    first, *lines = text.splitlines()
    assert first == "sequenceDiagram"
    participants: set[str] = set()
    depth = 0
    for line in lines:
        assert line.startswith("    ")
        found = next((m for pattern in LINES if (m := pattern.fullmatch(line.strip()))), None)
        assert found, f"not in the grammar: {line}"
        parts = found.groupdict()
        if "id" in parts:
            participants.add(parts["id"])
        used = [*(parts.get("over") or "").split(","), parts.get("from"), parts.get("to")]
        assert {name for name in used if name} <= participants
        depth += ("loop" in parts) - ("end" in parts)
        assert depth >= 0
    assert depth == 0
    assert not {name.lower() for name in participants} & {"end", "loop", "note", "participant"}


@pytest.mark.parametrize("telling", TELLINGS)
def test_a_diagram_keeps_to_the_grammar(telling: Teller) -> None:
    assert_mermaid(render_mermaid(telling()))


@pytest.mark.parametrize("seed", range(30))
def test_a_random_diagram_keeps_to_the_grammar_and_the_limit(seed: int) -> None:
    telling = tell(random_run(handshake(attacker=seed % 2 == 0, old=(3,)), seed, 10 * (1 + seed % 8)))
    text = render_mermaid(telling)
    assert_mermaid(text)
    assert len(text) < LIMIT


def test_the_grammar_refuses_what_would_break_a_renderer() -> None:
    for line in ("a->>b: one; two", "a->>b: #", "Note over a: <b>", "a->>b", "end->>a: x", "a<<->>b: x"):
        with pytest.raises(AssertionError):
            assert_mermaid(f"sequenceDiagram\n    participant a\n    participant b\n    {line}\n")


def test_the_diagram_of_the_ghost() -> None:
    assert_golden("ghost.mmd", render_mermaid(ghost()))


def test_the_diagram_of_a_loop() -> None:
    assert_golden("trouble.mmd", render_mermaid(trouble()))


def test_a_long_run_loses_first_what_changes_no_state_and_says_so() -> None:
    dull = ["client.repeat_syn", "network.lose_to_server"] * 60
    telling = tell(run(handshake(), "server.listen", "client.open iss=9", *dull, "server.receive_syn iss=1"))
    text = render_mermaid(telling)
    assert len(text) < LIMIT
    assert_mermaid(text)
    assert "steps 3 to 122 left out" in text.replace("<br/>", " ")
    assert "client-->>server: 123. #60;SEQ=9#62;#60;CTL=SYN#62; (sent in step 121)" in text
    assert "SYN-RECEIVED" in text


def test_a_long_run_of_changes_loses_its_middle() -> None:
    lines = ["client.open iss=9", "client.abort", "network.lose_to_server"]
    telling = tell(run(_without_limit(), "server.listen", *(lines * 60)))
    text = render_mermaid(telling)
    assert LIMIT * 0.8 < len(text) < LIMIT
    assert_mermaid(text)
    assert "left out here" in text
    assert "1. The server's user" in text
    assert "179. " in text
    assert "\n    client-x" in text


def _without_limit() -> System:
    """The handshake, whose client may open as often as it likes."""
    system = handshake()
    actions = [
        replace(a, guard=a.guard[:1], effects=tuple(e for e in a.effects if e[0] != "client.opens"))
        if a.name == "client.open"
        else a
        for a in system.actions
    ]
    return replace(system, actions=tuple(actions))


def test_a_loop_stays_balanced_where_steps_are_left_out() -> None:
    dull = ["client.repeat_syn", "network.lose_to_server"] * 60
    telling = tell(run(handshake(), "server.listen", "client.open iss=9", *dull, loop=2))
    text = render_mermaid(telling)
    assert len(text) < LIMIT
    assert_mermaid(text)
    assert text.count("loop for ever") == 1


def test_texts_cannot_break_out_of_a_diagram() -> None:
    assert escape("a;b#c <i> \\n\n d") == "a#59;b#35;c #60;i#62; #92;n d"
    evil = replace(figure_8(), actors=("end", "the server; drop"))
    renamed = replace(
        evil,
        flights=tuple(
            replace(f, sender=_evil(f.sender), receiver=_evil(f.receiver), text="x;y\nparticipant z") for f in evil.flights
        ),
        steps=tuple(replace(s, actor=_evil(s.actor), sentence="end\nend;") for s in evil.steps),
    )
    text = render_mermaid(renamed)
    assert_mermaid(text)
    assert "participant p1 as end" in text
    assert "participant p2 as the server#59; drop" in text


def _evil(name: str) -> str:
    return {"client": "end", "server": "the server; drop"}[name]


# ---- Markdown --------------------------------------------------------------------------------------------------------


def test_the_page_of_the_ghost() -> None:
    assert_golden("ghost.md", render_markdown(ghost(), heading="Two-way: a ghost"))


def test_the_page_of_a_loop() -> None:
    assert_golden("trouble.md", render_markdown(trouble(), level=3))


def test_the_fence_holds_the_diagram() -> None:
    page = render_markdown(ghost())
    fence = page.split("```mermaid\n")[1].split("```")[0]
    assert fence == render_mermaid(ghost())
    assert "mermaid" not in render_markdown(ghost(), diagram=False)


@pytest.mark.parametrize("telling", TELLINGS)
def test_every_row_of_the_table_has_a_cell_per_column(telling: Teller) -> None:
    told: Telling = telling()
    rows = [line for line in render_markdown(told).splitlines() if line.startswith("|")]
    cells = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
    assert cells == {len(told.actors) + 5}
    assert len(rows) == len(told.steps) + 3


def test_what_markdown_would_take_for_markup_is_escaped() -> None:
    assert escape_markdown("a|b *c* <d> `e` _f_ [g] \\ & #1") == (
        r"a\|b \*c\* &lt;d&gt; \`e\` \_f\_ \[g\] \\ &amp; \#1"
    )
    system = handshake()
    prop = Property("odd|name", PropertyKind.ALWAYS, "*bold* | <b>", predicate=system.by_name["client.iss"].expr != 9)
    page = render_markdown(tell(run(system, "client.open iss=9"), prop), diagram=False)
    assert r"**odd\|name: violated in 1 step.** \*bold\* \| &lt;b&gt;" in page
    assert "* **false**: client.iss != 9 (`client.iss` is 9)" in page


def test_a_lasso_is_said_to_repeat() -> None:
    assert "Steps 11 to 12 repeat for ever." in render_markdown(trouble())
    assert "Nothing more happens, for ever." in render_markdown(tell(run(counter(), "clock.up", loop=1)))
    full = run(handshake(capacity=1), "client.open iss=9", "client.repeat_syn", loop=1)
    assert "Step 2 repeats for ever." in render_markdown(tell(full))
