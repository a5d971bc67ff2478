"""OTLP bodies, protobuf or JSON, to a ``Reading``: bounded, by allow-list, pure.

Nothing of a body survives but records with a name that some source declares, and
in them scalar attributes with a key that some source declares, at most 256
printable characters long. Log bodies serve to find the name and are dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from mileage.domain.errors import Invalid
from mileage.domain.witness import ActivityBatch, Reading, WitnessBatch
from mileage.sources import otlp_json as shape
from mileage.sources.otlp_columns import ColumnScanner, Scanned, tables_of
from mileage.sources.otlp_points import PointReader
from mileage.sources.otlp_protobuf import packed_keys, read_attributes, short_text
from mileage.sources.otlp_record import OtlpRecord, Scalar, Signal
from mileage.sources.otlp_scalar import bounded, nanoseconds, printable
from mileage.sources.otlp_spans import SpanFilter
from mileage.sources.otlp_walk import (
    MOST_ITEMS,
    Group,
    bounded_json,
    framed,
    json_groups,
    packed_groups,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mileage.sources.base import ColumnSource, OtlpSource, SpanSource
    from mileage.sources.otlp_columns import LogTable

_Walk: TypeAlias = "Callable[[Iterable[Group]], Iterator[OtlpRecord | int]]"
_WORTH_TABLES = 8
"""Records; of fewer, making a table costs more than it saves."""
_number = attrgetter("number")

Form: TypeAlias = Literal["protobuf", "json"]

_ALWAYS = frozenset({"event.name", "event.timestamp"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_JSON: dict[Signal, tuple[Any, tuple[str, str, str]]] = {
    "logs": (shape.LOGS, ("resource_logs", "scope_logs", "log_records")),
    "metrics": (shape.METRICS, ("resource_metrics", "scope_metrics", "metrics")),
    "traces": (shape.TRACES, ("resource_spans", "scope_spans", "spans")),
}


class OtlpReader:
    """Reads bodies for a set of sources; holds no state between bodies."""

    def __init__(self, sources: Sequence[OtlpSource], *, at_once: bool = True) -> None:
        """Set up; without ``at_once`` each record is read by itself, for comparison."""
        self._at_once = at_once
        self._sources = tuple(sources)
        names: frozenset[str] = frozenset().union(*(s.names for s in sources))
        keys: frozenset[str] = frozenset().union(*(s.keys for s in sources))
        keys |= _ALWAYS
        self._allowed = Allowed(names, keys, packed_keys(keys))
        self._columns = ColumnScanner(names, keys, MOST_ITEMS) if at_once else None
        numbered = list(enumerate(self._sources))
        self._by_name = {
            name: tuple(at for at, source in numbered if name in source.names)
            for name in names
        }
        self._of_spans = tuple(at for at, s in numbered if hasattr(s, "span_marks"))
        spans = SpanFilter.of(
            (cast("SpanSource", self._sources[at]) for at in self._of_spans),
            self._allowed.attributes,
            compiled=at_once,
        )
        points = PointReader(names, self._allowed.attributes)
        self._walks: dict[Signal, _Walk] = {
            "logs": self._allowed.log_records,
            "metrics": points.records,
            "traces": spans.records,
        }

    def read(self, signal: Signal, form: Form, body: bytes) -> Reading:
        """Decode a body and let each source read its records.

        Raises ``Invalid`` when the body cannot be decoded, ``TooLarge`` when it would
        become too many objects, and nothing else.
        """
        if signal == "logs" and form == "protobuf" and self._columns:
            scanned = self._columns.scan(body)
            if scanned is not None:
                return self._read_tables(scanned)
        found: list[OtlpRecord] = []
        ignored = 0
        try:
            for record in self._walks[signal](_groups(signal, form, body)):
                if isinstance(record, int):
                    ignored += record
                else:
                    found.append(record)
        except DecodeError:
            # The decoder's own words may quote the body.
            message = f"the body is no OTLP {signal} protobuf message"
            raise Invalid(message) from None
        if signal == "logs" and self._at_once and len(found) >= _WORTH_TABLES:
            return self._read_tables(Scanned(ignored + len(found), tables_of(found)))
        shares = _Shares(self._sources)
        for record in found:
            shares.add(record, self._owners(record))
        return _together(shares.readings(), ignored + shares.ignored)

    def _read_tables(self, scanned: Scanned) -> Reading:
        """Let sources read tables at once where they can, else record by record."""
        shares = _Shares(self._sources)
        readings: list[Reading] = []
        read = 0
        for table in scanned.tables:
            read += len(table.numbers)
            reading = self._read_at_once(table)
            if reading is not None:
                readings.append(reading)
                continue
            for record in table.records():
                shares.add(record, self._owners(record))
        ignored = scanned.records - read + shares.ignored
        return _together([*readings, *shares.readings()], ignored)

    def _read_at_once(self, table: LogTable) -> Reading | None:
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


def _groups(signal: Signal, form: Form, body: bytes) -> Iterator[Group]:
    """Return the groups of a body, decoded as they are asked for, or before."""
    if form == "protobuf":
        return packed_groups(signal, body)
    decoder, names = _JSON[signal]
    try:
        return json_groups(decoder.decode(bounded_json(body)), names)
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

    def log_records(self, groups: Iterable[Group]) -> Iterator[OtlpRecord | int]:
        """Yield wanted records, and for the others how many they were."""
        number = 0
        for resource, scope, records in framed(groups, self.attributes):
            for record in records:
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

    def attributes(
        self, pairs: Sequence[shape.KeyValue] | Sequence[bytes] | None
    ) -> dict[str, Scalar]:
        """Keep declared keys; None stands for a value that is no bounded scalar."""
        if not pairs:
            return {}
        if isinstance(pairs[0], bytes):
            return read_attributes(cast("Sequence[bytes]", pairs), self.packed_keys)
        keys, kept = self.keys, {}
        for pair in cast("Sequence[shape.KeyValue]", pairs):
            if pair.key in keys:
                # Most values are texts; this is where most of the time goes.
                text = pair.value.string_value if pair.value else None
                kept[pair.key] = printable(text) if text else bounded(pair.value)
        return kept

    def _name(self, record: shape.LogRecord, attributes: dict[str, Scalar]) -> str:
        """Find the event's name: attribute, then field, then body; '' if unwanted."""
        named = attributes.get("event.name")
        if named is not None:
            return named if isinstance(named, str) and named in self.names else ""
        if record.event_name in self.names:
            return record.event_name or ""
        body = _text(record.body)
        return body if body in self.names else ""


def _text(body: shape.AnyValue | bytes | None) -> str:
    """Return a log body that may be a name."""
    if isinstance(body, bytes):
        return short_text(body)
    return (body.string_value if body else None) or ""


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
