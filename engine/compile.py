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
from typing import Any

from .errors import ValueOutsideSort
from .expr import Expr, Op, postorder
from .layout import Layout
from .reductions.mirror import Mirror
from .sorts import Bag, Bool, Int, fits
from .source import Block, Form, Whole, code_of, shared, wrap
from .system import Action, System

__all__ = ["OVERFLOW", "Compiled", "SuccessorWriter"]

Successors = Callable[[int, list[tuple[int, int, int]], list[int]], None]
OVERFLOW = 1  # the flag bit of a message dropped by a full channel


class Compiled:
    """The generated code of one system and a list of predicates over its states.

    `events` are the events that the flags report (none unless asked for: each costs time in every transition). With `mirror`,
    successors are those states that stand for themselves and their mirror images.
    """

    def __init__(
        self, system: System, predicates: Sequence[Expr] = (), events: Iterable[str] = (), mirror: Mirror | None = None
    ) -> None:
        self.system = system
        self.layout = Layout(system)
        self.events = tuple(dict.fromkeys(events))
        self.needs = tuple(dict.fromkeys(name for action in system.actions for name, _ in action.needs))
        self.watched = tuple(predicates)
        self.mirror = mirror

    def standing(self, state: int) -> int:
        """The packed state that stands for one: itself, or its mirror image."""
        return state if self.mirror is None else self.mirror.canonical(state)

    @cached_property
    def source(self) -> str:
        """Source of `successors`."""
        return SuccessorWriter(self, Whole(self.layout)).write()

    @cached_property
    def successors(self) -> Successors:
        """The successor function (see the module's description). Raises ValueOutsideSort when it is run."""
        return self._load(self.source, "successors")  # type: ignore[no-any-return]

    @cached_property
    def predicates(self) -> Callable[[int], int]:
        """Which predicates hold in a packed state, as a bit mask."""
        body = Block(Whole(self.layout), shared(self.watched))
        mask = mask_of(body, self.watched)
        lines = ["def predicates(s):", *body.lines, f"    return {mask}"]
        return self._load("\n".join(lines), "predicates")  # type: ignore[no-any-return]

    @cached_property
    def sends(self) -> Callable[[int, int], list[tuple[int, int]]]:
        """What a transition sends: (position of the channel among the system's channels, packed element)."""
        position = {channel.variable: i for i, channel in enumerate(self.system.channels)}
        lines = ["def sends(s, label):", "    out = []", f"    action = label >> {self.layout.param_bits}"]
        for index, action in enumerate(self.system.actions):
            if action.sends:
                roots = [e for send in action.sends for e in (send.element, send.when)]
                block = Block(Whole(self.layout), shared(roots), indent=2)
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

        scope: dict[str, Any] = {"outside": outside, "standing": self.standing}
        exec(compile(source, f"<{self.system.name}: {name}>", "exec"), scope)
        return scope[name]

    def event_names(self, flags: int) -> list[str]:
        """The events of a flag mask (the overflow is none of them)."""
        return [name for i, name in enumerate(self.events) if flags >> (i + 1) & 1]


def _unpack_label(action: Action, indent: str, block: Block) -> list[str]:
    lines, shift = [], 0
    for p in reversed(action.params):
        lo = p.sort.lo if isinstance(p.sort, Int) else 0
        text = f"label >> {shift} & {(1 << p.sort.width) - 1}"
        lines.append(f"{indent}p_{p.name} = {f'({text}) + {lo}' if lo else text}")
        block.memo[id(p.expr)] = f"p_{p.name}"
        block.keep.append(p.expr)
        shift += p.sort.width
    return lines


def mask_of(block: Block, predicates: Sequence[Expr]) -> str:
    """Source of the bit mask of which predicates hold; what it needs is written into the block."""
    bits = [f"({block.source(p)}) << {i}" if i else f"({block.source(p)})" for i, p in enumerate(predicates)]
    return " | ".join(bits) or "0"


