"""From logs that have changed to bodies in the spool: only rows that are new.

A log that grew is read again as a whole; its rows are compared with the digests of
those handed over before. Names stay behind: a log is called by a digest of its path,
a project by a digest of its remote or folder.
"""

from __future__ import annotations

import os
from collections import Counter
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from mileage.domain.witness import (
    Activity,
    ActivityBatch,
    Reading,
    Rejected,
    Witness,
    WitnessBatch,
)
from mileage.ingest.projects import digest, folder_digest, remote_of
from mileage.ingest.push_format import Push, encode
from mileage.ingest.push_marks import DIGEST, NEVER_READ, Signature
from mileage.ingest.screen import sifted
from mileage.sources.files import DECODES_ZSTD, LogFile, discover, may_pass, read_log
from mileage.sources.found import beside, is_hidden
from mileage.sources.jsonl import INCOMPLETE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mileage.ingest.push_marks import Marks
    from mileage.ingest.push_state import State
    from mileage.ingest.spool import Spool
    from mileage.sources.files import LocalSource

BODY_ROWS = 1000
NO_CLOCK = 2**63
"""The server says what lies ahead: a machine's clock may be years behind."""

_encoder = msgspec.msgpack.Encoder()


class Found(NamedTuple):
    """A log on this machine, as it was when it was looked at."""

    source: LocalSource
    file: LogFile
    signature: Signature

    @property
    def name(self) -> bytes:
        """What stands for its path in the journal."""
        return blake2b(os.fsencode(self.file.path), digest_size=16).digest()


class Places(NamedTuple):
    """Where to look for logs."""

    sources: tuple[LocalSource, ...]
    homes: tuple[Path, ...]
    environ: Mapping[str, str]

    def logs(self) -> Iterator[Found]:
        """Look at every log there is, each once, source by source."""
        seen: set[str] = set()
        for source in self.sources:
            for home in self.homes:
                for file in discover(home, self.environ, source):
                    if file.path in seen:
                        continue
                    seen.add(file.path)
                    try:
                        yield Found(source, file, _signature(file))
                    except OSError:
                        # It vanished while we looked.
                        continue


def _signature(file: LogFile) -> Signature:
    try:
        of = os.stat(file.path)  # noqa: PTH116 - thousands of them every minute
    except OSError:
        if is_hidden(file.path):
            return NEVER_READ
        raise
    return Signature(of.st_ino, of.st_size, of.st_mtime_ns, _beside(file))


def _beside(file: LogFile) -> int:
    if file.path.endswith(".zst"):
        # Read once Python can.
        return int(DECODES_ZSTD)
    mark = 0
    for path in beside(file.source, file.path):
        with suppress(OSError):
            of = os.stat(path)  # noqa: PTH116 - as above
            mark ^= of.st_mtime_ns ^ of.st_size
    return mark


class _Pending(NamedTuple):
    """A log whose rows are all gathered, to be marked once they are in the spool."""

    found: Found
    signature: Signature
    ignored: int
    fresh: bytes


