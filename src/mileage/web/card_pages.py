"""A share card: one's own figures as a picture, with what one chooses on it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import Route

from mileage.domain.days import SECOND
from mileage.domain.errors import NotFound
from mileage.web import asking
from mileage.web.pages import page
from mileage.web.share_card import DARK, FIELDS, LIGHT, USUAL, Card, drawn
from mileage.web.share_png import png

if TYPE_CHECKING:
    from starlette.requests import Request

PATH = "/me/card"
PICTURE = f"{PATH}/picture"
DAY = 86_400 * SECOND
LONGEST_NAME = 40
LABELS = {
    "calls": "Calls",
    "active-days": "Days with use",
    "streak": "Longest streak",
    "cache": "Share from the cache",
    "output": "Tokens of output",
    "cost": "Cost at list price",
    "models": "Names of models",
    "clients": "Names of clients",
    "chart": "Chart of the days",
}


def card(request: Request) -> Response:
    """Show the card, and what can stand on it."""
    fields, dark, name = _chosen(request)
    _own(request)
    asked = [("show", one) for one in fields]
    asked += [("dark", "yes")] * dark + [("name", name)] * bool(name)
    return page(
        request,
        "card.html",
        picture=f"{PICTURE}?{urlencode(asked)}",
        labels=LABELS,
        fields=fields,
        in_dark=dark,
        heading=name,
        longest=LONGEST_NAME,
    )


def picture(request: Request) -> Response:
    """Send the card as PNG (1200 x 630)."""
    fields, dark, name = _chosen(request)
    viewer = asking.viewer(request)
    me = asking.services(request).reports.personal(viewer, _own(request))
    drawing = Card(
        figures=me.total,
        days=(me.window.end - me.window.start) // DAY,
        daily=[share.figures.tokens.total for share in me.daily],
        models=[share.name for share in me.by_model],
        clients=[share.name for share in me.by_client],
        name=f"Simulated. {name}" if me.simulated else name,
    )
    made = png(drawn(drawing, fields, DARK if dark else LIGHT))
    return Response(
        made,
        media_type="image/png",
        headers={"Content-Disposition": 'inline; filename="my-mileage.png"'},
    )


def _chosen(request: Request) -> tuple[tuple[str, ...], bool, str]:
    """Read what is to stand on it; what there is not is left out."""
    given = request.query_params
    wanted = given.getlist("show")
    fields = tuple(one for one in FIELDS if one in wanted)
    name = "".join(one for one in given.get("name", "") if one.isprintable())
    # An address without anything chosen is one that nobody has filled in yet.
    return (fields if given else USUAL), "dark" in given, name[:LONGEST_NAME]


def _own(request: Request) -> str:
    account_id = asking.viewer(request).account_id
    if not account_id:
        raise NotFound("The operator in a shell has no figures of its own.")
    return account_id


def routes() -> list[Route]:
    """Return the page and its picture."""
    return [Route(PATH, card), Route(PICTURE, picture)]
