"""Queries: what people's expressions mean, what is refused and how it is said, and that nothing is ever executed."""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from synproof.engine.errors import SynproofError
from synproof.engine.evaluate import evaluate
from synproof.engine.expr import FALSE, TRUE, Expr, const, count_if, size, slots
from synproof.engine.property import Fairness, PropertyKind, Response
from synproof.engine.prose import show
from synproof.engine.query import ExpressionError, Names, _Reader, parse, property_of
from synproof.engine.query_syntax import DEEPEST, LONGEST
from synproof.engine.sorts import BOOL, Bag, Enum, Int, Record, Seq
from synproof.engine.system import System, Variable

STATE = Enum("State", ("CLOSED", "LISTEN", "SYN_SENT", "ESTABLISHED", "FIN_WAIT_1", "CLOSING"))
OPENED = Enum("Opened", ("ACTIVE", "PASSIVE"))
TOLD = Enum("Told", ("NOTHING", "REFUSED", "CLOSING"))
SEGMENT = Record("Segment", (("seq", Seq(4)), ("syn", BOOL), ("len", Int(0, 2))))
BITS = 4


def _variables() -> Iterator[Variable]:
    for end in ("client", "server"):
        yield Variable(f"{end}.state", STATE)
        yield Variable(f"{end}.told", TOLD)
        yield Variable(f"{end}.opened", OPENED)
        yield Variable(f"{end}.iss", Seq(BITS))
        yield Variable(f"{end}.snd_nxt", Seq(BITS))
        yield Variable(f"{end}.opens", Int(0, 3))
        yield Variable(f"{end}.ready", BOOL)
    yield Variable("last", SEGMENT)
    yield Variable("network.to_server", Bag(SEGMENT, 2))


VARIABLES = tuple(_variables())
BY_NAME = {variable.name: variable.expr for variable in VARIABLES}
CHANNEL = BY_NAME["network.to_server"]
SYSTEM = System(
    "two ends",
    VARIABLES,
    ({variable.name: variable.sort.default for variable in VARIABLES},),
    (),
    {
        "client.sent": BY_NAME["client.snd_nxt"] - BY_NAME["client.iss"],
        "network.to_server.syn": count_if(full & segment.syn for full, segment in slots(CHANNEL)),
        "quiet": size(CHANNEL) == 0,
    },
)
NAMES = Names(SYSTEM)


def read(text: str) -> Expr:
    return parse(text, NAMES).expr


def refusal(text: str) -> str:
    with pytest.raises(ExpressionError) as error:
        parse(text, NAMES)
    return str(error.value)


# --- meaning ------------------------------------------------------------------------------------------------


CLIENT, SERVER = BY_NAME["client.state"], BY_NAME["server.state"]


