"""Sums over all appends, kept up to date by reading only what has come since."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

from mileage.store.statements import run

if TYPE_CHECKING:
    from mileage.store.ledger import Ledger


class SourceSums(NamedTuple):
    """What all appends did for one source."""

    visible: int = 0
    duplicates: int = 0
    rejected: int = 0
    ignored: int = 0
    first: int | None = None
    last: int | None = None
    """UTC microseconds of the earliest and the latest call."""


class RunningSums:
    """Counters of a ledger since it began. Thread-safe.

    The ledger has a row for every append and source; this remembers up to which append
    it has added them up, so that asking costs the same after years.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = threading.Lock()
        self._seq = -1
        self._sums: dict[str, SourceSums] = {}

    def by_source(self) -> dict[str, SourceSums]:
        """Return the sums of every source up to the last append."""
        with self._lock:
            self._catch_up()
            return dict(self._sums)

    def _catch_up(self) -> None:
        cursor = self._ledger.cursor()
        ((until, _),) = run(cursor, "last_append")
        if until <= self._seq:
            return
        # Both statements look at the same appends, whatever is committed meanwhile.
        between = {"seq": self._seq, "until": until}
        for source, *counts in run(cursor, "tallies_since", **between):
            old = self._sums.get(source, SourceSums())
            visible, duplicates, rejected, ignored = counts
            self._sums[source] = old._replace(
                visible=old.visible + visible,
                duplicates=old.duplicates + duplicates,
                rejected=old.rejected + rejected,
                ignored=old.ignored + ignored,
            )
        for source, first, last in run(cursor, "heard_since", **between):
            old = self._sums.get(source, SourceSums())
            self._sums[source] = old._replace(
                first=first if old.first is None else min(old.first, first),
                last=last if old.last is None else max(old.last, last),
            )
        self._seq = until
