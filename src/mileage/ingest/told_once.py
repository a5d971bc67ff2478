"""What was refused of files that are read into a data directory again: it counts once.

A call has an id by which the ledger knows it again; what was refused, and what is no
usage, has none. So it is remembered beside the ledger how much of each file was told,
as a machine that pushes does (``push_marks``): digests, never a name. If that is lost,
what is refused counts once more, and nothing else.
"""

from __future__ import annotations

import fcntl
import os
from collections import Counter
from contextlib import contextmanager
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from mileage.ingest.push_marks import DIGEST, Marks, Signature
from mileage.ingest.screen import kept, sifted
from mileage.sources.jsonl import INCOMPLETE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from mileage.domain.witness import Rejected
    from mileage.ingest.record import Record

FOLDER = "told"
_BLOCK = 1 << 20
_NOTHING = Signature(0, 0, 0)

_encoder = msgspec.msgpack.Encoder()


class Bounds(NamedTuple):
    """Between which times calls are taken, UTC microseconds."""

    earliest: int
    latest: int


class Origin(NamedTuple):
    """A file that is read, and how."""

    path: str
    source: str
    rewritten: bool = False
    """Its client writes it anew as a whole, as documents and databases are."""
    growing: bool = False
    """Its client may be writing to it: of its last line half may be there."""

    @property
    def place(self) -> str:
        """Its name, without the folders, which spell out names of projects."""
        return os.path.basename(self.path)  # noqa: PTH119 - paths are text here

    @property
    def name(self) -> bytes:
        """What stands for its path in the journal."""
        path = os.fsencode(os.path.realpath(self.path))
        whose = self.source.encode()
        return blake2b(path, digest_size=16, key=blake2b(whose).digest()).digest()


@contextmanager
def told_once(data: Path, whose: str, bounds: Bounds) -> Iterator[Told]:
    """Remember what is told for an account; whoever else reads files in waits."""
    folder = data / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        marks = Marks(folder / "marks")
        try:
            yield Told(marks, whose, bounds)
            marks.shorten()
        finally:
            marks.close()
    finally:
        os.close(handle)


class Told:
    """Leaves out of what files say what was refused or ignored of them before."""

    def __init__(self, marks: Marks, whose: str, bounds: Bounds) -> None:
        self.again = 0
        """Rejections that were left out because they count already."""
        self.growing: set[str] = set()
        """Files whose last line is told of if it is the same at the next reading."""
        self._marks = marks
        self._whose = whose.encode()
        self._bounds = bounds

    def news(self, origin: Origin, records: Iterable[Record]) -> Iterator[Record]:
        """Yield the records of a file with what is new to tell.

        The n-th refusal of a kind is the same each time, unless the file no longer
        begins as it did: then it is another file. It is remembered after the last
        record was taken; so a run that breaks off tells again rather than not at all.
        """
        name = blake2b(origin.name + self._whose, digest_size=16).digest()
        signature = _NOTHING if origin.rewritten else _signature(origin.path)
        if not _goes_on(origin.path, self._marks.signature(name)):
            self._marks.forget(name)
        halves = signature if origin.growing else None
        file = _File(self._marks.rows(name), self._marks.ignored(name), halves)
        for part, record in enumerate(records, start=1):
            yield self._new(record, f"{origin.place} part {part}", file)
        self.again += file.again
        if file.ends_half:
            self.growing.add(origin.path)
        if file.has_news:
            self._marks.note(
                name,
                origin.source,
                signature,
                ignored=file.ignored,
                fresh=b"".join(file.fresh),
            )

    def _new(self, record: Record, place: str, file: _File) -> Record:
        reading = record.reading
        fit = sifted(reading, self._bounds.latest, hide=_as_it_is)
        fit = kept(fit, self._bounds.earliest)
        late = (
            one._replace(place=f"{place} {one.place}")
            for one in fit.rejected[len(reading.rejected) :]
        )
        return record._replace(
            reading=fit._replace(
                rejected=tuple(filter(file.is_new, (*reading.rejected, *late))),
                ignored=file.newly_ignored(reading.ignored),
            )
        )


class _File:
    """One file while it is read: what is known of it, and what is new."""

    def __init__(
        self, known: set[bytes], ignored: int, halves: Signature | None
    ) -> None:
        self.fresh: list[bytes] = []
        self.ignored = 0
        self.again = 0
        self.ends_half = False
        self._halves = halves
        self._known = known
        self._ignored_before = ignored
        self._seen: Counter[Rejected] = Counter()

    @property
    def has_news(self) -> bool:
        """Tell whether there is anything to remember."""
        return bool(self.fresh) or self.ignored > self._ignored_before

    def is_new(self, one: Rejected) -> bool:
        """Tell whether this was not refused before, and is not just being written."""
        if one.reason == INCOMPLETE and self._halves and self._is_first(self._halves):
            self.ends_half = True
            return False
        kind = one._replace(place="")
        self._seen[kind] += 1
        digest = _digest_of((kind, self._seen[kind]))
        if digest in self._known:
            self.again += one.records
            return False
        self.fresh.append(digest)
        return True

    def _is_first(self, signature: Signature) -> bool:
        """Tell whether the file did not end in half a line before, or in another."""
        digest = _digest_of((INCOMPLETE, signature))
        if digest in self._known:
            return False
        self.fresh.append(digest)
        return True

    def newly_ignored(self, count: int) -> int:
        """Return how many of so many more records were not ignored before."""
        before = max(self.ignored, self._ignored_before)
        self.ignored += count
        return max(0, self.ignored - before)


def _digest_of(told: tuple[object, ...]) -> bytes:
    return blake2b(_encoder.encode(told), digest_size=DIGEST).digest()


def _as_it_is(project: str) -> str:
    """Leave a project to whoever has the key of their hashes."""
    return project


def _signature(path: str) -> Signature:
    """Return how long a file is and a digest of that much of it."""
    try:
        size = os.stat(path).st_size  # noqa: PTH116 - paths are text here
        return Signature(0, size, _digest(path, size))
    except OSError:
        return _NOTHING


def _goes_on(path: str, before: Signature) -> bool:
    """Tell whether a file still begins with what it was, as far as can be seen."""
    try:
        return not before.size or _digest(path, before.size) == before.modified
    except OSError:
        return True


def _digest(path: str, size: int) -> int:
    """Digest so much of a file, or all of it if it is shorter; raises OSError."""
    digest = blake2b(digest_size=DIGEST)
    with open(path, "rb") as stream:  # noqa: PTH123 - paths are text here
        while size and (block := stream.read(min(size, _BLOCK))):
            digest.update(block)
            size -= len(block)
    return int.from_bytes(digest.digest(), "big")
