"""Taking part: everybody's own choice of how they stand on boards."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from starlette.responses import RedirectResponse
from starlette.routing import Route

from mileage.domain.errors import NotFound
from mileage.reports.statements import statements_json
from mileage.web import asking
from mileage.web.openapi import Endpoint
from mileage.web.pages import page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from mileage.domain.participation import TakingPart

PATH = "/me/taking-part"


def taking_part(request: Request) -> Response:
    """Show how whoever asks stands on boards, and what they can choose."""
    found = asking.services(request).taking_part.state(asking.viewer(request))
    return page(request, "taking_part.html", taking=found)


def choose(request: Request) -> Response:
    """Record a choice; it is in force with the next request of anybody."""
    form = asking.asker(request).form
    asking.services(request).taking_part.choose(
        asking.viewer(request), form.get("choice", ""), stated="stated" in form
    )
    return RedirectResponse(PATH, 303)


def statements(request: Request) -> Response:
    """Show who wants it said whether they are among the first."""
    viewer = asking.viewer(request)
    found = None
    with suppress(NotFound):
        found = asking.services(request).statements.statements(viewer)
    return page(request, "statements.html", found=found)


def api_statements(request: Request) -> dict[str, Any]:
    """Answer who wants it said whether they are among the first."""
    desk = asking.services(request).statements
    return statements_json(desk.statements(asking.viewer(request)))


def api_participation(request: Request) -> dict[str, Any]:
    """Answer how the viewer stands on boards."""
    viewer = asking.viewer(request)
    return taking_part_json(asking.services(request).taking_part.state(viewer))


def taking_part_json(taking: TakingPart) -> dict[str, Any]:
    """Name what one's own page of taking part shows."""
    return {
        "mode": taking.mode,
        "choice": taking.chosen.choice,
        "statement": taking.chosen.stated,
        "in_force": taking.in_force,
        "objected": taking.objected,
        "pseudonym": taking.pseudonym,
        "choices": list(taking.choices),
    }


ENDPOINTS = (
    Endpoint(
        path="/api/v1/me/participation",
        name="participation",
        summary="How oneself stands on boards",
        description="The policy's mode, one's choice and what follows from both. It "
        "is chosen on the page /me/taking-part: a key for reading changes nothing.",
        answer="Participation",
        handler=api_participation,
        errors=(401, 403, 404, 422, 429, 503),
    ),
    Endpoint(
        path="/api/v1/statements",
        name="statements",
        summary="Who says whether they are among the first of the board",
        description="Names and yes or no, of whoever has chosen to have it said; with "
        "neither ranks nor figures.",
        answer="Statements",
        handler=api_statements,
        errors=(401, 403, 404, 422, 429, 503),
    ),
)


def routes() -> list[Route]:
    """Return the pages and the form."""
    return [
        Route(PATH, taking_part),
        Route(PATH, choose, methods=["POST"]),
        Route("/statements", statements),
    ]
