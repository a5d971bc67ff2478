"""Who changed what about access, and when: rows that nobody can change or delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import insert, select

from mileage.domain.directory import AuditRow
from mileage.domain.people import OPERATOR, Viewer
from mileage.store.control.database import OnDatabase
from mileage.store.control.schema import AUDIT_ROW

if TYPE_CHECKING:
    from typing import Any

    from sqlalchemy import Connection, Row

ITSELF = Viewer("", "mileage")
"""Who does what nobody has asked for, such as noting that a token is over."""


class Change(NamedTuple):
    """A change to be recorded; ids, numbers and domains, never a secret or a name."""

    action: str
    subject: str
    detail: str = ""
    actor: Viewer = OPERATOR


def note(connection: Connection, at: int, change: Change) -> None:
    """Record a change in the transaction that makes it."""
    connection.execute(
        insert(AUDIT_ROW).values(
            at=at,
            actor=change.actor.account_id,
            actor_name=change.actor.name,
            action=change.action,
            subject=change.subject,
            detail=change.detail,
        )
    )


class AuditLog(OnDatabase):
    """The append-only record of changes."""

    def record_change(self, change: Change) -> None:
        """Return once the row is on disk; for changes made outside this file."""
        with self._database.writing() as connection:
            note(connection, self._database.now(), change)

    def audit_rows(self, limit: int = 1000) -> tuple[AuditRow, ...]:
        """List changes, newest first."""
        statement = select(AUDIT_ROW).order_by(AUDIT_ROW.c.row_id.desc()).limit(limit)
        with self._database.reading() as connection:
            return tuple(map(_audit_row, connection.execute(statement)))


def _audit_row(row: Row[Any]) -> AuditRow:
    return AuditRow(
        row.row_id,
        row.at,
        row.actor,
        row.actor_name,
        row.action,
        row.subject,
        row.detail,
    )
