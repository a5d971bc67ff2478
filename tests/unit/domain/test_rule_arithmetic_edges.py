"""Where formulas, and the metrics that they name, come to their edges."""

from __future__ import annotations

from math import inf, nan

import pytest

from mileage.domain.formula import (
    FormulaError,
    Name,
    Number,
    Operation,
    Range,
    can_hold,
    evaluate,
    parse_condition,
    parse_formula,
    size,
    spans,
    whole,
)
from mileage.domain.measured import METRICS, Day, Measured, evenness, metrics
from mileage.domain.sums import Figures
from mileage.domain.tokens import Tokens

RANGES = {"few": Range(1, 9), "any": Range(-inf, inf), "none": Range(0, 0)}


def test_signs_bind_from_the_left_and_products_before_sums():
    assert parse_formula("a - b / 2 - c") == Operation(
        "-",
        Operation("-", Name("a"), Operation("/", Name("b"), Number(2.0))),
        Name("c"),
    )


@pytest.mark.parametrize(
    ("text", "names_and_numbers"),
    [("a", 1), ("min(a, 2)", 2), ("(((a)))", 1), ("a*a+max(1,b/2)", 5)],
)
def test_the_size_counts_every_leaf_as_often_as_it_stands(text, names_and_numbers):
    assert size(parse_formula(text)) == names_and_numbers


def test_limits_can_be_reached_and_not_passed():
    parse_formula("(" * 20 + "a" + ")" * 20)
    parse_formula("+".join("a" * 16))
    assert parse_formula("9" * 15) == Number(999_999_999_999_999.0)
    with pytest.raises(FormulaError, match="20 levels"):
        parse_formula("(" * 21 + "a" + ")" * 21)
    with pytest.raises(FormulaError, match="20 levels"):
        parse_formula("min(" * 21 + "a" + ", 1)" * 21)


@pytest.mark.parametrize(
    "text", ["min", "max + 1", "min a, b", "-a", "1 -- 1", "a..b", ".5", "()", "a,b"]
)
def test_what_only_looks_like_a_formula(text):
    with pytest.raises(FormulaError, match=r"expected|ends too early"):
        parse_formula(text)


def test_both_sides_of_a_condition_have_a_size_of_their_own_together():
    parse_condition("+".join("a" * 15) + " >= 1")
    with pytest.raises(FormulaError, match="more than 16"):
        parse_condition("+".join("a" * 16) + " >= 1")


def test_an_error_quotes_no_more_than_a_line():
    with pytest.raises(FormulaError) as raised:
        parse_formula("a " + "b" * 500)
    assert str(raised.value) == f"goes on with {'b' * 20!r}; expected the end"


@pytest.mark.parametrize("found", [nan, -inf, -(2.0**63)])
def test_what_the_database_cannot_hold_has_no_value(found):
    assert whole(found) is None


def test_the_largest_whole_number_that_is_held():
    assert whole(2.0**63 - 1024) == 2**63 - 1024
    assert whole(-(2.0**63) + 1024) == 1024 - 2**63


@pytest.mark.parametrize("text", ["1 / (a - a)", "a / 0", "max(9, 1 / zero)"])
def test_no_value_anywhere_is_none_of_the_whole(text):
    assert evaluate(parse_formula(text), {"a": 5, "zero": 0}) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("few - few", (-8, 8)),
        ("few * (0 - 2)", (-18, -2)),
        ("18 / few", (2, 18)),
        ("few / none", (0, inf)),
        ("(0 - few) / none", (-inf, inf)),
        ("any * none", (-inf, inf)),
        ("max(any, few)", (1, inf)),
        ("min(any, few)", (-inf, 9)),
    ],
)
def test_what_a_formula_can_be(text, expected):
    assert spans(parse_formula(text), RANGES) == expected


@pytest.mark.parametrize(
    ("text", "possible"),
    [("few < 1", False), ("few <= 1", True), ("1 > few", False), ("9 < few", False)],
)
def test_a_condition_at_the_end_of_a_range(text, possible):
    assert can_hold(parse_condition(text), RANGES) is possible


def test_a_share_of_caches_is_of_the_prompt_alone():
    answered = Tokens(cache_read=1, output=10**9, reasoning=10**9)
    found = metrics(Measured(figures=Figures(1, answered)))
    assert found["cache_share"] == METRICS["cache_share"].most == 10_000
    written = metrics(Measured(figures=Figures(1, Tokens(output=7))))
    assert written["cache_share"] == 0
    third = metrics(Measured(figures=Figures(1, Tokens(2, 1))))
    assert third["cache_share"] == 3333


def test_days_without_a_cost_are_no_part_of_evenness():
    days = [Day(Tokens(output=5), 9), Day(Tokens()), Day(Tokens(input=5), 9)]
    assert metrics(Measured(days=days))["even_days"] == 200


def test_evenness_is_exact_where_doubles_are_not():
    most = 10**13
    assert evenness([most] * 93) == METRICS["even_days"].most == 9300
    assert evenness([most, most - 1]) == 199
