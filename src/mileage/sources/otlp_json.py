"""The shape of OTLP/JSON, decoded without building what nobody asked for.

The structs carry the field names of the generated protobuf classes, so that one
walk (``otlp``) reads both encodings. Fields that are not named here, such as arrays
and maps inside attribute values, are skipped by the decoder and never become
objects. 64-bit integers may be numbers or texts, enumerations numbers or names,
and null stands for an absent field, as the protobuf JSON mapping allows.
"""

from __future__ import annotations

from typing import ClassVar, TypeAlias

import msgspec

Number: TypeAlias = "int | float | str | None"


class Shape(msgspec.Struct, rename="camel", gc=False):
    """A message of which only some fields are of interest."""


class Choice(Shape):
    """A message of which one of some fields is set (one such group each)."""

    choices: ClassVar[tuple[str, ...]]

    def WhichOneof(self, _group: str) -> str | None:  # noqa: N802 - protobuf's name
        """Name the field that is set, as the generated protobuf classes do."""
        for field in self.choices:
            if getattr(self, field) is not None:
                return field
        return None


class AnyValue(Choice):
    """A scalar value of an attribute, or a body."""

    choices = ("string_value", "int_value", "double_value", "bool_value")

    string_value: str | None = None
    int_value: Number = None
    double_value: Number = None
    bool_value: bool | None = None


class KeyValue(Shape):
    """An attribute."""

    key: str = ""
    value: AnyValue | None = None


class Resource(Shape):
    """What sent the telemetry."""

    attributes: list[KeyValue] | None = None


class Scope(Shape):
    """Which part of it did."""

    name: str | None = None


class LogRecord(Shape):
    """An event."""

    time_unix_nano: Number = 0
    observed_time_unix_nano: Number = 0
    event_name: str | None = None
    body: AnyValue | None = None
    attributes: list[KeyValue] | None = None


class ScopeLogs(Shape):
    """Events of one scope."""

    scope: Scope | None = None
    log_records: list[LogRecord] | None = None


class ResourceLogs(Shape):
    """Events of one resource."""

    resource: Resource | None = None
    scope_logs: list[ScopeLogs] | None = None


class LogsRequest(Shape):
    """The body of ``/v1/logs``."""

    resource_logs: list[ResourceLogs] | None = None


class NumberPoint(Choice):
    """A data point of a sum or a gauge."""

    choices = ("as_double", "as_int")

    attributes: list[KeyValue] | None = None
    start_time_unix_nano: Number = 0
    time_unix_nano: Number = 0
    as_double: Number = None
    as_int: Number = None
    flags: Number = 0


class Numbers(Shape):
    """A sum or a gauge."""

    data_points: list[NumberPoint] | None = None
    aggregation_temporality: int | str | None = 0
    is_monotonic: bool | None = False


class Opaque(Shape):
    """Something that is only counted."""


class Summary(Shape):
    """A kind of metric of which only the points are counted."""

    data_points: list[Opaque] | None = None


class DistributionPoint(Choice):
    """A data point of a histogram, without its buckets."""

    choices = ("sum",)

    attributes: list[KeyValue] | None = None
    start_time_unix_nano: Number = 0
    time_unix_nano: Number = 0
    sum: Number = None
    flags: Number = 0


class Distribution(Shape):
    """A histogram."""

    data_points: list[DistributionPoint] | None = None
    aggregation_temporality: int | str | None = 0


class Metric(Choice):
    """A metric; one of the kinds is set."""

    choices = ("sum", "gauge", "histogram", "exponential_histogram", "summary")

    name: str | None = None
    sum: Numbers | None = None
    gauge: Numbers | None = None
    histogram: Distribution | None = None
    exponential_histogram: Distribution | None = None
    summary: Summary | None = None


class ScopeMetrics(Shape):
    """Metrics of one scope."""

    scope: Scope | None = None
    metrics: list[Metric] | None = None


class ResourceMetrics(Shape):
    """Metrics of one resource."""

    resource: Resource | None = None
    scope_metrics: list[ScopeMetrics] | None = None


class MetricsRequest(Shape):
    """The body of ``/v1/metrics``."""

    resource_metrics: list[ResourceMetrics] | None = None


class Status(Shape):
    """How a span ended."""

    code: int | str | None = 0


class Span(Shape):
    """A span."""

    trace_id: str | None = None
    span_id: str | None = None
    parent_span_id: str | None = None
    name: str | None = None
    start_time_unix_nano: Number = 0
    end_time_unix_nano: Number = 0
    attributes: list[KeyValue] | None = None
    status: Status | None = None


class ScopeSpans(Shape):
    """Spans of one scope, each of which stays text until somebody wants it."""

    scope: Scope | None = None
    spans: list[msgspec.Raw] | None = None


class ResourceSpans(Shape):
    """Spans of one resource."""

    resource: Resource | None = None
    scope_spans: list[ScopeSpans] | None = None


class TracesRequest(Shape):
    """The body of ``/v1/traces``."""

    resource_spans: list[ResourceSpans] | None = None


LOGS = msgspec.json.Decoder(LogsRequest)
METRICS = msgspec.json.Decoder(MetricsRequest)
TRACES = msgspec.json.Decoder(TracesRequest)
SPAN = msgspec.json.Decoder(Span)
