"""The JSON API under ``/api/v1`` and its own description.

Handlers are plain functions: the framework runs them in threads, because reports
are synchronous. Parameters are read here; what they may show is the reports'
business.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mileage.domain.errors import Invalid, NotFound
from mileage.domain.rejecting import SORTS
from mileage.ingest.push_format import PATH
from mileage.reports.departments import check_frozen, scoped, usage_of
from mileage.reports.hearing import disagreements_json, sources_json
from mileage.reports.rejected import rejected_json
from mileage.reports.shape import ingest_status_json, personal_json
from mileage.web.adoption_pages import ENDPOINTS as ADOPTION
from mileage.web.asking import instant, services, viewer
from mileage.web.awards_pages import ENDPOINTS as AWARDS
from mileage.web.board_api import ENDPOINTS as BOARDS
from mileage.web.department_pages import ENDPOINTS as DEPARTMENTS
from mileage.web.group_pages import ENDPOINTS as GROUPED
from mileage.web.hooks import OPERATIONS
from mileage.web.openapi import INSTANT, Endpoint, Parameter, document
from mileage.web.pages import page
from mileage.web.readers import SHOWN
from mileage.web.readers import answer as readers
from mileage.web.services import UsageQuestion
from mileage.web.taking_part_pages import ENDPOINTS as TAKING_PART
from mileage.web.witness_door import OPERATION as PUSH

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute

GROUPS = ("client", "provider", "model", "account", "day", "session", "project")
MOST_ACCOUNTS = 1000


def routes() -> list[BaseRoute]:
    """List the API's addresses: one a row of the table, and the description."""
    described = document(ENDPOINTS, POSTS)

    def openapi(_request: Request) -> Response:
        """Answer the OpenAPI document."""
        return JSONResponse(described)

    return [
        *(
            Route(endpoint.path, partial(answer, endpoint), name=f"api_{endpoint.name}")
            for endpoint in ENDPOINTS
        ),
        Route("/api/openapi.json", openapi, name="api_openapi"),
        Route("/api/docs", docs, name="api_docs"),
    ]


def answer(endpoint: Endpoint, request: Request) -> Response:
    """Refuse parameters that the endpoint does not know, then let it answer.

    A misspelt ``form=`` that is ignored gives a figure of another window.
    """
    known = endpoint.query_names
    names = [name for name, _ in request.query_params.multi_items()]
    for name in names:
        if name not in known:
            hint = f"Known here: {', '.join(sorted(known))}." if known else ""
            raise Invalid(f"Unknown parameter {name[:40]!r}. {hint}".strip())
        if names.count(name) > 1:
            raise Invalid(f"Parameter {name!r} is given twice. Give it once.")
    return JSONResponse(endpoint.handler(request))


def usage(request: Request) -> dict[str, Any]:
    """Answer how much was used, by the dimensions asked for."""
    given = request.query_params
    since, until = instant(request, "from"), instant(request, "until")
    if since is not None and until is not None and since >= until:
        raise Invalid("`from` must be before `until`: the window is half-open.")
    department = scoped(given.get("scope"))
    if department is not None:
        check_frozen((since, until, given.get("group_by")))
        desk = services(request).departments
        asked = (viewer(request), department, given.get("purpose"))
        return usage_of(desk.department(*asked))
    question = UsageQuestion(
        scope=given.get("scope"),
        since=since,
        until=until,
        group_by=dimensions(given.get("group_by", "")),
        purpose=given.get("purpose"),
    )
    return services(request).reports.usage(viewer(request), question)


def me(request: Request) -> dict[str, Any]:
    """Answer the viewer's own page."""
    asking = viewer(request)
    if not asking.account_id:
        raise NotFound(
            "The operator is nobody in particular and has no page of its own. "
            "Ask /api/v1/usage?scope=org, or use a person's key."
        )
    return personal_json(services(request).reports.personal(asking, asking.account_id))


def sources(request: Request) -> dict[str, Any]:
    """Answer which sources tell of whom, and what is missing."""
    given = request.query_params
    found = services(request).reports.sources(
        viewer(request),
        given.get("scope"),
        given.get("q", ""),
        MOST_ACCOUNTS,
        given.get("purpose"),
    )
    return sources_json(found)


def disagreements(request: Request) -> dict[str, Any]:
    """Answer on which calls sources disagree."""
    given = request.query_params
    found = services(request).reports.disagreements(
        viewer(request), given.get("scope"), given.get("purpose")
    )
    return disagreements_json(found)


def ingest_status(request: Request) -> dict[str, Any]:
    """Answer what came in and how much of it can be seen."""
    return ingest_status_json(services(request).reports.ingest_status(viewer(request)))


