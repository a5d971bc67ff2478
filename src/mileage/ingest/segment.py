"""Write-ahead segments: what was acknowledged is in one of these files.

A segment is ``NNNNNNNN.seg``: a head, then numbered frames (``ingest.frames``).
Payloads hold filtered columns only, never raw bodies (design, invariant 5). Many
waiting records share one ``fdatasync``.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mileage.domain.booking import Position
from mileage.domain.errors import NewerData, Unavailable
from mileage.ingest.frames import HEAD, Damage, Entry, frame, newer_version, read

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

ROLL_BYTES = 64 * 2**20
END = 2**63 - 1
"""A record number behind every other one: a segment as a whole."""


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
        self._anew = False
        self._held: set[int] = set()
        # Numbers are never used twice, also when every old file is gone.
        self._number = max([taken.segment, *self.numbers()])
        self._records = 0
        self.length = self._length_before()
        """Bytes of the last segment; of the one being written, its whole records."""
        self.written = Position(self._number, END)
        """The last record on disk; in segments of earlier runs, all of them."""

    def numbers(self) -> list[int]:
        """Return the numbers of the segments on disk, oldest first."""
        return sorted(int(path.stem) for path in self._directory.glob("*.seg"))

    def _length_before(self) -> int:
        last = self.path(self._number)
        return last.stat().st_size if last.exists() else 0

    def path(self, number: int) -> Path:
        """Return the file of a segment."""
        return self._directory / f"{number:08d}.seg"

    def append(self, payloads: Sequence[bytes]) -> list[Position]:
        """Write and sync the payloads; returns the position after each.

        Raises Unavailable when the disk refuses; then nothing of it counts.
        """
        try:
            if self._file is None or self._anew or self.length >= self._roll_bytes:
                self._open_next()
            return self._write(payloads)
        except OSError as error:
            self._forget_tail()
            message = f"the disk refused the write ({error.strerror}); try again later"
            raise Unavailable(message) from error

    def _open_next(self) -> None:
        """Start a fresh file; an old one is never written again after a restart."""
        self.close()
        self._anew = False
        number = self._number + 1
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
        opened = os.open(self.path(number), flags, 0o600)
        self._file, self._number, self._records, self.length = opened, number, 0, 0
        self._write_all(HEAD)
        os.fsync(opened)
        self._sync_directory()
        self.length = len(HEAD)

    def _write(self, payloads: Sequence[bytes]) -> list[Position]:
        first = self._records + 1
        frames = b"".join(
            part
            for number, payload in enumerate(payloads, first)
            for part in (frame(self._number, number, payload), payload)
        )
        self._write_all(frames)
        assert self._file is not None  # noqa: S101 - opened by append
        os.fdatasync(self._file) if hasattr(os, "fdatasync") else os.fsync(self._file)
        self.length += len(frames)
        self._records += len(payloads)
        self.written = Position(self._number, self._records)
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
            os.ftruncate(self._file, self.length)
        except OSError:
            # The tail cannot be cut: write on in a new file. A whole record that
            # stayed behind was not acknowledged and is harmless when replayed.
            self.close()
        if self.length < len(HEAD):
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

    def read_after(
        self, position: Position, until: Position | None = None
    ) -> Iterator[Entry | Damage]:
        """Yield every record after ``position``, and what could not be read.

        Damage is told wherever it lies in the segments that are read. While a
        segment is being written, ``until`` names the last record that is whole.
        """
        for number in self.numbers():
            if number < position.segment or (until and number > until.segment):
                continue
            skip = position.record if number == position.segment else 0
            last = until.record if until and number == until.segment else END
            for found in self.read(number, last):
                if isinstance(found, Damage) or found.position.record > skip:
                    yield found

    def read(self, number: int, last: int = END) -> Iterator[Entry | Damage]:
        """Yield what is in one segment, up to a record."""
        if last == 0:
            return
        try:
            handle = os.open(self.path(number), os.O_RDONLY)
        except FileNotFoundError:
            return
        except OSError as error:
            message = f"{self.path(number)} cannot be read ({error.strerror})"
            raise Unavailable(message) from error
        try:
            self._check_version(number, handle)
            for found in read(handle, number):
                yield found
                if isinstance(found, Entry) and found.position.record >= last:
                    return
        finally:
            os.close(handle)

    def check_versions(self) -> None:
        """Raise NewerData when a newer version wrote a segment."""
        for number in self.numbers():
            # The version is looked at before the first record.
            next(self.read(number), None)

    def _check_version(self, number: int, handle: int) -> None:
        if newer_version(handle):
            message = (
                f"{self.path(number)} was written by a newer version of Mileage. "
                "Nothing was changed. Upgrade Mileage to read it."
            )
            raise NewerData(message)

    def bytes_after(self, position: Position) -> int:
        """Return how large the segments are that may hold records after this."""
        return sum(
            self.path(number).stat().st_size
            for number in self.numbers()
            if number >= position.segment
        )

    def remove_before(self, position: Position) -> None:
        """Remove segments that the ledger has taken in as a whole."""
        for number in self.numbers():
            if number < position.segment and number not in self._held:
                self.path(number).unlink(missing_ok=True)

    def begin_anew(self) -> None:
        """Write what comes next into a new file, so that this one can go."""
        self._anew = True

    def hold(self, number: int) -> None:
        """Keep a segment on disk although it is taken in."""
        self._held.add(number)
