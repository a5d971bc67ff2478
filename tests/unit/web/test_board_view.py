from __future__ import annotations

import re
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from mileage.access.pseudonyms import PREFIX
from mileage.domain.figures import Figures, Offered
from mileage.domain.people import Viewer
from mileage.domain.window import Window, micros, moment
from mileage.web import pages
from mileage.web.board_choices import lens_tabs
from mileage.web.board_query import BoardQuery
from mileage.web.board_view import (
    BoardRows,
    count_active,
    daily_series,
    is_own,
)
from tests.ranking import by_kind
from tests.web import fixtures

TABS = lens_tabs(fixtures.SNAPSHOT, fixtures.LENSES)
OFFERED = Offered(None, ("30d",), ("org",))
ME = Viewer(fixtures.ME, "me")
BELOW = Viewer(fixtures.BELOW, "below")


@pytest.fixture
def kept():
    return BoardRows(pages.templates)


def seen(kept, board, viewer, query=BoardQuery()):  # noqa: B008 (a value)
    opens = None if viewer.operator else board.opens
    return kept.view(replace(board, opens=opens), query, TABS, OFFERED, viewer)


def test_every_row_is_rendered_in_order(kept):
    view = seen(kept, fixtures.board("cost"), fixtures.OPERATOR)
    ranks = re.findall(r'title="why this rank">([\d,]+)</a>', view.rows)
    assert ranks == [str(n) for n in range(1, fixtures.TOP + 1)]


def test_a_row_under_another_name_leads_nowhere(kept):
    board = fixtures.board("cost")
    first, *rest = board.rows
    standing = replace(first.standing, account_id=f"{PREFIX}12ab", name="Calm Heron 1")
    rows = (replace(first, standing=standing), *rest)
    view = seen(kept, replace(board, rows=rows), fixtures.OPERATOR)
    assert "Calm Heron 1" in view.rows
    assert PREFIX not in view.rows
    assert view.rows.count('title="why this rank"') == fixtures.TOP - 1


def test_the_own_row_is_marked_once(kept):
    view = seen(kept, fixtures.board("tokens", fixtures.ME), ME)
    assert view.rows.count('id="you"') == 1
    assert view.pinned is None
    assert view.place == 18


def test_the_own_row_below_the_cut_is_pinned(kept):
    board = fixtures.board("tokens", fixtures.BELOW)
    view = seen(kept, board, BELOW)
    assert "you" not in view.rows
    assert view.place == board.own.rank > fixtures.TOP
    assert f">{view.place}<" in view.pinned


def test_one_viewer_never_sees_another_ones_mark(kept):
    seen(kept, fixtures.board("tokens", fixtures.ME), ME)
    for viewer in (BELOW, fixtures.OPERATOR, Viewer("acc-00003", "x")):
        view = seen(kept, fixtures.board("tokens", viewer.account_id), viewer)
        mine = f'/me">{fixtures.name_of("acc-00003")}<'
        assert (mine in view.rows) == (viewer.account_id == "acc-00003")
        assert view.rows.count('id="you"') == (viewer.account_id == "acc-00003")


def test_only_the_operator_gets_links_and_ids(kept):
    board = fixtures.board("tokens", fixtures.ME)
    assert "acc-" not in seen(kept, board, ME).rows
    assert seen(kept, board, fixtures.OPERATOR).rows.count("/people/acc-") == 250
    assert "acc-" not in seen(kept, board, ME).rows


def test_rows_are_prepared_once(kept, monkeypatch):
    first = seen(kept, fixtures.board("tokens"), fixtures.OPERATOR).rows
    monkeypatch.setattr(kept, "_renderer", lambda: None)
    assert seen(kept, fixtures.board("tokens"), fixtures.OPERATOR).rows == first


@pytest.mark.parametrize(
    "change",
    [
        lambda standing: replace(standing, name="Somebody Erased"),
        lambda standing: replace(standing, department="Somebody Erased"),
        lambda standing: replace(standing, name="Somebody Erased", figures=Figures(1)),
    ],
)
def test_a_prepared_row_is_never_older_than_its_standing(kept, change):
    seen(kept, fixtures.board("tokens"), fixtures.OPERATOR)
    first, *rest = fixtures.SNAPSHOT.standings
    changed = replace(fixtures.SNAPSHOT, standings=(change(first), *rest))
    board = fixtures.board("tokens", source=changed)
    rows = seen(kept, board, fixtures.OPERATOR).rows
    assert ("Somebody Erased" in rows) == any(
        "Somebody Erased" in (r.standing.name, r.standing.department)
        for r in board.rows
    )


def test_a_lens_that_repeats_the_total_has_no_column_of_its_own(kept):
    assert seen(kept, fixtures.board("tokens"), ME).repeated
    for lens in ("output", "cost", "weighted"):
        assert not seen(kept, fixtures.board(lens), ME).repeated


def test_a_service_is_called_one(kept):
    view = seen(kept, fixtures.board("tokens"), ME)
    services = [
        r for r in fixtures.board("tokens").rows if r.standing.kind == "service"
    ]
    assert services
    assert view.rows.count(">service</span>") == len(services)


def test_names_are_escaped(kept):
    first, *rest = fixtures.SNAPSHOT.standings
    odd = replace(first, name="<b>x", department="<b>y", models=("<b>z", "<b>w"))
    source = replace(fixtures.SNAPSHOT, standings=(odd, *rest))
    assert "<b>" not in seen(kept, fixtures.board("tokens", source=source), ME).rows


def test_active_people_are_counted_apart_from_services():
    active = count_active(by_kind(fixtures.SNAPSHOT.standings))
    services = [s for s in fixtures.SNAPSHOT.standings if s.kind == "service"]
    assert active.others == len(services) > 0
    assert active.people == len(fixtures.SNAPSHOT.standings) - len(services)


def test_who_used_nothing_is_not_active():
    idle = replace(fixtures.SNAPSHOT.standings[0], figures=Figures())
    assert count_active(by_kind([idle])) == (0, 0)


def test_the_operator_of_the_shell_has_no_row():
    nameless = replace(fixtures.SNAPSHOT.standings[0], account_id="")
    assert not is_own(nameless, fixtures.OPERATOR)


def test_days_cut_by_the_window_are_parts():
    series = daily_series(fixtures.SNAPSHOT)
    assert (series.first_is_part, series.last_is_part) == (True, True)
    zone = ZoneInfo(fixtures.ZONE)
    first = moment(fixtures.START, zone).replace(hour=0)
    last = moment(fixtures.END, zone).replace(hour=0)
    whole = replace(fixtures.SNAPSHOT, window=Window(micros(first), micros(last)))
    series = daily_series(whole)
    assert (series.first_is_part, series.last_is_part) == (False, False)
