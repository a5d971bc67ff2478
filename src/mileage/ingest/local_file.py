"""Reads one file of a person's logs, all of it or what is new, and adds it up.

Runs in any of several processes: takes and returns plain values only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

import msgspec

from mileage.domain.packed import FileCalls, Kind, Numbers
from mileage.domain.witness import CUT_OFF, NOT_READ
from mileage.ingest.local_rows import Held, Sum, rows_of
from mileage.sources.files import LogFile, may_pass, read_log
from mileage.sources.tail import Mark, ResumableSource, Tail, read_on
from mileage.store.personal import Corrupt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mileage.domain.quarter import Costs
    from mileage.sources.files import LocalSource
    from mileage.sources.found import FoundFile

_EMPTY = (b"", b"", b"")
_SESSION = 4
"""Its place in a ``Kind``."""
_pack = msgspec.msgpack.Encoder().encode
_body = msgspec.msgpack.Decoder(tuple[list[Kind], list[Numbers]]).decode
_mark = msgspec.msgpack.Decoder(tuple[int, bytes, dict[str, Any], int, int]).decode


class Item(NamedTuple):
    """A file to be read, and what was read of it before."""

    file: FoundFile
    known: tuple[bytes, bytes, bytes] = _EMPTY
    """Keys, body and mark as the index has them; no mark: read from the start."""
    rejected: int = 0
    size: int = 0
    """How large it was then."""

    @property
    def work(self) -> int:
        """Return the bytes to read, unless it turns out to be another file."""
        return self.file.size - self.size

    def calls(self) -> FileCalls:
        """Return the calls that were read before; ``Corrupt`` where they are not."""
        keys, body, _ = self.known
        return unpacked(keys, body) if body else FileCalls.none()


class FileRead(NamedTuple):
    """What came of reading a file."""

    keys: bytes
    body: bytes
    mark: bytes
    witnesses: int
    rejected: int
    rows: list[Sum]
    """As if no call of the file lay elsewhere too."""
    may_pass: bool
    """It could not be read, or not to its end, and may be the next time."""


class Reader:
    """Reads files of several sources, with one memory of prices."""

    def __init__(self, sources: Mapping[str, LocalSource], costs: Costs) -> None:
        self._sources = sources
        self._costs = costs

    def read(self, item: Item) -> tuple[Any, ...]:
        """Return a ``FileRead`` as a plain tuple."""
        found = item.file
        source = self._sources[found.source]
        file = LogFile(found.source, found.path, found.size)
        if hasattr(source, "reader"):
            return tuple(self._resumed(cast("ResumableSource", source), file, item))
        readings = list(read_log(source, file, activity=False))
        calls = FileCalls.of(row for one in readings for row in one.witnesses.rows())
        rejected = [refused for one in readings for refused in one.rejected]
        early = any(one.reason.startswith((NOT_READ, CUT_OFF)) for one in rejected)
        calls = _with_known(calls, item.calls(), early=early)
        about = len(rejected), b"", any(map(may_pass, rejected))
        return tuple(self._done(found, calls, about))

    def _resumed(self, source: ResumableSource, file: LogFile, item: Item) -> FileRead:
        mark, open_before, passed = _opened(item.known[2])
        tail = read_on(source, file, mark)
        calls = tail.settled
        still_open = 0
        rejected = tail.rejected
        if not tail.from_start:
            before = item.calls().without_last(tail.taken_back)
            still_open = open_before - tail.taken_back
            calls = before.followed_by(calls, at=len(before.rows) - still_open)
            rejected += item.rejected - passed
        late = tail.open_calls
        calls = calls.followed_by(late, at=len(calls.rows))
        if tail.from_start and tail.may_pass:
            calls = _with_known(calls, item.calls(), early=True)
        packed = _closed(tail, still_open + len(late.rows))
        return self._done(item.file, calls, (rejected, packed, tail.may_pass))

    def _done(
        self, found: FoundFile, calls: FileCalls, about: tuple[int, bytes, bool]
    ) -> FileRead:
        once = len(set(calls.keys))
        rows: list[Sum] = []
        if once == len(calls.rows):
            rows = rows_of(Held(0, found.source, calls), self._costs, {})
        rejected, mark, passing = about
        # A folder that is closed to us stands here without an inode: it will get one.
        passing = passing and found.inode != 0
        body = _pack((calls.kinds, calls.rows))
        return FileRead(calls.keys.tobytes(), body, mark, once, rejected, rows, passing)


def _with_known(now: FileCalls, before: FileCalls, *, early: bool) -> FileCalls:
    """Add the calls that still count although a file, as it is read now, lacks them.

    Those are all of them where reading ended early, and else those of sessions that it
    no longer has: of a session that is there, what is not was told anew.
    """
    kept = _unread(now, before) if early else _of_other_sessions(now, before)
    return now.followed_by(before.at(kept), at=len(now.rows))


def _unread(now: FileCalls, before: FileCalls) -> list[int]:
    keys = set(now.keys)
    return [at for at, key in enumerate(before.keys) if key not in keys]


def _of_other_sessions(now: FileCalls, before: FileCalls) -> list[int]:
    sessions = {"", *(kind[_SESSION] for kind in now.kinds)}
    # Whatever a newer version names sessions and calls, one of the same time and counts
    # is the same.
    keys, rows = set(now.keys), {row[1:] for row in now.rows}
    return [
        at
        for at, row in enumerate(before.rows)
        if before.kinds[row[0]][_SESSION] not in sessions
        and (before.keys[at] in keys or row[1:] not in rows)
    ]


def unpacked(keys: bytes, body: bytes) -> FileCalls:
    """Return the calls that were packed; ``Corrupt`` where they are not."""
    try:
        return FileCalls.unpacked(keys, *_body(body))
    except ValueError as error:
        raise Corrupt("the index of your logs: calls cannot be unpacked") from error


def _closed(tail: Tail, still_open: int) -> bytes:
    mark = tail.mark
    if mark is None:
        return b""
    return _pack((*mark, still_open, tail.passing))


def _opened(packed: bytes) -> tuple[Mark | None, int, int]:
    if not packed:
        return None, 0, 0
    try:
        offset, sample, state, still_open, passing = _mark(packed)
    except ValueError as error:
        raise Corrupt("the index of your logs: a mark cannot be unpacked") from error
    return Mark(offset, sample, state), still_open, passing
