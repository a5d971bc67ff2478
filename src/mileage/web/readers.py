"""Who looked at what is about oneself: a page, and the same for programs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from mileage.domain.directory import ORGANISATION
from mileage.domain.errors import Invalid, NotFound
from mileage.reports.values import instant_json
from mileage.web import asking
from mileage.web.pages import page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from mileage.domain.directory import AccessRow

PATH = "/me/readers"
SHOWN = 100
REPORTS = {
    "board": "the board",
    "personal": "your page",
    "usage": "usage",
    "department": "a department's page",
    "sources": "sources",
    "disagreements": "calls on which sources disagree",
    "people": "the directory",
}


def show(request: Request) -> Response:
    """Show who read what names the viewer, the latest first."""
    rows = _rows(request)
    return page(
        request,
        "readers.html",
        rows=[(row, *what(row)) for row in rows],
        older=_older(rows),
        zone="UTC",
    )


def answer(request: Request) -> dict[str, Any]:
    """Answer the same as JSON; ``before`` goes on where the last answer ended."""
    rows = _rows(request)
    return {
        "rows": [
            {
                "entry": row.row_id,
                "at": instant_json(row.at),
                "reader": row.viewer_name,
                "purpose": row.purpose,
                "report": row.report,
                "about": what(row)[1],
                "named": row.subjects,
                "through": row.through,
                "detail": row.detail,
            }
            for row in rows
        ],
        "before": _older(rows),
    }


def what(row: AccessRow) -> tuple[str, str]:
    """Return what was read, in words, and whether it was about one or many."""
    read = REPORTS.get(row.report, row.report.replace("_", " "))
    if row.subject != ORGANISATION and not row.named:
        return read, "you"
    return read, "you among others" if row.named else "possibly you"


def _rows(request: Request) -> tuple[AccessRow, ...]:
    viewer = asking.viewer(request)
    if not viewer.account_id:
        raise NotFound("The operator is nobody in particular: nobody looked at it.")
    reports = asking.services(request).reports
    return reports.readers(viewer, _before(request), SHOWN)


def _before(request: Request) -> int | None:
    text = request.query_params.get("before", "")
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,15}", text):
        raise Invalid("`before` must be the number of an entry.")
    return int(text)


def _older(rows: tuple[AccessRow, ...]) -> int | None:
    return rows[-1].row_id if len(rows) == SHOWN else None


def routes() -> list[Route]:
    """Return the page."""
    return [Route(PATH, show)]
