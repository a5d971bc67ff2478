"""A body as groups of undecoded items, so that a small body cannot become a large one.

A message of two bytes is an object of a hundred when a library decodes it. So the
messages around the items are walked over where they lie; items are decoded one by one,
and how many a body may have is bounded. Both encodings come out alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope

from mileage.domain.errors import TooLarge
from mileage.sources import otlp_protobuf as packed
from mileage.sources.otlp_scalar import scope_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mileage.sources.otlp_record import Scalar, Signal

MOST_ITEMS = 50_000
"""Records, spans, points and what groups them, in one body; exporters send hundreds,
collectors thousands.
Also the fields of one message."""
_SMALL = 2 * MOST_ITEMS
"""Bytes that cannot hold more items than that."""
MOST_OBJECTS = 1_000_000
"""Braces that open in a JSON body; a record with two dozen attributes has fifty."""
_VARINT, _FIXED64, _PIECE, _FIXED32 = 0, 1, 2, 5
_FIXED = {_FIXED64: 8, _FIXED32: 4}
_HEAD, _ITEMS = 1, 2
_LONGEST_VARINT, _MORE, _FIRST_TAG = 10, 0x80, 1 << 3
TOO_MANY = f"a body may have {MOST_ITEMS} records; send smaller batches"


class Group(NamedTuple):
    """The items of one scope of one resource."""

    resource: Any
    scope: Any
    items: Iterable[Any]


class Framed(NamedTuple):
    """The same, with what may leave the body of what items have in common."""

    resource: dict[str, Scalar]
    scope: str
    items: Iterable[Any]


def framed(
    groups: Iterable[Group], attributes: Callable[[Any], dict[str, Scalar]]
) -> Iterator[Framed]:
    """Read each resource once, however many scopes it has."""
    known: Any = None
    resource: dict[str, Scalar] = {}
    for sender, scope, items in groups:
        if sender is not known:
            known, resource = sender, attributes(sender.attributes) if sender else {}
        yield Framed(resource, scope_name(scope), items)


def bounded_json(body: bytes) -> bytes:
    """Return a JSON body; raises TooLarge when it would become too many objects."""
    if body.count(b"{") > MOST_OBJECTS:
        raise TooLarge(f"a body may have {MOST_OBJECTS} objects; send smaller batches")
    return body


def json_groups(message: Any, names: tuple[str, str, str]) -> Iterator[Group]:  # noqa: ANN401
    """Walk over decoded structs; the names are of the three levels."""
    groups, scopes, items = names
    for group in getattr(message, groups) or ():
        for scoped in getattr(group, scopes) or ():
            yield Group(group.resource, scoped.scope, getattr(scoped, items) or ())


def packed_groups(signal: Signal, body: bytes) -> Iterator[Group]:
    """Walk over a protobuf body, of which all signals have the outer messages alike.

    Raises DecodeError for what is no message, TooLarge for one with too many items.
    """
    walk = _Walk(signal)
    for group in walk.counted(memoryview(body), _HEAD):
        resource = _head(group, packed.Resource)
        for scoped in walk.counted(group, _ITEMS):
            scope = _head(scoped, InstrumentationScope)
            yield Group(resource, scope, walk.items(scoped))


class _Walk:
    """Counts what is found in one body."""

    def __init__(self, signal: Signal) -> None:
        self._left = MOST_ITEMS
        self._decode = _DECODE[signal]

    def counted(self, message: memoryview, number: int) -> Iterator[memoryview]:
        """Yield the messages under a number as long as they are not too many."""
        for one in _fields(message, number):
            self._left -= 1
            if self._left < 0:
                raise TooLarge(TOO_MANY)
            yield one

    def items(self, scoped: memoryview) -> Iterator[Any]:
        """Yield the items of a scope, decoded, or as bytes where few are wanted."""
        return map(self._decode, self.counted(scoped, _ITEMS))


_POINTS = {
    "gauge": packed.NumberPoint,
    "sum": packed.NumberPoint,
    "histogram": packed.HistogramPoint,
    "exponential_histogram": packed.ExponentialPoint,
}


def packed_point(kind: str, message: bytes) -> Any:  # noqa: ANN401
    """Decode a data point; raises DecodeError when it is none."""
    _bound(memoryview(message))
    return _POINTS[kind].FromString(message)


def _record(message: memoryview) -> Any:  # noqa: ANN401
    _bound(message)
    return packed.LogRecord.FromString(message)


def _metric(message: memoryview) -> Any:  # noqa: ANN401
    for kind in packed.METRIC_KINDS.values() if len(message) > _SMALL else ():
        for data in _fields(message, kind):
            _bound(data)
    return packed.Metric.FromString(message)


_DECODE: dict[Signal, Callable[[memoryview], Any]] = {
    "logs": _record,
    "metrics": _metric,
    "traces": bytes,
}


def _bound(message: memoryview) -> None:
    """Raise TooLarge when a large message has too many fields."""
    for _ in _fields(message, 0) if len(message) > _SMALL else ():
        pass


def _head(message: memoryview, kind: Any) -> Any:  # noqa: ANN401
    # Parts of one message that is written in parts are joined, as protobuf wants it.
    joined = b"".join(_fields(message, _HEAD))
    _bound(memoryview(joined))
    return kind.FromString(joined)


def _fields(message: memoryview, number: int) -> Iterator[memoryview]:
    """Yield the messages under a number; what else there is, is passed over."""
    at, end, wanted, left = 0, len(message), number << 3 | _PIECE, MOST_ITEMS
    while at < end:
        tag, at = _varint(message, at)
        kind, left = tag & 7, left - 1
        if kind == _PIECE:
            size, at = _varint(message, at)
            if tag == wanted and at + size <= end:
                yield message[at : at + size]
            at += size
        elif kind == _VARINT:
            _, at = _varint(message, at)
        else:
            at += _FIXED.get(kind, end)
        if at > end or tag < _FIRST_TAG:
            raise DecodeError
        if left < 0:
            raise TooLarge(TOO_MANY)


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """Return the number at a place, and the place behind it."""
    if at < len(message) and message[at] < _MORE:
        return message[at], at + 1
    number = 0
    for place, byte in enumerate(message[at : at + _LONGEST_VARINT]):
        number |= (byte & 0x7F) << 7 * place
        if byte < _MORE:
            return number, at + place + 1
    raise DecodeError
