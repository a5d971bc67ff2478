"""Reads rows of somebody else's SQLite database without changing anything.

The database belongs to a client that may be writing into it right now. So no file
is ever created beside it (an ordinary reader of a database in write-ahead mode leaves
``-wal`` and ``-shm`` files behind), no lock is held longer than for a page of rows,
and whatever is wrong with it (locked, damaged, cut off, hostile) ends the reading with
a sentence that says what to do. What its rows hold never gets into that sentence.
"""

from __future__ import annotations

import pkgutil
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from mileage.domain.witness import CUT_OFF, NOT_READ

if TYPE_CHECKING:
    from collections.abc import Iterator

Row = tuple[Any, ...]

LOCKED = f"{NOT_READ}locked by another program; close it, or read again later"
DAMAGED = f"{CUT_OFF}damaged from here on; what was read before it counts"
NO_DATABASE = "no database that can be read, or a part of one"
NOT_OPENED = (
    f"{NOT_READ}cannot be opened for reading only; start its client once, "
    "which repairs it"
)
ENDLESS = f"{CUT_OFF}takes more work than its size explains"
UNKNOWN_TABLES = "its tables are not of a known version"
NEWEST_MISSING = (
    "its newest rows (-wal) cannot be read without its index (-shm); "
    "start its client once, then read again"
)
CHANGED = "written to while it was read; what is missing is read next time"
TOO_LONG_ROW = "row longer than the limit"
NO_MEMORY = f"{CUT_OFF}takes more memory than there is; it may be damaged"
DISK = f"{NOT_READ}not to its end; check the disk and read again"

_REASONS = {
    "SQLITE_BUSY": LOCKED,
    "SQLITE_LOCKED": LOCKED,
    "SQLITE_CORRUPT": DAMAGED,
    "SQLITE_NOTADB": NO_DATABASE,
    "SQLITE_CANTOPEN": NOT_OPENED,
    "SQLITE_READONLY": NOT_OPENED,
    "SQLITE_PERM": NOT_OPENED,
    "SQLITE_AUTH": NOT_OPENED,
    "SQLITE_INTERRUPT": ENDLESS,
    "SQLITE_IOERR": DISK,
    "SQLITE_TOOBIG": TOO_LONG_ROW,
    "SQLITE_ERROR": UNKNOWN_TABLES,
}
# A file can be made so that SQLite asks for more than there is.
_FAILURES = (sqlite3.Error, MemoryError)
_OF_ONE_ROW = (TOO_LONG_ROW, DAMAGED)
_HEADER_BYTES = 20
_WRITE_AHEAD = b"\x02"
_PATIENCE_SECONDS = 2.0
_FIRST_ID = -(2**63)
_UNLOCKED = "mode=ro&immutable=1"
# Of one value, and roughly of what is held of a page of rows.
MAX_VALUE_BYTES = 8 * 1024 * 1024
_PAGE_ROWS = 500
# Steps of SQLite's machine: ordinary reading takes a tenth of a step a byte. A file
# made to keep a reader busy (pages that point at one another) takes without end.
_STEPS_AT_LEAST = 20_000_000
_STEPS_A_BYTE = 4
_STEPS_A_LOOK = 100_000

_SETTINGS = (
    # A mapped file that is cut off while it is read would end the whole process.
    "PRAGMA mmap_size = 0",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA temp_store = MEMORY",
)


class Scan(NamedTuple):
    """A table, and the statement that reads it in pages behind the last id read.

    Rows start with their id, in its order. A second statement of that name
    (``.next``) yields the id of the row that could not be read.
    """

    table: str
    statement: str


@cache
def statement(name: str) -> str:
    """Return a statement by the name of its file, ``sql/<name>.sql``."""
    text = pkgutil.get_data("mileage.sources", f"sql/{name}.sql") or b""
    return text.decode("utf-8")


