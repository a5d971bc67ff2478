"""Usage of identities that nobody vouches for, and what became of it."""

from __future__ import annotations

from typing import NamedTuple

from mileage.domain.asserted import COLLECTOR


class Identity(NamedTuple):
    """What telemetry or a directory calls somebody, and the account that it has."""

    value: str
    """An e-mail, ``installation:…``, ``collector:NAME`` or ``unverified:…``."""
    account_id: str
    kind: str
    name: str
    """The account's name; somebody's only if the kind is not ``unclaimed``."""

    @property
    def claimable(self) -> bool:
        """Tell whether nobody known stands behind it."""
        return self.kind == "unclaimed" or self.value.startswith(COLLECTOR)


class Parked(NamedTuple):
    """An identity whose usage belongs to nobody known."""

    identity: str
    account_id: str
    sources: tuple[str, ...]
    clients: tuple[str, ...]
    first: int | None
    """UTC microseconds of the first call, None when it never came with one."""
    last: int | None
    calls: int
    tokens: int


class Claimed(NamedTuple):
    """An identity that somebody has claimed."""

    identity: str
    account_id: str
    person_id: str
    person: str
    """Name of whose usage it is now."""
