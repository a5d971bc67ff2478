"""The board, and why a row has its rank."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from starlette.routing import Route

from mileage.domain.errors import NotFound
from mileage.reports.values import instant_json
from mileage.web import asking
from mileage.web.board_choices import lens_tabs
from mileage.web.board_query import BOARD, read_query
from mileage.web.board_view import BoardRows
from mileage.web.content_policy import LIVE
from mileage.web.pages import marked_simulated, page, templates
from mileage.web.why_view import NAMES, why_view

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

WHY = "/board/why"


def board_page(kept: BoardRows, request: Request) -> Response:
    """Show a board; without a time it refreshes when a newer one is published."""
    viewer = asking.viewer(request)
    have = asking.services(request)
    query = read_query(request.query_params, have.zone)
    board = have.reports.board(
        viewer, query.lens, part=query.of.part, as_of=query.as_of
    )
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


def why_page(request: Request) -> Response:
    """Explain a rank: one's own, or of whoever's page the viewer may open."""
    viewer = asking.viewer(request)
    have = asking.services(request)
    account_id = request.path_params.get("account_id", viewer.account_id)
    if not account_id:
        raise NotFound(
            "The operator in a shell is nobody in particular and has no rank. "
            "Open somebody's from the board."
        )
    query = read_query(request.query_params, have.zone)
    why = have.reports.why(viewer, account_id, query.of)
    return page(
        request,
        "why.html",
        view=why_view(why, query),
        own=account_id == viewer.account_id,
        zone=why.page.zone,
        class_names=NAMES,
        **marked_simulated(why.page.simulated or why.placed.head.simulated),
    )


def routes() -> list[Route]:
    """Return the board's pages."""
    return [
        Route(BOARD, partial(board_page, BoardRows(templates)), name="board"),
        Route(WHY, why_page),
        Route(f"{WHY}/{{account_id}}", why_page),
    ]
