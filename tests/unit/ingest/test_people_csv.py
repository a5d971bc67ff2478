from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.directory import PersonRow
from mileage.ingest.people_csv import KINDS, parse_people

HEADER = "email,name,department,team,manager"
FULL = f"{HEADER},kind,role,from,until"
ANA = PersonRow(
    "ana@x.example", "Ana", "person", "Eng", "Core", "bo@x.example", "", None, None
)
LINE = "ana@x.example,Ana,Eng,Core,bo@x.example"


def parsed(*lines, end="\n"):
    return parse_people(end.join(lines).encode(), "people.csv")


def problems(*lines):
    return [str(problem) for problem in parsed(*lines).problems]


def problem(*lines):
    (only,) = problems(*lines)
    return only


def test_a_row_is_a_membership():
    assert parsed(HEADER, LINE).rows == (ANA,)


def test_all_columns():
    found = parsed(
        FULL,
        "zoe@x.example,Zoe,R&D,Lab,,contractor,scientist,2026-01-31,2026-12-31",
    )
    assert found.rows == (
        PersonRow(
            "zoe@x.example",
            "Zoe",
            "contractor",
            "R&D",
            "Lab",
            "",
            "scientist",
            date(2026, 1, 31),
            date(2026, 12, 31),
        ),
    )
    assert found.problems == ()
    assert found.ignored_columns == ()


def test_columns_in_any_order_and_spelling():
    found = parsed(
        "Team, NAME ,manager,Email,department",
        "Core,Ana,bo@x.example,ana@x.example,Eng",
    )
    assert found.rows == (ANA,)


def test_columns_that_mean_nothing_are_said():
    found = parsed(f"id,{HEADER},salary", f"7,{LINE},secret")
    assert found.rows == (ANA,)
    assert found.ignored_columns == ("id", "salary")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_ending(end):
    assert parsed(HEADER, LINE, end=end).rows == (ANA,)
    assert parsed(HEADER, LINE, "", end=end).rows == (ANA,)


def test_a_byte_order_mark_is_no_letter():
    content = b"\xef\xbb\xbf" + f"{HEADER}\n{LINE}\n".encode()
    assert parse_people(content, "people.csv").rows == (ANA,)


def test_semicolons_as_spreadsheets_write_them():
    found = parsed(HEADER.replace(",", ";"), LINE.replace(",", ";"))
    assert found.rows == (ANA,)


def test_a_comma_inside_a_semicolon_file_is_text():
    header, line = HEADER.replace(",", ";"), LINE.replace(",", ";")
    found = parsed(header, line.replace("Core", "Core, Edge"))
    assert found.rows[0].team == "Core, Edge"


def test_quoted_cells():
    found = parsed(HEADER, 'ana@x.example,"Núñez, Ana ""Anita""",Eng,Core,')
    assert found.rows[0].name == 'Núñez, Ana "Anita"'


def test_blank_lines_and_rows_of_nothing_are_passed_over():
    found = parsed("", HEADER, "", LINE, ",,,,", "  ,,,, ", "")
    assert found.rows == (ANA,)
    assert found.problems == ()


def test_space_around_cells_is_no_part_of_them():
    found = parsed(HEADER, " ana@x.example , Ana ,Eng , Core, bo@x.example ")
    assert found.rows == (ANA,)


def test_addresses_are_in_lower_case():
    assert parsed(HEADER, LINE.replace("ana@", "Ana@")).rows == (ANA,)


@pytest.mark.parametrize("kind", KINDS)
def test_kinds(kind):
    assert parsed(f"{HEADER},kind", f"{LINE},{kind.upper()}").rows[0].kind == kind


def test_nobody_is_imported_as_unclaimed():
    assert "unclaimed" not in KINDS
    assert "kind 'unclaimed' is unknown" in problem(
        f"{HEADER},kind", f"{LINE},unclaimed"
    )


def test_department_team_and_manager_may_be_unknown():
    row = parsed(HEADER, "ana@x.example,Ana,,,").rows[0]
    assert (row.department, row.team, row.manager) == ("", "", "")


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("ana,Ana,Eng,Core,", "email 'ana' is not an address"),
        (",Ana,Eng,Core,", "email '' is not an address"),
        ("a b@x,Ana,Eng,Core,", "email 'a b@x' is not an address"),
        ("a@b@c,Ana,Eng,Core,", "email 'a@b@c' is not an address"),
        ("ana@x.example,,Eng,Core,", "name is empty"),
        ("ana@x.example,Ana,Eng,Core", "4 cells where the header has 5"),
        ("ana@x.example,Ana,Eng,Core,,", "6 cells where the header has 5"),
        ("ana@x.example,A\x1b[31mna,Eng,Core,", "name holds a line break"),
        ('ana@x.example,"A\nna",Eng,Core,', "name holds a line break"),
        ("ana@x.example,Ana,Eng,C\u202eore,", "team holds a line break"),
        ("ana@x.example,Ana,Eng,Co\x00re,", "team holds a line break"),
        (f"ana@x.example,{'a' * 321},Eng,Core,", "over 320 characters"),
    ],
)
def test_a_bad_row_is_named_by_file_and_line(line, what):
    said = problem(HEADER, LINE.replace("ana@", "first@"), line)
    assert said.startswith("people.csv:3: ")
    assert what in said


