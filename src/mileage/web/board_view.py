"""What the board's template shows: a ranked snapshot, prepared once, not per visit.

Rendering 250 rows takes longer than everything else on the page, and they change
only when a snapshot does. So finished rows are kept, and compared with what they
were made from: a row that shows something else than its standing cannot be served.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup

from mileage.access.pseudonyms import PREFIX
from mileage.domain.people import PEOPLE
from mileage.reports.shown import tied
from mileage.web import board_choices as choices
from mileage.web.board_cells import exact_texts, plain, prepared_row, texts_of
from mileage.web.charts import Series
from mileage.web.numbers import on_midnight

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jinja2 import Environment

    from mileage.domain.figures import Board, BoardRow, Offered, Snapshot, Standing
    from mileage.domain.people import Viewer
    from mileage.domain.shown import Cell, Cells
    from mileage.web.board_cells import PreparedRow, Texts
    from mileage.web.board_choices import Choice, LensTab
    from mileage.web.board_query import BoardQuery
    from mileage.web.paging import Pager

KEPT = 48
"""Prepared tables of one process: some 300 kB each."""
LEAST_DAYS = 3
"""Fewer points than these are no curve."""


class Active(NamedTuple):
    """How many accounts used anything in the window."""

    people: int
    others: int
    """Services and accounts that nobody has claimed."""


class BoardView(NamedTuple):
    """Everything ``board.html`` shows beside the frame."""

    board: Board
    query: BoardQuery
    lenses: tuple[Choice, ...]
    tab: LensTab
    window: str
    """Its name in words."""
    windows: tuple[Choice, ...]
    scopes: tuple[Choice, ...]
    before: tuple[Choice, ...]
    """The same board as it was published earlier."""
    pager: Pager | None
    active: Active
    daily: Series | None
    rows: Markup
    """The ranked rows, ready to stand in the table's body."""
    pinned: Markup | None
    """The viewer's own row when it is not among them."""
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


def daily_series(snapshot: Snapshot) -> Series | None:
    """Return the organisation's tokens per day; a rolling window cuts both ends."""
    if len(snapshot.daily) < LEAST_DAYS:
        return None
    return Series(
        snapshot.days,
        snapshot.daily,
        first_is_part=not on_midnight(snapshot.window.start, snapshot.zone),
        last_is_part=not on_midnight(snapshot.window.end, snapshot.zone),
    )


def is_own(standing: Standing, viewer: Viewer) -> bool:
    """Tell whether a row is the viewer's; the operator in a shell has none."""
    return bool(viewer.account_id) and standing.account_id == viewer.account_id


def count_active(active: Mapping[str, int]) -> Active:
    """Divide the accounts with any call, by kind, into people and others."""
    people = sum(count for kind, count in active.items() if kind in PEOPLE)
    return Active(people, sum(active.values()) - people)


def repeats(board: Board) -> bool:
    """Tell whether the board ranks by the total that stands in the table anyway."""
    return board.unit == "tokens" and all(
        row.value == row.standing.figures.tokens.total for row in board.rows
    )


