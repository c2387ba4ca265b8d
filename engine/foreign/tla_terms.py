"""The tla interpretation: expressions as TLA+ text, in which a bag is a sequence of records in canonical order.

An expression that is long and needed twice in one action is named there once, by LET.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..expr import Expr, Op, postorder
from ..sorts import Bag, Bool, Enum, Int, Record, Seq, Sort, Value
from ..system import System
from .common import Names, operand, uses

__all__ = ["INTERPRETED", "Terms", "View", "set_of"]

_WORDS = """
 ACTION ASSUME ASSUMPTION AXIOM BOOLEAN BY CASE CHOOSE CONSTANT CONSTANTS COROLLARY DEF DEFINE DEFS DOMAIN ELSE ENABLED
EXCEPT EXTENDS FALSE FiniteSets HAVE HIDE IF IN INSTANCE Init Int Integers LAMBDA LEMMA LET LOCAL MODULE NEW Nat Next
OBVIOUS OMITTED OTHER PICK PROOF PROPOSITION PROVE QED RECURSIVE SF_ SUBSET SUFFICES STATE STRING Seq Sequences Spec
TAKE TEMPORAL THEN THEOREM TRUE TypeOK UNCHANGED UNION USE VARIABLE VARIABLES WF_ WITH WITNESS Append Head Len SelectSeq
SubSeq Tail Cardinality IsFiniteSet Bit Clamp Elements First Item Quiescent Take m bag capacity vars x lo hi default b c
i j k
"""
RESERVED = frozenset(_WORDS.split())
"""Words that TLA+, its standard modules or the exported text use for something else."""

_TIGHTER = frozenset({Op.EQ, Op.LT, Op.LE, Op.NOT, Op.HAS, Op.MEMBER})  # what stands beside /\ and \/ as it is
LONG = 60  # characters of a text that is worth a name if it is needed twice


class Terms:
    """The TLA+ text of constants and names over one system."""

    def __init__(self, system: System) -> None:
        self.names = Names(RESERVED)
        self.variables: Mapping[str, str] = {v.name: self.names.new(v.name) for v in system.variables}
        self.sorts: dict[Record, str] = {}
        self.defaults: dict[Record, str] = {}
        self.params: dict[str, str] = {}
        self.locals: list[str] = []

    def sort(self, sort: Record) -> str:
        """The name of the set of all records of a sort."""
        if sort not in self.sorts:
            self.sorts[sort] = self.names.new(sort.name)
        return self.sorts[sort]

    def param(self, name: str) -> str:
        """What a parameter is called."""
        if name not in self.params:
            self.params[name] = self.names.new(name)
        return self.params[name]

    def local(self, number: int) -> str:
        """What is named by LET, by number within an action."""
        while len(self.locals) < number:
            self.locals.append(self.names.new(f"x{len(self.locals) + 1}"))
        return self.locals[number - 1]

    def value(self, value: Value, sort: Sort) -> str:
        """A constant."""
        if isinstance(sort, Bool):
            return "TRUE" if value else "FALSE"
        if isinstance(sort, Enum):
            return f'"{value}"'
        if isinstance(sort, Record):
            return _record_text(sort, [self.value(v, s) for v, (_, s) in zip(value, sort.fields, strict=True)])
        if isinstance(sort, Bag):
            return f"<<{', '.join(self.value(v, sort.element) for v in value)}>>"
        return str(value)

    def default(self, sort: Sort) -> str:
        """The name of what an empty place of a bag reads as."""
        assert isinstance(sort, Record)
        if sort not in self.defaults:
            self.defaults[sort] = self.names.new(f"No{self.sort(sort)}")
        return self.defaults[sort]

    def put(self, bag: str, message: str, sort: Bag) -> str:
        """A bag with one message more."""
        return f"{self.sort(sort.element)}{'Append' if sort.ordered else 'Put'}({bag}, {message}, {sort.capacity})"


def _record_text(sort: Record, texts: list[str]) -> str:
    return f"[{', '.join(f'{name} |-> {text}' for (name, _), text in zip(sort.fields, texts, strict=True))}]"


def set_of(sort: Sort, terms: Terms) -> str:
    """The set of all values of a scalar or record sort."""
    if isinstance(sort, Bool):
        return "BOOLEAN"
    if isinstance(sort, Enum):
        return "{" + ", ".join(f'"{member}"' for member in sort.members) + "}"
    if isinstance(sort, Record):
        return terms.sort(sort)
    return f"{sort.lo}..{sort.hi}" if isinstance(sort, Int) else f"0..{sort.cardinality - 1}"


class View:
    """Texts of the expressions of one action or property, and the names given to those that are long and needed twice."""

    def __init__(self, terms: Terms, needed: tuple[Expr, ...]) -> None:
        self.terms, self._uses = terms, uses(needed)
        self.texts: dict[int, str] = {}
        self.let: dict[str, str] = {}  # name -> text, in the order in which they depend on one another
        self._kept = needed

    def text(self, root: Expr) -> str:
        """The text of an expression."""
        for node in postorder(root):
            if id(node) not in self.texts:
                text = _TEXT[node.op](self, node, [self.texts[id(arg)] for arg in node.args])
                self.texts[id(node)] = self._named(node, text)
        return self.texts[id(root)]

    def _named(self, node: Expr, text: str) -> str:
        if len(text) <= LONG or self._uses[id(node)] < 2 or node.op is Op.CONST:
            return text
        name = self.terms.local(len(self.let) + 1)
        self.let[name] = text
        return name


def _join(sign: str) -> Callable[[View, Expr, list[str]], str]:
    return lambda _v, _n, a: f" {sign} ".join(map(operand, a))


def _junction(sign: str) -> Callable[[View, Expr, list[str]], str]:
    return lambda _v, n, a: f" {sign} ".join(
        text if node.op in _TIGHTER else operand(text) for node, text in zip(n.args, a, strict=True)
    )


def _not(view: View, node: Expr, a: list[str]) -> str:
    (inner,) = node.args
    if inner.op is not Op.EQ or a[0] in view.let:
        return f"~{operand(a[0])}"
    return " # ".join(operand(view.texts[id(arg)]) for arg in inner.args)


def _modulo(text: str, sort: Sort) -> str:
    assert isinstance(sort, Seq)
    return f"({text}) % {1 << sort.bits}"


def _field(_view: View, node: Expr, a: list[str]) -> str:
    sort = node.args[0].sort
    assert isinstance(sort, Record)
    return f"{operand(a[0])}.{sort.fields[node.attr][0]}"


def _record(_view: View, node: Expr, a: list[str]) -> str:
    """All fields, or another record with some of them changed."""
    sort = node.sort
    assert isinstance(sort, Record)
    bases = {
        arg.args[0] for i, arg in enumerate(node.args) if arg.op is Op.FIELD and arg.attr == i and arg.args[0].sort == sort
    }
    for base in bases if len(bases) == 1 else ():
        kept = [arg.op is Op.FIELD and arg.attr == i and arg.args[0] is base for i, arg in enumerate(node.args)]
        if sum(kept) * 2 > len(a):
            changed = [f"!.{n} = {t}" for (n, _), t, same in zip(sort.fields, a, kept, strict=True) if not same]
            text = a[kept.index(True)].rpartition(".")[0]
            return f"[{text} EXCEPT {', '.join(changed)}]" if changed else text
    return _record_text(sort, a)


def _bag(node: Expr) -> Bag:
    assert isinstance(node.sort, Bag)
    return node.sort


def _bag_of(view: View, node: Expr, a: list[str]) -> str:
    sort, text = _bag(node), "<<>>"
    put = f"{view.terms.sort(sort.element)}{'AppendIf' if sort.ordered else 'PutIf'}"
    for keep, message in zip(a[::2], a[1::2], strict=True):
        text = f"{put}({keep}, {text}, {message}, {sort.capacity})"
    return text


_TEXT: dict[Op, Callable[[View, Expr, list[str]], str]] = {
    Op.CONST: lambda v, n, a: v.terms.value(n.attr, n.sort),
    Op.VAR: lambda v, n, a: v.terms.variables[n.attr],
    Op.PARAM: lambda v, n, a: v.terms.param(n.attr),
    Op.NOT: _not,
    Op.AND: _junction("/\\"),
    Op.OR: _junction("\\/"),
    Op.EQ: _join("="),
    Op.ITE: lambda v, n, a: f"(IF {a[0]} THEN {a[1]} ELSE {a[2]})",
    Op.MEMBER: lambda v, n, a: f"{operand(a[0])} \\in {{{', '.join(v.terms.value(x, n.args[0].sort) for x in n.attr)}}}",
    Op.ADD: _join("+"),
    Op.SUB: _join("-"),
    Op.LT: _join("<"),
    Op.LE: _join("<="),
    Op.CLAMP: lambda v, n, a: f"Clamp({a[0]}, {n.attr[0]}, {n.attr[1]})",
    Op.SHIFT: lambda v, n, a: _modulo(f"{operand(a[0])} + {operand(a[1])}", n.sort),
    Op.DISTANCE: lambda v, n, a: _modulo(f"{operand(a[0])} - {operand(a[1])}", n.args[0].sort),
    Op.ORDINAL: lambda v, n, a: a[0],
    Op.RECORD: _record,
    Op.FIELD: _field,
    Op.HAS: lambda v, n, a: f"Len({a[0]}) >= {n.attr + 1}",
    Op.ITEM: lambda v, n, a: f"Item({a[0]}, {n.attr + 1}, {v.terms.default(n.sort)})",
    Op.INSERT: lambda v, n, a: v.terms.put(a[0], a[1], _bag(n)),
    Op.REMOVE: lambda v, n, a: f"Take({a[0]}, {a[1]})",
    Op.BAG_OF: _bag_of,
}
INTERPRETED = frozenset(_TEXT)
