"""Named SQL: one statement a file, named parameters, no string-built SQL."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import duckdb
import msgspec

from mileage.domain.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

DAMAGED = "Corrupt database file"
_encode = msgspec.json.Encoder(decimal_format="number").encode


class Invalidated(Unavailable):
    """The database gave itself up, and answers nothing until it is opened anew."""


@contextmanager
def said_plainly() -> Iterator[None]:
    """Turn what a disk does to a database into an error that may be shown."""
    try:
        yield
    except (duckdb.IOException, duckdb.TransactionException) as error:
        message = f"the ledger cannot be used now: {reason(error)}"
        raise Unavailable(message) from error
    except duckdb.OutOfMemoryException as error:
        message = (
            "the ledger may use too little memory for this: give it more by "
            f"ledger_megabytes in mileage.toml ({reason(error)})"
        )
        raise Unavailable(message) from error
    except duckdb.FatalException as error:
        message = f"the ledger failed and is opened anew: {reason(error)}"
        raise Invalidated(message) from error
    except duckdb.Error as error:
        # A block that is not what was written has no class of its own.
        if not str(error).startswith(DAMAGED):
            raise
        message = (
            "the ledger's file is damaged on the disk; `mileage restore` the last "
            f"backup of it: {reason(error)}"
        )
        raise Unavailable(message) from error


def reason(error: duckdb.Error) -> str:
    """Return what happened in one line, without the names of the driver's errors."""
    return str(error).partition("\n")[0].rpartition("Error: ")[2]


@cache
def statement(name: str) -> str:
    """Return the text of ``store/sql/<name>.sql``."""
    return files("mileage.store").joinpath(f"sql/{name}.sql").read_text("utf-8")


@cache
def _parsed() -> dict[str, duckdb.Statement]:
    """Return what was parsed so far, by name."""
    return {}


def parsed(cursor: duckdb.DuckDBPyConnection, name: str) -> duckdb.Statement:
    """Return a named statement, parsed once, whichever connection runs it.

    Of a small statement parsing is up to a quarter of the work.
    """
    known = _parsed()
    if name not in known:
        (known[name],) = cursor.extract_statements(statement(name))
    return known[name]


def run(
    cursor: duckdb.DuckDBPyConnection, name: str, /, **parameters: object
) -> list[tuple[Any, ...]]:
    """Run a named statement and return all of its rows."""
    with said_plainly():
        return cursor.execute(parsed(cursor, name), parameters).fetchall()


def temporary_view(
    cursor: duckdb.DuckDBPyConnection, name: str, rows: duckdb.DuckDBPyRelation
) -> None:
    """Let a name of ours be what a relation gives, to this cursor alone.

    Its own ``create_view`` writes the view into the file: until that is committed,
    nobody can checkpoint it.
    """
    with said_plainly():
        cursor.execute(f"create or replace temp view {name} as {rows.sql_query()}")


def insert(
    cursor: duckdb.DuckDBPyConnection,
    name: str,
    columns: Mapping[str, Sequence[object]],
) -> None:
    """Run a named insert whose ``$rows`` is a JSON object of equally long columns.

    One JSON parameter costs half of what list parameters do and a fortieth of
    ``executemany`` (docs/benchmarks.md).
    """
    insert_with(cursor, name, columns)


def insert_with(
    cursor: duckdb.DuckDBPyConnection,
    name: str,
    columns: Mapping[str, Sequence[object]],
    /,
    **parameters: object,
) -> None:
    """Run a named insert as ``insert`` does, with parameters for all of its rows."""
    rows = _encode(columns).decode()
    with said_plainly():
        cursor.execute(parsed(cursor, name), {"rows": rows, **parameters})
