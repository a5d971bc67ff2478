from __future__ import annotations

from dataclasses import replace

import pytest
from rich.console import Console

from mileage.cli.tables import (
    ROOMY,
    board_caption,
    board_table,
    board_title,
    moved,
)
from mileage.web.numbers import compact
from tests.web import fixtures

ROW = fixtures.board("tokens").rows[11]


@pytest.mark.parametrize(
    ("before", "said"),
    [(None, "new"), (12, "="), (15, "+3"), (2000, "+1,988"), (7, "-5")],
)
def test_movement_is_told_by_sign(before, said):
    assert moved(replace(ROW, before_rank=before)) == said


@pytest.mark.parametrize(
    ("unit", "value"),
    [("tokens", "1.23M"), ("micro_usd", "$1.23"), ("hundredths", "12,345.67")],
)
def test_a_row_has_its_value_honours_and_movement(unit, value):
    standing = replace(ROW.standing, tier="gold", titles=("Cache Wizard", "Full Tank"))
    row = replace(ROW, value=1_234_567, standing=standing, before_rank=None)
    board = replace(fixtures.board("tokens"), unit=unit, rows=(row,))
    console = Console(width=250, no_color=True)
    with console.capture() as told:
        console.print(board_table(board))
    line = next(one for one in told.get().splitlines() if standing.name in one)
    assert line.split()[:2] == ["12", "new"]
    assert f" {value} " in line
    assert line.rstrip().endswith("gold, Cache Wizard +1")
    assert ", 30d, 2026-10-23 09:00 to 2026-11-" in board_title(board)
    assert "ranked. Sources: " in board_caption(board)


@pytest.mark.parametrize("warning", ["", "Volume is fuel burnt."])
def test_the_title_says_as_of_when_it_is_and_what_its_readers_must_be_told(warning):
    board = fixtures.board("tokens")
    lenses = tuple(
        one._replace(warning=warning) if one.name == board.lens else one
        for one in board.snapshot.lenses
    )
    board = replace(board, snapshot=replace(board.snapshot, lenses=lenses))
    first, *more = board_title(board).splitlines()
    assert first.endswith(" UTC, as of 2026-11-22 09:00:01 UTC")
    assert more == ([warning] if warning else [])


@pytest.mark.parametrize("width", [80, 100, 130, 160])
def test_figures_are_whole_in_every_terminal(width):
    standing = replace(ROW.standing, tier="gold", titles=("Cache Wizard",) * 9)
    row = replace(ROW, value=1_234_567, standing=standing)
    board = replace(fixtures.board("tokens"), rows=(row,))
    console = Console(width=width, no_color=True)
    with console.capture() as told:
        console.print(board_table(board, width))
    head = next(one for one in told.get().splitlines() if "Moved" in one)
    line = next(one for one in told.get().splitlines() if standing.name[:8] in one)
    assert {"#", "Value", "Tokens", "Output", "Cost", "Cache"} <= set(head.split())
    assert {"12", "1.23M", compact(standing.figures.tokens.total)} <= set(line.split())
    assert ("gold" in line) == (width >= ROOMY)


def test_ranks_and_how_many_are_ranked_have_every_digit():
    row = replace(ROW, rank=47_812, before_rank=50_000)
    board = replace(fixtures.board("tokens"), rows=(row,), ranked=81_602)
    console = Console(width=250, no_color=True)
    with console.capture() as told:
        console.print(board_table(board))
    line = next(one for one in told.get().splitlines() if row.standing.name in one)
    assert line.split()[:2] == ["47,812", "+2,188"]
    assert "1 of 81,602 ranked." in board_caption(board)