class Reader:
    """Reads logs of one source after the other; nothing is kept but what is new."""

    def __init__(
        self,
        state: State,
        marks: Marks,
        spool: Spool,
        identity: str,
        max_line_bytes: int,
    ) -> None:
        self._state = state
        self._marks = marks
        self._spool = spool
        self._identity = identity
        self._max_line_bytes = max_line_bytes
        self.unread: Counter[str] = Counter()
        """What could not be read and was put into the spool, by reason."""
        self._blind: dict[str, str] = {}
        self._source = ""
        self._pending: list[_Pending] = []
        self._clear()

    def _clear(self) -> None:
        self._witnesses: list[Witness] = []
        self._activities: list[Activity] = []
        self._rejected: list[Rejected] = []
        self._ignored = 0

    def read(self, found: Found) -> bool:
        """Gather what is new in a log; raises Unavailable when the disk is full.

        Returns whether it could be read. If it may be the next time, or ends in half
        a line that may just be written, it is marked as one that was not.
        """
        source = found.source.traits.name
        if source != self._source:
            self.flush()
            self._source = source
        known = self._marks.rows(found.name)
        fresh: list[bytes] = []
        ignored = 0
        passing = half = False
        place = f"log-{found.name.hex()[:8]}"
        readings = read_log(
            found.source, found.file, place=place, max_line_bytes=self._max_line_bytes
        )
        for part, reading in enumerate(readings, start=1):
            ignored += reading.ignored
            passing = passing or any(map(may_pass, reading.rejected))
            fit = self._fit(reading, f"{place} part {part}")
            if (whole := _without_half(fit, found, known, fresh)) is not fit:
                fit, half = whole, True
            self._gather(fit, known, fresh)
            if self._most() >= BODY_ROWS:
                self.flush()
        self._ignored += max(0, ignored - self._marks.ignored(found.name))
        signature = NEVER_READ if passing or half else found.signature
        self._pending.append(_Pending(found, signature, ignored, b"".join(fresh)))
        return not passing

    def flush(self) -> None:
        """Put what is gathered into the spool, then mark its logs as read."""
        for reading in self._bodies():
            push = Push(self._source, self._state.machine, reading)
            self._spool.add(encode(push))
            self.unread.update(one.reason for one in reading.rejected)
        self._clear()
        for found, signature, ignored, fresh in self._pending:
            self._marks.note(
                found.name, self._source, signature, ignored=ignored, fresh=fresh
            )
        self._pending = []

    def drop(self) -> None:
        """Forget what is gathered; its logs are not marked, so they are read again."""
        self._clear()
        self._pending = []

    def _gather(self, reading: Reading, known: set[bytes], fresh: list[bytes]) -> None:
        for witness in reading.witnesses.rows():
            said = witness._replace(identity=witness.identity or self._identity)
            if _is_new(said, known, fresh):
                self._witnesses.append(said)
        for activity in reading.activities.rows():
            claimed = activity._replace(identity=activity.identity or self._identity)
            if _is_new(claimed, known, fresh):
                self._activities.append(claimed)
        for one in reading.rejected:
            if _is_new(one, known, fresh):
                self._rejected.append(one)

    def _fit(self, reading: Reading, place: str) -> Reading:
        """Keep what may leave this machine; the server looks at it once more."""
        fit = sifted(reading, NO_CLOCK, self._blinded)
        told = len(reading.rejected)
        found = (
            one._replace(place=f"{place} {one.place}") for one in fit.rejected[told:]
        )
        return fit._replace(rejected=(*reading.rejected, *found))

    def _blinded(self, project: str) -> str:
        """Return the digest that stands for a project."""
        if project not in self._blind:
            self._blind[project] = self._digest(project)
        return self._blind[project]

    def _digest(self, project: str) -> str:
        if not project.startswith("/"):
            return digest(project)
        remote = remote_of(Path(project))
        return (
            digest(remote) if remote else folder_digest(project, self._state.folder_key)
        )

    def _most(self) -> int:
        return max(len(self._witnesses), len(self._activities), len(self._rejected))

    def _bodies(self) -> Iterator[Reading]:
        """Divide what is gathered into bodies of good size."""
        most = self._most()
        if self._ignored:
            most = max(most, 1)
        for at in range(0, most, BODY_ROWS):
            part = slice(at, at + BODY_ROWS)
            yield Reading(
                WitnessBatch.of(self._witnesses[part]),
                ActivityBatch.of(self._activities[part]),
                tuple(self._rejected[part]),
                self._ignored if at == 0 else 0,
            )


class _Half(NamedTuple):
    """A log that ended in half a line."""

    signature: Signature


def _without_half(
    reading: Reading, found: Found, known: set[bytes], fresh: list[bytes]
) -> Reading:
    """Leave out that the last line is half there, unless the log stands still so."""
    if all(one.reason != INCOMPLETE for one in reading.rejected):
        return reading
    if not _is_new(_Half(found.signature), known, fresh):
        return reading
    whole = tuple(one for one in reading.rejected if one.reason != INCOMPLETE)
    return reading._replace(rejected=whole)


def _is_new(
    row: Witness | Activity | Rejected | _Half, known: set[bytes], fresh: list[bytes]
) -> bool:
    """Tell whether a row was not handed over before, and remember it."""
    kind = type(row).__name__.encode()
    name = blake2b(_encoder.encode(row), digest_size=DIGEST, person=kind).digest()
    if name in known:
        return False
    known.add(name)
    fresh.append(name)
    return True
