"""What a handler may learn from its request: the services and who is asking.

``guard`` finds out who is asking before any handler runs; handlers and templates
only read it here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mileage.domain.errors import Unauthorised
from mileage.domain.instants import read_exact_instant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from mileage.domain.people import Viewer
    from mileage.web.services import Services

FORM_FIELD = "csrf"
"""Every form that posts carries its token in a hidden field of this name."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who sent a request, and how that is known."""

    viewer: Viewer | None = None
    session: str = ""
    """The session secret that proved it, '' for keys and strangers."""
    form_token: str = ""
    """What a form on the answer must carry to be accepted later."""
    form_secret: str = ""
    """A new secret for a stranger's form cookie; '' when one is there already."""
    form: Mapping[str, str] = field(default_factory=dict)
    """The fields of a posted form, its token checked."""


NOBODY = Asker()


def asker(request: Request) -> Asker:
    """Return what the guard found out."""
    found = getattr(request.state, "asker", NOBODY)
    return found if isinstance(found, Asker) else NOBODY


def viewer(request: Request) -> Viewer:
    """Return who is asking; raises Unauthorised rather than answer a stranger."""
    known = asker(request).viewer
    if known is None:
        raise Unauthorised("Sign in first, at /sign-in.")
    path = request.url.path
    return replace(known, through="api") if path.startswith("/api/") else known


def form_token(request: Request) -> str:
    """Return the token for ``<input type=hidden name=csrf>`` on this answer."""
    return asker(request).form_token


def services(request: Request) -> Services:
    """Return the reports and doors of this process."""
    found: Services = request.app.state.services
    return found


def instant(request: Request, name: str) -> int | None:
    """Read an ISO 8601 instant as UTC microseconds; the offset is required."""
    text = request.query_params.get(name)
    return None if text is None else read_exact_instant(text, f"`{name}`")
