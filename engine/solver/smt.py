"""The smt interpretation: what every operator means as a Z3 term over bit-vectors and truth values (and nothing else).

| sort | term | the same packed, as variables and fields of records are kept |
|---|---|---|
| `Bool` | truth value | truth value (one bit in a record) |
| `Int` | signed bit-vector that holds every value of the node | unsigned bit-vector, value - lo |
| `Enum`, `Seq`, `Record` | their encoding (`engine.sorts`) | the same |
| `Bag` | tuple of slots, each a bit-vector as in `engine.layout` | the same |

A bit-vector has at least one bit: what needs none (an enumeration of one member) is the constant 0. Whole numbers widen at
each node as their sorts do, so nothing ever wraps. Expressions are read node by node without recursion.

This is the only module that imports Z3, and it does so when it is first used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager
from ctypes import ArgumentError
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from threading import Thread
from typing import Any, TypeAlias

from ..expr import Expr, Op, postorder
from ..sorts import Bag, Bool, Enum, Int, Record, Seq, Sort, Value

__all__ = [
    "Answer", "Bundle", "Leaf", "Reading", "Term", "ask", "element_in", "flat", "literal", "new_solver", "one_shot_solver",
    "solver_module", "symbol", "value_in", "within", "work",
]  # fmt: skip

Term: TypeAlias = Any  # a z3.BoolRef or z3.BitVecRef
Leaf: TypeAlias = Any  # the packed form of a value: a Term, or for a bag the tuple of its slots


@cache
def solver_module() -> Any:
    """Z3's Python module, imported on the first call.

    Python may collect garbage in any thread, and with it terms, while Z3 is at work in another: unless Z3 is told of that, the
    two meet in its memory.
    """
    import z3

    z3.Z3_enable_concurrent_dec_ref(z3.main_ctx().ref())
    return z3


# ---- packed values ---------------------------------------------------------------------------------------------------


def symbol(sort: Sort, name: str) -> Leaf:
    """A new unknown of a sort, packed. It may take codes that stand for no value: `within` rules them out."""
    z3 = solver_module()
    if isinstance(sort, Bool):
        return z3.Bool(name)
    if isinstance(sort, Bag):
        return tuple(z3.BitVec(f"{name}.{i}", sort.slot_width) for i in range(sort.capacity))
    return z3.BitVec(name, sort.width) if sort.width else _bits(0, 1)


def literal(sort: Sort, value: Value) -> Leaf:
    """A concrete value, packed."""
    if isinstance(sort, Bool):
        return solver_module().BoolVal(value)
    if isinstance(sort, Bag):
        codes = [sort.element.encode(element) << 1 | 1 for element in value]
        return tuple(_bits(code, sort.slot_width) for code in codes + [0] * (sort.capacity - len(codes)))
    return _bits(sort.encode(value), max(1, sort.width))


def value_in(model: Any, sort: Sort, leaf: Leaf) -> Value:
    """The value that a packed unknown has in a Z3 model."""
    if isinstance(sort, Bool):
        return solver_module().is_true(model.eval(leaf, model_completion=True))
    if isinstance(sort, Bag):
        codes = [model.eval(slot, model_completion=True).as_long() for slot in leaf]
        return tuple(sort.element.decode(code >> 1) for code in codes if code)
    return sort.decode(model.eval(leaf, model_completion=True).as_long())


def within(sort: Sort, leaf: Leaf) -> list[Term]:
    """Conditions under which a packed unknown is the code of a value: members, bounds, canonical bags."""
    z3 = solver_module()
    if isinstance(sort, Enum | Int):
        full = sort.cardinality == 1 << sort.width
        return [] if full else [z3.ULE(leaf, _bits(sort.cardinality - 1, sort.width))]
    if isinstance(sort, Record):
        parts = zip(sort.fields, sort.offsets, strict=True)
        return [c for (_, inner), at in parts if inner.width for c in _within_field(inner, at, leaf)]
    if isinstance(sort, Bag):
        conditions: list[Term] = []
        for slot in leaf:
            conditions.append(z3.Or(slot == 0, z3.Extract(0, 0, slot) == 1))
            conditions += [z3.Or(slot == 0, c) for c in within(sort.element, element_in(sort, slot))]
        for first, second in pairwise(leaf):
            conditions.append(z3.Or(first != 0, second == 0) if sort.ordered else z3.UGE(first, second))
        return conditions
    return []


def _within_field(sort: Sort, offset: int, leaf: Term) -> list[Term]:
    return [] if isinstance(sort, Bool) else within(sort, solver_module().Extract(offset + sort.width - 1, offset, leaf))


# ---- widths ----------------------------------------------------------------------------------------------------------


def _bits(value: int, width: int) -> Term:
    return solver_module().BitVecVal(value, width)


def _signed_width(*sorts: Sort) -> int:
    """Bits of a signed bit-vector that holds the values of all these sorts of whole numbers."""
    width = 0
    for sort in sorts:
        assert isinstance(sort, Int)
        width = max(width, *((end if end >= 0 else ~end).bit_length() for end in (sort.lo, sort.hi)))
    return width + 1


def _extended(term: Term, width: int) -> Term:
    """A signed bit-vector in `width` bits; must have room."""
    missing = width - term.size()
    return solver_module().SignExt(missing, term) if missing else term


def _truncated(term: Term, width: int) -> Term:
    """The low bits of a bit-vector, or its signed extension."""
    return solver_module().Extract(width - 1, 0, term) if term.size() > width else _extended(term, width)


def _unpacked(sort: Sort, packed: Term) -> Term:
    """A term from its packed form."""
    if not isinstance(sort, Int):
        return packed
    width = _signed_width(sort)
    if not sort.width:
        return _bits(sort.lo, width)
    if width > packed.size():
        packed = solver_module().ZeroExt(width - packed.size(), packed)
    return packed + sort.lo if sort.lo else packed  # modulo 2^width, where the sum fits


def _packed(term: Term, sort: Sort, target: Sort) -> Term:
    """The packed form, as a value of `target`, of a term of sort `sort`. What lies outside `target` wraps."""
    if not isinstance(target, Int):
        return term
    if not target.width:
        return _bits(0, 1)
    width = _signed_width(sort, target)
    moved = _extended(term, width)
    return _truncated(moved - target.lo if target.lo else moved, target.width)


def element_in(sort: Bag, slot: Term) -> Term:
    """The element in a slot of a bag."""
    return solver_module().Extract(sort.slot_width - 1, 1, slot) if sort.element.width else _bits(0, 1)


def _slot(sort: Bag, element: Term) -> Term:
    """The occupied slot that holds an element."""
    return solver_module().Concat(element, _bits(1, 1)) if sort.element.width else _bits(1, 1)


# ---- reading ---------------------------------------------------------------------------------------------------------


class Reading:
    """Reads expressions as Z3 terms over packed state variables and packed parameters (by name).

    `picks` tells of a parameter that is an element of a channel from which: (the channel, for each of its places whether it
    is the one picked). Taking that element out needs no comparison then.
    """

    def __init__(
        self, state: Mapping[str, Leaf], params: Mapping[str, Leaf] | None = None,
        picks: Mapping[str, tuple[str, Sequence[Term]]] | None = None,
    ) -> None:  # fmt: skip
        self.state = state
        self.params = params or {}
        self.picks = picks or {}
        self._done: dict[int, Any] = {}
        self._keep: list[Expr] = []  # nodes stay alive as long as their ids are used as keys

    def term(self, root: Expr) -> Any:
        """The term of an expression (a tuple of slots for a bag)."""
        if id(root) not in self._done:
            for node in postorder(root):
                if id(node) not in self._done:
                    self._done[id(node)] = _TERM[node.op](self, node, [self._done[id(arg)] for arg in node.args])
                    self._keep.append(node)
        return self._done[id(root)]

    def packed(self, root: Expr, target: Sort) -> Leaf:
        """The packed form of an expression as a value of `target`. A whole number outside `target` wraps."""
        return _packed(self.term(root), root.sort, target)


Args = list[Any]


def _const(_r: Reading, node: Expr, _a: Args) -> Any:
    if isinstance(node.sort, Int):
        return _bits(node.attr, _signed_width(node.sort))
    return literal(node.sort, node.attr)


def _eq(_r: Reading, node: Expr, a: Args) -> Term:
    return _alike(node, a[0], a[1], lambda x, y: x == y)


def _alike(node: Expr, left: Term, right: Term, join: Callable[[Term, Term], Term]) -> Term:
    """Two terms joined after both have been brought to the same number of bits."""
    if isinstance(node.args[0].sort, Int):
        width = _signed_width(node.args[0].sort, node.args[1].sort)
        return join(_extended(left, width), _extended(right, width))
    return join(left, right)


def _ite(_r: Reading, node: Expr, a: Args) -> Any:
    z3, (condition, then, otherwise) = solver_module(), a
    if isinstance(node.sort, Bag):
        return tuple(z3.If(condition, x, y) for x, y in zip(then, otherwise, strict=True))
    if isinstance(node.sort, Int):
        width = _signed_width(node.sort)
        then, otherwise = _extended(then, width), _extended(otherwise, width)
    return z3.If(condition, then, otherwise)


def _member(_r: Reading, node: Expr, a: Args) -> Term:
    z3, sort = solver_module(), node.args[0].sort
    if isinstance(sort, Int):
        codes = [_bits(value, a[0].size()) for value in node.attr if sort.contains(value)]
    else:
        codes = [literal(sort, value) for value in node.attr]
    return z3.Or([a[0] == code for code in codes])


def _arithmetic(join: Callable[[Term, Term], Term]) -> Callable[[Reading, Expr, Args], Term]:
    """Whole numbers: both in as many bits as the result, whose sort holds it whatever they are."""

    def read(_r: Reading, node: Expr, a: Args) -> Term:
        width = _signed_width(node.sort, node.args[0].sort, node.args[1].sort)
        return _truncated(join(_extended(a[0], width), _extended(a[1], width)), _signed_width(node.sort))

    return read


def _clamp(_r: Reading, node: Expr, a: Args) -> Term:
    z3, (lo, hi) = solver_module(), node.attr
    width = _signed_width(node.sort, node.args[0].sort)
    number, least, most = _extended(a[0], width), _bits(lo, width), _bits(hi, width)
    return _truncated(z3.If(number < least, least, z3.If(number > most, most, number)), _signed_width(node.sort))


def _shift(_r: Reading, node: Expr, a: Args) -> Term:
    assert isinstance(node.sort, Seq)
    return a[0] + _truncated(a[1], node.sort.bits) if node.sort.bits else a[0]


def _distance(_r: Reading, node: Expr, a: Args) -> Term:
    if not node.args[0].sort.width:
        return _bits(0, _signed_width(node.sort))
    return solver_module().ZeroExt(1, a[0] - a[1])


def _ordinal(_r: Reading, node: Expr, a: Args) -> Term:
    return solver_module().ZeroExt(1, a[0]) if node.args[0].sort.width else _bits(0, _signed_width(node.sort))


def _record(_r: Reading, node: Expr, a: Args) -> Term:
    assert isinstance(node.sort, Record)
    z3, parts = solver_module(), []
    for (_, sort), arg, term in zip(node.sort.fields, node.args, a, strict=True):
        if sort.width:
            packed = _packed(term, arg.sort, sort)
            parts.append(z3.If(packed, _bits(1, 1), _bits(0, 1)) if isinstance(sort, Bool) else packed)
    if not parts:
        return _bits(0, 1)
    return z3.Concat(*reversed(parts)) if len(parts) > 1 else parts[0]


def _field(_r: Reading, node: Expr, a: Args) -> Term:
    outer = node.args[0].sort
    assert isinstance(outer, Record)
    sort, offset = outer.fields[node.attr][1], outer.offsets[node.attr]
    if not sort.width:
        return _unpacked(sort, _bits(0, 1))
    packed = solver_module().Extract(offset + sort.width - 1, offset, a[0])
    return packed == 1 if isinstance(sort, Bool) else _unpacked(sort, packed)


def _bag_sort(node: Expr) -> Bag:
    assert isinstance(node.sort, Bag)
    return node.sort


def _item(_r: Reading, node: Expr, a: Args) -> Term:
    return element_in(_bag_sort(node.args[0]), a[0][node.attr])


def _put(sort: Bag, slots: tuple[Term, ...], slot: Term, when: Term) -> tuple[Term, ...]:
    """The slots after `slot` has been put in where `when` holds and there is room: last in a queue, in order in a bag."""
    z3, places = solver_module(), []
    free = z3.And(when, slots[-1] == 0)
    if sort.ordered:
        for i, place in enumerate(slots):
            here = z3.And(free, place == 0, slots[i - 1] != 0) if i else z3.And(free, place == 0)
            places.append(z3.If(here, slot, place))
    else:
        above = z3.BoolVal(True)  # is everything before this place at least as large as the new slot
        for i, place in enumerate(slots):
            less = z3.ULT(place, slot)
            moved = z3.If(above, slot, slots[i - 1]) if i else slot
            places.append(z3.If(z3.And(free, less), moved, place))
            above = z3.Not(less)
    return tuple(places)


def _insert(_r: Reading, node: Expr, a: Args) -> tuple[Term, ...]:
    sort = _bag_sort(node)
    return _put(sort, a[0], _slot(sort, a[1]), solver_module().BoolVal(True))


def _remove(r: Reading, node: Expr, a: Args) -> tuple[Term, ...]:
    z3, sort, (bag, element) = solver_module(), _bag_sort(node), node.args
    slots, gone = a[0], _slot(sort, a[1])
    here = [place == gone for place in slots]
    if element.op is Op.PARAM and bag.op is Op.VAR and r.picks.get(element.attr, ("",))[0] == bag.attr:
        flags = r.picks[element.attr][1]
        here = [*flags, *[z3.BoolVal(False)] * (sort.capacity - len(flags))]
    places, found = [], z3.BoolVal(False)
    for place, following, this in zip(slots, (*slots[1:], _bits(0, sort.slot_width)), here, strict=True):
        found = z3.Or(found, this)
        places.append(z3.If(found, following, place))
    return tuple(places)


def _bag_of(_r: Reading, node: Expr, a: Args) -> tuple[Term, ...]:
    sort = _bag_sort(node)
    slots: tuple[Term, ...] = literal(sort, ())
    for condition, element in zip(a[::2], a[1::2], strict=True):
        slots = _put(sort, slots, _slot(sort, element), condition)
    return slots


def _connective(name: str) -> Callable[[Reading, Expr, Args], Term]:
    return lambda _r, _n, a: getattr(solver_module(), name)(*a)


_TERM: dict[Op, Callable[[Reading, Expr, Args], Any]] = {
    Op.CONST: _const,
    Op.VAR: lambda r, n, a: _unpacked(n.sort, r.state[n.attr]),
    Op.PARAM: lambda r, n, a: _unpacked(n.sort, r.params[n.attr]),
    Op.NOT: _connective("Not"),
    Op.AND: _connective("And"),
    Op.OR: _connective("Or"),
    Op.EQ: _eq,
    Op.ITE: _ite,
    Op.MEMBER: _member,
    Op.ADD: _arithmetic(lambda x, y: x + y),
    Op.SUB: _arithmetic(lambda x, y: x - y),
    Op.LT: lambda r, n, a: _alike(n, a[0], a[1], lambda x, y: x < y),
    Op.LE: lambda r, n, a: _alike(n, a[0], a[1], lambda x, y: x <= y),
    Op.SHIFT: _shift,
    Op.DISTANCE: _distance,
    Op.CLAMP: _clamp,
    Op.ORDINAL: _ordinal,
    Op.RECORD: _record,
    Op.FIELD: _field,
    Op.HAS: lambda r, n, a: a[0][n.attr] != 0,
    Op.ITEM: _item,
    Op.INSERT: _insert,
    Op.REMOVE: _remove,
    Op.BAG_OF: _bag_of,
}
INTERPRETED = frozenset(_TERM)


# ---- working with terms ----------------------------------------------------------------------------------------------


def flat(leaves: Iterable[Leaf]) -> list[Term]:
    """The terms of which leaves are made: the slots of a bag one by one."""
    return [term for leaf in leaves for term in (leaf if isinstance(leaf, tuple) else (leaf,))]


class Bundle:
    """Terms that are instantiated together, so that what they share is worked on once."""

    def __init__(self, terms: Sequence[Term]) -> None:
        z3 = solver_module()
        self._count = len(terms)
        together = z3.Function("together", *(term.sort() for term in terms), z3.BoolSort()) if terms else None
        self._term = together(*terms) if together is not None else None

    def at(self, known: Sequence[tuple[Term, Term]]) -> list[Term]:
        """The terms with symbols replaced, simplified."""
        if not self._count:
            return []
        z3 = solver_module()
        with _interruptible():
            term = z3.simplify(z3.substitute(self._term, *known) if known else self._term)
        return [term.arg(i) for i in range(self._count)]


# ---- asking ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """What Z3 said: "sat", "unsat" or "unknown"; for "sat" the model, for "unknown" the solver's reason."""

    verdict: str
    model: Any = None
    reason: str = ""


