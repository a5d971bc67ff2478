"""What marking costs the board page: processor time with and without, rows prepared.

A board of 250 rows of made-up people is rendered and compressed as the server does. The
bar of everything that guards figures is 30 % of the page's time without it.
"""

from __future__ import annotations

import gzip
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent.parent))

from mileage.access.marks import Marker, Marks
from mileage.domain.people import Viewer
from mileage.reports.shown import marked_board
from mileage.web import pages
from mileage.web.board_choices import lens_tabs
from mileage.web.board_query import BoardQuery
from mileage.web.board_view import BoardRows

if TYPE_CHECKING:
    from collections.abc import Callable

    from mileage.domain.figures import Board

fixtures = import_module("tests.web.fixtures")

ROUNDS, TIMES = 15, 10
BAR = 0.3
VIEWER = Viewer("acc-reader", "Ada Reader")


def fastest(make: Callable[[], bytes]) -> float:
    """Return milliseconds of processor time: other work of the machine only adds."""
    make()
    found = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(TIMES):
            make()
        found.append((time.process_time() - began) / TIMES * 1000)
    return min(found)


def rendered(rows: BoardRows, board: Board) -> bytes:
    """Return the board's page as it is sent, without the frame's own questions."""
    snapshot = board.snapshot
    tabs = lens_tabs(snapshot, fixtures.LENSES)
    offered = fixtures.FakeReports().boards(VIEWER)
    context = {
        "organisation": "Northwind Works",
        "simulated": True,
        "viewer": VIEWER,
        "links": (),
        "opens": (),
        "path": "/",
        "csrf": "token",
        "status": 200,
        "completeness": snapshot.completeness,
        "view": rows.view(board, BoardQuery(), tabs, offered, VIEWER),
        "as_of": "",
        "board": board,
        "snapshot": snapshot,
        "zone": snapshot.zone,
    }
    html = pages.templates.get_template("board.html").render(context)
    return gzip.compress(html.encode(), 1)


def main() -> None:
    """Print both times and fail above the bar."""
    rows, marks = BoardRows(pages.templates), Marks(b"k" * 32)
    exact = fixtures.board("cost")

    def marked() -> bytes:
        marker = Marker(marks, VIEWER.account_id)
        return rendered(rows, marked_board(exact, marker))

    without = fastest(lambda: rendered(rows, exact))
    beside = fastest(marked)
    sizes = len(rendered(rows, exact)), len(marked())
    print(f"exact {without:.2f} ms, {sizes[0]:,} bytes")
    print(f"marked {beside:.2f} ms, {sizes[1]:,} bytes: {beside / without - 1:+.0%}")
    sys.exit(1 if beside > without * (1 + BAR) else 0)


if __name__ == "__main__":
    main()
