"""Instants as they are written: one meaning each; what has none is told what to be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.days import micros, moment
from mileage.domain.errors import Invalid
from mileage.domain.instants import read_exact_instant, read_instant, with_times

BERLIN = "Europe/Berlin"


def at(*parts: int) -> int:
    return micros(datetime(*parts, tzinfo=UTC))


@pytest.mark.parametrize(
    ("day", "hours"),
    [("2026-03-29", 23), ("2026-06-01", 24), ("2026-10-25", 25), ("2024-02-29", 24)],
)
def test_a_day_ends_where_the_next_one_begins_with_as_many_hours_as_it_has(day, hours):
    last = read_instant(day, BERLIN, "T")
    before = datetime.fromisoformat(day) - timedelta(days=1)
    began = read_instant(before.date().isoformat(), BERLIN, "T")
    assert last - began == hours * 3600 * 1_000_000
    assert last + 1 == read_instant(
        (before + timedelta(days=2)).isoformat()[:16], BERLIN, "T"
    )


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-10-25T02:30", at(2026, 10, 25, 0, 30)),
        ("2026-10-25T02:30+01:00", at(2026, 10, 25, 1, 30)),
        ("2026-11-22 10:00", at(2026, 11, 22, 9)),
        ("2026-11-22T10:00:00 0530", at(2026, 11, 22, 4, 30)),
        ("2026-11-22T10:00:00-05:30", at(2026, 11, 22, 15, 30)),
    ],
)
def test_a_clock_that_is_set_back_and_a_lost_plus_have_one_meaning(text, instant):
    assert read_instant(text, BERLIN, "T") == instant


NO_TIMES = [
    *("2026-11-22Z", "2026-11-22T10:00+5", "2026-02-29", "2026-W60-1", "now", ""),
    *("9999-12-31", "2026-11-22T10:00\n", "2026-11-22 ", "+2026-11-22", "1795341600"),
]


@pytest.mark.parametrize("text", NO_TIMES)
def test_what_is_no_time_in_this_form_is_refused_with_what_to_write(text):
    with pytest.raises(Invalid, match=f"^--as-of must be a day .* of {BERLIN}"):
        read_instant(text, BERLIN, "--as-of")
    with pytest.raises(Invalid, match=r"^`from` must be an instant with its offset"):
        read_exact_instant(text, "`from`")


@pytest.mark.parametrize("text", ["2026-11-22", "2026-11-22T10:00", "2026-11-22 10:00"])
def test_where_the_offset_is_required_nothing_is_guessed(text):
    assert read_instant(text, BERLIN, "T")
    with pytest.raises(Invalid, match="with its offset from UTC"):
        read_exact_instant(text, "`until`")


@pytest.mark.parametrize("text", ["20261122", "2026-W47-7", "2026W477"])
def test_a_day_is_all_of_it_however_it_is_written(text):
    assert read_instant(text, BERLIN, "T") == read_instant("2026-11-22", BERLIN, "T")


INSTANTS = st.integers(at(1, 1, 2), at(9999, 12, 30))


@given(INSTANTS, st.integers(-14 * 4, 14 * 4), st.sampled_from("T "))
def test_an_instant_is_read_as_it_was_written_whatever_its_offset(one, quarters, gap):
    offset = timedelta(minutes=15 * quarters)
    written = (moment(one).replace(tzinfo=None) + offset).isoformat(gap)
    minutes = abs(15 * quarters)
    sign = "-" if quarters < 0 else "+"
    for colon in (":", ""):
        text = f"{written}{sign}{minutes // 60:02}{colon}{minutes % 60:02}"
        assert read_exact_instant(text, "T") == one
        assert read_instant(text, BERLIN, "T") == one
        assert read_exact_instant(text.replace("+", " "), "T") == one


@given(st.text(max_size=30))
def test_any_text_is_an_instant_or_refused(text):
    try:
        exact = read_exact_instant(text, "T")
    except Invalid:
        return
    assert read_instant(text, "UTC", "T") == exact


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ""),
        ("lens credit, 250 of 85000", "lens credit, 250 of 85000"),
        ("as of 1795413817359761", "as of 2026-11-23T06:03:37Z"),
        (
            "1795413817359761 to 1795413817359762",
            " to ".join(["2026-11-23T06:03:37Z"] * 2),
        ),
        ("call 17954138173597610", "call 17954138173597610"),
        ("ses_1795413817359761", "ses_1795413817359761"),
    ],
)
def test_instants_inside_a_record_are_told_as_times(text, told):
    assert with_times(text) == told


@given(st.text(), st.integers(10**15, 10**16 - 1))
def test_any_number_of_that_many_digits_has_a_time(text, one):
    assert with_times(f"{text} {one}").endswith(f" {moment(one):%Y-%m-%dT%H:%M:%SZ}")
