"""What reports show of others is marked; sums and pages included; oneself is exact."""

from __future__ import annotations

from dataclasses import replace

from mileage.access.marks import Marker, Marks, unit_of
from mileage.domain.shown import cache_millionths, told_figures
from mileage.domain.sums import Figures
from mileage.domain.tokens import Tokens
from mileage.reports.shape import board_json, figures_json
from mileage.reports.shown import (
    in_order,
    marked,
    marked_board,
    marked_page,
    marked_usage,
    others,
    shown_json,
    tied,
)
from tests.web import fixtures

MARKS = Marks(b"k" * 32)
ADA = Marker(MARKS, fixtures.ME)
FIGURES = fixtures.SNAPSHOT.standings[0].figures


def close(shown, exact):
    return abs(shown - exact) < unit_of(exact)


def test_every_figure_of_a_row_is_told_once():
    names = [one.name for one in told_figures(FIGURES)]
    assert len(names) == len(set(names))
    assert {"tokens", "written", "cost", "cache_share"} <= set(names)
    assert set(Tokens._fields) <= set(names)


def test_a_part_that_is_the_whole_is_shown_like_it():
    alone = Figures(3, Tokens(output=123_456_789), None, 0, 0)
    told = {one.name: one for one in told_figures(alone)}
    assert told["output"].part is told["written"].part is told["tokens"].part is False
    assert "cost" not in told
    shown = shown_json(alone, ADA)
    assert shown["output"] == shown["tokens"]
    assert shown["cost_usd"] is None


def test_marked_json_has_the_keys_of_all_figures():
    shown, exact = shown_json(FIGURES, ADA), figures_json(FIGURES)
    assert list(shown) == list(exact)
    for name, value in exact.items():
        if isinstance(value, int):
            assert close(shown[name], value)
    assert shown["cost_usd"] != exact["cost_usd"]
    assert abs(float(shown["cost_usd"]) / float(exact["cost_usd"]) - 1) < 0.001


def test_marking_figures_keeps_what_is_unknown():
    figures = FIGURES._replace(cost=None, unpriced_calls=7)
    assert marked(figures, ADA).cost is None
    assert marked(figures, ADA).unpriced_calls == 7
    assert abs(marked(FIGURES, ADA).tokens.total / FIGURES.tokens.total - 1) < 0.001


def test_a_board_marks_everybody_but_its_viewer():
    exact = fixtures.board("cost", fixtures.ME)
    told = board_json(marked_board(exact, ADA))
    plain = board_json(exact)
    for shown, row in zip(told["rows"], plain["rows"], strict=True):
        if row["account"] == fixtures.ME:
            assert shown == row
        else:
            assert shown["account"] == row["account"]
            assert shown["rank"] == row["rank"]
            assert shown["tokens"] != row["tokens"]
            assert len(str(shown["tokens"]).rstrip("0")) <= 4
    assert told["total"]["tokens"] != plain["total"]["tokens"]


def test_the_pinned_row_is_exact():
    board = marked_board(
        fixtures.board("tokens", fixtures.BELOW), Marker(MARKS, fixtures.BELOW)
    )
    assert others(board.own, board) is None
    assert board_json(board)["own"]["tokens"] == board.own.standing.figures.tokens.total


def test_total_and_days_are_marked_so_that_no_difference_tells():
    board = marked_board(fixtures.board("tokens"), ADA)
    exact = fixtures.SNAPSHOT
    assert board.snapshot.total != exact.total
    assert board.snapshot.daily != exact.daily
    for shown, value in zip(board.snapshot.daily, exact.daily, strict=True):
        assert close(shown, value)
    assert board.snapshot.standings is exact.standings


def test_operators_have_exact_boards():
    board = fixtures.board("tokens")
    assert board.shows is None
    assert others(board.rows[0], board) is None
    assert in_order(board) is board.rows


def tied_board():
    rows = fixtures.board("tokens").rows[:6]
    ranks = (1, 1, 1, 4, 5, 5)
    same = tuple(replace(row, rank=rank) for row, rank in zip(rows, ranks, strict=True))
    return replace(fixtures.board("tokens"), rows=same)


def test_neighbours_of_equal_rank_change_places_for_some():
    assert [place for place, _ in tied(tied_board().rows, MARKS)] == [0, 4]
    orders = {
        tuple(
            row.standing.account_id
            for row in in_order(marked_board(tied_board(), Marker(MARKS, f"acc-x{n}")))
        )
        for n in range(40)
    }
    assert len(orders) == 4
    for order in orders:
        assert sorted(order[:2]) == ["acc-00000", "acc-00001"]
        assert order[2:4] == ("acc-00002", "acc-00003")


def test_somebody_elses_page_is_marked_in_every_figure():
    page = replace(fixtures.personal(), attended_calls=441_234)
    shown = marked_page(page, ADA)
    assert shown.total != page.total
    assert shown.name == page.name
    assert shown.rank == page.rank
    for before, after in (
        (page.daily, shown.daily),
        (page.by_client, shown.by_client),
        (page.by_model, shown.by_model),
        (page.by_session, shown.by_session),
    ):
        for one, other in zip(before, after, strict=True):
            assert one.name == other.name
            if one.figures.tokens.cache_read % unit_of(one.figures.tokens.cache_read):
                assert one.figures != other.figures
    assert shown.attended_calls != page.attended_calls
    assert shown.hours != page.hours


def test_rows_of_usage_are_marked_by_name():
    row = {"account": "acc-1", "day": "2026-11-22", **figures_json(FIGURES)}
    shown = marked_usage(row, ADA)
    assert shown["account"] == "acc-1"
    assert close(shown["tokens"], row["tokens"])
    assert shown["tokens"] != row["tokens"]
    assert shown["cost_usd"] != row["cost_usd"]
    own = {**row, "account": fixtures.ME}
    assert marked_usage(own, ADA) == own
    assert marked_usage({"cost_usd": None, "calls": 7}, ADA) == {
        "cost_usd": None,
        "calls": 7,
    }


def test_nearly_all_never_reads_all():
    nearly = Figures(1, Tokens(input=1, cache_read=10**9))
    assert cache_millionths(nearly) == 999_900
    assert MARKS.cell(999_900, part=True) is None
    assert cache_millionths(Figures(1, Tokens(cache_read=5))) == 1_000_000
    assert cache_millionths(Figures()) is None
