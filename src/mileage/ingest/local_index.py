"""Brings the index of a person's logs up to date, reading only what has changed.

The answer is always the same as if every file had been read anew, together with what
files held that are no longer there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.quarter import (
    QUARTER_COLUMN,
    SOURCE_COLUMN,
    LocalSource,
    QuarterRow,
    Usage,
    sums_by,
)
from mileage.store.personal import Content, SourceSums, StoredFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mileage.domain.quarter import Spans
    from mileage.ingest.local_changes import Changes
    from mileage.store.personal import PersonalIndex


class Known(NamedTuple):
    """What an index said when it was looked at."""

    generation: int
    prices: str
    fingerprint: str
    """Of all files that were found the last time."""


def known_of(index: PersonalIndex) -> Known:
    """Return what the index says of itself; inside ``reading`` or a change."""
    settings = index.settings()
    names = ("prices", "fingerprint")
    generation = int(settings.get("generation", "0"))
    return Known(generation, *(settings.get(name, "") for name in names))


def usage_in(
    index: PersonalIndex,
    sources: Sequence[str],
    by: str,
    spans: Spans | None = None,
) -> Usage:
    """Answer from the index alone; ``sources`` names those to mention anyway.

    ``spans`` may say within which times rows are added up, and then ``by`` is nothing.
    """
    sums = index.sources()
    nothing = SourceSums(0, 0, 0, 0, 0, None, None)
    seen = [_source(name, sums.get(name, nothing)) for name in _named(sources, sums)]
    if spans is None:
        return Usage(index.usage(by), seen)
    return Usage(index.usage_within(spans(seen)), seen)


def usage_of(changes: Changes, sources: Sequence[str], by: str = "") -> Usage:
    """Answer from what was just read, if that is everything there is.

    ``by``: what else than quarters of an hour may be left out, as in an index.
    """
    rows = [row for part in changes.usage.values() for row in part]
    files: dict[str, list[StoredFile]] = {}
    for file, _ in changes.files:
        files.setdefault(file.source, []).append(file)
    used = {name: told for name, *told in sums_by(SOURCE_COLUMN, rows)}
    seen = []
    for name in _named(sources, files):
        own, told = files.get(name, []), used.get(name)
        sums = SourceSums(
            len(own),
            sum(file.witnesses for file in own),
            sum(file.rejected for file in own),
            0,
            *((told[0], *told[-2:]) if told else (0, None, None)),
        )
        seen.append(_source(name, sums))
    if by == "quarter":
        quarters = sums_by(QUARTER_COLUMN, rows)
        return Usage([QuarterRow.of_all(*one) for one in quarters], seen)
    return Usage([QuarterRow._make(row) for row in rows], seen)


def store(index: PersonalIndex, changes: Changes) -> None:
    """Write changes; inside ``begin``."""
    for stored in changes.gone:
        index.mark_gone(stored.number)
    for stored in changes.outside:
        index.drop(stored.number)
    index.put(
        [file for file, _ in changes.files],
        [Content(*read[:3]) for _, read in changes.files],
    )
    index.put_usage(changes.usage)
    index.sum_up()


def _named(sources: Sequence[str], found: object) -> list[str]:
    """Name the sources to mention, and those of which only history is left."""
    more = sorted(found) if isinstance(found, dict) else []
    return list(dict.fromkeys([*sources, *more]))


def _source(name: str, sums: SourceSums) -> LocalSource:
    return LocalSource(
        name,
        sums.files,
        sums.witnesses,
        sums.calls,
        sums.rejected,
        sums.first,
        sums.last,
        sums.gone,
    )
