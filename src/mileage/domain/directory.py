"""The directory, its credentials and the access log, as values.

Instants are UTC microseconds since 1970.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mileage.domain.people import AccountKind, Membership, Purpose, Viewer

KeyScope = Literal["read", "operator", "scim"]
KEY_SCOPES: tuple[KeyScope, ...] = get_args(KeyScope)

ORGANISATION = "org"
"""The subject of a read that names many people."""
DEPARTMENT = "dept:"
TEAM = "team:"
LONGEST_LENGTH = 9


def department_subject(department: str) -> str:
    """Return the subject of a read of a department."""
    return DEPARTMENT + department


def team_subject(department: str, team: str) -> str:
    """Return the subject of a read of a team; its department cannot be mistaken."""
    return f"{TEAM}{len(department)}:{department}/{team}"


def department_of(subject: str) -> str | None:
    """Return the department of such a subject; None for a person and for all."""
    if subject.startswith(DEPARTMENT):
        return subject.removeprefix(DEPARTMENT)
    if subject.startswith(TEAM):
        length, _, names = subject.removeprefix(TEAM).partition(":")
        # An address may hold thousands of digits, of which Python makes no number.
        known = length.isdecimal() and len(length) <= LONGEST_LENGTH
        return names[: int(length)] if known else None
    return None


def team_of(subject: str) -> str | None:
    """Return the team of such a subject; None for a department and for all others."""
    department = department_of(subject)
    if department is None or subject.startswith(DEPARTMENT):
        return None
    return subject.removeprefix(team_subject(department, ""))


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One membership of one person, as a directory file states it."""

    email: str
    name: str
    kind: AccountKind
    department: str
    team: str
    manager: str
    role: str
    since: date | None
    until: date | None
    """Both included; None is open."""


def memberships_on(
    day: date, memberships: Iterable[Membership]
) -> dict[str, Membership]:
    """Return each account's membership on a local day; the one begun last wins."""
    found: dict[str, Membership] = {}
    for membership in memberships:
        since, until = membership.since or date.min, membership.until or date.max
        best = found.get(membership.account_id)
        if since <= day <= until and (
            best is None or since >= (best.since or date.min)
        ):
            found[membership.account_id] = membership
    return found


Place = tuple[str, str]
"""Department and team; two empty names for being nowhere."""
NOWHERE: Place = ("", "")


def place_in(membership: Membership | None) -> Place:
    """Return the department and team of a membership; no team without a department."""
    if membership is None or not membership.department:
        return NOWHERE
    return membership.department, membership.team


def moves(
    days: Sequence[date], memberships: Iterable[Membership]
) -> dict[str, tuple[Place, ...]]:
    """Return where each account that moved belonged on each of some days in a row.

    Whoever was in one place all the time is left out.
    """
    first, last = days[0], days[-1]
    dated: dict[str, list[Membership]] = defaultdict(list)
    for one in memberships:
        if (one.since or date.min) <= last and (one.until or date.max) >= first:
            dated[one.account_id].append(one)
    found = {}
    for account, rows in dated.items():
        if len({place_in(one) for one in rows}) == 1 and _throughout(rows, first, last):
            continue
        on_days = (memberships_on(day, rows).get(account) for day in days)
        places = tuple(place_in(one) for one in on_days)
        if len(set(places)) > 1:
            found[account] = places
    return found


def _throughout(rows: Iterable[Membership], first: date, last: date) -> bool:
    """Tell whether one of some memberships holds on all days."""
    return any(
        (one.since or date.min) <= first and (one.until or date.max) >= last
        for one in rows
    )


class ImportSummary(NamedTuple):
    """What an import did, in people."""

    added: int
    changed: int
    unchanged: int
    claimed: int
    """Of the changed: accounts that usage had created before they were known."""


class NewSecret(NamedTuple):
    """A credential just made; the secret exists nowhere else and is shown once."""

    credential_id: str
    secret: str


class Rate(NamedTuple):
    """How much a token may bring a second; 0 is no limit, None what is set for all."""

    requests: int | None = None
    records: int | None = None


AS_SET = Rate()


@dataclass(frozen=True, slots=True)
class IngestToken:
    """What is known of an ingest token; the secret is not."""

    token_id: str
    account_id: str
    """'' for a collector token."""
    name: str
    """The account's name, or the collector's."""
    created_at: int
    expires_at: int | None
    revoked_at: int | None
    last_used_at: int | None = None
    """To the minute or so."""
    rate: Rate = AS_SET
    domains: tuple[str, ...] = ()
    """Of whom a collector may name people; () is no bound."""
    former_until: int | None = None
    """Until when a secret that was replaced still works."""


class TokenTerms(NamedTuple):
    """What is decided about a token when it is made, and may be changed later."""

    expires_at: int | None = None
    rate: Rate = AS_SET
    domains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is known of an API key; the secret is not."""

    key_id: str
    account_id: str
    name: str
    scope: KeyScope
    created_at: int
    revoked_at: int | None
    expires_at: int | None = None
    last_used_at: int | None = None
    """To the minute or so."""


@dataclass(frozen=True, slots=True)
class GrantedRole:
    """A role that was granted to an account, ended ones too."""

    grant_id: str
    account_id: str
    name: str
    """Of the account."""
    role: str
    department: str
    """'' for a role that is of none."""
    granted_at: int
    expires_at: int | None
    revoked_at: int | None


@dataclass(frozen=True, slots=True)
class NamedRead:
    """A read that names somebody else, to be recorded before its bytes leave."""

    viewer: Viewer
    purpose: Purpose
    report: str
    subject: str
    """The account that was read, or ``ORGANISATION``."""
    subjects: int
    """How many people the answer named."""
    detail: str = ""
    """Which lens, which window; never a figure."""
    named: tuple[str, ...] = ()
    """The accounts that the answer named; () when that is the subject, or anybody."""


@dataclass(frozen=True, slots=True)
class AccessRow:
    """A recorded read."""

    row_id: int
    at: int
    viewer: str
    """Account of who looked, '' for the operator in a shell."""
    viewer_name: str
    """The name at that time: a person may ask who looked, not which category."""
    purpose: str
    report: str
    subject: str
    subjects: int
    detail: str
    named: str = ""
    """Which set of accounts the answer named; '' for the subject, or anybody."""
    through: str = ""
    """How it was read: ``page``, ``api`` or ``shell``; '' before that was noted."""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """A recorded change of who may do what, or of whose usage it is."""

    row_id: int
    at: int
    actor: str
    """Account of who did it, '' for the operator in a shell and for Mileage itself."""
    actor_name: str
    action: str
    """Such as ``token created``."""
    subject: str
    """Id of the token, key or account that changed."""
    detail: str
    """Ids, numbers and domains; never a secret, a name or an address."""
