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
    owners = _Owners(directory)
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
    """Asks the directory once for each identity that a credential asserts."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._known: dict[Credential, dict[str, str]] = {}

    def of(self, credential: Credential, identities: list[str]) -> list[str]:
        """Return an account a row. A personal token wins over any claim."""
        if credential.account_id:
            return [credential.account_id] * len(identities)
        known = self._known.setdefault(credential, {})
        unknown = set(identities) - known.keys()
        if unknown:
            known.update(self._directory.accounts_of(credential, unknown))
        return [known[one] for one in identities]
