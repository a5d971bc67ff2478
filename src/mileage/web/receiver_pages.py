"""The pages of the receiver: what came in, what did not, and how near limits are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from mileage.domain.rejecting import SORTS
from mileage.web import asking
from mileage.web.pages import page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

SOURCES_SHOWN = 40
ZONE = "UTC"


def ingest(request: Request) -> Response:
    """Show what came in, what is on its way, what to do, and what was refused."""
    viewer = asking.viewer(request)
    status = asking.services(request).reports.ingest_status(viewer)
    return page(request, "ingest.html", ingest=status, load=status.load, zone=ZONE)


def rejected(request: Request) -> Response:
    """Show what could not be read, by kind; ``?source=`` and ``?sort=`` choose."""
    viewer = asking.viewer(request)
    given = request.query_params
    told = asking.services(request).reports.rejected(
        viewer, given.get("source") or None, given.get("sort") or SORTS[0]
    )
    return page(
        request, "rejected.html", told=told, sources_shown=SOURCES_SHOWN, zone=ZONE
    )


def routes() -> list[Route]:
    """Return both pages."""
    return [Route("/ingest", ingest), Route("/ingest/rejected", rejected)]
