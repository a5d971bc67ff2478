"""The pages of sources and of disagreements: one's own, or everybody's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from mileage.web import asking
from mileage.web.hearing_view import (
    CLASS_TITLES,
    PROBLEMS_SHOWN,
    disagreements_view,
    sources_view,
)
from mileage.web.pages import page
from mileage.web.paging import read_wanted

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

FIRST_SHOWN = 100
FOUND_SHOWN = 20
"""Accounts of a page; those who were searched for are looked up anew."""


def sources(request: Request) -> Response:
    """Show which sources tell of whom, what is missing, and how to fix it."""
    viewer = asking.viewer(request)
    scope = request.query_params.get("scope")
    wanted = read_wanted(request.query_params.get("q", ""))
    purpose = request.query_params.get("purpose")
    reports = asking.services(request).reports
    most = FOUND_SHOWN if wanted else FIRST_SHOWN
    found = reports.sources(viewer, scope, wanted, most, purpose)
    return page(
        request,
        "sources.html",
        heard=found,
        view=sources_view(found, wanted if found.whole else ""),
        wanted=wanted,
        problems_shown=PROBLEMS_SHOWN,
        completeness=found.completeness,
        zone=found.zone,
    )


def disagreements(request: Request) -> Response:
    """Show the calls on which sources disagree, with what each of them says."""
    viewer = asking.viewer(request)
    scope = request.query_params.get("scope")
    purpose = request.query_params.get("purpose")
    found = asking.services(request).reports.disagreements(viewer, scope, purpose)
    return page(
        request,
        "disagreements.html",
        told=found,
        rows=disagreements_view(found),
        classes=list(CLASS_TITLES.values()),
        completeness=found.completeness,
        zone=found.zone,
    )


def routes() -> list[Route]:
    """Return both pages."""
    return [Route("/sources", sources), Route("/disagreements", disagreements)]
