"""The ingest page says what is near its limit; what was rejected is told by kind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mileage.domain.load import Load
from tests.web import fixtures, receiving
from tests.web.fixtures import FakeReports


def ingest(open_as, **changed):
    reports = FakeReports(ingest=replace(fixtures.INGEST, **changed))
    return open_as("/ingest", "operator", reports=reports).text


def test_an_idle_receiver_says_nothing_of_limits(open_as):
    html = ingest(open_as, load=receiving.IDLE)
    assert "Near its limits" not in html
    assert "Usage is refused" not in html
    assert "The ledger took something in 3.5 s ago" in html
    assert "the standings are 41 s old" in html


def test_what_is_near_a_limit_comes_with_what_to_do(open_as):
    html = ingest(open_as, load=receiving.BUSY)
    assert "Near its limits" in html
    assert "the queue of durable records that wait for the ledger is 73% full" in html
    assert "give the server a faster processor or disk" in html
    assert html.index("Near its limits") < html.index("Accepted")


def test_a_refusing_receiver_says_so_first(open_as):
    html = ingest(open_as, load=receiving.FAILING)
    assert "Usage is refused just now" in html
    assert html.index("refusing</span>") < html.index("the ledger takes nothing in")


def test_room_that_is_not_known_is_not_shown(open_as):
    html = ingest(open_as, load=Load())
    assert "Memory that bodies take" not in html
    assert "Disk of the data directory" not in html
    assert "The ledger took nothing in since the server started" in html


@pytest.mark.parametrize("path", ["/ingest/rejected", "/ingest/rejected?sort=latest"])
def test_kinds_are_shown_with_what_one_looked_like(open_as, path):
    html = open_as(path, "operator").text
    assert "1,204,344 records of 3 kinds" in html
    assert "version 2.1.200" in html
    assert "input_tokens: no scalar, model: text" in html
    assert "brought by collectors, which are nobody&#39;s" in html


def test_one_source_is_chosen_by_a_link(open_as):
    html = open_as("/ingest/rejected?source=codex_otlp", "operator").text
    assert "12 records of 1 kind" in html
    assert "input_tokens" not in html
    assert 'href="/ingest/rejected?source=codex_otlp&amp;sort=latest"' in html
    assert html.count('aria-current="page"') == 2


def test_a_source_without_rejections_says_so(open_as):
    html = open_as("/ingest/rejected?source=<b>", "operator").text
    assert "Nothing of &lt;b&gt; was rejected" in html
    assert "<b>" not in html.replace("<b>operator</b>", "")


def test_nothing_rejected_is_an_empty_page_that_explains_itself(open_as):
    reports = FakeReports(told=receiving.NOTHING)
    html = open_as("/ingest/rejected", "operator", reports=reports).text
    assert "Nothing was rejected" in html


def test_kinds_beyond_the_cut_are_counted(open_as):
    found = receiving.REJECTED.found._replace(kinds=900)
    many = replace(receiving.REJECTED, found=found)

    class Many(FakeReports):
        def rejected(self, viewer, source, sort):
            return many

    html = open_as("/ingest/rejected", "operator", reports=Many()).text
    assert "of 900 kinds: the first 3" in html


def test_an_unknown_order_is_refused(open_as):
    assert open_as("/ingest/rejected?sort=odd", "operator").status_code == 422


def test_it_is_the_operators(open_as):
    assert open_as("/ingest/rejected", "me").status_code == 403
    assert open_as("/ingest/rejected", "").status_code == 401


def test_hostile_words_stay_words(open_as):
    hostile = "<script>alert(1)</script>\"'"
    group = receiving.GROUPS[0]._replace(
        source=hostile, reason=hostile, client_version=hostile, place=hostile
    )
    found = receiving.REJECTED.found._replace(groups=(group,))
    told = replace(receiving.REJECTED, found=found, sources=((hostile, 1),))
    html = open_as("/ingest/rejected", "operator", reports=FakeReports(told=told)).text
    assert "<script" not in html
    assert "&lt;script&gt;" in html
