"""The index of a person's own logs: an SQLite file, one for each set of homes.

Whoever changes it takes the lock first and looks whether it still is as it was when it
was read: so two runs at once cannot mix, and a run that is killed leaves it as it was.
It holds numbers, names of models, sessions and folders, and never what was said.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mileage.domain.errors import NewerData, Unavailable
from mileage.domain.quarter import (
    QUARTER_COLUMN,
    SOURCE_COLUMN,
    FileSums,
    QuarterRow,
    replaced_by,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

MIGRATIONS = ("0001_first", "0002_outside")
VERSION = len(MIGRATIONS)

_HERE = Path(__file__).parent
_MIGRATIONS = _HERE / "index_migrations"
_SQL = _HERE / "sql"
# Another run writes for less than a second.
_PATIENCE_SECONDS = 10.0
_MOST_PAGES_KIB = 16_384
# The system stamps files with the time of its last tick, which is as old as this.
_TICK_NANOSECONDS = 20_000_000
_GROUPED = {
    "quarter": "index_by_quarter",
    "client": "index_by_client",
    "model": "index_by_model",
    "session": "index_by_session",
    "project": "index_by_project",
}


class Corrupt(Unavailable):
    """The index cannot be read any more; it can be built again."""


class StoredFile(NamedTuple):
    """What is known of a file that was read."""

    number: int
    path: str
    source: str
    inode: int
    size: int
    mtime: int
    witnesses: int
    rejected: int
    gone: int
    """1: no longer there, but its calls still count."""
    outside: int
    """1: kept, but not below what is looked at, so that it does not count."""


class Content(NamedTuple):
    """The calls of a file, packed, and where to read on; see ``ingest.local_file``."""

    keys: bytes
    body: bytes
    mark: bytes


class SourceSums(NamedTuple):
    """What the index holds of one source."""

    files: int
    witnesses: int
    rejected: int
    gone: int
    calls: int
    first: int | None
    last: int | None


@contextmanager
def _said_plainly() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise Unavailable(f"the index of your logs: {error}") from error
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise Corrupt(f"the index of your logs: {error}") from error


class PersonalIndex:
    """An open index; close it, or what was not committed is undone."""

    def __init__(self, path: Path) -> None:
        """Open, or begin; ``Corrupt`` where that is no index any more."""
        _make(path)
        self._path = path
        self._changed: set[int] = set()
        """Quarters of an hour whose sums have to be built anew."""
        self._lessened: set[str] = set()
        """Sources, likewise."""
        with _said_plainly():
            self._base = sqlite3.connect(
                path,
                timeout=_PATIENCE_SECONDS,
                isolation_level=None,
                # What was changed may be made last beside other work: see ``commit``.
                check_same_thread=False,
            )
            try:
                self._migrate()
            except BaseException:
                self._base.close()
                raise

    def close(self) -> None:
        """Let go of it."""
        self._base.close()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """See one state of it, whoever writes meanwhile."""
        with _said_plainly():
            self._base.execute("BEGIN")
            try:
                yield
            finally:
                self._base.execute("ROLLBACK")

    def begin(self) -> None:
        """Take the lock for changes; nobody else changes anything from here on."""
        with _said_plainly():
            # A page that has to leave memory before the end waits for the disk as well.
            self._base.execute(f"PRAGMA cache_size = {-_MOST_PAGES_KIB}")
            self._base.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Make all changes since ``begin`` last; from any thread, if alone at it."""
        with _said_plainly():
            self._base.execute("COMMIT")
            self._base.execute("PRAGMA synchronous = NORMAL")

    def may_be_newer(self, instant: int) -> bool:
        """Tell whether it may have been written since (nanoseconds from 1970)."""
        return self._path.stat().st_mtime_ns > instant - _TICK_NANOSECONDS

    def settings(self) -> dict[str, str]:
        """Return what is stored by name."""
        return dict(self._rows("index_settings"))

    def files(self) -> list[StoredFile]:
        """Return every file."""
        return [
            StoredFile._make((row[0], os.fsdecode(row[1]), *row[2:]))
            for row in self._rows("index_files")
        ]

    def keys(self) -> list[tuple[int, bytes]]:
        """Return the keys of every file."""
        return self._rows("index_keys")

    def content(self, number: int) -> Content:
        """Return what was read of a file."""
        rows = self._rows("index_content", number=number)
        if not rows:
            raise Corrupt("the index of your logs: a file's content is missing")
        return Content._make(rows[0])

    def usage(self, by: str = "") -> list[QuarterRow]:
        """Return the sums; ``by`` a dimension or ``quarter`` with all others left out.

        Rows by a dimension are sums over all time.
        """
        rows = self._rows(_GROUPED.get(by, "index_usage"))
        return [QuarterRow._make(row) for row in rows]

    def usage_within(self, edges: Sequence[int]) -> list[QuarterRow]:
        """Return the sums between each edge and the next, where there are any."""
        statement = _statement("index_within")
        found = []
        with _said_plainly():
            for edge in pairwise(edges):
                found += self._base.execute(statement, edge).fetchall()
        return [QuarterRow.of_all(*row) for row in found if row[0] is not None]

    def sources(self) -> dict[str, SourceSums]:
        """Return what the index holds of each source."""
        return {
            source: SourceSums._make(counts)
            for source, *counts in self._rows("index_sources")
        }

    def sources_until(self, latest: int) -> dict[str, tuple[Any, ...]]:
        """Return calls, first and last of each source up to a time, and calls later.

        To the quarter of an hour; reads all sums, where ``sources`` reads a few.
        """
        rows = self._rows("index_sources_until", latest=latest)
        return {source: tuple(told) for source, *told in rows}

    def set(self, settings: Mapping[str, str]) -> None:
        """Store values by name."""
        self._each(
            "index_setting.put", [{"name": n, "value": v} for n, v in settings.items()]
        )

    def put(self, files: Sequence[StoredFile], contents: Sequence[Content]) -> None:
        """Store what was read of files in place of what was there."""
        rows = ((file.number, os.fsencode(file.path), *file[2:]) for file in files)
        self._each("index_file.put", rows)
        pairs = zip(files, contents, strict=True)
        self._each("index_content.put", ((file.number, *own) for file, own in pairs))

    def put_usage(self, usage: FileSums) -> None:
        """Store the sums of files in place of those that were there."""
        before = FileSums({})
        if self._rows("index_usage.any"):
            before, usage = self._drop_changed(usage)
        # In their order the index of the table only grows at its end.
        in_order = sorted(usage.of.items())
        rows = ((number, *row) for number, own in in_order for row in own)
        self._each("index_usage.put", rows)
        # Looking through all rows for those of some takes longer than all else here.
        for statement, column, anew in (
            ("index_quarter.add", QUARTER_COLUMN, self._changed),
            ("index_source.add", SOURCE_COLUMN, self._lessened),
        ):
            more, lost = replaced_by(before.by(column), usage.by(column))
            self._each(statement, more)
            anew.update(lost)

    def sum_up(self) -> None:
        """Bring the sums over all files up to date; the last of all changes."""
        if self._changed:
            self._rows("index_changed.make")
            self._each("index_changed.put", [(one,) for one in self._changed])
            self._each("index_quarter.clear", [{}])
            self._each("index_quarter.build", [{}])
            self._rows("index_changed.drop")
            self._changed.clear()
        for name in ("index_source.clear", "index_source.seen"):
            self._each(name, [{}])
        for source in self._lessened:
            calls, first, last = self._rows("index_source.used", source=source)[0]
            self._each("index_source.use", [(source, calls or 0, first, last)])
        self._lessened.clear()

    def mark(self, file: StoredFile) -> None:
        """Note whether a file is gone or outside; the sums of one outside go."""
        if file.outside:
            self._lessen([file.number])
        row = {"number": file.number, "gone": file.gone, "outside": file.outside}
        self._each("index_file.mark", [row])

    def drop(self, number: int) -> None:
        """Forget a file and its calls."""
        self._lessen([number])
        for name in ("index_file.drop", "index_content.drop"):
            self._each(name, [{"number": number}])

    def _lessen(self, numbers: Collection[int]) -> None:
        """Forget the sums of files, with nothing in their place."""
        rows = FileSums(self._usage_of(numbers)).rows
        self._each("index_usage.drop", [(number, 0) for number in numbers])
        self._changed.update(row[QUARTER_COLUMN] for row in rows)
        self._lessened.update(row[SOURCE_COLUMN] for row in rows)

    def _drop_changed(self, usage: FileSums) -> tuple[FileSums, FileSums]:
        """Forget the sums of files from the first on that is another now.

        Returns what was forgotten, and what to store instead: a log grows at its end,
        and what was added up before that stays as it is.
        """
        stored = self._usage_of(usage.of)
        kept = {n: _alike(own, usage.of[n]) for n, own in stored.items()}
        self._each("index_usage.drop", kept.items())
        before = {n: own[kept[n] :] for n, own in stored.items()}
        now = {n: own[kept[n] :] for n, own in usage.of.items()}
        return FileSums(before), FileSums(now)

    def _usage_of(self, numbers: Iterable[int]) -> dict[int, list[tuple[Any, ...]]]:
        """Return the sums of files, in the order in which they were stored."""
        return {n: self._rows("index_usage.of", number=n) for n in numbers}

    def _rows(self, name: str, **parameters: object) -> list[Any]:
        with _said_plainly():
            return self._base.execute(_statement(name), parameters).fetchall()

    def _each(
        self, name: str, rows: Iterable[Mapping[str, object] | tuple[object, ...]]
    ) -> None:
        """Run a statement for each row; by position where rows are tuples."""
        with _said_plainly():
            self._base.executemany(_statement(name), rows)

    def _migrate(self) -> None:
        ((version,),) = self._base.execute("PRAGMA user_version").fetchall()
        if version > VERSION:
            raise NewerData(
                f"The index of your logs has format {version}; this Mileage knows up "
                f"to {VERSION}. Upgrade Mileage, or pass --no-index."
            )
        if not version:
            # What a log comes to is a KiB: with larger pages storing takes 12 % less.
            self._base.execute("PRAGMA page_size = 16384")
        # All that the first change stores has just been read from logs, which are still
        # there if it is lost: no waiting for the disk. ``commit`` ends that.
        self._base.execute(f"PRAGMA synchronous = {'NORMAL' if version else 'OFF'}")
        if version == VERSION:
            return
        self._base.execute("BEGIN IMMEDIATE")
        ((version,),) = self._base.execute("PRAGMA user_version").fetchall()
        for name in MIGRATIONS[version:]:
            script = _MIGRATIONS.joinpath(f"{name}.sql").read_text()
            for statement in script.split(";\n"):
                self._base.execute(statement)
        self._base.execute(f"PRAGMA user_version = {VERSION}")
        self._base.execute("COMMIT")


def _alike(stored: Sequence[tuple[Any, ...]], now: Sequence[tuple[Any, ...]]) -> int:
    """Return how many rows both begin with."""
    pairs = enumerate(zip(stored, now, strict=False))
    changed = (at for at, (old, new) in pairs if old != new)
    return next(changed, min(len(stored), len(now)))


def set_aside(path: Path) -> Path:
    """Rename an index that cannot be read, with what belongs to it; return its name."""
    number = 1
    while (aside := path.with_name(f"{path.name}.corrupt-{number}")).exists():
        number += 1
    for ending in ("", "-journal"):
        whole = Path(f"{path}{ending}")
        if whole.exists():
            whole.rename(f"{aside}{ending}")
    return aside


def _make(path: Path) -> None:
    """Let only its owner read it, from its first moment on."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror}") from error


@cache
def _statement(name: str) -> str:
    with open(f"{_SQL}/{name}.sql", encoding="utf-8") as file:  # noqa: PTH123
        return file.read()
