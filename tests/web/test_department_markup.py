"""Departments of any names and figures: markup stays text, JSON as described."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from mileage.domain.cube import DepartmentPage, Line, Listed, Range, Totals
from mileage.domain.people import Viewer
from mileage.reports.departments import department_json, listed_json, totals_json
from mileage.web.api import ENDPOINTS
from mileage.web.openapi import document
from mileage.web.watermark import watermark
from tests.web.departments import DARK, ID, NO_SERVICES, PAGE, SUM
from tests.web.json_schema import problems
from tests.web.stage import ADA, BOB, ROOT, Stage

ADDRESS = f"/departments/{ID}"
DESCRIBED = document(ENDPOINTS)
STAGE = Stage()
"""One for all: making the application takes longer than drawing a page."""
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</td></tr></table>",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt; &amp;",
    "javascript:alert(1)",
    "\u202egnp.exe",
    "Ünïcödé 部門 🚗",
    " ",
)


class Elements(HTMLParser):
    """Lists the elements of a page, with their attributes' names."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs)))


def called(name: str) -> DepartmentPage:
    """The page of a department of which everything is called so."""
    return replace(
        PAGE,
        name=name,
        whole=replace(PAGE.whole, teams=(name, name + "2")),
        lines=tuple(replace(one, teams=(name,)) for one in PAGE.lines),
        together=tuple(replace(one, teams=(name, "")) for one in PAGE.together),
    )


def drawn(page: DepartmentPage, viewer: Viewer = ADA, address: str = ADDRESS) -> str:
    STAGE.departments.page = page
    STAGE.departments.listing = (Listed(ID, page.name, 44, told=True),)
    answer = STAGE.browser(viewer).get(address)
    assert answer.status_code == 200
    return answer.text


