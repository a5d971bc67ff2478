"""What has come in: accepted, durable, visible, and what has not.

Every figure counts since the data directory began, through restarts and kills, and
``visible + duplicates <= durable <= accepted`` at any moment.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from mileage.domain.figures import IngestStatus, RejectedCount, SourceStatus
from mileage.domain.load import Load
from mileage.reports.kept import Kept
from mileage.store import queries
from mileage.store.rejections import rejections
from mileage.store.running import RunningSums

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mileage.store.ledger import Ledger
    from mileage.store.running import SourceSums

REASONS_SHOWN = 20
"""The page of rejections has the others."""


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

    @property
    def taken(self) -> int:
        """Witnesses that went into the ledger since this process opened it."""
        ...


class Receiving:
    """Answers what came in. Make it before anything is appended. Thread-safe."""

    def __init__(
        self,
        ledger: Ledger,
        backlog: Callable[[], Backlog | None] = lambda: None,
        load: Callable[[], Load] = Load,
    ) -> None:
        self._ledger = ledger
        self._backlog = backlog
        self.load = load
        """How near the receiver is to its limits; asks no database."""
        self._sums = RunningSums(ledger)
        self._before = _taken(self._sums.by_source().values())
        self.calls = Kept(
            lambda: queries.source_calls(ledger), lambda: queries.span(ledger).seq
        )
        """Calls by source: every call has to be looked at for them."""
        self.reasons = Kept(
            lambda: rejections(ledger, None, REASONS_SHOWN),
            lambda: queries.span(ledger).seq,
        )
        """The most frequent kinds of rejections."""

    def counts(self) -> IngestStatus:
        """Count; a scraper asks for no more."""
        # What is on its way is asked last: what it lost meanwhile went to the ledger,
        # so that nothing is visible that is not durable.
        sums = self._sums.by_source()
        backlog = self._backlog()
        pending, durable = (backlog.pending, backlog.durable) if backlog else (0, 0)
        before = self._before + backlog.taken if backlog else _taken(sums.values())
        return IngestStatus(
            accepted=before + pending,
            durable=before + durable,
            visible=sum(one.visible for one in sums.values()),
            rejected=sum(one.rejected for one in sums.values()),
            ignored=sum(one.ignored for one in sums.values()),
            duplicates=sum(one.duplicates for one in sums.values()),
            lag_seconds=lag_seconds(backlog),
            sources=tuple(_source(name, sums[name]) for name in sorted(sums) if name),
            load=self.load(),
        )

    def status(self) -> IngestStatus:
        """Answer the page: counts, and why records were rejected."""
        counts = self.counts()
        covered = queries.span(self._ledger)
        simulated = ""
        if covered.simulated_calls:
            simulated = (
                f"Besides these, {covered.simulated_calls:,} calls of "
                f"{covered.simulated_accounts:,} accounts are simulated roll-ups."
            )
        found = self.reasons.value()
        calls = self.calls.value()
        return replace(
            counts,
            sources=tuple(
                replace(one, calls=calls.get(one.source, 0)) for one in counts.sources
            ),
            reasons=tuple(
                RejectedCount(one.source, one.reason, one.records, one.place)
                for one in found.groups
            ),
            more_reasons=found.kinds > len(found.groups),
            simulated=simulated,
            since=covered.since,
        )


def lag_seconds(backlog: Backlog | None) -> float:
    """Return seconds since the oldest record that is accepted and not visible."""
    if backlog is None or backlog.oldest is None:
        return 0.0
    return max(0.0, time.monotonic() - backlog.oldest)


def _taken(sums: Iterable[SourceSums]) -> int:
    return sum(one.visible + one.duplicates for one in sums)


def _source(name: str, sums: SourceSums) -> SourceStatus:
    return SourceStatus(
        source=name,
        witnesses=sums.visible,
        calls=0,
        duplicates=sums.duplicates,
        rejected=sums.rejected,
        ignored=sums.ignored,
        first=sums.first,
        last=sums.last,
    )
