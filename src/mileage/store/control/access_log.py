"""Who looked at whom, and why: rows that are on disk before the answer leaves."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from mileage.domain.audit_policy import Brakes
from mileage.domain.directory import ORGANISATION, AccessRow, NamedRead
from mileage.domain.entries import set_digest
from mileage.domain.errors import TooMany
from mileage.store.control.audit import ITSELF, Change, note
from mileage.store.control.brakes import BRAKE, DAY, Braked, Counter
from mileage.store.control.dark import refuse_in_the_dark
from mileage.store.control.named_sets import NamedSets, keep_set, naming
from mileage.store.control.schema import ACCESS_ROW, AUDIT_ROW

INSERT = insert(ACCESS_ROW)
PAGE = 1000
WHAT: Mapping[str, str] = MappingProxyType(
    {"people": "different people", "exports": "reads by the API"}
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Row

    from mileage.domain.people import Viewer
    from mileage.store.control.database import Database


class AccessLog(NamedSets):
    """The append-only record of named reads."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._counter = Counter()
        self._brakes = Brakes(people=0, exports=0)

    def brake(self, brakes: Brakes) -> None:
        """Set how much one person may read of others on one day."""
        self._brakes = brakes

    def record_access(self, read: NamedRead) -> None:
        """Return once the row is on disk; if it cannot be, the read must not be.

        Raises Dark while the dark switch is on: whoever records a read is refused,
        whatever page or command it is, in the transaction that would record it.
        Raises TooMany above a limit of the day, which leaves an audit row.
        """
        try:
            self._record(read)
        except Braked as braked:
            self._alert(read.viewer, braked)
            raise TooMany(
                braked.seconds,
                f"that would be more than {braked.limit} {WHAT[braked.what]} today; "
                "tomorrow (UTC) it begins anew, and what you have opened today stays "
                "open. The steward is told.",
            ) from None

    def _record(self, read: NamedRead) -> None:
        at = self._database.now()
        digest = set_digest(read.named) if read.named else ""
        values = {
            "at": at,
            "viewer": read.viewer.account_id,
            "viewer_name": read.viewer.name,
            "purpose": read.purpose,
            "report": read.report,
            "subject": read.subject,
            "subjects": read.subjects,
            "detail": read.detail,
            "named": digest,
            "through": read.viewer.through,
        }
        with self._database.writing() as connection:
            refuse_in_the_dark(connection)
            self._counter.check(connection, read, at, self._brakes)
            if digest:
                keep_set(connection, digest, read.named)
                self._counter.learn(digest, read.named)
            connection.execute(INSERT, values)

    def _alert(self, viewer: Viewer, braked: Braked) -> None:
        """Leave one audit row a day for each viewer and limit."""
        with self._database.writing() as connection:
            at = self._database.now()
            action, row = f"{BRAKE}{braked.what}", AUDIT_ROW.c
            today = (row.action == action) & (row.subject == viewer.account_id)
            told = select(row.row_id).where(today, row.at >= at - at % DAY)
            if connection.execute(told).first() is None:
                detail = f"limit {braked.limit} a day"
                change = Change(action, viewer.account_id, detail, ITSELF)
                note(connection, at, change)

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

    def readers_of(
        self, account_id: str, *, before: int | None = None, limit: int = 100
    ) -> tuple[AccessRow, ...]:
        """List reads by others that named an account, newest first.

        Of reads about the organisation: those whose set holds the account, and those
        without a set, which may have named anybody. ``before`` is an entry number.
        """
        with self._database.reading() as connection:
            about = naming(connection, account_id)
            wanted = select(ACCESS_ROW).where(about, ACCESS_ROW.c.viewer != account_id)
            if before is not None:
                wanted = wanted.where(ACCESS_ROW.c.row_id < before)
            wanted = wanted.order_by(ACCESS_ROW.c.row_id.desc()).limit(limit)
            return tuple(map(_access_row, connection.execute(wanted)))

    def accesses(self, *, since: int = 0) -> Iterator[AccessRow]:
        """Walk through the reads from an instant on, oldest first."""
        return map(_access_row, self._walk(since))

    def _walk(self, since: int) -> Iterator[Row[Any]]:
        last = 0
        while True:
            wanted = (
                select(ACCESS_ROW)
                .where(ACCESS_ROW.c.row_id > last, ACCESS_ROW.c.at >= since)
                .order_by(ACCESS_ROW.c.row_id)
                .limit(PAGE)
            )
            with self._database.reading() as connection:
                rows = connection.execute(wanted).all()
            yield from rows
            if len(rows) < PAGE:
                return
            last = rows[-1].row_id


def _access_row(row: Row[Any]) -> AccessRow:
    fields: tuple[Any, ...] = tuple(row)
    return AccessRow(*fields)
