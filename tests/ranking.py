"""Ranking by brute force, over standings that are all at hand."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from mileage.domain.figures import (
    Board,
    BoardRow,
    Publication,
    PublishedLens,
    Snapshot,
    Standing,
)
from mileage.domain.measured import Measured
from mileage.domain.rights import ERASED
from mileage.honours.lenses import value as lens_value
from mileage.reports.boards import Boards
from mileage.reports.tracing import shown_of
from mileage.store.standing_files import StandingFiles

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from mileage.domain.shown import Cells
    from mileage.honours.lenses import Lens
    from mileage.reports.snapshots import Snapshots
    from mileage.reports.tracing import Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole(Snapshot):
    """A snapshot with everybody's standings."""

    standings: tuple[Standing, ...] = ()


def rank(
    snapshot: Whole, lens: Lens, without: Collection[str] = ()
) -> tuple[BoardRow, ...]:
    """Return everybody with a value, highest first; equal values share a rank.

    Whoever was erased, and accounts in ``without``, have no rank: they count in the
    totals and stand nowhere. Equal values are ordered by account id, so the same
    snapshot ranks the same.
    """
    valued = [
        (value, standing)
        for standing in snapshot.standings
        if standing.kind != ERASED and standing.account_id not in without
        if (value := lens_value(lens, Measured(standing.figures))) is not None
        and value > 0
    ]
    valued.sort(key=lambda pair: (-pair[0], pair[1].account_id))
    rows: list[BoardRow] = []
    for place, (value, standing) in enumerate(valued, start=1):
        same = bool(rows) and rows[-1].value == value
        rows.append(BoardRow(rows[-1].rank if same else place, value, standing))
    return tuple(rows)


def cut(
    snapshot: Whole,
    lens: Lens,
    ranked: tuple[BoardRow, ...],
    *,
    top: int,
    account_id: str,
) -> Board:
    """Return the first ``top`` rows, and the viewer's own one if it is below."""
    below = (row for row in ranked[top:] if row.standing.account_id == account_id)
    return Board(
        lens=lens.name,
        unit=lens.unit,
        snapshot=snapshot,
        rows=ranked[:top],
        own=next(below, None) if account_id else None,
        ranked=len(ranked),
    )


def whole_shown(
    snapshot: Whole, lenses: Sequence[Lens], top: int, marks: Cells
) -> Shown:
    """Return what the boards of a snapshot show to people."""
    boards = [
        (
            told(lens),
            cut(snapshot, lens, rank(snapshot, lens), top=top, account_id="").rows,
        )
        for lens in lenses
    ]
    return shown_of(snapshot, boards, marks)


def told(lens: Lens) -> PublishedLens:
    """Return a lens as a publication names it."""
    return PublishedLens(lens.name, lens.title, lens.unit, lens.warning)


def valued(snapshot: Whole, lenses: Sequence[Lens]) -> Whole:
    """Return a snapshot with the values of lenses."""
    standings = tuple(
        replace(
            one,
            values=tuple(lens_value(lens, Measured(one.figures)) for lens in lenses),
        )
        for one in snapshot.standings
    )
    return replace(snapshot, standings=standings, lenses=tuple(map(told, lenses)))


def publish(snapshots: Snapshots, *windows: Whole) -> Publication:
    """Publish windows with their standings."""
    files = StandingFiles(snapshots.directory)
    for one in windows:
        files.write(snapshots.standings(one.as_of, one.name), one.standings)
    names = [field.name for field in fields(Snapshot)]
    heads = tuple(
        Snapshot(**{name: getattr(one, name) for name in names}) for one in windows
    )
    made = Publication(windows[0].as_of, heads)
    snapshots.publish(made)
    return made


def whole(snapshots: Snapshots, window: str = "", as_of: int | None = None) -> Whole:
    """Read a published window back with everybody's standings."""
    boards = Boards(snapshots)
    head = boards.head(window, as_of)
    told = {field.name: getattr(head, field.name) for field in fields(Snapshot)}
    return Whole(**told, standings=tuple(boards.everybody(head)))


def by_kind(standings: Sequence[Standing]) -> dict[str, int]:
    """Count the accounts with any call by their kind."""
    return dict(Counter(one.kind for one in standings if one.figures.calls))
