"""One SQLite file, several threads and processes: how a transaction is opened."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import URL, create_engine, event
from sqlalchemy.exc import OperationalError

from mileage.domain.errors import Unavailable

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Connection, Engine

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
        except OperationalError as error:
            raise Unavailable(
                f"{self.path} cannot be used now: {error.orig}: "
                "see that its disk has room and that no other program holds it, "
                "then try again"
            ) from error

    def switch_to_wal(self) -> None:
        """Let readers and one writer work at the same time; the file remembers it."""
        outside = self._engine.execution_options(begin="")
        with self._said_plainly(), outside.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")

    def dispose(self) -> None:
        """Close all connections."""
        self._engine.dispose()


class OnDatabase:
    """Base of the parts; ``Control`` is all of them together."""

    def __init__(self, database: Database) -> None:
        self._database = database
