"""What has come in: accepted, durable, visible, and what has not."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from mileage.domain.figures import IngestStatus, SourceStatus
from mileage.store import queries

if TYPE_CHECKING:
    from mileage.domain.figures import SourceSeen
    from mileage.store.ledger import Ledger
    from mileage.store.queries import Tally


class Backlog(Protocol):
    """What is on its way to the ledger."""

    @property
    def pending(self) -> int:
        """Witnesses accepted and not yet visible."""
        ...

    @property
    def durable(self) -> int:
        """Those of them that are on disk."""
        ...

    @property
    def oldest(self) -> float | None:
        """Monotonic time at which the oldest was accepted."""
        ...


def ingest_status(ledger: Ledger, backlog: Backlog | None = None) -> IngestStatus:
    """Count witnesses since the data directory began."""
    tallies = {one.source: one for one in queries.tallies(ledger)}
    seen = {one.source: one for one in queries.sources_seen(ledger)}
    calls = queries.source_calls(ledger)
    taken = sum(one.visible + one.duplicates for one in tallies.values())
    pending, durable = (backlog.pending, backlog.durable) if backlog else (0, 0)
    covered = queries.span(ledger)
    simulated = ""
    if covered.simulated_calls:
        simulated = (
            f"Besides these, {covered.simulated_calls:,} calls of "
            f"{covered.simulated_accounts:,} accounts are simulated roll-ups."
        )
    return IngestStatus(
        accepted=taken + pending,
        durable=taken + durable,
        visible=sum(one.visible for one in tallies.values()),
        rejected=sum(one.rejected for one in tallies.values()),
        ignored=sum(one.ignored for one in tallies.values()),
        duplicates=sum(one.duplicates for one in tallies.values()),
        lag_seconds=_lag(backlog),
        sources=tuple(
            _source(tallies[name], seen.get(name), calls.get(name, 0))
            for name in sorted(tallies)
            if name
        ),
        reasons=tuple(queries.rejections(ledger)),
        simulated=simulated,
        since=covered.since,
    )


def _lag(backlog: Backlog | None) -> float:
    """Return seconds since the oldest record that is accepted and not visible."""
    if backlog is None or backlog.oldest is None:
        return 0.0
    return max(0.0, time.monotonic() - backlog.oldest)


def _source(tally: Tally, seen: SourceSeen | None, calls: int) -> SourceStatus:
    return SourceStatus(
        source=tally.source,
        witnesses=tally.visible,
        calls=calls,
        duplicates=tally.duplicates,
        rejected=tally.rejected,
        ignored=tally.ignored,
        first=seen.first if seen else None,
        last=seen.last if seen else None,
    )
