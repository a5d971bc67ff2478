"""The door for a directory service: ``/scim/v2``, SCIM 2.0 (RFC 7643, RFC 7644).

It checks its own keys: a session cookie or a key of another scope opens nothing here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from mileage.domain.errors import NotFound, TooLarge
from mileage.web.asking import services
from mileage.web.guard import SCIM

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute

LARGEST = 1024 * 1024
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def routes() -> list[BaseRoute]:
    """Return the one address below which everything is."""
    return [Route(f"{SCIM}{{path:path}}", provision, methods=METHODS, name="scim")]


async def provision(request: Request) -> Response:
    """Answer a directory service."""
    desk = services(request).provisioning
    if desk is None:
        raise NotFound("Nothing is provisioned here.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise TooLarge(f"A request of SCIM may have {LARGEST} bytes. Send less.")
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    status, headers, content = await run_in_threadpool(
        desk.answer,
        (
            request.method,
            f"{request.url.scheme}://{request.headers['host']}{SCIM.rstrip('/')}",
            f"/{request.path_params['path']}",
            dict(request.query_params),
            dict(request.headers),
            bytes(body),
        ),
        key.strip() if scheme.lower() == "bearer" else "",
    )
    return Response(content, status, headers)
