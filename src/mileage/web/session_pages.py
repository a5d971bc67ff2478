"""One's own sessions: where one is signed in, and how to end that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse
from starlette.routing import Route

from mileage.web import asking
from mileage.web.pages import page
from mileage.web.sign_in import signed_out

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

PATH = "/sessions"
ZONE = "UTC"
METHODS = {
    "link": "one-time link",
    "key": "API key",
    "password": "password",
    "oidc": "single sign-on",
}


def sessions(request: Request) -> Response:
    """List the viewer's own sessions; an administrator's page has no others either."""
    viewer, asker = asking.viewer(request), asking.asker(request)
    sign_in = asking.services(request).sign_in
    return page(
        request,
        "sessions.html",
        sessions=sign_in.open_sessions(viewer),
        this=sign_in.session_id(asker.session) if asker.session else "",
        methods=METHODS,
        zone=ZONE,
    )


def end(request: Request) -> Response:
    """End one of the viewer's sessions; if it is this one, sign out."""
    viewer, asker = asking.viewer(request), asking.asker(request)
    sign_in = asking.services(request).sign_in
    wanted = asker.form.get("session", "")
    this = sign_in.session_id(asker.session)
    sign_in.end_session(wanted, viewer)
    return signed_out(request) if wanted == this else RedirectResponse(PATH, 303)


def end_others(request: Request) -> Response:
    """End all of the viewer's sessions but this one."""
    viewer, asker = asking.viewer(request), asking.asker(request)
    asking.services(request).sign_in.end_sessions(viewer, viewer, but=asker.session)
    return RedirectResponse(PATH, 303)


def end_all(request: Request) -> Response:
    """Sign the viewer out everywhere, here too."""
    viewer = asking.viewer(request)
    asking.services(request).sign_in.end_sessions(viewer, viewer)
    return signed_out(request)


def routes() -> list[Route]:
    """Return the page and its forms."""
    return [
        Route(PATH, sessions),
        Route(f"{PATH}/end", end, methods=["POST"]),
        Route(f"{PATH}/end-others", end_others, methods=["POST"]),
        Route(f"{PATH}/end-all", end_all, methods=["POST"]),
    ]
