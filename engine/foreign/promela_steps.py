"""Effects as Promela statements: assignments in an order in which none reads what another has already changed.

All effects of an action happen at once; Promela's statements happen one after the other, within one `d_step`. A value that no
order can save, or that is long and needed more than once, is kept in a scratch variable, which is 0 again at the end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..expr import TRUE, Expr, Op, all_of, const, has, item, negate, postorder, var
from ..rewriting import substitute
from ..sorts import Bag, Bool, Int, Record, Sort, fits
from ..system import Action, System
from .common import operand, uses
from .promela_terms import Terms, View

__all__ = ["Statements", "type_of"]

HUGE = 400  # characters of a text that is worth a scratch variable if it is needed twice
_MARK = re.compile(r"@(\d+)@")


def type_of(sort: Sort) -> str:
    """The narrowest type of Promela for a scalar or a message, as it stands before a variable; `{}` is the variable."""
    if isinstance(sort, Bool):
        return "bit {}"
    if isinstance(sort, Int):
        if sort.lo < 0:
            return "short {}" if sort.lo >= -(1 << 15) and sort.hi < 1 << 15 else "int {}"
        width = max(1, sort.hi.bit_length())
    else:
        width = max(1, sort.width + isinstance(sort, Record))
    return "bit {}" if width == 1 else f"unsigned {{}} : {width}"


@dataclass
class _Stage:
    """One thing done to a bag where it stands, if a condition holds (the first value).

    `put`, `remove`: a message. `map`: each slot becomes the next message if the next condition holds, else it is emptied.
    `fill`: the bag is emptied, then filled with messages in the same way.
    """

    verb: str
    values: list[Expr]
    before: tuple[Expr, ...] = ()  # what the values read of the bag as it was before all stages


@dataclass
class _Job:
    """An assignment (no stages), or all that happens to one bag: what it writes, and the values it needs."""

    writes: str
    values: list[Expr]
    stages: tuple[_Stage, ...] = ()


class Statements:
    """Writes the effects of the actions of one system; collects the scratch variables that they need."""

    def __init__(self, system: System, terms: Terms) -> None:
        self.system, self.terms = system, terms
        self.scratch: dict[str, list[str]] = {}  # type -> scratch variables of that type

    def of(self, action: Action) -> list[str]:
        """The statements of an action's effects, in the order in which they are carried out."""
        return _Writer(self, action, action.effects).write()

    def of_check(self, action: Action, check: str, condition: Expr) -> list[str]:
        """The statements of a check (`check`, with {} for the condition) before an action does anything."""
        writer = _Writer(self, action, ())
        writer.uses = uses([condition])
        writer.lines.append(check.format(writer.view.text(condition)))
        return writer.registers()


