from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.figures import Figures, Share
from mileage.domain.tokens import TOKEN_CLASSES, Tokens
from mileage.domain.witness import ACTIVITY_KINDS
from mileage.web.personal_view import (
    ACTIVITY_NAMES,
    CLASSES,
    class_slices,
    personal_view,
    top_band,
    with_rest,
)
from tests.web import fixtures


def test_every_class_of_tokens_is_shown_once():
    assert sorted(name for name, _, _ in CLASSES) == sorted(TOKEN_CLASSES)


def test_the_bar_adds_up_to_the_total():
    tokens = Tokens(1, 2, 4, 8, 16, 32, 64)
    slices = class_slices(tokens)
    assert sum(piece.amount for piece in slices) == tokens.total
    assert slices[0].name == "Cache read"
    assert slices[0].amount == 2


def test_every_kind_of_activity_has_a_name():
    assert set(ACTIVITY_NAMES) == set(ACTIVITY_KINDS)


@pytest.mark.parametrize(
    ("rank", "ranked", "band"),
    [
        (1, 100, 1),
        (2, 100, 2),
        (7, 100, 10),
        (11, 100, 15),
        (50, 100, 50),
        (51, 100, None),
        (100, 100, None),
        (1, 3, 40),
        (850, 85_000, 1),
        (851, 85_000, 2),
    ],
)
def test_bands(rank, ranked, band):
    assert top_band(rank, ranked) == band


def test_without_a_rank_there_is_no_band():
    assert top_band(None, 100) is None
    assert top_band(1, 0) is None


@given(st.data(), st.integers(1, 10**6))
def test_a_band_never_flatters(data, ranked):
    rank = data.draw(st.integers(1, ranked))
    band = top_band(rank, ranked)
    assert (band is None) == (rank * 2 > ranked)
    assert band is None or rank / ranked <= band / 100


def test_attended_is_unknown_when_no_source_says_so():
    silent = replace(fixtures.personal(), attended_calls=0, unattended_calls=0)
    assert personal_view(silent).attended is None
    told = replace(fixtures.personal(), attended_calls=3, unattended_calls=1)
    assert personal_view(told).attended == 0.75


def test_the_series_is_the_daily_total():
    me = fixtures.personal()
    view = personal_view(me)
    assert sum(view.daily.values) == me.total.tokens.total
    assert list(view.daily.days) == list(fixtures.DAYS)


FIGURES = st.builds(
    Figures,
    st.integers(1, 10**6),
    st.builds(Tokens, *[st.integers(0, 10**12)] * 7),
    st.integers(0, 10**12),
    st.integers(0, 10**3),
)


@given(st.lists(FIGURES, max_size=4), FIGURES)
def test_what_a_cut_list_leaves_out_completes_the_total(shown, left):
    lines = tuple(Share(str(i), figures) for i, figures in enumerate(shown))
    total = left
    for figures in shown:
        total = total.plus(figures)
    assert with_rest(lines, total) == left


def test_a_whole_list_leaves_nothing_out():
    figures = Figures(3, Tokens(1), 5)
    assert with_rest((Share("a", figures),), figures) is None


def test_what_is_left_out_may_have_no_price():
    rest = with_rest((), Figures(2, Tokens(1), None, 2))
    assert rest.cost is None
    assert rest.unpriced_calls == 2
