"""The plain way from readings to a personal report: what the index must equal."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mileage.domain.once import count_once
from mileage.domain.quarter import Costs, LocalSource, Usage, roll_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mileage.domain.quarter import Prices, QuarterRow
    from mileage.domain.witness import Batch, Rejected, Witness


def usage_in(
    batches: Sequence[Batch[Witness]],
    rejected: Iterable[Rejected],
    files: Mapping[str, int],
    prices: Prices,
) -> Usage:
    """Count every call once, price it, add up; ``files`` counts those of a source."""
    rows = roll_up(count_once(batches), Costs(prices))
    witnesses = Counter(name for batch in batches for name in batch.column("source"))
    refused = Counter(one.source for one in rejected)
    sources = [
        source_seen(name, rows, (count, witnesses[name], refused[name]))
        for name, count in files.items()
    ]
    return Usage(rows, sources)


def source_seen(
    name: str, rows: Iterable[QuarterRow], counts: tuple[int, int, int]
) -> LocalSource:
    """Say how complete a source is; counts of files, witnesses and rejections."""
    own = [row for row in rows if row.source == name]
    files, witnesses, rejected = counts
    return LocalSource(
        name,
        files,
        witnesses,
        sum(row.calls for row in own),
        rejected,
        min((row.first for row in own), default=None),
        max((row.last for row in own), default=None),
    )