@pytest.mark.parametrize(
    ("since", "until", "what"),
    [
        ("31.01.2026", "", "from '31.01.2026' is not a day"),
        ("2026-02-30", "", "from '2026-02-30' is not a day"),
        ("", "20260131", "until '20260131' is not a day"),
        ("2026-W05-1", "", "from '2026-W05-1' is not a day"),
        ("0000-01-01", "", "from '0000-01-01' is not a day"),
        ("2026-02-01", "2026-01-31", "until 2026-01-31 is before from 2026-02-01"),
    ],
)
def test_days_that_are_none(since, until, what):
    assert what in problem(f"{HEADER},from,until", f"{LINE},{since},{until}")


def test_a_membership_of_one_day_is_one():
    row = parsed(f"{HEADER},from,until", f"{LINE},2026-01-31,2026-01-31").rows[0]
    assert row.since == row.until == date(2026, 1, 31)


def test_a_problem_says_what_to_do():
    said = problem(HEADER, "ana,Ana,Eng,Core,")
    assert said == (
        "people.csv:2: email 'ana' is not an address: write one, as in ana@x.org"
    )


def test_all_bad_rows_are_named_and_good_ones_kept():
    found = parsed(HEADER, "x,X,,,", LINE, "y,Y,,,")
    assert found.rows == (ANA,)
    assert [one.line for one in found.problems] == [2, 4]


def test_lines_are_counted_as_an_editor_does():
    found = parsed(HEADER, "", 'a@x,"two\nlines",,,', "", "bad,Bad,,,")
    assert [one.line for one in found.problems] == [3, 6]


def test_a_person_who_moves_has_several_rows():
    found = parsed(f"{HEADER},from,until", f"{LINE},,2026-01-31", f"{LINE},2026-02-01,")
    assert [row.since for row in found.rows] == [None, date(2026, 2, 1)]
    assert found.problems == ()


def test_the_same_row_twice_is_no_contradiction():
    found = parsed(HEADER, LINE, LINE)
    assert found.problems == ()
    assert set(found.rows) == {ANA}


def test_two_memberships_that_begin_together_contradict():
    said = problem(HEADER, LINE, LINE.replace("Core", "Edge"))
    assert said.startswith("people.csv:3: ana@x.example has another membership")


def test_a_contradiction_is_seen_in_any_spelling_of_the_address():
    assert problem(HEADER, LINE, LINE.replace("ana@x", "ANA@X").replace("Core", "Edge"))


def test_a_quote_in_the_middle_costs_that_row_only():
    found = parsed(HEADER, 'bo@x.example,"B"o,Eng,Core,', LINE)
    assert found.rows == (ANA,)
    assert "people.csv:2: not CSV" in str(found.problems[0])


def test_a_quote_never_closed_is_named_where_it_opens():
    found = parsed(HEADER, LINE, 'bo@x.example,"Bo,Eng,Core,', LINE)
    assert found.rows == (ANA,)
    assert "people.csv:3: not CSV" in str(found.problems[0])


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "1: the file is empty"),
        (b"\n\n", "1: the file is empty"),
        (b"\xef\xbb\xbf", "1: the file is empty"),
        (b'"email', "1: not CSV"),
        (b"email,name\n", "1: the header has no column department, team, manager"),
        (b"\nana@x,Ana,Eng,Core,\n", "2: the header has no column email, name"),
        (f"{HEADER},name\n".encode(), "1: the header names a column twice"),
        (f"{HEADER}\na@x,Jos\xe9,,,\n".encode("latin-1"), "2: not UTF-8"),
        (f"{HEADER}\n".encode("utf-16"), "1: not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_used_at_all(content, what):
    found = parse_people(content, "people.csv")
    assert found.rows == ()
    assert [str(one).startswith(f"people.csv:{what}") for one in found.problems] == [
        True
    ]


def test_a_header_alone_is_nobody():
    found = parsed(HEADER)
    assert found.rows == found.problems == ()


def test_several_nameless_columns_are_no_repetition():
    assert parsed(f"{HEADER},,", f"{LINE},,").rows == (ANA,)


def test_a_giant_cell_is_a_problem_not_a_crash():
    assert "not CSV" in problem(HEADER, f"a@x,{'a' * 200_000},,,")


@given(st.binary(max_size=300))
def test_no_bytes_make_it_raise(content):
    found = parse_people(content, "f")
    assert found.problems
    assert not found.rows


@given(st.binary(max_size=300))
def test_no_row_makes_it_raise(content):
    found = parse_people(f"{FULL}\n".encode() + content, "f")
    assert all(row.name and "@" in row.email for row in found.rows)
    assert all(one.line >= 1 and one.what and one.remedy for one in found.problems)


cells = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x24F).filter(str.isprintable),
    max_size=20,
).map(str.strip)


@given(st.lists(st.tuples(cells.filter(bool), cells, cells, cells), max_size=8))
def test_what_a_spreadsheet_writes_is_what_is_read(people):
    def quoted(cell):
        return '"' + cell.replace('"', '""') + '"'

    lines = [
        ",".join(map(quoted, (f"p{number}@x.example", *person)))
        for number, person in enumerate(people)
    ]
    found = parsed(HEADER, *lines, end="\r\n")
    assert [(r.name, r.department, r.team, r.manager) for r in found.rows] == people
