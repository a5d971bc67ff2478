"""Columns of Python values into the database: as Arrow, or (slower) as JSON."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeAlias

import duckdb

from mileage import native
from mileage.store.statements import insert, run, said_plainly

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT, INT, TRUTH = "u", "i", "b"
_TEXT, _LONG, _INT, _TRUTH = TEXT, "l", INT, TRUTH
"""Formats of the Arrow C data interface."""
FIELDS = (
    ("source", _TEXT),
    ("key", _TEXT),
    ("link", _TEXT),
    ("session", _TEXT),
    ("occurred_at", _LONG),
    ("client", _TEXT),
    ("client_version", _TEXT),
    ("provider", _TEXT),
    ("model", _TEXT),
    ("tier", _TEXT),
    ("input", _LONG),
    ("cache_read", _LONG),
    ("cache_write", _LONG),
    ("cache_write_1h", _LONG),
    ("output", _LONG),
    ("reasoning", _LONG),
    ("tool_input", _LONG),
    ("reported_cost", _LONG),
    ("project", _TEXT),
    ("agent", _TEXT),
    ("copied", _TRUTH),
    ("attended", _TRUTH),
    ("identity", _TEXT),
    ("measure", _TEXT),
    ("account", _TEXT),
    ("asserted", _TRUTH),
    ("machine", _TEXT),
    ("received", _LONG),
    ("pos", _INT),
)


Fields: TypeAlias = tuple[tuple[str, str], ...]


class _Stream:
    """Speaks the Arrow PyCapsule interface; the database asks for either method."""

    def __init__(self, fields: Fields, columns: dict[str, list[Any]]) -> None:
        self._fields = fields
        self._columns = tuple(columns[name] for name, _ in fields)

    def __arrow_c_schema__(self) -> object:
        assert native.scan is not None  # noqa: S101 - only made where it is there
        return native.scan.arrow_schema(self._fields)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        del requested_schema
        assert native.scan is not None  # noqa: S101 - only made where it is there
        return native.scan.arrow_stream(self._fields, self._columns)


@contextmanager
def arrived(
    cursor: duckdb.DuckDBPyConnection, columns: dict[str, list[Any]]
) -> Iterator[None]:
    """Let ``arrived`` be these columns, with each row's place as ``pos``."""
    columns = {**columns, "pos": list(range(len(columns["source"])))}
    with handed_over(cursor, "arrived", FIELDS, columns):
        yield


@contextmanager
def handed_over(
    cursor: duckdb.DuckDBPyConnection,
    name: str,
    fields: Fields,
    columns: dict[str, list[Any]],
) -> Iterator[None]:
    """Let ``name`` be these columns: those of the statement ``NAME.from_json``."""
    if native.scan is None:
        insert(cursor, f"{name}.from_json", columns)
        yield
        run(cursor, f"{name}.drop")
        return
    with said_plainly():
        cursor.register(name, _Stream(fields, columns))
    try:
        yield
    except BaseException:
        # What made the block fail is worth more than a failing end of it.
        with suppress(duckdb.Error):
            cursor.unregister(name)
        raise
    cursor.unregister(name)
