"""Departments and their teams: the list that a viewer may open, one page, the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from mileage.domain.errors import NotFound
from mileage.reports.departments import department_json, listed_json
from mileage.web import asking
from mileage.web.openapi import Endpoint, Parameter
from mileage.web.pages import page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from mileage.domain.cube import Listed

PATH = "/departments"
TEXT = {"type": "string"}


def departments(request: Request) -> Response:
    """List the departments that the viewer may open."""
    viewer = asking.viewer(request)
    found: tuple[Listed, ...] = ()
    try:
        found = asking.services(request).departments.listed(viewer)
        published = True
    except NotFound:
        published = False
    return page(request, "departments.html", departments=found, published=published)


def department(request: Request) -> Response:
    """Show one department and its teams, as they were published."""
    found = asking.services(request).departments.department(
        asking.viewer(request),
        request.path_params["department_id"],
        request.query_params.get("purpose"),
    )
    return page(
        request,
        "department.html",
        told=found,
        zone=found.zone,
        **({"simulated": True} if found.simulated else {}),
    )


def api_departments(request: Request) -> dict[str, Any]:
    """Answer which departments the viewer may open."""
    viewer = asking.viewer(request)
    return listed_json(asking.services(request).departments.listed(viewer))


def api_department(request: Request) -> dict[str, Any]:
    """Answer one department."""
    found = asking.services(request).departments.department(
        asking.viewer(request),
        request.path_params["id"],
        request.query_params.get("purpose"),
    )
    return department_json(found)


ENDPOINTS = (
    Endpoint(
        path="/api/v1/departments",
        name="departments",
        summary="The departments that you may open",
        description="By name; `told` says whether anything is told of one.",
        answer="Departments",
        handler=api_departments,
        errors=(401, 403, 404, 503),
    ),
    Endpoint(
        path="/api/v1/departments/{id}",
        name="department",
        summary="A department and its teams",
        description="As published, the same for some days. What would tell of a few "
        "people is null, whoever asks; managers get less where they see names.",
        answer="Department",
        handler=api_department,
        errors=(401, 403, 404, 422, 503),
        parameters=(
            Parameter(
                "id",
                "As /api/v1/departments names it.",
                TEXT,
                where="path",
                example="0123456789abcdef",
            ),
            Parameter("purpose", "What for; recorded.", TEXT, example="planning"),
        ),
    ),
)


def routes() -> list[Route]:
    """Return both pages."""
    return [
        Route(PATH, departments),
        Route(f"{PATH}/{{department_id}}", department),
    ]
