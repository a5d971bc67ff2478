"""Reading on where a log ended last time, instead of reading it from its start.

A place to go on from is always behind a line's end: what is written after it can
only be new. Whether the file still begins as it did is told by samples: the bytes
at its start and those before that place.
"""

from __future__ import annotations

import os
from binascii import crc32
from io import FileIO
from math import inf
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, Protocol, cast

from mileage.domain.packed import FileCalls
from mileage.sources.files import (
    MAX_LINE_BYTES,
    UNREADABLE,
    LogFile,
    is_regular,
    open_plain,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

State = dict[str, Any]
"""What a reader has to know to go on; plain values, so that it can be stored."""

CHUNK_BYTES = 4 * 1024 * 1024
# Open rows above this number: such a file is read anew each time.
MOST_OPEN = 10_000
_SAMPLE_BYTES = 2_048


class LogReader(Protocol):
    """Reads one file chunk by chunk, and may have begun with the state of another."""

    taken_back: int
    """How many of the open rows that it began with (the last ones) are none."""
    rejected: int
    """Lines that should be usage and cannot be read."""

    def take(self, chunk: bytes) -> int:
        """Take whole lines in; return their number. Only a last one may lack its end.

        Never raises, whatever the bytes.
        """
        ...

    def settled(self) -> FileCalls:
        """Hand over, and forget, the calls that nothing to come can take back."""
        ...

    def open_calls(self) -> FileCalls:
        """Return the calls that later lines may still take back, in their order."""
        ...

    def state(self) -> State:
        """Return what another reader needs to go on behind the last line."""
        ...


class ResumableSource(Protocol):
    """A source whose files only grow, and that can go on where it ended."""

    def reader(self, place: str, state: Mapping[str, Any] | None) -> LogReader:
        """Begin with a file, or go on."""
        ...


class Mark(NamedTuple):
    """Where the reading of a file ended, behind a line's end."""

    offset: int
    sample: bytes
    """Checksum of the bytes at the start of the file and before ``offset``.

    Whatever else it is, such as the hash of an earlier version, fits no file.
    """
    state: State


class Tail(NamedTuple):
    """What a file held behind a mark, or all of it."""

    from_start: bool
    """All of the file: forget what was read before."""
    settled: FileCalls
    open_calls: FileCalls
    taken_back: int
    """How many of the calls that were open at the mark (the last ones) go."""
    rejected: int
    passing: int
    """How many of the rejected are an unfinished last line, read again later."""
    mark: Mark | None
    """None: the next time, the file is to be read from its start."""
    may_pass: bool = False
    """The system kept us from reading it, or its rest, and may not the next time."""


def read_on(source: ResumableSource, file: LogFile, mark: Mark | None) -> Tail:
    """Read what is new in a file, or all of it; what cannot be read is counted."""
    try:
        with _opened(file.path) as stream:
            if mark is not None and _sample(stream, mark.offset) != mark.sample:
                mark = None
            return _read(source, file, stream, mark)
    except UNREADABLE as error:
        nothing = FileCalls.none()
        return Tail(True, nothing, nothing, 0, 1, 0, None, _may_pass(error))  # noqa: FBT003


def _read(
    source: ResumableSource, file: LogFile, stream: BinaryIO, mark: Mark | None
) -> Tail:
    reader = source.reader(file.path, mark.state if mark else None)
    offset = mark.offset if mark else 0
    chunks = _Chunks(stream, offset, file.size - offset)
    broken: Exception | None = None
    try:
        for chunk in chunks:
            reader.take(chunk)
    except UNREADABLE as error:
        broken = error
    settled, state, refused = reader.settled(), reader.state(), reader.rejected
    refused_whole = chunks.too_long + (broken is not None)
    resumable = not refused_whole and not file.path.endswith(".zst")
    if chunks.rest:
        reader.take(chunks.rest)
        more = reader.settled()
        # A last line that is whole but for its end has counted: it must not again.
        resumable = resumable and not more.rows and reader.state() == state
        settled = settled.followed_by(more, at=len(settled.rows))
    still_open = reader.open_calls()
    resumable = resumable and len(still_open.rows) <= MOST_OPEN
    sample = chunks.sample() if resumable else b""
    return Tail(
        from_start=mark is None,
        settled=settled,
        open_calls=still_open,
        taken_back=reader.taken_back,
        rejected=reader.rejected + refused_whole,
        passing=reader.rejected - refused,
        mark=Mark(chunks.end, sample, state) if resumable else None,
        may_pass=_may_pass(broken),
    )


def _may_pass(error: Exception | None) -> bool:
    """Tell what the system says from what a file is, such as one of damaged zstd."""
    return getattr(error, "errno", None) is not None


class _Chunks:
    """The rest of a file in pieces that end with a line; afterwards, what is left."""

    def __init__(self, stream: BinaryIO, offset: int, expected: int) -> None:
        self.rest = b""
        """A last line without its end."""
        self.end = offset
        """Where the last whole line ends."""
        self.too_long = 0
        """Lines above the limit, which were passed over."""
        self._stream = stream
        # One byte more than there should be: then a single reading sees the end.
        self._size = 1 + min(CHUNK_BYTES, max(_SAMPLE_BYTES, expected))
        self._left = expected if isinstance(stream, FileIO) else inf
        self._all: bytes | None = None
        """All whole lines, if they came in one piece."""
        if offset:
            stream.seek(offset)

    def __iter__(self) -> Iterator[bytes]:
        """Yield pieces of whole lines."""
        rest = b""
        while piece := self._stream.read(self._size):
            cut = piece.rfind(b"\n") + 1
            if cut == 0:
                rest = self._pass_over(rest + piece)
                continue
            whole = rest + piece[:cut] if rest or cut < len(piece) else piece
            rest = piece[cut:]
            self._all = None if self.end else whole
            self.end += len(whole)
            yield whole
            self._left -= len(piece)
            if self._left <= 0 and len(piece) < self._size:
                break
        self.rest = rest

    def sample(self) -> bytes:
        """Return ``Mark.sample`` for the end of the last whole line."""
        if self._all is None:
            return _sample(self._stream, self.end)
        size = min(_SAMPLE_BYTES, self.end)
        return _summed(self._all[:size], self._all[self.end - size :])

    def _pass_over(self, begun: bytes) -> bytes:
        """Return the start of a line, or if it is too long what comes after it."""
        if len(begun) <= MAX_LINE_BYTES:
            return begun
        self.too_long += 1
        while piece := self._stream.read(self._size):
            cut = piece.find(b"\n") + 1
            if cut:
                self._stream.seek(cut - len(piece), 1)
                break
        return b""


def _opened(path: str) -> BinaryIO:
    """Open a log without a buffer: it is read in large pieces."""
    if path.endswith(".zst") or not is_regular(path):
        return open_plain(path)
    return cast("BinaryIO", open(path, "rb", buffering=0))  # noqa: PTH123


def _sample(stream: BinaryIO, offset: int) -> bytes:
    """Sum up the start of a file and what lies before a place in it.

    Against logs written anew, not against forgers: a hash takes ten times as long.
    """
    number, size = stream.fileno(), min(_SAMPLE_BYTES, offset)
    return _summed(os.pread(number, size, 0), os.pread(number, size, offset - size))


def _summed(start: bytes, end: bytes) -> bytes:
    return crc32(end, crc32(start)).to_bytes(4, "big")
