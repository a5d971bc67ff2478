"""The board as a file: what the page shows, to take along."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from mileage.domain.errors import Invalid
from mileage.reports.exports import FORMS, exported
from mileage.web import asking
from mileage.web.board_query import read_query

if TYPE_CHECKING:
    from starlette.requests import Request

PATH = "/board/file"


def board_file(request: Request) -> Response:
    """Send the board that its page shows, in the form of ``?format=``."""
    # What leaves as a file counts as an export, as over the API (``audit.toml``).
    given, viewer = request.query_params, replace(asking.viewer(request), through="api")
    have = asking.services(request)
    form = next((one for one in FORMS if one == given.get("format", "csv")), None)
    if form is None:
        raise Invalid(f"`format` is one of {', '.join(FORMS)}.")
    query = read_query(given, have.zone)
    board = have.reports.board(
        viewer, query.lens, part=query.of.part, as_of=query.as_of
    )
    file = exported(board, form, viewer)
    return Response(
        file.content,
        media_type=file.media_type,
        headers={"Content-Disposition": f'attachment; filename="{file.name}"'},
    )


def routes() -> list[Route]:
    """Return the file's address."""
    return [Route(PATH, board_file)]
