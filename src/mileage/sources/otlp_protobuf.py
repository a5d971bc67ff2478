"""OTLP logs and spans in protobuf, left as bytes until somebody wants them.

A message object for every attribute and value is what reading costs (the C library
decodes a record in 3 µs, looking at its 21 attributes takes 35), and most of them
are dropped. So logs are decoded with a schema of our own, equal to OTLP on the wire,
that declares attributes as bytes: the key is compared as bytes, and of the values
only wanted ones are read. What content there is stays undecoded. Of traces even the
spans stay bytes: Codex sends 815 for three requests.

The short way reads what every encoder writes: key, then value, each shorter than 128
bytes. Anything else goes through the generated classes.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, Any

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

    from mileage.sources.otlp_record import Scalar

_FIELD = descriptor_pb2.FieldDescriptorProto
_COMMON = ".opentelemetry.proto.common.v1."
_OURS = ".mileage.otlp."
# Message -> field -> (number on the wire, type, message type, repeated).
_SCHEMA: dict[str, dict[str, tuple[int, int, str, bool]]] = {
    "LogRecord": {
        "time_unix_nano": (1, _FIELD.TYPE_FIXED64, "", False),
        "body": (5, _FIELD.TYPE_MESSAGE, f"{_COMMON}AnyValue", False),
        "attributes": (6, _FIELD.TYPE_BYTES, "", True),
        "observed_time_unix_nano": (11, _FIELD.TYPE_FIXED64, "", False),
        "event_name": (12, _FIELD.TYPE_STRING, "", False),
    },
    "ScopeLogs": {
        "scope": (1, _FIELD.TYPE_MESSAGE, f"{_COMMON}InstrumentationScope", False),
        "log_records": (2, _FIELD.TYPE_MESSAGE, f"{_OURS}LogRecord", True),
    },
    "Resource": {"attributes": (1, _FIELD.TYPE_BYTES, "", True)},
    "ResourceLogs": {
        "resource": (1, _FIELD.TYPE_MESSAGE, f"{_OURS}Resource", False),
        "scope_logs": (2, _FIELD.TYPE_MESSAGE, f"{_OURS}ScopeLogs", True),
    },
    "LogsRequest": {
        "resource_logs": (1, _FIELD.TYPE_MESSAGE, f"{_OURS}ResourceLogs", True),
    },
    "Status": {"code": (3, _FIELD.TYPE_INT32, "", False)},
    "Span": {
        "trace_id": (1, _FIELD.TYPE_BYTES, "", False),
        "span_id": (2, _FIELD.TYPE_BYTES, "", False),
        "parent_span_id": (4, _FIELD.TYPE_BYTES, "", False),
        "name": (5, _FIELD.TYPE_STRING, "", False),
        "start_time_unix_nano": (7, _FIELD.TYPE_FIXED64, "", False),
        "end_time_unix_nano": (8, _FIELD.TYPE_FIXED64, "", False),
        "attributes": (9, _FIELD.TYPE_BYTES, "", True),
        "status": (15, _FIELD.TYPE_MESSAGE, f"{_OURS}Status", False),
    },
    "ScopeSpans": {
        "scope": (1, _FIELD.TYPE_MESSAGE, f"{_COMMON}InstrumentationScope", False),
        "spans": (2, _FIELD.TYPE_BYTES, "", True),
    },
    "ResourceSpans": {
        "resource": (1, _FIELD.TYPE_MESSAGE, f"{_OURS}Resource", False),
        "scope_spans": (2, _FIELD.TYPE_MESSAGE, f"{_OURS}ScopeSpans", True),
    },
    "TracesRequest": {
        "resource_spans": (1, _FIELD.TYPE_MESSAGE, f"{_OURS}ResourceSpans", True),
    },
}
_KEY_TAG = 0x0A
_SHORT = 128
"""A length below this is its own varint."""
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
    file.dependency.append(common_pb2.DESCRIPTOR.name)
    for name, fields in _SCHEMA.items():
        message = file.message_type.add(name=name)
        for field, (number, kind, type_name, repeated) in fields.items():
            label = _FIELD.LABEL_REPEATED if repeated else _FIELD.LABEL_OPTIONAL
            message.field.add(
                name=field,
                number=number,
                type=kind,
                type_name=type_name or None,
                label=label,
            )
    pool = descriptor_pool.Default()
    pool.Add(file)
    return pool


def _message(pool: Any, name: str) -> Any:  # noqa: ANN401
    found = pool.FindMessageTypeByName(f"mileage.otlp.{name}")
    return message_factory.GetMessageClass(found)


_POOL = _pool()
LogsRequest = _message(_POOL, "LogsRequest")
TracesRequest = _message(_POOL, "TracesRequest")
Span = _message(_POOL, "Span")


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
            kept[key] = _value(pair[end:], pair)
        elif not end or pair[0] != _KEY_TAG or pair[1] >= _SHORT:
            _read_slowly(pair, keys, kept)
    return kept


def _value(rest: bytes, pair: bytes) -> Scalar:
    """Read the value, which is all that follows the key of an attribute."""
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
    return bounded(_decoded(common_pb2.KeyValue, pair).value)


def _read_slowly(pair: bytes, keys: dict[bytes, str], kept: dict[str, Scalar]) -> None:
    """Read what is not written key first, with short lengths."""
    message = _decoded(common_pb2.KeyValue, pair)
    if message.key in keys.values():
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
