"""The dark switch on the web: what stays open, and the steward's page for it.

An address is dark unless it stands in the table below: one that somebody adds and
forgets here is closed when it matters. Where one address answers both about oneself
and about others, the report refuses the others: it cannot record the read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route

from mileage.domain.errors import Dark, MileageError
from mileage.web import asking
from mileage.web.guard import SIGN_IN, is_open
from mileage.web.pages import page
from mileage.web.problems import answer_error

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

    from mileage.web.services import DarkDesk

PATH = "/dark"

# About oneself, about the machine, or about nothing: these name and rank nobody.
LIGHT_PATHS = frozenset(
    {
        *("/me", "/sessions", "/sign-out", PATH, "/about-your-data"),
        *("/ingest", "/ingest/rejected", "/metrics", "/api/docs", "/api/openapi.json"),
        *("/api/v1/me", "/api/v1/ingest/status", "/api/v1/ingest/rejected"),
    }
)
LIGHT_FOLDERS = (*("/me/", "/sessions/", f"{PATH}/", f"{SIGN_IN}/", "/api/v1/me/"),)
# One's own by default, others' as well: the report tells them apart.
REPORTED = frozenset(
    {
        *("/sources", "/disagreements"),
        *("/api/v1/usage", "/api/v1/sources", "/api/v1/disagreements"),
    }
)


def stays_light(path: str) -> bool:
    """Tell whether an address is answered in the dark."""
    listed = path in LIGHT_PATHS or path in REPORTED
    return listed or path.startswith(LIGHT_FOLDERS) or is_open(path)


class Darkened:
    """Answer with the notice instead of any page that names or ranks somebody."""

    def __init__(self, app: ASGIApp, desk: DarkDesk) -> None:
        self.app = app
        self.desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on in the light; whether it is dark is asked at every request."""
        if scope["type"] != "http" or stays_light(scope["path"]):
            await self.app(scope, receive, send)
            return
        response = await run_in_threadpool(self._notice, Request(scope))
        if response is None:
            await self.app(scope, receive, send)
        else:
            await response(scope, receive, send)

    def _notice(self, request: Request) -> Response | None:
        try:
            darkness = self.desk.darkness()
        except MileageError as error:
            # Whether it is dark cannot be told: then nothing is shown.
            return answer_error(request, error)
        if darkness is None:
            return None
        return answer_error(request, Dark(darkness.notice))


def show(request: Request) -> Response:
    """Show the switch to whoever may turn it."""
    viewer = asking.viewer(request)
    darkness = asking.services(request).dark.state(viewer)
    return page(request, "dark.html", darkness=darkness, zone="UTC", own=viewer)


def turn_on(request: Request) -> Response:
    """Turn it dark."""
    viewer, form = asking.viewer(request), asking.asker(request).form
    asking.services(request).dark.on(viewer, form.get("reason", ""))
    return RedirectResponse(PATH, 303)


def turn_off(request: Request) -> Response:
    """Ask for the end, or confirm what somebody else has asked."""
    asking.services(request).dark.off(asking.viewer(request))
    return RedirectResponse(PATH, 303)


def routes() -> list[Route]:
    """Return the page and its two forms."""
    return [
        Route(PATH, show),
        Route(f"{PATH}/on", turn_on, methods=["POST"]),
        Route(f"{PATH}/off", turn_off, methods=["POST"]),
    ]
