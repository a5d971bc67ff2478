"""Brings the index of a person's logs up to date, reading only what has changed.

The answer is always the same as if every file had been read anew, together with what
files held that are no longer there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mileage.domain.quarter import (
    QUARTER_COLUMN,
    SOURCE_COLUMN,
    FileSums,
    LocalSource,
    QuarterRow,
    Usage,
)
from mileage.store.personal import Content, SourceSums, StoredFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mileage.domain.quarter import Spans
    from mileage.ingest.local_changes import Changes
    from mileage.store.personal import PersonalIndex


class Known(NamedTuple):
    """What an index said when it was looked at."""

    generation: int
    prices: str
    fingerprint: str
    """Of all files that were found the last time."""
    version: str
    """Of the Mileage that read them: another one may read more of them, or better."""
    places: str
    """Where logs were looked for."""


def known_of(index: PersonalIndex) -> Known:
    """Return what the index says of itself; inside ``reading`` or a change."""
    settings = index.settings()
    names = ("prices", "fingerprint", "version", "places")
    generation = int(settings.get("generation", "0"))
    return Known(generation, *(settings.get(name, "") for name in names))


def usage_in(
    index: PersonalIndex,
    sources: Sequence[str],
    latest: int,
    by: str,
    spans: Spans | None = None,
) -> Usage:
    """Answer from the index alone; ``sources`` names those to mention anyway.

    What is dated later than ``latest`` does not count; the index has it all the same.
    ``spans`` may say within which times quarters of an hour are added up.
    """
    sums = index.sources()
    nothing = SourceSums(0, 0, 0, 0, 0, None, None)
    seen = [_source(name, sums.get(name, nothing)) for name in _named(sources, sums)]
    if _reach_beyond(latest, (one.last for one in seen)):
        believed = index.sources_until(latest)
        seen = [_until(one, believed.get(one.source)) for one in seen]
        rows = index.usage("quarter" if by == "quarter" else "")
        return Usage([row for row in rows if row.quarter <= latest], seen)
    if spans is None:
        return Usage(index.usage(by), seen)
    return Usage(index.usage_within(spans(seen)), seen)


def usage_of(
    changes: Changes, sources: Sequence[str], latest: int, by: str = ""
) -> Usage:
    """Answer from what was just read, if that is everything there is.

    ``by``: what else than quarters of an hour may be left out, as in an index, and
    ``latest`` is as there.
    """
    sums = changes.usage
    files: dict[str, list[StoredFile]] = {}
    for file, _ in changes.files:
        files.setdefault(file.source, []).append(file)
    used = _by_source(sums)
    ahead: dict[str, list[Any]] = {}
    if _reach_beyond(latest, (told[-1] for told in used.values())):
        late = [row for row in sums.rows if row[QUARTER_COLUMN] > latest]
        believed = [row for row in sums.rows if row[QUARTER_COLUMN] <= latest]
        sums = FileSums({0: believed})
        used, ahead = _by_source(sums), _by_source(FileSums({0: late}))
    seen = []
    for name in _named(sources, files):
        own, told = files.get(name, []), used.get(name)
        counts = SourceSums(
            len(own),
            sum(file.witnesses for file in own),
            sum(file.rejected for file in own),
            0,
            *((told[0], *told[-2:]) if told else (0, None, None)),
        )
        later = ahead.get(name, (0,))[0]
        seen.append(_source(name, counts)._replace(ahead=later))
    if by == "quarter":
        quarters = sums.by(QUARTER_COLUMN)
        return Usage([QuarterRow.of_all(*one) for one in quarters], seen)
    return Usage([QuarterRow._make(row) for row in sums.rows], seen)


def store(index: PersonalIndex, changes: Changes) -> None:
    """Write changes; inside ``begin``."""
    for file in changes.marked:
        index.mark(file)
    for number in changes.moved:
        index.drop(number)
    index.put(
        [file for file, _ in changes.files],
        [Content(*read[:3]) for _, read in changes.files],
    )
    index.put_usage(changes.usage)
    index.sum_up()


def _by_source(sums: FileSums) -> dict[str, list[Any]]:
    return {name: told for name, *told in sums.by(SOURCE_COLUMN)}


def _reach_beyond(latest: int, edges: Iterable[int | None]) -> bool:
    return any(edge is not None and edge > latest for edge in edges)


def _until(source: LocalSource, believed: tuple[Any, ...] | None) -> LocalSource:
    """Let a source reach as far as what is believed of it; None says nothing is."""
    if believed is None:
        return source
    calls, first, last, later = believed
    return source._replace(calls=calls, first=first, last=last, ahead=later)


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