class SqliteRows:
    """Rows of one database; what could not be read of it is kept in ``problems``."""

    def __init__(self, path: str, *, patience: float = _PATIENCE_SECONDS) -> None:
        self.problems: list[tuple[str, str]] = []
        """(table and row or '', reason)."""
        self._path = path
        self._patience = patience
        self._steps = 0
        self._connection: sqlite3.Connection | None = None
        self._state: tuple[int, ...] | None = None

    def __enter__(self) -> Self:
        """Open the database; if that fails, it has no rows and a problem."""
        try:
            state, options = _state(self._path), _options(self._path)
            self._connection = self._opened(options)
            if options == _UNLOCKED:
                self._state = state
                if _size(f"{self._path}-wal"):
                    self._problem("", NEWEST_MISSING)
        except _FAILURES as error:
            reason = _reason(error)
            self._problem("", NO_DATABASE if reason == DAMAGED else reason)
        except OSError as error:
            self._problem("", f"{NOT_READ}{error.strerror or error}")
        return self

    def __exit__(self, *_: object) -> None:
        """Close it, and note if it changed under a reader that took no lock."""
        if self._connection is not None:
            with closing(self._connection):
                self._connection = None
            if self._state and _changed(self._path, self._state):
                self._problem("", CHANGED)

    def has(self, table: str) -> bool:
        """Tell whether there is a plain table of that name."""
        return self.one("has_table", table) is not None

    def one(self, name: str, value: object) -> dict[str, Any] | None:
        """Return a named statement's first row by column, or None; never a problem."""
        if self._connection is None:
            return None
        try:
            cursor = self._connection.execute(statement(name), {"value": value})
            with closing(cursor):
                row = cursor.fetchone()
                names = [column[0] for column in cursor.description]
        except (*_FAILURES, OverflowError, UnicodeError):
            return None
        return None if row is None else dict(zip(names, row, strict=True))

    def pages(self, scan: Scan) -> Iterator[list[Row]]:
        """Yield rows of a table, some at a time; between pages nothing is locked."""
        last, at_once = _FIRST_ID, _PAGE_ROWS
        more = self._connection is not None
        while more:
            page: list[Row] = []
            before = last
            try:
                more = self._page(scan, last, at_once, page)
            except (*_FAILURES, OverflowError) as error:
                last = before = page[-1][0] if page else last
                if at_once > 1 and _reason(error) in _OF_ONE_ROW:
                    # Python's cursor is one row ahead: an error swallows the row
                    # before it. One by one, it is clear which row is meant.
                    at_once = 1
                else:
                    last = self._passed_over(scan, error, last)
                    more, at_once = last > before, _PAGE_ROWS
            else:
                last = page[-1][0] if page else last
                if more and last <= before:
                    # Pages of a damaged tree may lead back to one another.
                    self._problem(scan.table, DAMAGED)
                    more = False
            if page:
                yield page

    def _page(self, scan: Scan, last: int, at_once: int, page: list[Row]) -> bool:
        """Fill a page with rows; tell whether there may be more."""
        if self._connection is None:
            return False
        held, asked = 0, {"after": last, "rows": at_once}
        text = statement(scan.statement)
        with closing(self._connection.execute(text, asked)) as cursor:
            for row in cursor:
                page.append(row)
                held += sum(len(value) for value in row if isinstance(value, bytes))
                if held > MAX_VALUE_BYTES:
                    return True
        return len(page) == at_once

    def _passed_over(self, scan: Scan, error: Exception, last: int) -> int:
        """Note why a row cannot be read; return its id, or ``last`` to end there."""
        reason = _reason(error)
        found = None
        if reason == TOO_LONG_ROW:
            found = self.one(f"{scan.statement}.next", last)
        if found is None:
            self._problem(scan.table, reason)
            return last
        (row,) = found.values()
        self._problem(f"{scan.table}:{row}", reason)
        return int(row)

    def _opened(self, options: str) -> sqlite3.Connection:
        uri = f"{Path(self._path).absolute().as_uri()}?{options}"
        connection = sqlite3.connect(
            uri, uri=True, timeout=self._patience, isolation_level=None
        )
        try:
            self._set_up(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _set_up(self, connection: sqlite3.Connection) -> None:
        connection.text_factory = bytes
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)
        for setting in _SETTINGS:
            connection.execute(setting).close()
        allowed = _STEPS_AT_LEAST + _STEPS_A_BYTE * _size(self._path)

        def too_much() -> bool:
            self._steps += _STEPS_A_LOOK
            return self._steps > allowed

        connection.set_progress_handler(too_much, _STEPS_A_LOOK)
        # The first look at the file itself: it fails here, not at every table.
        connection.execute("PRAGMA schema_version").close()

    def _problem(self, place: str, reason: str) -> None:
        if len(self.problems) < _PAGE_ROWS:
            self.problems.append((place, reason))


def _options(path: str) -> str:
    """Say how to open a database so that nothing is created beside it.

    In write-ahead mode with both files there, a client has it open, and reading takes
    part in its locking. Without them nobody has, and the file is as it stays. SQLite
    goes by the version for reading alone, the last byte: that for writing may differ.
    """
    with open(path, "rb") as stream:  # noqa: PTH123 - paths are text here
        header = stream.read(_HEADER_BYTES)
    if not header.endswith(_WRITE_AHEAD):
        return "mode=ro"
    if Path(f"{path}-wal").exists() and Path(f"{path}-shm").exists():
        return "mode=ro&readonly_shm=1"
    return _UNLOCKED


def _state(path: str) -> tuple[int, ...]:
    stat = Path(path).stat()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns, _size(f"{path}-wal")


def _changed(path: str, before: tuple[int, ...]) -> bool:
    try:
        return _state(path) != before
    except OSError:
        return True


def _size(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except OSError:
        return 0


def _reason(error: Exception) -> str:
    """Choose a fixed sentence: SQLite's own words may quote the database."""
    if isinstance(error, MemoryError):
        return NO_MEMORY
    name = getattr(error, "sqlite_errorname", None) or "SQLITE_ERROR"
    for start, reason in _REASONS.items():
        if name == start or name.startswith(f"{start}_"):
            return reason
    return f"database error ({name})"
