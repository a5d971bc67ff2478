"""Accounts, their dated memberships, and who is looking."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

if TYPE_CHECKING:
    from datetime import date

AccountKind = Literal["person", "contractor", "service", "unclaimed", "erased"]
ACCOUNT_KINDS: tuple[AccountKind, ...] = get_args(AccountKind)
Purpose = str
"""Why somebody reads: a name from ``roles.toml``, or one that follows from the report
(``access.roles.IMPLIED``)."""


Through = Literal["page", "api", "shell"]

PEOPLE = frozenset({"person", "contractor"})
"""Kinds of account that are somebody, and count among the people of a group."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who used it. The id is opaque; the name is what pages may show."""

    account_id: str
    kind: AccountKind
    name: str
    email: str


PEOPLE_SHOWN = 100
"""Lines of a page of the directory."""


class Listed(NamedTuple):
    """Some of the accounts that somebody looks for, by name."""

    accounts: tuple[Account, ...]
    first: int
    """How many of those found stand before them."""
    found: int
    known: int
    """How many there are to look for."""


def found_by(name: str, email: str) -> str:
    """Return by what somebody is found and listed, whatever the case of its letters."""
    return f"{name or email} {email}".casefold()


@dataclass(frozen=True, slots=True)
class Membership:
    """Where an account belongs from ``since`` to ``until``, both included."""

    account_id: str
    department: str
    team: str
    manager: str
    role: str
    since: date | None
    until: date | None


class Placed(NamedTuple):
    """Who an account is, and where it belonged on a day; '' for nowhere."""

    account_id: str
    name: str
    kind: str
    department: str = ""
    team: str = ""
    role: str = ""


class HeldRole(NamedTuple):
    """A role that somebody was granted, of one department or of none ('')."""

    role: str
    department: str = ""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks. ``account_id`` is '' for the operator in a shell."""

    account_id: str
    name: str
    operator: bool = False
    through: Through = field(default="page", compare=False)
    roles: tuple[HeldRole, ...] = ()
    """Granted and in force at this request; what the org chart gives is not here."""

    def holds(self, role: str) -> bool:
        """Tell whether a role was granted, of whatever department."""
        return any(held.role == role for held in self.roles)

    @property
    def led_departments(self) -> tuple[str, ...]:
        """Return the departments that roles were granted of, by name."""
        return tuple(sorted({held.department for held in self.roles} - {""}))


OPERATOR = Viewer("", "operator", operator=True, through="shell")


@dataclass(frozen=True, slots=True)
class Credential:
    """What an ingest token stands for; exactly one of the two is set."""

    token_id: str
    account_id: str
    """A personal token fixes the account, whatever the payload says."""
    collector: str
    """A collector token may assert identity; such calls are ``asserted``."""
