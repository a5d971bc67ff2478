"""How much one viewer has read of others today: counted from the access rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import select

from mileage.domain.directory import ORGANISATION, department_of
from mileage.store.control.schema import ACCESS_ROW
from mileage.store.control.trust_schema import NAMED_ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from mileage.domain.audit_policy import Brakes
    from mileage.domain.directory import NamedRead

DAY = 86_400_000_000
BRAKE = "brake: "
"""What the audit row of whoever was stopped begins with."""
MOST_VIEWERS = 500
"""Whose day is kept in memory; of others it is read anew, which takes longer."""

MOST_SETS = 100
"""Kept in memory likewise: many viewers look at the same board."""


class Braked(Exception):
    """A read would pass a limit of the day; it is neither recorded nor answered."""

    def __init__(self, what: str, limit: int, seconds: int) -> None:
        super().__init__(what)
        self.what, self.limit, self.seconds = what, limit, seconds


@dataclass(slots=True)
class _Day:
    """What one viewer has read on one day, up to an entry."""

    day: int
    row: int = 0
    exports: int = 0
    people: set[str] = field(default_factory=set)
    sets: set[str] = field(default_factory=set)


class Counter:
    """Exact across processes: what others have recorded is read before deciding.

    Used inside a writing transaction only, of which there is one at a time.
    """

    def __init__(self) -> None:
        self._days: dict[str, _Day] = {}
        self._sets: dict[str, frozenset[str]] = {}

    def check(
        self, connection: Connection, read: NamedRead, at: int, brakes: Brakes
    ) -> None:
        """Raise Braked when this read is above a limit; operators have none."""
        viewer = read.viewer.account_id
        if read.viewer.operator or not viewer:
            return
        today = self._today(connection, viewer, at // DAY)
        seconds = (DAY - at % DAY) // 1_000_000 + 1
        asked = set(read.named or _person(read.subject)) - {viewer}
        new = len(asked - today.people)
        if brakes.people and new and len(today.people) + new > brakes.people:
            raise Braked("people", brakes.people, seconds)
        api = read.viewer.through == "api"
        if brakes.exports and api and today.exports >= brakes.exports:
            raise Braked("exports", brakes.exports, seconds)

    def _today(self, connection: Connection, viewer: str, day: int) -> _Day:
        today = self._days.pop(viewer, None)
        if today is None or today.day != day:
            today = _Day(day)
        # The one used last stands last; the first one goes when there are too many.
        self._days[viewer] = today
        if len(self._days) > MOST_VIEWERS:
            del self._days[next(iter(self._days))]
        row = ACCESS_ROW.c
        wanted = select(row.row_id, row.subject, row.named, row.through).where(
            row.viewer == viewer, row.row_id > today.row, row.at >= day * DAY
        )
        for row_id, subject, named, through in connection.execute(wanted).all():
            today.row = max(today.row, row_id)
            today.exports += through == "api"
            if named and named not in today.sets:
                today.sets.add(named)
                today.people |= self._members(connection, named)
            elif not named:
                today.people.update(_person(subject))
        today.people.discard(viewer)
        return today

    def _members(self, connection: Connection, named: str) -> frozenset[str]:
        found = self._sets.get(named)
        if found is None:
            row = NAMED_ACCOUNT.c
            wanted = select(row.account_id).where(row.named == named)
            found = frozenset(connection.execute(wanted).scalars())
            self.learn(named, found)
        return found

    def learn(self, named: str, members: Iterable[str]) -> None:
        """Remember the members of a set; a name has the same ones for ever."""
        if named not in self._sets:
            if len(self._sets) >= MOST_SETS:
                del self._sets[next(iter(self._sets))]
            self._sets[named] = frozenset(members)


def _person(subject: str) -> tuple[str, ...]:
    many = subject == ORGANISATION or department_of(subject) is not None
    return () if many else (subject,)