@pytest.mark.parametrize(
    ("text", "expr"),
    [
        ("client.state == ESTABLISHED", CLIENT == "ESTABLISHED"),
        ("ESTABLISHED == client.state", CLIENT == "ESTABLISHED"),
        ("client . state==LISTEN", CLIENT == "LISTEN"),
        ("client.state !=\n\tserver.state", CLIENT != SERVER),
        ("client.ready", BY_NAME["client.ready"]),
        ("not client.ready and quiet", ~BY_NAME["client.ready"] & SYSTEM.definitions["quiet"]),
        ("client.ready or server.ready", BY_NAME["client.ready"] | BY_NAME["server.ready"]),
        ("client.state in (CLOSED, LISTEN)", CLIENT.isin("CLOSED", "LISTEN")),
        ("client.state not in (CLOSED,)", CLIENT != "CLOSED"),
        ("CLOSED in (client.state, server.state)", (CLIENT == "CLOSED") | (SERVER == "CLOSED")),
        ("client.told == CLOSING", BY_NAME["client.told"] == "CLOSING"),
        ("CLOSING != client.state", CLIENT != "CLOSING"),
        ("CLOSING in (client.told, server.state)", (BY_NAME["client.told"] == "CLOSING") | (SERVER == "CLOSING")),
        ("client.state in (CLOSING, CLOSED)", CLIENT.isin("CLOSING", "CLOSED")),
        ("client.iss == 3", BY_NAME["client.iss"] == 3),
        ("3 < client.iss", const(3, Seq(4)) < BY_NAME["client.iss"]),
        ("client.iss + 1 == server.iss", BY_NAME["client.iss"] + 1 == BY_NAME["server.iss"]),
        ("1 + client.iss == 1", BY_NAME["client.iss"] + 1 == 1),
        ("client.iss - 1 == 15", BY_NAME["client.iss"] - 1 == 15),
        ("7 - client.iss == 2", const(7, Seq(4)) - BY_NAME["client.iss"] == 2),
        ("client.snd_nxt - client.iss <= 2", SYSTEM.definitions["client.sent"] <= 2),
        ("client.sent <= 2", SYSTEM.definitions["client.sent"] <= 2),
        ("-client.opens == -1", const(0) - BY_NAME["client.opens"] == -1),
        ("+client.opens == 1", BY_NAME["client.opens"] == 1),
        ("0 < client.opens < 2", (BY_NAME["client.opens"] > 0) & (BY_NAME["client.opens"] < 2)),
        ("client.opens in (1, 3, 99)", BY_NAME["client.opens"].isin(1, 3)),
        ("client.opens in (99, -1)", FALSE),
        ("last.syn", BY_NAME["last"].syn),
        ("last.seq == 5", BY_NAME["last"].seq == 5),
        ("network.to_server.syn >= 1", SYSTEM.definitions["network.to_server.syn"] >= 1),
        ("network.to_server.count == 0", SYSTEM.definitions["quiet"]),
        ("implies(client.ready, server.ready)", ~BY_NAME["client.ready"] | BY_NAME["server.ready"]),
        ("iff(client.ready, quiet)", BY_NAME["client.ready"] == SYSTEM.definitions["quiet"]),
        ("client.ready == True", BY_NAME["client.ready"]),
        ("True", TRUE),
        ("1 == 2", FALSE),
    ],
)
def test_what_an_expression_means(text: str, expr: Expr) -> None:
    assert read(text) is expr


def test_definitions_are_spoken_of_by_name_in_the_text() -> None:
    query = parse(" client.sent  ==\n 1 ", SYSTEM)
    assert query.text == "client.sent == 1"


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("client.ready", ["client.ready"]),
        ("client.ready and (quiet or not server.ready)", ["client.ready", "quiet", "not server.ready"]),
        ("implies(client.ready, iff(quiet, 0 < client.opens < 2))", ["client.ready", "quiet", "0 < client.opens < 2"]),
        ("not (client.ready and quiet)", ["not (client.ready and quiet)"]),
    ],
)
def test_clauses_are_the_parts_as_they_were_written(text: str, clauses: list[str]) -> None:
    query = parse(text, SYSTEM)
    assert [words for words, _ in query.clauses] == clauses
    assert all(parse(words, SYSTEM).expr is expr for words, expr in query.clauses)


# --- the same expressions, by Python's own rules ------------------------------------------------------------


@dataclass(frozen=True)
class Number:
    """A sequence number as the reference for its arithmetic: written apart from the engine's."""

    value: int

    def __add__(self, step: int) -> Number:
        return Number((self.value + step) % 2**BITS)

    __radd__ = __add__

    def __sub__(self, other: int | Number) -> Any:
        if isinstance(other, Number):
            return (self.value - other.value) % 2**BITS
        return Number((self.value - other) % 2**BITS)

    def __lt__(self, other: Number) -> bool:
        return 0 < (other.value - self.value) & 15 < 8

    def __le__(self, other: Number) -> bool:
        return self == other or self < other


