"""What could not be read, added up by day: rows in, and the groups of them out."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Protocol

from mileage.domain.rejecting import RejectionGroup, Rejections, folded
from mileage.store.statements import insert_with, run

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import duckdb

    from mileage.domain.booking import Refusal
    from mileage.domain.rejecting import Kind
    from mileage.domain.witness import Rejected


class Readable(Protocol):
    """A ledger, which needs this module itself to write."""

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return this thread's own cursor."""
        ...


def record(
    cursor: duckdb.DuckDBPyConnection, recorded_at: int, refused: Sequence[Refusal]
) -> None:
    """Add the rejections of an append to those of its day."""
    if not refused:
        return
    by_account: dict[str, list[Rejected]] = defaultdict(list)
    for one in refused:
        by_account[one.account].append(one.rejected)
    known = _known(cursor, recorded_at, by_account)
    rows = [
        (account, one)
        for account, several in by_account.items()
        for one in folded(several, known[account])
    ]
    columns: dict[str, list[object]] = {
        name: [getattr(one, name) for _, one in rows]
        for name in ("source", "reason", "client_version", "place", "sample", "records")
    }
    columns["account"] = [account for account, _ in rows]
    insert_with(cursor, "rejection.merge", columns, recorded_at=recorded_at)


def _known(
    cursor: duckdb.DuckDBPyConnection, recorded_at: int, accounts: Iterable[str]
) -> dict[str, set[Kind]]:
    found: dict[str, set[Kind]] = defaultdict(set)
    rows = run(
        cursor, "rejection_kinds", recorded_at=recorded_at, accounts=list(accounts)
    )
    for account, *kind in rows:
        source, reason, version = kind
        found[account].add((source, reason, version))
    return found


def rejections(
    ledger: Readable, source: str | None, most: int, *, latest: bool = False
) -> Rejections:
    """Return the most frequent groups, or the latest, of one source or of all."""
    rows = run(
        ledger.cursor(), "rejection_groups", source=source, most=most, latest=latest
    )
    groups = tuple(RejectionGroup(*row[:-2]) for row in rows)
    return Rejections(groups, *(rows[0][-2:] if rows else (0, 0)))


def rejecting_sources(ledger: Readable) -> list[tuple[str, int]]:
    """Return each source that has rejections, and how many records."""
    return [
        (source, count) for source, count in run(ledger.cursor(), "rejecting_sources")
    ]
