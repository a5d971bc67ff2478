"""Who was heard of: presence rolled up, and what has come since, as rows out.

Reading is as exact as the appends themselves: what the roll-up does not have yet is
read beside it.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, NamedTuple, Protocol

from mileage.domain.coverage import PATIENCE_DAYS, Presence, VersionSeen
from mileage.store.owners import claims_in_force
from mileage.store.statements import run, said_plainly

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from contextlib import AbstractContextManager

    import duckdb

CHUNK_ROWS = 1_000_000
"""Rolled up at once, which bounds the memory that sorting takes."""
FEW = 8
_DAY = 86_400_000_000
LEAST_ROWS = 200_000
PART = 0.1
"""So many rows, or this part of the roll-up, may wait before it is made anew."""


class Missed(NamedTuple):
    """When a source has stopped, as ``Coverage.stopped`` has it."""

    patience: int = PATIENCE_DAYS
    """Days that it may lag behind another one."""
    used: date = date.min
    """It has been used since this local day."""
    fillers: Collection[str] = ()
    """Sources that are not missed."""


class Readable(Protocol):
    """A ledger."""

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return this thread's own cursor."""
        ...

    def transaction(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """Commit what the block does, or roll it back if it raises."""
        ...


class SourceRow(NamedTuple):
    """What one source told of one account, or of all."""

    source: str
    witnesses: int
    first: int
    last: int
    accounts: int
    stopped: int
    """Accounts of which it fell silent while another source of the client went on."""


class Heard:
    """Presence at one moment: all of its answers are about the same appends."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor
        self._after: int = run(cursor, "presence_rolled")[0][0]
        self._booked: dict[str, list[str]] = defaultdict(list)
        claims = claims_in_force(cursor)
        for account, person in claims.items():
            self._booked[person].append(account)
        self._claimed = claims
        self._read: tuple[str, ...] | None = None

    def accounts(self) -> dict[str, list[str]]:
        """Return whoever was heard of, and the accounts that each stands behind."""
        found: dict[str, list[str]] = {}
        for (account,) in run(self._cursor, "presence_accounts", after=self._after):
            found.setdefault(self._claimed.get(account, account), []).append(account)
        return found

    def booked(self, owner: str) -> list[str]:
        """Return the accounts that somebody stands behind."""
        own = [] if owner in self._claimed else [owner]
        return [*own, *self._booked.get(owner, ())]

    def presence(self, accounts: Sequence[str], recent: int) -> list[Presence]:
        """Return what was told of some accounts, by who stands behind them."""
        self._look_up(accounts)
        rows = run(self._cursor, "presence", recent=recent, day=_DAY)
        return [Presence(*row)._replace(days=tuple(row[8])) for row in rows]

    def versions(self, accounts: Sequence[str], since: date) -> list[VersionSeen]:
        """Return the versions of clients in use since a local day."""
        self._look_up(accounts)
        rows = run(self._cursor, "presence_versions", since=since)
        return [VersionSeen(*row) for row in rows]

    def _look_up(self, accounts: Sequence[str]) -> None:
        """Put what was told of some accounts aside: finding it is what takes long."""
        if self._read == tuple(accounts):
            return
        run(self._cursor, "heard_of.build", after=self._after)
        for some in _apart(accounts):
            owners = [self._claimed.get(one, one) for one in some]
            parameters = {"after": self._after, "accounts": some, "owners": owners}
            run(self._cursor, "heard_of.insert", **parameters)
        self._read = tuple(accounts)

    def sources(self, account: str | None, missed: Missed) -> list[SourceRow]:
        """Return each source of one account or of all, and how many miss it."""
        rows = run(
            self._cursor,
            "presence_sources",
            after=self._after,
            account=account,
            patience=missed.patience,
            used=missed.used,
            fillers=list(missed.fillers),
        )
        return [SourceRow(*row) for row in rows]


def _apart(accounts: Sequence[str]) -> list[list[str]]:
    """Ask for few accounts one by one: each lies in one place of the roll-up."""
    if len(accounts) <= FEW:
        return [[one] for one in accounts]
    return [list(accounts)]


@contextmanager
def hearing(ledger: Readable) -> Iterator[Heard]:
    """Read presence as it is at one moment."""
    # A cursor of its own: the thread's may be in a transaction already.
    cursor = ledger.cursor().cursor()
    try:
        with said_plainly():
            cursor.begin()
        yield Heard(cursor)
    finally:
        cursor.close()


def booked_accounts(ledger: Readable, owner: str) -> list[str]:
    """Return the accounts that somebody stands behind."""
    with hearing(ledger) as heard:
        return heard.booked(owner)


def roll_up(ledger: Readable, least: int = LEAST_ROWS) -> bool:
    """Roll presence up if enough has come since; tells whether it did.

    Appends go on meanwhile, and readers see the roll-up before until it is done.
    """
    cursor = ledger.cursor()
    ((after, rolled),) = run(cursor, "presence_rolled")
    ((until, waiting),) = run(cursor, "presence_waiting", after=after)
    if waiting < max(least, PART * rolled) or not waiting:
        return False
    with ledger.transaction() as inside:
        accounts = [row[0] for row in run(inside, "presence_accounts", after=after)]
        chunks = max(1, (rolled + waiting) // CHUNK_ROWS)
        bounds = accounts[:: -(-len(accounts) // chunks)]
        run(inside, "presence_next.begin")
        for first, following in zip(bounds, [*bounds[1:], None], strict=True):
            run(
                inside,
                "presence_next.insert",
                after=after,
                until=until,
                from_account=first,
                before_account=following,
            )
        for name in ("presence_day.drop", "presence_next.rename"):
            run(inside, name)
        run(inside, "presence_rolled.clear")
        run(inside, "presence_rolled.insert", seq=until)
        run(inside, "presence.forget", seq=until)
    return True
