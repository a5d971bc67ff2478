"""What marking costs the board page: processor time with and without, rows prepared.

A board of 250 rows of made-up people is rendered as the server does, not compressed:
marked figures have fewer digits and compress sooner, which would hide what marks cost.
The bar of everything that guards figures is 30 % of the page's time without it,
compressed.
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
    """Return the board's page before it is compressed, without its frame's own."""
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
    return html.encode()


def main() -> None:
    """Print both times and fail above the bar."""
    rows, marks = BoardRows(pages.templates), Marks(b"k" * 32)
    exact = fixtures.board("cost")

    def marked() -> bytes:
        marker = Marker(marks, VIEWER.account_id)
        return rendered(rows, marked_board(exact, marker))

    without = fastest(lambda: rendered(rows, exact))
    beside = fastest(marked)
    html = rendered(rows, exact)
    packing = fastest(lambda: gzip.compress(html, 1))
    added = (beside - without) / (without + packing)
    print(f"exact {without:.2f} ms, compressed in another {packing:.2f} ms")
    print(f"marked {beside:.2f} ms: {added:+.0%} of the page")
    sys.exit(1 if added > BAR else 0)


if __name__ == "__main__":
    main()
