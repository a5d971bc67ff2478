"""The board of an organisation whose totals would tell of a few people."""

from __future__ import annotations

from mileage.reports.shown import without_totals
from tests.web.fixtures import FakeReports


def test_the_page_says_so_and_shows_the_rows(open_as):
    class Reports(FakeReports):
        def board(self, *asked, **more):
            return without_totals(super().board(*asked, **more))

    html = open_as("/", "me", Reports()).text
    assert "Totals of the organisation are not told now" in html
    assert "<dt>Cost at list price</dt>" not in html
    assert "Tokens per day</h2>" not in html
    assert "<tbody>" in html
    assert "Totals of the organisation are not told" not in open_as("/", "me").text
