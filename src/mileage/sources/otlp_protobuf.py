"""Messages of OTLP in protobuf, left as bytes until somebody wants them.

A message object for every attribute and value is what reading costs (the C library
decodes a record in 3 µs, looking at its 21 attributes takes 35), and most of them
are dropped. So messages are decoded with a schema of our own, equal to OTLP on the
wire, that declares attributes and points as bytes: the key is compared as bytes, and
of the values only wanted ones are read. What content there is stays undecoded, and
buckets, quantiles and exemplars are passed over.

The short way reads what every encoder writes: key, then value, each shorter than 128
bytes. Anything else goes through the generated classes.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, Any, NamedTuple

from google.protobuf import (  # type: ignore[import-untyped]
    descriptor_pb2,
    descriptor_pool,
    message_factory,
)
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from opentelemetry.proto.common.v1 import common_pb2

from mileage.domain.errors import Invalid
from mileage.sources.otlp_scalar import bounded

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import EllipsisType

    from mileage.sources.otlp_record import Scalar

_FIELD = descriptor_pb2.FieldDescriptorProto


class _Field(NamedTuple):
    """A field as the schema declares it."""

    number: int
    kind: int
    message: str = ""
    choice: str = ""
    """Of the fields that name one, the last that was sent counts."""
    repeated: bool = False


def _time(number: int) -> _Field:
    return _Field(number, _FIELD.TYPE_FIXED64)


def _many(number: int) -> _Field:
    """Messages that stay bytes."""
    return _Field(number, _FIELD.TYPE_BYTES, repeated=True)


METRIC_KINDS = {
    "gauge": 5,
    "sum": 7,
    "histogram": 9,
    "exponential_histogram": 10,
    "summary": 11,
}
_POINT = {"start_time_unix_nano": _time(2), "time_unix_nano": _time(3)}
_TOTAL = {
    **_POINT,
    "sum": _Field(5, _FIELD.TYPE_DOUBLE, choice="value"),
    "flags": _Field(10, _FIELD.TYPE_UINT32),
}
_SCHEMA: dict[str, dict[str, _Field]] = {
    "LogRecord": {
        "time_unix_nano": _time(1),
        "body": _Field(5, _FIELD.TYPE_BYTES),
        "attributes": _many(6),
        "observed_time_unix_nano": _time(11),
        "event_name": _Field(12, _FIELD.TYPE_STRING),
    },
    "Resource": {"attributes": _many(1)},
    "Status": {"code": _Field(3, _FIELD.TYPE_INT32)},
    "Span": {
        "trace_id": _Field(1, _FIELD.TYPE_BYTES),
        "span_id": _Field(2, _FIELD.TYPE_BYTES),
        "parent_span_id": _Field(4, _FIELD.TYPE_BYTES),
        "name": _Field(5, _FIELD.TYPE_STRING),
        "start_time_unix_nano": _time(7),
        "end_time_unix_nano": _time(8),
        "attributes": _many(9),
        "status": _Field(15, _FIELD.TYPE_MESSAGE, "Status"),
    },
    "NumberPoint": {
        **_POINT,
        "as_double": _Field(4, _FIELD.TYPE_DOUBLE, choice="value"),
        "as_int": _Field(6, _FIELD.TYPE_SFIXED64, choice="value"),
        "attributes": _many(7),
        "flags": _Field(8, _FIELD.TYPE_UINT32),
    },
    "HistogramPoint": {**_TOTAL, "attributes": _many(9)},
    "ExponentialPoint": {**_TOTAL, "attributes": _many(1)},
    "Points": {
        "data_points": _many(1),
        "aggregation_temporality": _Field(2, _FIELD.TYPE_INT32),
        "is_monotonic": _Field(3, _FIELD.TYPE_BOOL),
    },
    "Metric": {
        "name": _Field(1, _FIELD.TYPE_STRING),
        **{
            kind: _Field(number, _FIELD.TYPE_MESSAGE, "Points", "data")
            for kind, number in METRIC_KINDS.items()
        },
    },
}
ODD = ...
"""Stands for a value that is written in another way than most."""
_KEY_TAG = 0x0A
_SHORT = 128
"""A length below this is its own varint."""
_BYTE = 255
# What stands between a key and a text, by the length of all that follows the key:
# tag and size of the value, tag and size of ``string_value``.
_BEFORE_TEXT = [b"\xff"] * 4 + [bytes([0x12, n + 2, 0x0A, n]) for n in range(126)]
# The same for ``int_value``, and up to 9 bytes of a non-negative integer.
_COUNT = re.compile(rb"\x12(.)\x18[\x80-\xff]{0,8}[\x00-\x7f]", re.DOTALL)
# The same for ``double_value``, which always has 8 bytes.
_BEFORE_DOUBLE = b"\x12\x09\x21"
_DOUBLE = struct.Struct("<3xd")


def _pool() -> Any:  # noqa: ANN401
    """Build our schema."""
    file = descriptor_pb2.FileDescriptorProto(
        name="mileage/otlp.proto", package="mileage.otlp", syntax="proto3"
    )
    for name, fields in _SCHEMA.items():
        message = file.message_type.add(name=name)
        for choice in dict.fromkeys(f.choice for f in fields.values() if f.choice):
            message.oneof_decl.add(name=choice)
        for field, (number, kind, other, choice, repeated) in fields.items():
            added = message.field.add(name=field, number=number, type=kind)
            added.label = _FIELD.LABEL_REPEATED if repeated else _FIELD.LABEL_OPTIONAL
            if other:
                added.type_name = f".mileage.otlp.{other}"
            if choice:
                added.oneof_index = 0
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return pool


def _message(pool: Any, name: str) -> Any:  # noqa: ANN401
    found = pool.FindMessageTypeByName(f"mileage.otlp.{name}")
    return message_factory.GetMessageClass(found)


_POOL = _pool()
LogRecord = _message(_POOL, "LogRecord")
Resource = _message(_POOL, "Resource")
Span = _message(_POOL, "Span")
Metric = _message(_POOL, "Metric")
NumberPoint = _message(_POOL, "NumberPoint")
HistogramPoint = _message(_POOL, "HistogramPoint")
ExponentialPoint = _message(_POOL, "ExponentialPoint")


def pairs_of(point: Any) -> list[Any]:  # noqa: ANN401
    """Decode all attributes of a data point."""
    return [common_pb2.KeyValue.FromString(pair) for pair in point.attributes]


_LONGEST_NAME = 4096


def short_text(body: bytes) -> str:
    """Return the text of a log body that may be a name; '' for any other.

    Raises DecodeError when it is no value.
    """
    if len(body) > _LONGEST_NAME:
        return ""
    text: str = common_pb2.AnyValue.FromString(body).string_value
    return text


def packed_keys(keys: Iterable[str]) -> dict[bytes, str]:
    """Return keys as they begin an attribute: tag, length, name."""
    named = {key.encode(): key for key in keys}
    return {bytes([0x0A, len(name)]) + name: key for name, key in named.items()}


def read_attributes(
    packed: Iterable[bytes], keys: dict[bytes, str]
) -> dict[str, Scalar]:
    """Keep wanted attributes; None stands for a value that is no bounded scalar.

    Raises ``Invalid`` when a wanted one cannot be decoded.
    """
    kept: dict[str, Scalar] = {}
    for pair in packed:
        # An attribute of fewer than two bytes is empty or broken.
        end = pair[1] + 2 if len(pair) > 1 else 0
        key = keys.get(pair[:end])
        if key is not None:
            value = _value(pair[end:])
            if value is not ODD:
                kept[key] = value
                continue
        elif end and pair[0] == _KEY_TAG and pair[1] < _SHORT:
            continue
        _read_slowly(pair, keys, kept)
    return kept


def _value(rest: bytes) -> Scalar | EllipsisType:
    """Read the value where it is all that follows the key of an attribute."""
    size = len(rest)
    if size < _SHORT + 2 and rest.startswith(_BEFORE_TEXT[size]):
        try:
            text = rest[4:].decode()
        except UnicodeDecodeError:
            raise Invalid("a text in the body is not valid UTF-8") from None
        return text if text.isprintable() else None
    if _COUNT.fullmatch(rest) and rest[1] == size - 2:
        number = 0
        for byte in rest[:2:-1]:
            number = number << 7 | byte & 0x7F
        return number
    if size == _DOUBLE.size and rest.startswith(_BEFORE_DOUBLE):
        double: float = _DOUBLE.unpack(rest)[0]
        return double
    return ODD


def _read_slowly(pair: bytes, keys: dict[bytes, str], kept: dict[str, Scalar]) -> None:
    """Read what is not written key first, with short lengths."""
    if not pair:
        return
    message = _decoded(common_pb2.KeyValue, pair)
    name = message.key.encode()
    if len(name) <= _BYTE and bytes([_KEY_TAG, len(name)]) + name in keys:
        kept[message.key] = bounded(message.value)


def long_texts(packed: Iterable[bytes], keys: dict[bytes, str]) -> dict[str, str]:
    """Decode the texts under some keys, whatever their length.

    Only what is written key first, with a short key, is found: what a text is looked
    through for may be missing, so nothing is said of the others.
    """
    found: dict[str, str] = {}
    for pair in packed:
        key = keys.get(pair[: pair[1] + 2]) if len(pair) > 1 else None
        if key is not None:
            found[key] = _decoded(common_pb2.KeyValue, pair).value.string_value
    return found


def _decoded(kind: Any, packed: bytes) -> Any:  # noqa: ANN401
    try:
        return kind.FromString(packed)
    except DecodeError:
        # The decoder's own words may quote the body.
        raise Invalid("an attribute in the body is no protobuf message") from None
