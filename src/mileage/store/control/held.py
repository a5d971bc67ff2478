"""Everything that the control plane keeps about one account.

Found by the foreign keys of the tables, so that a table added later is neither
forgotten in what a person is shown nor in what is erased.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import LargeBinary, Table, or_, select

from mileage.domain.directory import AccessRow, AuditRow
from mileage.store.control.database import OnDatabase
from mileage.store.control.schema import ACCESS_ROW, ACCOUNT, AUDIT_ROW, METADATA

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Column

MOST_ROWS = 100_000
"""Rows of a log that one file brings; a person is not read more often than that."""


def tables_about() -> Iterator[tuple[Table, Column[Any]]]:
    """Yield each table with a column that names an account, the account's own too."""
    for table in METADATA.sorted_tables:
        if table is ACCOUNT:
            yield table, ACCOUNT.c.account_id
        for column in table.columns:
            targets = (key.column for key in column.foreign_keys)
            if any(target is ACCOUNT.c.account_id for target in targets):
                yield table, column


class Held(OnDatabase):
    """What is kept about one account."""

    def held_about(self, account_id: str) -> dict[str, list[dict[str, Any]]]:
        """Return the rows by table; hashes of secrets are left out."""
        found: dict[str, list[dict[str, Any]]] = {}
        with self._database.reading() as connection:
            for table, column in tables_about():
                shown = [
                    one
                    for one in table.columns
                    if not isinstance(one.type, LargeBinary)
                ]
                rows = connection.execute(select(*shown).where(column == account_id))
                found.setdefault(table.name, []).extend(
                    dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name
                    for row in rows
                )
        return found

    def reads_by(self, account_id: str) -> tuple[AccessRow, ...]:
        """List the recorded reads of one viewer, newest first."""
        statement = (
            select(ACCESS_ROW)
            .where(ACCESS_ROW.c.viewer == account_id)
            .order_by(ACCESS_ROW.c.row_id.desc())
            .limit(MOST_ROWS)
        )
        columns = [ACCESS_ROW.c[name] for name in AccessRow.__slots__]
        with self._database.reading() as connection:
            rows = connection.execute(statement.with_only_columns(*columns))
            return tuple(AccessRow(*row) for row in rows)

    def changes_about(self, subjects: set[str]) -> tuple[AuditRow, ...]:
        """List recorded changes of these ids, or made by them, newest first."""
        ids = sorted(subjects)
        statement = (
            select(*(AUDIT_ROW.c[name] for name in AuditRow.__slots__))
            .where(or_(AUDIT_ROW.c.subject.in_(ids), AUDIT_ROW.c.actor.in_(ids)))
            .order_by(AUDIT_ROW.c.row_id.desc())
            .limit(MOST_ROWS)
        )
        with self._database.reading() as connection:
            return tuple(AuditRow(*row) for row in connection.execute(statement))
