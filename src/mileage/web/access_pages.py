"""The page that tells everybody who may see what, from the table in force."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from mileage.access.readables import READABLES
from mileage.access.roles import IMPLIED
from mileage.web import asking
from mileage.web.pages import page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

PATH = "/access"


def access(request: Request) -> Response:
    """Show the roles, the purposes, and what each role may read of whom."""
    viewer = asking.viewer(request)
    roles = asking.services(request).reports.roles(viewer)
    return page(
        request,
        "access.html",
        roles=roles,
        lines={
            role.name: [line for line in roles.lines if line.role == role]
            for role in roles.roles
        },
        readables=READABLES,
        implied=IMPLIED,
    )


def routes() -> list[Route]:
    """Return the page."""
    return [Route(PATH, access)]