class Writer:
    """Writes random truth values, as text."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)

    def truth(self, depth: int) -> str:
        pick = self.rng.randrange(10) if depth else self.rng.randrange(5)
        match pick:
            case 0:
                return self.rng.choice(["client.ready", "server.ready", "last.syn", "quiet", "True", "False"])
            case 1:
                return self.chain(self.whole)
            case 2:
                return self.chain(self.number)
            case 3:
                name, sort = self.rng.choice([("state", STATE), ("opened", OPENED), ("told", TOLD)])
                members = self.rng.choices(sort.members, k=self.rng.randrange(1, 4))
                operand = f"{self.rng.choice(['client', 'server'])}.{name}"
                if self.rng.random() < 0.5:
                    return f"{operand} {self.rng.choice(['==', '!='])} {members[0]}"
                return f"{operand} {self.rng.choice(['in', 'not in'])} ({', '.join(members)},)"
            case 4:
                elements = ", ".join(self.whole(1) for _ in range(self.rng.randrange(1, 4)))
                return f"{self.whole(1)} {self.rng.choice(['in', 'not in'])} ({elements},)"
            case 5:
                return f"({self.truth(depth - 1)} and {self.truth(depth - 1)} and {self.truth(0)})"
            case 6:
                return f"({self.truth(depth - 1)} or {self.truth(depth - 1)})"
            case 7:
                return f"(not {self.truth(depth - 1)})"
            case 8:
                return f"implies({self.truth(depth - 1)}, {self.truth(depth - 1)})"
            case _:
                return f"iff({self.truth(depth - 1)}, {self.truth(depth - 1)})"

    def chain(self, of: Any) -> str:
        links = [of(2)]
        for _ in range(self.rng.choice([1, 1, 2])):
            links += [self.rng.choice(["==", "!=", "<", "<=", ">", ">="]), of(2)]
        return "(" + " ".join(links) + ")"

    def whole(self, depth: int) -> str:
        pick = self.rng.randrange(6 if depth else 3)
        if pick == 0:
            return str(self.rng.randrange(5))
        if pick < 3:
            return self.rng.choice(["client.opens", "server.opens", "last.len", "client.sent", "network.to_server.syn"])
        if pick == 3:
            return f"-{self.whole(depth - 1)}"
        if pick == 4:
            return f"({self.number(depth - 1)} - {self.number(depth - 1)})"
        return f"({self.whole(depth - 1)} {self.rng.choice('+-')} {self.whole(depth - 1)})"

    def number(self, depth: int) -> str:
        if not depth or self.rng.random() < 0.5:
            return self.rng.choice(["client.iss", "client.snd_nxt", "server.iss", "last.seq"])
        step = str(self.rng.randrange(20))
        return f"({self.number(depth - 1)} {self.rng.choice('+-')} {step})"


class _Namespace:
    def __setattr__(self, name: str, value: Any) -> None:
        self.__dict__[name] = value

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


def python_names(state: dict[str, Any]) -> dict[str, Any]:
    """The names of a state, as objects that Python's own evaluation can use."""
    names: dict[str, Any] = {"implies": lambda a, b: not a or b, "iff": lambda a, b: a == b}
    names |= {member: member for enum in (STATE, OPENED, TOLD) for member in enum.members}
    for variable in VARIABLES:
        value = state[variable.name]
        plain = Number(value) if isinstance(variable.sort, Seq) else value
        if variable.name == "last":
            plain = last = _Namespace()
            last.seq, last.syn, last.len = Number(value[0]), value[1], value[2]
        holder, _, attribute = variable.name.rpartition(".")
        if holder:
            setattr(names.setdefault(holder, _Namespace()), attribute, plain)
        else:
            names[attribute] = plain
    bag = state["network.to_server"]
    names["network"].to_server = _Namespace()
    names["network"].to_server.syn = sum(segment[1] for segment in bag)
    names["client"].sent = names["client"].snd_nxt - names["client"].iss
    names["quiet"] = not bag
    return names


def random_state(rng: random.Random) -> dict[str, Any]:
    state = {}
    for variable in VARIABLES:
        if isinstance(variable.sort, Bag):
            elements = tuple(SEGMENT.decode(rng.randrange(3 << 5)) for _ in range(rng.randrange(3)))
            state[variable.name] = variable.sort.canonical(elements)
        elif isinstance(variable.sort, Record):
            state[variable.name] = (rng.randrange(16), rng.random() < 0.5, rng.randrange(3))
        else:
            state[variable.name] = variable.sort.decode(rng.randrange(variable.sort.cardinality))
    return state


