"""Write-ahead segments: what was acknowledged is in one of these files.

A segment is ``NNNNNNNN.seg``: a 16-byte head (magic and format version), then
records of ``length, crc32, payload``. Payloads hold filtered columns only, never
raw bodies (design, invariant 5). Many waiting records share one ``fdatasync``.
"""

from __future__ import annotations

import os
import struct
import zlib
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.booking import Position
from mileage.domain.errors import NewerData, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

MAGIC = b"MILEAGE-SEG\0"
VERSION = 1
HEAD = MAGIC + struct.pack("<I", VERSION)
FRAME = struct.Struct("<II")
ROLL_BYTES = 64 * 2**20


class Entry(NamedTuple):
    """A record read back: where the next one starts counting, and its payload."""

    position: Position
    """The position *after* this record."""
    payload: bytes


class Damage(NamedTuple):
    """Bytes that could not be read back; the file keeps them."""

    segment: int
    offset: int
    lost_bytes: int
    reason: str


class Segments:
    """The segment files of one data directory, written by one thread."""

    def __init__(
        self, directory: Path, *, taken: Position, roll_bytes: int = ROLL_BYTES
    ) -> None:
        """Open the folder; ``taken`` is how far the ledger has come."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory
        self._roll_bytes = roll_bytes
        self._file: int | None = None
        # Numbers are never used twice, also when every old file is gone.
        self._number = max([taken.segment, *self.numbers()])
        self._records = 0
        self._length = 0

    def numbers(self) -> list[int]:
        """Return the numbers of the segments on disk, oldest first."""
        return sorted(int(path.stem) for path in self._directory.glob("*.seg"))

    def path(self, number: int) -> Path:
        """Return the file of a segment."""
        return self._directory / f"{number:08d}.seg"

    def append(self, payloads: Sequence[bytes]) -> list[Position]:
        """Write and sync the payloads; returns the position after each.

        Raises Unavailable when the disk refuses; then nothing of it counts.
        """
        try:
            if self._file is None or self._length >= self._roll_bytes:
                self._open_next()
            return self._write(payloads)
        except OSError as error:
            self._forget_tail()
            message = f"the disk refused the write ({error.strerror}); try again later"
            raise Unavailable(message) from error

    def _open_next(self) -> None:
        """Start a fresh file; an old one is never written again after a restart."""
        self.close()
        number = self._number + 1
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
        opened = os.open(self.path(number), flags, 0o600)
        self._file, self._number, self._records, self._length = opened, number, 0, 0
        self._write_all(HEAD)
        os.fsync(opened)
        self._sync_directory()
        self._length = len(HEAD)

    def _write(self, payloads: Sequence[bytes]) -> list[Position]:
        frames = b"".join(
            part
            for payload in payloads
            for part in (FRAME.pack(len(payload), zlib.crc32(payload)), payload)
        )
        self._write_all(frames)
        assert self._file is not None  # noqa: S101 - opened by append
        os.fdatasync(self._file) if hasattr(os, "fdatasync") else os.fsync(self._file)
        self._length += len(frames)
        first = self._records + 1
        self._records += len(payloads)
        return [Position(self._number, first + i) for i in range(len(payloads))]

    def _write_all(self, data: bytes) -> None:
        assert self._file is not None  # noqa: S101 - opened by append
        view = memoryview(data)
        while view:
            view = view[os.write(self._file, view) :]

    def _forget_tail(self) -> None:
        """Cut what a failed write left behind, so that it can never be replayed."""
        if self._file is None:
            return
        try:
            os.ftruncate(self._file, self._length)
        except OSError:
            # The tail cannot be cut: write on in a new file. A whole record that
            # stayed behind was not acknowledged and is harmless when replayed.
            self.close()
        if self._length < len(HEAD):
            self.close()

    def _sync_directory(self) -> None:
        handle = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def close(self) -> None:
        """Close the file being written."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def read_after(self, position: Position) -> Iterator[Entry | Damage]:
        """Yield every record after ``position``, and what could not be read.

        A torn tail (a write cut by a crash) was never acknowledged: it ends the
        segment and is reported as damage only when bytes of it are there.
        """
        for number in self.numbers():
            if number >= position.segment:
                skip = position.record if number == position.segment else 0
                yield from self._read(number, skip)

    def _read(self, number: int, skip: int) -> Iterator[Entry | Damage]:
        data = self.path(number).read_bytes()
        self._check_head(number, data)
        offset, record = len(HEAD), 0
        while offset + FRAME.size <= len(data):
            length, crc = FRAME.unpack_from(data, offset)
            start = offset + FRAME.size
            payload = data[start : start + length]
            if len(payload) < length or zlib.crc32(payload) != crc:
                break
            record += 1
            offset = start + length
            if record > skip:
                yield Entry(Position(number, record), payload)
        if offset < len(data):
            yield Damage(number, offset, len(data) - offset, "record cut or altered")

    def _check_head(self, number: int, data: bytes) -> None:
        written_by = int.from_bytes(data[len(MAGIC) : len(HEAD)], "little")
        if data[: len(MAGIC)] == MAGIC and written_by > VERSION:
            message = (
                f"{self.path(number)} was written by a newer version of Mileage. "
                "Nothing was changed. Upgrade Mileage to read it."
            )
            raise NewerData(message)

    def remove_before(self, position: Position) -> None:
        """Remove segments that the ledger has taken in as a whole."""
        for number in self.numbers():
            if number < position.segment:
                self.path(number).unlink(missing_ok=True)
