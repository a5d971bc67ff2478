"""Rank a frozen snapshot by a lens."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mileage.domain.figures import Board, BoardRow, Snapshot
from mileage.domain.measured import Measured
from mileage.domain.rights import ERASED
from mileage.honours.lenses import value as lens_value

if TYPE_CHECKING:
    from collections.abc import Collection

    from mileage.domain.people import Viewer
    from mileage.honours.lenses import Lens

NAMELESS = "Unclaimed"
"""What a board calls accounts that nobody has claimed."""


def rank(
    snapshot: Snapshot, lens: Lens, without: Collection[str] = ()
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


def without_claimants(board: Board, viewer: Viewer) -> Board:
    """Take names away that nobody vouches for: addresses, installations, logins.

    The operator and whoever it is themselves see them.
    """
    if viewer.operator:
        return board
    rows = tuple(
        replace(row, standing=replace(row.standing, name=NAMELESS))
        if row.standing.kind == "unclaimed"
        and row.standing.account_id != viewer.account_id
        else row
        for row in board.rows
    )
    return replace(board, rows=rows)


def cut(
    snapshot: Snapshot,
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