def new_solver() -> Any:
    """An incremental solver for bit-vectors and truth values, always with the same seed."""
    solver = solver_module().SolverFor("QF_FD")
    solver.set("random_seed", 0)
    return solver


def one_shot_solver() -> Any:
    """A solver for one problem that is given in one piece: slower to begin with, and twice as fast where it is hard."""
    z3 = solver_module()
    stages = ("simplify", "propagate-values", "solve-eqs", "elim-uncnstr", "simplify", "bit-blast", "sat")
    solver = z3.Then(*stages).solver()
    solver.set("random_seed", 0)
    return solver


def ask(
    solver: Any, *assumptions: Term, timeout: float | None = None, over: Callable[[], str] | None = None,
    most: int | None = None,
) -> Answer:  # fmt: skip
    """Check a solver under assumptions, for at most `timeout` seconds, or until `over` (asked now and then) gives a reason to
    stop, with at most so much `work`. A keyboard interrupt ends it. A solver that was stopped is of no further use.
    """
    z3 = solver_module()
    solver.set("timeout", _FOR_EVER if timeout is None else max(1, int(timeout * 1000)))
    if most is not None:
        solver.set("rlimit", most)
    said = _check(solver, assumptions, over)
    if isinstance(said, str):
        return Answer("unknown", reason=said)
    if said == z3.unknown:
        return Answer("unknown", reason=solver.reason_unknown() or "no reason given")
    return Answer("sat", solver.model()) if said == z3.sat else Answer("unsat")


