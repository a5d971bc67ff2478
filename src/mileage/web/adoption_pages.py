"""Targets of adoption, for the teams that somebody belongs to or leads."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from mileage.domain.errors import NotFound
from mileage.reports.adoption import adoption_json
from mileage.web import asking
from mileage.web.openapi import Endpoint
from mileage.web.pages import page
from mileage.web.paging import part

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

PATH = "/adoption"


def adoption(request: Request) -> Response:
    """Show how far one's teams are, target by target."""
    found = None
    try:
        desk = asking.services(request).adoption
        found = desk.page(asking.viewer(request))
    except NotFound:
        pass
    rows = found.rows if found else ()
    shown = part(rows, request.query_params, lambda one: f"{one.team} {one.department}")
    targets = [
        (title, list(teams))
        for title, teams in groupby(shown.rows, lambda one: one.title)
    ]
    return page(
        request,
        "adoption.html",
        found=found,
        targets=targets,
        shown=shown,
        **({"simulated": True} if found and found.simulated else {}),
    )


def api_adoption(request: Request) -> dict[str, Any]:
    """Answer how far one's teams are."""
    desk = asking.services(request).adoption
    return adoption_json(desk.page(asking.viewer(request)))


ENDPOINTS = (
    Endpoint(
        path="/api/v1/adoption",
        name="adoption",
        summary="How far one's teams are with the targets of adoption",
        description="One's own team, those that one leads or has below; all of them "
        "for auditors. Only bounds where nearly nobody or everybody does; nothing of "
        "small teams.",
        answer="Adoption",
        handler=api_adoption,
        errors=(401, 404, 422, 429, 503),
    ),
)


def routes() -> list[Route]:
    """Return the page."""
    return [Route(PATH, adoption)]
