"""Bodies over HTTP: what a request says of itself, and reading it in pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect
from starlette.responses import Response

from mileage.domain.errors import TooLarge, Unauthorised
from mileage.web.intake import Body, UnsupportedMedia

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.requests import Request

    from mileage.web.intake import Entrance, Intake, Lease


async def receive(
    intake: Intake, request: Request, entrance: Entrance[Response]
) -> Response:
    """Take the body of a request in and answer when it is durable."""
    try:
        return await intake.receive(HttpDelivery(request, entrance.kinds), entrance)
    except ClientDisconnect:
        # Nobody hears this answer, and nothing of the body was kept.
        return Response(status_code=400)


class HttpDelivery:
    """Implements ``web.intake.Delivery``."""

    def __init__(self, request: Request, kinds: Collection[str]) -> None:
        self._request = request
        self._kinds = kinds

    def token(self) -> str:
        """Return the bearer token."""
        return bearer_token(self._request.headers.get("authorization", ""))

    def _gzip(self) -> bool:
        """Check what the body claims to be, and tell whether it is gzip."""
        if content_type(self._request) not in self._kinds:
            raise UnsupportedMedia(
                f"the content type must be {' or '.join(self._kinds)}"
            )
        encoding = self._request.headers.get("content-encoding", "").strip().lower()
        if encoding not in {"", "identity", "gzip"}:
            raise UnsupportedMedia("the content encoding must be gzip or identity")
        return encoding == "gzip"

    async def body(self, lease: Lease, most: int) -> Body:
        """Read until the end, or until it is too much."""
        gzip = self._gzip()
        problem = f"a body may have {most} bytes; send smaller batches"
        if _exceeds(self._request.headers.get("content-length", ""), most):
            raise TooLarge(problem)
        body = bytearray()
        async for chunk in self._request.stream():
            lease.take(len(chunk))
            body += chunk
            if len(body) > most:
                raise TooLarge(problem)
        return Body(body, gzip)


def content_type(request: Request) -> str:
    """Return the media type in small letters, without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def bearer_token(authorization: str) -> str:
    """Return the token of an ``Authorization`` header; raises Unauthorised."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorised(
            "send `Authorization: Bearer TOKEN`; `mileage token create` makes one"
        )
    return token.strip()


def _exceeds(declared: str, most: int) -> bool:
    """Tell whether a ``Content-Length`` is above the limit; nonsense is not."""
    if not (declared.isascii() and declared.isdigit()):
        return False
    digits = declared.lstrip("0")
    return len(digits) > len(str(most)) or int(digits or "0") > most
