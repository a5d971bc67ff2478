"""Putting somebody behind an identity that nobody vouches for, and undoing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.asserted import UNVERIFIED
from mileage.domain.errors import Conflict, Invalid, MileageError, NotFound
from mileage.store.control.audit import Change
from mileage.store.owners import claims_in_force

if TYPE_CHECKING:
    from mileage.domain.parking import Identity
    from mileage.domain.people import Viewer
    from mileage.reports.gate import Gate
    from mileage.store.control import Control
    from mileage.store.ledger import Ledger


class Moved(NamedTuple):
    """What a claim, or its end, has done."""

    identity: str
    account_id: str
    person_id: str
    person: str
    """Name of whoever has, or had, claimed it."""
    calls: int
    """How many calls are somebody else's now."""


class Claims:
    """Claims identities; each is on record before anything changes."""

    def __init__(self, ledger: Ledger, control: Control, gate: Gate) -> None:
        self._ledger = ledger
        self._control = control
        self._gate = gate

    def claim(self, viewer: Viewer, identity: str, email: str) -> Moved:
        """Give everything that came under an identity to the owner of an address.

        Raises Refused unless the viewer is the operator, NotFound and Invalid when
        either is not what it should be, Conflict when somebody else has claimed it.
        """
        self._gate.allow(viewer, "unclaimed")
        parked = self._identity(identity)
        if not parked.claimable:
            raise Invalid(
                f"{parked.value} is {parked.name} in the directory, and people are "
                "not claimed: see 'mileage people unclaimed'"
            )
        person = self._control.account_of_email(email)
        if person is None or person.kind == "unclaimed":
            raise NotFound(
                f"the directory has nobody with the address {email}: bring them in "
                "with 'mileage people import' first"
            )
        now = claims_in_force(self._ledger.cursor()).get(parked.account_id)
        if now not in (None, person.account_id):
            raise Conflict(
                f"{parked.value} is claimed already: end that with "
                f"'mileage people unclaim {parked.value}' first"
            )
        change = Change(
            "identity claimed", parked.account_id, f"by {person.account_id}", viewer
        )
        calls = self._recorded(change, parked.account_id, person.account_id)
        return Moved(*parked[:2], person.account_id, person.name, calls)

    def unclaim(self, viewer: Viewer, identity: str) -> Moved:
        """Give an identity back what came under it; raises Refused, NotFound."""
        self._gate.allow(viewer, "unclaimed")
        parked = self._identity(identity)
        person_id = claims_in_force(self._ledger.cursor()).get(parked.account_id)
        if person_id is None:
            raise NotFound(
                f"nobody has claimed {parked.value}: see 'mileage people claims'"
            )
        change = Change(
            "identity unclaimed", parked.account_id, f"from {person_id}", viewer
        )
        calls = self._recorded(change, parked.account_id, "")
        name = self._control.account(person_id).name
        return Moved(*parked[:2], person_id, name, calls)

    def _recorded(self, change: Change, account: str, person: str) -> int:
        """Record a change and make it; one that fails is recorded as that, too."""
        self._control.record_change(change)
        try:
            return self._ledger.claim(account, person)
        except MileageError:
            failed = change._replace(action=f"{change.action}: failed")
            self._control.record_change(failed)
            raise

    def _identity(self, typed: str) -> Identity:
        """Return what somebody typed; a parked namesake where that is a person's."""
        value = typed.strip().lower()
        asked = value, typed, UNVERIFIED + value
        known = {one.value: one for one in self._control.identities_called(asked)}
        found = known.get(value) or known.get(typed)
        if found is None or not found.claimable:
            found = known.get(UNVERIFIED + value, found)
        if found is None:
            raise NotFound(
                f"nothing came under {typed}: see 'mileage people unclaimed'"
            )
        return found
