"""Version of the ledger's tables, and the way forward from older ones."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import duckdb

from mileage.domain.errors import Invalid, NewerData
from mileage.store import presence, sums
from mileage.store.statements import run

if TYPE_CHECKING:
    from mileage.domain.window import Clock

MIGRATIONS = (
    "0001_first",
    "0002_measure",
    "0003_presence",
    "0004_disagreement",
    "0005_identities",
    "0006_bucket",
    "0007_plain",
    "0008_deletion",
    "0009_rejection",
    "0010_claim",
    "0011_heard",
    "0012_worded",
    "0013_attended",
    "0014_current",
    "0015_sums",
    "0016_past",
    "0017_reading",
)
FILLED = {"0003_presence": presence.fill, "0015_sums": sums.fill}
"""Migrations that also tell new tables from old ones, which SQL alone cannot."""

VERSION = len(MIGRATIONS)


def migrate(connection: duckdb.DuckDBPyConnection, clock: Clock) -> None:
    """Bring the tables to this version, in one transaction a step."""
    zone = clock.zone.key
    stored = _stored_version(connection)
    if stored > VERSION:
        message = (
            f"This ledger has format {stored}; this Mileage knows up to {VERSION}. "
            "Nothing was changed. Upgrade Mileage, or restore an older backup."
        )
        raise NewerData(message)
    if stored:
        # Days are told from hours below: in the wrong zone nothing may be written.
        _check_zone(connection, zone)
    for number, name in enumerate(MIGRATIONS[stored:], start=stored + 1):
        _apply(connection, number, name, clock)
    _check_zone(connection, zone)


def _stored_version(connection: duckdb.DuckDBPyConnection) -> int:
    try:
        rows = run(connection, "schema_version")
    except duckdb.CatalogException:
        # A new file. To ask which tables there are takes ten times as long.
        return 0
    return int(rows[0][0]) if rows else 0


def _apply(
    connection: duckdb.DuckDBPyConnection, number: int, name: str, clock: Clock
) -> None:
    folder = files("mileage.store").joinpath("ledger_migrations")
    connection.begin()
    connection.execute(folder.joinpath(f"{name}.sql").read_text("utf-8"))
    if name in FILLED:
        FILLED[name](connection, clock)
    run(connection, "setting.insert", name="schema_version", value=str(number))
    connection.commit()


def _check_zone(connection: duckdb.DuckDBPyConnection, zone: str) -> None:
    """Hours and days are stored; they are those of one time zone."""
    rows = run(connection, "setting", name="zone")
    if not rows:
        run(connection, "setting.insert", name="zone", value=zone)
    elif rows[0][0] != zone:
        message = (
            f"This ledger counts days in {rows[0][0]}, the settings say {zone}. "
            f'Set zone = "{rows[0][0]}" in mileage.toml, or import into a new '
            "data directory."
        )
        raise Invalid(message)
