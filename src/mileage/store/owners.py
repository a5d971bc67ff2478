"""Who stands behind an account that nobody was known to own.

Witnesses keep the account that they were booked to, so that a claim can be undone.
What is derived of them goes by the claims in force: the views ``witness_owned`` and
its like give stored rows their owner, ``owned`` gives it to rows that come in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mileage.store.statements import run

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import duckdb

    from mileage.domain.call import Seen

Claims = dict[str, str]
"""The person behind each account that is claimed."""


def claims_in_force(cursor: duckdb.DuckDBPyConnection) -> Claims:
    """Return who stands behind which accounts now."""
    return dict(run(cursor, "claimed"))


def owned(seen: Seen, claims: Mapping[str, str]) -> Seen:
    """Return a witness with the account of whoever stands behind it."""
    person = claims.get(seen.account)
    return seen if person is None else seen._replace(account=person)


class AccountUse(NamedTuple):
    """What an account has used, and who told of it; instants in UTC microseconds."""

    account_id: str
    sources: tuple[str, ...]
    clients: tuple[str, ...]
    first: int
    last: int
    calls: int
    tokens: int


def use_of(
    cursor: duckdb.DuckDBPyConnection, accounts: Iterable[str]
) -> dict[str, AccountUse]:
    """Return the use of those accounts that were heard of."""
    wanted = list(accounts)
    # Whoever has none waits for no look at everybody's use.
    rows = run(cursor, "use_of_accounts", accounts=wanted) if wanted else []
    found = (AccountUse(row[0], tuple(row[1]), tuple(row[2]), *row[3:]) for row in rows)
    return {one.account_id: one for one in found}
