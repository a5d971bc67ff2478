"""Looking through the files of published snapshots, and thinning them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from mileage.domain.checked import Checked
from mileage.domain.errors import MileageError
from mileage.reports.snapshots import read_head
from mileage.store.standing_files import StandingFiles

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

DAY = 86_400_000_000
HOUR = DAY // 24


def check_snapshots(directory: Path) -> Checked:
    """Read everything published; its name says of when it is."""
    problems: list[str] = []
    looked_at = 0
    files = StandingFiles(directory)
    for path in sorted(directory.glob("*.head")):
        try:
            problems += _problems_of(path, files)
        except FileNotFoundError:
            # Thinned meanwhile.
            continue
        except MileageError as error:
            problems.append(f"snapshot: {error}")
        looked_at += 1
    for path in sorted(directory.glob("*.snap")):
        if path.stem.isdecimal():
            problems.append(f"snapshot: {path} of an older version cannot be read")
            looked_at += 1
    return Checked("snapshots", looked_at, tuple(problems))


def _problems_of(path: Path, files: StandingFiles) -> Iterator[str]:
    publication = read_head(path)
    if path.stem != f"{publication.as_of:020d}":
        yield f"snapshot: {path} is of {publication.as_of}"
        return
    for one in publication.snapshots:
        file = path.with_name(f"{path.stem}.{one.name}.parquet")
        try:
            total, accounts = files.total(file)
        except FileNotFoundError:
            if path.exists():
                yield f"snapshot: {file} is missing"
            continue
        if (total, accounts) != (one.total, one.accounts):
            yield f"snapshot: {file} does not add up to what {path.name} says"


def superfluous(
    instants: Iterable[int], now: int, every_days: int, hourly_days: int
) -> list[int]:
    """Return the snapshots (UTC microseconds) that the policy does not keep.

    The last one of each hour, then of each day stays; so does the last of all.
    """
    ordered = sorted(instants)
    drop = []
    for one, following in pairwise(ordered):
        age = now - one
        if hourly_days and age > hourly_days * DAY:
            unit = DAY
        elif every_days and age > every_days * DAY:
            unit = HOUR
        else:
            continue
        if one // unit == following // unit:
            drop.append(one)
    return drop
