"""A page shows what its viewer may see, and no figure of anybody else."""

from __future__ import annotations

from dataclasses import replace
from html import unescape

import pytest

from mileage.domain.sums import Figures, Share
from mileage.domain.tokens import Tokens
from mileage.web import numbers
from tests.web import fixtures
from tests.web.fixtures import FakeReports

PEOPLE = ("acc-00017", "acc-00020", "acc-00021", "acc-00280")
PRIMES = (982_451_653, 961_748_941, 941_083_987, 920_419_823)
"""Everybody's figures are multiples of a number of their own."""
MINE, *OTHERS = PEOPLE


def figures_of(account_id):
    prime = PRIMES[PEOPLE.index(account_id)]
    tokens = Tokens(*(prime * factor for factor in (2, 800, 30, 5, 7, 3, 1)))
    return Figures(prime // 1000, tokens, prime * 17)


def standing_of(account_id):
    base = next(s for s in fixtures.SNAPSHOT.standings if s.account_id == account_id)
    figures = figures_of(account_id)
    place = PEOPLE.index(account_id)
    return replace(
        base,
        name=f"Person Number{place}",
        department=f"Department{place}",
        models=(f"model-{place}",),
        figures=figures,
        daily=(figures.tokens.total, *[0] * (len(fixtures.DAYS) - 1)),
    )


STANDINGS = tuple(map(standing_of, PEOPLE))
EVERYBODY = Figures()
for one in STANDINGS:
    EVERYBODY = EVERYBODY.plus(one.figures)
SOURCE = replace(fixtures.SNAPSHOT, standings=STANDINGS, total=EVERYBODY)


def page_of(account_id):
    base = fixtures.personal(account_id)
    total = figures_of(account_id)
    return replace(
        base,
        name=f"Person Number{PEOPLE.index(account_id)}",
        total=total,
        daily=tuple(Share(day, total) for day in fixtures.DAYS[:1]),
        hours=((total.tokens.total, *[0] * 23),),
        by_client=(Share("codex", total),),
        by_model=(Share(f"model-{PEOPLE.index(account_id)}", total),),
        by_session=(Share("s", total),),
    )


class SmallReports(FakeReports):
    """Four people, of whom two stand above the cut."""

    def __init__(self):
        super().__init__(source=SOURCE, top=2)

    def personal(self, viewer, account_id, purpose=None):
        super().personal(viewer, account_id, purpose)
        return page_of(account_id)


def traces(account_id):
    """Return every way in which a page could show something of somebody."""
    figures = figures_of(account_id)
    place = PEOPLE.index(account_id)
    amounts = {*figures.tokens, figures.tokens.total, figures.cost, figures.calls}
    found = {f"Number{place}", f"Department{place}", f"model-{place}", account_id}
    for amount in amounts:
        found |= {str(amount), numbers.exact(amount)}
    return found | {numbers.usd(figures.cost), numbers.money_exact(figures.cost)}


def shown(text, account_id):
    return {trace for trace in traces(account_id) if trace in unescape(text)}


def test_traces_are_found_where_they_are(open_as):
    html = open_as("/me", "me", SmallReports()).text
    figures = figures_of(MINE)
    assert shown(html, MINE) >= {
        "Number0",
        "model-0",
        str(figures.tokens.total),
        numbers.exact(figures.tokens.total),
        numbers.usd(figures.cost),
    }


@pytest.mark.parametrize("other", OTHERS)
def test_my_page_shows_nothing_of_anybody_else(open_as, other):
    assert shown(open_as("/me", "me", SmallReports()).text, other) == set()


@pytest.mark.parametrize("path", ["/ingest", "/api/docs", "/nowhere", "/people"])
@pytest.mark.parametrize("somebody", PEOPLE)
def test_other_pages_show_nothing_of_anybody(open_as, path, somebody):
    assert shown(open_as(path, "me", SmallReports()).text, somebody) == set()


def test_the_sign_in_page_shows_nothing_of_anybody(open_as):
    html = open_as("/sign-in", "", SmallReports()).text
    assert not any(shown(html, somebody) for somebody in PEOPLE)


@pytest.mark.parametrize("other", OTHERS)
def test_a_refusal_shows_nothing_of_whom_it_hides(open_as, other):
    answer = open_as(f"/people/{other}", "me", SmallReports())
    assert answer.status_code == 403
    assert shown(answer.text, other) == set()


@pytest.mark.parametrize("lens", ["tokens", "output", "cost", "weighted"])
def test_the_board_shows_the_top_and_oneself(open_as, lens):
    html = open_as(f"/?lens={lens}", "below", SmallReports()).text
    assert {place for place in range(4) if f"Number{place}" in html} == {0, 1, 3}
    assert shown(html, PEOPLE[2]) == set()


def test_below_the_cut_others_stay_below(open_as):
    html = open_as("/", "me", SmallReports()).text
    assert [place for place in range(4) if f"Number{place}" in html] == [0, 1]
    for hidden in PEOPLE[2:]:
        assert shown(html, hidden) == set()


def test_no_row_is_left_from_the_viewer_before(open_as):
    reports = SmallReports()
    assert "Number3" in open_as("/", "below", reports).text
    assert "Number3" not in open_as("/", "me", reports).text


def test_the_operator_reads_one_person_at_a_time(open_as):
    html = open_as(f"/people/{PEOPLE[1]}", "operator", SmallReports()).text
    assert shown(html, PEOPLE[1])
    for other in (PEOPLE[0], *PEOPLE[2:]):
        assert shown(html, other) == set()


@pytest.mark.parametrize("other", OTHERS)
def test_the_api_tells_oneself_only(open_as, other):
    told = open_as("/api/v1/me", "me", SmallReports())
    assert told.json()["account"] == MINE
    assert shown(told.text, other) == set()


def test_the_api_keeps_the_cut_of_the_board(open_as):
    told = open_as("/api/v1/boards/tokens", "below", SmallReports()).json()
    assert [row["account"] for row in told["rows"]] == [*PEOPLE[:2]]
    assert told["own"]["account"] == PEOPLE[3]
    assert told["ranked"] == 4


@pytest.mark.parametrize("path", ["/", "/me", "/api/v1/me", "/api/v1/boards/tokens"])
def test_a_stranger_sees_nothing_of_anybody(open_as, path):
    answer = open_as(path, "", SmallReports())
    assert answer.status_code in {303, 401}
    assert not any(shown(answer.text, somebody) for somebody in PEOPLE)