class SuccessorWriter:
    """Writes the source of `successors`: one tree of guards per group of actions that share their parameters."""

    def __init__(self, unit: Compiled, form: Form) -> None:
        self.unit, self.form, self.layout, self.system = unit, form, unit.layout, unit.system
        self.variable_index = {v.name: i for i, v in enumerate(self.system.variables)}

    def write(self) -> str:
        roots = [
            e
            for a in self.system.actions
            for e in (*a.guard, *(e for pairs in (a.needs, a.effects) for _, e in pairs), a.overflow)
        ]
        top = Block(self.form, shared(roots), self.indent)
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
        return self.whole(top.lines)

    # -- how a transition is given back --------------------------------------------------------------------------
    indent = 1  # of the first line of the body

    def whole(self, lines: list[str]) -> str:
        """The function, given the lines of its body."""
        return "\n".join(["def successors(s, out, lack):", *lines, "    return"])

    def outside(self, action: int, variable: int, text: str) -> str:
        """What is done where a value is outside its sort."""
        return f"outside({action}, {variable}, {text})"

    def emit(self, label: str, cleared: int, parts: list[tuple[int, str]], known: int, flags: str) -> str:
        """What is done with a transition; `cleared` are the bits that change, `parts` their values with their offsets."""
        keep = (1 << self.layout.width) - 1 & ~cleared
        texts = [f"s & {keep}" if cleared else "s", *(f"{text} << {at}" for at, text in parts)]
        texts += [str(known)] if known else []
        after = " | ".join(texts)
        return f"out.append(({label}, {after if self.unit.mirror is None else f'standing({after})'}, {flags}))"

    # -- guards --------------------------------------------------------------------------------------------------

    def _loops(self, top: Block, params: tuple[Any, ...], actions: list[Action]) -> None:
        block, label = top, ""
        opened: list[tuple[Block, Block]] = []
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

    def _tree(self, block: Block, entries: list[tuple[Action, tuple[Expr, ...]]], label: str) -> None:
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

    def _leaf(self, outer: Block, action: Action, label: str) -> None:
        blocks = [outer]
        for name, need in action.needs:
            block = blocks[-1]
            block.put(f"if not {wrap(block.source(need))}: lack[{self.unit.needs.index(name)}] += 1")
            block.put("else:")
            blocks.append(block.child())
        self._emit(blocks[-1], action, self.system.action_index[action.name], label)
        for inner, block in zip(reversed(blocks), reversed(blocks[:-1]), strict=False):
            block.lines.extend(inner.lines)

    def _emit(self, block: Block, action: Action, index: int, label: str) -> None:
        cleared, known = 0, 0
        parts: list[tuple[int, str]] = []
        for name, value in action.effects:
            sort, places = self.system.by_name[name].sort, self.layout.places[name]
            for place in places:
                cleared |= place.mask << place.offset
            if isinstance(sort, Bag):
                parts += [(place.offset, slot) for slot, place in zip(block.bag(value), places, strict=True)]
            elif value.op is Op.CONST and sort.contains(value.attr):
                known |= sort.encode(value.attr) << places[0].offset
            else:
                code = code_of(block, value, sort)
                if not fits(value.sort, sort):
                    text = block.source(value)
                    assert isinstance(sort, Int)
                    block.put(
                        f"if not {sort.lo} <= {wrap(text)} <= {sort.hi}: "
                        f"{self.outside(index, self.variable_index[name], text)}"
                    )
                if isinstance(sort, Bool) and not code.isidentifier():
                    code = f"(1 if {code} else 0)"
                if places[0].width:
                    parts.append((places[0].offset, code))
        flags = [(1, action.overflow)] if action.overflow.op is not Op.CONST or action.overflow.attr else []
        flags += [(2 << self.unit.events.index(name), e) for name, e in action.events if name in self.unit.events]
        mask = " | ".join(f"({bit} if {wrap(block.source(e))} else 0)" for bit, e in flags) or "0"
        head = f"{index << self.layout.param_bits}{f' | {label}' if label else ''}"
        block.put(self.emit(head, cleared, parts, known, mask))


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
