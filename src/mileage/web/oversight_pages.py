"""How people's figures are read: the page of those who watch over that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from mileage.web import asking
from mileage.web.pages import page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

PATH = "/oversight"
STOPPED_AT = {"people": "different people", "exports": "reads by the API"}


def show(request: Request) -> Response:
    """Show who was stopped, who reads much, what is read, how far it is signed."""
    viewer = asking.viewer(request)
    purpose = request.query_params.get("purpose")
    found = asking.services(request).oversight.page(viewer, purpose)
    return page(request, "oversight.html", found=found, what=STOPPED_AT, zone="UTC")


def routes() -> list[Route]:
    """Return the page."""
    return [Route(PATH, show)]
