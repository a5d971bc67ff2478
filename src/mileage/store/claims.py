"""Booking the whole history of an account to somebody else, and back.

Nothing is rewritten: a claim is a row, and the calls that come out differently are new
rows beside the old ones, all of one append. What was published before can still be
recomputed, and an end of the claim brings back exactly what was there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mileage.domain.booking import Booking
from mileage.domain.call import Seen
from mileage.domain.errors import Conflict
from mileage.domain.join import derive
from mileage.domain.witness import Witness
from mileage.store.appending import Append, difference
from mileage.store.identities import HOUR, insert_identities, own_id
from mileage.store.owners import claims_in_force
from mileage.store.promoting import promote_accounts
from mileage.store.relatives import relatives
from mileage.store.statements import run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

WITNESSES_AT_ONCE = 20_000


class Claiming(Append):
    """One append that brings no witness and books an account's to somebody else."""

    def claim(self, account: str, person: str) -> int:
        """Put a person behind an account; returns how many calls that changes.

        Raises Conflict when somebody else is behind either of them.
        """
        claims = claims_in_force(self._cursor)
        if claims.get(account) == person:
            return 0
        if account in claims or person in claims or account in claims.values():
            raise Conflict(
                "one of the two accounts is claimed already: end that claim first "
                "with 'mileage people unclaim'"
            )
        self._note(account, person)
        return self._move(account, person, (claims, {**claims, account: person}))

    def unclaim(self, account: str) -> int:
        """Put nobody behind an account; returns how many calls that changes."""
        claims = claims_in_force(self._cursor)
        person = claims.get(account)
        if person is None:
            return 0
        without = {one: who for one, who in claims.items() if one != account}
        changed = self._move(account, person, (claims, without))
        self._note(account, "")
        return changed

    def _note(self, account: str, person: str) -> None:
        stamp = {"seq": self.seq, "recorded_at": self.recorded_at}
        run(self._cursor, "claim.insert", account=account, person=person, **stamp)

    def _move(
        self, account: str, person: str, claims: tuple[Mapping[str, str], ...]
    ) -> int:
        """Derive again what the account's witnesses touch, by claims before and after.

        The claim itself is in force meanwhile: what can be joined with the account's
        witnesses is most when they are the person's.
        """
        promote_accounts(self._cursor, self._joining, [account])
        changes = 0
        done: set[int] = set()
        touched: set[tuple[int, str]] = set()
        for booked in self._booked(account):
            coming = [
                one._replace(account=person)
                for one in booked
                if own_id(one.witness.source, one.witness.key) not in done
            ]
            known = relatives(self._cursor, self._joining, coming)
            insert_identities(self._cursor, (), known.profiles)
            stored = self._as_booked(known.seen)
            done.update(own_id(one.witness.source, one.witness.key) for one in stored)
            before, after = (
                derive([_by(one, each) for one in stored], self._joining, known.after)
                for each in claims
            )
            changed, ended = difference(before, after)
            self._insert_calls(changed)
            self._end([call.call_id for call in ended])
            touched.update((one.occurred_at, one.account) for one in (*changed, *ended))
            changes += len(changed)
        self._insert_tallies(Booking(), {}, {})
        self._refresh(touched)
        return changes

    def _booked(self, account: str) -> Iterator[list[Seen]]:
        """Return the account's own witnesses by the hour, some hours at a time."""
        hours: list[int] = []
        size = 0
        for hour, count in run(self._cursor, "witness_hours_of", account=account):
            hours.append(hour)
            size += count
            if size >= WITNESSES_AT_ONCE:
                yield self._of_hours(account, hours)
                hours, size = [], 0
        if hours:
            yield self._of_hours(account, hours)

    def _of_hours(self, account: str, hours: Sequence[int]) -> list[Seen]:
        span = {"first_hour": hours[0], "last_hour": hours[-1]}
        return _seen(run(self._cursor, "witnesses_booked", account=account, **span))

    def _as_booked(self, found: Sequence[Seen]) -> list[Seen]:
        """Return stored witnesses again, with the accounts they were booked to."""
        own = {own_id(one.witness.source, one.witness.key) for one in found}
        hours = {one.witness.occurred_at // HOUR for one in found}
        places = {"own_ids": list(own), "hours": list(hours)}
        return _seen(run(self._cursor, "witnesses_as_booked", **places))


def _by(one: Seen, claims: Mapping[str, str]) -> Seen:
    return one._replace(account=claims.get(one.account, one.account))


def _seen(rows: Sequence[tuple[Any, ...]]) -> list[Seen]:
    return [Seen(Witness(*row[:-2]), row[-2], row[-1]) for row in rows]
