"""Who belonged where on a day, and what was believed about it at a time.

A correction never changes a row: it ends the belief (``superseded_at``) and adds
another, so every past answer can be given again.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields
from datetime import date
from itertools import starmap
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam, func, insert, or_, select, update

from mileage.domain.directory import ImportSummary, PersonRow, memberships_on
from mileage.domain.people import Membership, Placed
from mileage.store.control.accounts import NewAccount, checked
from mileage.store.control.database import OnDatabase, many
from mileage.store.control.minting import new_id
from mileage.store.control.schema import ACCOUNT, IDENTITY, MEMBERSHIP

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from sqlalchemy import Connection, Row, Select


class Place(NamedTuple):
    """A membership without its account: what two of them are compared by."""

    department: str
    team: str
    manager: str
    role: str
    since: date | None
    until: date | None


PLACE_COLUMNS = tuple(MEMBERSHIP.c[name] for name in Place._fields)


class Known(NamedTuple):
    """What the directory says before an import."""

    account_ids: dict[str, str]
    """By identity."""
    people: dict[str, NewAccount]
    """By account."""
    places: dict[str, dict[Place, int]]
    """Row ids of the memberships believed now, by account."""


class Changes(NamedTuple):
    """Rows that an import writes, as parameters of one statement each."""

    accounts: list[dict[str, Any]]
    identities: list[dict[str, Any]]
    descriptions: list[dict[str, Any]]
    superseded: list[dict[str, Any]]
    memberships: list[dict[str, Any]]


TOLD = tuple(MEMBERSHIP.c[one.name] for one in fields(Membership))


def _believed(as_of: int | None) -> Select[Any]:
    """Select memberships believed at an instant, in the order they were recorded."""
    columns = select(*TOLD).order_by(MEMBERSHIP.c.membership_id)
    ended = MEMBERSHIP.c.superseded_at
    if as_of is None:
        return columns.where(ended.is_(None))
    return columns.where(
        MEMBERSHIP.c.recorded_at <= as_of, or_(ended.is_(None), ended > as_of)
    )


_IN_FORCE = (
    MEMBERSHIP.c.superseded_at.is_(None),
    or_(MEMBERSHIP.c.since.is_(None), MEMBERSHIP.c.since <= bindparam("day")),
    or_(MEMBERSHIP.c.until.is_(None), MEMBERSHIP.c.until >= bindparam("day")),
)
_COVERING = (
    select(
        MEMBERSHIP.c.account_id,
        MEMBERSHIP.c.department,
        MEMBERSHIP.c.team,
        MEMBERSHIP.c.role,
    )
    .where(*_IN_FORCE)
    # The one begun last wins, and of two the one recorded last.
    .order_by(MEMBERSHIP.c.since, MEMBERSHIP.c.membership_id)
)
_ACCOUNTS = select(ACCOUNT.c.account_id, ACCOUNT.c.name, ACCOUNT.c.kind)


def all_memberships(
    connection: Connection, as_of: int | None = None
) -> tuple[Membership, ...]:
    """Read all memberships, as believed now or at an instant."""
    rows = connection.execute(_believed(as_of)).fetchall()
    # By place: of many rows, names take three times as long.
    return tuple(starmap(Membership, rows))


def membership_from(row: Row[Any]) -> Membership:
    """Return the membership that a row of its table holds."""
    return Membership(
        row.account_id,
        row.department,
        row.team,
        row.manager,
        row.role,
        row.since,
        row.until,
    )


class Memberships(OnDatabase):
    """The organisation chart."""

    def memberships(self, *, as_of: int | None = None) -> tuple[Membership, ...]:
        """List all memberships, as believed now or at an instant."""
        with self._database.reading() as connection:
            return all_memberships(connection, as_of)

    def membership_at(
        self, day: date, *, as_of: int | None = None
    ) -> dict[str, Membership]:
        """Return where each account belonged on a local day, by account id."""
        return memberships_on(day, self.memberships(as_of=as_of))

    def departed(self, day: date) -> frozenset[str]:
        """Return accounts that belonged somewhere until before a day, by now."""
        last = func.max(func.coalesce(MEMBERSHIP.c.until, date.max))
        wanted = (
            select(MEMBERSHIP.c.account_id)
            .where(MEMBERSHIP.c.superseded_at.is_(None))
            .group_by(MEMBERSHIP.c.account_id)
            .having(last < day)
        )
        with self._database.reading() as connection:
            return frozenset(connection.execute(wanted).scalars())

    def everybody_on(self, day: date) -> list[Placed]:
        """Return every account with where it belonged on a local day.

        As ``membership_at`` finds it, without the parts that nobody publishes.
        """
        with self._database.reading() as connection:
            covering = many(connection, _COVERING, {"day": day})
            accounts = many(connection, _ACCOUNTS)
        # Of several of one account, the last is left.
        places = {account: place for account, *place in covering}
        nowhere = ("", "", "")
        return [Placed._make((*row, *places.get(row[0], nowhere))) for row in accounts]

    def import_people(self, rows: Iterable[PersonRow]) -> ImportSummary:
        """Make the memberships of everyone named what these rows say, at once.

        People who are not named stay as they are. Repeating an import changes
        nothing.
        """
        people: dict[str, list[PersonRow]] = defaultdict(list)
        for row in rows:
            people[checked(row.email)].append(row)
        with self._database.writing() as connection:
            known = _known(connection)
            changes = Changes([], [], [], [], [])
            outcomes = [
                self._import_person(email, stated, known, changes)
                for email, stated in people.items()
            ]
            _write(connection, changes)
        return ImportSummary(
            added=outcomes.count("added"),
            changed=outcomes.count("changed") + outcomes.count("claimed"),
            unchanged=outcomes.count("unchanged"),
            claimed=outcomes.count("claimed"),
        )

    def _import_person(
        self, email: str, stated: list[PersonRow], known: Known, changes: Changes
    ) -> str:
        now = self._database.now()
        person = NewAccount(stated[-1].kind, stated[-1].name, email)
        account_id = known.account_ids.get(email)
        outcome = "unchanged"
        if account_id is None:
            outcome = "added"
            account_id = new_id("acc", self._database.random_bytes)
            row = {"account_id": account_id, "created_at": now}
            changes.accounts.append({**row, **person.row()})
            changes.identities.append({**row, "value": email})
        elif known.people[account_id] != person:
            unclaimed = known.people[account_id].kind == "unclaimed"
            outcome = "claimed" if unclaimed else "changed"
            changes.descriptions.append({"account": account_id, **person.row()})
        places = known.places.get(account_id, {})
        moved = _compare(account_id, stated, places, changes, now)
        return "changed" if moved and outcome == "unchanged" else outcome


def _compare(
    account_id: str,
    stated: list[PersonRow],
    places: dict[Place, int],
    changes: Changes,
    now: int,
) -> bool:
    """Note what ends and what begins to be believed; tell whether anything does."""
    wanted = {
        Place(
            row.department,
            row.team,
            _address(row.manager),
            row.role,
            row.since,
            row.until,
        )
        for row in stated
    }
    ended = [row_id for place, row_id in places.items() if place not in wanted]
    begun = [place for place in wanted if place not in places]
    # In the order of their beginning, so that equal directories get equal rows.
    begun.sort(key=lambda place: (place.since or date.min, place[:4]))
    changes.superseded.extend({"row": row_id, "at": now} for row_id in ended)
    changes.memberships.extend(
        {"account_id": account_id, "recorded_at": now, **place._asdict()}
        for place in begun
    )
    return bool(ended or begun)


def _address(manager: str) -> str:
    """Return a manager's address as addresses are kept; a name stays as it is."""
    return manager.lower() if "@" in manager else manager


