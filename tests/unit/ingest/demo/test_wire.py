"""Byte for byte what the official messages serialise to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from mileage.ingest.demo import wire

VALUES = st.one_of(
    st.text(max_size=300),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
)
KEYS = st.text(max_size=200)
INSTANTS = st.integers(0, 2**63)


def official(value):
    if isinstance(value, str):
        return AnyValue(string_value=value)
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    return AnyValue(double_value=value)


def pairs(attributes):
    return [KeyValue(key=key, value=official(value)) for key, value in attributes]


@given(VALUES)
def test_any_value(value):
    assert wire.any_value(value) == official(value).SerializeToString()


@given(KEYS, VALUES)
def test_key_value(key, value):
    wanted = KeyValue(key=key, value=official(value))
    decoded = KeyValue.FromString(wire.key_value(key, value))
    assert decoded == wanted


@pytest.mark.parametrize(
    ("number", "encoded"),
    [
        (0, b"\x00"),
        (1, b"\x01"),
        (127, b"\x7f"),
        (128, b"\x80\x01"),
        (300, b"\xac\x02"),
        (2**63 - 1, b"\xff" * 8 + b"\x7f"),
        (-1, b"\xff" * 9 + b"\x01"),
    ],
)
def test_varint(number, encoded):
    assert wire.varint(number) == encoded


@given(st.binary(max_size=400))
def test_nested_says_how_long_it_is(content):
    assert (
        wire.nested(b"\x0a", content)
        == AnyValue(string_value="").SerializeToString()[:1]
        + wire.varint(len(content))
        + content
    )


@given(st.lists(st.tuples(KEYS, VALUES), max_size=6), INSTANTS, INSTANTS)
def test_a_log_record_with_a_body(attributes, at, observed):
    record = b"".join(
        (
            wire.time_field(at),
            wire.body_field("claude_code.api_request"),
            wire.attributes(attributes),
            wire.observed_field(observed),
        )
    )
    wanted = LogRecord(
        time_unix_nano=at,
        observed_time_unix_nano=observed,
        body=AnyValue(string_value="claude_code.api_request"),
        attributes=pairs(attributes),
    )
    assert LogRecord.FromString(record) == wanted


def test_a_log_record_with_severity_and_event_name():
    record = b"".join(
        (
            wire.severity_field(9, "INFO"),
            wire.record_attribute("event.name", "codex.sse_event"),
            wire.observed_field(17),
            wire.event_name_field("event a.rs:1"),
        )
    )
    wanted = LogRecord(
        severity_number=9,
        severity_text="INFO",
        attributes=pairs([("event.name", "codex.sse_event")]),
        observed_time_unix_nano=17,
        event_name="event a.rs:1",
    )
    assert record == wanted.SerializeToString()


@given(st.lists(st.tuples(KEYS, VALUES), max_size=4))
def test_a_resource_stands_in_field_one(attributes):
    encoded = wire.resource(attributes)
    group = ResourceLogs.FromString(encoded)
    assert group == ResourceLogs(resource=Resource(attributes=pairs(attributes)))


@pytest.mark.parametrize("version", ["", "2.1.197"])
def test_a_logs_body(version):
    origin = wire.resource([("service.name", "claude-code")])
    records = [
        wire.time_field(second) + wire.record_attribute("number", second)
        for second in range(1, 4)
    ]
    scope = wire.Scope("a.scope", version)
    body = wire.resource_logs(origin, scope, records)
    wanted = ExportLogsServiceRequest()
    group = wanted.resource_logs.add()
    group.resource.attributes.extend(pairs([("service.name", "claude-code")]))
    scoped = group.scope_logs.add()
    scoped.scope.name = "a.scope"
    scoped.scope.version = version
    for second in range(1, 4):
        scoped.log_records.add(
            time_unix_nano=second, attributes=pairs([("number", second)])
        )
    assert body == wanted.SerializeToString()


def test_bodies_add_up_to_a_body():
    origin = wire.resource([("user.email", "a@example.com")])
    one = wire.resource_logs(origin, wire.Scope("a"), [wire.time_field(1)])
    two = wire.resource_logs(origin, wire.Scope("b"), [wire.time_field(2)])
    together = ExportLogsServiceRequest.FromString(one + two)
    names = [group.scope_logs[0].scope.name for group in together.resource_logs]
    assert names == ["a", "b"]


@pytest.mark.parametrize("unit", ["", "s"])
def test_a_metrics_body(unit):
    origin = wire.resource([("service.name", "claude-code")])
    labels = [("session.id", "s"), ("type", "user")]
    count = wire.Count(
        name="claude_code.active_time.total",
        description="Total active time",
        unit=unit,
        start=1_000,
        end=2_000,
        amount=61.5,
        attributes=b"".join(wire.point_attribute(*label) for label in labels),
    )
    wanted = ExportMetricsServiceRequest()
    group = wanted.resource_metrics.add()
    group.resource.attributes.extend(pairs([("service.name", "claude-code")]))
    scoped = group.scope_metrics.add()
    scoped.scope.name = "scope"
    metric = scoped.metrics.add(
        name=count.name, description=count.description, unit=unit
    )
    metric.sum.aggregation_temporality = 1
    metric.sum.is_monotonic = True
    metric.sum.data_points.add(
        start_time_unix_nano=1_000,
        time_unix_nano=2_000,
        as_double=61.5,
        attributes=pairs(labels),
    )
    body = wire.resource_metrics(origin, wire.Scope("scope"), [count])
    assert ExportMetricsServiceRequest.FromString(body) == wanted
