"""Numbers and names in the terminal's table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from mileage.cli.me_table import _short, compact, money
from mileage.domain.printable import printable


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0"),
        (999, "999"),
        (1_000, "1K"),
        (1_049, "1.05K"),
        (9_999, "10K"),
        (99_949, "99.9K"),
        (999_950, "1M"),
        (281_000_000_000, "281B"),
        (60_200_000_000_000, "60.2T"),
        (10**16, "10000T"),
    ],
)
def test_counts_have_three_digits(count, shown):
    assert compact(count) == shown


@given(st.integers(0, 10**15))
def test_counts_are_never_off_by_more_than_half_a_percent(count):
    shown = compact(count)
    unit = {"K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}.get(shown[-1], 1)
    value = float(shown.rstrip("KMBT")) * unit
    assert abs(value - count) <= count * 0.00501


@pytest.mark.parametrize(
    ("cost", "shown"),
    [
        (None, "\u2013"),
        (0, "$0.00"),
        (1, "<$0.01"),
        (9_999, "<$0.01"),
        (10_000, "$0.01"),
        (12_345_678_900, "$12,345.68"),
    ],
)
def test_money(cost, shown):
    assert money(cost) == shown


def test_long_names_keep_their_end():
    assert _short("") == "(unknown)"
    assert _short("x" * 40) == "x" * 40
    assert _short("a" * 40 + "end", 10) == "\u2026" + "a" * 6 + "end"
    assert _short("a" * 40 + "end") == "\u2026" + "a" * 36 + "end"


def test_wide_letters_are_measured_as_they_are_shown():
    assert _short("語" * 20) == "語" * 20
    assert _short("語" * 21) == "\u2026" + "語" * 19
    assert _short("a" * 40 + "e\u0301" + "b" * 9, 10) == "\u2026" + "b" * 9


@given(st.text(), st.integers(2, 40))
def test_no_name_is_wider_than_its_room(name, longest):
    shown = _short(name, longest) if name else "…"
    assert cell_len(shown) <= longest
    assert name == "" or printable(name).endswith(shown.removeprefix("…"))
