"""Booking what was read to accounts: by its credential, or by what it asserts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mileage.domain.booking import Booking, Done, Refusal, Run

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from mileage.domain.people import Credential
    from mileage.ingest.record import Record


class Directory(Protocol):
    """Whose an assertion is."""

    def accounts_of(
        self, credential: Credential, identities: Collection[str]
    ) -> dict[str, str]:
        """Return whose usage a collector's is, by the identities that it asserts.

        '' is the identity of rows that assert none.
        """
        ...


def book(records: Iterable[Record], directory: Directory) -> Booking:
    """Book every row to the account of its credential or of its asserted identity."""
    records = tuple(records)
    owners = _Owners(records, directory)
    runs: list[Run] = []
    done: list[Done] = []
    refused: list[Refusal] = []
    ignored: dict[str, int] = {}
    for credential, origin, reading, machine, received in records:
        asserted = not credential.account_id
        if len(reading.witnesses):
            accounts = owners.of(credential, reading.witnesses.column("identity"))
            run = Run(reading.witnesses, accounts, asserted, machine, received)
            runs.append(run)
        accounts = owners.of(credential, reading.activities.column("identity"))
        pairs = zip(reading.activities.rows(), accounts, strict=True)
        done += [Done(activity, account, asserted) for activity, account in pairs]
        refused += [Refusal(one, credential.account_id) for one in reading.rejected]
        ignored[origin] = ignored.get(origin, 0) + reading.ignored
    return Booking(
        done=tuple(done),
        refused=tuple(refused),
        ignored=tuple(ignored.items()),
        runs=tuple(runs),
    )


class _Owners:
    """Whose every row is; the directory is asked once for each credential."""

    def __init__(self, records: Iterable[Record], directory: Directory) -> None:
        asserted: dict[Credential, set[str]] = {}
        for credential, _, reading, *_ in records:
            if not credential.account_id:
                identities = asserted.setdefault(credential, set())
                identities.update(reading.witnesses.column("identity"))
                identities.update(reading.activities.column("identity"))
        self._known = {
            credential: directory.accounts_of(credential, identities)
            for credential, identities in asserted.items()
            if identities
        }

    def of(self, credential: Credential, identities: list[str]) -> list[str]:
        """Return an account a row. A personal token wins over any claim."""
        if credential.account_id:
            return [credential.account_id] * len(identities)
        known = self._known.get(credential, {})
        return [known[one] for one in identities]
