"""Counts the requests that bring usage over HTTP, whoever answers them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mileage.ingest.push_format import PATH
from mileage.web.hooks import CLOUDEVENTS, LITELLM

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from mileage.ingest.meters import DoorMeter

TRANSPORT = "http"
GONE = 499
"""Counted for a client that went away before it was answered."""
_PATHS = frozenset(
    {"/v1/logs", "/v1/metrics", "/v1/traces", PATH, LITELLM, CLOUDEVENTS}
)


class Counted:
    """Counts requests, their bytes and their answers."""

    def __init__(self, app: ASGIApp, meter: DoorMeter) -> None:
        self.app = app
        self.meter = meter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and count what goes by."""
        if scope["type"] != "http" or scope["path"] not in _PATHS:
            await self.app(scope, receive, send)
            return
        status, held = GONE, 0

        async def heard() -> Message:
            nonlocal held
            message = await receive()
            size = len(message.get("body", b""))
            held += size
            self.meter.took(size)
            return message

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self.meter.began()
        try:
            await self.app(scope, heard, told)
        finally:
            self.meter.gave_back(held)
            self.meter.ended(TRANSPORT, status)
