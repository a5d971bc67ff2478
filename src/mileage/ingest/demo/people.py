"""Who works in the demo organisation: accounts and their dated memberships."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from mileage.domain.directory import PersonRow
from mileage.ingest.demo.names import (
    DEPARTMENTS,
    DIVISIONS,
    FIRST_NAMES,
    LAST_NAMES,
    SERVICES,
    mailbox,
)
from mileage.ingest.demo.shape import happens, stream

if TYPE_CHECKING:
    import random
    from datetime import date

    from mileage.domain.people import AccountKind

TEAM_SIZE = 14
DIVISION_SIZE = 10_000
"""With two divisions' worth of people, an organisation has divisions."""
ZONES = (
    ("Europe/London", 8),
    ("America/New_York", 11),
    ("Asia/Kolkata", 12),
    ("America/Los_Angeles", 4),
    ("Asia/Tokyo", 3),
)


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody or something that uses tokens."""

    number: int
    email: str
    name: str
    kind: AccountKind
    zone: ZoneInfo
    joined: date | None
    left: date | None
    """First and last day of employment where they fall into the demo's days."""

    @property
    def service(self) -> bool:
        """Tell whether no person is behind it."""
        return self.kind == "service"


@dataclass(frozen=True, slots=True)
class Horizon:
    """The first and last local day with usage."""

    first: date
    last: date

    def inner_day(self, rng: random.Random) -> date:
        """Return a day with several days of usage on both sides."""
        length = (self.last - self.first).days
        margin = min(6, length // 3)
        return self.first + timedelta(days=rng.randint(margin, length - margin))


class _Team(NamedTuple):
    department: str
    name: str
    roles: tuple[str, ...]


class _Staffing(NamedTuple):
    """What a person's rows are made from."""

    teams: list[_Team]
    names: list[tuple[str, str]]
    changes: dict[int, str]
    horizon: Horizon
    zone: ZoneInfo


def directory(
    seed: int, people: int, horizon: Horizon, zone: ZoneInfo
) -> tuple[tuple[Account, ...], tuple[PersonRow, ...]]:
    """Return people first, then services, and the rows of ``people.csv``."""
    staffing = _Staffing(
        _teams(people), _names(seed, people), _changes(seed, people), horizon, zone
    )
    accounts: list[Account] = []
    rows: list[PersonRow] = []
    for number in range(people):
        account, own = _person(number, staffing, stream(seed, "person", number))
        accounts.append(account)
        rows += own
    services = _services(people, zone)
    owner = accounts[0].email
    rows += [_row(one, staffing.teams[0], owner, "Service") for one in services]
    return (*accounts, *services), tuple(rows)


def _person(
    number: int, staffing: _Staffing, rng: random.Random
) -> tuple[Account, list[PersonRow]]:
    teams, names = staffing.teams, staffing.names
    change = staffing.changes.get(number, "")
    day = staffing.horizon.inner_day(rng)
    account = Account(
        number=number,
        email=names[number][0],
        name=names[number][1],
        kind="contractor" if happens(rng, 0.04) else "person",
        zone=_zone(staffing.zone, rng),
        joined=day if change == "joins" else None,
        left=day if change == "leaves" else None,
    )
    home = number % len(teams)
    role = "Team lead" if number < len(teams) else rng.choice(teams[home].roles)
    here = _row(account, teams[home], _manager(number, len(teams), names), role)
    if change != "moves":
        return account, [here]
    away = (home + rng.randint(1, max(1, len(teams) - 1))) % len(teams)
    there = _row(account, teams[away], names[away][0], role)
    return account, [
        replace(here, until=day - timedelta(days=1)),
        replace(there, since=day),
    ]


def _teams(people: int) -> list[_Team]:
    """Return as many teams as it takes, one from each department in turn."""
    wanted = max(1, people // TEAM_SIZE)
    departments = DEPARTMENTS[: max(1, min(len(DEPARTMENTS), wanted // 2))]
    deepest = max(len(one.teams) for one in departments)
    offered = [
        _Team(one.name, one.teams[depth], one.roles)
        for depth in range(deepest)
        for one in departments
        if depth < len(one.teams)
    ]
    divisions = min(len(DIVISIONS), people // DIVISION_SIZE)
    if divisions > 1:
        offered = _of_divisions(offered, divisions, wanted)
    return offered[:wanted]


def _of_divisions(teams: list[_Team], divisions: int, wanted: int) -> list[_Team]:
    """Return each team once in every division, and as often again as it takes."""
    rounds = -(-wanted // (divisions * len(teams)))
    return [
        team._replace(
            department=f"{division} {team.department}",
            name=f"{team.name} {number}" if number > 1 else team.name,
        )
        for number in range(1, rounds + 1)
        for team in teams
        for division in DIVISIONS[:divisions]
    ]


def _manager(number: int, teams: int, names: list[tuple[str, str]]) -> str:
    """Return who leads: a team its first person, the leads the very first."""
    if number == 0:
        return ""
    return names[number % teams][0] if number >= teams else names[0][0]


def _names(seed: int, people: int) -> list[tuple[str, str]]:
    """Return unique addresses and the names that go with them."""
    rng = stream(seed, "names")
    taken: set[str] = set()
    found: list[tuple[str, str]] = []
    while len(found) < people:
        first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
        local = mailbox(first, last)
        if local in taken and len(found) < len(FIRST_NAMES) * len(LAST_NAMES) // 4:
            continue
        if local in taken:
            local = f"{local}.{len(found)}"
        taken.add(local)
        found.append((f"{local}@example.com", f"{first} {last}"))
    return found


def _changes(seed: int, people: int) -> dict[int, str]:
    """Say who moves, joins or leaves; team leads stay."""
    rng = stream(seed, "changes")
    leads = max(1, people // TEAM_SIZE)
    free = list(range(leads, people))
    rng.shuffle(free)
    changes: dict[int, str] = {}
    for what, share in (("moves", 0.025), ("joins", 0.015), ("leaves", 0.01)):
        for _ in range(max(1, round(people * share))):
            if free:
                changes[free.pop()] = what
    return changes


def _zone(home: ZoneInfo, rng: random.Random) -> ZoneInfo:
    draw = rng.random() * 100
    for name, percent in ZONES:
        if draw < percent:
            return ZoneInfo(name)
        draw -= percent
    return home


def _services(people: int, zone: ZoneInfo) -> tuple[Account, ...]:
    count = max(1, min(len(SERVICES), people // 250))
    return tuple(
        Account(
            number=people + place,
            email=f"{local}@example.com",
            name=name,
            kind="service",
            zone=zone,
            joined=None,
            left=None,
        )
        for place, (local, name) in enumerate(SERVICES[:count])
    )


def _row(account: Account, team: _Team, manager: str, role: str) -> PersonRow:
    return PersonRow(
        email=account.email,
        name=account.name,
        department=team.department,
        team=team.name,
        manager="" if manager == account.email else manager,
        kind=account.kind,
        role=role,
        since=account.joined,
        until=account.left,
    )
