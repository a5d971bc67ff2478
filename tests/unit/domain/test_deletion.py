"""Proofs of deletion: each row seals itself and names the one before."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.deletion import Deletion, Due, broken, following, sealed

DUE = Due("calls", 1_000, 7, "retention.calls_days = 40")


def chain(count: int) -> list[Deletion]:
    rows: list[Deletion] = []
    for at in range(count):
        rows.append(following(rows[-1] if rows else None, at, DUE, f"ids-{at}"))
    return rows


def test_the_first_row_has_number_1_and_nothing_before() -> None:
    row = following(None, 5, DUE, "ids")
    assert (row.number, row.before, row.at, row.ids) == (1, "", 5, "ids")
    assert (row.kind, row.until, row.rows, row.policy) == DUE


def test_each_next_row_names_the_hash_of_the_one_before() -> None:
    first, second, third = chain(3)
    assert [one.number for one in (first, second, third)] == [1, 2, 3]
    assert (second.before, third.before) == (first.hash, second.hash)
    assert len({first.hash, second.hash, third.hash}) == 3


def test_a_seal_is_of_what_is_said_not_of_the_seal() -> None:
    row = following(None, 5, DUE, "ids")
    assert sealed(row) == row
    assert sealed(row._replace(hash="something else")) == row


@pytest.mark.parametrize("field", sorted(set(Deletion._fields) - {"hash"}))
def test_every_field_is_sealed(field: str) -> None:
    row = following(None, 5, DUE, "ids")
    held = getattr(row, field)
    other = held + 1 if isinstance(held, int) else held + "x"
    assert sealed(row._replace(**{field: other})).hash != row.hash


def test_an_empty_chain_and_a_whole_one_are_sound() -> None:
    for count in range(5):
        assert broken(chain(count)) == []


def test_a_row_that_is_missing_is_named_by_its_number() -> None:
    first, _, third, fourth = chain(4)
    assert "deletion 2 is missing from the records" in broken([first, third, fourth])


def test_the_first_row_cannot_be_left_out() -> None:
    _, second, third = chain(3)
    told = broken([second, third])
    assert told[0] == "deletion 1 is missing from the records"
    # The rest hangs together among itself; only its beginning is wrong.
    assert [one for one in told if "3" in one] == []


def test_a_row_that_was_changed_is_named_and_the_next_ones_are_not() -> None:
    rows = chain(4)
    rows[1] = rows[1]._replace(rows=0)
    assert broken(rows) == ["the record of deletion 2 was altered"]


def test_a_row_that_was_changed_and_sealed_anew_breaks_the_next() -> None:
    rows = chain(4)
    rows[1] = sealed(rows[1]._replace(rows=0))
    assert broken(rows) == ["the record of deletion 3 was altered"]


def test_rows_in_another_order_are_no_chain() -> None:
    first, second, third = chain(3)
    assert broken([first, third, second])
    assert broken([first, first, second, third])


@given(st.data(), st.integers(2, 6))
def test_to_leave_rows_out_is_found_unless_they_are_the_last(
    data: st.DataObject, count: int
) -> None:
    rows = chain(count)
    kept = data.draw(st.lists(st.sampled_from(range(count)), unique=True).map(sorted))
    told = broken([rows[number] for number in kept])
    assert (not told) == (kept == list(range(len(kept))))