class _Writer:
    def __init__(self, unit: Statements, action: Action, effects: Sequence[tuple[str, Expr]]) -> None:
        self.unit, self.terms = unit, unit.terms
        self.channels = {p.name: p.channel for p in action.params if p.channel is not None}
        self.lines: list[str] = []
        self.kept: list[str] = []  # the type of each value that is kept in scratch
        self.view = View(self.terms, self._shorten)
        self.jobs = [self._job(name, value) for name, value in effects]
        self.uses = uses([value for job in self.jobs for value in job.values])

    def write(self) -> list[str]:
        """All statements."""
        for node in (node for job in self.jobs for stage in job.stages for node in stage.before):
            self.view.texts[id(node)] = self._scratch(node.sort, self.view.text(node))
        texts = {job.writes: [self.view.text(value) for value in job.values] for job in self.jobs}
        jobs = list(self.jobs)
        while jobs:
            reads = {job.writes: self._reads(job.values, texts[job.writes]) for job in jobs}
            ready = [job for job in jobs if not any(job.writes in reads[o.writes] for o in jobs if o is not job)]
            job = ready[0] if ready else jobs[0]
            jobs.remove(job)
            for other in jobs:
                self._keep(other.values, texts[other.writes], job.writes)
            self._carry_out(job, texts[job.writes])
        return self.registers()

    # -- what is read, and what is kept --------------------------------------------------------------------------
    def _variables(self, value: Expr) -> Iterator[str]:
        """The variables that the text of a value reads (what is kept in scratch hides what is below it)."""
        seen, pending = set(), [value]
        while pending:
            node = pending.pop()
            if id(node) in seen or _MARK.fullmatch(self.view.texts.get(id(node), "")):
                continue
            seen.add(id(node))
            pending.extend(node.args)
            if node.op is Op.VAR:
                yield str(node.attr)
            elif node.op is Op.PARAM and node.attr in self.channels:
                yield str(self.channels[node.attr])

    def _reads(self, values: Sequence[Expr], texts: Sequence[str]) -> set[str]:
        """The variables that must still be as they were when the texts are used."""
        pairs = zip(values, texts, strict=True)
        return {name for value, text in pairs if not _MARK.fullmatch(text) for name in self._variables(value)}

    def _keep(self, values: Sequence[Expr], texts: list[str], name: str) -> None:
        """Keep those values that read a variable which is about to change."""
        for i, value in enumerate(values):
            if not _MARK.fullmatch(texts[i]) and name in self._variables(value):
                texts[i] = self._scratch(value.sort, texts[i])

    def _scratch(self, sort: Sort, text: str) -> str:
        self.kept.append(type_of(sort))
        self.lines.append(f"@{len(self.kept) - 1}@ = {text}")
        return f"@{len(self.kept) - 1}@"

    def _shorten(self, node: Expr, text: str) -> str:
        """A long text that is needed twice is kept; not what speaks of a bag that is being changed."""
        worth = self.uses[id(node)] > 1 and self.terms.length(text) > HUGE
        return self._scratch(node.sort, text) if worth and not any(n.endswith("'") for n in self._variables(node)) else text

    # -- jobs ----------------------------------------------------------------------------------------------------
    def _job(self, name: str, value: Expr) -> _Job:
        variable = self.unit.system.by_name[name]
        if not isinstance(variable.sort, Bag):
            return _Job(name, [value])
        after = var(f"{name}'", variable.sort)  # the bag as it is when a stage begins
        self.view.slots[id(after)] = self.terms.places[name]
        self.view.kept.append(after)
        self.view.local.add(id(after))
        mine = frozenset(param for param, channel in self.channels.items() if channel == name)
        stages = tuple(_Changes(variable.expr, after, mine).to(value))
        return _Job(name, [v for stage in stages for v in stage.values], stages)

    def _carry_out(self, job: _Job, texts: list[str]) -> None:
        sort = self.unit.system.by_name[job.writes].sort
        if not isinstance(sort, Bag):
            (value,), (text,), (place,) = job.values, texts, self.terms.places[job.writes]
            if isinstance(sort, Int) and not fits(value.sort, sort):
                bounds = [f"{operand(text)} >= {sort.lo}"] if value.sort.lo < sort.lo else []  # type: ignore[attr-defined]
                bounds += [f"{operand(text)} <= {sort.hi}"] if value.sort.hi > sort.hi else []  # type: ignore[attr-defined]
                self.lines.append(f"assert({' && '.join(bounds)})")
            self.lines.append(f"{place} = {text}")
            return
        at = 0
        for stage in job.stages:
            end = at + len(stage.values)
            later = texts[end:]  # what later stages read of the bag as it was is kept now
            self._keep(job.values[end:], later, job.writes)
            texts[end:] = later
            if stage.verb == "fill":
                messages = texts[at + 1 : end]
                self._keep(stage.values[1:], messages, job.writes)
                texts[at + 1 : end] = messages
            self.lines.extend(_guarded(texts[at], _done(stage.verb, job.writes, self.terms, texts[at + 1 : end])))
            at = end

    # -- scratch variables ---------------------------------------------------------------------------------------
    def registers(self) -> list[str]:
        """The statements with scratch variables for what is kept, each used again as soon as nothing needs it."""
        last = {int(mark): i for i, line in enumerate(self.lines) for mark in _MARK.findall(line)}
        held: dict[int, str] = {}
        used: dict[str, None] = {}
        free: dict[str, list[str]] = {kind: list(reversed(names)) for kind, names in self.unit.scratch.items()}
        lines = []
        for i, line in enumerate(self.lines):
            target = re.match(r"@(\d+)@ = ", line)
            read = {int(mark) for mark in _MARK.findall(line[target.end() :] if target else line)}
            names = {mark: held[mark] for mark in read}
            for mark in sorted(read):
                if last[mark] == i:
                    free[self.kept[mark]].append(held.pop(mark))
            if target:
                number = int(target[1])
                names[number] = held[number] = self._register(self.kept[number], free)
                used[names[number]] = None
            lines.append(_MARK.sub(lambda found: names[int(found[1])], line))  # noqa: B023
        return [*lines, *(f"{name} = 0" for name in used)]

    def _register(self, kind: str, free: dict[str, list[str]]) -> str:
        if not free.setdefault(kind, []):
            name = self.terms.names.new("scratch", str(sum(map(len, self.unit.scratch.values()))))
            self.unit.scratch.setdefault(kind, []).append(name)
            return name
        return free[kind].pop()


