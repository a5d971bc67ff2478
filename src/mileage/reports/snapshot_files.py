"""Looking through the files of published snapshots, and thinning them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from mileage.domain.checked import Checked
from mileage.domain.errors import MileageError
from mileage.reports.snapshots import read_snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

DAY = 86_400_000_000
HOUR = DAY // 24


def check_snapshots(directory: Path) -> Checked:
    """Read every published snapshot; its name says of when it is."""
    problems = []
    looked_at = 0
    for path in sorted(directory.glob("*.snap")):
        try:
            snapshot = read_snapshot(path)
        except FileNotFoundError:
            continue
        except MileageError as error:
            problems.append(f"snapshot: {error}")
        else:
            if path.stem != f"{snapshot.as_of:020d}":
                problems.append(f"snapshot: {path} is of {snapshot.as_of}")
        looked_at += 1
    return Checked("snapshots", looked_at, tuple(problems))


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
