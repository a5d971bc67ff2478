"""Create the file, check its version, migrate it forward when that is due."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Column, MetaData, Table, Text, inspect, select
from sqlalchemy.exc import DatabaseError

from mileage.domain.errors import Invalid, NewerData, Unavailable

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mileage.store.control.database import Database

REVISIONS = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0011",
    "0012",
    "0013",
)
HEAD = REVISIONS[-1]
# Alembic keeps it; it is read without Alembic because that is slow to import.
VERSION = Table("alembic_version", MetaData(), Column("version_num", Text))
MIGRATIONS = Path(__file__).parent / "migrations"
OWNER_ONLY_FILE = 0o600
OWNER_ONLY_DIRECTORY = 0o700
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def create_private(path: Path) -> None:
    """Create an empty file that only its owner can read, unless it is there."""
    try:
        _create_private(path)
    except OSError as error:
        raise Unavailable(
            f"{path} cannot be used: {error.strerror}: "
            "see who owns that directory, or name another --data directory"
        ) from error


def _create_private(path: Path) -> None:
    path.parent.mkdir(mode=OWNER_ONLY_DIRECTORY, parents=True, exist_ok=True)
    # Opening and closing an existing database would drop this process's locks on it.
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY_FILE))
    if path.stat().st_mode & OTHERS:
        path.chmod(OWNER_ONLY_FILE)


def bring_up_to_date(database: Database) -> None:
    """Leave the file at ``HEAD`` or raise NewerData or Invalid."""
    try:
        with database.reading() as connection:
            due = _migration_due(connection, database.path)
    except DatabaseError as error:
        raise Invalid(
            f"{database.path} is not a control database of Mileage: move it away "
            "or name another --data directory"
        ) from error
    if due:
        _migrate(database)


def _migration_due(connection: Connection, path: Path) -> bool:
    if not inspect(connection).has_table("alembic_version"):
        return True
    found = connection.execute(select(VERSION.c.version_num)).scalar()
    if found is not None and found not in REVISIONS:
        raise NewerData(
            f"{path} was written by a newer version of Mileage (format {found}; this "
            f"one knows formats up to {HEAD}): update Mileage"
        )
    return found != HEAD


def _migrate(database: Database) -> None:
    # Imported here because it takes a fifth of a second and is due once a version.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    database.switch_to_wal()
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    # One transaction for all: another process waits here and then finds it done.
    with database.writing() as connection:
        if _migration_due(connection, database.path):
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
