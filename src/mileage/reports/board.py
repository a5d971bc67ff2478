"""Boards as somebody may see them, made of ranked rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mileage.domain.figures import Board
from mileage.reports.boards import place_of

if TYPE_CHECKING:
    from mileage.domain.figures import Asked, BoardRow, Page, Snapshot
    from mileage.domain.people import Viewer

NAMELESS = "Unclaimed"
"""What a board calls accounts that nobody has claimed."""


def board_of(
    head: Snapshot, asked: Asked, page: Page, own: BoardRow | None = None
) -> Board:
    """Return a page of a board, with the viewer's own row if it is not on it."""
    lens = head.lenses[place_of(head, asked.lens)]
    return Board(
        lens=lens.name,
        unit=lens.unit,
        snapshot=head,
        rows=page.rows,
        own=own,
        ranked=page.ranked,
        first=page.first,
        count=asked.count,
        scope=asked.scope,
    )


def board_detail(board: Board) -> str:
    """Return what the access log says was read; traces of leaks rest on it."""
    head = board.snapshot
    scope = "" if board.scope == "org" else f", scope {board.scope}"
    page = f", from {board.first + 1}" if board.first else ""
    return f"lens {board.lens}, window {head.name}{scope}{page}, as of {head.as_of}"


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