def rejected(request: Request) -> dict[str, Any]:
    """Answer what could not be read, and why."""
    given = request.query_params
    source, sort = given.get("source"), given.get("sort", SORTS[0])
    reports = services(request).reports
    return rejected_json(reports.rejected(viewer(request), source, sort))


def docs(request: Request) -> Response:
    """Show the table of endpoints to people."""
    return page(
        request,
        "api_docs.html",
        endpoints=ENDPOINTS,
        origin=str(request.base_url).rstrip("/"),
    )


def dimensions(text: str) -> tuple[str, ...]:
    """Read a comma list of dimensions; the report says which of them it knows."""
    names = tuple(part.strip() for part in text.split(",") if part.strip())
    if len(set(names)) != len(names):
        raise Invalid("`group_by` names a dimension twice. Name each once.")
    return names


SCOPE = Parameter("scope", "Whose: me or org.", {"type": "string"}, example="me")
PURPOSE = Parameter(
    "purpose",
    "Why this is asked, when it is about others: a purpose of roles.toml. Recorded.",
    {"type": "string"},
    example="integrity",
)

ENDPOINTS = (
    Endpoint(
        path="/api/v1/usage",
        name="usage",
        summary="Usage of a window, by dimension",
        description="Scope is oneself by default, and org for an operator key. "
        "For anybody but oneself a purpose is required of people, and recorded.",
        answer="Usage",
        handler=usage,
        parameters=(
            Parameter(
                "scope",
                "Whose usage: me, org or dept:ID, which takes no other parameter but "
                "the purpose.",
                {"type": "string"},
                example="me",
            ),
            Parameter(
                "from",
                "First instant of the window; 30 days ago when left out.",
                INSTANT,
                example="2026-11-01T00:00:00Z",
            ),
            Parameter(
                "until",
                "First instant after the window; now when left out.",
                INSTANT,
                example="2026-11-08T00:00:00Z",
            ),
            Parameter(
                "group_by",
                "Comma list of dimensions; one row for all when left out.",
                {"type": "array", "items": {"type": "string", "enum": list(GROUPS)}},
                example="client,model",
            ),
            PURPOSE,
        ),
    ),
    Endpoint(
        path="/api/v1/me",
        name="me",
        summary="One's own thirty days",
        description="Everything on one's page; hours holds the tokens of each day of "
        "by_day, by local hour.",
        answer="PersonalPage",
        handler=me,
        errors=(401, 404, 422, 429, 503),
    ),
    Endpoint(
        path="/api/v1/me/readers",
        name="readers",
        summary="Who looked at one's own data",
        description="Every read by others that named oneself or could have, the "
        f"latest {SHOWN} first: who, when, for which purpose, what, and how.",
        answer="Readers",
        handler=readers,
        errors=(401, 403, 404, 422, 429, 503),
        parameters=(
            Parameter(
                "before",
                "Only entries before this one, for the next page.",
                {"type": "integer", "minimum": 0},
            ),
        ),
    ),
    Endpoint(
        path="/api/v1/sources",
        name="sources",
        summary="Which sources tell of whom, and what is missing",
        description="Oneself by default, everybody for an operator key; problems say "
        f"how to fix them. Rows are of the first {MOST_ACCOUNTS:,} accounts by name.",
        answer="Sources",
        handler=sources,
        parameters=(
            SCOPE,
            Parameter(
                "q",
                "Of everybody: those whose name or address holds every word.",
                {"type": "string"},
            ),
            PURPOSE,
        ),
    ),
    Endpoint(
        path="/api/v1/disagreements",
        name="disagreements",
        summary="Calls on which sources disagree",
        description="The latest of the rolling window: what is counted, and what each "
        "source says.",
        answer="Disagreements",
        handler=disagreements,
        parameters=(SCOPE, PURPOSE),
    ),
    Endpoint(
        path="/api/v1/ingest/status",
        name="ingest_status",
        summary="What came in, and how much of it can be seen",
        description="Counts witnesses since the data directory began.",
        answer="IngestStatus",
        handler=ingest_status,
    ),
    Endpoint(
        path="/api/v1/ingest/rejected",
        name="rejected",
        summary="What could not be read, and why",
        description="Records by source, reason and version of the client: how many, "
        "of how many accounts, and what one of them looked like, without content.",
        answer="Rejected",
        handler=rejected,
        parameters=(
            Parameter("source", "Only of this source.", {"type": "string"}),
            Parameter(
                "sort",
                "The most records first, or the latest.",
                {"type": "string", "enum": list(SORTS)},
                example="latest",
            ),
        ),
    ),
    *DEPARTMENTS,
    *AWARDS,
    *TAKING_PART,
    *GROUPED,
    *ADOPTION,
    *BOARDS,
)

POSTS = {PATH: PUSH, **OPERATIONS}
"""What takes usage in under the same roof; ``witness_door`` routes it."""
