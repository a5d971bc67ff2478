"""Signing in by one-time link, API key or password, and out.

A secret that came in an address is used up at once and answered with a redirect,
so that it neither stays in the address bar nor works a second time.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from mileage.domain.errors import TooMany, Unauthorised
from mileage.web.asking import asker, services
from mileage.web.devices import device_of
from mileage.web.guard import (
    SIGN_IN,
    form_cookie,
    is_secure,
    session_cookie,
)
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
WRONG_PASSWORD = "This address and password do not belong together."  # noqa: S105

SSO_MESSAGES = {
    "refused": "Single sign-on let nobody in. Try again; if that does not help, ask "
    "whoever runs this server: its log says why.",
    "unavailable": "Single sign-on does not answer right now. Try again later, or sign "
    "in another way.",
}


def routes() -> list[BaseRoute]:
    """List the addresses of signing in and out."""
    return [
        Route(SIGN_IN, show_or_open, methods=["GET"], name="sign_in"),
        Route(SIGN_IN, open_with_form, methods=["POST"], name="sign_in_with_form"),
        Route("/sign-out", sign_out, methods=["POST"], name="sign_out"),
    ]


def show_or_open(request: Request) -> Response:
    """Use up the link of the address, or show the form."""
    link = request.query_params.get("link", "")
    if link and request.method == "GET":
        return _open_link(request, link)
    if asker(request).viewer is not None:
        return RedirectResponse("/", 303)
    return sign_in_form(request, message=_said(request))


def open_with_form(request: Request) -> Response:
    """Start a session for whoever knows the key or the password in the form."""
    # Empty fields do not arrive.
    if asker(request).form.keys() & {"email", "password"}:
        return _open_password(request)
    key = asker(request).form.get("key", "").strip()
    if not key:
        return sign_in_form(request, 422, NO_KEY)
    try:
        session = services(request).sign_in.open_key(key, device(request))
    except Unauthorised:
        return sign_in_form(request, 401, WRONG_KEY)
    return signed_in(request, session)


def _open_password(request: Request) -> Response:
    form = asker(request).form
    email, password = form.get("email", ""), form.get("password", "")
    try:
        session = services(request).sign_in.open_password(
            email, password, device(request)
        )
    except Unauthorised:
        return sign_in_form(request, 401, WRONG_PASSWORD)
    except TooMany as error:
        answer = sign_in_form(request, HTTPStatus.TOO_MANY_REQUESTS, str(error))
        answer.headers["Retry-After"] = str(error.seconds)
        return answer
    return signed_in(request, session)


def sign_out(request: Request) -> Response:
    """End the session here and in the store."""
    services(request).sign_in.close(asker(request).session)
    return signed_out(request)


def signed_out(request: Request) -> Response:
    """Send somebody whose session has ended to the sign-in page."""
    response = RedirectResponse(SIGN_IN, 303)
    response.delete_cookie(
        session_cookie(request),
        secure=is_secure(request),
        httponly=True,
        samesite="lax",
    )
    return response


def device(request: Request) -> str:
    """Name what asks, as the list of sessions shows it."""
    return device_of(request.headers.get("user-agent", ""))


def _open_link(request: Request, link: str) -> Response:
    # A browser that fetches ahead, in case somebody presses enter, must not use
    # the link up; it asks again when somebody does.
    if "prefetch" in request.headers.get("sec-purpose", ""):
        return PlainTextResponse("Not fetched ahead.\n", 503)
    try:
        session = services(request).sign_in.open_link(link, device(request))
    except Unauthorised:
        return sign_in_form(request, 401, USED_LINK)
    return signed_in(request, session)


def signed_in(request: Request, session: str) -> Response:
    """Hand out the cookie of a new session, in place of the one before."""
    # From the cookie: on the way back from the provider nobody has looked at it.
    before = request.cookies.get(session_cookie(request), "")
    if before:
        services(request).sign_in.close(before)
    response = RedirectResponse("/", 303)
    # No Max-Age: the cookie goes with the browser, the store ends the session.
    response.set_cookie(
        session_cookie(request),
        session,
        secure=is_secure(request),
        httponly=True,
        samesite="lax",
    )
    response.delete_cookie(
        form_cookie(request), path=SIGN_IN, secure=is_secure(request), httponly=True
    )
    return response


def _said(request: Request) -> str:
    """Return a sentence about single sign-on that came to nothing."""
    return SSO_MESSAGES.get(request.query_params.get("sso", ""), "")


def sign_in_form(request: Request, status: int = 200, message: str = "") -> Response:
    """Show the ways in; a stranger's form gets a cookie to be tied to."""
    single = services(request).single_sign_on
    response = page(
        request,
        "sign_in.html",
        status=status,
        message=message,
        passwords=services(request).sign_in.has_passwords(),
        provider=single.button if single else "",
    )
    secret = asker(request).form_secret
    if secret:
        response.set_cookie(
            form_cookie(request),
            secret,
            path=SIGN_IN,
            secure=is_secure(request),
            httponly=True,
            samesite="strict",
        )
    return response
