"""Whose usage a collector's is: what it asserts, within the bounds of belief."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mileage.domain.asserted import COLLECTOR, domain_of, parked

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from mileage.domain.people import Credential

REMEMBERED = 100_000
"""Identities of which the account is kept at hand; only erasure takes one away."""


class Known(Protocol):
    """Who is known, and what bounds tokens have."""

    def ensure_accounts(self, wanted: Mapping[str, bool]) -> dict[str, str]:
        """Return the account of each identity, a new one when nobody has it yet.

        ``wanted`` says of each whether it is believed to be a person's.
        """
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

    def accounts_of(
        self, credential: Credential, identities: Collection[str]
    ) -> dict[str, str]:
        """Return whose usage it is that a collector says is of these identities."""
        bounds = self._known.bounds(credential.token_id)
        nobody = COLLECTOR + credential.collector
        booked = {one: parked(one, bounds) if one else nobody for one in identities}
        unknown = {
            value: value == one and domain_of(one) in self._domains
            for one, value in booked.items()
            if value not in self._accounts
        }
        found = self._known.ensure_accounts(unknown) if unknown else {}
        known = self._accounts
        accounts = {
            one: found[value] if value in found else known[value]
            for one, value in booked.items()
        }
        self._remember(found)
        return accounts

    def forget(self) -> None:
        """Look everybody up again: somebody was erased, and so are their identities."""
        self._accounts.clear()

    def _remember(self, found: Mapping[str, str]) -> None:
        if len(self._accounts) + len(found) > REMEMBERED:
            self._accounts.clear()
        if len(found) <= REMEMBERED:
            self._accounts.update(found)
