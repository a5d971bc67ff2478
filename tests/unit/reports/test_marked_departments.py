"""Sums of departments as people are shown them, and back to whom they were shown."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace

import pytest

from mileage.access.disclosure import Thresholds
from mileage.access.leaked import lines_of
from mileage.access.marks import Marker, Marks
from mileage.domain.cube import Totals
from mileage.domain.people import OPERATOR, HeldRole, Viewer
from mileage.reports.benchmark import _team
from mileage.reports.cube import Terms, make_cube
from mileage.reports.departments import department_json, usage_of
from mileage.reports.tracing import fits, shown_of, told_of, traced
from mileage.web import numbers
from tests.charts import desk
from tests.organisations import ALL_TOKENS, MILL_TEAMS, MILLS, Organisation, mills
from tests.ranking import valued
from tests.web.stage import Stage

MARKS = Marks(b"k" * 32)
TERMS = Terms(Thresholds(), every_days=7, top=0)
FINANCE = (HeldRole("finance"),)
VIEWERS = [f"finance-{number}" for number in range(300)]
MADE = mills()
CUBE = make_cube(MADE.snapshot(), MADE.chart(), TERMS)
TOLD = told_of(CUBE, MARKS)
MARKED = desk(
    CUBE,
    MADE.places,
    shows=lambda who: None if who.operator else Marker(MARKS, who.account_id),
).departments
EXACT = {
    one.department_id: MARKED.department(OPERATOR, one.department_id)
    for one in CUBE.departments
}


def viewer(account: str = VIEWERS[0]) -> Viewer:
    return Viewer(account, "F.", roles=FINANCE)


def page_of(department_id: str, account: str = VIEWERS[0]):
    return MARKED.department(viewer(account), department_id, "billing")


def sums(page) -> list[Totals]:
    lines = (page.whole, *page.lines, *page.together)
    return [line.totals for line in lines if line.totals] + [page.services]


def figures(totals: Totals) -> tuple[int, ...]:
    return totals.calls, totals.tokens, totals.cost or 0


PAGES = sorted(EXACT)


def test_the_organisation_tells_sums_of_every_team():
    assert len(CUBE.departments) == len(MILLS)
    assert {len(sums(one)) for one in EXACT.values()} == {1 + len(MILL_TEAMS) + 1}


@pytest.mark.parametrize("page", PAGES)
def test_people_are_shown_four_digits_a_thousandth_off_at_most(page):
    told = page_of(page)
    assert told.marked
    for shown, exact in zip(sums(told), sums(EXACT[page]), strict=True):
        for one, other in zip(figures(shown), figures(exact), strict=True):
            assert abs(one - other) * 1000 < max(other, 1)
            assert one == other or int(str(one).rstrip("0")) < 10_000 <= other


@pytest.mark.parametrize("page", PAGES)
def test_nothing_but_sums_is_touched(page):
    told, exact = page_of(page), EXACT[page]
    assert not exact.marked
    for one, other in zip(told.lines, exact.lines, strict=True):
        assert replace(one, totals=None) == replace(other, totals=None)
    for one, other in zip(sums(told), sums(exact), strict=True):
        assert (one.users, one.or_more) == (other.users, other.or_more)
        assert one.unpriced == other.unpriced
    assert replace(
        told,
        **{name: getattr(exact, name) for name in ("whole", "lines", "together")},
        services=exact.services,
        marked=False,
        purpose=exact.purpose,
    ) == replace(exact)


def test_two_viewers_see_different_digits_and_each_the_same_again():
    seen = {who: [sums(page_of(page, who)) for page in PAGES] for who in VIEWERS[:40]}
    assert len({str(one) for one in seen.values()}) == 40
    assert [sums(page_of(page)) for page in PAGES] == seen[VIEWERS[0]]


@pytest.mark.parametrize("account", VIEWERS[:5])
def test_whoever_used_more_is_never_shown_with_less(account):
    pairs = [
        (one.tokens, other.tokens)
        for page in PAGES
        for one, other in zip(sums(EXACT[page]), sums(page_of(page, account)), strict=1)
    ]
    ordered = [shown for _, shown in sorted(pairs)]
    assert ordered == sorted(ordered)


@pytest.mark.parametrize("page", PAGES)
def test_the_answers_of_the_api_say_what_the_page_says(page):
    told = page_of(page)
    answer = department_json(told)
    whole = told.whole.totals
    assert whole is not None
    assert answer["whole"]["total"]["tokens"] == whole.tokens
    assert usage_of(told)["rows"][0] == answer["whole"]["total"]
    cost = answer["whole"]["total"]["cost_usd"]
    assert int(cost.replace(".", "")) == whole.cost


def test_the_board_of_teams_tells_no_more_than_the_pages():
    seen, exact = (MARKED.everywhere(one) for one in (viewer(), OPERATOR))
    assert len(seen.lines) == len(exact.lines) == len(MILLS) * len(MILL_TEAMS)
    on_pages = {
        (line.teams, line.totals) for page in PAGES for line in page_of(page).lines
    }
    assert {(line.teams, line.totals) for _, line, _ in seen.lines} <= on_pages
    rows = [_team(*one, 5) for one in seen.lines]
    assert rows != [_team(*one, 5) for one in exact.lines]
    for row, (_, line, _) in zip(rows, seen.lines, strict=True):
        assert line.totals is not None
        assert row.tokens == line.totals.tokens // line.totals.users


# Back to whom it was shown.


def as_json(page) -> str:
    return json.dumps(department_json(page))


def lines_in(page):
    for line in page.lines:
        if line.totals:
            yield ", ".join(line.teams), line.totals
    if page.whole.totals:
        yield page.name, page.whole.totals


def as_csv(page) -> str:
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(["team", "tokens", "cost", "calls"])
    for name, one in lines_in(page):
        table.writerow([name, one.tokens, f"{(one.cost or 0) / 1e6:.6f}", one.calls])
    return out.getvalue()


def as_typed(page) -> str:
    return "\n".join(
        f"{name}: {numbers.four(one.tokens)} tokens, {numbers.money_four(one.cost)}"
        for name, one in lines_in(page)
    )


def as_shown(page) -> str:
    """The words of the page itself, as somebody selects and copies them."""
    stage = Stage()
    stage.departments.page = page
    html = stage.browser(viewer()).get("/departments/0123456789abcdef").text
    return re.sub("<[^>]*>", " ", html.replace("</tr>", "\n").replace("</dd>", "\n"))


@pytest.mark.parametrize("account", [VIEWERS[0], VIEWERS[77], VIEWERS[299]])
@pytest.mark.parametrize("dialect", [as_json, as_csv, as_typed])
def test_pages_of_departments_tell_whose_copy_they_are(dialect, account):
    text = "\n".join(dialect(page_of(page, account)) for page in PAGES)
    _, _, verdict = traced(lines_of(text), [TOLD], MARKS, VIEWERS)
    assert [one.viewer for one in verdict.named] == [account]


def test_what_is_copied_from_the_screen_does_too():
    text = "\n".join(as_shown(page_of(page, VIEWERS[9])) for page in PAGES)
    shown, _, verdict = traced(lines_of(text), [TOLD], MARKS, VIEWERS)
    assert shown is TOLD
    assert [one.viewer for one in verdict.named] == [VIEWERS[9]]


def test_one_department_alone_is_too_little_and_names_nobody():
    text = as_json(page_of(PAGES[0]))
    _, used, verdict = traced(lines_of(text), [TOLD], MARKS, VIEWERS)
    assert used
    assert verdict.outcome == "untraceable"


def test_exact_sums_are_known_as_an_operators():
    text = "\n".join(map(as_csv, EXACT.values()))
    used = fits(lines_of(text), TOLD)
    assert sum(one.exact for one in used) > len(PAGES)
    assert not any(one.reading for one in used)


def teams_board(account: str) -> str:
    return "\n".join(
        f"{', '.join(line.teams)} ({department}): "
        f"{line.totals.tokens // line.totals.users} tokens a person, "
        f"${line.totals.cost // line.totals.users / 1e6:.6f}"
        for department, line, _ in MARKED.everywhere(viewer(account)).lines
        if line.totals and line.totals.cost
    )


def test_averages_of_the_board_of_teams_lead_back_too():
    _, used, verdict = traced(lines_of(teams_board(VIEWERS[5])), [TOLD], MARKS, VIEWERS)
    assert {one.name for one in used if one.reading} == {
        "tokens a person",
        "cost a person",
    }
    assert [one.viewer for one in verdict.named] == [VIEWERS[5]]


def test_a_sum_and_its_average_are_one_coin():
    account = VIEWERS[5]
    pages = "\n".join(as_csv(page_of(page, account)) for page in PAGES[:2])
    averages = "\n".join(
        line
        for line in teams_board(account).splitlines()
        for page in PAGES[:2]
        if f"({EXACT[page].name})" in line
    )
    alone, both = (
        traced(lines_of(text), [TOLD], MARKS, VIEWERS)[2]
        for text in (pages, f"{pages}\n{averages}")
    )
    assert both.readings == alone.readings
    assert both.suspects[0].score == pytest.approx(alone.suspects[0].score)


def test_a_board_is_not_taken_for_departments_nor_the_other_way_round():
    head = valued(MADE.snapshot(), (ALL_TOKENS,))
    board = shown_of(head, [], MARKS)
    text = "\n".join(map(as_typed, map(page_of, PAGES)))
    for order in ([board, TOLD], [TOLD, board]):
        found, _, _ = traced(lines_of(text), order, MARKS, VIEWERS)
        assert found is TOLD
        assert found.what == "departments"


def test_departments_of_which_nothing_is_told_leave_nothing_to_trace():
    small = Organisation()
    small.group("Engines", "North", users=4, tokens=1_234_567)
    cube = make_cube(small.snapshot(), small.chart(), TERMS)
    told = told_of(cube, MARKS)
    assert [one for some in told.figures.values() for one in some if one.value] == []
