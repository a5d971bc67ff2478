"""What a report shows of others: marked figures instead of the exact ones.

A board's rows stay exact and carry how they are to be shown (``Board.shows``), because
a page of 250 rows is prepared once for everybody; all else is replaced here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mileage.domain.shown import told_figures
from mileage.domain.sums import Figures, Share
from mileage.domain.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mileage.domain.cube import DepartmentPage, Line, Totals
    from mileage.domain.figures import Board, BoardRow, PersonalPage, SourceSeen
    from mileage.domain.shown import Cell, Cells, Shows

MICRO = 1_000_000
_FIGURES = ("calls", "tokens", "unpriced_calls", "unmeasured_calls", *Tokens._fields)
_SUMS = ("tokens", "cost")


def marked_board(board: Board, shows: Shows | None) -> Board:
    """Return a board that is shown with marks, sums of the organisation included.

    An exact total less marked rows would tell what is hidden behind the marks. None
    leaves it exact.
    """
    if shows is None:
        return board
    rests = board.snapshot.completeness
    snapshot = replace(
        board.snapshot,
        total=marked(board.snapshot.total, shows),
        daily=tuple(map(shows.shown, board.snapshot.daily)),
        completeness=replace(
            rests, sources=tuple(_marked_source(one, shows) for one in rests.sources)
        ),
    )
    return replace(board, snapshot=snapshot, shows=shows)


def _marked_source(one: SourceSeen, shows: Shows) -> SourceSeen:
    seen = one.witnesses
    return one if seen is None else replace(one, witnesses=shows.shown(seen))


def without_totals(board: Board) -> Board:
    """Take the organisation's sums from a board beside which they would tell of few."""
    snapshot = board.snapshot
    # Witnesses of all sources are about the calls of all accounts.
    rests = snapshot.completeness
    rests = replace(
        rests, sources=tuple(replace(one, witnesses=None) for one in rests.sources)
    )
    snapshot = replace(snapshot, total=Figures(), daily=(), completeness=rests)
    return replace(board, snapshot=snapshot, told=False)


def without_few(board: Board, least: int) -> Board:
    """Take from what a board rests on what a source saw of fewer accounts.

    How many calls it witnessed, and when the last one was, would be somebody's own.
    """
    rests = board.snapshot.completeness
    sources = tuple(
        replace(one, witnesses=None, first=None, last=None)
        if one.accounts < least
        else one
        for one in rests.sources
    )
    rests = replace(rests, sources=sources)
    return replace(board, snapshot=replace(board.snapshot, completeness=rests))


def others(row: BoardRow, board: Board) -> Shows | None:
    """Return how a row is shown if it is somebody else's; None: as it is."""
    shows = board.shows
    return shows if shows and row.standing.account_id != shows.viewer else None


def in_order(board: Board) -> tuple[BoardRow, ...]:
    """Return the rows as this viewer sees them: neighbours of equal rank may swap."""
    shows = board.shows
    if shows is None:
        return board.rows
    rows = list(board.rows)
    for place, cell in tied(board.rows, shows.marks):
        if cell.raised(shows.table):
            rows[place], rows[place + 1] = rows[place + 1], rows[place]
    return tuple(rows)


def tied(rows: Sequence[BoardRow], marks: Cells) -> Iterator[tuple[int, Cell]]:
    """Pair neighbours of equal rank, each in one pair at most."""
    place = 0
    while place < len(rows) - 1:
        one, other = rows[place], rows[place + 1]
        if one.rank == other.rank:
            ids = (one.standing.account_id, other.standing.account_id)
            yield place, marks.tie(*ids)
            place += 1
        place += 1


def shown_figures(figures: Figures, shows: Shows) -> dict[str, int]:
    """Return what is shown of each figure, by its name."""
    return {
        one.name: shows.shown(one.value, part=one.part) for one in told_figures(figures)
    }


def marked(figures: Figures, shows: Shows) -> Figures:
    """Mark every part; the total is the sum of what is shown, so nothing differs."""
    shown = shown_figures(figures, shows)
    return Figures(
        shown["calls"],
        Tokens(*(shown[name] for name in Tokens._fields)),
        shown.get("cost"),
        shown["unpriced_calls"],
        shown["unmeasured_calls"],
    )


def marked_page(page: PersonalPage, shows: Shows | None) -> PersonalPage:
    """Mark somebody's page for somebody else; None leaves it exact."""
    if shows is None:
        return page
    return replace(
        page,
        total=marked(page.total, shows),
        daily=_marked_shares(page.daily, shows),
        hours=tuple(tuple(map(shows.shown, day)) for day in page.hours),
        by_client=_marked_shares(page.by_client, shows),
        by_model=_marked_shares(page.by_model, shows),
        by_session=_marked_shares(page.by_session, shows),
        attended_calls=shows.shown(page.attended_calls, part=True),
        unattended_calls=shows.shown(page.unattended_calls, part=True),
        activity=tuple(
            replace(one, amount=shows.shown(one.amount, part=True))
            for one in page.activity
        ),
    )


def _marked_shares(shares: tuple[Share, ...], shows: Shows) -> tuple[Share, ...]:
    return tuple(one._replace(figures=marked(one.figures, shows)) for one in shares)


def marked_department(page: DepartmentPage, shows: Shows) -> DepartmentPage:
    """Mark the sums of a department; bands are too coarse to carry anything."""
    return replace(
        page,
        whole=_marked_line(page.whole, shows),
        lines=tuple(_marked_line(one, shows) for one in page.lines),
        together=tuple(_marked_line(one, shows) for one in page.together),
        services=_marked_totals(page.services, shows),
        marked=True,
    )


def _marked_line(line: Line, shows: Shows) -> Line:
    return replace(line, totals=line.totals and _marked_totals(line.totals, shows))


def _marked_totals(totals: Totals, shows: Shows) -> Totals:
    """Mark all as sums: a page has few of them, and one reader copies it as a rule."""
    return replace(
        totals,
        calls=shows.shown(totals.calls),
        tokens=shows.shown(totals.tokens),
        cost=None if totals.cost is None else shows.shown(totals.cost),
    )


def shown_json(figures: Figures, shows: Shows) -> dict[str, Any]:
    """Name what is shown of somebody's figures; the keys are those of all figures."""
    shown = shown_figures(figures, shows)
    cost = shown.get("cost")
    return {
        "calls": shown["calls"],
        **{name: shown[name] for name in Tokens._fields},
        "tokens": shown["tokens"],
        "cost_usd": None if cost is None else f"{cost // MICRO}.{cost % MICRO:06}",
        "unpriced_calls": shown["unpriced_calls"],
        "unmeasured_calls": shown["unmeasured_calls"],
    }


def marked_usage(row: Mapping[str, Any], shows: Shows) -> dict[str, Any]:
    """Mark one row of a usage answer, whatever it is grouped by; one's own is exact."""
    if row.get("account") == shows.viewer:
        return dict(row)
    return {
        name: (
            shows.shown(value, part=name not in _SUMS)
            if name in _FIGURES and isinstance(value, int)
            else _dollars(value, shows)
            if name == "cost_usd" and value is not None
            else value
        )
        for name, value in row.items()
    }


def _dollars(text: str, shows: Shows) -> str:
    whole, _, rest = text.partition(".")
    cost = shows.shown(int(whole) * MICRO + int(rest))
    return f"{cost // MICRO}.{cost % MICRO:06}"
