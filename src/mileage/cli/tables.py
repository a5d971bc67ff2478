"""Tables in a terminal."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from mileage.domain.window import moment
from mileage.web.numbers import compact, exact, money, percent, valued

if TYPE_CHECKING:
    from mileage.domain.figures import Board, BoardRow, Snapshot, Standing
    from mileage.domain.sums import Figures


ROOMY, NUMBER = 130, 6
"""Columns of a terminal with room for places and honours; of a figure."""
UNBROKEN = 500
"""Columns of what another program reads."""


def console() -> Console:
    """Return a console on standard output; plain text when that is no terminal."""
    return Console(highlight=False)


def listing() -> Console:
    """Return a console for tables; for what is no terminal lines are not broken."""
    screen = console()
    if not screen.is_terminal and "COLUMNS" not in os.environ:
        screen.width = UNBROKEN
    return screen


def board_title(board: Board) -> str:
    """Say of whom, by what and when a board is, and what its readers must be told."""
    snapshot = board.snapshot
    start, end = moment(snapshot.window.start), moment(snapshot.window.end)
    warnings = (one.warning for one in snapshot.lenses if one.name == board.lens)
    title = (
        f"{snapshot.organisation}: {board.lens}, {snapshot.name}, "
        f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC, "
        f"as of {moment(snapshot.as_of):%Y-%m-%d %H:%M:%S} UTC"
    )
    return "\n".join([title, *filter(None, warnings)])


def board_table(board: Board, width: int = ROOMY) -> Table:
    """Lay the board out.

    Ranks and figures are never cut: where ``width`` has no room for them too, places
    and honours are left out.
    """
    table = Table(box=None, header_style="dim", pad_edge=False)
    for heading in ("#", "Moved"):
        table.add_column(heading, justify="right", min_width=len(heading))
    table.add_column("Name", no_wrap=True)
    for heading in ("Value", "Tokens", "Output", "Cost", "Cache"):
        table.add_column(heading, justify="right", min_width=NUMBER)
    more = width >= ROOMY
    if more:
        table.add_column("Department", no_wrap=True, style="dim")
        table.add_column("Tier and titles", no_wrap=True, style="dim")
    table.add_row("", "", "Everybody", "", *_cells(board.snapshot.total), style="bold")
    for row in board.rows:
        one = row.standing
        told = (exact(row.rank), moved(row), one.name, valued(row.value, board.unit))
        beside = (one.department, _honours(one)) if more else ()
        table.add_row(*told, *_cells(one.figures), *beside)
    return table


def _honours(one: Standing) -> str:
    """Name the tier and the first title, and count the others."""
    others = f" +{len(one.titles) - 1}" if one.titles[1:] else ""
    return ", ".join(filter(None, (one.tier, *one.titles[:1]))) + others


def moved(row: BoardRow) -> str:
    """Say how a rank has changed since the period before; new ones had none."""
    if row.before_rank is None:
        return "new"
    by = row.before_rank - row.rank
    return f"{by:+,}" if by else "="


def _cells(figures: Figures) -> tuple[str, str, str, str]:
    """Return tokens, output, cost and cache share; unknown is a dash."""
    share = figures.cache_share
    return (
        compact(figures.tokens.total),
        compact(figures.tokens.output + figures.tokens.reasoning),
        "–" if figures.cost is None else money(figures.cost),  # noqa: RUF001
        "–" if share is None else percent(share),  # noqa: RUF001
    )


def _unmeasured(snapshot: Snapshot) -> str:
    """Say how many calls are shown without tokens because nobody reports any."""
    number = snapshot.total.unmeasured_calls
    return f"Unmeasured calls: {number:,}. " if number else ""


def board_caption(board: Board) -> str:
    """Say what a board rests on."""
    snapshot = board.snapshot
    sources = ", ".join(one.source for one in snapshot.completeness.sources) or "none"
    notes = "".join(f"\nNote: {note}." for note in snapshot.completeness.missing)
    unpriced = snapshot.total.unpriced_calls
    return (
        f"{exact(len(board.rows))} of {exact(board.ranked)} ranked. "
        f"Sources: {sources}. "
        f"Unpriced calls: {unpriced:,}. {_unmeasured(snapshot)}"
        f"{snapshot.versions.get('prices', '')}. "
        f"Input {snapshot.input_hash[:12]}.{notes}"
    )
