"""What all readers of JSON-lines logs share."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.call import Seen
from mileage.domain.copies import merge_copies
from mileage.domain.window import micros
from mileage.domain.witness import Activity
from mileage.sources.jsonl import (
    Gathering,
    decode,
    instant,
    merge_repeats,
    text,
    untimely,
)
from tests.witnesses import LOG, NOON, TRAITS, witness

ANYTHING = msgspec.json.Decoder(dict[str, object])
COUNTS = st.integers(0, 5)


@st.composite
def lines_of_one_call(draw):
    return witness(
        occurred_at=NOON + draw(st.integers(0, 3)),
        copied=draw(st.booleans()),
        reported_cost=draw(st.sampled_from([None, 1, 2])),
        model=draw(st.sampled_from(["a", "b"])),
        input=draw(COUNTS),
        cache_read=draw(COUNTS),
        cache_write=draw(COUNTS),
        cache_write_1h=draw(COUNTS),
        output=draw(COUNTS),
        reasoning=draw(COUNTS),
        tool_input=draw(COUNTS),
    )


@given(lines_of_one_call(), lines_of_one_call())
def test_merging_fast_equals_merging_as_the_ledger_does(one, other):
    copies = [Seen(row, "", asserted=False) for row in (one, other)]
    assert merge_repeats(one, other) == merge_copies(copies).witness


@given(lines_of_one_call(), lines_of_one_call())
def test_a_line_that_only_repeats_grows_the_counts(one, other):
    gathered = Gathering(TRAITS[LOG], "x")
    gathered.witness(one)
    repeats = gathered.repeats(
        one.key, other.occurred_at, other[10:17], copied=other.copied
    )
    (row,) = gathered.reading().witnesses.rows()
    later = other.occurred_at > one.occurred_at and other.copied >= one.copied
    assert repeats == later
    plain = other._replace(reported_cost=one.reported_cost)
    assert row == (merge_repeats(one, plain) if repeats else one)


def test_an_unknown_call_is_no_repetition():
    gathered = Gathering(TRAITS[LOG], "x")
    assert not gathered.repeats("msg_1", NOON, (0,) * 7, copied=False)


@given(
    st.datetimes(
        max_value=datetime(2999, 12, 31),  # noqa: DTZ001 - the zone is drawn too
        timezones=st.none() | st.timezones(),
    )
)
def test_instants_are_exact(moment):
    plain = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    assert instant(moment.isoformat()) == micros(plain.fromisoformat(plain.isoformat()))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.000001Z", 1),
        ("2026-11-20T12:00:00.250Z", NOON + 250_000),
        ("2026-11-20T12:00:00", NOON),
        ("2026-11-20T13:00:00+01:00", NOON),
        ("", None),
        ("now", None),
        ("2026-13-01T00:00:00Z", None),
        ("2999-12-31T23:59:59.999999Z", 32_503_679_999_999_999),
        ("3000-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59+14:00", None),
        (None, None),
        (1_795_176_000, None),
    ],
)
def test_times_are_read_as_iso_8601(value, expected):
    assert instant(value) == expected


def test_untimely():
    assert untimely(NOON) == ""
    assert untimely(None) == "no readable time"
    assert untimely(instant("2020-01-01T00:00:00Z")) == ""
    assert untimely(instant("2019-12-31T23:59:59.999Z")) == "time before 2020-01-01"


@pytest.mark.parametrize(
    ("value", "expected"), [("x", "x"), ("", ""), (None, ""), (5, ""), (["x"], "")]
)
def test_only_texts_are_texts(value, expected):
    assert text(value) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b'{"a":1}\n', {"a": 1}),
        (b'{"a":"\\ud83d"}\n', {"a": "?"}),
        (b'{"a":"\\ud83d\\ude00"}\n', {"a": "\U0001f600"}),
        (b"[]\n", "Expected `object`, got `array`"),
        (b'["\\ud83d"]\n', "Expected `object`, got `array`"),
        (b"{\n", "not JSON"),
        (b"{", "incomplete last line"),
        (b'{"a":"\xff"}\n', {"a": "\ufffd"}),
        (b'{"a":"caf\xe9","b":["\xff\xfe"]}', {"a": "caf\ufffd", "b": ["\ufffd" * 2]}),
        (b'{"\xff":1}\n', {"\ufffd": 1}),
        (b'\xef\xbb\xbf{"a":1}\n', {"a": 1}),
        (b'["\xff"]\n', "Expected `object`, got `array`"),
        (b'{"a":"\xff\n', "not JSON"),
        (b'{"a":"\xe2\x82', "incomplete last line"),
        (b"\xff" * 2_000, "incomplete last line"),
        (b'{"a":"\\ud83d","b":NaN}\n', "not JSON"),
        (b'{"a":' * 100_000 + b"\n", "not JSON"),
        (b'{"a":' * 100_000, "incomplete last line"),
    ],
)
def test_decoding(line, expected):
    assert decode(ANYTHING, line) == expected


def test_a_gathering_is_empty_after_it_was_handed_on():
    gathered = Gathering(TRAITS[LOG], "file")
    gathered.witness(witness())
    gathered.reject(7, "broken")
    gathered.ignored = 3
    fact = Activity(LOG, "k", "s", NOON, "claude-code", "prompt", "", 1, None, "")
    gathered.activity(fact)
    gathered.activity(fact)
    reading = gathered.reading()
    assert list(reading.witnesses.rows()) == [witness()]
    assert list(reading.activities.rows()) == [fact]
    assert [one[:3] for one in reading.rejected] == [(LOG, "file:7", "broken")]
    assert reading.ignored == 3
    again = gathered.reading()
    assert (len(again.witnesses), len(again.activities)) == (0, 0)
    assert (again.rejected, again.ignored) == ((), 0)
