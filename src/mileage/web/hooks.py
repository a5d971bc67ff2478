"""Webhooks of gateways: ``POST /ingest/litellm`` and ``POST /ingest/cloudevents``.

They take bodies in exactly as the door for telemetry does (``intake``): the same
tokens, limits and durability. Only the formats and the words of the answers differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mileage.sources import cloudevents, litellm
from mileage.web.door_answers import reasons
from mileage.web.http_delivery import content_type, receive
from mileage.web.intake import Entrance
from mileage.web.problems import title

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from mileage.domain.witness import Reading
    from mileage.web.intake import Intake

LITELLM = "/ingest/litellm"
CLOUDEVENTS = "/ingest/cloudevents"

_LITELLM_KINDS = ("application/json", "application/x-ndjson", "application/jsonl")
_EVENT_KINDS = (cloudevents.STRUCTURED, cloudevents.BATCHED, cloudevents.BINARY)


def routes(intake: Intake) -> list[Route]:
    """Return the routes; ``intake`` is shared with what else takes bodies in."""
    answers = Answers()
    callback = Entrance(litellm.NAME, _LITELLM_KINDS, litellm.SOURCE.read_body, answers)

    async def receive_callback(request: Request) -> Response:
        return await receive(intake, request, callback)

    async def receive_event(request: Request) -> Response:
        kind, headers = content_type(request), dict(request.headers)

        def decode(body: bytes) -> Reading:
            return cloudevents.SOURCE.read_request(kind, headers, body)

        entrance = Entrance(cloudevents.NAME, _EVENT_KINDS, decode, answers)
        return await receive(intake, request, entrance)

    return [
        Route(LITELLM, receive_callback, methods=["POST"], name="hook_litellm"),
        Route(CLOUDEVENTS, receive_event, methods=["POST"], name="hook_cloudevents"),
    ]


class Answers:
    """Words every answer as JSON, errors as the rest of the API does."""

    def accepted(self, reading: Reading | None) -> Response:
        """Acknowledge; say how many records cannot be used, and why."""
        if reading is None:
            return self.refused(400, "the body is empty")
        said = {
            "accepted": len(reading.witnesses),
            "ignored": reading.ignored,
            "rejected": len(reading.rejected),
            "reasons": [
                {"reason": reason, "count": count}
                for reason, count in reasons(reading.rejected).items()
            ],
        }
        return JSONResponse(said)

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
    return JSONResponse({"error": error}, status, headers)


_ERRORS = {
    400: "The body is not of the format; counted as rejected.",
    401: "No valid ingest token came with the request; nothing is stored.",
    413: "Above a limit as sent, after decompression, or in records.",
    415: "Another content type or encoding.",
    429: "The token sends more than it may; send it again later.",
    503: "The disk refuses or the queue is full; send it again.",
}


def _content(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _operation(name: str, summary: str, description: str, body: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    described = "What was taken in, and what could not be."
    return {
        "operationId": name,
        "summary": summary,
        "description": description,
        "security": [{"ingest": []}],
        "requestBody": body,
        "responses": {
            "200": {"description": described, "content": _content("Taken")},
            **{
                str(status): {"description": text, "content": _content("Error")}
                for status, text in _ERRORS.items()
            },
        },
    }


_RECORDS: dict[str, Any] = {
    "description": "StandardLoggingPayload: an array, one a line, or one.",
    "content": {kind: {"schema": {}} for kind in _LITELLM_KINDS},
}
_EVENTS: dict[str, Any] = {
    "description": "Structured, batched, or binary with ce- headers.",
    "content": {
        cloudevents.STRUCTURED: {"schema": {"$ref": "#/components/schemas/CallEvent"}},
        cloudevents.BATCHED: {
            "schema": {
                "type": "array",
                "items": {"$ref": "#/components/schemas/CallEvent"},
            }
        },
        cloudevents.BINARY: {"schema": {"$ref": "#/components/schemas/CallData"}},
    },
}

OPERATIONS: dict[str, dict[str, Any]] = {
    LITELLM: _operation(
        "hook_litellm",
        "Calls that a LiteLLM proxy made",
        "What LiteLLM's `generic_api` callback sends, in any of its three formats. "
        "Answered once the filtered records are on disk; sending a record again "
        "changes nothing.",
        _RECORDS,
    ),
    CLOUDEVENTS: _operation(
        "hook_cloudevents",
        "Calls as CloudEvents",
        "CloudEvents 1.0 over HTTP of type `ai.usage.call`; events of other types are "
        "ignored and counted. An event's identity is its source and id.",
        _EVENTS,
    ),
}