def test_expressions_mean_what_python_means_by_them() -> None:
    writer, rng = Writer(793), random.Random(793)
    states = [random_state(rng) for _ in range(4)]
    names = [python_names(state) for state in states]
    outcomes = {True: 0, False: 0}
    for _ in range(3000):
        text = writer.truth(3)
        expr = read(text)
        for state, known in zip(states, names, strict=True):
            expected = bool(eval(text, {"__builtins__": {}}, known))
            assert evaluate(expr, state) is expected, (text, state)
            outcomes[expected] += 1
    assert min(outcomes.values()) > 2000, "both answers must occur"


def test_what_prose_shows_can_be_read_again() -> None:
    writer = Writer(1122)
    again = 0
    for _ in range(500):
        expr = read(writer.truth(2))
        text = show(expr)
        if "occupied(" not in text and " if " not in text:  # what people cannot write
            assert read(text) is expr, text
            again += 1
    assert again > 200


# --- properties from expressions ----------------------------------------------------------------------------


def test_a_property_of_ones_own() -> None:
    prop = property_of("always-1", PropertyKind.ALWAYS, "client.ready and quiet", SYSTEM, Fairness())
    assert prop.predicate is (BY_NAME["client.ready"] & SYSTEM.definitions["quiet"])
    assert (prop.name, prop.sentence, len(prop.clauses)) == ("always-1", "client.ready and quiet", 2)


def test_an_eventually_property_of_ones_own() -> None:
    fairness = Fairness(weak=frozenset({"timer"}))
    plain = property_of("eventually-1", PropertyKind.EVENTUALLY, "client.ready", SYSTEM, fairness)
    assert plain.responses == (Response(goal=BY_NAME["client.ready"]),)
    assert plain.fairness is fairness
    response = property_of("eventually-2", PropertyKind.EVENTUALLY, "implies(quiet, client.ready)", SYSTEM, fairness)
    assert response.responses[0].trigger is SYSTEM.definitions["quiet"]
    assert response.responses[0].goal is BY_NAME["client.ready"]


