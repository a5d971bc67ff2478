"""Who is below whom on a day, asked for single people: for few, nobody reads it all.

A membership names the manager by address. Somebody who is named as a manager and is
not in the directory is above nobody.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select

from mileage.domain.directory import memberships_on
from mileage.store.control.database import OnDatabase
from mileage.store.control.memberships import all_memberships, membership_from
from mileage.store.control.schema import IDENTITY, MEMBERSHIP

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from sqlalchemy import Connection, Row, Select

    from mileage.domain.people import Membership

MOST_AT_ONCE = 500
"""Parameters of one statement."""
MANY = 1000
"""Managers of one level from which on reading the whole chart is quicker."""


def _believed(which: str) -> Select[Any]:
    """Select memberships that are believed now, of accounts, managers or a place."""
    conditions = {
        "accounts": (MEMBERSHIP.c.account_id.in_(bindparam("them", expanding=True)),),
        "managers": (MEMBERSHIP.c.manager.in_(bindparam("them", expanding=True)),),
        "department": (MEMBERSHIP.c.department == bindparam("department"),),
        "team": (
            MEMBERSHIP.c.department == bindparam("department"),
            MEMBERSHIP.c.team == bindparam("team"),
        ),
    }
    return (
        select(MEMBERSHIP)
        .where(*conditions[which], MEMBERSHIP.c.superseded_at.is_(None))
        .order_by(MEMBERSHIP.c.membership_id)
    )


OF_ACCOUNTS = _believed("accounts")
BELOW = _believed("managers")
IN_DEPARTMENT = _believed("department")
IN_TEAM = _believed("team")
ADDRESSES = select(IDENTITY.c.value, IDENTITY.c.account_id).where(
    IDENTITY.c.account_id.in_(bindparam("them", expanding=True))
)
HOLDERS = select(IDENTITY.c.value, IDENTITY.c.account_id).where(
    IDENTITY.c.value.in_(bindparam("them", expanding=True))
)


class OrgChart(OnDatabase):
    """The organisation chart as it is believed now, on any day."""

    def place_on(self, account_id: str, day: date) -> Membership | None:
        """Return where an account belongs on a local day."""
        with self._database.reading() as connection:
            return _places(connection, [account_id], day).get(account_id)

    def are_below(
        self, account_ids: Collection[str], manager_id: str, day: date
    ) -> bool:
        """Tell whether each of some has this manager, directly or through others."""
        above: dict[str, str | None] = {}
        level = set(account_ids)
        with self._database.reading() as connection:
            while level:
                above |= _managers(connection, level, day)
                # Whoever is above the manager in question need not be known.
                known = {*above, manager_id}
                found = {above[one] for one in level}
                level = {one for one in found if one is not None} - known
        return bool(account_ids) and all(
            _reaches(above, one, manager_id) for one in account_ids
        )

    def has_people_below(self, manager_id: str, day: date) -> bool:
        """Tell whether anybody has this manager directly on a local day."""
        with self._database.reading() as connection:
            return bool(_reports(connection, {manager_id}, day) - {manager_id})

    def people_below(
        self, manager_id: str, day: date, since: date | None = None
    ) -> frozenset[str]:
        """Return everybody below somebody on a local day, or on any ``since`` then.

        With ``since`` perhaps some more: who was below whom at different times adds up.
        """
        found: set[str] = set()
        level = {manager_id}
        with self._database.reading() as connection:
            while level:
                if since is None and len(level) > MANY:
                    below = _everybody_below(connection, level, day)
                    return frozenset(found | below) - {manager_id}
                below = (
                    _reports(connection, level, day)
                    if since is None
                    else _reports_within(connection, level, since, day)
                )
                level = below - found - {manager_id}
                found |= level
        return frozenset(found)

    def members_on(
        self, day: date, department: str, team: str | None = None
    ) -> frozenset[str]:
        """Return who belongs to a department or to one team of it on a local day."""
        statement = IN_DEPARTMENT if team is None else IN_TEAM
        wanted = {"department": department, "team": team}
        with self._database.reading() as connection:
            rows = connection.execute(statement, wanted).all()
            candidates = sorted({row.account_id for row in rows})
            places = _places(connection, candidates, day)
        return frozenset(
            account_id
            for account_id, place in places.items()
            if place.department == department and team in (None, place.team)
        )


def _places(
    connection: Connection, account_ids: Iterable[str], day: date
) -> Mapping[str, Membership]:
    rows = _in_parts(connection, OF_ACCOUNTS, account_ids)
    return memberships_on(day, map(membership_from, rows))


def _reports(connection: Connection, managers: Iterable[str], day: date) -> set[str]:
    """Return who has one of these managers, directly, on that day."""
    addresses, named = _naming(connection, managers)
    candidates = {row.account_id for row in named}
    places = _places(connection, candidates, day)
    return {
        account_id for account_id, place in places.items() if place.manager in addresses
    }


def _everybody_below(
    connection: Connection, managers: Iterable[str], day: date
) -> set[str]:
    """Return who is below some, directly or through others; reads the whole chart."""
    places = memberships_on(day, all_memberships(connection))
    held = connection.execute(select(IDENTITY.c.value, IDENTITY.c.account_id))
    accounts = {value: str(account) for value, account in held}
    reports = defaultdict(set)
    for account_id, place in places.items():
        reports[accounts.get(place.manager)].add(account_id)
    found: set[str] = set()
    level = set(managers)
    while level:
        level = set().union(*(reports.get(one, ()) for one in level)) - found
        found |= level
    return found


def _reports_within(
    connection: Connection, managers: Iterable[str], first: date, last: date
) -> set[str]:
    """Return who has one of these managers on some of these days, whoever else too."""
    _, named = _naming(connection, managers)
    return {
        row.account_id
        for row in named
        if (row.since or date.min) <= last and (row.until or date.max) >= first
    }


def _naming(
    connection: Connection, managers: Iterable[str]
) -> tuple[set[str], Sequence[Row[Any]]]:
    """Return the addresses of managers, and the memberships that name one of them."""
    held = _in_parts(connection, ADDRESSES, managers)
    addresses = {row.value for row in held}
    return addresses, list(_in_parts(connection, BELOW, addresses))


def _managers(
    connection: Connection, account_ids: Iterable[str], day: date
) -> dict[str, str | None]:
    """Return the account of each one's manager on that day; None for nobody known."""
    places = _places(connection, account_ids, day)
    addresses = {one: place.manager for one, place in places.items()}
    named = set(addresses.values()) - {""}
    rows = _in_parts(connection, HOLDERS, named)
    holders = {row.value: str(row.account_id) for row in rows}
    return {one: holders.get(addresses.get(one, "")) for one in account_ids}


def _reaches(above: Mapping[str, str | None], account_id: str, manager_id: str) -> bool:
    """Go up; a chart may go round in circles, and nobody is below themselves."""
    seen: set[str | None] = {None, account_id}
    now = above.get(account_id)
    while now not in seen:
        if now == manager_id:
            return True
        seen.add(now)
        now = above.get(now or "")
    return False


def _in_parts(
    connection: Connection, statement: Select[Any], them: Iterable[str]
) -> Iterator[Row[Any]]:
    """Ask about some at a time: a statement has room for so many parameters."""
    wanted = sorted(them)
    for start in range(0, len(wanted), MOST_AT_ONCE):
        part = wanted[start : start + MOST_AT_ONCE]
        yield from connection.execute(statement, {"them": part}).all()
