"""How many records one body of telemetry may hold, told before it is decoded.

Decoding costs time and memory for each message, however short it is: 16 MiB of empty
records are eight million objects. So large bodies are counted first, by walking over
the messages that hold records (OTLP 1.x: resource, scope, record; the points of a
metric one level deeper) and never into them. Whoever sends many finds a limit that
says so, well above what exporters and collectors put into one batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mileage.domain.errors import TooLarge

if TYPE_CHECKING:
    from mileage.sources.otlp import Form
    from mileage.sources.otlp_record import Signal

MOST_RECORDS = 50_000
MOST_OBJECTS = 1_000_000
"""Of a JSON body; a record with two dozen attributes has about fifty."""
_SMALL = 128 * 1024
"""Bytes that cannot hold too many."""

_LENGTH = 2
_FIXED = {1: 8, 5: 4}
# Which fields hold messages, level by level; the last is not entered.
_RECORDS: tuple[frozenset[int], ...] = tuple(map(frozenset, ((1,), (2,), (2,))))
_POINTS = (*_RECORDS, frozenset({5, 7, 9, 10, 11}), frozenset({1}))


def check_records(signal: Signal, form: Form, body: bytes) -> None:
    """Raise TooLarge for a body that holds too many; nonsense is for the decoder."""
    if len(body) <= _SMALL:
        return
    if form == "json":
        if body.count(b"{") > MOST_OBJECTS:
            raise TooLarge(
                f"a body may have {MOST_OBJECTS} objects; send fewer at once"
            )
        return
    levels = _POINTS if signal == "metrics" else _RECORDS
    try:
        _count(body, levels, MOST_RECORDS)
    except IndexError:
        return


def _count(body: bytes, levels: tuple[frozenset[int], ...], left: int) -> None:
    """Walk over a body; raises TooLarge above the count, IndexError behind its end."""
    parts = [(0, len(body), 0)]
    while parts:
        at, end, level = parts.pop()
        fields = levels[level]
        deeper = level + 1 if level + 1 < len(levels) else 0
        while at < end:
            at, tag = _varint(body, at)
            number, kind = tag >> 3, tag & 7
            if kind != _LENGTH:
                at = _behind(body, at, kind)
                continue
            at, size = _varint(body, at)
            if number in fields:
                left -= 1
                if deeper:
                    parts.append((at, min(at + size, end), deeper))
            at += size
            if left < 0:
                raise TooLarge(
                    f"a body may have {MOST_RECORDS} records; send smaller batches"
                )


def _behind(body: bytes, at: int, kind: int) -> int:
    """Return where a field ends that is no message; raises IndexError for no field."""
    if kind == 0:
        return _varint(body, at)[0]
    if kind not in _FIXED:
        raise IndexError
    return at + _FIXED[kind]


def _varint(body: bytes, at: int) -> tuple[int, int]:
    """Return where a number ends, and the number."""
    byte = body[at]
    if byte < 0x80:  # noqa: PLR2004 - the last byte of a number
        return at + 1, byte
    value, shift = byte & 0x7F, 7
    while True:
        at += 1
        byte = body[at]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 - ditto
            return at + 1, value
        shift += 7
        if shift > 63:  # noqa: PLR2004 - ten bytes at most
            raise IndexError
