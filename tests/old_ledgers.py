"""Ledgers as earlier versions left them: the tables of then, the rows of now."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import duckdb

from mileage.store.ledger_schema import MIGRATIONS

if TYPE_CHECKING:
    from pathlib import Path

GONE = {"group_id": "0", "seq": "1", "recorded_at": "last"}
"""Columns that later versions have dropped, and what stands in for their values."""
WHOLE_KEY = "key_head || newer.unworded(key_number, key_more)"
WHOLE = {
    "key_head": f"if(key_more is null, key_head, {WHOLE_KEY})",
    "key_number": f"if(key_more is null, key_number, md5_number_lower({WHOLE_KEY}))",
}
"""How keys stood there before version 12 took more of them apart."""


def step_back(path: Path, version: int) -> None:
    """Make a closed ledger what an earlier version would have left."""
    newer = path.with_suffix(".newer")
    path.rename(newer)
    with duckdb.connect(str(path)) as connection:
        folder = files("mileage.store").joinpath("ledger_migrations")
        for name in MIGRATIONS[:version]:
            connection.execute(folder.joinpath(f"{name}.sql").read_text("utf-8"))
        connection.execute(f"attach '{newer}' as newer (read_only)")
        old, new = _columns(connection, "ledger"), _columns(connection, "newer")
        views = connection.execute(
            "select view_name from duckdb_views() where database_name = 'ledger'"
        )
        old = {
            name: old[name] for name in old.keys() - {v for (v,) in views.fetchall()}
        }
        for table in old.keys() & new.keys():
            kept, gone = old[table] & new[table], old[table] - new[table]
            names = [f'"{name}"' for name in (*kept, *gone)]
            values = [*names[: len(kept)], *(GONE[name] for name in gone)]
            if "key_more" in new[table] - old[table]:
                values = [WHOLE.get(name.strip('"'), name) for name in values]
            # Some migrations put rows of their own there.
            connection.execute(f"delete from {table}")  # noqa: S608
            connection.execute(
                f"insert into {table} ({', '.join(names)})"  # noqa: S608
                f" select {', '.join(values)} from newer.{table}"
            )
        connection.execute("detach newer")
        connection.execute("delete from setting where name = 'schema_version'")
        connection.execute(
            "insert into setting values ('schema_version', ?)", [str(version)]
        )
    newer.unlink()


def _columns(
    connection: duckdb.DuckDBPyConnection, catalog: str
) -> dict[str, set[str]]:
    rows = connection.execute(
        "select table_name, list(column_name) from duckdb_columns()"
        " join (select database_name, table_name from duckdb_tables() union"
        " select database_name, view_name from duckdb_views()) using (database_name,"
        " table_name)"
        " where database_name = ? group by all",
        [catalog],
    )
    return {table: set(names) for table, names in rows.fetchall()}
