"""What the board's template shows: a ranked snapshot, prepared once, not per visit.

Rendering 250 rows takes longer than everything else on the page, and they change
only when a snapshot does. So finished rows are kept, and compared with what they
were made from: a row that shows something else than its standing cannot be served.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup

from mileage.reports.shown import tied
from mileage.web.board_cells import exact_texts, plain, prepared_row, texts_of
from mileage.web.charts import Series
from mileage.web.numbers import on_midnight

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jinja2 import Environment

    from mileage.domain.figures import Board, BoardRow, Snapshot, Standing
    from mileage.domain.people import Viewer
    from mileage.domain.shown import Cell
    from mileage.web.board_cells import PreparedRow

PEOPLE = frozenset({"person", "contractor"})


class LensTab(NamedTuple):
    """One way to rank, and what it does to people who are ranked by it."""

    name: str
    title: str
    encourages: str
    gamed_by: str


class Active(NamedTuple):
    """How many accounts used anything in the window."""

    people: int
    others: int
    """Services and accounts that nobody has claimed."""


class BoardView(NamedTuple):
    """Everything ``board.html`` shows beside the frame."""

    board: Board
    tabs: tuple[LensTab, ...]
    tab: LensTab
    active: Active
    daily: Series
    rows: Markup
    """The ranked rows, ready to stand in the table's body."""
    pinned: Markup | None
    """The viewer's own row when it is below the cut."""
    place: int | None
    """The viewer's rank, wherever the row is."""
    repeated: bool
    """The lens ranks by a column that stands in the table anyway: total tokens."""


class Prepared(NamedTuple):
    """Finished rows and what they were made from."""

    source: tuple[BoardRow, ...]
    rows: tuple[PreparedRow, ...]
    ties: tuple[tuple[int, Cell], ...]
    """Neighbours that change places for half of the viewers."""
    repeated: bool


def lens_tabs(lenses: Sequence[Sequence[str]]) -> tuple[LensTab, ...]:
    """Name the parts of what reports tell about each lens."""
    return tuple(LensTab(*(*lens, "", "")[:4]) for lens in lenses)


def daily_series(snapshot: Snapshot) -> Series:
    """Return the organisation's tokens per day; a rolling window cuts both ends."""
    return Series(
        snapshot.days,
        snapshot.daily,
        first_is_part=not on_midnight(snapshot.window.start, snapshot.zone),
        last_is_part=not on_midnight(snapshot.window.end, snapshot.zone),
    )


def is_own(standing: Standing, viewer: Viewer) -> bool:
    """Tell whether a row is the viewer's; the operator in a shell has none."""
    return bool(viewer.account_id) and standing.account_id == viewer.account_id


def count_active(standings: Sequence[Standing]) -> Active:
    """Count accounts with any call."""
    kinds = [s.kind in PEOPLE for s in standings if s.figures.calls]
    return Active(sum(kinds), len(kinds) - sum(kinds))


class BoardRows:
    """Prepared boards of one process, one for each lens and kind of viewer."""

    def __init__(self, templates: Environment) -> None:
        self._templates = templates
        self._prepared: dict[tuple[str, bool, bool], Prepared] = {}
        self._active: tuple[Sequence[Standing], Active] = ((), Active(0, 0))

    def view(
        self, board: Board, tabs: tuple[LensTab, ...], viewer: Viewer
    ) -> BoardView:
        """Return the board as this viewer sees it."""
        ready = self._rows(board, linked=viewer.operator)
        rows = [row.seen(board.shows) for row in ready.rows]
        place = board.own.rank if board.own else None
        for index, row in enumerate(board.rows):
            if is_own(row.standing, viewer):
                rows[index] = self._own(row, board, ready)
                place = row.rank
                break
        table = board.shows.table if board.shows else b""
        for index, cell in ready.ties:
            if cell.raised(table):
                rows[index], rows[index + 1] = rows[index + 1], rows[index]
        pinned = self._own(board.own, board, ready) if board.own else None
        return BoardView(
            board=board,
            tabs=tabs,
            tab=next(tab for tab in tabs if tab.name == board.lens),
            active=self._count(board.snapshot.standings),
            daily=daily_series(board.snapshot),
            rows=Markup("".join(rows)),  # noqa: S704 (each is markup)
            pinned=pinned,
            place=place,
            repeated=ready.repeated,
        )

    def _renderer(self) -> Callable[..., Markup]:
        module = self._templates.get_template("_board_row.html").module
        row: Callable[..., Markup] = module.row  # type: ignore[attr-defined]
        return row

    def _own(self, row: BoardRow, board: Board, ready: Prepared) -> Markup:
        texts = exact_texts(row, board.unit)
        return self._renderer()(row, texts, ready.repeated, own=True)

    def _rows(self, board: Board, *, linked: bool) -> Prepared:
        cells = board.shows.marks if board.shows else None
        key = (board.lens, linked, cells is None)
        known = self._prepared.get(key)
        if known is not None and known.source == board.rows:
            return known
        repeated = board.unit == "tokens" and all(
            row.value == row.standing.figures.tokens.total for row in board.rows
        )
        render = self._renderer()
        rows = []
        for row in board.rows:
            texts, choices = texts_of(row, board.unit, cells)
            html = render(plain(row), texts, repeated, linked=linked)
            rows.append(prepared_row(html, choices))
        ties = tuple(tied(board.rows, cells)) if cells else ()
        prepared = Prepared(board.rows, tuple(rows), ties, repeated)
        self._prepared[key] = prepared
        return prepared

    def _count(self, standings: Sequence[Standing]) -> Active:
        if self._active[0] is not standings:
            self._active = (standings, count_active(standings))
        return self._active[1]
