"""Payloads of segments: what goes in comes out, anything else is refused."""

from __future__ import annotations

import zlib

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
from mileage.ingest.record import Record, decode, encode
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


def test_columns_of_another_version_are_refused() -> None:
    empty: list[object] = []
    wire = [2, ["", "", ""], "otlp", ["key"], [["k"]], empty, empty, empty, 0]
    payload = zlib.compress(msgspec.msgpack.encode(wire))
    with pytest.raises(Invalid, match="another version"):
        decode(payload)


def test_a_record_of_an_earlier_version_gets_the_later_columns() -> None:
    reading = Reading(WitnessBatch.of([witness(LOG, key="a"), witness(LOG, key="b")]))
    payload = encode(Record(Credential("", "acc_1", ""), "otlp", reading))
    wire = msgspec.msgpack.decode(zlib.decompress(payload))
    fields, columns = wire[3], wire[4]
    assert fields.pop() == "measure"
    columns.pop()

    old = decode(zlib.compress(msgspec.msgpack.encode(wire)))

    assert list(old.reading.witnesses.rows()) == list(reading.witnesses.rows())


def test_a_record_that_lacks_an_early_column_is_refused() -> None:
    reading = Reading(WitnessBatch.of([witness(LOG, key="a")]))
    payload = encode(Record(Credential("", "acc_1", ""), "otlp", reading))
    wire = msgspec.msgpack.decode(zlib.decompress(payload))
    del wire[3][-2:], wire[4][-2:]

    with pytest.raises(Invalid, match="other columns"):
        decode(zlib.compress(msgspec.msgpack.encode(wire)))


def test_a_record_of_the_first_release_names_no_machine_and_no_time() -> None:
    reading = Reading(WitnessBatch.of([witness(LOG, key="a")]), ignored=3)
    payload = encode(Record(Credential("", "acc_1", ""), LOG, reading, "mach_1", NOON))
    wire = msgspec.msgpack.decode(zlib.decompress(payload))
    assert wire[-2:] == ["mach_1", NOON]

    old = decode(zlib.compress(msgspec.msgpack.encode(wire[:-2])))

    assert (old.machine, old.received, old.reading.ignored) == ("", 0, 3)
    assert list(old.reading.witnesses.rows()) == list(reading.witnesses.rows())