# --- what is refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says", "marked"),
    [
        # names
        ("client.stat == CLOSED", "there is no `client.stat`; did you mean 'client.state'?", "client.stat"),
        ("sever.state == CLOSED", "did you mean 'server.state'?", "sever.state"),
        ("client.foo.bar == 1", "there is no `client.foo.bar`; client has state, told", "client.foo.bar"),
        ("client == 3", "`client` is not a value by itself; it has state, told", "client"),
        ("state == CLOSED", "did you mean 'client.state' or 'server.state'?", "state"),
        ("client.state == ESTABLISHD", "did you mean 'ESTABLISHED'?", "ESTABLISHD"),
        ("client.state == established", "did you mean 'ESTABLISHED'?", "established"),
        ("client.state == SYN", "did you mean 'SYN_SENT'?", "SYN"),
        ("client.state == SYN-SENT", "is a difference; did you mean 'SYN_SENT'?", "SYN-SENT"),
        ("client.state == FIN-WAIT-1", "did you mean 'FIN_WAIT_1'?", "FIN-WAIT-1"),
        ("xyzzy", "there is no `xyzzy`; names begin with client, server", "xyzzy"),
        ("last.sec == 1", "Segment has no field 'sec'; did you mean 'seq'?", "last.sec"),
        ("client.state.name == 1", "State, which has no fields", "client.state.name"),
        ("implies", "there is no `implies`", "implies"),
        # sorts
        ("client.state == ACTIVE", "State (CLOSED, LISTEN, SYN_SENT, ...) and `ACTIVE` is a value of Opened", None),
        ("client.state == client.iss", "`client.iss` is a sequence number 0..15: they cannot be compared", None),
        ("client.iss == client.opens", "sequence number 0..15 and `client.opens` is a whole number 0..3", None),
        ("client.iss == 16", "16 is not a sequence number: these are 0..15", "16"),
        ("client.iss == -1", "-1 is not a sequence number", "-1"),
        ("client.iss", "`client.iss` is a sequence number 0..15, not a truth value", None),
        ("client.opens + 1", "a whole number 1..4, not a truth value", None),
        ("client.opens and True", "`client.opens` is a whole number 0..3, not a truth value", "client.opens"),
        ("not client.state", "not a truth value", "client.state"),
        ("implies(client.opens, True)", "not a truth value", "client.opens"),
        ("client.state < CLOSED", "`client.state` is a value of State (CLOSED, LISTEN, SYN_SENT, ...), which has no", None),
        ("client.iss + server.iss == 3", "they cannot be added", "client.iss + server.iss"),
        ("client.opens - client.iss == 3", "they cannot be subtracted", "client.opens - client.iss"),
        ("client.opens + True == 3", "they cannot be added", "client.opens + True"),
        ("-client.iss == 3", "only a whole number has a sign", "client.iss"),
        ("True == 1", "`True` is a truth value and `1` is a whole number", None),
        ("client.state in (CLOSED, ACTIVE)", "they cannot be compared", None),
        ("CLOSING == CLOSING", "a member of State and of Told", "CLOSING"),
        ("CLOSING", "a member of State and of Told", None),
        ("network.to_server == network.to_server", "not compared as a whole", "network.to_server"),
        # syntax
        ("", "the expression is empty", ""),
        (" \n ", "the expression is empty", ""),
        ("client.state = CLOSED", "to compare, write ==", "="),
        ("client.ready && quiet", "write `and`", "&"),
        ("client.ready || quiet", "write `or`", "|"),
        ("!client.ready", "write `not`", "!"),
        ("client.ready => quiet", "write implies(a, b)", None),
        ("client.ready -> quiet", "write implies(a, b)", None),
        ("client.ready & quiet", "write `and` instead of &", None),
        ("~client.ready", "write `not` instead of ~", None),
        ("client.state is CLOSED", "write == instead of `is`", None),
        ("client.state == 'CLOSED'", "without quotes", "'CLOSED'"),
        ("client.state == f'{client}'", "without quotes", None),
        ("client.state in [CLOSED]", "after `in` stands a tuple", "[CLOSED]"),
        ("client.state in (CLOSED)", "after `in` stands a tuple", "CLOSED"),
        ("client.state in ()", "at least one value", "()"),
        ("(True, False)", "a tuple can only stand after `in`", None),
        ("quiet if client.ready else True", "write implies(a, b)", None),
        ("client.opens * 2 == 4", "no arithmetic but + and -", "client.opens * 2"),
        ("2 ** 99999999 == 4", "no arithmetic but + and -", "2 ** 99999999"),
        ("client.opens == 1.0", "`1.0` is not part of an expression", "1.0"),
        ("client.opens == None", "`None` is not part of an expression", "None"),
        ("client.opens == 99999999999999999999", "larger than", "99999999999999999999"),
        ("client['state'] == CLOSED", "[...] is not part of an expression", "client['state']"),
        ("(client.ready and", "'(' was never closed", "("),
        ("client.ready quiet", "this is not an expression", None),
        ("client.ready # and so on", "the character '#' has no place", "#"),
        ("client.opens ≤ 3", "the character '\\u2264' has no place", "?"),
        ("client.ready; quiet", "the character ';' has no place", ";"),
        ("client.\0ready", "has no place", "?"),
        ("client.\x1b[31mready", "has no place", "?"),
        ("\ud800", "has no place", "?"),
        # calls
        ("foo(1)", "this is a call; the only ones are implies(a, b) and iff(a, b)", "foo(1)"),
        ("client.state.index(0)", "this is a call", None),
        ("implies(True)", "implies takes two truth values", None),
        ("iff(True, True, True)", "iff takes two truth values", None),
        ("implies(a=True, b=True)", "implies takes two truth values", None),
        ("implies(*last)", "implies takes two truth values", None),
        ("(lambda: True)()", "this is a call", None),
    ],
)
def test_what_is_refused_and_how_it_is_said(text: str, says: str, marked: str | None) -> None:
    message = refusal(text)
    assert says in message
    if marked != "":
        _, shown, marks = message.split("\n")
        start, end = marks.index("^"), marks.rindex("^") + 1
        assert len(shown) >= end - 1
        if marked is not None:
            assert shown[start:end].startswith(marked) or marked.startswith(shown[start:end])
            assert shown[start:end]


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('exit 1')",
        "().__class__.__bases__[0].__subclasses__()",
        "[x for x in (1,)]",
        "{1: 2}",
        "(yield)",
        "await client",
        "(a := 1) == 1",
        "exec('raise SystemExit')",
        "client.__class__ == 1",
        "client.state.__class__ == 1",
        "last.__init__ == 1",
    ],
)
def test_nothing_is_executed_and_no_attribute_of_python_is_reached(text: str) -> None:
    refusal(text)


