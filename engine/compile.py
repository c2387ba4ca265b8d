"""The compiling interpretation: Python source over packed integers, generated from the expressions.

`Compiled` holds, for one system, the generated functions

* `successors(s, out, lack)`: appends `(label, t, flags)` to `out` for every enabled action instance of the packed state `s`
  (`t` the successor, `flags` a bit mask of events, bit 0 the overflow of a channel), and counts in `lack` the instances that
  failed only for want of a need;
* `predicates(s)`: a bit mask of which of the given predicates hold in `s`;
* `sends(s, label)`: the messages that a transition sends, dropped ones included.

The source is plain: local integers, shifts, masks, comparisons. Guards are shared: actions whose guards begin with the same
conjunct stand below one `if`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from itertools import count
from typing import Any

from .errors import ValueOutsideSort
from .expr import Expr, Op, postorder
from .layout import Layout
from .sorts import Bag, Bool, Int, Record, Seq, fits
from .system import Action, System

__all__ = ["Compiled"]

Successors = Callable[[int, list[tuple[int, int, int]], list[int]], None]
OVERFLOW = 1  # the flag bit of a message dropped by a full channel


class Compiled:
    """The generated code of one system and a list of predicates over its states.

    `events` are the events that the flags report (none unless asked for: each costs time in every transition).
    """

    def __init__(self, system: System, predicates: Sequence[Expr] = (), events: Iterable[str] = ()) -> None:
        self.system = system
        self.layout = Layout(system)
        self.events = tuple(dict.fromkeys(events))
        self.needs = tuple(dict.fromkeys(name for action in system.actions for name, _ in action.needs))
        self._predicates = tuple(predicates)

    @cached_property
    def source(self) -> str:
        """Source of `successors`."""
        return _SuccessorWriter(self).write()

    @cached_property
    def successors(self) -> Successors:
        """The successor function (see the module's description). Raises ValueOutsideSort when it is run."""
        return self._load(self.source, "successors")  # type: ignore[no-any-return]

    @cached_property
    def predicates(self) -> Callable[[int], int]:
        """Which predicates hold in a packed state, as a bit mask."""
        body = _Block(self, _shared(self._predicates))
        bits = [f"({body.source(p)}) << {i}" if i else f"({body.source(p)})" for i, p in enumerate(self._predicates)]
        lines = ["def predicates(s):", *body.lines, f"    return {' | '.join(bits) or '0'}"]
        return self._load("\n".join(lines), "predicates")  # type: ignore[no-any-return]

    @cached_property
    def sends(self) -> Callable[[int, int], list[tuple[int, int]]]:
        """What a transition sends: (position of the channel among the system's channels, packed element)."""
        position = {channel.variable: i for i, channel in enumerate(self.system.channels)}
        lines = ["def sends(s, label):", "    out = []", f"    action = label >> {self.layout.param_bits}"]
        for index, action in enumerate(self.system.actions):
            if action.sends:
                roots = [e for send in action.sends for e in (send.element, send.when)]
                block = _Block(self, _shared(roots), indent=2)
                lines.append(f"    if action == {index}:")
                block.lines.extend(_unpack_label(action, "        ", block))
                for send in action.sends:
                    condition = block.source(send.when)
                    block.lines.append(
                        f"        if {condition}: out.append(({position[send.channel]}, {block.source(send.element)}))"
                    )
                lines.extend(block.lines)
        return self._load("\n".join([*lines, "    return out"]), "sends")  # type: ignore[no-any-return]

    def _load(self, source: str, name: str) -> Any:
        def outside(action: int, variable: int, value: int) -> None:
            a, v = self.system.actions[action], self.system.variables[variable]
            raise ValueOutsideSort(f"{a.name} sets {v.name} to {value!r}, which is outside {v.sort}")

        scope: dict[str, Any] = {"outside": outside}
        exec(compile(source, f"<{self.system.name}: {name}>", "exec"), scope)
        return scope[name]

    def event_names(self, flags: int) -> list[str]:
        """The events of a flag mask (the overflow is none of them)."""
        return [name for i, name in enumerate(self.events) if flags >> (i + 1) & 1]


def _shared(roots: Iterable[Expr]) -> set[int]:
    """Nodes that are used more than once below the roots: worth a local variable."""
    uses: dict[int, int] = {}
    listed = list(roots)
    for root in listed:
        uses[id(root)] = uses.get(id(root), 0) + 1
    for node in postorder(*listed):
        for arg in node.args:
            uses[id(arg)] = uses.get(id(arg), 0) + 1
    return {node for node, n in uses.items() if n > 1}


def _unpack_label(action: Action, indent: str, block: _Block) -> list[str]:
    lines, shift = [], 0
    for p in reversed(action.params):
        lo = p.sort.lo if isinstance(p.sort, Int) else 0
        text = f"label >> {shift} & {(1 << p.sort.width) - 1}"
        lines.append(f"{indent}p_{p.name} = {f'({text}) + {lo}' if lo else text}")
        block.memo[id(p.expr)] = f"p_{p.name}"
        block.keep.append(p.expr)
        shift += p.sort.width
    return lines


class _Block:
    """Lines of one indentation level, and the expressions that have a name there."""

    def __init__(self, unit: Compiled, shared: set[int], indent: int = 1, parent: _Block | None = None) -> None:
        self.unit, self.shared, self.indent = unit, shared, indent
        self.lines: list[str] = []
        self.memo: dict[int, str] = dict(parent.memo) if parent else {}
        self.slots: dict[int, list[str]] = dict(parent.slots) if parent else {}
        self.keep: list[Expr] = []  # nodes made here stay alive as long as their ids are used as keys
        self.fresh: count[int] = parent.fresh if parent else count()

    def put(self, text: str, deeper: int = 0) -> None:
        """One line of source."""
        self.lines.append("    " * (self.indent + deeper) + text)

    def name(self, text: str) -> str:
        """A new local variable that holds `text`."""
        local = f"t{next(self.fresh)}"
        self.put(f"{local} = {text}")
        return local

    def child(self) -> _Block:
        """A block one level deeper that knows what is named here."""
        return _Block(self.unit, self.shared, self.indent + 1, self)

    # -- values --------------------------------------------------------------------------------------------------
    def source(self, root: Expr) -> str:
        """Source text of a scalar or record expression (records as packed integers)."""
        pending = [root]
        while pending:
            node = pending[-1]
            if id(node) in self.memo:
                pending.pop()
                continue
            missing = [a for a in node.args if not isinstance(a.sort, Bag) and id(a) not in self.memo]
            if missing:
                pending.extend(missing)
                continue
            text = self._write(node)
            if id(node) in self.shared and node.op not in (Op.CONST, Op.PARAM) or len(text) > 400:
                text = self.name(text)
            self.memo[id(node)] = text
            self.keep.append(node)
            pending.pop()
        return self.memo[id(root)]

    def _write(self, node: Expr) -> str:
        return _SOURCE[node.op](self, node, [self.memo.get(id(arg), "") for arg in node.args])

    # -- bags ----------------------------------------------------------------------------------------------------
    def bag(self, root: Expr) -> list[str]:
        """Names of the slots of a bag expression (each slot an integer, 0 if empty)."""
        for node in postorder(root):
            if isinstance(node.sort, Bag) and id(node) not in self.slots:
                self.slots[id(node)] = self._bag(node, node.sort)
                self.keep.append(node)
        return self.slots[id(root)]

    def _bag(self, node: Expr, sort: Bag) -> list[str]:
        if node.op is Op.CONST:
            codes = [sort.element.encode(e) << 1 | 1 for e in node.attr]
            return [str(c) for c in codes] + ["0"] * (sort.capacity - len(codes))
        if node.op is Op.VAR:
            return [self.name(f"s >> {p.offset} & {p.mask}") for p in self.unit.layout.places[node.attr]]
        if node.op is Op.ITE:
            condition = self.source(node.args[0])
            then, otherwise = (self.slots[id(branch)] for branch in node.args[1:])
            return [self.name(f"{a} if {_wrap(condition)} else {b}") for a, b in zip(then, otherwise, strict=True)]
        if node.op is Op.BAG_OF:
            places = [self.name("0") for _ in range(sort.capacity)]
            for keep, element in zip(node.args[::2], node.args[1::2], strict=True):
                test, code = self.source(keep), self.source(element)
                self.put(f"if {test}:")
                self._insert(places, f"{_wrap(code)} << 1 | 1", sort, deeper=1)
            return places
        places = [self.name(slot) for slot in self.slots[id(node.args[0])]]
        code = f"{_wrap(self.source(node.args[1]))} << 1 | 1"
        if node.op is Op.INSERT:
            self.put(f"if not {places[-1]}:")
            self._insert(places, code, sort, deeper=1)
        else:
            assert node.op is Op.REMOVE
            code = self.name(code)
            for i in range(len(places)):
                self.put(f"{'el' if i else ''}if {places[i]} == {code}:")
                moved = [f"{a} = {b}" for a, b in zip(places[i:], [*places[i + 1 :], "0"], strict=True)]
                self.put("; ".join(moved), deeper=1)
        return places

    def _insert(self, places: list[str], code: str, sort: Bag, deeper: int) -> None:
        """Put a slot value into places that have room: at the end of a queue, in descending order in a bag."""
        x = f"t{next(self.fresh)}"
        self.put(f"{x} = {code}", deeper)
        if sort.ordered:
            for i, place in enumerate(places):
                self.put(f"{'el' if i else ''}if not {place}: {place} = {x}", deeper)
        else:
            for place in places[:-1]:
                self.put(f"if {x} > {place}: {place}, {x} = {x}, {place}", deeper)
            self.put(f"{places[-1]} = {x}", deeper)


def _wrap(text: str) -> str:
    return text if text.isidentifier() or text.isdigit() else f"({text})"


def _code(block: _Block, node: Expr, sort: Any) -> str:
    """The encoded form of a scalar or record expression, as a value of `sort`."""
    text = block.source(node)
    if isinstance(sort, Int) and sort.lo:
        return f"({_wrap(text)} - {sort.lo})" if sort.lo > 0 else f"({_wrap(text)} + {-sort.lo})"
    return _wrap(text)


def _const(node: Expr) -> str:
    return str(node.attr) if isinstance(node.sort, Int) else str(node.sort.encode(node.attr))


def _decoded(text: str, sort: Any) -> str:
    return f"({text}) + {sort.lo}" if isinstance(sort, Int) and sort.lo else text


def _write_var(block: _Block, node: Expr, _args: list[str]) -> str:
    (place,) = block.unit.layout.places[node.attr]
    return _decoded(f"s >> {place.offset} & {place.mask}", node.sort)


def _write_member(_block: _Block, node: Expr, args: list[str]) -> str:
    codes = [c if isinstance((s := node.args[0].sort), Int) else s.encode(c) for c in node.attr]
    return f"{_wrap(args[0])} in ({', '.join(map(str, codes))},)"


def _write_field(_block: _Block, node: Expr, args: list[str]) -> str:
    sort = node.args[0].sort
    assert isinstance(sort, Record)
    offset, inner = sort.offsets[node.attr], sort.fields[node.attr][1]
    shifted = f"{_wrap(args[0])} >> {offset}" if offset else _wrap(args[0])
    return _decoded(f"{shifted} & {(1 << inner.width) - 1}", inner)


def _write_record(block: _Block, node: Expr, _args: list[str]) -> str:
    assert isinstance(node.sort, Record)
    known, parts = 0, []
    for (_, sort), offset, arg in zip(node.sort.fields, node.sort.offsets, node.args, strict=True):
        if arg.op is Op.CONST:
            known |= sort.encode(arg.attr) << offset
        elif sort.width:
            parts.append(f"{_code(block, arg, sort)} << {offset}" if offset else _code(block, arg, sort))
    return " | ".join([*parts, str(known)] if known or not parts else parts)


def _modular(text: str, bits: int) -> str:
    return f"{text} & {(1 << bits) - 1}"


def _shift(_b: _Block, n: Expr, a: list[str]) -> str:
    assert isinstance(n.sort, Seq)
    return _modular(f"({_wrap(a[0])} + {_wrap(a[1])})", n.sort.bits)


def _distance(_b: _Block, n: Expr, a: list[str]) -> str:
    assert isinstance(n.args[0].sort, Seq)
    return _modular(f"({_wrap(a[0])} - {_wrap(a[1])})", n.args[0].sort.bits)


def _join(word: str) -> Callable[[_Block, Expr, list[str]], str]:
    return lambda _b, _n, a: f" {word} ".join(_wrap(x) for x in a)


def _not_a_value(_b: _Block, node: Expr, _a: list[str]) -> str:
    raise AssertionError(f"{node.op} makes a bag, which has slots and no single value")


_SOURCE: dict[Op, Callable[[_Block, Expr, list[str]], str]] = {
    Op.CONST: lambda b, n, a: _const(n),
    Op.VAR: _write_var,
    Op.PARAM: lambda b, n, a: f"p_{n.attr}",
    Op.NOT: lambda b, n, a: f"not {_wrap(a[0])}",
    Op.AND: _join("and"),
    Op.OR: _join("or"),
    Op.EQ: _join("=="),
    Op.ITE: lambda b, n, a: f"{_wrap(a[1])} if {_wrap(a[0])} else {_wrap(a[2])}",
    Op.MEMBER: _write_member,
    Op.ADD: _join("+"),
    Op.SUB: _join("-"),
    Op.LT: _join("<"),
    Op.LE: _join("<="),
    Op.CLAMP: lambda b, n, a: f"min(max({a[0]}, {n.attr[0]}), {n.attr[1]})",
    Op.SHIFT: _shift,
    Op.DISTANCE: _distance,
    Op.ORDINAL: lambda b, n, a: a[0],
    Op.RECORD: _write_record,
    Op.FIELD: _write_field,
    Op.HAS: lambda b, n, a: f"{b.bag(n.args[0])[n.attr]} != 0",
    Op.ITEM: lambda b, n, a: f"{b.bag(n.args[0])[n.attr]} >> 1",
    Op.INSERT: _not_a_value,
    Op.REMOVE: _not_a_value,
    Op.BAG_OF: _not_a_value,
}
INTERPRETED = frozenset(_SOURCE)


class _SuccessorWriter:
    """Writes the source of `successors`: one tree of guards per group of actions that share their parameters."""

    def __init__(self, unit: Compiled) -> None:
        self.unit, self.layout, self.system = unit, unit.layout, unit.system
        self.variable_index = {v.name: i for i, v in enumerate(self.system.variables)}

    def write(self) -> str:
        roots = [
            e
            for a in self.system.actions
            for e in (*a.guard, *(e for pairs in (a.needs, a.effects) for _, e in pairs), a.overflow)
        ]
        top = _Block(self.unit, _shared(roots))
        for node in postorder(*(conjunct for action in self.system.actions for conjunct in action.guard)):
            if node.op is Op.VAR:  # what guards read is unpacked once per state
                if isinstance(node.sort, Bag):
                    top.bag(node)
                else:
                    top.source(node)
        groups: dict[tuple[Any, ...], list[Action]] = {}
        for action in self.system.actions:
            groups.setdefault(action.params, []).append(action)
        for params, actions in groups.items():
            self._loops(top, params, actions)
        return "\n".join(["def successors(s, out, lack):", *top.lines, "    return"])

    def _loops(self, top: _Block, params: tuple[Any, ...], actions: list[Action]) -> None:
        block, label = top, ""
        opened: list[tuple[_Block, _Block]] = []
        for p in params:
            inner = block.child()
            local = f"p_{p.name}"
            width = p.sort.width
            if p.channel is None:
                lo = p.sort.lo if isinstance(p.sort, Int) else 0
                block.put(f"for {local} in range({lo}, {lo + p.sort.cardinality}):")
                code = f"({local} - {lo})" if lo else local
            else:
                sort = self.system.by_name[p.channel].sort
                assert isinstance(sort, Bag)
                places = block.bag(self.system.by_name[p.channel].expr)[: 1 if sort.ordered else None]
                inner.slots = dict(block.slots)
                block.put(f"last_{p.name} = 0")
                block.put(f"for slot_{p.name} in ({', '.join(places)},):")
                inner.put(f"if slot_{p.name} == 0: break")
                inner.put(f"if slot_{p.name} == last_{p.name}: continue")
                inner.put(f"last_{p.name} = slot_{p.name}")
                inner.put(f"{local} = slot_{p.name} >> 1")
                code = local
            label = f"({label} << {width} | {code})" if label else code
            opened.append((block, inner))
            block = inner
        self._tree(block, [(action, action.guard) for action in actions], label)
        for outer, inner in reversed(opened):
            outer.lines.extend(inner.lines)

    def _tree(self, block: _Block, entries: list[tuple[Action, tuple[Expr, ...]]], label: str) -> None:
        groups: dict[int, tuple[Expr, list[tuple[Action, tuple[Expr, ...]]]]] = {}
        for action, guard in entries:
            if guard:
                groups.setdefault(id(guard[0]), (guard[0], []))[1].append((action, guard[1:]))
            else:
                self._leaf(block, action, label)
        previous: Expr | None = None
        alone = True  # whether the condition before this one stands in an `if`, and not in an `elif`
        for condition, below in groups.values():
            word = _chained(previous, condition, alone)
            if word == "elif":
                trial = block.child()  # a condition that needs lines of its own cannot follow an `if` directly
                text = trial.source(condition)
                word = "if" if trial.lines else word
            if word == "if":
                text = block.source(condition)
            block.put("else:" if word == "else" else f"{word} {text}:")
            inner = block.child()
            self._tree(inner, below, label)
            block.lines.extend(inner.lines)
            previous, alone = (condition if word != "else" else None), word == "if"

    def _leaf(self, outer: _Block, action: Action, label: str) -> None:
        blocks = [outer]
        for name, need in action.needs:
            block = blocks[-1]
            block.put(f"if not {_wrap(block.source(need))}: lack[{self.unit.needs.index(name)}] += 1")
            block.put("else:")
            blocks.append(block.child())
        self._emit(blocks[-1], action, self.system.action_index[action.name], label)
        for inner, block in zip(reversed(blocks), reversed(blocks[:-1]), strict=False):
            block.lines.extend(inner.lines)

    def _emit(self, block: _Block, action: Action, index: int, label: str) -> None:
        cleared, known, parts = 0, 0, []
        for name, value in action.effects:
            sort, places = self.system.by_name[name].sort, self.layout.places[name]
            for place in places:
                cleared |= place.mask << place.offset
            if isinstance(sort, Bag):
                parts += [f"{slot} << {p.offset}" for slot, p in zip(block.bag(value), places, strict=True)]
            elif value.op is Op.CONST and sort.contains(value.attr):
                known |= sort.encode(value.attr) << places[0].offset
            else:
                code = _code(block, value, sort)
                if not fits(value.sort, sort):
                    text = block.source(value)
                    assert isinstance(sort, Int)
                    block.put(
                        f"if not {sort.lo} <= {_wrap(text)} <= {sort.hi}: "
                        f"outside({index}, {self.variable_index[name]}, {text})"
                    )
                if isinstance(sort, Bool) and not code.isidentifier():
                    code = f"(1 if {code} else 0)"
                if places[0].width:
                    parts.append(f"{code} << {places[0].offset}")
        flags = [(1, action.overflow)] if action.overflow.op is not Op.CONST or action.overflow.attr else []
        flags += [(2 << self.unit.events.index(name), e) for name, e in action.events if name in self.unit.events]
        mask = " | ".join(f"({bit} if {_wrap(block.source(e))} else 0)" for bit, e in flags) or "0"
        keep = (1 << self.layout.width) - 1 & ~cleared
        parts = [f"s & {keep}" if cleared else "s", *parts, *([str(known)] if known else [])]
        head = f"{index << self.layout.param_bits}{f' | {label}' if label else ''}"
        block.put(f"out.append(({head}, {' | '.join(parts)}, {mask}))")


def _chained(previous: Expr | None, condition: Expr, alone: bool) -> str:
    """How an `if` follows the one before it: `else` if it is its negation, `elif` if both cannot hold, else `if`.

    After an `elif` there is no `else`: it would mean the negation of all conditions in the chain.
    """
    if previous is None:
        return "if"
    if condition.op is Op.NOT and condition.args[0] is previous or previous.op is Op.NOT and previous.args[0] is condition:
        return "else" if alone else "if"
    if condition.op is Op.EQ and previous.op is Op.EQ and condition.args[0] is previous.args[0]:
        a, b = condition.args[1], previous.args[1]
        if a.op is Op.CONST and b.op is Op.CONST and a is not b:
            return "elif"
    return "if"
