"""Adding up what an older ledger has no sums of, some of it at a time."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from mileage.store import activities
from mileage.store.statements import run

if TYPE_CHECKING:
    import duckdb

    from mileage.domain.window import Clock

log = logging.getLogger(__name__)


def fill(cursor: duckdb.DuckDBPyConnection, _: Clock) -> None:
    """Add sessions and activities up by hour; a day at a time bounds the memory."""
    days = run(cursor, "call_days")
    for number, (day,) in enumerate(days, start=1):
        log.info("adding up sessions: day %d of %d", number, len(days))
        run(cursor, "rollup_session.fill", day=day)
    if days:
        log.info("adding up activities")
    activities.fill(cursor)
