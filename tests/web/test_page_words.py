"""One and many, something and nothing: the sentences of pages at their edges."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from html import unescape

import pytest
from starlette.testclient import TestClient

from mileage.domain.attendance import Guess, Pattern
from mileage.domain.errors import Unavailable
from mileage.domain.figures import Completeness, IngestStatus, SourceSeen
from mileage.domain.people import Account
from mileage.domain.sums import Figures, Share
from mileage.domain.tokens import Tokens
from mileage.web.app import create_app
from tests.web import fixtures, listing
from tests.web.fixtures import FakeReports

FIRST = fixtures.SNAPSHOT.standings[0]
SMALL = replace(fixtures.SNAPSHOT, standings=fixtures.SNAPSHOT.standings[:3])
ONE = Figures(1, Tokens(input=600, output=400), 2_000_000)
PAGE = replace(fixtures.personal(), hours=((0,) * 24,) * 31, by_session=(), activity=())


def words(html):
    """Return the text of a page; elements and spaces are one space."""
    text = unescape(re.sub(r"<title>[^<]*</title>|<[^>]+>", " ", html))
    return re.sub(r"\s+", " ", text).replace(" ,", ",")


@pytest.fixture
def read(open_as):
    def reading(path="/me", who="me", **reports):
        answer = open_as(path, who, FakeReports(**reports))
        assert answer.status_code == 200
        return words(answer.text)

    return reading


@pytest.mark.parametrize(
    ("total", "said"),
    [
        (ONE, "in 1 call"),
        (ONE._replace(calls=2), "in 2 calls"),
        (ONE._replace(calls=2, unmeasured_calls=1), "in 2 calls, 1 unmeasured"),
        (ONE, "$2K per million tokens"),
        (ONE._replace(unpriced_calls=1), "1 call unpriced"),
        (ONE._replace(calls=3, unpriced_calls=2), "2 calls unpriced"),
        (ONE._replace(cost=None, unpriced_calls=1), "no call has a known price"),
        (Figures(1, Tokens(), 0), "no calls"),
        (Figures(1, Tokens(output=9), 5), "no prompt tokens"),
        (Figures(1, Tokens(cache_read=9), 5), "100.0% of prompt tokens"),
    ],
)
def test_what_a_total_says(read, total, said):
    assert said in read(page=replace(PAGE, total=total))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"active_days": 1}, "on 1 active day"),
        ({"active_days": 2}, "on 2 active days"),
        ({"sessions": 1}, "1 session was counted; none of them"),
        ({"sessions": 2}, "2 sessions were counted; none of them"),
        ({"differing_calls": 1}, "On 1 call two sources disagree"),
        ({"differing_calls": 2}, "On 2 calls two sources disagree"),
        ({"rank": 1, "ranked": 1}, "Place on the board 1 of 1"),
        ({"rank": 1, "ranked": 2}, "top 50% rank 1 of 2"),
        ({"rank": 1200, "ranked": 100_000}, "top 2% rank 1,200 of 100,000"),
        ({"attended_calls": 0, "unattended_calls": 0}, "do not say whether somebody"),
        ({"attended_calls": 1, "unattended_calls": 0}, "100.0% attended"),
        ({"attended_calls": 0, "unattended_calls": 7}, "0.0% attended"),
        ({"rejected": ()}, "Nothing of yours was rejected."),
    ],
)
def test_what_my_page_says(read, change, said):
    assert said in read(page=replace(PAGE, **change))


@pytest.mark.parametrize(
    ("guess", "said", "unsaid"),
    [
        (None, (), ("by pattern",)),
        (Guess(Pattern()), (), ("by pattern", "look as if")),
        (
            Guess(Pattern(rest_hours=4, awake_hours=20), restless=1_001),
            (
                "A guess, by pattern",
                "1,001 look as if nobody was there",
                "nobody else is told",
                "later than 20 hours after a rest of 4 hours 1,001",
            ),
            ("hours in a row", "sessions within"),
        ),
        (
            Guess(Pattern(even_hours=8, sessions=30), even=2, crowded=3),
            (
                "5 look as if",
                "8 hours in a row, all with nearly as many calls 2",
                "more than 30 sessions within an hour 3",
            ),
            ("after a rest",),
        ),
    ],
)
def test_what_only_looks_unattended_is_called_a_guess(read, guess, said, unsaid):
    page = read(page=replace(PAGE, by_pattern=guess))
    assert [words for words in said if words not in page] == []
    assert [words for words in unsaid if words in page] == []


@pytest.mark.parametrize(("unsaid", "said"), [(0, False), (1, True)])
def test_calls_of_which_no_source_says_anything(read, unsaid, said):
    page = replace(PAGE, total=ONE._replace(calls=5 + unsaid))
    page = replace(page, attended_calls=3, unattended_calls=2)
    assert ("The source does not say" in read(page=page)) is said


@pytest.mark.parametrize(
    ("shown", "sessions", "heading"),
    [(2, 2, "Sessions"), (2, 3, "Sessions: the largest 2 of 3")],
)
def test_a_list_says_when_it_is_cut(open_as, shown, sessions, heading):
    lines = (Share("s", ONE),) * shown
    page = replace(PAGE, sessions=sessions, by_session=lines)
    html = open_as("/me", reports=FakeReports(page=page)).text
    assert f'<h2 id="sessions">{heading}</h2>' in html


@pytest.mark.parametrize(
    ("shown", "others"), [((ONE, ONE), False), ((ONE,), True), ((), True)]
)
def test_all_others_are_a_line_only_when_there_are_some(read, shown, others):
    whole = ONE.plus(ONE)
    lines = tuple(Share(f"m-{place}", one) for place, one in enumerate(shown))
    days = (Share("2026-11-01", whole),)
    page = replace(PAGE, total=whole, daily=days, hours=((0,) * 24,))
    text = read(page=replace(page, by_client=days, by_model=lines))
    assert ("all others" in text) is others


def test_a_line_without_a_name_says_so(read):
    page = replace(PAGE, by_model=(Share("", PAGE.total),))
    assert "the source does not say" in read(page=page)


def test_of_somebody_else_it_is_not_yours(read):
    text = read("/people/acc-00003", "operator", page=replace(PAGE, rejected=()))
    assert "Nothing of this account was rejected." in text
    assert "busiest quarter of these hours" in text
    assert "my page" not in text
    empty = read("/people/acc-00003", "operator", page=fixtures.empty_personal())
    assert "Nothing of this account has been counted" in empty


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        (("person",), "1 with at least one call"),
        (("person", "contractor"), "2 with at least one call"),
        (("person", "service"), "1 and 1 other account"),
        (("person", "service", "unclaimed"), "1 and 2 other accounts"),
        (("service",), "0 and 1 other account"),
    ],
)
def test_who_was_active(read, kinds, said):
    rows = tuple(
        replace(FIRST, account_id=f"a{n}", kind=k) for n, k in enumerate(kinds)
    )
    active = dict(Counter(kinds))
    text = read("/", source=replace(SMALL, standings=rows, active=active))
    assert f"Active people {said}" in text


@pytest.mark.parametrize(
    ("change", "said", "unsaid"),
    [
        ({"department": ""}, "no department is told", "Payments"),
        ({"models": ()}, "", "+"),
        ({"models": ("opus-x",)}, "opus-x", "opus-x +"),
        ({"models": ("opus-x", "b", "c")}, "opus-x +2", "opus-x +3"),
        ({"kind": "service"}, "service", "contractor"),
        ({"kind": "contractor"}, FIRST.name, "service"),
    ],
)
def test_what_a_row_says(open_as, change, said, unsaid):
    source = replace(SMALL, standings=(replace(FIRST, **change),))
    html = open_as("/", reports=FakeReports(source=source)).text
    row = words(html[html.rindex("<tbody>") : html.rindex("</tbody>")])
    assert said in row
    assert unsaid not in row


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (SourceSeen("s", 1, None, None), "s 1 witness, \N{EN DASH} nothing yet to"),
        (SourceSeen("s", 2, 0, 0), "s 2 witnesses, 1 Jan 1970, 01:00 to 1 Jan 1970"),
        (SourceSeen("s", 2, 0, 0, 3), ", 3 rejected"),
        # What is not told is left out, and not said to be nothing.
        (SourceSeen("s", None, None, None, 3, 2), "s of 2 accounts, 3 rejected"),
        (SourceSeen("s", None, 0, 0, 0, 9), "s of 9 accounts, 1 Jan 1970, 01:00 to"),
    ],
)
def test_what_a_source_says(read, seen, said):
    completeness = Completeness((seen,), 0)
    text = read(page=replace(PAGE, completeness=completeness))
    assert said in text
    assert "1 Jan 1970, 01:00 (Europe/Berlin)" in text
    assert "nothing that is known" in text


@pytest.mark.parametrize(
    ("durable", "visible", "duplicates", "said"),
    [
        (10, 7, 3, "0 all that is durable is visible"),
        (10, 7, 2, "1 durable, not yet visible"),
        (10, 9, 3, "0 all that is durable is visible"),
    ],
)
def test_what_is_on_its_way(read, durable, visible, duplicates, said):
    status = IngestStatus(10, durable, visible, 0, 0, duplicates, 0.0)
    text = read("/ingest", ingest=status)
    assert f"On the way {said}" in text
    assert "nothing was unreadable" in text
    assert "the data directory began" in text


@pytest.mark.parametrize(
    ("name", "email", "shown"),
    [("Ada", "a@x.org", "Ada"), ("", "a@x.org", "a@x.org"), ("", "", "acc-1")],
)
def test_everybody_has_something_to_click_on(open_as, monkeypatch, name, email, shown):
    found = listing.listed((Account("acc-1", "person", name, email),))
    monkeypatch.setattr(FakeReports, "people", lambda *_: found)
    html = open_as("/people", "operator").text
    assert f'<a href="/people/acc-1">{shown}</a>' in html
    assert ("has no address" in html) is (not email)
    assert "1 of 1" in html


SIMULATED = "no figure on this page is about a real person"


@pytest.mark.parametrize("simulated", [True, False])
@pytest.mark.parametrize(
    ("path", "who", "status"),
    [
        ("/people/acc-00003", "me", 403),
        ("/people", "me", 403),
        ("/?lens=nothing", "me", 404),
        ("/nowhere", "operator", 404),
        ("/people/acc-99999", "operator", 404),
        ("/people?q=zzzz", "operator", 200),
        ("/sign-in", "", 200),
    ],
)
def test_the_banner_stands_on_errors_too(open_as, path, who, status, simulated):
    answer = open_as(path, who, FakeReports(simulated=simulated, source=SMALL))
    assert answer.status_code == status
    assert (SIMULATED in answer.text) is simulated


@pytest.mark.parametrize("path", ["/", "/me", "/ingest"])
def test_the_banner_stands_on_empty_pages(read, path):
    empty = {
        "source": fixtures.empty_snapshot(),
        "page": fixtures.empty_personal(),
        "ingest": fixtures.EMPTY_INGEST,
    }
    assert SIMULATED in read(path, **empty)
    assert SIMULATED not in read(path, simulated=False, **empty)


def test_the_banner_stands_on_what_is_not_available(monkeypatch, open_as):
    def later(_reports, _viewer):
        raise Unavailable("Later.")

    monkeypatch.setattr(FakeReports, "ingest_status", later)
    answer = open_as("/ingest")
    assert answer.status_code == 503
    assert SIMULATED in answer.text
    assert answer.headers["retry-after"] == "5"


def test_the_banner_stands_on_a_method_that_is_not_taken():
    client = TestClient(create_app(fixtures.fake_services()))
    client.cookies.set("mileage_session", "me")
    answer = client.put("/me", headers={"accept": "text/html"})
    assert answer.status_code in {403, 405}
    assert SIMULATED in answer.text


def test_an_organisation_without_a_name_is_simulated_all_the_same(read):
    text = read("/", name="", source=SMALL)
    assert "This organisation is made up" in text
    assert "The organisation" in text
