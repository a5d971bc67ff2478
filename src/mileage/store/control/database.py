"""One SQLite file, several threads and processes: how a transaction is opened."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import URL, create_engine, event
from sqlalchemy.exc import OperationalError

from mileage.domain.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from sqlalchemy import Connection, Engine, PoolProxiedConnection, Select

Key = TypeVar("Key")
Value = TypeVar("Value")

BUSY_SECONDS = 15
# How long a writer waits for another process before it gives up.


def engine_on(path: Path) -> Engine:
    """Prepare connections; nothing is opened yet."""
    engine = create_engine(
        URL.create("sqlite+pysqlite", database=str(path)),
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
        # As many connections as threads ask for at once, and all of them kept.
        pool_size=0,
        # An error names the statement, never the people that were its parameters.
        hide_parameters=True,
    )
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def _set_up(connection: sqlite3.Connection, _record: object) -> None:
    # The driver would open transactions by itself, too late and of the wrong kind.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    # A row that was acknowledged must survive a power cut, not just a crash.
    connection.execute("PRAGMA synchronous = FULL")


def _begin(connection: Connection) -> None:
    # A writer takes the lock at once and waits for it; one that first reads and then
    # upgrades is refused without waiting when another process has written meanwhile.
    begin = connection.get_execution_options().get("begin", "BEGIN")
    if begin:
        connection.exec_driver_sql(begin)


class Database:
    """What every part of the control plane works on."""

    def __init__(
        self,
        path: Path,
        engine: Engine,
        clock: Callable[[], int],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self.path = path
        self.now = clock
        self.random_bytes = random_bytes
        self._engine = engine
        self._writer = engine.execution_options(begin="BEGIN IMMEDIATE")
        self._watching = Lock()
        self._watcher: PoolProxiedConnection | None = None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Read one consistent state."""
        with self._said_plainly(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Write alone; on disk when the block ends, undone when it raises."""
        with self._said_plainly(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def _said_plainly(self) -> Iterator[None]:
        try:
            yield
        except (OperationalError, sqlite3.OperationalError) as error:
            cause = getattr(error, "orig", error)
            raise Unavailable(
                f"{self.path} cannot be used now: {cause}: "
                "see that its disk has room and that no other program holds it, "
                "then try again"
            ) from error

    def switch_to_wal(self) -> None:
        """Let readers and one writer work at the same time; the file remembers it."""
        outside = self._engine.execution_options(begin="")
        with self._said_plainly(), outside.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")

    def write_anew(self) -> None:
        """Write the file anew: SQLite leaves copies of deleted rows in its pages.

        Readers go on; writers wait. Raises Unavailable when others hold the file.
        """
        outside = self._engine.execution_options(begin="")
        with self._said_plainly(), outside.connect() as connection:
            connection.exec_driver_sql("VACUUM")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def version(self) -> int:
        """Return a number that changes when anybody, in any process, has written.

        Asked on a connection that never writes (SQLite: PRAGMA data_version), it
        costs a hundredth of a question.
        """
        with self._said_plainly(), self._watching:
            if self._watcher is None:
                self._watcher = self._engine.raw_connection()
            cursor = self._watcher.cursor()
            try:
                cursor.execute("PRAGMA data_version")
                ((number,),) = cursor.fetchall()
                return int(number)
            finally:
                cursor.close()

    def dispose(self) -> None:
        """Close all connections."""
        with self._watching:
            if self._watcher is not None:
                self._watcher.close()
                self._watcher = None
        self._engine.dispose()


class Remembered(Generic[Key, Value]):
    """Answers that hold until anybody, in any process, writes to the file."""

    def __init__(self, database: Database, most: int) -> None:
        self._database = database
        self._most = most
        self._lock = Lock()
        self._version = -1
        self._answers: dict[Key, Value] = {}

    def recall(self, key: Key) -> Value | None:
        """Return what is remembered and still holds; reads nothing from the disk."""
        version = self._database.version()
        with self._lock:
            return self._answers.get(key) if version == self._version else None

    def ask(self, key: Key, look_up: Callable[[Key], Value | None]) -> Value | None:
        """Return what is remembered, else what ``look_up`` finds; None is forgotten."""
        version = self._database.version()
        with self._lock:
            if version != self._version:
                self._answers.clear()
                self._version = version
            elif key in self._answers:
                return self._answers[key]
        found = look_up(key)
        with self._lock:
            # What was looked up after a later version is at least as new as that.
            if found is not None and version == self._version:
                if len(self._answers) >= self._most:
                    self._answers.clear()
                self._answers[key] = found
        return found


class OnDatabase:
    """Base of the parts; ``Control`` is all of them together."""

    def __init__(self, database: Database) -> None:
        self._database = database


def many(
    connection: Connection,
    statement: Select[Any],
    parameters: Mapping[str, Any] | None = None,
) -> Sequence[tuple[Any, ...]]:
    """Read rows as SQLite has them, with dates and truths as text and numbers.

    Of everybody, to make more of them than that takes as long as to read them.
    """
    return connection.execute(statement, parameters).cursor.fetchall()
