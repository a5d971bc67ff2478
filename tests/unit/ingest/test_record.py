"""Payloads of segments: what goes in comes out, anything else is refused."""

from __future__ import annotations

import zlib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.errors import Invalid
from mileage.domain.people import Credential
from mileage.domain.witness import (
    Activity,
    ActivityBatch,
    Reading,
    Rejected,
    Witness,
    WitnessBatch,
)
from mileage.ingest.record import VERSION, Record, decode, encode
from tests.witnesses import LOG, NOON, OTLP, witness

TEXT = st.text(max_size=20)


@st.composite
def readings(draw: st.DrawFn) -> Reading:
    witnesses = [
        witness(
            draw(st.sampled_from([LOG, OTLP])),
            key=draw(TEXT),
            output=draw(st.integers(0, 10**12)),
            reported_cost=draw(st.none() | st.integers(0, 10**15)),
            attended=draw(st.none() | st.booleans()),
        )
        for _ in range(draw(st.integers(0, 4)))
    ]
    activities = [
        Activity(LOG, draw(TEXT), "s", NOON, "claude-code", "prompt", "", 1, None, "")
        for _ in range(draw(st.integers(0, 3)))
    ]
    rejected = tuple(
        Rejected(draw(TEXT), draw(TEXT), draw(TEXT))
        for _ in range(draw(st.integers(0, 3)))
    )
    return Reading(
        WitnessBatch.of(witnesses),
        ActivityBatch.of(activities),
        rejected,
        draw(st.integers(0, 10**9)),
    )


@given(readings(), TEXT, TEXT)
def test_a_record_survives_the_trip(reading: Reading, account: str, name: str) -> None:
    credential = Credential("tok_1", account, name)
    record = Record(credential, "otlp", reading, "mach_1", NOON)
    back = decode(encode(record))
    assert back.credential == record.credential
    assert (back.machine, back.received) == ("mach_1", NOON)
    assert list(back.reading.witnesses.rows()) == list(reading.witnesses.rows())
    assert list(back.reading.activities.rows()) == list(reading.activities.rows())
    assert back.reading.rejected == reading.rejected
    assert back.reading.ignored == reading.ignored
    assert all(isinstance(row, Witness) for row in back.reading.witnesses.rows())


@given(st.binary(max_size=200))
def test_other_bytes_are_refused_and_never_raise_anything_else(data: bytes) -> None:
    for payload in (data, zlib.compress(data)):
        with pytest.raises(Invalid):
            decode(payload)


def of_version_1(reading: Reading) -> list[Any]:
    """Return what version 1 wrote: every column in full."""
    return [
        *(1, ("tok_1", "acc_1", ""), "otlp"),
        *(list(Witness._fields), list(reading.witnesses.columns)),
        *(list(Activity._fields), list(reading.activities.columns)),
        *([], 3, "mach_1", NOON),
    ]


def packed(wire: list[Any]) -> bytes:
    return zlib.compress(msgspec.msgpack.encode(wire))


TWO = Reading(WitnessBatch.of([witness(LOG, key="a"), witness(LOG, key="b")]))


def test_columns_of_another_version_are_refused() -> None:
    wire = of_version_1(TWO)
    wire[0] = VERSION + 1
    with pytest.raises(Invalid, match="another version"):
        decode(packed(wire))


def test_a_record_of_an_earlier_version_is_read() -> None:
    old = decode(packed(of_version_1(TWO)))
    assert list(old.reading.witnesses.rows()) == list(TWO.witnesses.rows())
    assert (old.machine, old.received, old.reading.ignored) == ("mach_1", NOON, 3)


def test_a_record_of_an_earlier_version_gets_the_later_columns() -> None:
    wire = of_version_1(TWO)
    assert wire[3].pop() == "measure"
    wire[4].pop()

    old = decode(packed(wire))

    assert list(old.reading.witnesses.rows()) == list(TWO.witnesses.rows())


def test_a_record_that_lacks_an_early_column_is_refused() -> None:
    wire = of_version_1(TWO)
    del wire[3][-2:], wire[4][-2:]

    with pytest.raises(Invalid, match="other columns"):
        decode(packed(wire))


def test_a_record_of_the_first_release_names_no_machine_and_no_time() -> None:
    old = decode(packed(of_version_1(TWO)[:-2]))

    assert (old.machine, old.received, old.reading.ignored) == ("", 0, 3)
    assert list(old.reading.witnesses.rows()) == list(TWO.witnesses.rows())


def test_what_repeats_is_written_once() -> None:
    rows = [
        witness(OTLP, key=f"req_{n:024x}", link=f"req_{n:024x}", output=n)
        for n in range(100)
    ]
    payload = encode(
        Record(Credential("", "acc_1", ""), "otlp", Reading(WitnessBatch.of(rows)))
    )
    columns = dict(zip(Witness._fields, written(payload)[4], strict=True))
    assert columns["link"] == Witness._fields.index("key")
    assert columns["model"] == ["claude-opus-4-8"]
    assert len(columns["key"]) == len(columns["output"]) == 100
    assert list(decode(payload).reading.witnesses.rows()) == rows


def written(payload: bytes) -> list[Any]:
    wire: list[Any] = msgspec.msgpack.decode(zlib.decompress(payload))
    return wire


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, 1),  # a column that stands for itself or a later one
        (0, -1),
        (2, ["a", "b", "c"]),  # longer than the others
        (2, []),
    ],
)
def test_columns_that_do_not_fit_are_refused(place: int, value: object) -> None:
    wire = written(encode(Record(Credential("", "acc_1", ""), "otlp", TWO)))
    wire[4][place] = value
    with pytest.raises(Invalid, match="other columns"):
        decode(packed(wire))


@pytest.mark.parametrize("rows", [2**40, -1])
def test_absurd_numbers_of_rows_are_refused(rows: int) -> None:
    wire = written(encode(Record(Credential("", "acc_1", ""), "otlp", TWO)))
    wire[-1] = [rows, 0]
    with pytest.raises(Invalid):
        decode(packed(wire))
