"""Figures are read as they were written, whatever they were written in."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.access.leaked import Written, lines_of, says, written_in
from mileage.access.marks import Marks
from mileage.domain.shown import Cell

CELL = Cell(281_400_000_000, 281_500_000_000, 0, 2048, 128)


def only(text: str, heading: str = "") -> Written:
    (found,) = written_in(text, heading)
    return found


@pytest.mark.parametrize(
    ("text", "kind", "value", "unit"),
    [
        ("281.4B", "count", 281_400_000_000, 10**8),
        ("281.0B", "count", 281_000_000_000, 10**8),
        ("281 billion", "count", 281_000_000_000, 10**9),
        ("281,400,000,000", "count", 281_400_000_000, 1),
        ("281'400'000'000", "count", 281_400_000_000, 1),
        ("60 trillion", "count", 60_000_000_000_000, 10**12),
        ("8.412M", "count", 8_412_000, 1000),
        ("812", "count", 812, 1),
        ("$8.412M", "money", 8_412_000_000_000, 10**9),
        ("$12.34", "money", 12_340_000, 10_000),
        ("97.34%", "share", 973_400, 100),
        ("97 %", "share", 970_000, 10_000),
        ("28.14 Mrd", "count", 28_140_000_000, 10**7),
    ],
)
def test_a_figure_is_its_value_and_its_last_digit(text, kind, value, unit):
    found = only(text)
    assert (found.kind, found.value, found.unit) == (kind, value, unit)


@pytest.mark.parametrize(
    "text", ["acc-17", "v2.1.4", "gpt5", "x12y", "", "9" * 40, "Person4 said so"]
)
def test_what_is_no_figure_is_none(text):
    assert list(written_in(text)) == []


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("281.4B", False),
        ("281.5B", True),
        ("281,400,000,000", False),
        ("281,500,000,000", True),
        # Three digits: 281 may be cut from both; 282 is rounded from the higher one.
        ("281B", None),
        ("282B", True),
    ],
)
def test_a_figure_says_which_number_was_shown(written, said):
    assert says(only(written), CELL) is said


@pytest.mark.parametrize("written", ["281.6B", "281.45B", "283B", "1"])
def test_a_figure_that_is_neither_is_an_error(written):
    with pytest.raises(ValueError, match=r"\d"):
        says(only(written), CELL)


def test_json_is_a_line_an_object():
    told = {"rows": [{"name": "Ada Lovelace", "tokens": 281_400_000_000, "rank": 1}]}
    told["rows"].append({"name": "Bob", "cost_usd": "8412.000000", "simulated": True})
    first, second = lines_of(json.dumps(told))
    assert first.words == "Ada Lovelace"
    assert [one.value for one in first.figures] == [281_400_000_000, 1]
    assert second.figures == (Written("8412.000000", "money", 8_412_000_000, 1),)


def test_json_lines_are_json_too():
    first, second = lines_of('{"tokens": 12}\n{"tokens": 13}\n')
    assert [first.figures[0].value, second.figures[0].value] == [12, 13]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_csv_is_read_by_its_heading(mark):
    text = mark.join(("name", "tokens", "cost_usd")) + "\n"
    text += mark.join(("Ada Lovelace", "281400000000", "8412.5")) + "\n"
    (line,) = lines_of(text)
    assert line.words == "Ada Lovelace"
    assert [(one.kind, one.value) for one in line.figures] == [
        ("count", 281_400_000_000),
        ("money", 8_412_500_000),
    ]


def test_pasted_text_keeps_names_beside_figures():
    first, second = lines_of(
        "The board of 30 days\n1\tAda Lovelace\tPayments\t281.4B\t$41.22K\n(end)\nBob 7"
    )[1:]
    assert "Ada Lovelace" in first.words
    assert [one.text for one in first.figures] == ["1", "281.4B", "$41.22K"]
    assert second.number == 4


def test_broken_json_is_text():
    (line,) = lines_of('{"tokens": 281.4B')
    assert line.figures[0].value == 281_400_000_000


def test_json_with_a_number_beyond_all_bounds_is_text():
    (line,) = lines_of(f'{{"x": 9e{"9" * 30}, "tokens": 281.4B}}')
    assert line.figures[-1].value == 281_400_000_000


@given(st.text(max_size=300))
def test_any_text_is_read_without_an_error(text):
    for line in lines_of(text):
        assert line.figures
        assert all(one.value >= 0 and one.unit >= 1 for one in line.figures)


@given(
    st.dictionaries(
        st.text(max_size=5),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    )
)
def test_any_json_is_read_without_an_error(told):
    lines_of(json.dumps([told, [told]]))


@given(st.integers(10_000, 10**15), st.booleans())
def test_what_is_shown_is_read_back(value, part):
    cell = Marks(b"k" * 32).cell(value, part=part)
    if cell is not None:
        assert says(only(f"{cell.low:,}"), cell) is False
        assert says(only(str(cell.high)), cell) is True
