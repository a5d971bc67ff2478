from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.window import micros
from mileage.web import numbers

SIZES = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
COUNTS = st.integers(0, 10**16) | st.sampled_from(
    [10**n + d for n in range(2, 16) for d in (-1, 0, 1)]
    + [9995 * 10**n + d for n in range(11) for d in (-1, 0, 1)]
    + [99995 * 10**n + d for n in range(11) for d in (-1, 0, 1)]
)


def meaning(text: str) -> Decimal:
    match = re.fullmatch(r"([\d.]+)([KMBT]?)", text)
    assert match, text
    return Decimal(match[1]) * SIZES[match[2]]


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"),
        (7, "7"),
        (999, "999"),
        (1000, "1K"),
        (1004, "1K"),
        (1005, "1K"),
        (1260, "1.26K"),
        (999_499, "999K"),
        (999_500, "1M"),
        (999_950, "1M"),
        (281_400_000_000, "281B"),
        (60_200_000_000_000, "60.2T"),
        (8_410_000, "8.41M"),
        (12_340_000_000_000_000, "12340T"),
    ],
)
def test_compact_reads_like_this(count, text):
    assert numbers.compact(count) == text


@given(COUNTS)
def test_compact_is_never_off_by_more_than_half_a_per_cent(count):
    assert abs(meaning(numbers.compact(count)) - count) <= Decimal(count) / 200


@given(COUNTS, COUNTS)
def test_compact_keeps_order(one, other):
    small, large = sorted((one, other))
    assert meaning(numbers.compact(small)) <= meaning(numbers.compact(large))


@given(st.integers(0, 10**15 - 10**12))
def test_compact_has_at_most_three_digits(count):
    digits = re.sub(r"\D", "", numbers.compact(count)).lstrip("0")
    assert len(digits.rstrip("0")) <= 3


@pytest.mark.parametrize(
    ("micro_usd", "text"),
    [
        (0, "$0"),
        (1, "<$0.01"),
        (4_999, "<$0.01"),
        (5_000, "$0.01"),
        (1_500_000, "$1.50"),
        (99_990_000, "$99.99"),
        (99_994_999, "$99.99"),
        (99_995_000, "$100"),
        (412_400_000, "$412"),
        (8_410_000_000_000, "$8.41M"),
        (-9_500_000, "-$9.50"),
        (-4_000, "-<$0.01"),
    ],
)
def test_money_reads_like_this(micro_usd, text):
    assert numbers.money(micro_usd) == text


@given(st.integers(0, 10**15))
def test_money_is_never_far_off_and_never_calls_something_nothing(micro_usd):
    text = numbers.money(micro_usd)
    dollars = Decimal(micro_usd) / 10**6
    if text == "<$0.01":
        assert 0 < dollars < Decimal("0.005")
    else:
        shown = meaning(text.removeprefix("$"))
        assert abs(shown - dollars) <= max(Decimal("0.005"), dollars / 100)
        assert (shown == 0) == (micro_usd == 0)


@given(st.integers(0, 10**15))
def test_exact_money_loses_nothing(micro_usd):
    shown = numbers.money_exact(micro_usd).removeprefix("$").replace(",", "")
    assert Decimal(shown) * 10**6 == micro_usd
    assert Decimal(numbers.usd(micro_usd)) * 10**6 == micro_usd


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0.0%"),
        (0.0001, "<0.1%"),
        (0.0005, "<0.1%"),
        (0.001, "0.1%"),
        (0.913, "91.3%"),
        (0.99949, "99.9%"),
        (0.9999, ">99.9%"),
        (1, "100.0%"),
    ],
)
def test_percent_reads_like_this(share, text):
    assert numbers.percent(share) == text


@given(st.floats(0, 1))
def test_percent_says_all_or_nothing_only_when_it_is(share):
    text = numbers.percent(share)
    assert (text == "100.0%") == (share == 1)
    assert (text == "0.0%") == (share == 0)
    assert abs(float(text.strip("<>%")) - share * 100) <= 0.1


