"""Snapshots of format 1: one window with all of its standings in one file.

``<as_of>.snap`` held no values of lenses, as boards were ranked by those of the day.
"""

from __future__ import annotations

import logging
import struct
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mileage.domain.errors import MileageError

# Files are decoded by these annotations, so the names must exist at run time.
from mileage.domain.figures import (
    Completeness,
    Publication,
    PublishedLens,
    Snapshot,
    Standing,
)
from mileage.domain.measured import Measured
from mileage.domain.sums import Figures  # noqa: TC001 - decoded by annotation
from mileage.domain.window import SECOND, Window
from mileage.honours.lenses import value
from mileage.reports.published import Published
from mileage.reports.snapshots import MAGIC
from mileage.store.standing_files import StandingFiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mileage.honours.lenses import Lens
    from mileage.reports.snapshots import Snapshots

log = logging.getLogger(__name__)
DAY = 86_400 * SECOND


@dataclass(frozen=True, slots=True)
class _Before:
    """What such a file holds."""

    window: Window
    zone: str
    as_of: int
    days: tuple[str, ...]
    total: Figures
    daily: tuple[int, ...]
    standings: tuple[Standing, ...]
    completeness: Completeness
    versions: dict[str, str]
    input_hash: str
    organisation: str = ""
    simulated: bool = False


_files = Published(
    MAGIC + struct.pack("<I", 1),
    _Before,
    foreign="is no snapshot; remove it",
    damaged="is damaged; remove it",
)


def bring_forward(snapshots: Snapshots, lenses: Sequence[Lens]) -> int:
    """Publish what files of format 1 hold in today's form; returns how many.

    Of the lenses those are published that need the sums of a window alone. A file that
    cannot be read stays where it is: ``verify`` tells of it.
    """
    plain = [one for one in lenses if _needs_sums_alone(one)]
    done = 0
    for path in sorted(snapshots.directory.glob("*.snap")):
        if path.stem.isdecimal():
            try:
                _publish(snapshots, _files.read(path), plain)
            except MileageError as error:
                log.warning("a board of before stays as it is: %s", error)
                continue
            path.unlink()
            done += 1
    return done


def _needs_sums_alone(lens: Lens) -> bool:
    return lens.formula is None and lens.daily_cap is None and not lens.minimum


def _publish(snapshots: Snapshots, before: _Before, lenses: Sequence[Lens]) -> None:
    name = f"{(before.window.end - before.window.start) // DAY}d"
    standings = tuple(
        replace(one, values=tuple(value(lens, _measured(one)) for lens in lenses))
        for one in before.standings
    )
    path = snapshots.standings(before.as_of, name)
    StandingFiles(snapshots.directory).write(
        path, sorted(standings, key=lambda one: one.account_id)
    )
    told = {part: getattr(before, part) for part in _TOLD}
    head = Snapshot(
        **told,
        name=name,
        lenses=tuple(
            PublishedLens(one.name, one.title, one.unit, one.warning) for one in lenses
        ),
        accounts=len(standings),
        active=dict(Counter(one.kind for one in standings if one.figures.calls)),
    )
    snapshots.publish(Publication(before.as_of, (head,)))


def _measured(one: Standing) -> Measured:
    return Measured(one.figures)


_TOLD = (
    *("window", "zone", "as_of", "days", "total", "daily", "completeness", "versions"),
    *("input_hash", "organisation", "simulated"),
)
