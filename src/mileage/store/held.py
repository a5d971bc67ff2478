"""Everything that the ledger keeps about one account, for that person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mileage.store import past
from mileage.store.heard import booked_accounts
from mileage.store.retention import horizon
from mileage.store.statements import said_plainly, statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from mileage.store.ledger import Ledger

AT_ONCE = 2_000
"""Rows in memory, however many there are."""
SUMMED = ("days", "sources", "activities", "machines", "rejections")
ROWS = ("calls", "witnesses", "activities")
_STATEMENTS = {
    "days": "held_days",
    "sources": "held_sources",
    "activities": "held_activities",
    "machines": "held_machines",
    "rejections": "held_rejections",
}
_ROW_STATEMENTS = {
    "calls": "held_rows.calls",
    "witnesses": "held_rows.witnesses",
    "activities": "held_rows.activities",
}


def held(ledger: Ledger, account_id: str) -> dict[str, list[dict[str, Any]]]:
    """Return what is kept, added up: one list of rows for each of ``SUMMED``."""
    accounts = booked_accounts(ledger, account_id)
    own: dict[str, object] = {"account": account_id}
    booked: dict[str, object] = {"accounts": accounts}
    since = ledger.rules.clock.day(horizon(ledger))
    with past.reading(ledger, [account_id, *accounts]) as (cursor, parts):
        asked = (
            *({**own, **parts}, {**booked, "since": since}),
            *({**booked, **parts}, booked, own),
        )
        return {
            what: list(_rows(cursor, _STATEMENTS[what], given))
            for what, given in zip(SUMMED, asked, strict=True)
        }


def held_rows(ledger: Ledger, account_id: str, what: str) -> Iterator[dict[str, Any]]:
    """Yield every row of one of ``ROWS``; use it up in one thread."""
    cursor = ledger.cursor().cursor()
    try:
        yield from _rows(cursor, _ROW_STATEMENTS[what], {"account": account_id})
    finally:
        cursor.close()


def _rows(
    cursor: duckdb.DuckDBPyConnection, name: str, parameters: dict[str, object]
) -> Iterator[dict[str, Any]]:
    with said_plainly():
        cursor.execute(statement(name), parameters)
        columns = [column[0] for column in cursor.description or ()]
        while rows := cursor.fetchmany(AT_ONCE):
            for row in rows:
                yield dict(zip(columns, row, strict=True))
