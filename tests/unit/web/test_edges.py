"""Numbers, markup, views, files and askers where one step changes the answer."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from starlette.requests import Request

from mileage.domain.figures import Offered
from mileage.domain.people import Viewer
from mileage.domain.sums import Figures, Share
from mileage.domain.tokens import Tokens
from mileage.domain.window import Window
from mileage.web import asking, assets, markup, numbers, pages
from mileage.web.asking import Asker
from mileage.web.board_choices import lens_tabs
from mileage.web.board_query import BoardQuery
from mileage.web.board_view import BoardRows, count_active, is_own
from mileage.web.personal_view import (
    BANDS,
    CLASSES,
    class_slices,
    personal_view,
    top_band,
    with_rest,
)
from tests.ranking import by_kind
from tests.web import fixtures

TABS = lens_tabs(fixtures.SNAPSHOT, fixtures.LENSES)
OFFERED = Offered(None, ("30d",), ("org",))
FIRST, SECOND, THIRD = fixtures.SNAPSHOT.standings[:3]
SMALL = replace(
    fixtures.SNAPSHOT, standings=(FIRST, SECOND, THIRD), active={"person": 3}
)
MIDNIGHT = 1_761_955_200 * 1_000_000  # 2025-11-01T00:00:00Z


def seen(kept, board, viewer):
    opens = None if viewer.operator else frozenset()
    given = (BoardQuery(), TABS, OFFERED, viewer)
    return kept.view(replace(board, opens=opens), *given)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (9_994, "9.99K"),
        (9_995, "10K"),
        (99_949, "99.9K"),
        (99_950, "100K"),
        (1_100, "1.1K"),
        (100_000, "100K"),
        (999_499_999, "999M"),
        (999_500_000, "1B"),
        (999_500_000_000, "1T"),
    ],
)
def test_counts_where_a_digit_goes(count, text):
    assert numbers.compact(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0 s"),
        (9.94, "9.9 s"),
        (10, "10 s"),
        (59.6, "1 min"),
        (60, "1 min"),
        (3_599.6, "1 h"),
        (3_601, "1 h 1 s"),
        (86_399.4, "23 h 59 min"),
        (90_061, "1 d 1 h"),
        (86_460, "1 d 1 min"),
    ],
)
def test_durations_at_the_change_of_a_unit(seconds, text):
    assert numbers.duration(seconds) == text


@pytest.mark.parametrize("seconds", [1, 59, 60, 3_600, 43_200])
def test_only_the_first_second_begins_a_day(seconds):
    assert numbers.on_midnight(MIDNIGHT, "UTC")
    assert not numbers.on_midnight(MIDNIGHT + seconds * 1_000_000, "UTC")


@pytest.mark.parametrize(
    ("micros", "machine", "person"),
    [
        (0, "0.000000", "$0.000000"),
        (999_999, "0.999999", "$0.999999"),
        (1_000_001, "1.000001", "$1.000001"),
        (1_234_567_000_000, "1234567.000000", "$1,234,567.000000"),
    ],
)
def test_money_to_the_micro_dollar(micros, machine, person):
    assert numbers.usd(micros) == machine
    assert numbers.money_exact(micros) == person
    assert f'value="{machine}" title="{person}"' in markup.usd(micros)


def test_reasons_are_the_ones_that_were_given():
    assert 'title="because"' in markup.usd(None, "because")
    assert 'title="because"' in markup.share(None, "because")
    assert markup.share(0.0) == "0.0%"
    assert markup.instant(0, "Asia/Kolkata").endswith(">1 Jan 1970, 05:30</time>")


@pytest.mark.parametrize(
    ("figures", "price"),
    [
        (Figures(1, Tokens(input=3), 10), 3_333_333),
        (Figures(1, Tokens(input=1_000_000), 0), 0),
        (Figures(1, Tokens(), 10), None),
        (Figures(2, Tokens(input=1), 10, 1), None),
    ],
)
def test_the_price_of_a_million(figures, price):
    assert markup.per_million(figures) == price


@pytest.mark.parametrize("band", BANDS)
def test_each_band_ends_where_it_says(band):
    assert top_band(band * 10, 1000) == band
    above = next((one for one in BANDS if one > band), None)
    assert top_band(band * 10 + 1, 1000) == above


def test_classes_stand_in_their_order_with_their_colours():
    found = class_slices(Tokens(1, 2, 3, 4, 5, 6, 7))
    assert [(one.amount, one.tone) for one in found] == [
        (2, 1),
        (3, 2),
        (4, 2),
        (1, 3),
        (7, 3),
        (5, 4),
        (6, 5),
    ]
    assert len({title for _, title, _ in CLASSES}) == len(CLASSES)


@pytest.mark.parametrize(
    ("shown", "total", "rest"),
    [
        (1, 5, 4),
        (None, 5, 5),
        (5, 5, 0),
        (None, None, None),
    ],
)
def test_what_the_rest_costs(shown, total, rest):
    lines = (Share("a", Figures(1, Tokens(1), shown, int(shown is None))),)
    found = with_rest(lines, Figures(3, Tokens(9), total, 2))
    assert (found.calls, found.tokens, found.cost) == (2, Tokens(8), rest)
    assert found.unpriced_calls == 2 - int(shown is None)


@pytest.mark.parametrize(
    ("start", "end", "parts"),
    [(0, 0, (False, False)), (1, 0, (True, False)), (0, 1, (False, True))],
)
def test_days_of_my_page_that_are_parts(start, end, parts):
    hour = 3_600 * 1_000_000
    window = Window(MIDNIGHT + start * hour, MIDNIGHT + 30 * 24 * hour + end * hour)
    series = personal_view(
        replace(fixtures.personal(), window=window, zone="UTC")
    ).daily
    assert (series.first_is_part, series.last_is_part) == parts


@pytest.mark.parametrize(
    ("kinds", "counted"),
    [
        ((), (0, 0)),
        (("person",), (1, 0)),
        (("contractor", "service"), (1, 1)),
        (("unclaimed", "service"), (0, 2)),
    ],
)
def test_people_and_others(kinds, counted):
    rows = [replace(FIRST, kind=kind) for kind in kinds]
    assert count_active(by_kind(rows)) == counted


@pytest.mark.parametrize(
    ("viewer", "own"),
    [
        (Viewer(FIRST.account_id, "x"), True),
        (Viewer(FIRST.account_id, "x", operator=True), True),
        (Viewer(SECOND.account_id, FIRST.name), False),
        (Viewer("", FIRST.name, operator=True), False),
    ],
)
def test_whose_row_it_is(viewer, own):
    assert is_own(FIRST, viewer) is own


def test_a_board_of_another_window_is_counted_anew():
    kept = BoardRows(pages.templates)
    viewer = Viewer("", "operator", operator=True)
    smaller = replace(SMALL, standings=(FIRST,), active={"person": 1})
    found = [
        seen(kept, fixtures.board(source=source), viewer).active.people
        for source in (SMALL, smaller, SMALL)
    ]
    assert found == [3, 1, 3]


def test_an_operator_with_an_account_has_links_and_a_row():
    kept = BoardRows(pages.templates)
    viewer = Viewer(FIRST.account_id, FIRST.name, operator=True)
    view = seen(kept, fixtures.board(viewer=FIRST.account_id, source=SMALL), viewer)
    assert view.place == 1
    assert view.rows.count('href="/me"') == 1
    assert view.rows.count('href="/people/') == 2


@pytest.mark.parametrize("lens", ["tokens", "cost"])
def test_the_tab_is_the_one_of_the_board(lens):
    board = fixtures.board(lens, source=SMALL)
    view = seen(BoardRows(pages.templates), board, Viewer("", "x"))
    assert view.tab.name == lens
    assert view.pinned is None
    assert view.place is None


def test_a_version_is_the_beginning_of_the_hash(tmp_path):
    (tmp_path / "a.css").write_bytes(b"a{}")
    (tmp_path / "c.css").mkdir()
    (found,) = assets.load(tmp_path).values()
    assert found.version == hashlib.sha256(b"a{}").hexdigest()[:8]
    assert (found.body, found.media_type) == (b"a{}", "text/css; charset=utf-8")


@pytest.mark.parametrize("name", sorted(assets.ASSETS))
def test_every_file_has_an_address_with_its_version(name):
    asset = assets.ASSETS[name]
    assert assets.address(name) == f"/static/{name}?v={asset.version}"
    assert asset.body


def test_an_asker_is_nobody_until_the_guard_says_so():
    nobody = Asker()
    assert (nobody.viewer, nobody.session, nobody.form_token) == (None, "", "")
    assert (nobody.form_secret, dict(nobody.form)) == ("", {})
    told = Asker(Viewer("a", "Ada"), "s", "t", "u", {"key": "k"})
    scope = {"type": "http", "headers": [], "path": "/", "state": {"asker": told}}
    assert asking.asker(Request(scope)) is told
    assert asking.form_token(Request(scope)) == "t"
