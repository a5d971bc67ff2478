"""What the two logs say of all reading: who was stopped, who and what reads most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import case, func, select

from mileage.domain.oversight import Counted, DaysReader, LogState, Stopped
from mileage.store.control.brakes import BRAKE
from mileage.store.control.checkpoints import ENTRIES
from mileage.store.control.database import OnDatabase
from mileage.store.control.schema import ACCESS_ROW, ACCOUNT, AUDIT_ROW
from mileage.store.control.trust_schema import CHECKPOINT

if TYPE_CHECKING:
    from sqlalchemy import Connection

ROW = ACCESS_ROW.c


class Oversights(OnDatabase):
    """Sums over the logs."""

    def stopped(self, since: int, most: int) -> tuple[Stopped, ...]:
        """List whom a brake has stopped, newest first; once a day and limit."""
        row = AUDIT_ROW.c
        wanted = (
            select(row.at, row.subject, ACCOUNT.c.name, row.action, row.detail)
            .outerjoin_from(AUDIT_ROW, ACCOUNT, ACCOUNT.c.account_id == row.subject)
            .where(row.action.startswith(BRAKE), row.at >= since)
            .order_by(row.row_id.desc())
            .limit(most)
        )
        with self._database.reading() as connection:
            return tuple(
                Stopped(at, who, name or who, action.removeprefix(BRAKE), detail)
                for at, who, name, action, detail in connection.execute(wanted)
            )

    def readers_since(self, since: int, most: int) -> tuple[DaysReader, ...]:
        """List who has read most often of others since an instant; no operators."""
        reads = func.count()
        wanted = (
            select(
                ROW.viewer,
                func.max(ROW.viewer_name),
                reads,
                func.sum(case((ROW.through == "api", 1), else_=0)),
                func.max(ROW.subjects),
                func.max(ROW.at),
            )
            .where(ROW.at >= since, ROW.viewer != "")
            .group_by(ROW.viewer)
            .order_by(reads.desc(), ROW.viewer)
            .limit(most)
        )
        with self._database.reading() as connection:
            return tuple(DaysReader(*row) for row in connection.execute(wanted))

    def counted_since(self, since: int) -> tuple[Counted, ...]:
        """Count reads by report and purpose, the most frequent first."""
        reads = func.count()
        wanted = (
            select(ROW.report, ROW.purpose, reads, func.count(ROW.viewer.distinct()))
            .where(ROW.at >= since)
            .group_by(ROW.report, ROW.purpose)
            .order_by(reads.desc(), ROW.report, ROW.purpose)
        )
        with self._database.reading() as connection:
            return tuple(Counted(*row) for row in connection.execute(wanted))

    def logs(self) -> tuple[LogState, ...]:
        """Tell how many entries each log has, and how many of them are signed."""
        with self._database.reading() as connection:
            return tuple(_state(connection, log) for log in ENTRIES)


def _state(connection: Connection, log: str) -> LogState:
    table, _ = ENTRIES[log]
    entries = connection.execute(select(func.max(table.c.row_id))).scalar()
    last = (
        select(CHECKPOINT.c.size, CHECKPOINT.c.at)
        .where(CHECKPOINT.c.log == log)
        .order_by(CHECKPOINT.c.size.desc())
        .limit(1)
    )
    found = connection.execute(last).one_or_none()
    signed, at = found or (0, None)
    return LogState(log, entries or 0, signed, at)
