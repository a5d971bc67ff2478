"""Groups, adoption, statements, awards: refused, dark, hostile, described."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from html.parser import HTMLParser

import pytest

from mileage.domain.adoption import Progress
from mileage.domain.cube import Range
from mileage.domain.errors import NotFound, PurposeMissing, Refused, Unavailable
from mileage.domain.participation import Chosen, Stated
from mileage.domain.peers import AdoptionPage, Bin, GroupBoard, PeerGroup
from mileage.web.api import ENDPOINTS
from mileage.web.openapi import document
from mileage.web.spread_chart import BASE, HEIGHT, spread
from tests.web.awarding import WIZARD, FakeAwards
from tests.web.groups import END, GROUP, TEAM, WINDOW, FakeAdoption, FakeGroups
from tests.web.json_schema import problems
from tests.web.stage import ADA, ROOT, FakeReports, Stage
from tests.web.taking_part import FakeStatements, FakeTakingPart

ATTACK = "\"><img src=x onerror=alert(1)>' onload='{{7*7}}&amp;"
WHY = "groups are for members; the page /access says whose this is"
PAGES = ("/groups", "/groups?scope=roles", "/adoption", "/statements")
OWN = ("/me/benchmark", "/me/awards", "/me/taking-part", "/me/card")
API = {
    "/api/v1/groups/teams": "GroupBoard",
    "/api/v1/groups/roles": "GroupBoard",
    "/api/v1/me/benchmark": "Benchmark",
    "/api/v1/adoption": "Adoption",
    "/api/v1/statements": "Statements",
    "/api/v1/me/participation": "Participation",
    "/api/v1/me/awards": "Awards",
}
FIGURES = re.compile(r"4\.1B|3\.2B|4100000000|3200000000|95\.10|Difference|Ada Byron")


@dataclass
class Failing:
    """Every desk at once; whatever it is asked, it raises."""

    error: Exception

    def __getattr__(self, name):
        def asked(*_args, **_named):
            raise self.error

        return asked


def failing(error):
    desk = Failing(error)
    return Stage(
        groups=desk,
        adoption=desk,
        statements=desk,
        awards=desk,
        taking_part=desk,
        reports=FakeReports(broken=error),
    )


class Elements(HTMLParser):
    """Elements in order, with the names of their attributes."""

    def __init__(self, html):
        super().__init__()
        self.seen = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, *(name for name, _ in attrs)))


@pytest.mark.parametrize("path", [*PAGES, *OWN[:3]])
def test_a_refusal_says_whom_to_ask_and_no_figure(path):
    answer = failing(Refused(WHY)).browser().get(path)
    assert answer.status_code == 403
    assert "/access" in answer.text
    assert not FIGURES.search(answer.text.split("<main")[1])


@pytest.mark.parametrize("path", API)
def test_a_refusal_of_the_api_is_an_error_and_no_figure(path):
    answer = failing(Refused(WHY)).program().get(path)
    assert answer.status_code == 403
    assert list(answer.json()) == ["error"]
    assert "whose this is" in answer.json()["error"]["message"]
    assert not FIGURES.search(answer.text)


@pytest.mark.parametrize("path", [*PAGES, *OWN[:3]])
def test_what_is_damaged_is_said_and_is_not_empty(path):
    answer = failing(Unavailable("peers is damaged; wait")).browser().get(path)
    assert answer.status_code == 503
    assert "Peers is damaged; wait." in answer.text
    assert 'class="empty"' not in answer.text


@pytest.mark.parametrize("path", ["/groups", "/adoption", "/statements"])
def test_a_purpose_is_asked_for_where_a_table_wants_one(path):
    wanted = PurposeMissing("say what for", {"planning": "Planning"})
    answer = failing(wanted).browser().get(path)
    assert 'value="planning"' in answer.text
    assert not FIGURES.search(answer.text.split("<main")[1])


@pytest.mark.parametrize("path", [*PAGES, *OWN, "/board/file", "/oversight"])
def test_a_stranger_is_sent_to_sign_in(path):
    answer = Stage().stranger().get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")
    assert not answer.text


@pytest.mark.parametrize("path", API)
def test_a_program_without_a_key_is_told_nothing(path):
    answer = Stage().stranger().get(path)
    assert answer.status_code == 401
    assert not FIGURES.search(answer.text)


@pytest.fixture(scope="module")
def dark():
    stage = Stage()
    stage.dark.on(ROOT, "a leak")
    return stage


@pytest.mark.parametrize("path", [*PAGES, "/board/file", "/board/file?format=json"])
def test_in_the_dark_groups_are_dark(dark, path):
    for viewer in (ADA, ROOT):
        answer = dark.browser(viewer).get(path)
        assert answer.status_code == 503
        assert not FIGURES.search(answer.text.split("<main")[1])


@pytest.mark.parametrize("path", [one for one in API if "/me/" not in one])
def test_in_the_dark_the_api_is_too(dark, path):
    answer = dark.program().get(path)
    assert (answer.status_code, FIGURES.search(answer.text)) == (503, None)


@pytest.mark.parametrize("path", OWN)
def test_what_is_ones_own_stays_in_the_dark(dark, path):
    assert dark.browser().get(path).status_code == 200


def odd(text):
    """Desks in which everything that has a name has this one."""
    row = TEAM._replace(name=text, department=text)
    group = replace(GROUP, name=text)

    class Groups(FakeGroups):
        def board(self, viewer, scope):
            rows = (row, row._replace(rank=2, tokens=None))
            return GroupBoard(scope, rows, WINDOW, "UTC", END, "2026-11-29", 5)

        def benchmark(self, viewer):
            found = super().benchmark(viewer)
            return replace(found, group=group, role=text, tools=text)

    class Adoption(FakeAdoption):
        def page(self, viewer):
            one = Progress(text, 80, "2026-12-31", text, text, 40, 60, 60)
            return AdoptionPage((one,), WINDOW, "UTC", END)

    award = WIZARD._replace(name=text, reason=text)
    taking = FakeTakingPart(chosen={ADA.account_id: Chosen("pseudonym")})
    return Stage(
        groups=Groups(),
        adoption=Adoption(),
        statements=FakeStatements(rows=(Stated(text, among=True),)),
        awards=FakeAwards(held=(award,), ended=(award,)),
        taking_part=taking,
    ).browser()


@pytest.fixture(scope="module")
def hostile():
    return odd(ATTACK), odd("x" * len(ATTACK))


@pytest.mark.parametrize(
    "path", [*PAGES, "/groups?scope=models", "/me/benchmark", "/me/awards"]
)
def test_a_hostile_name_is_shown_and_changes_no_element(hostile, path):
    answers = [client.get(path) for client in hostile]
    assert [one.status_code for one in answers] == [200, 200]
    seen, plain = (Elements(one.text).seen for one in answers)
    assert seen == plain
    assert "<img" not in answers[0].text
    assert "&lt;img src=x" in answers[0].text
    assert "49" not in re.findall(r"onload=.{0,9}", answers[0].text)


@pytest.mark.parametrize("shown", ATTACK.split())
def test_what_is_asked_of_a_card_is_text(shown):
    html = Stage().browser().get("/me/card", params={"name": shown, "show": shown}).text
    plain = Stage().browser().get("/me/card", params={"name": "x", "show": "y"}).text
    assert Elements(html).seen == Elements(plain).seen


@pytest.mark.parametrize("scope", ["", "people", "TEAMS", "teams/", "<script>", "../x"])
def test_a_scope_that_is_none_is_not_there_and_not_repeated_as_markup(scope):
    answer = Stage().browser().get("/groups", params={"scope": scope})
    assert answer.status_code == 404
    assert "<script>" not in answer.text


SCHEMAS = document(ENDPOINTS)


@pytest.mark.parametrize(("path", "schema"), API.items())
def test_an_answer_is_what_the_description_says(path, schema):
    told = Stage().program().get(path).json()
    wanted = {"$ref": f"#/components/schemas/{schema}"}
    assert list(problems(told, wanted, SCHEMAS)) == []
    told["more"] = 1
    assert list(problems(told, wanted, SCHEMAS))


def test_without_a_group_the_benchmark_is_described_as_well():
    stage = Stage(groups=FakeGroups(too_small=True))
    told = stage.program().get("/api/v1/me/benchmark").json()
    assert (
        list(problems(told, {"$ref": "#/components/schemas/Benchmark"}, SCHEMAS)) == []
    )
    assert (told["compared_with"], told["distribution"]) == (None, [])


@pytest.mark.parametrize("path", ["/api/v1/groups/teams", "/api/v1/adoption"])
def test_before_anything_is_published_the_api_says_not_found(path):
    stage = failing(NotFound("nothing has been published yet"))
    answer = stage.program().get(path)
    assert answer.status_code == 404
    assert "nothing has been published" in answer.json()["error"]["message"].lower()


def test_no_answer_about_groups_names_an_account():
    """Neither a page nor the API holds any id of an account but the viewer's own."""
    stage = Stage()
    for path in (*PAGES, "/me/benchmark"):
        text = stage.browser().get(path).text
        assert set(re.findall(r"acc-\w+", text)) <= {ADA.account_id}
    for path in list(API)[:5]:
        assert "acc-" not in json.dumps(stage.program().get(path).json())


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("everybody", "everybody who used something"),
        ("role", "people with your role, engineer"),
        ("tools", "people without a role who have your tools, codex"),
        ("role and tools", "people with your role and tools, engineer with codex"),
    ],
)
def test_it_says_whom_one_is_compared_with(kind, words):
    class Groups(FakeGroups):
        def benchmark(self, viewer):
            return replace(super().benchmark(viewer), group=replace(GROUP, kind=kind))

    assert words in Stage(groups=Groups()).browser().get("/me/benchmark").text


