from __future__ import annotations

import time

import duckdb
import pytest

from mileage.domain.errors import Invalid
from mileage.store.tabular import NOT_JSON, parquet_rows


def parquet(path, query):
    with duckdb.connect() as connection:
        connection.execute(f"copy ({query}) to '{path}' (format parquet)")
    return str(path)


def test_rows_by_column(tmp_path):
    path = parquet(
        tmp_path / "x.parquet",
        "select i as id, timestamp '2026-11-20 12:00:00' as at, "
        "timestamptz '2026-11-20 12:00:00+05:30' as zoned, "
        "{'in': i * 2} as usage, i / 2 as price from range(2) t(i)",
    )
    assert list(parquet_rows(path)) == [
        {
            "id": number,
            "at": "2026-11-20 12:00:00",
            "zoned": "2026-11-20 06:30:00+00",
            "usage": {"in": 2 * number},
            "price": number / 2,
        }
        for number in range(2)
    ]


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_a_row_with_a_number_that_is_none_leaves_the_others(tmp_path, value):
    path = parquet(
        tmp_path / "x.parquet",
        f"select unnest([1, '{value}'::double, 3]) as n",
    )
    one, two, three = parquet_rows(path)
    assert (one, three) == ({"n": 1.0}, {"n": 3.0})
    assert two == NOT_JSON


def test_times_do_not_depend_on_the_machines_zone(tmp_path, monkeypatch):
    path = parquet(
        tmp_path / "x.parquet", "select timestamptz '2026-11-20 12:00:00+00' as at"
    )
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert list(parquet_rows(path)) == [{"at": "2026-11-20 12:00:00+00"}]
    finally:
        monkeypatch.undo()
        time.tzset()


def test_more_rows_than_one_batch(tmp_path):
    path = parquet(tmp_path / "x.parquet", "select i from range(12345) t(i)")
    assert sum(row["i"] for row in parquet_rows(path)) == 12345 * 12344 // 2


def test_no_rows(tmp_path):
    path = parquet(tmp_path / "x.parquet", "select 1 as i where false")
    assert list(parquet_rows(path)) == []


def test_columns_of_the_same_name_in_other_letters(tmp_path):
    path = parquet(tmp_path / "x.parquet", 'select 1 as "Id", 2 as "id_1"')
    assert list(parquet_rows(path)) == [{"Id": 1, "id_1": 2}]


@pytest.mark.parametrize(
    "content", [b"", b"PAR1", b"id,x\n1,2\n", b"PAR1" + b"\0" * 99 + b"PAR1"]
)
def test_what_is_no_parquet(tmp_path, content):
    path = tmp_path / "x.parquet"
    path.write_bytes(content)
    with pytest.raises(Invalid, match="not readable as Parquet") as caught:
        list(parquet_rows(str(path)))
    assert str(tmp_path) not in str(caught.value)


def test_values_that_json_does_not_know(tmp_path):
    path = parquet(
        tmp_path / "x.parquet",
        "select 1.25::decimal(9, 2) as d, "
        "'ab'::blob as b, date '2026-11-20' as day, 10::hugeint as h, [1, 2] as l",
    )
    (row,) = parquet_rows(path)
    assert (row["d"], row["day"], row["h"], row["l"]) == (
        1.25,
        "2026-11-20",
        10,
        [1, 2],
    )


def test_a_name_with_the_signs_of_a_pattern(tmp_path):
    parquet(tmp_path / "a1.parquet", "select 1 as i")
    path = parquet(tmp_path / "a[1]?.parquet", "select 2 as i")
    assert list(parquet_rows(path)) == [{"i": 2}]


def test_a_name_is_no_pattern_and_no_address(tmp_path):
    parquet(tmp_path / "a.parquet", "select 1 as i")
    for name in (str(tmp_path / "*.parquet"), "https://127.0.0.1:1/x.parquet"):
        with pytest.raises(Invalid):
            list(parquet_rows(name))
