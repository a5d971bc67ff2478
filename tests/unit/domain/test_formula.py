"""Formulas: what is read, what they give, what they can be, and how they fail."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.formula import (
    FormulaError,
    Range,
    can_hold,
    evaluate,
    holds,
    names,
    parse_condition,
    parse_formula,
    spans,
    whole,
)

KNOWN = {"a": 6, "b": 4, "none": None, "zero": 0, "large": 2**62}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", 6.0),
        ("12", 12.0),
        ("12_000_000", 12e6),
        ("0.25", 0.25),
        ("a + b * 2", 14.0),
        ("(a + b) * 2", 20.0),
        ("a - b - 1", 1.0),
        ("a / b / 3", 0.5),
        ("min(a, b) + max(a, b)", 10.0),
        (" max( a,min( b , 9 ) ) ", 6.0),
        ("b - a", -2.0),
        ("a / zero", None),
        ("none * zero", None),
        ("min(a, none)", None),
        ("zero / a", 0.0),
    ],
)
def test_what_a_formula_gives(text, expected):
    assert evaluate(parse_formula(text), KNOWN) == expected


def test_the_largest_formula_is_finite():
    assert evaluate(parse_formula("*".join(["large"] * 16)), KNOWN) < inf
    assert evaluate(parse_formula("1" + "/large" * 15), KNOWN) > 0


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (2.5, 2),
        (3.5, 4),
        (-0.5, 0),
        (2.4, 2),
        (None, None),
        (2.0**63, None),
        (inf, None),
    ],
)
def test_rounding_to_whole_numbers(found, expected):
    assert whole(found) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "ends too early; expected a number"),
        ("a +", "ends too early; expected a number"),
        ("a b", "goes on with 'b'; expected the end"),
        ("(a", r"ends too early; expected \)"),
        ("min(a)", r"goes on with '\)'; expected ,"),
        ("* a", r"goes on with '\* a'; expected a number"),
        ("a ^ b", r"goes on with '\^ b'; expected the end"),
        ("A", "goes on with 'A'; expected a number"),
        ("a > b", "goes on with '> b'; expected the end"),
        ("(" * 30 + "a" + ")" * 30, "more than 20 levels"),
        ("+".join("a" * 17), "more than 16 names and numbers"),
        ("1" * 16, "longer than 15 digits"),
        ("a * 1_", "goes on with '_'; expected the end"),
        ("1__0", "goes on with '__0'; expected the end"),
    ],
)
def test_what_is_no_formula(text, why):
    with pytest.raises(FormulaError, match=why):
        parse_formula(text)


def test_names_of_a_formula():
    assert list(names(parse_formula("a * (b + 2) / min(a, c)"))) == ["a", "b", "a", "c"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a >= 6", True),
        ("a > 6", False),
        ("a * 2 <= 12", True),
        ("b < a", True),
        ("none >= 0", False),
        ("0 >= none", False),
        ("a / zero > 0", False),
    ],
)
def test_whether_a_condition_holds(text, expected):
    assert holds(parse_condition(text), KNOWN) is expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a", "ends too early; expected >=, <=, > or <"),
        ("a = b", "goes on with '= b'; expected >="),
        ("a >= b >= 1", "expected the end"),
    ],
)
def test_what_is_no_condition(text, why):
    with pytest.raises(FormulaError, match=why):
        parse_condition(text)


def test_a_condition_remembers_its_text():
    assert parse_condition("  a >= 6 ").text == "a >= 6"


RANGES = {"days": Range(0, 30), "n": Range(0, inf), "any": Range(-inf, inf)}


@pytest.mark.parametrize(
    ("text", "possible"),
    [
        ("days >= 30", True),
        ("days > 30", False),
        ("days >= 31", False),
        ("days - 31 >= 0", False),
        ("days < 0", False),
        ("days <= 0", True),
        ("2 * days > 60", False),
        ("n / days > 1000", True),
        ("any / days > 1", True),
        ("min(n, days) > 30", False),
        ("max(n, days) < 0", False),
        ("n - n > 5", True),
    ],
)
def test_whether_a_condition_can_ever_hold(text, possible):
    assert can_hold(parse_condition(text), RANGES) is possible


FORMULAS = st.recursive(
    st.sampled_from(["a", "b", "c", "0", "3", "0.5"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(
            lambda parts: "({} {} {})".format(*parts)
        ),
        st.tuples(st.sampled_from(["min", "max"]), inner, inner).map(
            lambda parts: "{}({}, {})".format(*parts)
        ),
    ),
    max_leaves=8,
)
SMALL = st.integers(0, 9)


@given(FORMULAS, st.fixed_dictionaries({"a": SMALL, "b": SMALL, "c": SMALL}))
def test_a_value_lies_within_what_a_formula_can_be(text, values):
    formula = parse_formula(text)
    found = evaluate(formula, values)
    least, most = spans(formula, dict.fromkeys("abc", Range(0, 9)))
    assert found is None or least <= found <= most
