"""What a database cannot do is said in words that help, and the rest is not hidden."""

from __future__ import annotations

import duckdb
import pytest

from mileage.domain.errors import Unavailable
from mileage.store.statements import Invalidated, said_plainly


def test_too_little_memory_says_where_to_give_more():
    connection = duckdb.connect(config={"memory_limit": "2MB", "threads": 1})
    connection.execute("set temp_directory = ''")
    with pytest.raises(Unavailable) as raised, said_plainly():
        connection.execute(
            "select list(n::varchar || repeat('x', 99)) from range(1_000_000) r(n)"
        )
    assert "ledger_megabytes in mileage.toml" in str(raised.value)
    assert "\n" not in str(raised.value)
    assert isinstance(raised.value.__cause__, duckdb.OutOfMemoryException)


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (duckdb.IOException("Could not write"), Unavailable, "cannot be used now"),
        (duckdb.TransactionException("conflict"), Unavailable, "cannot be used now"),
        (duckdb.FatalException("gone"), Invalidated, "is opened anew"),
        (duckdb.Error("Corrupt database file: x"), Unavailable, "damaged on the disk"),
    ],
)
def test_what_a_disk_does_is_unavailable(error, kind, words):
    with pytest.raises(Unavailable, match=words) as raised, said_plainly():
        raise error
    assert type(raised.value) is kind
    assert raised.value.__cause__ is error


def test_a_mistake_of_ours_stays_what_it_is():
    with pytest.raises(duckdb.ParserException), said_plainly():
        duckdb.connect().execute("selct 1")
    with pytest.raises(ValueError, match="ours"), said_plainly():
        raise ValueError("ours")
