"""Which identities belong to nobody, and which somebody has claimed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from mileage.domain.parking import Claimed, Parked
from mileage.domain.window import moment
from mileage.store.owners import claims_in_force, use_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mileage.domain.parking import Identity
    from mileage.domain.people import Account
    from mileage.store.ledger import Ledger


class Identities(Protocol):
    """What is known of identities."""

    def claimable_identities(self) -> tuple[Identity, ...]:
        """List those that somebody may claim, by value."""
        ...

    def identities_of(self, account_ids: Iterable[str]) -> tuple[Identity, ...]:
        """Return all identities of some accounts, by value."""
        ...

    def accounts_of(self, account_ids: Iterable[str]) -> tuple[Account, ...]:
        """Return those of some accounts that there are."""
        ...


def unclaimed(ledger: Ledger, known: Identities) -> tuple[Parked, ...]:
    """List what belongs to nobody, the most tokens first."""
    claims = claims_in_force(ledger.cursor())
    waiting = [
        one for one in known.claimable_identities() if one.account_id not in claims
    ]
    used = use_of(ledger.cursor(), [one.account_id for one in waiting])
    found = []
    for one in waiting:
        use = used.get(one.account_id)
        told = use[1:] if use else ((), (), None, None, 0, 0)
        found.append(Parked(one.value, one.account_id, *told))
    return tuple(sorted(found, key=lambda one: (-one.tokens, one.identity)))


def claimed(ledger: Ledger, known: Identities) -> tuple[Claimed, ...]:
    """List the claims in force, by identity."""
    claims = claims_in_force(ledger.cursor())
    people = known.accounts_of(claims.values())
    names = {one.account_id: one.name for one in people}
    return tuple(
        Claimed(
            one.value,
            one.account_id,
            person := claims[one.account_id],
            names.get(person, person),
        )
        for one in known.identities_of(claims)
    )


def parked_json(found: tuple[Parked, ...]) -> list[dict[str, Any]]:
    """Write parked identities for machines; instants in ISO 8601, UTC."""
    return [
        {
            **one._asdict(),
            "sources": list(one.sources),
            "clients": list(one.clients),
            "first": one.first and moment(one.first).isoformat(),
            "last": one.last and moment(one.last).isoformat(),
        }
        for one in found
    ]
