"""Bodies that want to become large: bounded in memory and time, both ways."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from mileage.domain.errors import Invalid, TooLarge
from mileage.sources import installed, otlp, otlp_points, otlp_walk
from mileage.sources.otlp import OtlpReader
from mileage.sources.otlp_walk import MOST_ITEMS, packed_groups

READERS = [OtlpReader(installed.otlp_sources(), at_once=way) for way in (True, False)]
MIB = 2**20


def varint(number):
    encoded = b""
    while number > 127:
        encoded += bytes([number & 127 | 128])
        number >>= 7
    return encoded + bytes([number])


def field(number, held):
    return varint(number << 3 | 2) + varint(len(held)) + held


def scoped(items):
    """Put packed items into one scope of one resource."""
    return field(1, field(1, b"") + field(2, items))


def attribute(key, number=6):
    return field(number, field(1, key) + field(2, field(1, b"v")))


def nested(depth):
    """Return an AnyValue that holds arrays in arrays."""
    held = b""
    for _ in range(depth):
        held = field(5, field(1, held))
    return held


FEW = 1000
"""Stands for the real limit where a body is built in the test."""
MANY = FEW + 1
NAME = field(12, b"claude_code.api_request")
POINTS = field(1, b"claude_code.token.usage") + field(7, b"\x0a\x00" * MANY)
TOO_MANY = {
    "records": ("logs", scoped(b"\x12\x00" * MANY)),
    "scopes": ("logs", field(1, b"\x12\x00" * MANY)),
    "resources": ("logs", b"\x0a\x00" * MANY),
    "wanted records": ("logs", scoped(field(2, NAME) * MANY)),
    "attributes": (
        "logs",
        scoped(field(2, b"".join(attribute(b"k%d" % n) for n in range(MANY)))),
    ),
    "one attribute again and again": (
        "logs",
        scoped(field(2, NAME + attribute(b"model") * MANY)),
    ),
    "attributes of a resource": ("logs", field(1, field(1, b"\x0a\x00" * MANY))),
    "unknown fields": ("logs", field(1, b"\x78\x00" * (MANY + 1))),
    "spans": ("traces", scoped(b"\x12\x00" * MANY)),
    "metrics": ("metrics", scoped(b"\x12\x00" * MANY)),
    "points": ("metrics", scoped(field(2, POINTS))),
    "points of metrics": (
        "metrics",
        scoped(
            field(2, field(1, b"x") + field(7, b"\x0a\x00" * 100)) * (MANY // 100 + 1)
        ),
    ),
    "attributes of a point": (
        "metrics",
        scoped(
            field(
                2,
                field(1, b"claude_code.token.usage")
                + field(7, field(1, b"\x3a\x00" * MANY) + b"\x10\x01\x18\x01"),
            )
        ),
    ),
}


@pytest.fixture(params=[True, False], ids=["at once", "by rows"])
def strict(request, monkeypatch):
    """Return a reader that takes few items."""
    for module in (otlp, otlp_points, otlp_walk):
        monkeypatch.setattr(module, "MOST_ITEMS", FEW)
    monkeypatch.setattr(otlp_walk, "_SMALL", FEW)
    return OtlpReader(installed.otlp_sources(), at_once=request.param)


@pytest.mark.parametrize("kind", TOO_MANY)
def test_too_many_of_anything_are_refused(kind, strict):
    signal, body = TOO_MANY[kind]
    with pytest.raises(TooLarge, match="send smaller batches"):
        strict.read(signal, "protobuf", body)


@pytest.mark.parametrize("way", READERS, ids=["at once", "by rows"])
def test_as_many_records_as_64_mb_hold_are_refused_early(way):
    began = time.process_time()
    with pytest.raises(TooLarge, match="send smaller batches"):
        way.read("logs", "protobuf", scoped(b"\x12\x00" * 32 * MIB))
    assert time.process_time() - began < 10


def test_as_many_as_there_may_be():
    body = scoped(b"\x12\x00" * (MOST_ITEMS - 2))
    for way in READERS:
        assert way.read("logs", "protobuf", body).ignored == MOST_ITEMS - 2


@pytest.mark.parametrize("way", READERS, ids=["at once", "by rows"])
@pytest.mark.parametrize(
    "record",
    [
        field(5, nested(5000)),
        field(5, field(5, b"\x0a\x00" * 2_000_000)),
        field(5, field(1, b"v" * 8 * MIB)),
        field(6, field(1, b"undeclared") + field(2, nested(5000))),
        attribute(b"k" * 4 * MIB),
        NAME[:-1] + b"\x00" + attribute(b"undeclared") * 40_000,
    ],
    ids=["deep", "array", "text", "deep attribute", "long key", "many"],
)
def test_large_records_that_nobody_wants_are_passed_over(record, way):
    began = time.process_time()
    assert way.read("logs", "protobuf", scoped(field(2, record))).ignored == 1
    assert time.process_time() - began < 10


@pytest.mark.parametrize("way", READERS, ids=["at once", "by rows"])
@pytest.mark.parametrize(
    "body",
    [
        b"\x0a",
        b"\x0a\x05ab",
        b"\x0a\xff\xff\xff\xff\x0f",
        b"\x0a" + b"\x80" * 12,
        b"\x0a\x02\x12\xff",
        b"\x00\x00",
        b"\x0b\x0c",
        b"\x0f",
        b"\x0d\x00",
        field(1, b"\x12\x02\x12\x7f"),
        scoped(field(2, b"\x09\x00")),
        scoped(field(2, field(12, b"\xff"))),
        field(1, field(2, field(1, field(1, b"\xff")))),
    ],
)
def test_wrong_lengths_and_broken_bytes_are_refused(body, way):
    with pytest.raises(Invalid, match="no OTLP logs protobuf message"):
        way.read("logs", "protobuf", body)


@pytest.mark.parametrize("way", READERS, ids=["at once", "by rows"])
def test_unknown_fields_are_ignored_wherever_they_stand(way):
    unknown = b"\xf8\x01\x05" + field(99, b"new") + b"\xfd\x01\0\0\0\0"
    unknown += b"\xf9\x01" + b"\0" * 8
    record = field(2, unknown + field(12, b"x") + unknown)
    scope = field(1, field(1, b"scope"))
    group = field(1, unknown) + field(2, unknown + scope + unknown + record)
    reading = way.read("logs", "protobuf", unknown + field(1, group + unknown))
    assert reading.ignored == 1


def test_a_message_that_is_written_in_parts_is_put_together():
    first, second = attribute(b"who", 1), attribute(b"what", 1)
    group = field(1, first) + field(2, field(2, b"")) + field(1, second)
    (found,) = packed_groups("logs", field(1, group))
    assert [bytes(one) for one in found.resource.attributes] == [
        part[2:] for part in (first, second)
    ]


def test_a_json_body_of_too_many_objects_is_refused_before_it_is_decoded():
    body = b'{"resourceLogs":[' + b"{}," * 4_000_000 + b"{}]}"
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge, match="send smaller batches"):
            READERS[0].read("logs", "json", body)
        assert tracemalloc.get_traced_memory()[1] < MIB
    finally:
        tracemalloc.stop()
