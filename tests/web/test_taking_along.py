"""The board as a file, and one's own figures as a picture, over HTTP."""

from __future__ import annotations

import json
import struct
from dataclasses import replace

import pytest

from mileage.domain.errors import Refused
from mileage.reports.exports import FORMS
from mileage.web import card_pages
from tests.web.stage import ADA, ROOT, WINDOW, FakeReports, Stage

HOUR = 3_600_000_000

CARD = "/me/card"
PICTURE = "/me/card/picture"


@pytest.mark.parametrize("form", FORMS)
def test_a_file_is_sent_to_be_kept(form):
    answer = Stage().browser().get(f"/board/file?format={form}&lens=cost")
    assert answer.status_code == 200
    disposition = answer.headers["content-disposition"]
    assert disposition == f'attachment; filename="board-cost-2025-11-30.{form}"'


def test_it_is_the_board_that_the_report_answers():
    stage = Stage()
    found = json.loads(stage.browser().get("/board/file?format=json").content)
    assert [row["account"] for row in found["rows"]] == ["acc-ada", "acc-bob"]
    assert found["about"]["made for"] == ADA.name
    assert stage.reports.asked[-1][:2] == ("board", ADA)
    # One of the exports of the day, which have a limit.
    assert stage.reports.asked[-1][1].through == "api"


def test_a_board_of_the_past_is_a_file_too():
    stage = Stage()
    answer = stage.browser().get("/board/file?as_of=2025-11-30T00:00:00Z")
    assert answer.status_code == 200
    assert 1_764_460_800_000_000 in stage.reports.asked[-1]
    assert stage.browser().get("/board/file?as_of=soon").status_code == 422


def test_csv_is_what_is_sent_when_nothing_is_said():
    answer = Stage().browser().get("/board/file")
    assert answer.headers["content-type"].startswith("text/csv")


def test_another_form_is_refused_in_words():
    answer = Stage().browser().get("/board/file?format=exe")
    assert answer.status_code == 422
    assert "csv, xlsx, parquet, json" in answer.text


def test_whoever_may_not_see_the_board_gets_no_file():
    stage = Stage(reports=FakeReports(broken=Refused("not for you")))
    assert stage.browser().get("/board/file").status_code == 403


def size(png):
    assert png.startswith(b"\x89PNG")
    return struct.unpack(">II", png[16:24])


def test_a_card_is_a_picture_of_the_usual_size():
    answer = Stage().browser().get(f"{PICTURE}?show=calls&show=cost&dark=yes")
    assert answer.headers["content-type"] == "image/png"
    assert size(answer.content) == (1200, 630)


def test_it_says_how_long_the_window_is_and_not_how_many_days_it_touches(monkeypatch):
    cards = []
    monkeypatch.setattr(
        card_pages, "drawn", lambda card, *_: cards.append(card) or "<svg/>"
    )
    monkeypatch.setattr(card_pages, "png", str.encode)
    begun = replace(WINDOW, start=WINDOW.start - HOUR, end=WINDOW.end - HOUR)
    stage = Stage()
    told = stage.reports.personal
    monkeypatch.setattr(
        stage.reports,
        "personal",
        lambda *who: replace(told(*who), window=begun, daily=told(*who).daily[:1] * 31),
    )
    stage.browser().get(PICTURE)
    (card,) = cards
    assert (card.days, len(card.daily)) == (30, 31)


def test_what_is_chosen_changes_the_picture():
    browser = Stage().browser()
    made = {
        browser.get(PICTURE + asked).content
        for asked in ("", "?show=calls", "?show=cost", "?dark=yes", "?name=Ada")
    }
    assert len(made) == 5


def test_it_is_ones_own_page_that_is_asked():
    stage = Stage()
    stage.browser().get(PICTURE)
    assert stage.reports.asked[-1] == ("personal", ADA, ADA.account_id)


def test_the_page_shows_the_picture_of_what_is_chosen():
    html = Stage().browser().get(f"{CARD}?show=cost&name=Ada+%3Cb%3E").text
    assert f'src="{PICTURE}?show=cost&amp;name=Ada+%3Cb%3E"' in html
    assert 'value="cost" checked' in html
    assert 'value="calls" checked' not in html
    assert "<b>" not in html.split("<main")[1]


def test_the_first_time_nothing_identifying_is_chosen():
    html = Stage().browser().get(CARD).text
    for field in ("cost", "models", "clients"):
        assert f'value="{field}" checked' not in html
    assert 'value="calls" checked' in html


@pytest.mark.parametrize("path", [CARD, PICTURE])
def test_the_operator_has_no_card(path):
    assert Stage().browser(ROOT).get(path).status_code == 404


def test_a_long_title_is_cut_and_what_cannot_be_read_left_out():
    html = Stage().browser().get(f"{CARD}?name={'x' * 90}%07").text
    assert f'value="{"x" * 40}"' in html
