from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)

from mileage.domain.errors import TooLarge
from mileage.web import door_bounds
from mileage.web.door_bounds import MOST_OBJECTS, MOST_RECORDS, check_records
from tests.road.hostile import distinct_keys, nested, tiny_messages

PADDING = "x" * 150_000
"""Makes a body large enough to be looked at."""


def logs(resources, scopes, records):
    request = ExportLogsServiceRequest()
    for _ in range(resources):
        group = request.resource_logs.add()
        group.resource.attributes.add(key="service.name").value.string_value = "s"
        for _ in range(scopes):
            scoped = group.scope_logs.add()
            scoped.scope.name = "scope"
            for number in range(records):
                record = scoped.log_records.add(time_unix_nano=number + 1)
                record.attributes.add(key="k").value.int_value = 1
    request.resource_logs.add().schema_url = PADDING
    return request.SerializeToString()


def traces(spans):
    request = ExportTraceServiceRequest()
    scoped = request.resource_spans.add().scope_spans.add()
    for _ in range(spans):
        scoped.spans.add(name="span")
    request.resource_spans.add().schema_url = PADDING
    return request.SerializeToString()


def metrics(kind, count, points):
    request = ExportMetricsServiceRequest()
    scoped = request.resource_metrics.add().scope_metrics.add()
    for _ in range(count):
        metric = scoped.metrics.add(name="m")
        for number in range(points):
            getattr(metric, kind).data_points.add(time_unix_nano=number + 1)
    request.resource_metrics.add().schema_url = PADDING
    return request.SerializeToString()


def counted(signal, body, monkeypatch):
    """Find the least limit that lets a body pass: what it is counted as."""
    low, high = 0, 10_000
    while low < high:
        middle = (low + high) // 2
        monkeypatch.setattr(door_bounds, "MOST_RECORDS", middle)
        try:
            check_records(signal, "protobuf", body)
            high = middle
        except TooLarge:
            low = middle + 1
    return low


def test_records_and_their_groups_are_counted(monkeypatch):
    # Three resources and one of padding, six scopes, 60 records.
    assert counted("logs", logs(3, 2, 10), monkeypatch) == 4 + 6 + 60


def test_spans_are_counted(monkeypatch):
    assert counted("traces", traces(25), monkeypatch) == 2 + 1 + 25


@pytest.mark.parametrize(
    "kind", ["gauge", "sum", "histogram", "exponential_histogram", "summary"]
)
def test_points_are_counted(monkeypatch, kind):
    body = metrics(kind, 4, 10)
    # Each metric has one message of data, which holds its points.
    assert counted("metrics", body, monkeypatch) == 2 + 1 + 4 + 4 + 40


def test_as_many_as_one_batch_ever_holds_are_fine():
    check_records("logs", "protobuf", logs(1, 1, 20_000))


def test_too_many_are_refused_quickly():
    body = tiny_messages(4_000_000)
    began = time.process_time()
    for signal in ("logs", "metrics", "traces"):
        with pytest.raises(TooLarge, match=f"{MOST_RECORDS} records"):
            check_records(signal, "protobuf", body)
    assert time.process_time() - began < 2


def test_a_small_body_cannot_hold_too_many():
    most = tiny_messages(door_bounds._SMALL // 2 - 4)
    assert len(most) <= door_bounds._SMALL
    assert door_bounds._SMALL // 2 <= 2 * MOST_RECORDS
    check_records("logs", "protobuf", most)


def test_what_is_inside_of_a_record_is_not_counted():
    check_records("logs", "protobuf", distinct_keys(60_000))
    check_records("logs", "protobuf", nested(5_000) + bytes(200_000))


def test_objects_of_json_are_counted():
    one = b"{" + b" " * 200_000 + b'"a":['
    check_records("logs", "json", one + b"{}," * (MOST_OBJECTS - 1))
    with pytest.raises(TooLarge, match="objects"):
        check_records("logs", "json", one + b"{}," * MOST_OBJECTS)


@given(st.binary(max_size=300), st.sampled_from(["logs", "metrics", "traces"]))
def test_nonsense_is_left_to_the_decoder(noise, signal):
    check_records(signal, "protobuf", noise * (1 + door_bounds._SMALL // 100))


@pytest.mark.parametrize("cut", range(1, 40))
def test_a_message_that_is_cut_off_is_left_to_the_decoder(cut):
    check_records("logs", "protobuf", logs(1, 1, 300)[:-cut])
