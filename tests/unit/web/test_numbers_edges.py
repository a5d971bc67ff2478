"""Numbers at the edges of what a page says: where one unit ends and another begins."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mileage.domain.instants import read_instant
from mileage.domain.window import micros
from mileage.web import numbers


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1 KiB"),
        (1536, "1.5 KiB"),
        (1024**2, "1 MiB"),
        (1024**3 * 10, "10 GiB"),
        (1024**4 * 2048, "2048 TiB"),
    ],
)
def test_bytes_are_counted_in_powers_of_two(count, text):
    assert numbers.size(count) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1_500_000, "micro_usd", "$1.50"),
        (123_450, "hundredths", "1,234.50"),
        (5, "hundredths", "0.05"),
        (1_500_000, "tokens", "1.5M"),
        (0, "micro_usd", "$0"),
    ],
)
def test_a_value_is_shown_in_the_unit_of_its_lens(value, unit, text):
    assert numbers.valued(value, unit) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (9.94, "9.9 s"),
        (10, "10 s"),
        (59.6, "1 min"),
        (3599.6, "1 h"),
        (3601, "1 h 1 s"),
        (90_061, "1 d 1 h"),
    ],
)
def test_lengths_of_time_round_up_into_the_next_unit(seconds, text):
    assert numbers.duration(seconds) == text


@pytest.mark.parametrize(
    ("micro_usd", "marked"),
    [(99_990_000, "$99.99"), (100_000_000, "$100.0"), (1_000_000_000, "$1,000")],
)
def test_marked_money_changes_its_form_where_a_digit_is_added(micro_usd, marked):
    assert numbers.money_four(micro_usd) == marked


@pytest.mark.parametrize(
    ("millionths", "text"),
    [(100_000, "10.00%"), (99_990, "9.999%"), (10_000, "1.000%"), (1, "0.0001%")],
)
def test_a_marked_share_keeps_four_digits(millionths, text):
    assert numbers.percent_four(millionths) == text


@pytest.mark.parametrize("part", [0, 1, 267_956, 999_999])
def test_what_a_form_holds_is_the_first_second_at_which_it_is_there(part):
    then = micros(datetime(2026, 11, 23, 8, 36, 9, part, tzinfo=UTC))
    asked = read_instant(numbers.wall(then, "Europe/Berlin"), "Europe/Berlin", "T")
    assert then <= asked < then + 1_000_000


def test_a_form_holds_the_local_time_of_an_instant():
    then = micros(datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC))
    assert numbers.wall(then, "Europe/Berlin") == "2027-01-01T00:59:59"
    assert numbers.clock_text(then, "Europe/Berlin") == "1 Jan 2027, 00:59"
    assert numbers.usd(1_000_001) == "1.000001"
    assert numbers.money_exact(8_410_000_250_000) == "$8,410,000.250000"
