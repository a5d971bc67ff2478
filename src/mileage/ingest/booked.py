"""Booking what was read to accounts: by its credential, or by what it asserts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mileage.domain.booking import Booking, Brought, Done, Refusal
from mileage.domain.call import Seen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mileage.domain.people import Credential
    from mileage.ingest.record import Record


class Directory(Protocol):
    """Whose an assertion is."""

    def account_of(self, credential: Credential, identity: str) -> str:
        """Return whose usage a collector's is that asserts this identity, or ''."""
        ...


def book(records: Iterable[Record], directory: Directory) -> Booking:
    """Book every row to the account of its credential or of its asserted identity."""
    accounts: dict[tuple[Credential, str], str] = {}
    seen: list[Seen] = []
    done: list[Done] = []
    refused: list[Refusal] = []
    ignored: dict[str, int] = {}
    brought: list[Brought] = []
    for credential, origin, reading, machine, received in records:
        for witness in reading.witnesses.rows():
            owner = _owner(credential, witness.identity, accounts, directory)
            seen.append(Seen(witness, *owner))
        for activity in reading.activities.rows():
            owner = _owner(credential, activity.identity, accounts, directory)
            done.append(Done(activity, *owner))
        refused += [Refusal(one, credential.account_id) for one in reading.rejected]
        ignored[origin] = ignored.get(origin, 0) + reading.ignored
        brought.append(Brought(len(reading.witnesses), machine, received))
    return Booking(
        tuple(seen),
        tuple(done),
        tuple(refused),
        tuple(ignored.items()),
        tuple(brought),
    )


def _owner(
    credential: Credential,
    identity: str,
    accounts: dict[tuple[Credential, str], str],
    directory: Directory,
) -> tuple[str, bool]:
    """Return (account, asserted). A personal token wins over any claim."""
    if credential.account_id:
        return credential.account_id, False
    asserted = credential, identity
    if asserted not in accounts:
        accounts[asserted] = directory.account_of(*asserted)
    return accounts[asserted], True
