"""Everything that the ledger keeps about one account, for that person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mileage.store import past
from mileage.store.heard import Heard, booked_accounts
from mileage.store.retention import horizon
from mileage.store.statements import run, said_plainly, statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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
    with past.reading(ledger, (account_id,)) as (cursor, parts):
        asked: dict[str, object] = {"account": account_id}
        if what != "activities":
            # Rows lie as they came: sums tell in which hours to look for one's own.
            hours = [hour for (hour,) in run(cursor, "held_hours", **asked, **parts)]
            asked["hours"] = hours
        if what == "witnesses":
            asked["accounts"] = Heard(cursor).booked(account_id)
            asked["hours"] = sorted({*_utc(hours), *_utc(one + 3599 for one in hours)})
        yield from _rows(cursor, _ROW_STATEMENTS[what], asked)


def _utc(instants: Iterable[int]) -> Iterator[int]:
    """Return the numbers of UTC hours; a local one may begin within one of them."""
    return (instant // 3600 for instant in instants)


def _rows(
    cursor: duckdb.DuckDBPyConnection, name: str, parameters: dict[str, object]
) -> Iterator[dict[str, Any]]:
    with said_plainly():
        cursor.execute(statement(name), parameters)
        columns = [column[0] for column in cursor.description or ()]
        while rows := cursor.fetchmany(AT_ONCE):
            for row in rows:
                yield dict(zip(columns, row, strict=True))
