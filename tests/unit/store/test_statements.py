"""A named statement is parsed once, and bound anew wherever it runs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import duckdb
import pytest

from mileage.store import statements
from mileage.store.statements import insert, parsed, run, statement

THREADS, ROUNDS = 4, 200


@pytest.fixture(autouse=True)
def nothing_parsed():
    statements._parsed.cache_clear()
    yield
    statements._parsed.cache_clear()


def settings_of(kind="varchar"):
    connection = duckdb.connect()
    connection.execute(f"create table setting (name varchar, value {kind})")
    return connection


def test_it_is_parsed_once_for_all_connections():
    with settings_of() as one, settings_of() as other:
        first = parsed(one, "setting")
        assert parsed(other, "setting") is first
        assert first.query == statement("setting")
        assert parsed(one, "setting.insert") is not first


def test_it_outlives_the_connection_that_parsed_it():
    with settings_of() as gone:
        run(gone, "setting.insert", name="zone", value="UTC")
        assert run(gone, "setting", name="zone") == [("UTC",)]
    with settings_of() as other:
        assert run(other, "setting", name="zone") == []


def test_parameters_are_those_of_each_time():
    with settings_of() as connection:
        for number in range(3):
            run(connection, "setting.insert", name=f"n{number}", value=str(number))
        told = [run(connection, "setting", name=f"n{number}") for number in range(4)]
        assert told == [[("0",)], [("1",)], [("2",)], []]
        with pytest.raises(duckdb.InvalidInputException):
            run(connection, "setting")


def test_it_is_bound_to_the_tables_as_they_are_then():
    with settings_of() as connection:
        run(connection, "setting.insert", name="n", value="7")
        assert run(connection, "setting", name="n") == [("7",)]
        connection.execute("alter table setting alter value type integer")
        assert run(connection, "setting", name="n") == [(7,)]
        connection.execute("drop table setting")
        with pytest.raises(duckdb.CatalogException):
            run(connection, "setting", name="n")
    with settings_of("integer") as other:
        run(other, "setting.insert", name="n", value="8")
        assert run(other, "setting", name="n") == [(8,)]


def test_what_is_wrong_with_one_is_said_each_time(monkeypatch):
    monkeypatch.setattr(statements, "statement", lambda name: f"selct {name}")
    with duckdb.connect() as connection:
        for _ in range(2):
            with pytest.raises(duckdb.ParserException, match="selct"):
                run(connection, "nothing")


def test_rows_of_several_inserts_are_kept_apart():
    tallies = ("seq", "recorded_at", "source", "visible", "duplicates", "rejected")
    with duckdb.connect() as connection:
        connection.execute(
            "create table tally (seq bigint, recorded_at bigint, source varchar,"
            " visible bigint, duplicates bigint, rejected bigint, ignored bigint)"
        )
        for seq in (1, 2):
            columns = {name: [seq, seq] for name in (*tallies, "ignored")}
            insert(connection, "tally.insert", {**columns, "source": ["", "log"]})
        rows = connection.execute("select seq, source from tally").fetchall()
    assert rows == [(1, ""), (1, "log"), (2, ""), (2, "log")]


def test_threads_may_run_one_at_the_same_time():
    with settings_of() as connection:
        for number in range(THREADS):
            run(connection, "setting.insert", name=f"n{number}", value=str(number))

        def asked(number):
            cursor = connection.cursor()
            return [run(cursor, "setting", name=f"n{number}") for _ in range(ROUNDS)]

        with ThreadPoolExecutor(THREADS) as pool:
            told = list(pool.map(asked, range(THREADS)))
    assert told == [[[(str(number),)]] * ROUNDS for number in range(THREADS)]
