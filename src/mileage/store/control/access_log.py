"""Who looked at whom, and why: rows that are on disk before the answer leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from mileage.domain.directory import ORGANISATION, AccessRow, NamedRead
from mileage.store.control.database import OnDatabase
from mileage.store.control.schema import ACCESS_ROW

INSERT = insert(ACCESS_ROW)

if TYPE_CHECKING:
    from typing import Any

    from sqlalchemy import Row


class AccessLog(OnDatabase):
    """The append-only record of named reads."""

    def record_access(self, read: NamedRead) -> None:
        """Return once the row is on disk; if it cannot be, the read must not be."""
        values = {
            "at": self._database.now(),
            "viewer": read.viewer.account_id,
            "viewer_name": read.viewer.name,
            "purpose": read.purpose,
            "report": read.report,
            "subject": read.subject,
            "subjects": read.subjects,
            "detail": read.detail,
        }
        with self._database.writing() as connection:
            connection.execute(INSERT, values)

    def access_rows(
        self, *, subject: str | None = None, limit: int = 1000
    ) -> tuple[AccessRow, ...]:
        """List reads, newest first: all, or those that may have named one account."""
        statement = select(ACCESS_ROW).order_by(ACCESS_ROW.c.row_id.desc())
        if subject is not None:
            named = ACCESS_ROW.c.subject.in_((subject, ORGANISATION))
            statement = statement.where(named)
        with self._database.reading() as connection:
            return tuple(map(_access_row, connection.execute(statement.limit(limit))))


def _access_row(row: Row[Any]) -> AccessRow:
    return AccessRow(
        row.row_id,
        row.at,
        row.viewer,
        row.viewer_name,
        row.purpose,
        row.report,
        row.subject,
        row.subjects,
        row.detail,
    )
