"""What each address reads, of whom: the row that every route has to have.

``docs/reference/access.md`` is made of it; a route without a row fails a test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from mileage.access.roles import Relation

Opener = Literal["report", "signed in", "anybody", "token"]
PERSON: tuple[Relation, ...] = (
    "self",
    "report-line",
    "led-department",
    "own-department",
    "other",
)
GROUP: tuple[Relation, ...] = (
    "own-department",
    "led-department",
    "report-line",
    "department",
)
EVERYBODY: tuple[Relation, ...] = ("organisation",)
ONESELF: tuple[Relation, ...] = ("self",)


class RouteAccess(NamedTuple):
    """One address: who opens it, and by which report."""

    path: str
    opener: Opener
    report: str = ""
    of: tuple[Relation, ...] = ()
    methods: tuple[str, ...] = ("GET",)
    beside: str = ""
    """A report that shows more of the same address to some."""

    @property
    def reports(self) -> tuple[str, ...]:
        """Every report that is read there."""
        return tuple(filter(None, (self.report, self.beside)))


def _post(path: str, opener: Opener, report: str = "") -> RouteAccess:
    of = EVERYBODY if report else ()
    return RouteAccess(path, opener, report, of, ("POST",))


ROUTES = (
    RouteAccess("/", "report", "board", EVERYBODY, beside="whole_board"),
    RouteAccess("/board/why", "report", "personal", ONESELF),
    RouteAccess("/board/why/{account_id}", "report", "personal", PERSON),
    RouteAccess("/me", "report", "personal", ONESELF),
    RouteAccess("/people", "report", "people", EVERYBODY),
    RouteAccess("/people/{account_id}", "report", "personal", PERSON),
    RouteAccess("/departments", "signed in"),
    RouteAccess("/departments/{department_id}", "report", "department", GROUP),
    RouteAccess("/access", "report", "access", EVERYBODY),
    RouteAccess("/sources", "report", "sources", ONESELF + EVERYBODY),
    RouteAccess("/disagreements", "report", "disagreements", ONESELF + EVERYBODY),
    RouteAccess("/ingest", "report", "ingest_status", EVERYBODY),
    RouteAccess("/ingest/rejected", "report", "rejected", EVERYBODY),
    RouteAccess("/terms", "signed in"),
    RouteAccess("/about-your-data", "signed in"),
    RouteAccess("/unclaimed", "report", "unclaimed", EVERYBODY),
    _post("/unclaimed/claim", "report", "unclaimed"),
    _post("/unclaimed/unclaim", "report", "unclaimed"),
    RouteAccess("/oversight", "report", "oversight", EVERYBODY),
    RouteAccess("/dark", "report", "dark", EVERYBODY),
    _post("/dark/on", "report", "dark"),
    _post("/dark/off", "report", "dark"),
    RouteAccess("/me/readers", "report", "my_data", ONESELF),
    RouteAccess("/me/data", "report", "my_data", ONESELF),
    RouteAccess("/me/data/file", "report", "my_data", ONESELF),
    _post("/me/data/requests", "signed in"),
    _post("/me/data/withdraw", "signed in"),
    RouteAccess("/me/awards", "signed in"),
    _post("/me/awards", "signed in"),
    RouteAccess("/me/taking-part", "signed in"),
    _post("/me/taking-part", "signed in"),
    RouteAccess("/me/card", "signed in"),
    RouteAccess("/me/card/picture", "report", "personal", ONESELF),
    RouteAccess("/board/file", "report", "board", EVERYBODY),
    RouteAccess("/groups", "report", "groups", EVERYBODY),
    RouteAccess("/statements", "report", "board", EVERYBODY),
    RouteAccess("/adoption", "report", "adoption", GROUP),
    RouteAccess("/me/benchmark", "report", "personal", ONESELF),
    RouteAccess("/requests", "report", "person_requests", EVERYBODY),
    _post("/requests/answer", "report", "person_requests"),
    RouteAccess("/api/v1/usage", "report", "usage", ONESELF + EVERYBODY),
    RouteAccess("/api/v1/boards", "report", "board", EVERYBODY),
    RouteAccess(
        "/api/v1/boards/{lens}", "report", "board", EVERYBODY, beside="whole_board"
    ),
    RouteAccess("/api/v1/me", "report", "personal", ONESELF),
    RouteAccess("/api/v1/me/readers", "report", "my_data", ONESELF),
    RouteAccess("/api/v1/me/awards", "signed in"),
    RouteAccess("/api/v1/me/participation", "signed in"),
    RouteAccess("/api/v1/groups/{scope}", "report", "groups", EVERYBODY),
    RouteAccess("/api/v1/me/benchmark", "report", "personal", ONESELF),
    RouteAccess("/api/v1/adoption", "report", "adoption", GROUP),
    RouteAccess("/api/v1/statements", "report", "board", EVERYBODY),
    RouteAccess("/api/v1/sources", "report", "sources", ONESELF + EVERYBODY),
    RouteAccess(
        "/api/v1/disagreements", "report", "disagreements", ONESELF + EVERYBODY
    ),
    RouteAccess("/api/v1/ingest/status", "report", "ingest_status", EVERYBODY),
    RouteAccess("/api/v1/ingest/rejected", "report", "rejected", EVERYBODY),
    RouteAccess("/api/v1/departments", "signed in"),
    RouteAccess("/api/v1/departments/{id}", "report", "department", GROUP),
    RouteAccess("/api/openapi.json", "signed in"),
    RouteAccess("/api/docs", "signed in"),
    RouteAccess("/sessions", "signed in"),
    _post("/sessions/end", "signed in"),
    _post("/sessions/end-others", "signed in"),
    _post("/sessions/end-all", "signed in"),
    _post("/sign-out", "signed in"),
    RouteAccess("/metrics", "report", "metrics", EVERYBODY),
    RouteAccess("/sign-in", "anybody"),
    _post("/sign-in", "anybody"),
    RouteAccess("/sign-in/oidc", "anybody"),
    RouteAccess("/sign-in/oidc/back", "anybody"),
    _post("/sign-in/oidc/logout", "anybody"),
    RouteAccess("/static/{name:path}", "anybody"),
    RouteAccess("/healthz", "anybody"),
    RouteAccess("/readyz", "anybody"),
    _post("/v1/logs", "token"),
    _post("/v1/metrics", "token"),
    _post("/v1/traces", "token"),
    _post("/api/v1/witnesses", "token"),
    _post("/ingest/litellm", "token"),
    _post("/ingest/cloudevents", "token"),
    RouteAccess(
        "/scim/v2/{path:path}",
        "token",
        methods=("DELETE", "GET", "PATCH", "POST", "PUT"),
    ),
)
