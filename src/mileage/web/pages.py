"""The pages: one question each to a report, and a template around the answer.

``routes`` belongs into the application after its guard: a handler takes the viewer
for granted. ``/static/`` is the exception, as strangers see the sign-in page.
Handlers are plain functions, so that they run in a thread and stall nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.routing import Route

from mileage.domain.people import PEOPLE_SHOWN
from mileage.web import asking, assets, charts, markup, numbers
from mileage.web.compression import compressed
from mileage.web.paging import pager, read_page, read_wanted
from mileage.web.personal_view import ACTIVITY_NAMES, personal_view, with_rest
from mileage.web.watermark import watermark

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from starlette.requests import Request
    from starlette.responses import Response

    from mileage.domain.people import Viewer


class Link(NamedTuple):
    """One entry of the navigation."""

    address: str
    name: str


def _environment() -> Environment:
    """Return the templates, their filters and what every page may call."""
    made = Environment(
        loader=PackageLoader("mileage.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(
        {
            function.__name__: function
            for function in (
                *(markup.num, markup.cells, markup.usd, markup.share, markup.instant),
                *(markup.minute, markup.day, markup.local_day, markup.date),
                *(markup.ticks, markup.largest, markup.valued),
                *(markup.written, markup.per_million),
                *(numbers.duration, numbers.exact, numbers.size, numbers.wall),
                *(numbers.four, numbers.money_four),
            )
        }
    )
    made.filters["clock"] = numbers.clock_text
    made.globals.update(
        asset=assets.address,
        area=charts.area,
        heat=charts.heat,
        heat_steps=range(charts.HEAT_STEPS + 1),
        sparkline=charts.sparkline,
        share_bar=charts.share_bar,
        stacked_bar=charts.stacked_bar,
        unknown=markup.unknown,
        part=numbers.part,
        watermark=watermark,
        with_rest=with_rest,
        activity_names=ACTIVITY_NAMES,
    )
    return made


templates = _environment()


def page(request: Request, name: str, status: int = 200, **context: object) -> Response:
    """Render a template in the frame of every page, the simulated banner included."""
    reports = asking.services(request).reports
    organisation, simulated = reports.organisation()
    viewer = asking.asker(request).viewer
    opens = reports.opens(viewer) if viewer else frozenset()
    frame = {
        "organisation": organisation,
        "simulated": simulated,
        "viewer": viewer,
        "links": navigation(viewer, opens),
        "opens": opens,
        "reviewed": viewer is not None and reports.reviewed(),
        "path": request.url.path,
        "csrf": asking.form_token(request),
        "completeness": None,
    }
    html = templates.get_template(name).render(frame | context | {"status": status})
    # Here, as this is a thread already: going to another costs a busy machine more.
    return compressed(HTMLResponse(html, status), request.headers)


def navigation(viewer: Viewer | None, opens: Collection[str] = ()) -> tuple[Link, ...]:
    """Return the pages that this viewer can open."""
    if viewer is None:
        return ()
    mine = (Link("/me", "My page"),) if viewer.account_id else ()
    people = (Link("/people", "People"),) if "people" in opens else ()
    ingest = (Link("/ingest", "Ingest"),) if "ingest_status" in opens else ()
    shared = (Link("/departments", "Departments"), Link("/sources", "Sources"))
    dark = (Link("/dark", "Dark switch"),) if "dark" in opens else ()
    over = (Link("/oversight", "Oversight"),) if "oversight" in opens else ()
    return (Link("/", "Board"), *mine, *people, *ingest, *shared, *over, *dark)


def my_page(request: Request) -> Response:
    """Show one's own page; an operator without an account chooses whose to open."""
    viewer = asking.viewer(request)
    if not viewer.account_id:
        return people_page(request)
    return _personal(request, viewer, viewer.account_id)


def person_page(request: Request) -> Response:
    """Show somebody's page for a stated purpose; the report records that first."""
    viewer = asking.viewer(request)
    account_id = request.path_params["account_id"]
    if account_id == viewer.account_id:
        return RedirectResponse("/me", 303)
    return _personal(request, viewer, account_id)


def _personal(request: Request, viewer: Viewer, account_id: str) -> Response:
    purpose = request.query_params.get("purpose")
    me = asking.services(request).reports.personal(viewer, account_id, purpose)
    return page(
        request,
        "personal.html",
        view=personal_view(me),
        me=me,
        own=account_id == viewer.account_id,
        completeness=me.completeness,
        zone=me.zone,
        **marked_simulated(me.simulated),
    )


def people_page(request: Request) -> Response:
    """List whose page the viewer may open: those that ``?q=`` finds, by pages."""
    viewer, given = asking.viewer(request), request.query_params
    wanted = read_wanted(given.get("q", ""))
    number = read_page(given.get("page", "") or "1")
    found = asking.services(request).reports.people(viewer, wanted, number)

    def address(of: int) -> str:
        sought = {"q": wanted} if wanted else {}
        return f"{request.url.path}?{urlencode({**sought, 'page': of})}"

    return page(
        request,
        "people.html",
        wanted=wanted,
        listed=found,
        pager=pager(found.first, found.found, PEOPLE_SHOWN, address),
    )


def marked_simulated(yes: bool) -> dict[str, bool]:  # noqa: FBT001 (a figure's own mark)
    """Mark the page when the figures say so, whatever the organisation says."""
    return {"simulated": True} if yes else {}


def read_templates(pause: Callable[[], bool] = bool) -> None:
    """Compile all templates, so that no visitor has to wait for one; beside requests.

    One that is asked for earlier is compiled then. ``pause`` lets others work after
    each, and tells whether to stop.
    """
    for name in templates.list_templates():
        templates.get_template(name)
        if pause():
            return


def routes() -> list[Route]:
    """Return every page and the static files."""
    return [
        Route("/me", my_page),
        Route("/people", people_page),
        Route("/people/{account_id}", person_page),
        Route("/static/{name:path}", assets.static_file),
    ]
