"""Marks in whole reports: the same each time, hardly off, in order, oneself exact."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.access.marks import UNMARKED_BELOW, Marker, Marks, unit_of
from mileage.domain.figures import BoardRow
from mileage.domain.shown import told_figures
from mileage.domain.sums import Figures
from mileage.domain.tokens import Tokens
from mileage.reports.shape import board_json, figures_json
from mileage.reports.shown import (
    in_order,
    marked,
    marked_board,
    marked_page,
    marked_usage,
    shown_figures,
    shown_json,
)
from tests.web import fixtures

KEYS = st.binary(min_size=32, max_size=32)
VIEWERS = st.text(min_size=1, max_size=12)
COUNTS = st.one_of(st.integers(0, 20_000), st.integers(0, 10**13))
FIGURES = st.builds(
    Figures,
    COUNTS,
    st.builds(Tokens, *[COUNTS] * 7),
    st.none() | COUNTS,
    COUNTS,
    COUNTS,
)


def near(shown: int, exact: int) -> bool:
    return abs(shown - exact) * 1000 < max(exact, 1)


@given(KEYS, VIEWERS, FIGURES)
def test_figures_are_marked_the_same_each_time(key, viewer, figures) -> None:
    first, again = Marker(Marks(key), viewer), Marker(Marks(key), viewer)
    assert shown_json(figures, first) == shown_json(figures, again)
    assert marked(figures, first) == marked(figures, again)


@given(KEYS, VIEWERS, FIGURES)
def test_no_figure_of_a_row_is_off_by_a_thousandth(key, viewer, figures) -> None:
    shown = shown_figures(figures, Marker(Marks(key), viewer))
    for one in told_figures(figures):
        assert near(shown[one.name], one.value)
        if one.value < UNMARKED_BELOW:
            assert shown[one.name] == one.value


@given(KEYS, VIEWERS, FIGURES)
def test_a_sum_of_marked_parts_is_hardly_off_either(key, viewer, figures) -> None:
    marked_figures = marked(figures, Marker(Marks(key), viewer))
    assert near(marked_figures.tokens.total, figures.tokens.total)
    assert (marked_figures.cost is None) is (figures.cost is None)


@given(KEYS, VIEWERS, FIGURES)
def test_json_with_marks_has_the_same_keys_and_types(key, viewer, figures) -> None:
    exact = figures_json(figures)
    shown = shown_json(figures, Marker(Marks(key), viewer))
    assert list(shown) == list(exact)
    assert [type(one) for one in shown.values()] == [
        type(one) for one in exact.values()
    ]


@given(KEYS, VIEWERS, FIGURES)
def test_usage_of_oneself_is_exact_and_of_others_marked(key, viewer, figures) -> None:
    marker = Marker(Marks(key), viewer)
    own = {"account": viewer, **figures_json(figures)}
    assert marked_usage(own, marker) == own
    other = {**own, "account": viewer + "2"}
    shown = marked_usage(other, marker)
    assert shown["account"] == viewer + "2"
    for name, value in other.items():
        if isinstance(value, int):
            assert near(shown[name], value)
    if other["cost_usd"] is not None:
        micro = int(shown["cost_usd"].replace(".", ""))
        assert near(micro, figures.cost)


@given(KEYS, VIEWERS, st.lists(COUNTS, min_size=2, max_size=30))
def test_ranks_hold_in_every_column(key, viewer, amounts) -> None:
    """Whoever has more of anything is never shown with less of it."""
    marker = Marker(Marks(key), viewer)
    for name in ("output", "cache_read"):
        rows = [
            shown_figures(Figures(1, Tokens(**{name: amount, "input": 1})), marker)
            for amount in sorted(amounts)
        ]
        assert all(one["tokens"] <= other["tokens"] for one, other in pairwise(rows))


@given(KEYS, VIEWERS, st.integers(4, 14), st.integers(1, 8))
def test_powers_of_ten_are_shown_as_they_are(key, viewer, power, digit) -> None:
    value = digit * 10**power
    assert Marker(Marks(key), viewer).shown(value) == value


@given(KEYS, VIEWERS)
def test_the_largest_digits_round_up_to_the_next_power(key, viewer) -> None:
    for power in range(5, 14):
        shown = Marker(Marks(key), viewer).shown(10**power - 1)
        assert shown in {10**power - 10 ** (power - 4), 10**power}


@pytest.mark.parametrize("value", [9_999, 10_000, 10_001, 10_009, 10_010, 99_999])
def test_marks_begin_above_four_digits(value: int) -> None:
    cell = Marks(b"k" * 32).cell(value)
    assert (cell is None) is (value % unit_of(value) == 0)
    if cell is not None:
        assert cell.low < value < cell.high == cell.low + 10


def board(viewer: str, key: bytes = b"k" * 32):
    return marked_board(fixtures.board("tokens", viewer), Marker(Marks(key), viewer))


@pytest.mark.parametrize("viewer", ["acc-00000", fixtures.ME, fixtures.BELOW])
def test_on_a_board_everybody_but_oneself_is_marked(viewer: str) -> None:
    """The first, one in the middle, and one who stands below the last row."""
    exact = {one.account_id: one for one in fixtures.SNAPSHOT.standings}
    told = board_json(board(viewer))
    for row in (*told["rows"], told["own"]):
        if row is not None:
            tokens = exact[row["account"]].figures.tokens.total
            assert (row["tokens"] == tokens) is (row["account"] == viewer)
            assert near(row["tokens"], tokens)


def test_another_key_marks_otherwise_and_ranks_alike() -> None:
    first, other = (
        board_json(board(fixtures.ME, key))["rows"] for key in (b"k" * 32, b"j" * 32)
    )
    assert [row["rank"] for row in first] == [row["rank"] for row in other]
    assert [row["tokens"] for row in first] != [row["tokens"] for row in other]


@given(KEYS, VIEWERS, st.lists(st.integers(1, 4), min_size=1, max_size=12))
def test_rows_change_places_within_their_rank_only(key, viewer, ranks) -> None:
    plain = fixtures.board("tokens")
    rows = tuple(
        BoardRow(rank, row.value, row.standing)
        for rank, row in zip(sorted(ranks), plain.rows, strict=False)
    )
    marker = Marker(Marks(key), viewer)
    seen = in_order(marked_board(replace(plain, rows=rows), marker))
    assert [row.rank for row in seen] == sorted(ranks)
    assert sorted(row.standing.account_id for row in seen) == [
        row.standing.account_id for row in rows
    ]
    assert in_order(marked_board(replace(plain, rows=rows), marker)) == seen


@given(KEYS)
def test_a_page_that_is_marked_keeps_everything_but_figures(key: bytes) -> None:
    exact = fixtures.personal()
    assert marked_page(exact, None) is exact
    page = marked_page(exact, Marker(Marks(key), "somebody"))
    assert near(page.total.tokens.total, exact.total.tokens.total)
    for name in ("account_id", "name", "window", "rank", "ranked", "completeness"):
        assert getattr(page, name) == getattr(exact, name)
    assert [one.name for one in page.by_model] == [one.name for one in exact.by_model]
    assert [len(day) for day in page.hours] == [24] * len(exact.hours)
