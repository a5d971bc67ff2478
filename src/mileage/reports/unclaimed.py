"""Which identities belong to nobody, and which somebody has claimed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from mileage.domain.asserted import COLLECTOR
from mileage.domain.parking import Claimed, Parked
from mileage.domain.window import moment
from mileage.store.owners import claims_in_force, use_of

if TYPE_CHECKING:
    from mileage.domain.parking import Identity
    from mileage.store.ledger import Ledger


class Identities(Protocol):
    """What is known of identities."""

    def identities(self) -> tuple[Identity, ...]:
        """List every identity with its account."""
        ...


def claimable(identity: Identity) -> bool:
    """Tell whether nobody known stands behind an identity."""
    return identity.kind == "unclaimed" or identity.value.startswith(COLLECTOR)


def unclaimed(ledger: Ledger, known: Identities) -> tuple[Parked, ...]:
    """List what belongs to nobody, the most tokens first."""
    claims = claims_in_force(ledger.cursor())
    waiting = [
        one
        for one in known.identities()
        if claimable(one) and one.account_id not in claims
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
    everybody = known.identities()
    names = {one.account_id: one.name for one in everybody}
    return tuple(
        Claimed(one.value, one.account_id, person, names.get(person, person))
        for one in sorted(everybody)
        if (person := claims.get(one.account_id)) is not None
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
