"""Backing a data directory up while it is in use, and restoring one from it.

The owner makes a consistent copy inside the data directory: of the ledger while
appends are held back, of the segments behind it by hard links, and last of the control
plane, which then knows everybody whom the others name. The command packs that, so
that the server has no part in the longest work.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from mileage import __version__
from mileage.domain.errors import Conflict, Unavailable
from mileage.reports.shape import ingest_status_json
from mileage.store.control import FILE_NAME, open_control
from mileage.store.copying import copy_control, copy_ledger
from mileage.store.private import owner_only
from mileage.wiring import archive
from mileage.wiring.organisation import now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mileage.domain.booking import Position
    from mileage.wiring.archive import Manifest
    from mileage.wiring.organisation import Organisation

WORK = ".backup"
"""Below the data directory: the copy of which a backup is packed."""
_COUNTS = ("accepted", "durable", "visible", "duplicates", "rejected", "ignored")
_ALONGSIDE = (
    *("snapshots/*.parquet", "snapshots/*.head", "snapshots/*.snap", "cubes/*.cube"),
    "peers/*.peers",
    *("policy/*.toml", "quarantine/*.*", "demo.json", "truth.json"),
)


class Prepared(NamedTuple):
    """The copy that the owner has made."""

    position: tuple[int, int]
    counts: dict[str, int]
    segments: dict[str, int]
    """Bytes of each that are whole records."""


def prepare(organisation: Organisation) -> Prepared:
    """Copy what changes; whoever asked packs the copy and removes it."""
    work = organisation.data / WORK
    try:
        work.mkdir(mode=0o700)
    except FileExistsError:
        message = (
            f"{work} is there: another backup is being made. If none is, one was cut "
            "short: remove that folder and try again."
        )
        raise Conflict(message) from None
    try:
        return _prepared(organisation, work)
    except OSError as error:
        shutil.rmtree(work, ignore_errors=True)
        message = f"{organisation.data} cannot be copied ({error.strerror})"
        raise Unavailable(message) from error
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise


def _prepared(organisation: Organisation, work: Path) -> Prepared:
    # Counted first: of all this nothing may be missing.
    status = ingest_status_json(organisation.receiver.counts())
    counts = {name: int(status[name]) for name in _COUNTS}
    segments: dict[str, int] = {}
    (work / "segments").mkdir(mode=0o700)

    def hold(position: Position) -> None:
        segments.update(_linked(organisation, work, position))

    position = copy_ledger(organisation.ledger, work / "ledger.duckdb", hold)
    copy_control(organisation.data / FILE_NAME, work / FILE_NAME)
    return Prepared((position.segment, position.record), counts, segments)


def _linked(
    organisation: Organisation, work: Path, position: Position
) -> Iterator[tuple[str, int]]:
    """Hold on to the segments that the ledger has not taken in as a whole."""
    segments = organisation.pipeline.segments
    written, length = segments.written, segments.length
    for number in segments.numbers():
        if position.segment <= number <= written.segment:
            path = segments.path(number)
            os.link(path, work / "segments" / path.name)
            size = length if number == written.segment else path.stat().st_size
            yield f"segments/{path.name}", size


class Progress(NamedTuple):
    """Told of every block: what is done of how much."""

    say: Callable[[str, int, int], None]

    def of(self, what: str, total: int) -> Callable[[int], None]:
        """Return what adds up one piece of work."""
        done = 0

        def told(count: int) -> None:
            nonlocal done
            done += count
            self.say(what, done, total)

        return told


def pack(data: Path, prepared: Prepared, target: Path, progress: Progress) -> Manifest:
    """Pack the copy into a file, and read it through; the copy is removed."""
    try:
        return _packed(data, prepared, target, progress)
    finally:
        shutil.rmtree(data / WORK, ignore_errors=True)


def _packed(
    data: Path, prepared: Prepared, target: Path, progress: Progress
) -> Manifest:
    files = list(_files(data, prepared))
    total = sum(size for _, _, size in files)

    def manifest(entries: list[archive.Entry]) -> Manifest:
        return archive.Manifest(
            format=archive.FORMAT,
            mileage=__version__,
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            position=prepared.position,
            counts=prepared.counts,
            files=entries,
        )

    with _appearing(target) as part:
        with open(part, "xb", opener=owner_only) as file:
            told = progress.of("packing", total)
            made = archive.write(file, files, manifest, told)
            file.flush()
            os.fsync(file.fileno())
        # A backup that nobody has read is none.
        archive.read(part, progress.of("checking", total))
    return made


def _files(data: Path, prepared: Prepared) -> Iterator[tuple[str, Path, int]]:
    work = data / WORK
    for path in sorted(work.glob("*.*")):
        yield path.name, path, path.stat().st_size
    for name, size in sorted(prepared.segments.items()):
        yield name, work / name, size
    for pattern in _ALONGSIDE:
        for path in sorted(data.glob(pattern)):
            name = path.relative_to(data).as_posix()
            if archive.belongs(name):
                yield name, path, path.stat().st_size


@contextmanager
def _appearing(target: Path) -> Iterator[Path]:
    """Give the name of a file that appears under its own when the block ends well."""
    part = target.with_name(f".{target.name}.part")
    part.unlink(missing_ok=True)
    try:
        yield part
        os.link(part, target)
    except FileExistsError:
        message = f"{target} is there already; name another file with --to"
        raise Conflict(message) from None
    finally:
        part.unlink(missing_ok=True)


def unpack(source: Path, data: Path, progress: Progress) -> Manifest:
    """Make a data directory of a backup; it appears whole or not at all.

    It begins an epoch: whoever sent something since the backup was made learns of it.
    Raises Conflict unless there is nothing at ``data``, or an empty folder.
    """
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        message = f"{data} is not empty; restore into a new directory"
        raise Conflict(message)
    part = data.with_name(f".{data.name}.restoring")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o700, parents=True)
    try:
        told = progress.of("unpacking", source.stat().st_size)
        manifest = archive.read(source, told, part)
        with open_control(part / FILE_NAME, clock=now) as control:
            control.begin_epoch()
        if data.is_dir():
            data.rmdir()
        part.rename(data)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return manifest
