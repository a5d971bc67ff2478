"""The pages of sources and of disagreements: whose they are, and what they say."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from mileage.domain.people import Account, Viewer
from mileage.domain.problems import Problem
from mileage.domain.window import SECOND
from mileage.web.hearing_view import (
    NAMES_SHOWN,
    ROWS_SHOWN,
    clock_words,
    disagreements_view,
    sources_view,
)
from tests.web import hearing
from tests.web.fixtures import COMPLETENESS, ME, FakeReports, name_of, personal

PEOPLE = tuple(
    Account(f"acc-{n:05}", "person", f"Person {n:03}", f"p{n}@example.test")
    for n in range(60)
)
OPERATOR = Viewer("", "operator", operator=True)
ME_VIEWER = Viewer("acc-00001", "Person 001")


def text_of(html: str) -> str:
    main = html[html.index("<main") : html.index("</main>")]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


def test_ones_own_page_names_nobody(open_as) -> None:
    answer = open_as("/sources")
    assert answer.status_code == 200
    text = text_of(answer.text)
    assert "no telemetry of codex since 2026-11-03" in text
    assert "run mileage setup codex and compare" in text
    assert "<code>mileage setup codex</code>" in answer.text
    assert name_of(ME) not in text
    assert "/people/" not in answer.text
    assert "10 min ahead" in text
    assert "in step" in text
    assert "mach_77aa01c3d4e5" in text


def test_the_operator_sees_whose_each_is_and_that_it_was_recorded(open_as) -> None:
    html = open_as("/sources", "operator").text
    assert "This read was recorded before it was shown." in html
    assert '<a href="/people/acc-00000">' in html
    assert 'type="search"' in html


def test_what_to_do_stands_before_what_is_worth_knowing(open_as) -> None:
    text = text_of(open_as("/sources").text)
    todo, notes = text.index("What to do"), text.index("Worth knowing")
    assert todo < text.index("switch on time synchronisation") < notes
    assert notes < text.index("on 2 days of the last 30")


def test_a_search_that_finds_nobody_says_so(open_as) -> None:
    html = open_as("/sources?q=no+such+person", "operator").text
    assert "no such person" in html
    assert "Show everybody" in html


class Asked(FakeReports):
    """Notes what is asked of it."""

    def sources(self, viewer, scope, wanted="", most=100, purpose=None):
        self.asked = (wanted, most)
        return super().sources(viewer, scope, wanted, most, purpose)


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("", ("", 100)),
        ("?q=", ("", 100)),
        ("?q=%20Ada%20%20L", ("Ada L", 20)),
        (f"?q={'x' * 101}y", ("x" * 100, 20)),
    ],
)
def test_fewer_are_looked_up_anew_than_stand_ready(query, asked, open_as) -> None:
    reports = Asked()
    assert open_as(f"/sources{query}", "operator", reports).status_code == 200
    assert reports.asked == asked


def test_a_person_cannot_search_others(open_as) -> None:
    assert open_as("/sources?scope=org").status_code == 403
    assert open_as("/disagreements?scope=org").status_code == 403
    assert 'type="search"' not in open_as("/sources?q=a").text


def test_nothing_heard_names_the_command(open_as) -> None:
    nothing = FakeReports(accounts=0)
    assert "mileage setup CLIENT" in open_as("/sources", "me", nothing).text
    text = text_of(open_as("/disagreements", "me", nothing).text)
    assert "No two sources disagree" in text


def test_both_values_of_a_call_stand_with_their_sources(open_as) -> None:
    html = open_as("/disagreements").text
    rows = re.findall(r"<tbody>.*?</tbody>", html, re.DOTALL)
    assert len(rows) == 4
    text = " ".join(re.sub(r"<[^>]+>", " ", rows[1]).split())
    assert "they differ in output" in text
    assert "claude_code_otlp 2.1.197" in text
    assert re.search(r"claude_code_log 2\.1\.197.*differs: ≠ 7 0 0$", text)
    inflated = " ".join(re.sub(r"<[^>]+>", " ", rows[0]).split())
    assert "claude_code_metrics 2.1.100 10 times too much" in inflated
    assert 'value="482110"' in rows[0]


def test_a_persons_disagreements_name_nobody(open_as) -> None:
    assert "/people/" not in open_as("/disagreements").text
    assert "/people/acc-00000" in open_as("/disagreements", "operator").text


@pytest.mark.parametrize("path", ["/sources", "/disagreements"])
def test_both_need_somebody(open_as, path) -> None:
    assert open_as(path, "").status_code == 303


@pytest.mark.parametrize("path", ["/sources", "/disagreements", "/", "/me"])
def test_every_page_says_what_it_rests_on(open_as, path) -> None:
    html = open_as(path).text
    footer = html[html.index("<footer>") :]
    assert "What these figures rest on" in footer
    assert "claude_code_otlp" in footer
    assert 'href="/sources"' in footer


def test_many_sources_are_cut_and_searched() -> None:
    page = hearing.sources_page(OPERATOR, PEOPLE, COMPLETENESS)
    view = sources_view(page)
    assert (len(view.lines), view.found, view.accounts) == (ROWS_SHOWN, 180, 60)
    names = [line.name for line in view.lines]
    assert names == sorted(names)
    found = sources_view(page, "person 002")
    assert {line.name for line in found.lines} == {"Person 002"}
    assert {each.name for line in found.todo for each in line.whose} == {"Person 002"}
    assert {line.name for line in sources_view(page, "P7@EXAMPLE").lines} == {
        "Person 007"
    }


def test_an_account_that_nobody_knows_shows_its_id() -> None:
    page = hearing.sources_page(OPERATOR, PEOPLE[:1], COMPLETENESS)
    stranger = hearing.covered("acc-x", "codex", "codex_otlp")
    view = sources_view(
        type(page)(page.whole, page.zone, (stranger,), (), {}, page.completeness)
    )
    assert (view.lines[0].name, view.lines[0].address) == ("acc-x", "/people/acc-x")


def test_problems_of_the_organisation_have_no_name() -> None:
    page = hearing.sources_page(ME_VIEWER, PEOPLE, COMPLETENESS)
    view = sources_view(page)
    assert {line.whose for line in view.todo} == {()}
    assert {line.address for line in view.lines} == {""}


def alike(people: int, *, counts=None, kind="telemetry-only", whole=True):
    """What a page says of as many people, all alike."""
    page = hearing.sources_page(OPERATOR, PEOPLE, COMPLETENESS)
    problems = tuple(
        Problem(kind, "note", one.account_id, "codex", "codex_otlp", "so", "do")
        for one in PEOPLE[:people]
    )
    return sources_view(
        replace(page, whole=whole, problems=problems, counts=counts or {})
    )


@pytest.mark.parametrize("people", [1, NAMES_SHOWN, NAMES_SHOWN + 1, 60])
def test_what_is_alike_is_said_once_of_several_people(people) -> None:
    (line,) = alike(people).notes
    assert len(line.whose) == min(people, NAMES_SHOWN)
    assert line.whose[0] == ("Person 000", "/people/acc-00000")
    assert line.accounts == alike(people).notes_count == people


def test_those_who_are_only_counted_are_among_the_others() -> None:
    view = alike(60, counts={"telemetry-only": 84_000, "stale": 7})
    assert [line.others for line in view.notes] == [84_000 - NAMES_SHOWN]
    assert view.notes_count == 84_000


def test_of_a_kind_that_is_said_in_two_ways_the_rest_is_counted_below() -> None:
    page = hearing.sources_page(OPERATOR, PEOPLE, COMPLETENESS)
    problems = tuple(
        Problem("stale", "todo", one.account_id, "codex", "codex_otlp", said, "do")
        for one, said in zip(PEOPLE, ("since Monday", "since Tuesday"), strict=False)
    )
    view = sources_view(replace(page, problems=problems, counts={"stale": 9}))
    assert [(line.accounts, line.others) for line in view.todo] == [(1, 0), (1, 0)]
    assert view.todo_count == 9


def test_nobody_is_named_on_ones_own_page() -> None:
    (line,) = alike(1, whole=False).notes
    assert (line.whose, line.accounts, line.others) == ((), 1, 0)


def test_the_page_names_some_and_counts_the_others(open_as) -> None:
    class Many(FakeReports):
        def sources(self, viewer, scope, wanted="", most=100, purpose=None):
            page = super().sources(viewer, scope, wanted, most, purpose)
            one = next(each for each in page.problems if each.severity == "note")
            problems = [replace(one, account=each) for each in page.people]
            counts = {one.kind: 84_000}
            return replace(page, problems=tuple(problems), counts=counts)

    html = open_as("/sources", "operator", Many()).text
    notes = html[html.index('id="notes"') : html.index('id="heard"')]
    assert notes.count("<li>") == 1
    assert notes.count('href="/people/') == NAMES_SHOWN
    assert f"and {84_000 - NAMES_SHOWN:,} more" in text_of(f"<main>{notes}</main>")
    assert "search for somebody" not in notes


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (None, ""),
        (0, "in step"),
        (120 * SECOND, "in step"),
        (-120 * SECOND, "in step"),
        (600 * SECOND, "10 min ahead"),
        (-600 * SECOND, "10 min behind"),
        (-(12 * 3600 + 1) * SECOND, ""),
    ],
)
def test_clocks_in_words(ahead, words) -> None:
    one = hearing.covered("a", "codex", "codex_otlp", clock_ahead=ahead)
    assert clock_words(one) == words


def test_only_what_differs_is_marked() -> None:
    page = hearing.disagreements_page(ME_VIEWER, PEOPLE, COMPLETENESS)
    first, second = disagreements_view(page)[:2]
    assert first.differs == ("Input", "Cache read", "Output")
    marked = [cell.differs for cell in first.lines[1].cells]
    assert marked == [True, True, True, False, True, False, False]
    assert not any(cell.differs for cell in first.lines[0].cells)
    assert [cell.differs for cell in second.lines[1].cells].count(True) == 1
    assert second.counted == tuple(second.one.tokens)


def test_unmeasured_calls_stand_beside_the_calls(open_as) -> None:
    page = personal(ME)
    total = page.total._replace(unmeasured_calls=3)
    html = open_as("/me", "me", FakeReports(page=replace(page, total=total))).text
    assert "3 unmeasured" in text_of(html)
    assert "unmeasured" not in text_of(open_as("/me").text)