def bars(svg):
    found = re.findall(
        r'<rect class="(\w+)" x="([\d.]+)%" y="(\d+)" .*?height="(\d+)"', svg
    )
    return [(kind, float(x), int(y), int(height)) for kind, x, y, height in found]


@pytest.mark.parametrize("count", [1, 2, 9, 40])
def test_bars_stand_on_one_line_and_as_high_as_their_part(count):
    ends = [100 * (number + 1) // count for number in range(count)]
    made = tuple(Bin(10**n, 10 ** (n + 1), up) for n, up in enumerate(ends))
    drawn = bars(spread(made, Range(1, 10), title="t"))
    assert len(drawn) == count
    assert all(y + height == BASE for _, _, y, height in drawn)
    assert max(height for *_, height in drawn) == HEIGHT
    assert [kind for kind, *_ in drawn].count("full") == 1
    assert [x for _, x, *_ in drawn] == sorted(x for _, x, *_ in drawn)
    assert all(0 <= x <= 100 for _, x, *_ in drawn)


def test_nobodys_own_bar_stands_out_where_one_is_in_none():
    made = (Bin(0, 10, 50), Bin(10, 20, 100))
    assert "you" not in spread(made, Range(20, 20), title="t")
    assert 'class="full"' not in spread(made, None, title="t")


@pytest.mark.parametrize(
    ("one", "words"),
    [((60, 60), "60%"), ((0, 25), "less than 25%"), ((75, 100), "more than 75%")],
)
def test_a_share_is_said_as_far_as_it_is_told(one, words):
    class Adoption(FakeAdoption):
        def page(self, viewer):
            row = Progress("Every week", 80, "2026-12-31", "D", "T", 20, *one)
            return AdoptionPage((row,), WINDOW, "UTC", END)

    html = Stage(adoption=Adoption()).browser().get("/adoption").text
    row = html.split('<tr><th scope="row"')[1].split("</tr>")[0]
    assert f'<td class="n">{words}</td>' in row


def test_simulated_groups_are_called_so():
    class Groups(FakeGroups):
        def board(self, viewer, scope):
            return replace(super().board(viewer, scope), simulated=True)

        def benchmark(self, viewer):
            return replace(super().benchmark(viewer), simulated=True)

    browser = Stage(groups=Groups()).browser()
    for path in ("/groups", "/me/benchmark"):
        assert "imulated" in browser.get(path).text
        assert "imulated" not in Stage().browser().get(path).text


def test_a_group_of_peers_has_no_place_for_a_name():
    """What is published of a group holds numbers, and its own name."""
    fields = set(PeerGroup.__slots__)
    assert fields == {"kind", "name", "people", "median", "middle", "bins"}
