"""The door for ``mileage collect --to``: ``POST /api/v1/witnesses``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mileage.ingest.push_format import CONTENT_TYPE, PATH, as_json, decode
from mileage.web.http_delivery import receive
from mileage.web.intake import Entrance
from mileage.web.problems import title

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from mileage.domain.people import Credential
    from mileage.domain.witness import Reading
    from mileage.ingest.push_format import Push
    from mileage.web.intake import Intake
    from mileage.web.services import Door

SOURCE = "collect"
"""What refused bodies are counted under: nobody knows whose rows they held."""
MARK = {"Mileage-Witnesses": "1"}
"""On every answer, with the highest version of the format: a program that asks can
tell a server that refuses it from one that does not know this address at all."""


def routes(door: Door, intake: Intake) -> list[Route]:
    """Return the one route; ``intake`` is shared with what else takes bodies in."""

    async def deliver(credential: Credential, push: Any) -> Response:  # noqa: ANN401 - as decoded
        receipt = await door.take_push(credential, cast("Push | None", push))
        return JSONResponse(as_json(receipt), headers=MARK)

    entrance = Entrance(SOURCE, (CONTENT_TYPE,), _decoded, Answers(), deliver)

    async def take(request: Request) -> Response:
        return await receive(intake, request, entrance)

    return [Route(PATH, take, methods=["POST"], name="api_push")]


def _decoded(plain: bytes) -> Push | None:
    """Decode a body; an empty one only asks who answers, and if the token is known."""
    return decode(plain) if plain else None


class Answers:
    """Words what is not a receipt as the rest of the API does."""

    def accepted(self, reading: Reading | None) -> Response:
        """Never asked: ``deliver`` answers."""
        raise ValueError(f"a receipt answers a push, not {type(reading).__name__}")

    def refused(self, status: int, message: str) -> Response:
        """Say that repeating the request will not help."""
        return _problem(status, message, {})

    def unauthorised(self, message: str) -> Response:
        """Ask for a token."""
        return _problem(401, message, {"WWW-Authenticate": 'Bearer realm="mileage"'})

    def later(self, status: int, message: str, seconds: int) -> Response:
        """Ask the client to repeat the request later."""
        return _problem(status, message, {"Retry-After": str(seconds)})


def _problem(status: int, message: str, headers: Mapping[str, str]) -> Response:
    error = {"status": status, "title": title(status), "message": message}
    return JSONResponse({"error": error}, status, {**headers, **MARK})


ERRORS = {
    400: "The body is not of the format; counted as rejected.",
    401: "No valid ingest token came with the request; nothing is stored.",
    413: "Above a limit as sent or after decompression.",
    415: "Another content type, version of the format or encoding.",
    429: "The token sends more than it may; send it again later.",
    503: "The disk refuses or the queue is full; send it again.",
}


def _content(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


OPERATION: dict[str, Any] = {
    "operationId": "push",
    "summary": "Rows from people's machines",
    "description": "What `mileage collect --to` sends: witnesses and activity, never "
    "content. Answered once they are on disk; sending a row again changes nothing. "
    "An empty body asks who answers and whether the token is known.",
    "security": [{"ingest": []}],
    "requestBody": {
        "description": "MessagePack, plain or gzip: `source`, `machine`, "
        "`witness_fields`, `witnesses`, `activity_fields`, `activities`, `rejected`, "
        "`ignored`.",
        "content": {CONTENT_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    },
    "responses": {
        "200": {"description": "The receipt.", "content": _content("Receipt")},
        **{
            str(status): {"description": text, "content": _content("Error")}
            for status, text in ERRORS.items()
        },
    },
}
