"""The short way to read attributes against the generated classes."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from mileage.domain.errors import Invalid
from mileage.sources.otlp_protobuf import packed_keys, read_attributes, short_text
from mileage.sources.otlp_scalar import bounded
from mileage.sources.otlp_walk import packed_groups
from tests.drawing import examples
from tests.otlp_bodies import API_REQUEST, log, logs, packed_logs

KEYS = ("id", "size", "k" * 127)
PACKED = packed_keys(KEYS)


def expected(pairs):
    """Read as the generated classes do."""
    messages = [KeyValue.FromString(pair) for pair in pairs]
    return {one.key: bounded(one.value) for one in messages if one.key in KEYS}


def same(left, right):
    return left.keys() == right.keys() and all(
        type(left[k]) is type(right[k]) and (left[k] == right[k] or _nan(left[k]))
        for k in left
    )


def _nan(value):
    return isinstance(value, float) and math.isnan(value)


VALUES = st.one_of(
    st.builds(AnyValue, string_value=st.text(max_size=300)),
    st.builds(AnyValue, string_value=st.text("aé€😀", min_size=30, max_size=70)),
    st.builds(AnyValue, int_value=st.integers(-(2**63), 2**63 - 1)),
    st.builds(AnyValue, int_value=st.integers(0, 300)),
    st.builds(AnyValue, double_value=st.floats()),
    st.builds(AnyValue, bool_value=st.booleans()),
    st.builds(AnyValue, bytes_value=st.binary(max_size=5)),
    st.just(AnyValue()),
)
NAMES = st.sampled_from([*KEYS, "other", "", "k" * 128, "é"])
PAIRS = st.builds(KeyValue, key=NAMES, value=VALUES).map(
    lambda pair: pair.SerializeToString()
)


@given(st.lists(PAIRS, max_size=6))
@settings(max_examples=examples(200))
def test_reads_what_the_generated_classes_read(pairs):
    assert same(read_attributes(pairs, PACKED), expected(pairs))


@given(PAIRS, st.data())
@settings(max_examples=examples(200))
def test_broken_attributes_are_read_alike_refused_or_dropped(pair, data):
    broken = bytearray(pair) or bytearray(b"\0")
    at = data.draw(st.integers(0, len(broken) - 1))
    broken[at] = data.draw(st.integers(0, 255))
    cut = bytes(broken[: data.draw(st.integers(0, len(broken)))])
    for one in (bytes(broken), cut):
        try:
            read = read_attributes([one], PACKED)
        except Invalid:
            continue
        # Only what is not wanted may go unread; what is kept must be right.
        if read:
            assert same(read, expected([one]))


@pytest.mark.parametrize(
    "number", [0, 1, 127, 128, 16383, 16384, 10**12, 2**63 - 1, -1, -(2**63)]
)
def test_integers_of_every_length(number):
    pair = KeyValue(key="id", value=AnyValue(int_value=number)).SerializeToString()
    assert read_attributes([pair], PACKED) == {"id": number}


@pytest.mark.parametrize("length", [0, 1, 123, 124, 125, 126, 127, 128, 256, 257])
def test_texts_around_the_length_of_a_varint(length):
    value = AnyValue(string_value="x" * length)
    pair = KeyValue(key="id", value=value).SerializeToString()
    kept = "x" * length if length <= 256 else None
    assert read_attributes([pair], PACKED) == {"id": kept}


@pytest.mark.parametrize(
    "pair",
    [
        b"\x12\x04\x0a\x02hi\x0a\x02id",  # the value before the key
        b"\x0a\x05other\x0a\x02id\x12\x04\x0a\x02hi",  # two keys: the last counts
        b"\x8a\x00\x02id\x12\x04\x0a\x02hi",  # a tag in two bytes
        b"\x0a\x82\x00id\x12\x04\x0a\x02hi",  # a length in two bytes
        b"\x0a\x02id\x92\x00\x04\x0a\x02hi",
        b"\x0a\x02id\x12\x84\x00\x0a\x02hi",
        b"\x0a\x02id\x12\x05\x0a\x82\x00hi",
        b"\x0a\x02id\x12\x04\x0a\x02hi\x18\x05",  # an unknown field behind
        b"\x0a\x02id\x12\x00\x12\x04\x0a\x02hi",  # the value twice: merged
    ],
)
def test_odd_but_lawful_ways_to_write(pair):
    assert expected([pair]) == {"id": "hi"}
    # An attribute that begins with another key may be dropped, never misread.
    if b"other" not in pair:
        assert read_attributes([pair], PACKED) == {"id": "hi"}
    else:
        assert read_attributes([pair], PACKED) == {}


@pytest.mark.parametrize(
    "pair",
    [
        b"\x0a\x02id\x12",
        b"\x0a\x02id\x12\x09\x0a\x02hi",
        b"\x0a\x02id\x12\x04\x0a\x09hi",
        b"\x0a\x02id\x12\x04\x0a\x02\xff\xff",
        b"\x0a\x02id\x12\x02\x18\x80",
        b"\x0a",
        b"\xff\xff\xff",
    ],
)
def test_broken_ways_to_write_are_refused(pair):
    with pytest.raises(Invalid) as caught:
        read_attributes([pair], PACKED)
    assert "hi" not in str(caught.value)


@pytest.mark.parametrize("pair", [b"", b"\x0a\x02id", b"\x0a\x02id\x12\x00"])
def test_attributes_without_a_value(pair):
    kept = read_attributes([pair], PACKED)
    assert kept == ({"id": None} if pair else {})


def test_our_schema_is_otlp_on_the_wire():
    packed = packed_logs(logs(log(API_REQUEST, body={"stringValue": "b"})))
    theirs = ExportLogsServiceRequest.FromString(packed)
    (group,) = packed_groups("logs", packed)
    (record,) = group.items
    (twin,) = theirs.resource_logs[0].scope_logs[0].log_records
    assert record.SerializeToString() == twin.SerializeToString()
    assert short_text(record.body) == twin.body.string_value == "b"
    assert [bytes(one) for one in record.attributes] == [
        one.SerializeToString() for one in twin.attributes
    ]
