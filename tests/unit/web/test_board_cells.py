"""A row is rendered once; what differs between viewers is chosen between two texts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mileage.access.marks import Marker, Marks
from mileage.domain.figures import BoardRow
from mileage.web import markup
from mileage.web.board_cells import (
    exact_texts,
    plain,
    prepared_row,
    texts_of,
)
from tests.web import fixtures

MARKS = Marks(b"k" * 32)
STANDING = fixtures.SNAPSHOT.standings[0]
ROW = BoardRow(1, STANDING.figures.tokens.total, STANDING)


def html_of(texts):
    return "|".join(texts)


def test_every_marked_figure_has_two_texts_and_no_exact_one():
    texts, choices = texts_of(ROW, "tokens", MARKS)
    html = html_of(texts)
    assert len(choices) == 5
    assert str(STANDING.figures.tokens.total) not in html
    assert all(choice.low != choice.high for choice in choices)


def test_the_same_figure_reads_the_same_in_two_columns():
    texts, choices = texts_of(ROW, "tokens", MARKS)
    row = prepared_row(html_of(texts), choices)
    for name in ("ada", "bob", "cy"):
        value, tokens, *_ = row.seen(Marker(MARKS, name)).split("|")
        assert value == tokens


def test_viewers_see_one_text_or_the_other():
    texts, choices = texts_of(ROW, "tokens", MARKS)
    row = prepared_row(html_of(texts), choices)
    seen = {row.seen(Marker(MARKS, f"acc-{n}")).split("|")[1] for n in range(50)}
    assert seen == {choices[1].low, choices[1].high}


def test_without_marks_the_exact_figure_stands_beside():
    texts, choices = texts_of(ROW, "tokens", None)
    assert choices == ()
    assert texts == exact_texts(ROW, "tokens")
    assert texts.tokens == markup.num(STANDING.figures.tokens.total)
    assert prepared_row(html_of(texts), ()).seen(None) == html_of(texts)


def test_small_figures_are_shown_as_they_are():
    small = replace(ROW, standing=replace(STANDING, sessions=812), value=7)
    texts, _ = texts_of(small, "tokens", MARKS)
    assert texts.sessions == "812"
    assert texts.value == "7"


def test_what_is_unknown_stays_a_dash():
    figures = STANDING.figures._replace(cost=None)
    row = replace(ROW, standing=replace(STANDING, figures=figures))
    texts, choices = texts_of(row, "tokens", MARKS)
    assert texts.cost == markup.unknown("no call has a known price")
    assert len(choices) == 4


def test_money_is_ranked_as_money():
    row = replace(ROW, value=STANDING.figures.cost)
    texts, choices = texts_of(row, "micro_usd", MARKS)
    seen = prepared_row(html_of(texts), choices).seen(Marker(MARKS, "ada")).split("|")
    assert seen[0] == seen[3]
    assert seen[0].startswith("$")


def test_a_column_that_is_left_out_leaves_no_choice_behind():
    texts, choices = texts_of(ROW, "tokens", MARKS)
    row = prepared_row("|".join(texts[2:]), choices)
    assert len(row.choices) == 3
    assert len(row.pieces) == 4


@pytest.mark.parametrize("field", ["name", "department"])
def test_a_name_cannot_pose_as_a_figure(field):
    odd = replace(ROW, standing=replace(STANDING, **{field: "x\x020\x03\x02999\x03"}))
    assert "\x02" not in getattr(plain(odd).standing, field)
    assert plain(ROW) is ROW
    models = replace(ROW, standing=replace(STANDING, models=("m\x021\x03",)))
    assert plain(models).standing.models == ("m1\x03",)
