from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest

from mileage.domain.tokens import Tokens
from tests.web import fixtures
from tests.web.fixtures import FakeReports


def test_my_page_is_mine(open_as):
    html = open_as("/me").text
    assert f"<h1>{fixtures.name_of(fixtures.ME)}</h1>" in html
    assert "my page" in html
    assert "This read was recorded" not in html


@pytest.mark.parametrize(
    "heading",
    [
        "Tokens per day",
        "Hours of the day",
        "Token classes",
        "Models",
        "Clients",
        "Sessions",
        "Activity",
        "Attended or not",
        "What was doubtful",
        "What these figures rest on",
    ],
)
def test_my_page_has_every_part(open_as, heading):
    assert heading in open_as("/me").text


def test_my_page_shows_every_class_exactly(open_as):
    html = open_as("/me").text
    for amount in fixtures.personal().total.tokens:
        assert f'value="{amount}"' in html


def test_my_page_shows_every_line_of_every_breakdown(open_as):
    me = fixtures.personal()
    html = unescape(open_as("/me").text)
    for line in (*me.by_client, *me.by_model, *me.by_session, *me.daily):
        assert line.name in html
        assert line.note in html
        assert f"{line.figures.tokens.total:,}" in html


def test_sessions_beyond_the_list_are_summed_up(open_as):
    html = open_as("/me").text
    assert "the largest 12 of 742" in html
    assert html.count("all others") == 1


def test_the_place_is_a_band_with_the_rank_beside(open_as):
    html = open_as("/me").text
    assert "top 1%" in html
    assert "rank 18 of 85,000" in html


@pytest.mark.parametrize(
    ("rank", "ranked", "shown"),
    [(115, 121, ("115", "121")), (47_812, 81_602, ("47,812", "81,602"))],
)
def test_below_the_middle_the_rank_stands_for_itself_exactly(
    rank, ranked, shown, open_as
):
    page = replace(fixtures.personal(), rank=rank, ranked=ranked)
    html = open_as("/me", reports=FakeReports(page=page)).text
    place, of = shown
    assert f'<dd class="figure">{place}</dd><dd class="beside">of {of}</dd>' in html
    assert "top 1" not in html


def test_how_many_people_a_source_tells_of_is_exact(open_as):
    completeness = fixtures.personal().completeness
    source = replace(completeness.sources[0], active_days=None, accounts=84_321)
    page = replace(
        fixtures.personal(), completeness=replace(completeness, sources=(source,))
    )
    html = open_as("/me", reports=FakeReports(page=page)).text
    assert "of 84,321 accounts" in html


def test_sessions_that_nobody_knows_are_no_empty_table(open_as):
    page = replace(fixtures.personal(), by_session=())
    html = open_as("/me", reports=FakeReports(page=page)).text
    assert "742 sessions were counted; none of them is known one by one." in html
    assert "all others" not in html


def test_without_a_rank_it_says_so(open_as):
    page = replace(fixtures.personal(), rank=None)
    assert "no rank there" in open_as("/me", reports=FakeReports(page=page)).text


def test_the_chart_and_the_heat_map_have_their_tables(open_as):
    html = open_as("/me").text
    assert html.count("Show as a table") == 2
    hours = html[html.index('<table class="hours">') :]
    hours = hours[: hours.index("</table>")]
    assert hours.count("<tr>") == 1 + len(fixtures.DAYS)
    assert hours.count("<td") == 24 * len(fixtures.DAYS)


def test_activity_is_named(open_as):
    html = open_as("/me").text
    assert "Prompts written" in html
    assert "2 d 7 h" in html
    assert "Lines added" in html


def test_an_unknown_kind_of_activity_is_shown_as_it_is(open_as):
    page = fixtures.personal()
    odd = replace(page.activity[0], kind="somersault")
    html = open_as("/me", reports=FakeReports(page=replace(page, activity=(odd,)))).text
    assert "somersault" in html


def test_no_activity_is_said(open_as):
    page = replace(fixtures.personal(), activity=())
    html = open_as("/me", reports=FakeReports(page=page)).text
    assert "No source has reported prompts" in html


def test_attended_and_not_and_unsaid_add_up(open_as):
    html = open_as("/me").text
    assert "79.6% attended" in html.replace("</span>", "")
    me = fixtures.personal()
    unsaid = me.total.calls - me.attended_calls - me.unattended_calls
    assert f'value="{unsaid}"' in html


def test_differing_witnesses_are_told(open_as):
    assert "<strong>37</strong> calls two sources disagree" in open_as("/me").text
    page = replace(fixtures.personal(), differing_calls=0)
    html = open_as("/me", reports=FakeReports(page=page)).text
    assert "No two sources disagree" in html


def test_what_was_rejected_is_shown_with_its_reason(open_as):
    html = open_as("/me").text
    for line in fixtures.personal().rejected:
        assert line.reason in html
        assert line.sample_place in html
    page = replace(fixtures.personal(), rejected=())
    assert "was rejected." in open_as("/me", reports=FakeReports(page=page)).text


