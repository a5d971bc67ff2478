"""Signing in by one-time link or API key, and out.

A secret that came in an address is used up at once and answered with a redirect,
so that it neither stays in the address bar nor works a second time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from mileage.domain.errors import Unauthorised
from mileage.web.asking import asker, services
from mileage.web.guard import FORM_COOKIE, SESSION_COOKIE, SIGN_IN
from mileage.web.pages import page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute

USED_LINK = (
    "This sign-in link has been used or is over. "
    "`mileage sign-in` prints a new one; "
    "an API key (`mileage key create`) signs in as well."
)
WRONG_KEY = "This API key is unknown or revoked. `mileage key create` makes a new one."
NO_KEY = "Put the API key into the field."


def routes() -> list[BaseRoute]:
    """List the addresses of signing in and out."""
    return [
        Route(SIGN_IN, show_or_open, methods=["GET"], name="sign_in"),
        Route(SIGN_IN, open_with_key, methods=["POST"], name="sign_in_with_key"),
        Route("/sign-out", sign_out, methods=["POST"], name="sign_out"),
    ]


def show_or_open(request: Request) -> Response:
    """Use up the link of the address, or show the form."""
    link = request.query_params.get("link", "")
    if link and request.method == "GET":
        return _open_link(request, link)
    if asker(request).viewer is not None:
        return RedirectResponse("/", 303)
    return _form(request)


def open_with_key(request: Request) -> Response:
    """Start a session for the holder of the key in the form."""
    key = asker(request).form.get("key", "").strip()
    if not key:
        return _form(request, 422, NO_KEY)
    try:
        session = services(request).sign_in.open_key(key)
    except Unauthorised:
        return _form(request, 401, WRONG_KEY)
    return _signed_in(request, session)


def sign_out(request: Request) -> Response:
    """End the session here and in the store."""
    services(request).sign_in.close(asker(request).session)
    response = RedirectResponse(SIGN_IN, 303)
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax")
    return response


def _open_link(request: Request, link: str) -> Response:
    # A browser that fetches ahead, in case somebody presses enter, must not use
    # the link up; it asks again when somebody does.
    if "prefetch" in request.headers.get("sec-purpose", ""):
        return PlainTextResponse("Not fetched ahead.\n", 503)
    try:
        session = services(request).sign_in.open_link(link)
    except Unauthorised:
        return _form(request, 401, USED_LINK)
    return _signed_in(request, session)


def _signed_in(request: Request, session: str) -> Response:
    before = asker(request).session
    if before:
        services(request).sign_in.close(before)
    response = RedirectResponse("/", 303)
    # No Max-Age: the cookie goes with the browser, the store ends the session.
    response.set_cookie(
        SESSION_COOKIE,
        session,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
    response.delete_cookie(FORM_COOKIE, path=SIGN_IN, httponly=True)
    return response


def _form(request: Request, status: int = 200, message: str = "") -> Response:
    response = page(request, "sign_in.html", status=status, message=message)
    secret = asker(request).form_secret
    if secret:
        response.set_cookie(
            FORM_COOKIE,
            secret,
            path=SIGN_IN,
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="strict",
        )
    return response
