"""Writes OTLP as protobuf bytes, many times faster than message objects do.

Only what the demo's clients send; ``tests/unit/ingest/demo/test_wire.py`` compares
every shape, byte for byte, with the official messages.
"""

from __future__ import annotations

from functools import lru_cache
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

Value = str | bool | int | float

_FIXED64 = Struct("<Q").pack
_DOUBLE = Struct("<d").pack
_MORE = 0x80
_UNSIGNED = (1 << 64) - 1
_SMALL = tuple(bytes([number]) for number in range(_MORE))

# Field numbers of opentelemetry/proto/{common,resource,logs,metrics}/v1, as tags.
_DELTA = b"\x10\x01"
_MONOTONIC = b"\x18\x01"


class Scope(NamedTuple):
    """The instrumentation scope of records."""

    name: str
    version: str = ""


class Count(NamedTuple):
    """A delta sum with one data point."""

    name: str
    description: str
    unit: str
    start: int
    end: int
    """Both in nanoseconds since 1970."""
    amount: float
    attributes: bytes
    """Encoded by ``point_attribute``."""


def varint(number: int) -> bytes:
    """Encode an integer; negative ones as 64-bit two's complement."""
    if 0 <= number < _MORE:
        return _SMALL[number]
    number &= _UNSIGNED
    out = bytearray()
    while number >= _MORE:
        out.append(number & 0x7F | _MORE)
        number >>= 7
    out.append(number)
    return bytes(out)


def nested(tag: bytes, content: bytes) -> bytes:
    """Encode a length-delimited field."""
    size = len(content)
    return tag + (_SMALL[size] if size < _MORE else varint(size)) + content


def any_value(value: Value) -> bytes:
    """Encode the inside of an ``AnyValue``."""
    if isinstance(value, str):
        return nested(b"\x0a", value.encode())
    if isinstance(value, bool):
        return b"\x10\x01" if value else b"\x10\x00"
    if isinstance(value, int):
        return b"\x18" + varint(value)
    return b"\x21" + _DOUBLE(value)


def key_value(key: str, value: Value) -> bytes:
    """Encode the inside of a ``KeyValue``."""
    return _key(key) + nested(b"\x12", any_value(value))


@lru_cache(maxsize=256)
def _key(key: str) -> bytes:
    return nested(b"\x0a", key.encode())


def record_attribute(key: str, value: Value) -> bytes:
    """Encode an attribute of a log record."""
    return nested(b"\x32", key_value(key, value))


def point_attribute(key: str, value: Value) -> bytes:
    """Encode an attribute of a data point."""
    return nested(b"\x3a", key_value(key, value))


def attributes(pairs: Iterable[tuple[str, Value]]) -> bytes:
    """Encode several attributes of a log record."""
    return b"".join([record_attribute(key, value) for key, value in pairs])


def time_field(nanoseconds: int) -> bytes:
    """Encode the time of a log record; 0 is the default and is left out."""
    return b"\x09" + _FIXED64(nanoseconds) if nanoseconds else b""


def observed_field(nanoseconds: int) -> bytes:
    """Encode when a log record was observed."""
    return b"\x59" + _FIXED64(nanoseconds)


def body_field(text: str) -> bytes:
    """Encode the body of a log record."""
    return nested(b"\x2a", any_value(text))


def severity_field(number: int, text: str) -> bytes:
    """Encode how severe a log record is."""
    return b"\x10" + varint(number) + nested(b"\x1a", text.encode())


def event_name_field(name: str) -> bytes:
    """Encode the event name of a log record."""
    return nested(b"\x62", name.encode())


def resource(pairs: Iterable[tuple[str, Value]]) -> bytes:
    """Encode a ``Resource`` with its field in logs and metrics alike."""
    inside = b"".join([nested(b"\x0a", key_value(key, value)) for key, value in pairs])
    return nested(b"\x0a", inside)


def resource_logs(origin: bytes, scope: Scope, records: Iterable[bytes]) -> bytes:
    """Encode one resource's log records; bodies are these, one after another."""
    inside = _scope(scope) + b"".join([nested(b"\x12", record) for record in records])
    return nested(b"\x0a", origin + nested(b"\x12", inside))


def resource_metrics(origin: bytes, scope: Scope, counts: Iterable[Count]) -> bytes:
    """Encode one resource's delta sums; bodies are these, one after another."""
    inside = _scope(scope) + b"".join([nested(b"\x12", _metric(one)) for one in counts])
    return nested(b"\x0a", origin + nested(b"\x12", inside))


def _scope(scope: Scope) -> bytes:
    inside = nested(b"\x0a", scope.name.encode())
    if scope.version:
        inside += nested(b"\x12", scope.version.encode())
    return nested(b"\x0a", inside)


def _metric(count: Count) -> bytes:
    point = (
        b"\x11"
        + _FIXED64(count.start)
        + b"\x19"
        + _FIXED64(count.end)
        + b"\x21"
        + _DOUBLE(count.amount)
        + count.attributes
    )
    total = nested(b"\x0a", point) + _DELTA + _MONOTONIC
    unit = nested(b"\x1a", count.unit.encode()) if count.unit else b""
    return (
        nested(b"\x0a", count.name.encode())
        + nested(b"\x12", count.description.encode())
        + unit
        + nested(b"\x3a", total)
    )
