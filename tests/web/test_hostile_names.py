"""Whatever people, models and policies are called: a page keeps its elements.

Each page is drawn twice, with plain texts and with hostile ones of equal length, and
the two must have the same elements with the same attributes. A text that became
markup anywhere, in an element or in an attribute, would make them differ.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markupsafe import escape
from starlette.testclient import TestClient

from mileage.domain.errors import Unavailable
from mileage.domain.figures import (
    BoardRow,
    Completeness,
    RejectedCount,
    SourceSeen,
    SourceStatus,
)
from mileage.domain.people import Account, Viewer
from mileage.domain.sums import Share
from mileage.web.app import create_app
from mileage.web.board_cells import exact_texts
from mileage.web.pages import templates
from tests.drawing import examples
from tests.web import fixtures, listing
from tests.web.fixtures import FakeReports

ATTACKS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title><h1>",
    "</td></tr></table><form action=//evil>",
    "--><svg/onload=alert(1)>",
    "]]>&lt;b&gt;",
    "{{ 7 * 7 }}{% raw %}",
    "&amp;&#60;b&#62;",
)
NAMES = st.one_of(
    st.sampled_from(ATTACKS),
    st.text("<>&\"'`=/ ab{}%#!-", min_size=1, max_size=24),
    st.text(min_size=1, max_size=12),
)
FEW = settings(max_examples=examples(10))
FIRST = fixtures.SNAPSHOT.standings[17]
TEMPLATE = fixtures.personal()


class Elements(HTMLParser):
    """The elements of a page in order, with the names of their attributes."""

    def __init__(self, html):
        super().__init__()
        self.seen, self.links = [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, *(name for name, _ in attrs)))
        self.links += [value for name, value in attrs if name in {"href", "action"}]

    def handle_endtag(self, tag):
        self.seen.append((f"/{tag}",))

    def handle_comment(self, data):
        self.seen.append(("comment",))


class NamedReports(FakeReports):
    """Reports in which everything that has a name has this one; small ones."""

    def __init__(self):
        super().__init__()
        self.rename("x")

    def rename(self, text):
        self.text = self.name = text
        seen = SourceSeen(text, 1, None, None, 1)
        completeness = Completeness((seen,), None, (text,))
        named = replace(FIRST, name=text, department=text, models=(text, text))
        self.source = replace(
            fixtures.SNAPSHOT,
            days=fixtures.DAYS[:2],
            daily=(1, 2),
            standings=(named, *fixtures.SNAPSHOT.standings[:2]),
            organisation=text,
            input_hash=text,
            versions={"prices": text},
            completeness=completeness,
        )
        self.page = replace(personal(text), completeness=completeness)
        self.ingest = replace(
            fixtures.INGEST,
            simulated=text,
            sources=(SourceStatus(text, 1, 1, 1, 1, 1, None, None),),
            reasons=(RejectedCount(text, text, 1, text),),
        )
        self.lens_texts = tuple(
            (name, text, text, text) for name, *_ in fixtures.LENSES
        )

    def people(self, viewer, wanted="", page=1):
        one = Account("acc-00003", "person", self.text, self.text)
        return listing.listed((one,), wanted, page)


def personal(text):
    line = Share(text, TEMPLATE.total, text)
    return replace(
        TEMPLATE,
        name=text,
        daily=TEMPLATE.daily[:2],
        hours=((0,) * 24, (1,) * 24),
        by_client=(line,),
        by_model=(line,),
        by_session=(line,),
        activity=(replace(TEMPLATE.activity[0], kind=text, name=text),),
        rejected=(RejectedCount(text, text, 1, text),),
    )


def client(reports, who):
    made = TestClient(
        create_app(fixtures.fake_services(reports)),
        headers={"accept": "text/html"},
        follow_redirects=False,
    )
    made.cookies.set("mileage_session", who)
    return made


PAGES = (
    ("/", "me"),
    ("/", "operator"),
    ("/?lens=cost", "me"),
    ("/me", "me"),
    ("/people", "operator"),
    ("/people/acc-00003", "operator"),
    ("/ingest", "me"),
    ("/sign-in", ""),
    ("/nowhere", "me"),
)


@pytest.fixture(scope="module")
def draw():
    """Draw a page with this text in every place; plain ones are remembered."""
    reports = NamedReports()
    clients = {who: client(reports, who) for _, who in PAGES}

    def drawn(path, who, text):
        reports.rename(text)
        answer = clients[who].get(path)
        return answer.status_code, answer.text

    plainly = cache(lambda path, who, size: drawn(path, who, "x" * size))
    return drawn, plainly


def elements(answer):
    status, html = answer
    return status, Elements(html).seen


@pytest.mark.parametrize(("path", "who"), PAGES)
@pytest.mark.parametrize("attack", [*ATTACKS[1:3], " ".join(ATTACKS)])
def test_no_attack_changes_the_elements_of_a_page(draw, path, who, attack):
    drawn, plainly = draw
    hostile = drawn(path, who, attack)
    assert elements(hostile) == elements(plainly(path, who, len(attack)))
    assert "<img src=x" not in hostile[1]
    assert "<script>" not in hostile[1]
    assert "49{%" not in hostile[1]


@pytest.mark.parametrize(
    ("path", "who"), [("/me", "me"), ("/", "me"), ("/ingest", "me")]
)
@FEW
@given(text=NAMES)
@example(text="<")
@example(text='"')
def test_no_text_at_all_changes_the_elements_of_a_page(draw, path, who, text):
    drawn, plainly = draw
    assert elements(drawn(path, who, text)) == elements(plainly(path, who, len(text)))


@FEW
@given(text=NAMES)
def test_links_lead_where_they_led_whatever_the_text(draw, text):
    drawn, plainly = draw
    _, hostile = drawn("/", "operator", text)
    _, plain = plainly("/", "operator", len(text))
    assert Elements(hostile).links == Elements(plain).links


@pytest.mark.parametrize("name", ATTACKS)
def test_the_name_of_who_is_signed_in_is_text(name):
    viewer = Viewer("", name, operator=True)
    frame = {"viewer": viewer, "links": (), "path": "/", "csrf": name}
    texts = dict.fromkeys(("organisation", "title", "message", "reference"), name)
    html = templates.get_template("error.html").render(
        frame | texts | {"simulated": True, "completeness": None, "status": 500}
    )
    seen = Elements(html).seen
    assert name not in html or "<" not in name
    assert [tag for tag, *_ in seen].count("input") == 1
    assert not {"script", "img", "form action=//evil"} & {tag for tag, *_ in seen}
    assert not [one for one in seen if any(n.startswith("on") for n in one[1:])]


@pytest.fixture(scope="module")
def operator():
    return client(FakeReports(accounts=1), "operator")


@FEW
@given(wanted=NAMES)
def test_what_was_searched_for_is_text(operator, wanted):
    pages = [
        Elements(operator.get("/people", params={"q": one}).text)
        for one in (f"zz{wanted}zz", f"zz{'y' * len(wanted)}zz")
    ]
    assert pages[0].seen == pages[1].seen
    assert pages[0].links == pages[1].links


@pytest.mark.parametrize("message", ATTACKS)
def test_what_went_wrong_is_text(operator, monkeypatch, message):
    def broken(_reports, _viewer):
        raise Unavailable(message)

    monkeypatch.setattr(FakeReports, "ingest_status", broken)
    answer = operator.get("/ingest")
    assert answer.status_code == 503
    assert str(escape(message)) in answer.text
    seen = Elements(answer.text).seen
    assert seen.count(("h1",)) == 1
    assert ("script",) not in seen


@FEW
@given(account_id=st.text("acd-0<>\"'&/?#% ", min_size=1, max_size=9))
def test_an_odd_id_stays_one_piece_of_an_address(account_id):
    row = BoardRow(1, 1, replace(FIRST, account_id=account_id))
    html = templates.get_template("_board_row.html").module.row(
        row, exact_texts(row, "tokens"), repeated=False, linked=True
    )
    for link, folder in zip(
        Elements(html).links, ("/board/why/", "/people/"), strict=True
    ):
        assert link.startswith(folder)
        assert not set(link.removeprefix(folder)) & set("<>\"'&?# ")


def test_a_hostile_name_is_shown_and_not_dropped(draw):
    drawn, _ = draw
    _, html = drawn("/me", "me", "<b>Ada</b>")
    assert "<h1>&lt;b&gt;Ada&lt;/b&gt;</h1>" in html
    assert html.count("&lt;b&gt;Ada&lt;/b&gt;") > 10
