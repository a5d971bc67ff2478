"""Files of a board: the same rows in every form, nothing that computes, marks kept."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from dataclasses import replace
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.access.marks import Marker, Marks
from mileage.domain.people import OPERATOR, Viewer
from mileage.reports.exports import AS_TEXT, FORMS, FORMULAS, cell, exported
from mileage.reports.shape import board_json
from mileage.reports.shown import marked_board
from tests.web import fixtures

READER = Viewer("acc-00003", "Rea Der")
EVIL = '=HYPERLINK("http://x.example","click")'


def board(name=None, top=20):
    made = fixtures.board("cost", READER.account_id, top=top)
    if name is None:
        return made
    first = replace(made.rows[0], standing=replace(made.rows[0].standing, name=name))
    return replace(made, rows=(first, *made.rows[1:]))


def marked():
    return marked_board(board(), Marker(Marks(b"k" * 32), READER.account_id))


def csv_rows(content):
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def sheets(content):
    """The text of each part of a workbook."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return {name: book.read(name).decode() for name in book.namelist()}


def parquet_rows(content, tmp_path):
    path = tmp_path / "board.parquet"
    path.write_bytes(content)
    with duckdb.connect(":memory:") as connection:
        found = connection.execute("select * from read_parquet($1)", [str(path)])
        names = [one[0] for one in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


@pytest.mark.parametrize("made", [board(), marked()], ids=["exact", "marked"])
def test_every_form_has_the_rows_that_the_page_has(made, tmp_path):
    told = board_json(made)["rows"]
    texts = csv_rows(exported(made, "csv", READER).content)
    packed = parquet_rows(exported(made, "parquet", READER).content, tmp_path)
    plain = json.loads(exported(made, "json", READER).content)
    assert plain["rows"] == told
    for one, text, row in zip(told, texts, packed, strict=True):
        for key in ("rank", "value", "tokens", "output", "calls"):
            assert int(text[key]) == row[key] == one[key]
        assert text["name"] == row["name"] == one["name"]
        assert text["cost_usd"] == one["cost_usd"]
        assert row["cost_usd"] == Decimal(one["cost_usd"])
        assert row["titles"] == one["titles"]
        assert row["models"] == one["models"]
        assert text["models"] == "; ".join(one["models"])
        assert row["department"] == one["department"]
        assert text["department"] == (one["department"] or "")
        for key in ("sessions", "active_days"):
            assert int(text[key]) == row[key] == one[key]


def test_a_workbook_holds_the_same_numbers():
    made = marked()
    parts = sheets(exported(made, "xlsx", READER).content)
    sheet = parts["xl/worksheets/sheet1.xml"]
    numbers = {float(one) for one in re.findall(r"<v>([\d.]+)</v>", sheet)}
    for row in board_json(made)["rows"]:
        assert {row["tokens"], row["value"], float(row["cost_usd"])} <= numbers
    assert "Rea Der" in parts["xl/sharedStrings.xml"]


def test_figures_of_others_are_marked_and_ones_own_are_not():
    exact, told = board(), json.loads(exported(marked(), "json", READER).content)
    for row, shown in zip(exact.rows, told["rows"], strict=True):
        total = row.standing.figures.tokens.total
        own = row.standing.account_id == READER.account_id
        assert (shown["tokens"] == total) is own
        assert abs(shown["tokens"] - total) <= total / 1000
    assert told["about"]["figures"].startswith("of others rounded")
    assert told["about"]["made for"] == READER.name


def test_what_stands_beside_the_figures_is_as_on_the_page():
    """Sessions of others are marked; where somebody is, days and models are not."""
    many = [
        replace(one, standing=replace(one.standing, sessions=123_456 + one.rank))
        for one in board().rows
    ]
    made = replace(board(), rows=tuple(many))
    shows = Marker(Marks(b"k" * 32), READER.account_id)
    told = json.loads(exported(marked_board(made, shows), "json", READER).content)
    for row, shown in zip(many, told["rows"], strict=True):
        one = row.standing
        own = one.account_id == READER.account_id
        marked_sessions = shows.shown(one.sessions, part=True)
        assert shown["sessions"] == (one.sessions if own else marked_sessions)
        assert shown["department"] == (one.department or None)
        assert (shown["models"], shown["active_days"]) == (
            [*one.models],
            one.active_days,
        )


@pytest.mark.parametrize("places", [("",), ("", "Mills"), ("Mills", "")])
def test_who_tells_no_department_has_none_in_any_form(places, tmp_path):
    rows = tuple(
        replace(row, standing=replace(row.standing, department=place))
        for row, place in zip(board().rows, places, strict=False)
    )
    made = replace(board(), rows=rows, own=None)
    expected = [place or None for place in places]
    plain = json.loads(exported(made, "json", READER).content)["rows"]
    packed = parquet_rows(exported(made, "parquet", READER).content, tmp_path)
    texts = csv_rows(exported(made, "csv", READER).content)
    assert [row["department"] for row in plain] == expected
    assert [row["department"] for row in packed] == expected
    assert [row["department"] for row in texts] == [*places]
    assert exported(made, "xlsx", READER).content


def test_two_readers_get_two_copies():
    marks = Marks(b"k" * 32)
    copies = {
        exported(marked_board(board(), Marker(marks, who)), "csv", READER).content
        for who in ("acc-1", "acc-2")
    }
    assert len(copies) == 2


def test_ones_own_row_below_the_cut_comes_along():
    made = fixtures.board("tokens", fixtures.BELOW, top=20)
    rows = csv_rows(exported(made, "csv", READER).content)
    assert len(rows) == 21
    assert rows[-1]["account"] == fixtures.BELOW


@pytest.mark.parametrize("begin", FORMULAS)
def test_nothing_that_a_spreadsheet_computes_is_left_in_csv(begin):
    made = board(f"{begin}cmd|' /C calc'!A0")
    row = csv_rows(exported(made, "csv", READER).content)[0]
    assert row["name"].startswith(AS_TEXT + begin)


@pytest.mark.parametrize("begin", FORMULAS)
def test_nothing_is_a_formula_in_a_workbook(begin):
    parts = sheets(exported(board(begin + EVIL), "xlsx", READER).content)
    for name, text in parts.items():
        assert "<f>" not in text, name
        assert "<hyperlink" not in text, name


def test_a_semicolon_does_not_open_another_cell():
    content = exported(board("a;=1+1"), "csv", READER).content.decode("utf-8-sig")
    assert '"a;=1+1"' in content


@given(st.text(max_size=30))
def test_any_text_is_told_as_it_is_or_marked(text):
    written = cell(text)
    assert written in {text, AS_TEXT + text}
    assert not written.startswith(FORMULAS)


def test_values_that_are_not_text():
    assert cell(7) == 7
    assert cell(-7) == -7
    assert cell(None) == ""
    assert cell(["=a", "b"]) == "'=a; b"


@pytest.mark.parametrize("form", FORMS)
def test_a_file_has_a_name_and_a_type(form):
    file = exported(board(), form, OPERATOR)
    assert file.name == f"board-cost-2026-11-22.{form}"
    assert "/" in file.media_type
    assert file.content


@pytest.mark.parametrize("form", ["csv", "xlsx", "json"])
def test_a_board_without_rows_is_a_file_too(form):
    empty = fixtures.board("tokens", source=fixtures.empty_snapshot())
    assert exported(empty, form, OPERATOR).content


def test_an_empty_board_as_parquet_has_no_rows(tmp_path):
    empty = fixtures.board("tokens", source=fixtures.empty_snapshot())
    assert parquet_rows(exported(empty, "parquet", OPERATOR).content, tmp_path) == []


@pytest.mark.parametrize(
    "before", [" ", "  ", "\xa0", "\u200b", "\ufeff", " \t", "\x0b"]
)
def test_what_is_trimmed_before_a_formula_does_not_hide_it(before):
    assert cell(f"{before}=1+1") == f"'{before}=1+1"
    assert cell(f"{before}Ana") == f"{before}Ana"
