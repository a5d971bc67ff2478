"""Boards by the API: which there are, and one of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mileage.domain.errors import Invalid
from mileage.reports.shape import board_json
from mileage.reports.values import instant_json
from mileage.web.asking import instant, services, viewer
from mileage.web.board_query import read_query
from mileage.web.openapi import INSTANT, TEXT, Endpoint, Parameter

if TYPE_CHECKING:
    from starlette.requests import Request

MOST_ROWS = 100_000
LENS_KEYS = ("name", "title", "encourages", "gamed_by")


def boards(request: Request) -> dict[str, Any]:
    """Answer which boards there are; names nobody, so it may be asked often."""
    reports = services(request).reports
    offered = reports.boards(viewer(request))
    return {
        "as_of": instant_json(offered.as_of),
        "lenses": [
            dict(zip(LENS_KEYS, lens, strict=True)) for lens in reports.lenses()
        ],
        "windows": list(offered.windows),
        "scopes": list(offered.scopes),
    }


def board(request: Request) -> dict[str, Any]:
    """Answer one page of a published ranking, or what a search found in it."""
    given, as_of = request.query_params, instant(request, "as_of")
    asked = read_query({**given, "as_of": ""}, "UTC").of
    ranked = services(request).reports.board(
        viewer(request), request.path_params["lens"], part=asked.part, as_of=as_of
    )
    body = board_json(ranked)
    body["rows"] = body["rows"][: row_limit(request)]
    return body


def row_limit(request: Request) -> int:
    """Read how many rows to answer; the published cut holds beside it."""
    text = request.query_params.get("top", str(MOST_ROWS))
    if not re.fullmatch(r"[0-9]{1,6}", text) or not 1 <= int(text) <= MOST_ROWS:
        raise Invalid(f"`top` must be a whole number from 1 to {MOST_ROWS}.")
    return int(text)


ENDPOINTS = (
    Endpoint(
        path="/api/v1/boards",
        name="boards",
        summary="Which boards there are",
        description="Lenses (the default first), windows and scopes, and of when the "
        "last publication is: ask this to learn whether there is a newer one.",
        answer="Boards",
        handler=boards,
        errors=(401, 403, 422, 429, 503),
    ),
    Endpoint(
        path="/api/v1/boards/{lens}",
        name="board",
        summary="The board, ranked by one lens",
        description="One published window. The viewer's row is in own when it is not "
        "among the rows.",
        answer="Board",
        handler=board,
        errors=(401, 403, 404, 422, 429, 503),
        parameters=(
            Parameter(
                "lens",
                "What to rank by; /api/v1/boards lists the lenses.",
                TEXT,
                where="path",
                example="tokens",
            ),
            Parameter(
                "window", "One of /api/v1/boards; the first when left out.", TEXT
            ),
            Parameter(
                "scope",
                "One of /api/v1/boards, dept:ID or team:ID/TEAM for whoever may open "
                "the pages of those people; org when left out.",
                TEXT,
                example="org",
            ),
            Parameter("as_of", "The board as it stood at this instant.", INSTANT),
            Parameter(
                "page",
                "Below the published top, for those who may read the whole board.",
                {"type": "integer", "minimum": 1},
            ),
            Parameter("q", "Rows with all of these words in name or place.", TEXT),
            Parameter("purpose", "What for, where it is to be stated; recorded.", TEXT),
            Parameter(
                "top",
                "At most this many rows, within the published cut.",
                {"type": "integer", "minimum": 1, "maximum": MOST_ROWS},
                example="10",
            ),
        ),
    ),
)
