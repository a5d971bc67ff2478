"""OTLP bodies, protobuf or JSON, to a ``Reading``: bounded, by allow-list, pure.

Nothing of a body survives but records with a name that some source declares, and
in them scalar attributes with a key that some source declares, at most 256
printable characters long. Log bodies serve to find the name and are dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)

from mileage.domain.errors import Invalid
from mileage.domain.witness import ActivityBatch, Reading, WitnessBatch
from mileage.sources import otlp_json as shape
from mileage.sources.otlp_columns import ColumnScanner
from mileage.sources.otlp_protobuf import (
    LogsRequest,
    TracesRequest,
    packed_keys,
    read_attributes,
)
from mileage.sources.otlp_record import OtlpRecord, Point, Scalar, Signal
from mileage.sources.otlp_scalar import (
    bounded,
    double,
    integer,
    nanoseconds,
    plain,
    scope_name,
)
from mileage.sources.otlp_spans import SpanFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mileage.sources.base import ColumnSource, OtlpSource, SpanSource
    from mileage.sources.otlp_columns import LogTable, Scanned

MOST_RECORDS = 100_000
"""Wanted ones in one body; exporters send some hundreds."""
_number = attrgetter("number")

Form: TypeAlias = Literal["protobuf", "json"]

_ALWAYS = frozenset({"event.name", "event.timestamp"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_TEMPORALITY: dict[int | str | None, Literal["delta", "cumulative"]] = {
    1: "delta",
    "AGGREGATION_TEMPORALITY_DELTA": "delta",
    2: "cumulative",
    "AGGREGATION_TEMPORALITY_CUMULATIVE": "cumulative",
}
_KINDS: dict[str, Literal["number", "histogram"]] = {
    "sum": "number",
    "gauge": "number",
    "histogram": "histogram",
}
# Labels that split one measurement into token types (Claude Code, Codex, GenAI).
_TYPE_LABELS = frozenset({"type", "token_type", "gen_ai.token.type"})
_PROTOBUF: dict[Signal, Any] = {
    "logs": LogsRequest.FromString,
    "metrics": ExportMetricsServiceRequest.FromString,
    "traces": TracesRequest.FromString,
}
_JSON: dict[Signal, Any] = {
    "logs": shape.LOGS.decode,
    "metrics": shape.METRICS.decode,
    "traces": shape.TRACES.decode,
}


class OtlpReader:
    """Reads bodies for a set of sources; holds no state between bodies."""

    def __init__(self, sources: Sequence[OtlpSource], *, compiled: bool = True) -> None:
        """Set up; ``compiled=False`` reads all bodies the ordinary way."""
        self._sources = tuple(sources)
        names: frozenset[str] = frozenset().union(*(s.names for s in sources))
        keys: frozenset[str] = frozenset().union(*(s.keys for s in sources))
        keys |= _ALWAYS
        self._allowed = Allowed(names, keys, packed_keys(keys))
        self._columns = ColumnScanner(names, keys, MOST_RECORDS) if compiled else None
        numbered = list(enumerate(self._sources))
        self._by_name = {
            name: tuple(at for at, source in numbered if name in source.names)
            for name in names
        }
        self._of_spans = tuple(at for at, s in numbered if hasattr(s, "span_marks"))
        self._spans = SpanFilter.of(
            (cast("SpanSource", self._sources[at]) for at in self._of_spans),
            self._allowed.attributes,
        )

    def read(self, signal: Signal, form: Form, body: bytes) -> Reading:
        """Decode a body and let each source read its records.

        Raises ``Invalid``, and nothing else, when the body cannot be decoded.
        """
        if signal == "logs" and form == "protobuf" and self._columns:
            scanned = self._columns.scan(body)
            if scanned is not None:
                return self._read_tables(scanned)
        message = _decode(signal, form, body)
        walks: dict[Signal, Callable[[Any], Iterator[OtlpRecord | int]]] = {
            "logs": self._allowed.log_records,
            "metrics": self._allowed.points,
            "traces": self._spans.records,
        }
        shares = _Shares(self._sources)
        for record in walks[signal](message):
            if isinstance(record, int):
                shares.ignored += record
            else:
                shares.add(record, self._owners(record))
        return _together(shares.readings(), shares.ignored)

    def _read_tables(self, scanned: Scanned) -> Reading:
        """Let sources read tables at once where they can, else record by record."""
        shares = _Shares(self._sources)
        readings: list[Reading] = []
        read = 0
        for table in scanned.tables:
            read += len(table.numbers)
            reading = self._at_once(table)
            if reading is not None:
                readings.append(reading)
                continue
            for record in table.records():
                shares.add(record, self._owners(record))
        ignored = scanned.records - read + shares.ignored
        return _together([*readings, *shares.readings()], ignored)

    def _at_once(self, table: LogTable) -> Reading | None:
        """Read a table as its only owner, if it has one that can."""
        able = [self._sources[at] for at in self._by_name[table.name]]
        source = able[0] if len(able) == 1 else None
        if source is None or not hasattr(source, "read_columns"):
            return None
        if not all(source.wants(probe) for probe in table.probes()):
            return None
        return cast("ColumnSource", source).read_columns(table)

    def _owners(self, record: OtlpRecord) -> list[int]:
        """Name every source that wants a record: two may read different facts of it."""
        traces = record.signal == "traces"
        able = self._of_spans if traces else self._by_name.get(record.name, ())
        return [at for at in able if self._sources[at].wants(record)]


class _Shares:
    """Which source has which records of a body."""

    def __init__(self, sources: Sequence[OtlpSource]) -> None:
        self.ignored = 0
        self._sources = sources
        self._wanted: list[list[OtlpRecord]] = [[] for _ in sources]

    def add(self, record: OtlpRecord, owners: list[int]) -> None:
        """Give a record to its owners."""
        self.ignored += not owners
        for owner in owners:
            self._wanted[owner].append(record)

    def readings(self) -> list[Reading]:
        """Let each source read its records, in the order of the body."""
        pairs = zip(self._sources, self._wanted, strict=True)
        return [s.read(sorted(of, key=_number)) for s, of in pairs if of]


def _together(readings: list[Reading], ignored: int) -> Reading:
    if not readings:
        return Reading(ignored=ignored)
    return Reading(
        WitnessBatch(_joined([one.witnesses.columns for one in readings])),
        ActivityBatch(_joined([one.activities.columns for one in readings])),
        tuple(one for reading in readings for one in reading.rejected),
        sum(reading.ignored for reading in readings) + ignored,
    )


def _joined(batches: list[tuple[list[Any], ...]]) -> tuple[list[Any], ...]:
    """Put batches of equal columns behind each other."""
    if len(batches) == 1:
        return batches[0]
    columns = zip(*batches, strict=True)
    return tuple(list(chain.from_iterable(column)) for column in columns)


def _decode(signal: Signal, form: Form, body: bytes) -> Any:  # noqa: ANN401
    """Return a protobuf message, or a struct with the same field names."""
    try:
        return (_PROTOBUF if form == "protobuf" else _JSON)[signal](body)
    except DecodeError:
        # The decoder's own words may quote the body.
        raise Invalid(f"the body is no OTLP {signal} protobuf message") from None
    except RecursionError:
        raise Invalid("the JSON body is nested too deeply") from None
    except UnicodeDecodeError:
        raise Invalid("the JSON body is not valid UTF-8") from None
    except ValueError as error:
        # msgspec names a position or a path of keys that we declare, never a value.
        raise Invalid(f"the body is no OTLP {signal} JSON message: {error}") from None


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may leave a body; everything else is dropped where it stands."""

    names: frozenset[str]
    keys: frozenset[str]
    packed_keys: dict[bytes, str]

    def log_records(self, message: shape.LogsRequest) -> Iterator[OtlpRecord | int]:
        """Yield wanted records, and for the others how many they were."""
        number = 0
        for group in message.resource_logs or ():
            resource = self._resource(group.resource)
            for scoped in group.scope_logs or ():
                scope = scope_name(scoped.scope)
                for record in scoped.log_records or ():
                    number += 1
                    attributes = self.attributes(record.attributes)
                    name = self._name(record, attributes)
                    if not name:
                        yield 1
                        continue
                    instant = _instant(record, attributes)
                    yield OtlpRecord(
                        "logs", scope, name, number, instant, attributes, resource
                    )

    def points(self, message: shape.MetricsRequest) -> Iterator[OtlpRecord | int]:
        """Yield the points of wanted metrics, and how many the others were."""
        number = 0
        for group in message.resource_metrics or ():
            resource = self._resource(group.resource)
            for scoped in group.scope_metrics or ():
                scope = scope_name(scoped.scope)
                for metric in scoped.metrics or ():
                    kind = metric.WhichOneof("data")
                    data = getattr(metric, kind) if kind else None
                    points = data.data_points or () if data else ()
                    if metric.name not in self.names:
                        number += len(points)
                        yield len(points)
                        continue
                    frame = _Frame(
                        scope,
                        metric.name,
                        resource,
                        _TEMPORALITY.get(
                            getattr(data, "aggregation_temporality", 0), ""
                        ),
                        kind=_KINDS.get(kind or "", ""),
                    )
                    for point in points:
                        number += 1
                        yield self._point(frame, point, number)

    def _point(
        self,
        frame: _Frame,
        point: shape.NumberPoint | shape.DistributionPoint,
        number: int,
    ) -> OtlpRecord:
        if not frame.kind:
            unread = Point(None, "", 0, 0, "")
            return OtlpRecord(
                "metrics", frame.scope, frame.name, number, None, {}, {}, unread
            )
        ended = nanoseconds(point.time_unix_nano)
        pairs = point.attributes or ()
        apart = [pair for pair in pairs if pair.key not in _TYPE_LABELS]
        return OtlpRecord(
            "metrics",
            frame.scope,
            frame.name,
            number,
            ended // 1000 or None,
            self.attributes(point.attributes),
            frame.resource,
            Point(
                _value(frame, point),
                frame.temporality,
                nanoseconds(point.start_time_unix_nano),
                ended,
                _series(frame, pairs),
                _series(frame, apart),
                frame.kind,
            ),
        )

    def _resource(self, resource: shape.Resource | None) -> dict[str, Scalar]:
        return self.attributes(resource.attributes) if resource else {}

    def attributes(
        self, pairs: Sequence[shape.KeyValue] | Sequence[bytes] | None
    ) -> dict[str, Scalar]:
        """Keep declared keys; None stands for a value that is no bounded scalar."""
        if not pairs:
            return {}
        if isinstance(pairs[0], bytes):
            return read_attributes(cast("Sequence[bytes]", pairs), self.packed_keys)
        keys = self.keys
        return {
            pair.key: bounded(pair.value)
            for pair in cast("Sequence[shape.KeyValue]", pairs)
            if pair.key in keys
        }

    def _name(self, record: shape.LogRecord, attributes: dict[str, Scalar]) -> str:
        """Find the event's name: attribute, then field, then body; '' if unwanted."""
        named = attributes.get("event.name")
        if named is not None:
            return named if isinstance(named, str) and named in self.names else ""
        if record.event_name in self.names:
            return record.event_name or ""
        body = record.body.string_value if record.body else None
        return body if body and body in self.names else ""