def words(html: str) -> str:
    """What is read of a page."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.mark.parametrize("address", [ADDRESS, "/departments"])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_adds_no_element_and_no_attribute(address: str, name: str) -> None:
    plain, hostile = (
        drawn(called(one), address=address) for one in ("x" * len(name), name)
    )
    assert Elements(hostile).found == Elements(plain).found


@pytest.mark.parametrize("name", HOSTILE[:6])
def test_a_name_is_read_as_it_is(name: str) -> None:
    page = drawn(called(name))
    assert str(escape(name)) in page
    assert name in unescape(page)


@pytest.mark.parametrize("viewer", [ADA, BOB, ROOT])
def test_a_page_tells_everybody_who_may_open_it_the_same(viewer: Viewer) -> None:
    page = words(drawn(PAGE, viewer))
    for text in ("98.8", "36 or more", "2M to 5M", "in no team"):
        assert text in page


@pytest.mark.parametrize(
    ("totals", "told", "untold"),
    [
        (SUM, ("36 or more", "some calls are unpriced"), ("all calls are priced",)),
        (replace(SUM, or_more=False), ("36",), ("or more",)),
        (replace(SUM, unpriced=False), ("all calls are priced",), ("some calls are",)),
        (replace(SUM, cost=None), ("some calls are unpriced",), ("$7.65",)),
        (replace(SUM, tokens=0, calls=0), ("in 0 calls",), ("98.8",)),
        (replace(SUM, tokens=10**15), ("1000T",), ("98.8",)),
    ],
)
def test_a_sum_is_told_with_what_is_missing_from_it(totals, told, untold) -> None:
    page = replace(PAGE, whole=replace(PAGE.whole, totals=totals), lines=())
    text = drawn(replace(page, together=()))
    figures = words(text[text.index('<dl class="kpis') : text.index("</dl>")])
    for one in told:
        assert one in figures
    for one in untold:
        assert one not in figures


@pytest.mark.parametrize(
    ("band", "told"),
    [
        (Range(0, 1000), "0 to 1K"),
        (Range(1000, 2000), "1K to 2K"),
        (Range(500_000, 1_000_000), "500K to 1M"),
        (Range(5 * 10**11, 10**12), "500B to 1T"),
    ],
)
def test_bands_at_both_ends_are_told_by_their_bounds(band: Range, told: str) -> None:
    whole = replace(PAGE.whole, bands=(band, band), totals=None)
    page = words(drawn(replace(PAGE, whole=whole, lines=(), together=())))
    assert f"Median {told} tokens" in page


@pytest.mark.parametrize("least", [5, 10, 25])
@pytest.mark.parametrize("least_sum", [15, 40])
def test_the_rules_on_a_page_are_those_of_its_viewer(
    least: int, least_sum: int
) -> None:
    page = drawn(replace(PAGE, least=least, least_sum=least_sum))
    rules = page[page.index('id="rules"') :]
    assert f"nothing before {least} people" in rules
    assert f"no sums before {least_sum}" in rules


def test_services_stand_apart_from_people_and_only_where_there_are_any() -> None:
    assert "apart from people: 4.24K tokens in 7 calls." in words(drawn(PAGE))
    assert "Service accounts" not in drawn(replace(PAGE, services=NO_SERVICES))


def test_a_row_without_any_price_says_so_once() -> None:
    assert "no call has a known price 1K 21" in words(drawn(PAGE))
    priced = replace(PAGE.lines[0], totals=SUM)
    page = words(drawn(replace(PAGE, lines=(priced,), together=())))
    assert "$7.65 and unpriced calls 1.23K 36 or more" in page


def test_one_team_is_one_team() -> None:
    whole = Line(("Difference",), 25, PAGE.whole.bands, None)
    assert "1 team<" in drawn(replace(PAGE, whole=whole))
    assert "2 teams<" in drawn(
        replace(PAGE, whole=replace(whole, teams=("Difference", "Punch")))
    )


def test_a_dark_page_holds_none_of_the_figures_of_its_department() -> None:
    text = drawn(DARK)
    main = text[text.index("<main") : text.index("</main>")]
    assert "<table" not in main
    assert "tokens" not in main.split('id="rules"')[0]


def test_simulated_figures_say_so() -> None:
    assert "simulated" in drawn(replace(PAGE, simulated=True)).lower()


COUNTS = st.integers(0, 10**15)
NAMES = st.text(max_size=30)
RANGES = st.builds(Range, COUNTS, COUNTS)
TOTALS = st.builds(
    Totals,
    COUNTS,
    COUNTS,
    st.none() | COUNTS,
    st.booleans(),
    COUNTS,
    st.booleans(),
)
LINES = st.builds(
    Line,
    st.lists(NAMES, max_size=3).map(tuple),
    COUNTS,
    st.none() | st.tuples(RANGES, RANGES),
    st.none() | TOTALS,
)
PAGES = st.builds(
    replace,
    st.just(PAGE),
    name=NAMES,
    whole=LINES,
    lines=st.lists(LINES, max_size=3).map(tuple),
    together=st.lists(LINES, max_size=2).map(tuple),
    services=TOTALS,
    least=st.integers(5, 10_000),
    purpose=st.sampled_from(("board", "planning", "billing")),
)


@given(PAGES)
def test_any_page_is_answered_as_described(page: DepartmentPage) -> None:
    answer = department_json(page)
    schema = {"$ref": "#/components/schemas/Department"}
    assert list(problems(answer, schema, DESCRIBED)) == []
    assert answer["name"] == page.name
    assert [one["teams"] for one in answer["teams"]] == [
        list(line.teams) for line in page.lines
    ]


@given(st.lists(st.builds(Listed, NAMES, NAMES, COUNTS, st.booleans()), max_size=5))
def test_any_list_is_answered_as_described(listed: list[Listed]) -> None:
    answer = listed_json(listed)
    schema = {"$ref": "#/components/schemas/Departments"}
    assert list(problems(answer, schema, DESCRIBED)) == []
    assert len(answer["departments"]) == len(listed)


@given(TOTALS)
def test_a_cost_is_told_to_the_last_micro_dollar_or_not_at_all(totals: Totals) -> None:
    told = totals_json(totals)["cost_usd"]
    if totals.cost is None:
        assert told is None
    else:
        assert told == f"{totals.cost // 10**6}.{totals.cost % 10**6:06}"


@pytest.mark.parametrize(
    "change",
    [
        {"whole": None},
        {"teams": [{"teams": ["x"]}]},
        {"services": {"calls": -1}},
        {"more": 1},
        {"id": 7},
        {"least_people": "5"},
    ],
)
def test_the_description_refuses_what_is_otherwise(change) -> None:
    """So that an answer that is as described says something."""
    answer = {**department_json(PAGE), **change}
    schema = {"$ref": "#/components/schemas/Department"}
    assert list(problems(answer, schema, DESCRIBED))


@given(NAMES, st.booleans())
def test_a_watermark_is_text_whoever_looks(
    name: str,
    operator: bool,  # noqa: FBT001
) -> None:
    html = watermark(Viewer("acc-1", name, operator=operator), "UTC")
    plain = watermark(Viewer("acc-1", "x" * len(name), operator=operator), "UTC")
    assert Elements(html).found == Elements(plain).found
    assert html.count(str(escape(name))) >= 2
    assert ("carry marks" in html) is not operator


@pytest.mark.parametrize(("length", "width"), [(1, 320), (200, 2_200)])
def test_a_long_name_gets_more_room(length: int, width: int) -> None:
    html = watermark(Viewer("acc-1", "x" * length), "UTC")
    found = int(html.split('width="', 1)[1].split('"')[0])
    assert found == pytest.approx(width, abs=200)
    assert found >= 320
