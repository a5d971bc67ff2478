"""Users and groups as a directory service keeps them here (SCIM 2.0)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

Kind = Literal["User", "Group"]


class ProvisionedPerson(NamedTuple):
    """What Mileage takes from a user."""

    user_name: str
    email: str
    """The primary address, else ``user_name`` when that is one."""
    name: str
    active: bool
    department: str
    team: str
    manager: str
    """What the service names the manager by: our id, its own, or an address."""


@dataclass(frozen=True, slots=True)
class Provisioned:
    """A user or a group; a user's id is that of the account."""

    resource_id: str
    kind: Kind
    document: dict[str, Any]
    """What it was sent as, without id, members and times."""
    created_at: int
    changed_at: int
    """Grows with every change, so that it names the version."""
    members: tuple[str, ...] = ()
    """Of a group: accounts, in order."""


class Wanted(NamedTuple):
    """Which resources are looked for; None is no condition."""

    kind: Kind
    name: str | None = None
    """userName or displayName, in any case."""
    external_id: str | None = None
    start: int = 0
    most: int | None = None
