"""Taking plain calls out of their table, so that something may be joined with them.

Each becomes a witness and a call of the append that brought it: history stays as it
was told, and only the way of keeping it changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mileage.domain.witness import Witness
from mileage.store.identities import id_rows, insert_identities, own_id
from mileage.store.statements import insert, run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from mileage.domain.joining import Joining


def promote_named(
    cursor: duckdb.DuckDBPyConnection, joining: Joining, named: Mapping[str, Any]
) -> None:
    """Take out what has one of these names, or is of one of these sessions."""
    _promote(cursor, joining, "leaving.named", named)


def promote_alike(
    cursor: duckdb.DuckDBPyConnection, joining: Joining, alike: Mapping[str, Any]
) -> None:
    """Take out what these accounts used in these hours, with these totals."""
    _promote(cursor, joining, "leaving.alike", alike)


def promote_accounts(
    cursor: duckdb.DuckDBPyConnection, joining: Joining, accounts: Sequence[str]
) -> None:
    """Take out everything that was booked to these accounts."""
    _promote(cursor, joining, "leaving.booked", {"accounts": list(accounts)})


def promote_all(cursor: duckdb.DuckDBPyConnection, joining: Joining) -> None:
    """Take everything out, an hour at a time."""
    for (hour,) in run(cursor, "plain_hours"):
        _promote(cursor, joining, "leaving.of_hour", {"utc_hour": hour})


def _promote(
    cursor: duckdb.DuckDBPyConnection,
    joining: Joining,
    which: str,
    parameters: Mapping[str, Any],
) -> None:
    ((count,),) = run(cursor, which, **parameters)
    if not count:
        return
    rows = run(cursor, "leaving")
    names = ("seq", "recorded_at", "utc_hour", "account", "asserted", *Witness._fields)
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    witnesses = [Witness(*row[5:]) for row in rows]
    columns["own_id"] = [own_id(one.source, one.key) for one in witnesses]
    insert(cursor, "witness.insert", columns)
    insert_identities(cursor, id_rows(witnesses, joining), ())
    run(cursor, "leaving.calls")
    run(cursor, "leaving.done")
