"""Division of integers with one rounding rule, wherever money or weights meet."""

from __future__ import annotations


def half_even(numerator: int, denominator: int) -> int:
    """Divide, rounding to the nearest integer and halves to the even one.

    Banker's rounding: many small roundings do not drift upwards.
    """
    quotient, rest = divmod(numerator, denominator)
    return quotient + (2 * rest > denominator - (quotient & 1))
