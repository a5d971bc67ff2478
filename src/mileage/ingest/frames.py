"""The frames of a segment file, and finding them again behind damage.

A file begins with a head: magic, format version, and the checksum of both, which
every later version keeps. Then come frames of ``mark, record, length, checksum,
payload``. The checksum covers the number of the segment, the number of the record
and the payload, so that a frame is only ever taken for what it is: whatever is
damaged before it, its position in the segment is known.

Version 1 had neither marks nor numbers; it is read up to its first damage.
"""

from __future__ import annotations

import os
import struct
import zlib
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.booking import Position

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC = b"MILEAGE-SEG\0"
VERSION = 2
MARK = b"\xf7\xffMF"
"""No text in UTF-8 has the first two bytes."""
FRAME = struct.Struct("<4sIII")
FIRST_HEAD = MAGIC + struct.pack("<I", 1)
FIRST_FRAME = struct.Struct("<II")
_BLOCK = 2**16

TORN = "torn"
"""The file ends within a frame: a write that a crash cut, and nobody acknowledged."""
ALTERED = "altered"
"""Bytes are not those that were written; they may have been acknowledged."""
UNREADABLE = "unreadable"
"""A whole record of which this version makes nothing."""


class Entry(NamedTuple):
    """A record read back: where the next one starts counting, and its payload."""

    position: Position
    """The position *after* this record."""
    payload: bytes
    end: int = 0
    """Bytes of the segment up to here."""


class Damage(NamedTuple):
    """Bytes that could not be read back."""

    segment: int
    offset: int
    lost_bytes: int
    kind: str


def head(version: int = VERSION) -> bytes:
    """Return the first bytes of a segment file."""
    plain = MAGIC + struct.pack("<I", version)
    return plain + struct.pack("<I", zlib.crc32(plain))


HEAD = head()


def frame(segment: int, record: int, payload: bytes) -> bytes:
    """Return what goes before a payload."""
    crc = _checksum(segment, record, payload)
    return FRAME.pack(MARK, record, len(payload), crc)


def newer_version(handle: int) -> int:
    """Return the version of a file that a newer Mileage wrote, or 0."""
    opening = _read_at(handle, 0, len(HEAD))
    plain, told = opening[: len(HEAD) - 4], opening[len(HEAD) - 4 : len(HEAD)]
    version = int.from_bytes(plain[len(MAGIC) :], "little")
    whole = plain.startswith(MAGIC) and told == struct.pack("<I", zlib.crc32(plain))
    return version if whole and version > VERSION else 0


def read(handle: int, segment: int) -> Iterator[Entry | Damage]:
    """Yield every record of a segment file, and what lies between that is none.

    What the disk refuses to hand over is damage like any other.
    """
    size = os.fstat(handle).st_size
    opening = _read_at(handle, 0, len(HEAD))
    file = _File(handle, segment, size)
    if opening == HEAD:
        yield from file.records(len(HEAD))
    elif opening.startswith(FIRST_HEAD) and not _marked(handle):
        yield from file.first_version()
    elif size:
        yield from file.records(0)


class _File:
    """One segment file that is being read."""

    def __init__(self, handle: int, segment: int, size: int) -> None:
        self._handle, self._segment, self._size = handle, segment, size

    def records(self, offset: int) -> Iterator[Entry | Damage]:
        last = 0
        while offset < self._size:
            found = self._at(offset, last)
            if found is None:
                begin = offset
                offset, found = self._search(begin, last)
                yield self._damage(begin, offset)
            if found is not None:
                yield found
                offset, last = found.end, found.position.record

    def _at(self, offset: int, last: int) -> Entry | None:
        """Return the record whose frame begins here; its number is above ``last``."""
        packed = _read_at(self._handle, offset, FRAME.size)
        if len(packed) < FRAME.size or not packed.startswith(MARK):
            return None
        _, record, length, crc = FRAME.unpack(packed)
        end = offset + FRAME.size + length
        if record <= last or end > self._size:
            return None
        payload = _read_at(self._handle, offset + FRAME.size, length)
        if len(payload) < length or _checksum(self._segment, record, payload) != crc:
            return None
        return Entry(Position(self._segment, record), payload, end)

    def _search(self, begin: int, last: int) -> tuple[int, Entry | None]:
        """Return where the next whole record after ``begin`` is, else the file's end.

        Blocks overlap, so that a mark on their border is found.
        """
        start = begin + 1
        while start < self._size:
            block = _read_at(self._handle, start, _BLOCK + len(MARK) - 1)
            at = block.find(MARK)
            while at >= 0:
                found = self._at(start + at, last)
                if found is not None:
                    return start + at, found
                at = block.find(MARK, at + 1)
            start += _BLOCK
        return self._size, None

    def _damage(self, begin: int, end: int) -> Damage:
        torn = end == self._size and self._is_torn(begin)
        kind = TORN if torn else ALTERED
        return Damage(self._segment, begin, end - begin, kind)

    def _is_torn(self, begin: int) -> bool:
        """Tell whether the file ends within what was being written here."""
        rest = self._size - begin
        if begin == 0:
            opening = _read_at(self._handle, 0, rest) if rest < len(HEAD) else b""
            return len(opening) == rest and HEAD.startswith(opening)
        packed = _read_at(self._handle, begin, FRAME.size)
        # What the disk does not hand over may have been acknowledged.
        if len(packed) < min(rest, FRAME.size):
            return False
        if not packed.startswith(MARK[: len(packed)]):
            return False
        return rest < FRAME.size or rest < FRAME.size + FRAME.unpack(packed)[2]

    def first_version(self) -> Iterator[Entry | Damage]:
        """Yield the records of a file of version 1, up to the first damage."""
        offset, record = len(FIRST_HEAD), 0
        while offset < self._size:
            packed = _read_at(self._handle, offset, FIRST_FRAME.size)
            length, crc = FIRST_FRAME.unpack(packed.ljust(FIRST_FRAME.size, b"\0"))
            end = offset + FIRST_FRAME.size + length
            if end > self._size or len(packed) < FIRST_FRAME.size:
                yield Damage(self._segment, offset, self._size - offset, TORN)
                return
            payload = _read_at(self._handle, offset + FIRST_FRAME.size, length)
            if len(payload) < length or zlib.crc32(payload) != crc:
                yield Damage(self._segment, offset, self._size - offset, ALTERED)
                return
            record, offset = record + 1, end
            yield Entry(Position(self._segment, record), payload, end)


def _marked(handle: int) -> bool:
    """Tell a file of version 2, whose head became one of version 1 by damage."""
    return _read_at(handle, len(HEAD), len(MARK)) == MARK


def _checksum(segment: int, record: int, payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(struct.pack("<QI", segment, record)))


def _read_at(handle: int, offset: int, length: int) -> bytes:
    """Return what is there of these bytes; none when the disk refuses."""
    try:
        return os.pread(handle, length, offset)
    except OSError:
        return b""
