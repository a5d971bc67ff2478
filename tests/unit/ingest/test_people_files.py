"""Directory files as spreadsheets and directory exports write them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from mileage.domain.directory import PersonRow
from mileage.ingest.people_csv import parse_people

FOLDER = Path(__file__).parents[2] / "golden" / "people"
BERLIN = "R&D, Berlin"


def parsed(name):
    return parse_people((FOLDER / name).read_bytes(), name)


def test_a_spreadsheet_with_semicolons_a_mark_and_an_empty_last_row():
    found = parsed("spreadsheet-semicolons.csv")
    ana = ("ana@x.example", "Ana Núñez", "person", BERLIN)
    assert found.rows == (
        PersonRow(
            *ana,
            team="Core",
            manager="bo@x.example",
            role="engineer",
            since=date(2026, 1, 1),
            until=date(2026, 3, 31),
        ),
        PersonRow(
            *ana,
            team="Edge",
            manager="zoe@x.example",
            role="lead",
            since=date(2026, 4, 1),
            until=None,
        ),
    )
    assert found.problems == ()


def test_a_file_in_which_everything_is_quoted():
    found = parsed("quoted-everything.csv")
    assert [(row.name, row.kind) for row in found.rows] == [
        ('Ana "Anita" Núñez', "contractor"),
        ("CI", "service"),
    ]
    assert found.rows[0].department == BERLIN
    assert found.problems == ()


def test_an_export_with_more_columns_and_a_row_that_is_nobody():
    found = parsed("directory-export.csv")
    assert [row.email for row in found.rows] == ["ana@x.example", "bo@x.example"]
    assert found.rows[1].until == date(2026, 6, 30)
    assert found.ignored_columns == ("employee id", "title")
    (problem,) = found.problems
    assert (problem.file, problem.line) == ("directory-export.csv", 5)
    assert problem.what == "email 'not known' is not an address"
    assert problem.remedy == "write one, as in ana@x.org"