def test_without_cache_reads_there_is_one_bar(open_as):
    page = fixtures.personal()
    assert open_as("/me").text.count('class="stack"') == 2
    bare = replace(page, total=page.total._replace(tokens=Tokens(input=5, output=1)))
    html = open_as("/me", reports=FakeReports(page=bare)).text
    assert html.count('class="stack"') == 1


def test_an_empty_page_names_the_command_that_fills_it(open_as):
    reports = FakeReports(page=fixtures.empty_personal(), simulated=False)
    html = open_as("/me", reports=reports).text
    assert "mileage collect --data DIR" in html
    assert ">example<" in html
    assert "Complete up to" in html


def test_an_empty_page_still_shows_what_was_rejected(open_as):
    page = replace(fixtures.empty_personal(), rejected=fixtures.personal().rejected)
    html = open_as("/me", reports=FakeReports(page=page)).text
    assert "a count above 10^12" in html


def test_the_operator_opens_somebody_and_is_told_that_it_is_recorded(open_as):
    reports = FakeReports()
    html = open_as("/people/acc-00003", "operator", reports).text
    assert fixtures.name_of("acc-00003") in html
    assert "This read was recorded before it was shown." in html
    assert reports.asked == [("operator", "acc-00003")]


def test_nobody_else_opens_somebody(open_as):
    reports = FakeReports()
    answer = open_as("/people/acc-00003", "me", reports)
    assert answer.status_code == 403
    assert fixtures.name_of("acc-00003") not in answer.text
    assert reports.asked == []


def test_ones_own_address_leads_to_my_page(open_as):
    answer = open_as(f"/people/{fixtures.ME}", "me")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/me"


def test_nobody_is_not_there(open_as):
    assert open_as("/people/acc-99999", "operator").status_code == 404


def test_names_cannot_become_markup(open_as):
    page = fixtures.personal()
    odd = replace(
        page,
        name="<b>me",
        by_session=(page.by_session[0]._replace(name="<b>s", note="<b>n"),),
        by_model=(page.by_model[0]._replace(name="<b>m"),),
        rejected=(replace(page.rejected[0], reason="<b>r", sample_place="<b>p"),),
    )
    assert "<b>m" not in open_as("/me", reports=FakeReports(page=odd)).text
    assert "<b>s" not in open_as("/me", reports=FakeReports(page=odd)).text


def test_the_operator_chooses_whose_page_to_open(open_as):
    html = open_as("/me", "operator").text
    assert "<h1>People</h1>" in html
    assert html.count('href="/people/acc-') == 100
    assert html.count("1 to 100 of 290, page 1 of 3") == 2
    assert html.count('<a href="/me?page=2" rel="next">') == 2


def test_all_people_are_reached_by_leafing(open_as):
    address, seen = "/people", []
    while address:
        html = open_as(address, "operator").text
        seen += re.findall(r'href="/people/(acc-\d+)"', html)
        onward = re.search(r'href="([^"]+)" rel="next"', html)
        address = onward and onward[1].replace("&amp;", "&")
    assert len(seen) == len(set(seen)) == 290
    assert "201 to 290 of 290, page 3 of 3" in html
    assert html.count('<a href="/people?page=2" rel="prev">Previous</a>') == 2


def test_leafing_keeps_what_is_looked_for(open_as):
    html = open_as("/people?q=ACC-000%20example", "operator").text
    assert '<p class="muted">100 of 290</p>' in html
    html = open_as("/people?q=%20acc-0%20%20ex", "operator").text
    assert '<a href="/people?q=acc-0+ex&amp;page=2" rel="next">' in html
    assert '<a href="/people?q=acc-0+ex&amp;page=3">Last</a>' in html


@pytest.mark.parametrize("number", ["0", "-1", "x", "1.5", "10000000", "²"])
def test_a_page_that_is_none_says_what_to_write(number, open_as):
    answer = open_as(f"/people?page={number}", "operator")
    assert answer.status_code == 422
    assert "a whole number, 1 for the first" in answer.text


def test_people_are_found_by_every_word(open_as):
    html = open_as("/people?q=acc-00017@", "operator").text
    assert html.count('href="/people/acc-') == 1
    assert "1 of 290" in html
    name = fixtures.name_of(fixtures.ME)
    html = open_as(f"/me?q={name.upper()}", "operator").text
    assert f'href="/people/{fixtures.ME}"' in html
    assert html.count('href="/people/acc-') < 20


def test_nobody_found_leads_back_to_everybody(open_as):
    html = open_as("/people?q=<b>nobody", "operator").text
    assert "&lt;b&gt;nobody" in html
    assert 'href="/people">Show everybody' in html


def test_no_people_names_the_command_that_brings_them(open_as):
    html = open_as("/people", "operator", FakeReports(accounts=0)).text
    assert "mileage people import people.csv --data DIR" in html


def test_the_list_of_people_is_the_operators(open_as):
    answer = open_as("/people", "me")
    assert answer.status_code == 403
    assert "example.test" not in answer.text