def test_the_place_is_found_in_a_long_expression() -> None:
    text = " and ".join(["client.ready"] * 40 + ["client.raedy"] + ["quiet"] * 40)
    _, shown, marks = refusal(text).split("\n")
    assert max(len(shown), len(marks)) < 120
    assert shown[marks.index("^") : marks.rindex("^") + 1] == "client.raedy"


def test_long_and_deep_expressions_are_refused() -> None:
    assert f"{LONGEST} are allowed" in refusal("client.ready and " * LONGEST + "True")
    deep = f"nested more than {DEEPEST} deep"
    assert deep in refusal("not " * 500 + "True")
    assert deep in refusal("-" * 3000 + "1 == 1")
    assert deep in refusal("1" + "+1" * 500 + " == 1")
    assert "this is not an expression" in refusal("(" * 1000 + "1" + ")" * 1000)
    assert read("not " * (DEEPEST - 2) + "True") is TRUE
    assert read(" and ".join(["client.ready"] * 200)) is BY_NAME["client.ready"]


def test_a_chain_is_read_once_however_deep(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh, asked = _Reader.fresh_operand, 0

    def counted(reader: _Reader, node: ast.expr) -> object:
        nonlocal asked
        asked += 1
        assert asked < 1000, "it is read again and again"
        return fresh(reader, node)

    monkeypatch.setattr(_Reader, "fresh_operand", counted)
    text = "True"
    for _ in range(90):
        text = f"(True == {text} == True)"
    assert read(text) is TRUE
    assert asked == 90 * 3 + 1, "each chain with its two ends, and the middle of all"


def test_a_system_without_names() -> None:
    with pytest.raises(ExpressionError, match="there is no `x`"):
        parse("x", System("empty", (), ({},), ()))


# --- anything at all ----------------------------------------------------------------------------------------

PIECES = [
    "client", "server", ".", ".state", ".iss", ".opens", ".ready", "last", "quiet", "CLOSED", "CLOSING", "network.to_server",
    ".count", " == ", " != ", " < ", "<=", ">", " in ", " not in ", " and ", " or ", " not ", "implies(", "iff(", "(", ")", ",",
    "+", "-", "1", "16", "True", "False", " ", "\n", "'", '"', "[", "]", "{", "}", "=", ":", "#", "\\", "*", "**", "@",
    "lambda ", " if ", " else ", "0x", "1e9", "1_", "é", "\0", "\t", "__", "f'", "await ", "yield ", ";", "%", "~", "&", "^",
    "is ", "None", "...", ":=", "->", "!",
]  # fmt: skip


def test_whatever_is_written_is_read_or_refused() -> None:
    rng, writer = random.Random(6528), Writer(6528)
    read_well = 0
    for i in range(6000):
        if i % 2:
            text = "".join(rng.choices(PIECES, k=rng.randrange(1, 25)))
        else:
            text = writer.truth(2)
            for _ in range(rng.randrange(3)):
                at = rng.randrange(len(text) + 1)
                text = text[:at] + rng.choice([rng.choice(PIECES), chr(rng.randrange(256)), ""]) + text[at + rng.randrange(4) :]
        try:
            expr = parse(text, NAMES).expr
        except SynproofError as error:
            assert isinstance(error, ExpressionError), text
            assert all(len(line) < 700 for line in str(error).split("\n"))
        else:
            assert expr.sort == BOOL
            read_well += 1
    assert read_well > 800
