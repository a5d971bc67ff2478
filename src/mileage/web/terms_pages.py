"""What everybody agrees to who is shown figures of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from mileage.access.tracing import ERROR_RATE, needed
from mileage.web.pages import page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

MANY_VIEWERS = 85_000


def terms_page(request: Request) -> Response:
    """Say that figures are marked, how, and what a trace may be used for."""
    return page(
        request,
        "terms.html",
        leaks_for_one_error=round(1 / ERROR_RATE),
        viewers=MANY_VIEWERS,
        digits=needed(MANY_VIEWERS),
    )


def routes() -> list[Route]:
    """Return the page."""
    return [Route("/terms", terms_page, name="terms")]