def _check(solver: Any, assumptions: Sequence[Term], over: Callable[[], str] | None) -> Any:
    """What `check` says, or `over`, from a thread of its own, while this one waits for it or for an interrupt.

    Z3 takes the interrupt signal for itself while it checks, and forgets one that comes just before it has its answer; of many
    short checks each is just before. So it is told to leave the signal alone, and to stop when the signal has come here. Nor
    is its own limit of memory of use: it ends the whole process.
    """
    solver.set("ctrl_c", False)
    done: Future[Any] = Future()

    def run() -> None:
        try:
            done.set_result(solver.check(*assumptions))
        except BaseException as error:
            done.set_exception(error)

    checking = Thread(target=run, name="Z3")
    checking.start()
    try:
        while over is not None and not wait([done], EVERY).done:
            if reason := over():
                _stop(solver, checking)
                return reason
        said = done.result()
        checking.join()  # what it still holds of Z3 it lets go of before Z3 is asked again
        return said
    except KeyboardInterrupt:
        _stop(solver, checking)
        raise


def _stop(solver: Any, checking: Thread) -> None:
    while checking.is_alive():  # an interrupt that comes before the check has begun would be forgotten
        solver.interrupt()
        checking.join(0.05)


def work(solver: Any) -> int:
    """How much Z3 has done so far in this process: grows with the time it takes, but is the same on every machine."""
    known = solver.statistics()
    return int(known.get_key_value(_WORK)) if _WORK in known.keys() else 0  # noqa: SIM118 (it is no mapping)


EVERY = 0.1  # seconds between two questions whether a check has to stop
_WORK = "rlimit count"
_FOR_EVER = 0xFFFFFFFF  # milliseconds: Z3's own word for no limit


@contextmanager
def _interruptible() -> Iterator[None]:
    """Where Z3 raises its own exception for Ctrl-C, the KeyboardInterrupt that it swallowed."""
    try:
        yield
    except (solver_module().Z3Exception, ArgumentError) as error:  # ctypes wraps what is raised while it converts arguments
        if any(word in str(error) for word in ("keyboard", "KeyboardInterrupt", "interrupted", "canceled")):
            raise KeyboardInterrupt from error
        raise
