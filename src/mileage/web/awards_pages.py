"""One's own titles and tiers: why, since when, and declining them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import RedirectResponse
from starlette.routing import Route

from mileage.reports.values import instant_json
from mileage.web import asking
from mileage.web.openapi import Endpoint
from mileage.web.pages import page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from mileage.domain.awards import Award, AwardsPage

PATH = "/me/awards"


def awards(request: Request) -> Response:
    """Show what whoever asks has and had."""
    services = asking.services(request)
    found = services.awards.page(asking.viewer(request))
    return page(request, "awards.html", awards=found, zone=services.zone)


def decline(request: Request) -> Response:
    """Decline a title or tiers, or take them again."""
    form = asking.asker(request).form
    asking.services(request).awards.decline(
        asking.viewer(request),
        form.get("which", ""),
        declined=form.get("declined") == "yes",
    )
    return RedirectResponse(PATH, 303)


def api_awards(request: Request) -> dict[str, Any]:
    """Answer the viewer's titles and tiers."""
    viewer = asking.viewer(request)
    return awards_json(asking.services(request).awards.page(viewer))


def awards_json(found: AwardsPage) -> dict[str, Any]:
    """Name what the page of one's own awards shows."""
    return {"awards": [_award(one, found) for one in (*found.held, *found.ended)]}


def _award(one: Award, found: AwardsPage) -> dict[str, Any]:
    called = "" if one.kind == "tier" else one.name
    return {
        "kind": one.kind,
        "name": one.name,
        "reason": one.reason,
        "began_at": instant_json(one.began_at),
        "ended_at": instant_json(one.ended_at),
        "lapsed_at": instant_json(one.lapsed_at),
        "declined": called in found.declined,
    }


ENDPOINTS = (
    Endpoint(
        path="/api/v1/me/awards",
        name="awards",
        summary="One's own titles and tiers",
        description="What one has, then what one had, the newest first, each with its "
        "reason. It is declined on the page /me/awards: a key for reading changes "
        "nothing.",
        answer="Awards",
        handler=api_awards,
        errors=(401, 403, 422, 429, 503),
    ),
)


def routes() -> list[Route]:
    """Return the page and its form."""
    return [Route(PATH, awards), Route(PATH, decline, methods=["POST"])]