@dataclass(frozen=True, slots=True)
class _Frame:
    """What the points of one metric have in common."""

    scope: str
    name: str
    resource: dict[str, Scalar]
    temporality: Literal["delta", "cumulative", ""]
    kind: Literal["number", "histogram", ""]


def _instant(record: shape.LogRecord, attributes: dict[str, Scalar]) -> int | None:
    """Prefer the client's own time stamp: ``time_unix_nano`` is 0 in Codex."""
    stamp = attributes.get("event.timestamp")
    if isinstance(stamp, str):
        try:
            moment = datetime.fromisoformat(stamp)
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=UTC)
            return (moment - _EPOCH) // _MICROSECOND
        except (ValueError, OverflowError):
            pass
    sent = nanoseconds(record.time_unix_nano)
    return (sent or nanoseconds(record.observed_time_unix_nano)) // 1000 or None


def _series(frame: _Frame, pairs: Iterable[shape.KeyValue]) -> str:
    """Hash everything that tells this series from others.

    All scalar attributes of the point count, declared or not: two series may differ
    in a label only that no source reads. Only the hash leaves this function.
    """
    parts = [f"{key}={value}" for key, value in frame.resource.items()]
    parts += [f"{pair.key}\0{plain(pair.value)}" for pair in pairs]
    text = "\0".join([frame.scope, frame.name, *sorted(parts)])
    return blake2b(text.encode(), digest_size=16).hexdigest()


def _value(frame: _Frame, point: Any) -> int | float | None:  # noqa: ANN401
    """Read a number; of a protobuf message nothing but the frame tells the kind."""
    if frame.kind == "histogram":
        return double(point.sum)
    if point.WhichOneof("value") == "as_int":
        return integer(point.as_int)
    return double(point.as_double) if point.WhichOneof("value") else None
