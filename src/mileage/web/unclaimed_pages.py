"""The page of usage that belongs to nobody: see it, claim it, take a claim back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse
from starlette.routing import Route

from mileage.web import asking
from mileage.web.pages import page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

PATH = "/unclaimed"
SHOWN = 200
"""Lines of each list; `mileage people unclaimed` has all."""
ZONE = "UTC"


def unclaimed(request: Request) -> Response:
    """Show parked identities and claims in force; for the operator."""
    viewer = asking.viewer(request)
    reports = asking.services(request).reports
    parked, claims = reports.unclaimed(viewer), reports.claimed(viewer)
    return page(
        request,
        "unclaimed.html",
        parked=parked[:SHOWN],
        found=len(parked),
        claims=claims[:SHOWN],
        claimed=len(claims),
        zone=ZONE,
    )


def claim(request: Request) -> Response:
    """Give an identity's usage to the owner of an address."""
    viewer, form = asking.viewer(request), asking.asker(request).form
    desk = asking.services(request).claims
    desk.claim(viewer, form.get("identity", ""), form.get("account", ""))
    return RedirectResponse(PATH, 303)


def unclaim(request: Request) -> Response:
    """Take a claim back."""
    viewer, form = asking.viewer(request), asking.asker(request).form
    asking.services(request).claims.unclaim(viewer, form.get("identity", ""))
    return RedirectResponse(PATH, 303)


def routes() -> list[Route]:
    """Return the page and its two forms."""
    return [
        Route(PATH, unclaimed),
        Route(f"{PATH}/claim", claim, methods=["POST"]),
        Route(f"{PATH}/unclaim", unclaim, methods=["POST"]),
    ]
