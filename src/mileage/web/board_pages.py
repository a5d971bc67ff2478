"""The board, and why a row has its rank."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from starlette.routing import Route

from mileage.reports.values import instant_json
from mileage.web import asking
from mileage.web.board_choices import lens_tabs
from mileage.web.board_query import BOARD, read_query
from mileage.web.board_view import BoardRows
from mileage.web.content_policy import LIVE
from mileage.web.pages import marked_simulated, page, templates

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


def board_page(kept: BoardRows, request: Request) -> Response:
    """Show a board; without a time it refreshes when a newer one is published."""
    viewer = asking.viewer(request)
    have = asking.services(request)
    query = read_query(request.query_params, have.zone)
    board = have.reports.board(viewer, query.lens or None, as_of=query.as_of)
    tabs = lens_tabs(board.snapshot, have.reports.lenses())
    offered = have.reports.boards(viewer)
    snapshot = board.snapshot
    answer = page(
        request,
        "board.html",
        view=kept.view(board, query, tabs, offered, viewer),
        board=board,
        snapshot=snapshot,
        completeness=snapshot.completeness,
        zone=snapshot.zone,
        as_of=instant_json(snapshot.as_of),
        **marked_simulated(snapshot.simulated),
    )
    if query.as_of is None:
        answer.headers["Content-Security-Policy"] = LIVE
    return answer


def routes() -> list[Route]:
    """Return the board's pages."""
    return [Route(BOARD, partial(board_page, BoardRows(templates)), name="board")]
