"""Sorts: values and their encodings, what belongs and what does not, and errors that name the mistake."""

from __future__ import annotations

import pytest

from synproof.engine.errors import LanguageError, UnknownName, ValueOutsideSort
from synproof.engine.sorts import BOOL, Bag, Bool, Enum, Int, Record, Seq, Sort, Value, common, fits, record_of

from .formulas import SORTS, Formulas

STATE = Enum("State", ("CLOSED", "LISTEN", "ESTABLISHED"))
SEGMENT = Record("Segment", (("seq", Seq(4)), ("syn", BOOL), ("len", Int(1, 3))))
HEAP, QUEUE = Bag(SEGMENT, 3), Bag(SEGMENT, 3, ordered=True)
A, B, C = SEGMENT.value(seq=1, len=1), SEGMENT.value(seq=2, len=1), SEGMENT.value(seq=2, syn=True, len=1)


# ---- encodings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sort", SORTS, ids=str)
def test_decode_undoes_encode_within_the_width(sort: Sort) -> None:
    draw = Formulas(0)
    values = [draw.value(sort) for _ in range(100)]
    for value in values:
        assert sort.contains(value)
        code = sort.encode(value)
        assert 0 <= code < 1 << sort.width
        assert sort.decode(code) == value


@pytest.mark.parametrize("sort", [sort for sort in SORTS if not isinstance(sort, Record | Bag)], ids=str)
def test_scalars_list_their_values_in_the_order_of_their_encodings(sort: Sort) -> None:
    values = list(sort.values())
    assert [sort.encode(value) for value in values] == list(range(sort.cardinality))
    assert sort.width == (sort.cardinality - 1).bit_length()
    assert sort.default == values[0]


@pytest.mark.parametrize("sort", SORTS, ids=str)
def test_different_values_have_different_encodings(sort: Sort) -> None:
    draw = Formulas(1)
    codes: dict[int, Value] = {}
    for _ in range(300):
        value = draw.value(sort)
        assert codes.setdefault(sort.encode(value), value) == value


def test_a_record_has_its_first_field_lowest() -> None:
    assert SEGMENT.encode(SEGMENT.value(seq=5, syn=True, len=3)) == 5 | 1 << 4 | 2 << 5
    assert SEGMENT.width == 4 + 1 + 2


def test_an_empty_slot_is_zero_and_a_full_one_is_odd() -> None:
    zero = SEGMENT.default
    assert HEAP.encode(()) == 0
    assert HEAP.encode((zero,)) == 1
    assert HEAP.decode(1) == (zero,)


@pytest.mark.parametrize("sort", [SEGMENT, HEAP], ids=str)
def test_the_values_of_records_and_bags_are_not_listed(sort: Sort) -> None:
    with pytest.raises(LanguageError, match="not enumerated"):
        list(sort.values())


# ---- what belongs ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sort", "value"),
    [
        (BOOL, 1), (BOOL, 0), (BOOL, "True"), (Int(0, 3), True), (Int(0, 3), 4), (Int(0, 3), -1), (Int(0, 3), 1.0),
        (Seq(3), 8), (Seq(3), -1), (Seq(3), False), (STATE, "SYN"), (STATE, 0), (SEGMENT, (1, True)), (SEGMENT, (1, 1, 1)),
        (SEGMENT, [1, True, 1]), (HEAP, (A, B)), (HEAP, (C, B, A, A)), (QUEUE, (A, A, A, A)),
        (HEAP, ((1, True, 9),)), (HEAP, [A]),
    ],
)  # fmt: skip
def test_a_value_of_something_else_does_not_belong(sort: Sort, value: Value) -> None:
    assert not sort.contains(value)
    with pytest.raises(ValueOutsideSort, match="thing = ") as error:
        sort.check(value, "thing")
    assert str(sort) in str(error.value)


def test_canonical_bags_and_queues_belong() -> None:
    assert HEAP.contains((C, B, A)) and HEAP.contains((B, B)) and HEAP.contains(())
    assert QUEUE.contains((A, C, B))


def test_a_bag_is_listed_in_descending_order_and_a_queue_as_it_came() -> None:
    assert HEAP.canonical((A, C, B)) == (C, B, A)
    assert QUEUE.canonical((A, C, B)) == (A, C, B)


def test_insertion_keeps_the_order_and_a_full_bag_as_it_is() -> None:
    assert HEAP.insert((C, A), B) == (C, B, A)
    assert QUEUE.insert((C, A), B) == (C, A, B)
    assert HEAP.insert((C, B, A), A) == (C, B, A)
    assert QUEUE.insert((A, A, A), B) == (A, A, A)


def test_removal_takes_one_copy_and_the_first_of_a_queue() -> None:
    assert HEAP.remove((B, B, A), B) == (B, A)
    assert QUEUE.remove((A, B, A), A) == (B, A)
    assert HEAP.remove((B, A), C) == (B, A)


# ---- records ---------------------------------------------------------------------------------------------------------


def test_fields_that_are_not_given_have_their_default() -> None:
    assert SEGMENT.value(syn=True) == (0, True, 1)
    assert SEGMENT.as_dict((0, True, 1)) == {"seq": 0, "syn": True, "len": 1}


def test_a_field_that_does_not_exist_is_named_with_the_nearest_one() -> None:
    with pytest.raises(UnknownName, match=r"Segment has no field 'sequ'; did you mean 'seq'\?"):
        SEGMENT.value(sequ=1)


def test_a_field_outside_its_sort_is_named() -> None:
    with pytest.raises(ValueOutsideSort, match=r"Segment\.len = 0 is outside Int\(1\.\.3\)"):
        SEGMENT.value(len=0)


def test_two_fields_of_one_name_are_refused() -> None:
    with pytest.raises(LanguageError, match="two fields of one name"):
        Record("R", (("a", BOOL), ("a", BOOL)))


def test_a_field_may_not_hide_what_every_expression_has() -> None:
    with pytest.raises(LanguageError, match="sort cannot be a field's name"):
        record_of({"sort": BOOL}, "R")


# ---- sorts that make no sense, and how sorts go together ------------------------------------------------------------


def test_an_empty_range_is_refused() -> None:
    with pytest.raises(LanguageError, match=r"Int\(3, 2\) has no values"):
        Int(3, 2)


def test_a_bag_without_room_is_refused() -> None:
    with pytest.raises(LanguageError, match="capacity of at least 1, not 0"):
        Bag(SEGMENT, 0)


def test_sorts_are_compared_by_structure() -> None:
    assert Bool() == BOOL
    assert Int(0, 3) == Int(0, 3) != Int(0, 4)
    assert Seq(3) != Seq(4)
    assert Enum("E", ("a",)) != Enum("F", ("a",))


def test_whole_numbers_widen_and_nothing_else_does() -> None:
    assert common(Int(0, 3), Int(-2, 1)) == Int(-2, 3)
    assert common(Seq(3), Seq(4)) is None and common(Int(0, 7), Seq(3)) is None and common(BOOL, Int(0, 1)) is None
    assert common(STATE, STATE) == STATE
    assert fits(Int(1, 2), Int(0, 3)) and not fits(Int(0, 4), Int(0, 3)) and not fits(Seq(3), Seq(4))


@pytest.mark.parametrize("sort", SORTS, ids=str)
def test_every_sort_shows_its_values(sort: Sort) -> None:
    text = sort.show(Formulas(2).value(sort))
    assert text
