"""What segments held and nobody can read: kept aside, byte for byte, and told.

Each file is ``SEGMENT-OFFSET.KIND`` with the bytes as they were found. Only people
remove them; a torn one was never acknowledged, any other may have been.
"""

from __future__ import annotations

import logging
import os
import re
from typing import TYPE_CHECKING, NamedTuple

from mileage.ingest.frames import TORN

if TYPE_CHECKING:
    from pathlib import Path

    from mileage.ingest.frames import Damage

log = logging.getLogger(__name__)

_NAME = re.compile(r"(\d+)-(\d+)\.([a-z]+)")
_BLOCK = 2**20


class Quarantined(NamedTuple):
    """A piece of a segment that was kept aside."""

    segment: int
    offset: int
    bytes: int
    kind: str
    """``torn``, ``altered`` or ``unreadable``."""
    found: int
    """When it was found, UTC microseconds."""

    @property
    def acknowledged(self) -> bool:
        """Whether a sender may have been told that this is safe."""
        return self.kind != TORN


class Quarantine:
    """The folder of what could not be read. Safe to use from several threads."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def keep(self, damage: Damage, source: Path) -> bool:
        """Copy damaged bytes aside and say so; False when the disk has no room.

        What is there already is neither copied nor told again.
        """
        name = f"{damage.segment:08d}-{damage.offset:010d}.{damage.kind}"
        path = self._directory / name
        if path.exists():
            return True
        told = f"segment {damage.segment}: {damage.lost_bytes} bytes from offset "
        told += f"{damage.offset} are {damage.kind}"
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            _copy(source, damage, path)
        except OSError as error:
            log.warning("%s; not kept aside (%s)", told, error.strerror)
            return False
        log.warning("%s; kept aside as %s", told, path)
        return True

    def pieces(self) -> tuple[Quarantined, ...]:
        """Return what is kept aside, oldest segment first."""
        found = []
        for path in sorted(self._directory.glob("*-*.*")):
            named = _NAME.fullmatch(path.name)
            if named is None:
                continue
            stat = path.stat()
            segment, offset = int(named[1]), int(named[2])
            when = stat.st_mtime_ns // 1000
            found.append(Quarantined(segment, offset, stat.st_size, named[3], when))
        return tuple(found)


def _copy(source: Path, damage: Damage, target: Path) -> None:
    """Write the bytes to disk; what the disk does not hand over becomes zeros."""
    part = target.with_name(f".{target.name}")
    reading = os.open(source, os.O_RDONLY)
    writing = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        end = damage.offset + damage.lost_bytes
        for start in range(damage.offset, end, _BLOCK):
            length = min(_BLOCK, end - start)
            rest = memoryview(_block(reading, start, length).ljust(length, b"\0"))
            while rest:
                rest = rest[os.write(writing, rest) :]
        os.fsync(writing)
    finally:
        os.close(reading)
        os.close(writing)
    part.rename(target)


def _block(reading: int, start: int, length: int) -> bytes:
    try:
        return os.pread(reading, length, start)
    except OSError:
        return b""
