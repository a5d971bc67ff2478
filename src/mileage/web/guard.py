"""Who is asking, and may this request change anything. Default deny.

Every address needs a viewer, unless it stands in the two tables below. A session
cookie opens pages and the API; a bearer key opens the API and the metrics. What a
browser sends with a cookie may only change something when it comes from our own
page: the browser says so (Sec-Fetch-Site, Origin) *and* it carries our token.
"""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse

from mileage.domain.errors import MileageError, Refused, TooLarge, Unauthorised
from mileage.ingest.push_format import PATH
from mileage.web.asking import FORM_FIELD, Asker
from mileage.web.hooks import CLOUDEVENTS, LITELLM
from mileage.web.problems import answer_error, wants_json

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from mileage.domain.people import Viewer
    from mileage.web.services import SignIn

SESSION_COOKIE = "mileage_session"
FORM_COOKIE = "mileage_form"
# Over https browsers hold these names to our own host and to a secure connection.
HOST_ONLY, SECURE_ONLY = "__Host-", "__Secure-"
FORM_HEADER = "X-CSRF-Token"

SIGN_IN = "/sign-in"
OIDC = f"{SIGN_IN}/oidc"
SCIM = "/scim/v2/"
# The allow table: what strangers may reach. The door checks its own tokens.
OPEN_PATHS = frozenset(
    {SIGN_IN, OIDC, "/healthz", "/readyz", PATH, LITELLM, CLOUDEVENTS}
)
# Single sign-on has a cookie of its own, its provider's logout a signature, and
# the directory service a key that opens nothing else.
OPEN_FOLDERS = ("/static/", "/v1/", f"{OIDC}/", SCIM)
KEY_PATHS = ("/api/", "/metrics")

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FORM_LIMIT = 64 * 1024
"""Bytes of a posted form; ours have a handful of short fields."""


def is_open(path: str) -> bool:
    """Tell whether strangers may reach this path."""
    return path in OPEN_PATHS or path.startswith(OPEN_FOLDERS)


def session_cookie(request: Request) -> str:
    """Return the name of the session's cookie on this connection."""
    return (HOST_ONLY if is_secure(request) else "") + SESSION_COOKIE


def form_cookie(request: Request) -> str:
    """Return the name of a stranger's cookie; one with a path is no ``__Host-``."""
    return (SECURE_ONLY if is_secure(request) else "") + FORM_COOKIE


def is_secure(request: Request) -> bool:
    """Tell whether the browser speaks https, to us or to the proxy before us."""
    return request.url.scheme == "https"


def _unguarded(path: str) -> bool:
    """Tell whether nobody is looked for: signing in is open, but has a form."""
    return is_open(path) and path != SIGN_IN


class Guard:
    """Find out who is asking before any handler runs."""

    def __init__(self, app: ASGIApp, sign_in: SignIn) -> None:
        self.app = app
        self.sign_in = sign_in

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on with an ``Asker`` in the request's state, or refuse."""
        if scope["type"] != "http" or _unguarded(scope["path"]):
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            onward = await self._admit(request)
        except MileageError as error:
            response = await run_in_threadpool(_refusal, request, error)
            await response(scope, receive, send)
            return
        await self.app(scope, onward, send)

    async def _admit(self, request: Request) -> Receive:
        """Set the asker; return the way to read the body from here on."""
        key = _bearer(request)
        if key is not None and request.scope["path"].startswith(KEY_PATHS):
            viewer = await run_in_threadpool(self.sign_in.key_viewer, key)
            if viewer is None:
                raise Unauthorised(
                    "This API key is unknown or revoked. "
                    "`mileage key create` makes a new one."
                )
            # No cookie is involved: another site cannot send this header.
            request.state.asker = Asker(viewer)
            return request.receive
        return await self._admit_browser(request)

    async def _admit_browser(self, request: Request) -> Receive:
        session = request.cookies.get(session_cookie(request), "")
        viewer = await self._session_viewer(session)
        # A stranger's form is tied to a cookie of its own until there is a session.
        known = session if viewer else request.cookies.get(form_cookie(request), "")
        fresh = "" if known else secrets.token_urlsafe(32)
        asker = Asker(
            viewer=viewer,
            session=session if viewer else "",
            form_token=make_token(known or fresh),
            form_secret=fresh,
        )
        request.state.asker = asker
        if viewer is None and not is_open(request.scope["path"]):
            raise Unauthorised(
                "Sign in at /sign-in, or send `Authorization: Bearer KEY` to the API."
            )
        if request.method in SAFE_METHODS:
            return request.receive
        body, form = await _checked_form(request, known)
        request.state.asker = Asker(viewer, asker.session, asker.form_token, "", form)
        return _replay(body, request.receive)

    async def _session_viewer(self, session: str) -> Viewer | None:
        if not session:
            return None
        return await run_in_threadpool(self.sign_in.session_viewer, session)


def make_token(secret: str) -> str:
    """Make a form token of a cookie's secret; each one looks different.

    Compression of a page that repeats a constant secret would give it away
    byte by byte (BREACH), so a new salt goes into every token.
    """
    salt = secrets.token_hex(8)
    return f"{salt}.{_sealed(secret, salt)}"


def token_fits(token: str, secret: str) -> bool:
    """Tell whether ``token`` was made of this secret; takes constant time."""
    salt, _, seal = token.partition(".")
    return bool(secret) and hmac.compare_digest(
        seal.encode(), _sealed(secret, salt).encode()
    )


def _sealed(secret: str, salt: str) -> str:
    message = f"mileage form {salt}".encode()
    return hmac.digest(secret.encode(), message, "sha256").hex()


def _bearer(request: Request) -> str | None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else None


async def _checked_form(request: Request, secret: str) -> tuple[bytes, dict[str, str]]:
    """Read a posted form; refuse what did not come from one of our pages."""
    if not _from_our_page(request):
        raise Refused("This came from another site. Use the form on our own page.")
    body = await _bounded_body(request)
    form = dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=None))
    token = request.headers.get(FORM_HEADER) or form.get(FORM_FIELD, "")
    if not token_fits(token, secret):
        raise Refused("This form is too old. Open the page again and repeat it.")
    return body, form


def _from_our_page(request: Request) -> bool:
    """Believe the browser. Our own policy (no referrer) makes it send Origin: null.

    So ``null`` counts as ours exactly when Sec-Fetch-Site says same-origin.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site not in (None, "same-origin"):
        return False
    if origin == "null":
        return site is not None
    ours = f"{request.url.scheme}://{request.headers['host']}"
    return origin is None or origin.lower() == ours.lower()


async def _bounded_body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_LIMIT:
            raise TooLarge(f"A form may have {FORM_LIMIT} bytes. Send less.")
    return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Hand a body that was read already to whoever reads it next."""
    waiting = [body]

    async def replayed() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return replayed


def _refusal(request: Request, error: MileageError) -> Response:
    if isinstance(error, Unauthorised) and not wants_json(request):
        return RedirectResponse(SIGN_IN, 303)
    return answer_error(request, error)
