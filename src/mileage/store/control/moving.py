"""One person's move in the organisation chart, from a day on.

What was before stays as it was, so that every figure keeps the department of its day.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from mileage.store.control.schema import MEMBERSHIP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Row

DAY = timedelta(days=1)


def move(
    connection: Connection,
    now: int,
    account_id: str,
    place: tuple[str, str, str] | None,
    today: date,
) -> bool:
    """Put somebody at (department, team, manager), or nowhere, from today on.

    Tells whether that changes anything. Days that were planned for later go.
    """
    rows = _rows_of(connection, account_id)
    open_ones = [row for row in rows if (row.until or date.max) >= today]
    if place is None and not open_ones:
        return False
    if place is not None and _is_at(open_ones, place):
        return False
    for row in open_ones:
        _supersede(connection, now, row)
        if (row.since or date.min) < today:
            _believe(connection, now, row._asdict() | {"until": today - DAY})
    if place is None:
        return True
    department, team, manager = place
    _believe(
        connection,
        now,
        {
            "account_id": account_id,
            "department": department,
            "team": team,
            "manager": manager,
            "role": open_ones[-1].role if open_ones else "",
            # Whoever was nowhere before is taken to have always been here.
            "since": today if rows else None,
            "until": None,
        },
    )
    return True


def _rows_of(connection: Connection, account_id: str) -> Sequence[Row[Any]]:
    return connection.execute(
        select(MEMBERSHIP)
        .where(
            MEMBERSHIP.c.account_id == account_id,
            MEMBERSHIP.c.superseded_at.is_(None),
        )
        .order_by(MEMBERSHIP.c.membership_id)
    ).all()


def _is_at(rows: list[Row[Any]], place: tuple[str, str, str]) -> bool:
    """Tell whether somebody is at a place now, and has no other one planned."""
    if len(rows) != 1 or rows[0].until is not None:
        return False
    return (rows[0].department, rows[0].team, rows[0].manager) == place


def _supersede(connection: Connection, now: int, row: Row[Any]) -> None:
    one = MEMBERSHIP.c.membership_id == row.membership_id
    connection.execute(update(MEMBERSHIP).where(one).values(superseded_at=now))


def _believe(connection: Connection, now: int, values: Any) -> None:  # noqa: ANN401
    columns = ("account_id", "department", "team", "manager", "role", "since", "until")
    kept = {name: values[name] for name in columns}
    connection.execute(insert(MEMBERSHIP).values(**kept, recorded_at=now))