def _known(connection: Connection) -> Known:
    identities = connection.execute(select(IDENTITY.c.value, IDENTITY.c.account_id))
    people = {
        row.account_id: NewAccount(row.kind, row.name, row.email)
        for row in connection.execute(select(ACCOUNT))
    }
    places: dict[str, dict[Place, int]] = defaultdict(dict)
    believed = select(
        MEMBERSHIP.c.account_id, MEMBERSHIP.c.membership_id, *PLACE_COLUMNS
    ).where(MEMBERSHIP.c.superseded_at.is_(None))
    for account_id, row_id, *place in connection.execute(believed):
        places[account_id][Place._make(place)] = row_id
    return Known({row.value: row.account_id for row in identities}, people, places)


def _write(connection: Connection, changes: Changes) -> None:
    statements = (
        (insert(ACCOUNT), changes.accounts),
        (insert(IDENTITY), changes.identities),
        (
            update(ACCOUNT).where(ACCOUNT.c.account_id == bindparam("account")),
            changes.descriptions,
        ),
        (
            update(MEMBERSHIP)
            .where(MEMBERSHIP.c.membership_id == bindparam("row"))
            .values(superseded_at=bindparam("at")),
            changes.superseded,
        ),
        (insert(MEMBERSHIP), changes.memberships),
    )
    for statement, rows in statements:
        if rows:
            connection.execute(statement, rows)
