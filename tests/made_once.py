"""New databases are copies of one: to run every migration each time takes longest.

What is copied was made by the same migrations, once for each process of tests. That
they lead here from every version of before is tested on files of before.
"""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, mkstemp
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from mileage.domain.window import Clock
from mileage.store import ledger_schema
from mileage.store.control import open_control, opening
from mileage.store.ledger import ROOM, Ledger, connected

CREATE, CONNECTED = opening._create_private, Ledger._connected


def copy_what_is_new(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(opening, "_create_private", create_private)
    patch.setattr(Ledger, "_connected", connect)


def create_private(path: Path) -> None:
    if not path.exists():
        put(empty().control, path)
    CREATE(path)


def connect(ledger: Ledger):
    if not ledger._path.exists():
        put(empty().ledger, ledger._path)
    return CONNECTED(ledger)


def put(content: bytes, path: Path) -> None:
    """Let a file appear with all of its content, unless somebody was faster."""
    # What stands in the way is complained of by those who open the file.
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
            Path(path).hardlink_to(name)
        finally:
            Path(name).unlink()


class Empty(NamedTuple):
    """The files of databases in which there is nothing yet."""

    control: bytes
    ledger: bytes


@cache
def empty() -> Empty:
    return Empty(_empty_control(), _empty_ledger())


def _empty_control() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "control.sqlite"
        CREATE(path)
        open_control(path, clock=lambda: 0).dispose()
        return path.read_bytes()


def _empty_ledger() -> bytes:
    """Return tables as they are before anybody says of which zone their days are."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.duckdb"
        connection = connected(path, ROOM)
        ledger_schema.migrate(connection, Clock(ZoneInfo("UTC")))
        connection.execute("delete from setting where name = 'zone'")
        connection.close()
        return path.read_bytes()
