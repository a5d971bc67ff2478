"""Users and groups as a directory service keeps them here (SCIM 2.0)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

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


class Need(NamedTuple):
    """What must hold of a resource that is looked for; all of it."""

    texts: tuple[str, ...] = ()
    """Each stands in the document, in any case of ASCII letters."""
    ids: tuple[str, ...] = ()
    """Each is its id."""
    members: tuple[str, ...] = ()
    """Each is one of a group."""

    @classmethod
    def of_all(cls, some: Iterable[Need]) -> Need:
        """Return what must hold where all of some must."""
        found = tuple(some)
        return cls(
            texts=tuple(text for one in found for text in one.texts),
            ids=tuple(one_id for one in found for one_id in one.ids),
            members=tuple(member for one in found for member in one.members),
        )


class Wanted(NamedTuple):
    """Which resources are looked for; None is no condition."""

    kind: Kind
    name: str | None = None
    """userName or displayName, in any case."""
    external_id: str | None = None
    needs: tuple[Need, ...] = ()
    """One of these must hold; () is no condition."""
    start: int = 0
    most: int | None = None
