"""Everything that the ledger keeps about one account, for that person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mileage.store.heard import booked_accounts
from mileage.store.retention import horizon
from mileage.store.statements import said_plainly, statement

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    own: dict[str, object] = {"account": account_id}
    booked: dict[str, object] = {"accounts": booked_accounts(ledger, account_id)}
    since = ledger.rules.clock.day(horizon(ledger))
    asked = (own, {**booked, "since": since}, booked, booked, own)
    return {
        what: list(_rows(ledger, _STATEMENTS[what], given))
        for what, given in zip(SUMMED, asked, strict=True)
    }


def held_rows(ledger: Ledger, account_id: str, what: str) -> Iterator[dict[str, Any]]:
    """Yield every row of one of ``ROWS``; use it up in one thread."""
    return _rows(ledger, _ROW_STATEMENTS[what], {"account": account_id})


def _rows(
    ledger: Ledger, name: str, parameters: dict[str, object]
) -> Iterator[dict[str, Any]]:
    cursor = ledger.cursor().cursor()
    try:
        with said_plainly():
            cursor.execute(statement(name), parameters)
            columns = [column[0] for column in cursor.description or ()]
            while rows := cursor.fetchmany(AT_ONCE):
                for row in rows:
                    yield dict(zip(columns, row, strict=True))
    finally:
        cursor.close()
