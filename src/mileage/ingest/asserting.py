"""Whose usage a collector's is: what it asserts, within the bounds of belief."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mileage.domain.asserted import COLLECTOR, domain_of, parked

if TYPE_CHECKING:
    from collections.abc import Collection

    from mileage.domain.people import Credential

REMEMBERED = 100_000
"""Identities of which the account is kept at hand; an identity's never changes."""


class Known(Protocol):
    """Who is known, and what bounds tokens have."""

    def ensure_account(self, identity: str, *, believed: bool = False) -> str:
        """Return the account of an identity, a new one when nobody has it yet."""
        ...

    def bounds(self, token_id: str) -> tuple[str, ...]:
        """Return the domains that a token may name people of; () is no bound."""
        ...


class AssertedIdentities:
    """Implements ``ingest.booked.Directory``."""

    def __init__(self, known: Known, domains: Collection[str]) -> None:
        """``domains`` are those of which unknown people are believed to be there."""
        self._known = known
        self._domains = frozenset(domains)
        self._accounts: dict[str, str] = {}

    def account_of(self, credential: Credential, identity: str) -> str:
        """Return whose usage it is that a collector says is of ``identity``."""
        if not identity:
            return self._account(COLLECTOR + credential.collector, believed=False)
        booked = parked(identity, self._known.bounds(credential.token_id))
        believed = booked == identity and domain_of(identity) in self._domains
        return self._account(booked, believed=believed)

    def _account(self, identity: str, *, believed: bool) -> str:
        account_id = self._accounts.get(identity)
        if account_id is None:
            account_id = self._known.ensure_account(identity, believed=believed)
            if len(self._accounts) >= REMEMBERED:
                self._accounts.clear()
            self._accounts[identity] = account_id
        return account_id
