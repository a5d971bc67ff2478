"""What is kept about oneself: a page, a file, and what one may ask for.

The file comes from a nameless temporary one: nothing of it stays on the disk, and
nobody's million calls fill the memory.
"""

from __future__ import annotations

from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, cast

from starlette.responses import RedirectResponse, StreamingResponse
from starlette.routing import Route

from mileage.domain.errors import NotFound
from mileage.domain.rights import ANSWER_DAYS, LONGEST_TEXT, Answer
from mileage.web import asking
from mileage.web.pages import page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request
    from starlette.responses import Response

    from mileage.domain.rights import RequestKind

PATH = "/me/data"
REQUESTS = "/requests"
PIECE = 256 * 1024
DAYS_SHOWN = 31
READERS_SHOWN = 20
FILE_NAME = "my-mileage-data.json"


def my_data(request: Request) -> Response:
    """Show everything that is kept about whoever asks, added up."""
    viewer = asking.viewer(request)
    kept = asking.services(request).rights.my_data(viewer, _own(request))
    days = sorted({row["day"] for row in kept.usage["days"]}, reverse=True)
    shown = frozenset(days[:DAYS_SHOWN])
    return page(
        request,
        "my_data.html",
        kept=kept,
        days=[row for row in kept.usage["days"] if row["day"] in shown],
        all_days=len(days),
        readers=kept.readers[:READERS_SHOWN],
        longest=LONGEST_TEXT,
        answer_days=ANSWER_DAYS,
    )


def my_file(request: Request) -> Response:
    """Send everything that is kept about whoever asks, row by row."""
    viewer, account_id = asking.viewer(request), _own(request)
    file = cast("IO[bytes]", TemporaryFile())  # noqa: SIM115 - closed when sent
    try:
        asking.services(request).rights.write_my_data(viewer, account_id, file)
    except BaseException:
        file.close()
        raise
    size = file.tell()
    file.seek(0)
    return StreamingResponse(
        _pieces(file),
        media_type="application/json",
        headers={
            "Content-Disposition": f'attachment; filename="{FILE_NAME}"',
            "Content-Length": str(size),
        },
    )


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece


def _own(request: Request) -> str:
    account_id = asking.viewer(request).account_id
    if not account_id:
        raise NotFound(
            "The operator in a shell is nobody in particular. "
            "`mileage person export EMAIL` writes what is kept about a person."
        )
    return account_id


def ask(request: Request) -> Response:
    """Record a correction, an objection or a wish to be erased."""
    viewer, form = asking.viewer(request), asking.asker(request).form
    kind = cast("RequestKind", form.get("kind", ""))
    asking.services(request).rights.ask(viewer, kind, form.get("text", ""))
    return RedirectResponse(f"{PATH}#requests", 303)


def withdraw(request: Request) -> Response:
    """End one's own request."""
    viewer, form = asking.viewer(request), asking.asker(request).form
    asking.services(request).rights.withdraw(viewer, form.get("request", ""))
    return RedirectResponse(f"{PATH}#requests", 303)


def about(request: Request) -> Response:
    """Tell everybody what is kept, why, for how long and who may see it."""
    told = asking.services(request).rights.statement()
    return page(request, "about_your_data.html", told=told, answer_days=ANSWER_DAYS)


def requests(request: Request) -> Response:
    """Show what people asked for to whoever answers it."""
    viewer = asking.viewer(request)
    found = asking.services(request).rights.requests(viewer, waiting=False)
    return page(
        request,
        "requests.html",
        waiting=[one for one in found if one.state == "open"],
        answered=[one for one in found if one.state != "open"][::-1],
        longest=LONGEST_TEXT,
    )


def answer(request: Request) -> Response:
    """Grant or decline a request."""
    viewer, form = asking.viewer(request), asking.asker(request).form
    granted = form.get("decision") == "grant"
    decided = Answer(form.get("request", ""), granted, form.get("text", ""))
    asking.services(request).rights.answer(viewer, decided)
    return RedirectResponse(REQUESTS, 303)


def routes() -> list[Route]:
    """Return the pages, the file and the forms."""
    return [
        Route(PATH, my_data),
        Route(f"{PATH}/file", my_file),
        Route("/about-your-data", about),
        Route(f"{PATH}/requests", ask, methods=["POST"]),
        Route(f"{PATH}/withdraw", withdraw, methods=["POST"]),
        Route(REQUESTS, requests),
        Route(f"{REQUESTS}/answer", answer, methods=["POST"]),
    ]
