"""From a published text to the viewer whose copy it is, by way of the snapshot."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random

import pytest

from mileage.access.leaked import lines_of
from mileage.access.marks import Marker, Marks
from mileage.domain.figures import BoardRow
from mileage.domain.people import Viewer
from mileage.domain.tokens import Tokens
from mileage.honours.lenses import Lens
from mileage.reports.exports import exported
from mileage.reports.shape import board_json
from mileage.reports.shown import marked_board
from mileage.reports.tracing import fits, order_readings, traced
from mileage.web.board_cells import prepared_row, texts_of
from tests.ranking import cut, rank, whole_shown
from tests.web import fixtures

MARKS = Marks(b"k" * 32)
VIEWERS = [f"acc-v{number}" for number in range(400)]
LEAKER = VIEWERS[123]
LENSES = (
    Lens("cost", "Cost", "micro_usd", Tokens(), "thrift", "by splitting"),
    Lens("tokens", "Tokens", "tokens", Tokens(*[100] * 7), "less", "by waste"),
)
TOP = 60
# The fixtures' names repeat; people of this board can be told apart.
SNAPSHOT = replace(
    fixtures.SNAPSHOT,
    standings=tuple(
        replace(one, name=f"{one.name} the {number}th")
        for number, one in enumerate(fixtures.SNAPSHOT.standings)
    ),
)
OLDER = fixtures.snapshot(seed=5)
SHOWN = whole_shown(SNAPSHOT, LENSES, TOP, MARKS)
OTHER = whole_shown(OLDER, LENSES, TOP, MARKS)


def board(viewer: str = LEAKER, lens: int = 0):
    ranked = rank(SNAPSHOT, LENSES[lens])
    exact = cut(SNAPSHOT, LENSES[lens], ranked, top=TOP, account_id=viewer)
    return marked_board(exact, Marker(MARKS, viewer))


def page_lines(viewer: str = LEAKER) -> list[str]:
    """The board as somebody pastes it from the page: one row a line."""
    seen = board(viewer)
    lines = []
    for row in seen.rows:
        texts, choices = texts_of(row, seen.unit, MARKS)
        html = prepared_row("\t".join(texts), choices).seen(seen.shows)
        lines.append(f"{row.rank}\t{row.standing.name}\t{html}")
    return lines


def verdict_of(text: str, boards=(SHOWN,)):
    return traced(lines_of(text), boards, MARKS, VIEWERS)


def names(verdict) -> list[str]:
    return [one.viewer for one in verdict.named]


def test_the_json_of_a_key_names_its_owner():
    best, used, verdict = verdict_of(json.dumps(board_json(board())), [OTHER, SHOWN])
    assert best is SHOWN
    assert names(verdict) == [LEAKER]
    assert len(used) > 600


def test_a_table_of_the_answer_does_too():
    rows = board_json(board())["rows"]
    text = "name,tokens,cost_usd\n" + "".join(
        f"{row['name']},{row['tokens']},{row['cost_usd']}\n" for row in rows[:20]
    )
    _, used, verdict = verdict_of(text)
    assert names(verdict) == [LEAKER]
    assert {one.name for one in used} == {"tokens", "cost"}


@pytest.mark.parametrize("form", ["csv", "json"])
def test_a_file_of_the_board_names_whom_it_was_made_for(form):
    """Departments, models and days stand beside the figures and do not mislead."""
    text = exported(board(), form, Viewer(LEAKER, "Lea Ker")).content.decode()
    _, used, verdict = verdict_of(text)
    assert names(verdict) == [LEAKER]
    assert verdict.named[0].error_rate < 0.001
    assert not any(one.exact for one in used)


def test_ten_lines_of_a_page_are_enough():
    _, used, verdict = verdict_of("\n".join(page_lines()[:12]))
    assert names(verdict) == [LEAKER]
    assert verdict.named[0].error_rate < 0.001
    assert {one.account for one in used} == {
        row.standing.account_id for row in board().rows[:12]
    }


def test_typed_numbers_need_no_names():
    numbers = " ".join(
        line.split("\t")[column] for line in page_lines()[:40] for column in (3, 4)
    )
    _, _, verdict = verdict_of(numbers)
    assert names(verdict) == [LEAKER]


def test_lines_without_names_are_told_by_what_stands_together():
    lines = [line.split("\t", 2)[2] for line in page_lines()[:15]]
    _, used, verdict = verdict_of("\n".join(lines))
    assert names(verdict) == [LEAKER]
    by_line = {one.line: one.account for one in used}
    assert list(by_line.values()) == [
        row.standing.account_id for row in board().rows[:15]
    ]


def test_a_third_missing_or_misread_still_names():
    random = Random(2)  # noqa: S311
    kept = []
    for line in page_lines()[:30]:
        fields = line.split("\t")
        for column in range(2, len(fields)):
            if random.random() < 0.3:
                fields[column] = random.choice(["?", "1.234B", "$7", "88.88%"])
        kept.append(" ".join(fields))
    _, _, verdict = verdict_of("\n".join(kept))
    assert names(verdict) == [LEAKER]


@pytest.mark.parametrize("text", ["60 trillion tokens, the top user 281 billion", "7"])
def test_a_headline_is_untraceable(text):
    _, _, verdict = verdict_of(text)
    assert verdict.outcome == "untraceable"
    assert verdict.readings == 0


def test_the_snapshot_that_fits_is_chosen():
    text = "\n".join(page_lines()[:20])
    for boards in ([SHOWN, OTHER], [OTHER, SHOWN]):
        best, _, _ = verdict_of(text, boards)
        assert best is SHOWN


def test_a_board_nobody_had_fits_nothing_and_nobody():
    best, used, verdict = verdict_of("Zoe 9.876B $1.111M", [OTHER])
    assert (best, used) == (None, ())
    assert verdict.outcome == "untraceable"


def test_exact_figures_are_told_from_marked_ones():
    row = board().rows[0].standing
    text = f"{row.name} {row.figures.tokens.total} {row.figures.cost / 1e6:.6f}"
    used = fits(lines_of(text), SHOWN)
    assert used[0].exact
    assert used[0].reading is None


def test_another_viewers_copy_names_another_viewer():
    lines = "\n".join(page_lines(VIEWERS[7])[:15])
    assert names(verdict_of(lines)[2]) == [VIEWERS[7]]


def tied_shown():
    rows = board().rows[:4]
    ranks = (1, 1, 3, 4)
    same = tuple(
        BoardRow(rank, row.value, row.standing)
        for rank, row in zip(ranks, rows, strict=True)
    )
    return SHOWN._replace(boards=(same,)), [row.standing.name for row in rows]


def test_the_order_of_equal_ranks_is_read():
    shown, people = tied_shown()
    for swapped in (False, True):
        told = [people[1], people[0], *people[2:]] if swapped else people
        text = "\n".join(f"{name} 7" for name in told)
        (reading,) = order_readings(lines_of(text), shown, MARKS)
        assert reading.high is swapped


def test_another_order_than_the_boards_says_nothing():
    shown, people = tied_shown()
    text = "\n".join(f"{name} 7" for name in reversed(people))
    assert list(order_readings(lines_of(text), shown, MARKS)) == []
    assert list(order_readings(lines_of("Zoe 7"), shown, MARKS)) == []