class BoardRows:
    """Prepared boards of one process, the last ones that were asked for."""

    def __init__(self, templates: Environment) -> None:
        self._templates = templates
        self._lock = Lock()
        self._prepared: OrderedDict[tuple[object, ...], Prepared] = OrderedDict()

    def view(
        self,
        board: Board,
        query: BoardQuery,
        tabs: tuple[LensTab, ...],
        offered: Offered,
        viewer: Viewer,
    ) -> BoardView:
        """Return the board as this viewer sees it."""
        asked = query.address("", page=1, wanted="")
        found = bool(query.wanted)
        draw = _Drawing(self._renderer(), board, asked, found, repeats(board))
        rows = self._rows(draw)
        place = board.own.rank if board.own else None
        for index, row in enumerate(board.rows):
            if is_own(row.standing, viewer):
                rows[index] = draw.own(row)
                place = row.rank
                break
        self._swap(rows, draw)
        snapshot = board.snapshot
        return BoardView(
            board=board,
            query=query,
            lenses=choices.lens_choices(query, tabs, board.lens),
            tab=next(tab for tab in tabs if tab.name == board.lens),
            window=choices.window_title(snapshot.name),
            windows=choices.windows(query, offered.windows, snapshot.name),
            scopes=choices.scopes(query, offered.scopes, board.scope),
            before=choices.before(query, snapshot.as_of),
            pager=choices.board_pager(query, board),
            active=count_active(snapshot.active),
            daily=daily_series(snapshot),
            rows=Markup("".join(rows)),  # noqa: S704 (each is markup)
            pinned=draw.own(board.own) if board.own else None,
            place=place,
            repeated=draw.repeated,
        )

    def _renderer(self) -> Callable[..., Markup]:
        module = self._templates.get_template("_board_row.html").module
        row: Callable[..., Markup] = module.row  # type: ignore[attr-defined]
        return row

    def _rows(self, draw: _Drawing) -> list[Markup]:
        """Return the rows as they are shown to others, with links where one opens."""
        board = draw.board
        opens = board.opens
        ready = self._ready(draw, linked=opens is None)
        rows = [row.seen(board.shows) for row in ready.rows]
        for index, row in enumerate(board.rows):
            if opens and row.standing.account_id in opens:
                linked = self._ready(draw, linked=True).rows[index]
                rows[index] = linked.seen(board.shows)
        return rows

    def _swap(self, rows: list[Markup], draw: _Drawing) -> None:
        """Let neighbours of equal rank change places, as the viewer's marks say."""
        shows = draw.board.shows
        if shows is None:
            return
        for index, cell in self._ready(draw, linked=draw.board.opens is None).ties:
            if cell.raised(shows.table):
                rows[index], rows[index + 1] = rows[index + 1], rows[index]

    def _ready(self, draw: _Drawing, *, linked: bool) -> Prepared:
        """Return the rows as they were prepared, if nothing in them has changed."""
        key = (*draw.key, linked)
        with self._lock:
            known = self._prepared.get(key)
            if known is not None and known.source == draw.board.rows:
                self._prepared.move_to_end(key)
                return known
        made = draw.prepare(linked=linked)
        with self._lock:
            self._prepared[key] = made
            self._prepared.move_to_end(key)
            while len(self._prepared) > KEPT:
                self._prepared.popitem(last=False)
        return made


class _Drawing(NamedTuple):
    """One board on its way to the page."""

    render: Callable[..., Markup]
    board: Board
    asked: str
    """The query of its address, for the links of its rows."""
    found: bool
    """Its rows are what a search found."""
    repeated: bool

    @property
    def key(self) -> tuple[object, ...]:
        """What the prepared rows depend on beside the rows themselves."""
        board = self.board
        exact = self._marks is None
        return (self.asked, board.lens, board.first, self.found, exact)

    @property
    def _marks(self) -> Cells | None:
        return self.board.shows.marks if self.board.shows else None

    def own(self, row: BoardRow) -> Markup:
        """Draw the viewer's own row, exactly."""
        return self._row(row, exact_texts(row, self.board.unit), own=True)

    def prepare(self, *, linked: bool) -> Prepared:
        """Draw all rows, open at their marked figures."""
        rows, marks = [], self._marks
        for row in self.board.rows:
            texts, choices = texts_of(row, self.board.unit, marks)
            # Nothing opens for whoever stands under another name.
            opens = linked and not row.standing.account_id.startswith(PREFIX)
            html = self._row(plain(row), texts, linked=opens)
            rows.append(prepared_row(html, choices))
        ties = tuple(tied(self.board.rows, marks)) if marks else ()
        return Prepared(self.board.rows, tuple(rows), ties)

    def _row(self, row: BoardRow, texts: Texts, **kind: bool) -> Markup:
        return self.render(row, texts, self.repeated, self.asked, **kind)
