"""Single sign-on: to the provider, back from it, and its word that somebody has left.

Nothing is kept between going and coming back but a cookie of the browser.
"""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.responses import (
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from starlette.routing import Route

from mileage.domain.errors import MileageError, NotFound, TooLarge, Unauthorised
from mileage.web.asking import services
from mileage.web.guard import OIDC, SECURE_ONLY, SIGN_IN, is_secure
from mileage.web.sign_in import device, signed_in

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from mileage.web.services import SingleSignOn

log = logging.getLogger("mileage.web")

BACK = f"{OIDC}/back"
LOGOUT = f"{OIDC}/logout"
COOKIE = "mileage_oidc"
COOKIE_SECONDS = 600
LARGEST_LOGOUT = 64 * 1024
LONGEST_PARAMETER = 8192


def routes() -> list[BaseRoute]:
    """List the addresses of single sign-on."""
    return [
        Route(OIDC, go, methods=["GET"], name="oidc"),
        Route(BACK, come_back, methods=["GET"], name="oidc_back"),
        Route(LOGOUT, logged_out, methods=["POST"], name="oidc_logout"),
    ]


def go(request: Request) -> Response:
    """Send the browser to the provider, with a cookie that it has to bring back."""
    provider = _provider(request)
    if "prefetch" in request.headers.get("sec-purpose", ""):
        return PlainTextResponse("Not fetched ahead.\n", 503)
    secret = secrets.token_urlsafe(32)
    try:
        address = provider.address(secret, _back(request))
    except MileageError as error:
        return _refused(request, error)
    response = RedirectResponse(address, 303)
    # Lax, not strict: the browser comes back from another site.
    response.set_cookie(
        _cookie(request),
        secret,
        max_age=COOKIE_SECONDS,
        path=OIDC,
        secure=is_secure(request),
        httponly=True,
        samesite="lax",
    )
    return response


def come_back(request: Request) -> Response:
    """Open a session for whom the provider vouches."""
    provider = _provider(request)
    secret = request.cookies.get(_cookie(request), "")
    query = request.query_params
    names = [name for name, _ in query.multi_items()]
    try:
        if not secret or len(set(names)) != len(names):
            raise Unauthorised("this browser did not begin to sign in here")
        given = {name: value[:LONGEST_PARAMETER] for name, value in query.items()}
        session = provider.open(secret, _back(request), given, device(request))
    except MileageError as error:
        return _refused(request, error)
    return _without_cookie(request, signed_in(request, session))


async def logged_out(request: Request) -> Response:
    """End sessions because the provider says so (back-channel logout)."""
    provider = _provider(request)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_LOGOUT:
            raise TooLarge("A logout token is smaller than that.")
    form = dict(parse_qsl(body.decode("utf-8", "replace")))
    try:
        await run_in_threadpool(provider.end, form.get("logout_token", ""))
    except Unauthorised as error:
        told = {"error": "invalid_request", "error_description": str(error)}
        return JSONResponse(told, 400)
    return Response(status_code=200)


def _provider(request: Request) -> SingleSignOn:
    found = services(request).single_sign_on
    if found is None:
        raise NotFound("There is no single sign-on here. Sign in at /sign-in.")
    return found


def _back(request: Request) -> str:
    # The Host header is one of ours: strangers' names are refused before this.
    return f"{request.url.scheme}://{request.headers['host']}{BACK}"


def _cookie(request: Request) -> str:
    return (SECURE_ONLY if is_secure(request) else "") + COOKIE


def _refused(request: Request, error: MileageError) -> Response:
    """Show the sign-in page with a word about it; the log has what it was."""
    log.warning("single sign-on: %s", error)
    why = "refused" if isinstance(error, Unauthorised) else "unavailable"
    return _without_cookie(request, RedirectResponse(f"{SIGN_IN}?sso={why}", 303))


def _without_cookie(request: Request, response: Response) -> Response:
    response.delete_cookie(
        _cookie(request),
        path=OIDC,
        secure=is_secure(request),
        httponly=True,
        samesite="lax",
    )
    return response