@dataclass(frozen=True, eq=False)
class _Changes:
    """What is done to one bag, step by step, to make another value of it.

    `after` stands for the bag as it is when a step begins; `params` are the parameters picked from it.
    """

    bag: Expr
    after: Expr
    params: frozenset[str]

    def to(self, value: Expr, condition: Expr = TRUE, begin: Expr | None = None) -> Iterator[_Stage]:
        """The stages that make the bag `value` where the condition holds, if it is `begin` before."""
        begin = self.bag if begin is None else begin
        if value is begin:
            return
        if value.op is Op.ITE:
            test, then, otherwise = value.args
            shared = next((base for base in _bases(then) if base in _bases(otherwise)), begin)
            yield from self.to(shared, condition, begin)
            yield from self.to(then, all_of(condition, test), shared)
            yield from self.to(otherwise, all_of(condition, negate(test)), shared)
        elif value.op in (Op.INSERT, Op.REMOVE):
            yield from self.to(value.args[0], condition, begin)
            yield _Stage("put" if value.op is Op.INSERT else "remove", [condition, value.args[1]])
        elif value.op is Op.BAG_OF:
            yield from self._anew(value, condition, begin)
        else:
            assert value.op is Op.CONST
            messages = [const(message, self.bag.sort.element) for message in value.attr]  # type: ignore[attr-defined]
            yield _Stage("fill", [condition, *(part for message in messages for part in (TRUE, message))])

    def _anew(self, value: Expr, condition: Expr, begin: Expr) -> Iterator[_Stage]:
        """A bag listed anew: in its place where each slot becomes something that depends on no other slot."""
        read = [node.args[0] for node in postorder(*value.args) if node.op in (Op.HAS, Op.ITEM)]
        if read:
            base, slots = read[-1], range(len(value.args) // 2)
            now = {f(base, i): f(self.after, i) for i in slots for f in (has, item)}
            parts = [substitute(part, now) for part in value.args]
            before = self._before(parts)
            if len(slots) == self.bag.sort.capacity and before is not None:  # type: ignore[attr-defined]
                yield from self.to(base, condition, begin)
                yield _Stage("map", [condition, *parts], tuple(before))
                return
        yield _Stage("fill", [condition, *value.args])

    def _before(self, parts: Sequence[Expr]) -> dict[Expr, None] | None:
        """What the parts read of the bag as it was, or None if one reads another slot than its own of the bag as it is."""
        old, new = set(), set()  # nodes that speak of the bag as it was, as it is
        for node in postorder(*parts):
            if node is self.bag or node.op is Op.PARAM and node.attr in self.params or any(arg in old for arg in node.args):
                old.add(node)
            if node is self.after or any(arg in new for arg in node.args):
                new.add(node)
        found: dict[Expr, None] = {}
        for i, part in enumerate(parts):
            pending, seen = [part], {part}
            while pending:
                node = pending.pop()
                if node in new and node.op in (Op.HAS, Op.ITEM) and node.args[0] is self.after and node.attr != i // 2:
                    return None
                if node in old and node not in new:
                    found[node] = None
                    continue
                pending += [arg for arg in node.args if arg not in seen]
                seen.update(node.args)
        return None if any(isinstance(node.sort, Bag) for node in found) else found


def _bases(value: Expr) -> dict[Expr, None]:
    """A bag, and the bags that it is made of by putting in and taking out."""
    found = {value: None}
    while value.op in (Op.INSERT, Op.REMOVE):
        value = value.args[0]
        found[value] = None
    return found


def _done(verb: str, bag: str, terms: Terms, texts: Sequence[str]) -> list[str]:
    """The statements of one stage."""
    places = terms.places[bag]
    settle = [f"{terms.verb(bag, 'settle')}()"] if len(places) > 1 else []
    if verb == "remove":
        return [f"{terms.verb(bag, 'remove')}({texts[0]})"]
    if verb == "put":
        return _guarded(f"{places[-1]} == 0", [f"{places[-1]} = {texts[0]}", *settle])
    pairs = list(zip(texts[::2], texts[1::2], strict=True))
    if verb == "map":
        return [*(f"{p} = {_if(keep, message)}" for p, (keep, message) in zip(places, pairs, strict=True)), *settle]
    lines = [f"{place} = 0" for place in places]
    for keep, message in pairs:
        lines += _guarded(keep, [f"{places[-1]} = {message}", *settle])
    return lines


def _if(condition: str, text: str) -> str:
    return text if condition == "true" else f"({condition} -> {text} : 0)"


def _guarded(condition: str, lines: list[str]) -> list[str]:
    if condition == "true":
        return lines
    return [f"if\n:: {condition} ->\n" + ";\n".join(f"   {line}" for line in lines) + "\n:: else\nfi"]
