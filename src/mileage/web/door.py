"""The door for telemetry: OTLP over HTTP, ``POST /v1/{logs,metrics,traces}``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from mileage.sources.otlp import OtlpReader
from mileage.web.door_answers import Answers
from mileage.web.http_delivery import content_type, receive
from mileage.web.intake import Entrance, Intake

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from mileage.domain.witness import Reading
    from mileage.sources.otlp import Form
    from mileage.sources.otlp_record import Signal
    from mileage.web.intake import Limits
    from mileage.web.services import Door

SOURCE = "otlp"
"""What refused bodies are counted under: nobody knows whose records they held."""

_SIGNALS: tuple[Signal, ...] = ("logs", "metrics", "traces")
_FORMS: dict[str, Form] = {
    "application/x-protobuf": "protobuf",
    "application/json": "json",
}


def routes(
    door: Door, limits: Limits | None = None, intake: Intake | None = None
) -> list[Route]:
    """Return the three routes; ``intake`` is shared with what else takes bodies in."""
    shared = intake or Intake(door, limits)
    reader = OtlpReader(door.sources)

    def reception(signal: Signal) -> Route:
        async def take(request: Request) -> Response:
            return await receive(shared, request, _entrance(request, signal, reader))

        return Route(f"/v1/{signal}", take, methods=["POST"], name=f"otlp {signal}")

    return [reception(signal) for signal in _SIGNALS]


def _entrance(
    request: Request, signal: Signal, reader: OtlpReader
) -> Entrance[Response]:
    form = _FORMS.get(content_type(request), "json")

    return Entrance(
        SOURCE, _FORMS, decoder(reader, signal, form), Answers(signal, form)
    )


def decoder(
    reader: OtlpReader, signal: Signal, form: Form
) -> Callable[[bytes], Reading | None]:
    """Return what decodes a body, None when it is empty."""

    def decode(plain: bytes) -> Reading | None:
        return reader.read(signal, form, plain) if plain else None

    return decode
