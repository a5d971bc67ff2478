"""Boards of groups, and one's own place among others of one's kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from mileage.domain.errors import NotFound
from mileage.reports.benchmark import SCOPES, benchmark_json, group_board_json
from mileage.web import asking
from mileage.web.openapi import Endpoint, Parameter
from mileage.web.pages import page
from mileage.web.paging import part
from mileage.web.spread_chart import spread

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from mileage.domain.peers import Benchmark

GROUPS = "/groups"
BENCHMARK = "/me/benchmark"


def groups(request: Request) -> Response:
    """Show the groups of ``?scope=``: teams, roles, clients or models."""
    viewer = asking.viewer(request)
    scope = request.query_params.get("scope", "teams")
    desk = asking.services(request).groups
    board = None
    try:
        board = desk.board(viewer, scope)
    except NotFound:
        if scope not in SCOPES:
            raise
    rows = board.rows if board else ()
    shown = part(rows, request.query_params, lambda one: f"{one.name} {one.department}")
    return page(
        request,
        "groups.html",
        board=board,
        shown=shown,
        scope=scope,
        scopes=SCOPES,
        **({"simulated": True} if board and board.simulated else {}),
    )


def benchmark(request: Request) -> Response:
    """Show where whoever asks stands among others of their role and tools."""
    viewer = asking.viewer(request)
    if not viewer.account_id:
        raise NotFound("The operator in a shell has no figures to compare.")
    found = None
    try:
        found = asking.services(request).groups.benchmark(viewer)
        published = True
    except NotFound:
        published = False
    return page(
        request,
        "benchmark.html",
        found=found,
        published=published,
        chart=_chart(found),
        **({"simulated": True} if found and found.simulated else {}),
    )


def _chart(found: Benchmark | None) -> str:
    if found is None or found.group is None:
        return ""
    title = "How people are spread. The table below the chart has the same figures."
    return spread(found.group.bins, found.band, title=title)


def api_groups(request: Request) -> dict[str, Any]:
    """Answer the groups of a scope."""
    desk = asking.services(request).groups
    scope = request.path_params["scope"]
    return group_board_json(desk.board(asking.viewer(request), scope))


def api_benchmark(request: Request) -> dict[str, Any]:
    """Answer where the viewer stands among others of their kind."""
    desk = asking.services(request).groups
    return benchmark_json(desk.benchmark(asking.viewer(request)))


ENDPOINTS = (
    Endpoint(
        path="/api/v1/groups/{scope}",
        name="groups",
        summary="Teams, roles, clients or models by what their people use",
        description="As published, the same for some days. Teams by tokens a person "
        "who used something; the others by the band of the median. Groups of which "
        "nothing may be told are left out.",
        answer="GroupBoard",
        handler=api_groups,
        errors=(401, 403, 404, 422, 429, 503),
        parameters=(
            Parameter(
                "scope",
                "teams, roles, clients or models.",
                {"type": "string", "enum": list(SCOPES)},
                where="path",
                example="teams",
            ),
        ),
    ),
    Endpoint(
        path="/api/v1/me/benchmark",
        name="benchmark",
        summary="Oneself among others of one's role and tools",
        description="Between which per cent of a group one is, and in which band. "
        "Nobody is named, and groups that are too small are not told of.",
        answer="Benchmark",
        handler=api_benchmark,
        errors=(401, 404, 422, 429, 503),
    ),
)


def routes() -> list[Route]:
    """Return both pages."""
    return [Route(GROUPS, groups), Route(BENCHMARK, benchmark)]
