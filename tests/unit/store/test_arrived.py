"""Columns reach the database as they are, with the extension in C and without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage import native
from mileage.domain.booking import Booking
from mileage.store.arrivals import COLUMNS, Arrivals
from mileage.store.arrived import FIELDS, arrived, handed_over
from mileage.store.standings import CHART
from tests.witnesses import seen

if TYPE_CHECKING:
    from collections.abc import Iterator

WAYS = ["json"] if native.scan is None else ["json", "arrow"]


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    opened = duckdb.connect(config={"enable_external_access": False})
    yield opened
    opened.close()


@pytest.fixture(params=WAYS)
def cursor(
    request: pytest.FixtureRequest,
    connection: duckdb.DuckDBPyConnection,
    monkeypatch: pytest.MonkeyPatch,
) -> duckdb.DuckDBPyConnection:
    if request.param == "json":
        monkeypatch.setattr(native, "scan", None)
    return connection


def columns(*rows: dict[str, Any]) -> dict[str, list[Any]]:
    booking = Booking(seen=tuple(seen(**row) for row in rows))
    return Arrivals(booking).columns


def read(
    cursor: duckdb.DuckDBPyConnection, given_columns: dict[str, list[Any]]
) -> list[tuple[Any, ...]]:
    names = ", ".join((*COLUMNS, "pos"))
    with arrived(cursor, given_columns):
        asked = f"select {names} from arrived order by pos"  # noqa: S608 - names of ours
        return cursor.execute(asked).fetchall()


def whole(given_columns: dict[str, list[Any]]) -> list[tuple[Any, ...]]:
    rows = zip(*(given_columns[name] for name in COLUMNS), strict=True)
    return [(*row, place) for place, row in enumerate(rows)]


def test_the_fields_are_the_columns_of_a_booking_and_the_place() -> None:
    assert [name for name, _ in FIELDS] == [*COLUMNS, "pos"]


def test_rows_arrive_in_their_order(cursor: duckdb.DuckDBPyConnection) -> None:
    told = columns(*({"key": f"k{number}", "output": number} for number in range(5000)))
    assert read(cursor, told) == whole(told)


def test_what_nobody_knows_stays_unknown(cursor: duckdb.DuckDBPyConnection) -> None:
    told = columns(
        {"reported_cost": None, "attended": None},
        {"reported_cost": 0, "attended": False},
        {"reported_cost": 7, "attended": True},
    )
    found = read(cursor, told)
    cost, attended = COLUMNS.index("reported_cost"), COLUMNS.index("attended")
    assert [(row[cost], row[attended]) for row in found] == [
        (None, None),
        (0, False),
        (7, True),
    ]


@pytest.mark.parametrize(
    "text",
    ["", "é" * 300, "日本", "'; drop table call; --", '"\\', "\x01\t", "\U0001f600"],
)
def test_any_text_is_text(cursor: duckdb.DuckDBPyConnection, text: str) -> None:
    told = columns({"key": text, "model": text, "session": text})
    assert read(cursor, told) == whole(told)


@pytest.mark.parametrize("number", [0, 1, 2**31, 2**53 + 1, 2**63 - 1])
def test_large_counts_are_exact(cursor: duckdb.DuckDBPyConnection, number: int) -> None:
    told = columns({"input": number, "occurred_at": number})
    assert read(cursor, told) == whole(told)


def test_nothing_may_arrive(cursor: duckdb.DuckDBPyConnection) -> None:
    assert read(cursor, columns()) == []


def test_the_view_is_gone_afterwards_and_may_be_made_again(
    cursor: duckdb.DuckDBPyConnection,
) -> None:
    for key in ("first", "second"):
        (row,) = read(cursor, columns({"key": key}))
        assert row[1] == key
        with pytest.raises(duckdb.CatalogException):
            cursor.execute("select 1 from arrived")


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
COUNT = st.integers(0, 2**63 - 1)
ROW = st.fixed_dictionaries(
    {
        **dict.fromkeys(("key", "link", "session", "model", "account"), TEXT),
        **dict.fromkeys(("input", "cache_read", "output", "occurred_at"), COUNT),
        "reported_cost": st.none() | COUNT,
        "copied": st.booleans(),
        "attended": st.none() | st.booleans(),
        "asserted": st.booleans(),
    }
)


@given(rows=st.lists(ROW, max_size=5))
def test_both_ways_tell_the_database_the_same(
    connection: duckdb.DuckDBPyConnection, rows: list[dict[str, Any]]
) -> None:
    told = columns(*rows)
    assert read(connection, told) == whole(told)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(native, "scan", None)
        assert read(connection, told) == whole(told)


def test_who_everybody_is_reaches_the_database_either_way(
    cursor: duckdb.DuckDBPyConnection,
) -> None:
    rows = [
        *(("acc_1", "Ana ü", "person", "Eng", "", "", True, 2),),
        *(("acc_2", "", "service", "", "T", "R", False, None),),
    ]
    told = {
        name: list(of)
        for (name, _), of in zip(CHART, zip(*rows, strict=True), strict=True)
    }
    with handed_over(cursor, "charted", CHART, told):
        assert cursor.execute("from charted").fetchall() == rows
    with pytest.raises(duckdb.CatalogException):
        cursor.execute("from charted")
