"""Headers on every answer, answers only to known hosts, no surprise that leaks.

Three ASGI layers that look at no credential; who is asking is ``guard``'s business.
"""

from __future__ import annotations

import logging
import secrets
from asyncio import CancelledError
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request

from mileage.domain.surprises import places_of
from mileage.web.content_policy import NO_SCRIPT
from mileage.web.problems import Problem, plain, title

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    Tell = Callable[[Request, Problem], Response]

T = TypeVar("T")

log = logging.getLogger("mileage.web")

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}

YEAR_SECONDS = 365 * 86400


class SecurityHeaders:
    """Put the headers on every answer, whatever produced it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; dress the start of the answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(ALWAYS)
                headers.setdefault("Content-Security-Policy", NO_SCRIPT)
                # Figures never rest in a cache; only static files say otherwise.
                headers.setdefault("Cache-Control", "no-store")
                if scope["scheme"] == "https":
                    headers["Strict-Transport-Security"] = f"max-age={YEAR_SECONDS}"
            await send(message)

        await self.app(scope, receive, dressed)


class KnownHosts:
    """Answer only requests that name this server.

    A page elsewhere can make a name of its own resolve to this machine and then
    read our answers as its own (DNS rebinding); it cannot forge the Host header.
    """

    def __init__(self, app: ASGIApp, hosts: tuple[str, ...], address: str = "") -> None:
        self.app = app
        public = urlsplit(address)
        self.public, self.scheme = public.netloc.lower(), public.scheme
        self.hosts = frozenset(host.lower() for host in hosts) | {self.public} - {""}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse before anything else is looked at."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        named = Headers(scope=scope).getlist("host")
        if len(named) == 1 and named[0].lower() in self.hosts:
            if named[0].lower() == self.public:
                # People came over the proxy; no header of a request says how.
                scope["scheme"] = self.scheme
            await self.app(scope, receive, send)
            return
        refused = plain(Request(scope), _host_problem(len(named)))
        await refused(scope, receive, send)


def _host_problem(count: int) -> Problem:
    if count != 1:
        message = "Send exactly one Host header."
        return Problem(400, title(400), message)
    # The name that was asked for is not repeated: it is a stranger's text.
    message = (
        "This server does not answer to the name in the Host header. "
        "Use the address that `mileage serve` printed."
    )
    return Problem(421, title(421), message)


STOPPING = Problem(
    503, title(503), "This server is stopping. Send the request again in a moment."
)


class Surprises:
    """Turn a bug into a 500 with a reference.

    ``tell`` makes the answer. Twice in the application: inside, with a page; and
    around everything, in plain words, should the page be what is broken.

    The log gets the kind of error and where it happened, never its message, the
    request or a local value: any of these may hold a secret or somebody's content.
    """

    def __init__(self, app: ASGIApp, tell: Tell) -> None:
        self.app = app
        self.tell = tell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; answer for what fell over, if nothing was sent yet."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            surprise = await unsurprised(self.app(scope, receive, watched))
        except CancelledError:
            # Only a server that has waited long enough to stop does this.
            if not started:
                response = self.tell(Request(scope), STOPPING)
                await response(scope, receive, send)
            return
        if isinstance(surprise, Surprise) and not started:
            response = await run_in_threadpool(
                self.tell, Request(scope), _problem(surprise.reference)
            )
            await response(scope, receive, send)


class Surprise(NamedTuple):
    """A bug that was caught."""

    reference: str
    """Under which the log has it."""


async def unsurprised(work: Awaitable[T]) -> T | Surprise | None:
    """Wait for it, and catch a bug: the one broad except of every transport."""
    try:
        return await work
    except ClientDisconnect:
        return None
    except Exception as surprise:  # noqa: BLE001 - edge: answers must go on
        reference = secrets.token_hex(4)
        places = places_of(surprise)
        # Not log.exception: a traceback ends in the error's message.
        log.error("reference %s: %s", reference, places)  # noqa: TRY400
        return Surprise(reference)


def _problem(reference: str) -> Problem:
    message = (
        "This is a fault of Mileage, not of your request. "
        f"Whoever runs this server finds it in the log under {reference}."
    )
    return Problem(500, title(500), message, reference)
