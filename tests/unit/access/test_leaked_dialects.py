"""A leak in every dialect: spreadsheets, tables, pages, answers, prose, nonsense."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.access.leaked import MICRO, Written, lines_of, says, written_in
from mileage.access.marks import Marks
from mileage.domain.shown import Cell

MARKS = Marks(b"k" * 32)
CELL = Cell(281_400_000_000, 281_500_000_000, 0, 2048, 128)
THIN, NARROW, HARD = "\u2009", "\u202f", "\u00a0"


def told(text: str, heading: str = "") -> list[tuple[str, int]]:
    return [(one.kind, one.value) for one in written_in(text, heading)]


def rows(text: str) -> list[tuple[str, list[int]]]:
    return [
        (line.words, [one.value for one in line.figures]) for line in lines_of(text)
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.2M", 1_200_000),
        ("1.2 M", 1_200_000),
        ("1.2m", 1_200_000),
        ("1.2 million", 1_200_000),
        ("1.2 Million", 1_200_000),
        ("12k", 12_000),
        ("12 thousand", 12_000),
        ("1.234bn", 1_234_000_000),
        ("1.234 bn", 1_234_000_000),
        ("60T", 60_000_000_000_000),
        ("60tn", 60_000_000_000_000),
        ("3 mio", 3_000_000),
        ("0", 0),
        ("007", 7),
        ("0.5K", 500),
        ("2.814E+11", 281_400_000_000),
        ("2.814e11", 281_400_000_000),
        ("281,4 Mrd", 281_400_000_000),
        ("8,41 Mio", 8_410_000),
        ("1,234", 1_234),
        ("1,234.5K", 1_234_500),
    ],
)
def test_units_and_the_ways_to_write_them(text: str, value: int) -> None:
    assert told(text) == [("count", value)]


@pytest.mark.parametrize("mark", [",", "'", THIN, NARROW, HARD])
def test_thousands_may_be_set_apart_by_whatever_a_page_uses(mark: str) -> None:
    text = mark.join(("281", "400", "000", "000"))
    (found,) = written_in(f"Ada {text} tokens")
    assert (found.value, found.unit, found.text) == (281_400_000_000, 1, text)


@pytest.mark.parametrize(
    ("text", "kind", "value", "unit"),
    [
        ("281.400.000.000", "count", 281_400_000_000, 1),
        ("1.234.567", "count", 1_234_567, 1),
        ("$ 1.234.567,89", "money", 1_234_567_890_000, 10_000),
        ("1.234.567 Mio", "count", 1_234_567_000_000, 1_000_000),
        # One dot may as well be a decimal one.
        ("281.400", "count", 281, 1),
    ],
)
def test_dots_between_thousands(text: str, kind: str, value: int, unit: int) -> None:
    (found,) = written_in(f"Ada {text} tokens")
    assert (found.kind, found.value, found.unit) == (kind, value, unit)


@pytest.mark.parametrize("text", ["1.234.56", "1.234.5678", "12345.678.901"])
def test_dots_anywhere_else_are_not_between_thousands(text: str) -> None:
    assert 1_234_567 not in [value for _, value in told(text)]
    assert 12_345_678_901 not in [value for _, value in told(text)]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("$12.34", "money", 12_340_000),
        ("$ 12.34", "money", 12_340_000),
        ("US$12.34", "money", 12_340_000),
        ("USD 12.34", "money", 12_340_000),
        ("usd 12.34", "money", 12_340_000),
        ("$1,234.56", "money", 1_234_560_000),
        ("$8.412M", "money", 8_412_000 * MICRO),
        ("97.34%", "share", 973_400),
        ("97,34 %", "share", 973_400),
        ("100%", "share", MICRO),
    ],
)
def test_money_and_shares_have_their_own_units(
    text: str, kind: str, value: int
) -> None:
    assert told(text) == [(kind, value)]


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("tokens", "count"),
        ("cost_usd", "money"),
        ("Cost", "money"),
        ("Price in $", "money"),
        ("cache_share", "share"),
        ("", "count"),
        ("Calls", "count"),
    ],
)
def test_a_heading_says_what_a_bare_number_is(heading: str, kind: str) -> None:
    ((found, _),) = told("12.5", heading)
    assert found == kind


@pytest.mark.parametrize(
    ("text", "many"),
    [
        ("281.4B.", 1),
        ("(281.4B)", 1),
        ("~281.4B", 1),
        ("=281.4B", 1),
        ("281.4B, $7.1M; 97.3%", 3),
        ("acc-17 used 281.4B", 1),
        ("gpt-5 and v1.2.3", 0),
        ("1.2.3.4", 1),
        ("x281.4B", 0),
        ("281Bx", 0),
        ("1e999", 0),
        ("९८७", 1),
        ("∞", 0),
        ("9" * 25, 0),
        ("9" * 24, 1),
    ],
)
def test_what_stands_around_a_figure_does_not_hide_it(text: str, many: int) -> None:
    assert len(told(text)) == many


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("2.814E+11", False),
        ("2.815E+11", True),
        ("281,4 Mrd", False),
        ("281,5 Mrd", True),
        ("0.2814T", False),
        ("0.2815 trillion", True),
        ("281,500,000,000.0", True),
        ("281,400M", False),
        # Three digits: both may have been cut or rounded to it.
        ("0.281T", None),
        ("2.81E+11", None),
        ("3E+11", None),
    ],
)
def test_a_digit_is_read_in_whatever_unit(
    written: str,
    said: bool | None,  # noqa: FBT001
) -> None:
    (found,) = written_in(written)
    assert says(found, CELL) is said


@pytest.mark.parametrize("written", ["281.3B", "281.45B", "280B", "2.816E+11", "0"])
def test_a_figure_of_neither_is_said_to_be_neither(written: str) -> None:
    (found,) = written_in(written)
    with pytest.raises(ValueError, match=r"^\S+$"):
        says(found, CELL)


TABLES = {
    "a heading": "name,tokens,cost\nAda,281400000000,8412.5\n",
    "quotes": '"name","tokens","cost"\n"Ada","281400000000","8412.5"\n',
    "thousands": 'name,tokens,cost\nAda,"281,400,000,000","8,412.5"\n',
    "signs": "name,tokens,cost\nAda,281.4B,$8412.5\n",
    "tabs": "name\ttokens\tcost\nAda\t281400000000\t8412.5\n",
    "semicolons": "name;tokens;cost\nAda;281400000000;8412.5\n",
    "ends of Windows": "name,tokens,cost\r\nAda,281400000000,8412.5\r\n",
    "blank lines": "name,tokens,cost\n\nAda,281400000000,8412.5\n\n",
    "digits in the heading": "name,tokens of 30 days,cost\nAda,281400000000,8412.5\n",
    "a spreadsheet": "name,tokens,cost\nAda,2.814E+11,8412.5\n",
}


@pytest.mark.parametrize("text", TABLES.values(), ids=TABLES)
def test_every_dialect_of_a_table_tells_the_same(text: str) -> None:
    (line,) = lines_of(text)
    assert line.words == "Ada"
    assert [(one.kind, one.value) for one in line.figures] == [
        ("count", 281_400_000_000),
        ("money", 8_412_500_000),
    ]


def test_lines_of_a_table_are_counted_like_in_an_editor() -> None:
    text = "name,tokens\nAda,12345\nBob,nothing\nCyd,23456\n"
    assert [line.number for line in lines_of(text)] == [2, 4]


@pytest.mark.parametrize(
    "text",
    [
        "Ada Lovelace,281.4B,$41.22K\nBob,7.1M,$1.02K",
        "Ada Lovelace,281400000000,41220\nBob,7100000,1020",
        "1,Ada Lovelace,281.4B,$41.22K\n2,Bob,7.1M,$1.02K",
    ],
)
def test_a_table_without_a_heading_is_a_table(text: str) -> None:
    first, second = lines_of(text)
    assert (first.words, second.words) == ("Ada Lovelace", "Bob")
    assert (first.number, second.number) == (1, 2)
    assert 281_400_000_000 in [one.value for one in first.figures]
    assert 7_100_000 in [one.value for one in second.figures]


def test_money_keeps_its_sign_in_a_table_without_a_heading() -> None:
    (line,) = lines_of("Ada,281.4B,$41.22K")
    assert [one.kind for one in line.figures] == ["count", "money"]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("60 trillion tokens, the top user 281 billion", [60 * 10**12, 281 * 10**9]),
        ("Ada 1,234,567", [1_234_567]),
        ("Ada 1,234,567\nBob 2,345,678", [1_234_567, 2_345_678]),
        ("1,234.5", [1_234]),
        ("12,345", [12_345]),
        ("In all 7 days, Ada used 281.4B", [7, 281_400_000_000]),
        ("Ada used 281.4B,\nBob 7.1M,", [281_400_000_000, 7_100_000]),
    ],
)
def test_sentences_with_commas_are_no_tables(text: str, values: list[int]) -> None:
    assert [one.value for line in lines_of(text) for one in line.figures] == values


@pytest.mark.parametrize(
    "text",
    [
        "| Name | Tokens |\n|---|---:|\n| Ada Lovelace | 281.4B |",
        "|Ada Lovelace|281.4B|",
        "<tr><td>Ada Lovelace</td><td>281.4B</td></tr>",
        '<td class="n">281.4B</td> <a href="/people/ada">Ada Lovelace</a>',
        "Ada Lovelace ........ 281.4B",
        "Ada Lovelace: 281.4B",
        "* Ada Lovelace - 281.4B",
        "Ada Lovelace\t281.4B",
        "Ada Lovelace;281.4B",
    ],
)
def test_pipes_html_and_lists_are_read_line_by_line(text: str) -> None:
    (line,) = lines_of(text)
    assert "Ada Lovelace" in line.words
    assert [one.value for one in line.figures] == [281_400_000_000]


JSONS = {
    "an object": {"name": "Ada", "tokens": 281_400_000_000},
    "a list": [{"name": "Ada", "tokens": 281_400_000_000}],
    "rows": {"lens": "tokens", "rows": [{"name": "Ada", "tokens": 281_400_000_000}]},
    "deep": [[[{"name": "Ada", "tokens": 281_400_000_000}]]],
    "text": [{"name": "Ada", "tokens": "281400000000"}],
    "columns": [["Ada", 281_400_000_000]],
    "a float": [{"name": "Ada", "tokens": 281_400_000_000.0}],
}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("value", JSONS.values(), ids=JSONS)
def test_json_of_every_shape_tells_the_same(value: object, indent: int | None) -> None:
    found = [one for one in rows(json.dumps(value, indent=indent)) if one[1]]
    assert found == [("Ada", [281_400_000_000])]


def test_json_keeps_every_digit_of_a_decimal() -> None:
    (line,) = lines_of('{"cost_usd": 123456789.123456}')
    assert line.figures == (
        Written("123456789.123456", "money", 123_456_789_123_456, 1),
    )


@pytest.mark.parametrize(
    "text",
    [
        *("", " \n\t\n", "{}", "[]", "[[], {}]", "null", '"12"x', '{"a": null}'),
        *('{"a": true}', '{"a": "12 of 13"}', "name,tokens\n", "name,tokens\nAda,\n"),
        *(",,,\n,,,", ";;;", "\x00\x01", "\ufffd" * 50, "<td></td>", "|---|"),
    ],
)
def test_a_text_without_a_figure_has_no_lines(text: str) -> None:
    found = lines_of(text)
    assert not found or text == '"12"x'


@pytest.mark.parametrize("text", ['{"a": 12', '{"a": 12}}', "[12,", "{12 of 13", "[x"])
def test_broken_json_is_read_like_text(text: str) -> None:
    values = [one.value for line in lines_of(text) for one in line.figures]
    assert values[:1] == ([12] if "12" in text else [])


def test_deep_json_is_read_or_left_without_an_error() -> None:
    lines_of("[" * 100_000)
    lines_of("[" * 900 + "12345" + "]" * 900)


def test_one_line_of_json_lines_that_is_broken_makes_all_of_it_text() -> None:
    text = '{"name": "Ada", "tokens": 12345}\n{"name": "Bob", "tok'
    (line,) = lines_of(text)
    assert [one.value for one in line.figures] == [12_345]
    assert "Ada" in line.words


NAMES = st.text(st.characters(categories=("Lu", "Ll")), min_size=1, max_size=12)
AMOUNTS = st.integers(10_000, 10**15)


@given(NAMES, st.lists(AMOUNTS, min_size=1, max_size=5), st.sampled_from("\t;,"))
def test_whatever_a_table_is_made_of_is_read_back(name, amounts, mark) -> None:
    heading = mark.join(("name", *("tokens" for _ in amounts)))
    row = mark.join((name, *map(str, amounts)))
    assert rows(f"{heading}\n{row}\n") == [(name, amounts)]


@given(NAMES, st.lists(AMOUNTS, min_size=1, max_size=5))
def test_a_table_without_a_heading_is_read_back_too(name, amounts) -> None:
    assert rows(",".join((name, *map(str, amounts)))) == [(name, amounts)]


@given(AMOUNTS, st.booleans(), st.sampled_from(["{:,}", "{}", "{:.3E}"]))
def test_what_is_shown_is_read_back_in_every_notation(value, high, notation) -> None:
    cell = MARKS.cell(value)
    if cell is not None:
        shown = cell.high if high else cell.low
        (found,) = written_in(notation.format(shown))
        assert says(found, cell) is high


@given(AMOUNTS)
def test_an_exact_figure_is_neither_of_its_two_roundings(value: int) -> None:
    """Exact figures are told from marked ones before: they say nothing of a viewer."""
    cell = MARKS.cell(value)
    (found,) = written_in(str(value))
    assert found.value == value
    if cell is not None:
        with pytest.raises(ValueError, match=str(value)):
            says(found, cell)


@given(st.text("0123456789.,'eE+-$% kKmMbB|;\t\n\"{}[]", max_size=80))
def test_any_mixture_of_digits_and_signs_is_read_without_an_error(text: str) -> None:
    for line in lines_of(text):
        assert line.number >= 1
        assert all(one.unit >= 1 and one.value >= 0 for one in line.figures)
