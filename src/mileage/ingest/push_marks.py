"""Which logs have been read, and which of their rows were handed to the spool.

A journal of frames (length, crc32, MessagePack). Losing its tail costs nothing but
reading again: the server drops what it has. So it is not synced, but it is written
only after the spool is. Rows are remembered as digests of eight bytes, on disk; in
memory there is one short entry for each log.
"""

from __future__ import annotations

import os
import zlib
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from mileage.domain.errors import NewerData
from mileage.ingest.frames import FIRST_FRAME as FRAME
from mileage.store.private import owner_only

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

HEAD = b"MILEAGE-MARK\x01\0\0\0"
_MAGIC = HEAD[:12]
DIGEST = 8
"""Bytes. Two rows of one log that share a digest would be taken for one: with a
million rows that happens once in 36 million logs."""
_WASTE = 2
"""The journal is written anew when it has this many frames for each log."""
_FEW = 1000


class Signature(NamedTuple):
    """What changes when a log changes."""

    inode: int
    size: int
    modified: int
    """Nanoseconds; only ever compared for being the same."""
    beside: int = 0
    """Of what a database keeps beside its file."""


NEVER_READ = Signature(0, 0, 0, 0)


class _Mark(msgspec.Struct, array_like=True):
    name: bytes
    source: str
    signature: Signature
    ignored: int
    fresh: bytes
    """Digests of rows that no earlier frame of this log has, joined."""


class _Known(NamedTuple):
    source: str
    signature: Signature
    ignored: int
    offsets: tuple[int, ...]
    """Where the frames of this log begin."""


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Mark)


class Marks:
    """The journal of one server; one process, one thread."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._logs: dict[bytes, _Known] = {}
        self._frames = 0
        self._handle = self._open()
        self._length = self._load()

    def __len__(self) -> int:
        """Count the logs that have been read."""
        return len(self._logs)

    def is_read(self, name: bytes, signature: Signature) -> bool:
        """Tell whether a log is as it was when it was read last."""
        known = self._logs.get(name)
        return known is not None and known.signature == signature

    def signature(self, name: bytes) -> Signature:
        """Return what a log was when it was read last; all 0 if it was not."""
        known = self._logs.get(name)
        return known.signature if known else NEVER_READ

    def rows(self, name: bytes) -> set[bytes]:
        """Return the digests of a log's rows that have been handed over."""
        known = self._logs.get(name)
        return set(_split(self._digests(known))) if known else set()

    def ignored(self, name: bytes) -> int:
        """Return how many records of a log have been counted as no usage."""
        known = self._logs.get(name)
        return known.ignored if known else 0

    def note(
        self,
        name: bytes,
        source: str,
        signature: Signature,
        *,
        ignored: int = 0,
        fresh: bytes = b"",
    ) -> None:
        """Remember that a log was read, and what came of it beyond what is known."""
        before = self._logs.get(name)
        most = max(ignored, before.ignored if before else 0)
        self._append(_Mark(name, source, signature, most, fresh))

    def forget(self, name: bytes) -> None:
        """Take a log for one that was never read."""
        if name in self._logs:
            self.rewrite(self._logs.keys() - {name})

    def forget_source(self, source: str) -> None:
        """Have the logs of a source read again."""
        kept = {name for name, one in self._logs.items() if one.source != source}
        if len(kept) < len(self._logs):
            self.rewrite(kept)

    def clear(self) -> None:
        """Have everything read again."""
        self.rewrite(())

    @property
    def wasteful(self) -> bool:
        """Whether much of the journal is superseded."""
        return self._frames > _WASTE * max(len(self._logs), _FEW)

    def shorten(self) -> None:
        """Keep one frame for each log if much is superseded."""
        if self.wasteful:
            self.rewrite(self._logs)

    def rewrite(self, names: Collection[bytes]) -> None:
        """Keep the marks of these logs only, one frame each."""
        kept = {name: self._logs[name] for name in names if name in self._logs}
        part = self._file.with_suffix(".part")
        with open(part, "wb", opener=owner_only) as stream:
            stream.write(HEAD)
            for name, one in kept.items():
                fresh = self._digests(one)
                mark = _Mark(name, one.source, one.signature, one.ignored, fresh)
                stream.write(_frame(_encoder.encode(mark)))
            stream.flush()
            os.fsync(stream.fileno())
        self.close()
        part.replace(self._file)
        self._logs, self._frames = {}, 0
        self._handle = self._open()
        self._length = self._load()

    def close(self) -> None:
        """Close the journal."""
        os.close(self._handle)

    def _open(self) -> int:
        return os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)

    def _load(self) -> int:
        """Read the journal; returns its whole length and cuts a torn tail off."""
        head = os.pread(self._handle, len(HEAD), 0)
        if head[:12] == _MAGIC and head > HEAD:
            message = (
                f"{self._file} was written by a newer version of Mileage. Nothing was "
                "changed. Upgrade Mileage, or name another directory with --state."
            )
            raise NewerData(message)
        end = len(HEAD) if head == HEAD else 0
        if end:
            for offset, payload in self._frames_from(end):
                end = offset + FRAME.size + len(payload)
                self._remember(offset, _decoder.decode(payload))
        else:
            os.pwrite(self._handle, HEAD, 0)
            end = len(HEAD)
        os.ftruncate(self._handle, end)
        return end

    def _frames_from(self, offset: int) -> Iterator[tuple[int, bytes]]:
        while (payload := self._read(offset)) is not None:
            yield offset, payload
            offset += FRAME.size + len(payload)

    def _read(self, offset: int) -> bytes | None:
        """Return the payload of a frame, None where there is no whole one."""
        head = os.pread(self._handle, FRAME.size, offset)
        if len(head) < FRAME.size:
            return None
        length, crc = FRAME.unpack(head)
        payload = os.pread(self._handle, length, offset + FRAME.size)
        whole = len(payload) == length and zlib.crc32(payload) == crc
        return payload if whole else None

    def _append(self, mark: _Mark) -> None:
        frame = _frame(_encoder.encode(mark))
        written = os.pwrite(self._handle, frame, self._length)
        if written < len(frame):
            # The disk is full: the log is read again, what follows is written here.
            return
        self._remember(self._length, mark)
        self._length += written

    def _remember(self, offset: int, mark: _Mark) -> None:
        before = self._logs.get(mark.name)
        offsets = (*before.offsets, offset) if before else (offset,)
        self._logs[mark.name] = _Known(
            mark.source, mark.signature, mark.ignored, offsets
        )
        self._frames += 1

    def _digests(self, known: _Known) -> bytes:
        payloads = (self._read(offset) for offset in known.offsets)
        return b"".join(_decoder.decode(one).fresh for one in payloads if one)


def _split(digests: bytes) -> Iterator[bytes]:
    return (digests[at : at + DIGEST] for at in range(0, len(digests), DIGEST))


def _frame(payload: bytes) -> bytes:
    return FRAME.pack(len(payload), zlib.crc32(payload)) + payload