def test_a_part_of_nothing_is_zero():
    assert numbers.part(3, 0) == 0
    assert numbers.part(1, 4) == 0.25


@given(st.integers(0, 10**15))
def test_exact_keeps_every_digit(count):
    assert int(numbers.exact(count).replace(",", "")) == count


@given(st.dates(date(2020, 1, 1), date(2100, 1, 1)))
def test_day_labels_are_the_day_and_the_month(day):
    number, month = numbers.day_label(day.isoformat()).split()
    assert datetime.strptime(f"{number} {month} 2024", "%d %b %Y").replace(
        tzinfo=UTC
    ).timetuple()[1:3] == (day.month, day.day)


def test_instants_are_shown_in_their_zone():
    then = micros(datetime(2026, 11, 3, 20, 5, 59, tzinfo=UTC))
    assert numbers.clock_text(then, "Asia/Kolkata") == "4 Nov 2026, 01:35"
    assert numbers.iso_minute(then, "Asia/Kolkata") == "2026-11-04 01:35"
    assert numbers.iso_exact(then, "Asia/Kolkata") == "2026-11-04T01:35:59+05:30"
    assert numbers.clock_text(then, "UTC") == "3 Nov 2026, 20:05"


@pytest.mark.parametrize(
    ("moment", "zone", "begins"),
    [
        (datetime(2026, 11, 3, 18, 30, tzinfo=UTC), "Asia/Kolkata", True),
        (datetime(2026, 11, 3, 0, 0, tzinfo=UTC), "Asia/Kolkata", False),
        (datetime(2026, 11, 3, 0, 0, tzinfo=UTC), "UTC", True),
        (datetime(2026, 7, 1, 22, 0, tzinfo=UTC), "Europe/Berlin", True),
        (datetime(2026, 12, 1, 22, 0, tzinfo=UTC), "Europe/Berlin", False),
    ],
)
def test_a_day_begins_where_its_zone_says(moment, zone, begins):
    assert numbers.on_midnight(micros(moment), zone) is begins


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.44, "0.4 s"),
        (9.96, "10 s"),
        (59, "59 s"),
        (61, "1 min 1 s"),
        (7505, "2 h 5 min"),
        (201_400, "2 d 7 h"),
        (86_400, "1 d"),
    ],
)
def test_durations_read_like_this(seconds, text):
    assert numbers.duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"),
        (812, "812"),
        (9_999, "9,999"),
        (10_000, "10.00K"),
        (281_400_000_000, "281.4B"),
        (281_000_000_000, "281.0B"),
        (28_140_000, "28.14M"),
        (1_000_000_000_000, "1.000T"),
        (99_990, "99.99K"),
        (1_234_000_000_000_000, "1234T"),
    ],
)
def test_four_digits_are_all_shown(count, text):
    assert numbers.four(count) == text


@pytest.mark.parametrize(
    ("micro_usd", "text"),
    [
        (0, "$0"),
        (12_340_000, "$12.34"),
        (123_400_000, "$123.4"),
        (8_412_000_000, "$8,412"),
        (84_120_000_000, "$84.12K"),
        (841_200_000_000, "$841.2K"),
    ],
)
def test_four_digits_of_money(micro_usd, text):
    assert numbers.money_four(micro_usd) == text


@pytest.mark.parametrize(
    ("millionths", "text"),
    [
        (973_400, "97.34%"),
        (97_340, "9.734%"),
        (9_734, "0.9734%"),
        (999_900, "99.99%"),
        (1_000_000, "100%"),
        (0, "0%"),
    ],
)
def test_four_digits_of_a_share(millionths, text):
    assert numbers.percent_four(millionths) == text


@given(COUNTS)
def test_marked_figures_lose_no_digit_on_a_page(count):
    unit = 10 ** max(0, len(str(count)) - 4)
    shown = count - count % unit
    if shown < 10**16:
        assert meaning(numbers.four(shown).replace(",", "")) == shown
