"""Columns of Python values as Arrow: what the database reads is what was there."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage import native

FIELDS = (("text", "u"), ("long", "l"), ("int", "i"), ("truth", "b"))
# DuckDB's text holds no halves of pairs, and neither does anything that is stored.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
ROWS = st.lists(
    st.tuples(
        st.none() | TEXT,
        st.none() | st.integers(-(2**63), 2**63 - 1),
        st.none() | st.integers(-(2**31), 2**31 - 1),
        st.none() | st.booleans(),
    ),
    max_size=40,
)


class Stream:
    def __init__(self, columns: tuple[Any, ...], fields: Any = FIELDS) -> None:
        self.columns, self.fields = columns, fields

    def __arrow_c_schema__(self) -> object:
        return native.scan.arrow_schema(self.fields)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return native.scan.arrow_stream(self.fields, self.columns)


def read_back(columns: tuple[Any, ...], fields: Any = FIELDS) -> list[tuple[Any, ...]]:
    with duckdb.connect(":memory:") as connection:
        connection.register("given", Stream(columns, fields))
        return connection.execute("select * from given").fetchall()


@given(ROWS)
def test_values_survive_the_trip(rows: list[tuple[Any, ...]]) -> None:
    columns = tuple(map(list, zip(*rows, strict=True))) or ([], [], [], [])
    assert read_back(columns) == rows


def test_the_same_stream_can_be_read_again_and_again() -> None:
    stream = Stream((["a", "a", None], [1, 2, 3], [4, 5, 6], [True, False, None]))
    with duckdb.connect(":memory:") as connection:
        connection.register("given", stream)
        for _ in range(3):
            found = connection.execute("select sum(long), max(text) from given")
            assert found.fetchall() == [(6, "a")]
        pairs = "select count(*) from given a join given b using (text)"
        assert connection.execute(pairs).fetchone() == (4,)


def test_many_rows_come_in_chunks_that_the_database_chooses() -> None:
    size = 10_000
    columns = (
        [f"row {at}" for at in range(size)],
        list(range(size)),
        [at % 7 for at in range(size)],
        [at % 3 == 0 for at in range(size)],
    )
    found = read_back(columns)
    assert sorted(found, key=lambda row: row[1]) == list(zip(*columns, strict=True))


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        (([1], [1], [1], [True]), TypeError),
        ((["\ud800"], [1], [1], [True]), UnicodeEncodeError),
        ((["a"], ["1"], [1], [True]), TypeError),
        ((["a"], [2**63], [1], [True]), OverflowError),
        ((["a"], [1], [2**31], [True]), OverflowError),
        ((["a"], [1], [1], [1]), TypeError),
        ((["a"], [1, 2], [1], [True]), ValueError),
        ((["a"], (1,), [1], [True]), ValueError),
        ((["a"], [1], [1]), ValueError),
        ([["a"], [1], [1], [True]], (SystemError, TypeError)),
    ],
)
def test_other_values_are_refused(columns: Any, problem: type[Exception]) -> None:
    with pytest.raises(problem):
        native.scan.arrow_stream(FIELDS, columns)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ((("a", "x"),), ValueError),
        ((("a", "uu"),), ValueError),
        ((("a", ""),), ValueError),
        ((("a",),), TypeError),
        (("a",), TypeError),
        ([("a", "u")], (SystemError, TypeError)),
    ],
)
def test_other_fields_are_refused(fields: Any, problem: type[Exception]) -> None:
    with pytest.raises(problem):
        native.scan.arrow_schema(fields)
    with pytest.raises(problem):
        native.scan.arrow_stream(fields, (["a"],))


def test_streams_that_nobody_reads_are_let_go() -> None:
    columns = (["a" * 1000] * 1000, [1] * 1000, [1] * 1000, [True] * 1000)
    for _ in range(50):
        native.scan.arrow_schema(FIELDS)
        native.scan.arrow_stream(FIELDS, columns)
