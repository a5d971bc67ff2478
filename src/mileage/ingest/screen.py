"""The last filter before anything touches the disk.

Sources already keep content out by an allow-list. This checks what the pure core
cannot know (the clock, the organisation's key) and what no source may get wrong:
every text is a short identifier, every count a count.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeVar

from mileage.domain.rejecting import folded
from mileage.domain.tokens import MAX_COUNT, TOKEN_CLASSES
from mileage.domain.window import SECOND, micros
from mileage.domain.witness import (
    AHEAD,
    Activity,
    ActivityBatch,
    Reading,
    Rejected,
    Witness,
    WitnessBatch,
    tool_name,
)
from mileage.ingest.projects import digest, is_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mileage.domain.witness import Batch

EARLIEST = micros(datetime(2020, 1, 1, tzinfo=UTC))
DAY = 86_400 * SECOND
MAX_TEXT = 256
_PLACE = "record {number}"
_COUNTS = (*TOKEN_CLASSES, "amount")

Fact = TypeVar("Fact", Witness, Activity)


@dataclass(frozen=True, slots=True)
class Screen:
    """Checks readings and hides project names."""

    project_key: bytes
    """Hashes project names; see ``docs/explanation/privacy.md``."""
    now: Callable[[], int]
    horizon: Callable[[], int] = int
    """From when on calls are kept; what is older could have been counted already."""

    def __call__(self, reading: Reading) -> Reading:
        """Return what may be written; the rest became rejections."""
        good = sifted(reading, self.now() + DAY, self.hide)
        good = kept(good, self.horizon())
        # A body may hold a million records that nobody can read.
        return good._replace(rejected=folded(good.rejected))

    def hide(self, project: str) -> str:
        """Return the keyed hash of a project's name, or of the digest of its name.

        One repository is one project, whether its name or a digest of it came in.
        """
        blind = project if is_digest(project) else digest(project)
        keyed = hmac.new(self.project_key, blind.encode(), sha256).hexdigest()
        return f"prj_{keyed[:24]}"


def sifted(reading: Reading, latest: int, hide: Callable[[str], str]) -> Reading:
    """Return what may be written or sent, its projects hidden; the rest is rejected.

    ``hide`` turns the name of a project into what stands for it.
    ``latest`` is the last time that is believed, in UTC microseconds.
    """
    bad: list[Rejected] = []
    witnesses, activities = reading.witnesses, reading.activities
    if not _is_clean(witnesses, latest):
        rows, rejected = _sift(witnesses.rows(), latest)
        witnesses, bad = WitnessBatch.of(rows), [*bad, *rejected]
    if not _is_clean(activities, latest):
        facts, rejected = _sift(activities.rows(), latest)
        activities, bad = ActivityBatch.of(facts), [*bad, *rejected]
    return Reading(
        _hidden(witnesses, hide),
        _named(activities),
        (*reading.rejected, *bad),
        reading.ignored,
    )


def kept(reading: Reading, horizon: int) -> Reading:
    """Refuse calls of before the horizon: those that were there are deleted."""
    times = reading.witnesses.column("occurred_at")
    if not len(times) or min(times) >= horizon:
        return reading
    rows = list(reading.witnesses.rows())
    late = tuple(
        Rejected(row.source, _PLACE.format(number=number), "older than what is kept")
        for number, row in enumerate(rows, 1)
        if row.occurred_at < horizon
    )
    return reading._replace(
        witnesses=WitnessBatch.of(row for row in rows if row.occurred_at >= horizon),
        rejected=(*reading.rejected, *late),
    )


def _hidden(witnesses: Batch[Witness], hide: Callable[[str], str]) -> Batch[Witness]:
    projects = witnesses.column("project")
    if not any(projects):
        return witnesses
    hidden = {name: hide(name) if name else "" for name in set(projects)}
    columns = list(witnesses.columns)
    columns[Witness._fields.index("project")] = [hidden[name] for name in projects]
    return WitnessBatch(tuple(columns))


def _named(activities: Batch[Activity]) -> Batch[Activity]:
    """Return them without names of tools that are no identifiers."""
    names = activities.column("name")
    if all(tool_name(name) == name for name in set(names)):
        return activities
    columns = list(activities.columns)
    columns[Activity._fields.index("name")] = list(map(tool_name, names))
    return ActivityBatch(tuple(columns))


def _is_clean(batch: Batch[Any], latest: int) -> bool:
    """Tell whether there is nothing wrong with any row: so it is almost always."""
    if not len(batch):
        return True
    columns = dict(zip(batch.row._fields, batch.columns, strict=True))
    times = columns.pop("occurred_at")
    columns.pop("project", None)
    if not _are_within(times, EARLIEST, latest):
        return False
    names = [name for name in _COUNTS if name in columns]
    if not all(_are_within(columns[name], 0, MAX_COUNT) for name in names):
        return False
    texts = [column for column in columns.values() if isinstance(column[0], str)]
    return all(map(_are_identifiers, texts))


def _are_within(numbers: list[int], least: int, most: int) -> bool:
    return least <= min(numbers) and max(numbers) <= most


def _are_identifiers(texts: list[str]) -> bool:
    if texts.count(texts[0]) == len(texts):
        texts = texts[:1]
    return max(map(len, texts)) <= MAX_TEXT and "".join(texts).isprintable()


def _sift(rows: Iterable[Fact], latest: int) -> tuple[list[Fact], list[Rejected]]:
    good, bad = [], []
    for number, row in enumerate(rows, start=1):
        problem = _problem(row, latest)
        if problem:
            place = _PLACE.format(number=number)
            bad.append(Rejected(row.source[:MAX_TEXT], place, problem))
        else:
            good.append(row)
    return good, bad


def _problem(row: Witness | Activity, latest: int) -> str:
    if row.occurred_at < EARLIEST:
        return "time before 2020"
    if row.occurred_at > latest:
        return AHEAD
    counts = row.tokens if isinstance(row, Witness) else (row.amount,)
    if not all(0 <= count <= MAX_COUNT for count in counts):
        return "count below zero or above 10^12"
    project = getattr(row, "project", "")
    texts = [value for value in row if isinstance(value, str)]
    if project:
        # It may be anything, since only its hash is kept; but what equals it may not.
        texts.remove(project)
    if not all(len(text) <= MAX_TEXT and text.isprintable() for text in texts):
        return f"text that is no identifier (over {MAX_TEXT} or unprintable characters)"
    return ""
