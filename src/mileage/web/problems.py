"""Errors as answers: what, where, what to do; as JSON or as a page."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse, Response

from mileage.domain.errors import (
    Dark,
    MileageError,
    PurposeMissing,
    TooMany,
    Unavailable,
)
from mileage.web import pages

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

TITLES = {
    400: "The request is malformed",
    401: "Not signed in",
    403: "Not allowed",
    404: "Nothing here",
    405: "Not this way",
    409: "Somebody else holds it",
    413: "Too large",
    415: "Not in this form",
    421: "Not this server",
    422: "That cannot be used",
    429: "Too often",
    500: "Something broke",
    503: "Not available right now",
}

# What Starlette raises itself carries no sentence of ours.
MESSAGES = {
    404: "There is no such page. The board is at /, the API described at /api/docs.",
    405: "This address does not take that method; the Allow header names others.",
}

DARK = "Dark"
RETRY_SECONDS = 5
JSON_PATHS = ("/api/", "/v1/", "/ingest/", "/healthz", "/metrics")


class Problem(NamedTuple):
    """What went wrong, for people and for programs."""

    status: int
    title: str
    message: str
    reference: str = ""
    """Finds an unexpected error in the log; '' otherwise."""


def wants_json(request: Request) -> bool:
    """Tell whether this client reads JSON: by address, else by what it accepts."""
    path = request.scope["path"]
    if path.startswith(JSON_PATHS) and path != "/api/docs":
        return True
    accepted = request.headers.get("accept", "")
    return "application/json" in accepted and "text/html" not in accepted


def problem(error: MileageError) -> Problem:
    """Describe one of our own errors."""
    named = DARK if isinstance(error, Dark) else title(error.status)
    return Problem(error.status, named, str(error))


def title(status: int) -> str:
    """Name a status in plain words."""
    return TITLES.get(status) or HTTPStatus(status).phrase


def plain(request: Request, problem: Problem) -> Response:
    """Answer without templates or figures: to strangers, or when pages broke."""
    if wants_json(request):
        return JSONResponse({"error": _as_json(problem)}, problem.status)
    reference = f"\nReference: {problem.reference}" if problem.reference else ""
    text = f"{problem.title}\n\n{problem.message}{reference}\n"
    return PlainTextResponse(text, problem.status)


def answer(
    request: Request, problem: Problem, headers: Mapping[str, str] | None = None
) -> Response:
    """Answer with a page or with ``{"error": …}``."""
    response = (
        plain(request, problem) if wants_json(request) else _page(request, problem)
    )
    response.headers.update(headers or {})
    return response


def _page(request: Request, problem: Problem) -> Response:
    try:
        return pages.page(
            request,
            "error.html",
            status=problem.status,
            title=problem.title,
            message=_sentence(problem.message),
            reference=problem.reference,
        )
    except MileageError:
        # The frame of every page names the organisation; what took the page down
        # may take that down too, and the first error is the one to tell.
        return plain(request, problem)


def _sentence(text: str) -> str:
    """Write a message as a page does; in a shell it follows a name and a colon."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '?')) else '.'}"


def answer_error(request: Request, error: Exception) -> Response:
    """Answer a ``MileageError`` (the handler of the whole application)."""
    if not isinstance(error, MileageError):
        raise error
    if isinstance(error, PurposeMissing) and not wants_json(request):
        return _ask_what_for(request, error)
    headers = {}
    # How long it stays dark is for two people to say.
    if isinstance(error, Unavailable) and not isinstance(error, Dark):
        headers["Retry-After"] = str(RETRY_SECONDS)
    if isinstance(error, TooMany):
        headers["Retry-After"] = str(error.seconds)
    if error.status == HTTPStatus.UNAUTHORIZED and wants_json(request):
        headers["WWW-Authenticate"] = 'Bearer realm="mileage"'
    return answer(request, problem(error), headers)


def _ask_what_for(request: Request, error: PurposeMissing) -> Response:
    """Show the form that states a purpose and asks the same again."""
    rest = request.query_params.multi_items()
    return pages.page(
        request,
        "purpose.html",
        purposes=error.purposes,
        rest=[(name, value) for name, value in rest if name != "purpose"],
    )


def answer_http(request: Request, error: Exception) -> Response:
    """Answer what the framework raises: no such route, wrong method."""
    if not isinstance(error, HTTPException):
        raise error
    status = error.status_code
    message = MESSAGES.get(status, error.detail)
    described = Problem(status, title(status), message)
    return answer(request, described, error.headers)


def _as_json(problem: Problem) -> dict[str, int | str]:
    fields: dict[str, int | str] = {
        "status": problem.status,
        "title": problem.title,
        "message": problem.message,
    }
    if problem.reference:
        fields["reference"] = problem.reference
    return fields
