"""One rounding rule."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.rounding import half_even


@pytest.mark.parametrize(
    ("numerator", "denominator", "quotient"),
    [
        (0, 1, 0),
        (1, 2, 0),
        (3, 2, 2),
        (5, 2, 2),
        (7, 2, 4),
        (1, 3, 0),
        (2, 3, 1),
        (-1, 2, 0),
        (-3, 2, -2),
    ],
)
def test_halves_go_to_the_even_one(numerator, denominator, quotient):
    assert half_even(numerator, denominator) == quotient


@given(st.integers(), st.integers(1, 10**30))
def test_it_is_the_rounding_of_exact_fractions(numerator, denominator):
    assert half_even(numerator, denominator) == round(Fraction(numerator, denominator))


@given(st.integers(-(10**30), 10**30))
def test_the_result_is_an_integer_and_not_a_truth_value(numerator):
    assert type(half_even(numerator, 2)) is int
