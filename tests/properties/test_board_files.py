"""A board as a file: whatever people are called, each form tells the same rows."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from dataclasses import replace
from xml.etree import ElementTree as ET

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.access.marks import Marker, Marks
from mileage.domain.people import Viewer
from mileage.reports.exports import AS_TEXT, FORMULAS, exported
from mileage.reports.shape import board_json
from mileage.reports.shown import marked_board
from tests.drawing import examples
from tests.web import fixtures

READER = Viewer("acc-00003", "Rea Der")
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
PLAIN = fixtures.board("tokens", READER.account_id, top=4)
NAMES = st.one_of(
    st.builds("{}{}".format, st.sampled_from(FORMULAS), st.text(max_size=8)),
    st.text("ab,;\"'\r\n\t=| ", min_size=1, max_size=12),
    st.text(
        st.characters(exclude_categories=("Cs", "Cc"), max_codepoint=0x2FFFF),
        min_size=1,
        max_size=12,
    ),
)
FEW = settings(max_examples=examples(8))


def named(names, titles=()):
    """The small board with other names, and titles for the first."""
    rows = tuple(
        replace(row, standing=replace(row.standing, name=name, team=name))
        for row, name in zip(PLAIN.rows, names, strict=True)
    )
    first = replace(rows[0], standing=replace(rows[0].standing, titles=tuple(titles)))
    return replace(PLAIN, rows=(first, *rows[1:]))


def unmarked(text):
    """Take away the sign that makes a text of what could be a formula."""
    return text[1:] if text[:1] == AS_TEXT and text[1:2] in FORMULAS else text


def in_csv(board):
    text = exported(board, "csv", READER).content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def in_json(board):
    return json.loads(exported(board, "json", READER).content)["rows"]


def read(text):
    """Return what a spreadsheet shows of signs that XML cannot hold."""
    return re.sub(r"_x([0-9A-F]{4})_", lambda found: chr(int(found[1], 16)), text)


def in_workbook(board):
    """Read the first sheet as a spreadsheet does: by cell, strings by their number."""
    content = exported(board, "xlsx", READER).content
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        strings = ET.fromstring(book.read("xl/sharedStrings.xml"))  # noqa: S314 - ours
        sheet = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314
    texts = [read("".join(one.itertext())) for one in strings.iter(f"{SHEET}si")]
    rows = []
    for line in sheet.iter(f"{SHEET}row"):
        cells = {}
        for one in line.iter(f"{SHEET}c"):
            value = one.findtext(f"{SHEET}v")
            column = re.match(r"[A-Z]+", one.get("r"))[0]
            cells[column] = texts[int(value)] if one.get("t") == "s" else float(value)
        rows.append(cells)
    head, *rest = rows
    return [{head[at]: value for at, value in row.items()} for row in rest]


@pytest.fixture(scope="module")
def in_parquet(tmp_path_factory):
    path = tmp_path_factory.mktemp("files") / "board.parquet"
    connection = duckdb.connect(":memory:")

    def read(board):
        path.write_bytes(exported(board, "parquet", READER).content)
        query = "select * from read_parquet($1) order by rank"
        found = connection.execute(query, [str(path)])
        names = [one[0] for one in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    yield read
    connection.close()


@FEW
@given(st.lists(NAMES, min_size=4, max_size=4))
def test_a_name_is_the_same_in_every_form(in_parquet, names) -> None:
    board = named(names)
    assert [row["name"] for row in in_json(board)] == names
    assert [row["name"] for row in in_parquet(board)] == names
    assert [unmarked(row["name"]) for row in in_csv(board)] == names
    # XML makes one sign of a carriage return and a new line.
    if not any("\r" in name for name in names):
        assert [row.get("name", "") for row in in_workbook(board)] == names


@pytest.mark.parametrize("name", ["\ufffe", "a\uffffb", "\x00", "_x0041_", "\u2028"])
def test_a_sign_that_is_none_breaks_no_workbook(name) -> None:
    rows = in_workbook(named([name, "b", "c", "d"]))
    assert [row["name"] for row in rows[1:]] == ["b", "c", "d"]
    assert len(rows[0]["name"]) == len(name)


@FEW
@given(st.lists(NAMES, max_size=3))
def test_titles_stay_apart_where_a_form_has_lists(in_parquet, titles) -> None:
    board = named(["a", "b", "c", "d"], titles)
    assert in_json(board)[0]["titles"] == titles
    assert in_parquet(board)[0]["titles"] == titles
    assert unmarked(in_csv(board)[0]["titles"]) == "; ".join(titles)


@FEW
@given(st.lists(NAMES, min_size=4, max_size=4))
def test_no_name_makes_another_row_or_column(names) -> None:
    board = named(names)
    rows = in_csv(board)
    assert len(rows) == len(names)
    assert {None} & set().union(*rows) == set()
    assert len({tuple(row) for row in rows}) == 1
    assert not [row for row in rows if row["name"].startswith(FORMULAS)]


@pytest.mark.parametrize("reader", ["acc-00003", "acc-00200"])
def test_figures_are_the_same_in_every_form_for_a_reader(in_parquet, reader) -> None:
    board = marked_board(PLAIN, Marker(Marks(b"k" * 32), reader))
    forms = zip(
        board_json(board)["rows"],
        in_csv(board),
        in_parquet(board),
        in_workbook(board),
        strict=True,
    )
    for told, text, packed, sheet in forms:
        for key, value in told.items():
            if isinstance(value, int) and not isinstance(value, bool):
                assert int(text[key]) == packed[key] == value, key
                assert sheet[key] == value, key


def test_every_form_has_the_same_columns(in_parquet) -> None:
    told = set(in_json(PLAIN)[0])
    about = {"lens", "from", "until", "as of"}
    assert set(in_csv(PLAIN)[0]) == told | about
    assert set(in_parquet(PLAIN)[0]) == told | {"lens", "window", "as_of"}
    assert set(in_workbook(PLAIN)[0]) <= told


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_nobody_below_the_cut_is_in_a_file_but_oneself(form) -> None:
    """The names of others below the first ones stand in no byte of it."""
    below = fixtures.board("tokens", "", top=4)
    content = exported(below, form, READER).content
    if form == "xlsx":
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            content = b"".join(map(book.read, book.namelist()))
    shown = {row.standing.account_id for row in below.rows}
    assert all(one.encode() in content for one in shown)
    others = [one.account_id for one in fixtures.SNAPSHOT.standings]
    assert not [o for o in others if o not in shown and o.encode() in content]
