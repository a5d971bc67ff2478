"""Finds the logs of a home folder and reads them line by line, in bounded memory.

Whatever is wrong with a file becomes a ``Rejected`` with its place; nothing raises
and nothing is skipped silently. Sources of databases and whole documents open their
files themselves, once it is known here that these are regular files.
"""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, TypeAlias, TypeGuard, cast

from mileage.domain.witness import NOT_READ, Reading, Rejected
from mileage.sources.found import listed_files, refusal
from mileage.sources.project_files import in_project, project_beside

if sys.version_info >= (3, 14):
    from compression import zstd

    UNREADABLE: tuple[type[Exception], ...] = (OSError, EOFError, zstd.ZstdError)
else:
    zstd = None
    UNREADABLE = (OSError,)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from mileage.sources.base import FileSource, LogSource

    LocalSource: TypeAlias = LogSource | FileSource

MAX_LINE_BYTES = 32 * 1024 * 1024
DECODES_ZSTD = zstd is not None
_BUFFER_BYTES = 256 * 1024

TOO_LONG = "line longer than the limit"
NOT_A_FILE = "not a regular file"
NO_DECODER = "compressed with zstd, which needs Python 3.14 or later"


class LogFile(NamedTuple):
    """One file that a source may read."""

    source: str
    path: str
    size: int


def discover(
    home: Path, environ: Mapping[str, str], source: LocalSource
) -> list[LogFile]:
    """List the files of a source below a home folder, in a stable order.

    Pass no environment to look below ``home`` alone.
    """
    name = source.traits.name
    roots = map(str, source.roots(home, environ))
    listed = listed_files(name, roots, source.patterns())
    found = {path: LogFile(name, path, size) for _, path, _, size, _ in listed}
    return [found[path] for path in sorted(found)]


def is_regular(path: str) -> bool:
    """Tell whether a path is a file; opening a pipe would wait for its writer."""
    return stat.S_ISREG(os.stat(path).st_mode)  # noqa: PTH116 - paths are text here


def require_file(path: str) -> None:
    """Raise unless this is a file.

    A folder is here because we cannot look at all of it: what keeps us is raised.
    """
    if not is_regular(path):
        raise refusal(path) or OSError(NOT_A_FILE)


def open_plain(path: str) -> BinaryIO:
    """Open a log; compressed ones raise where this Python cannot decode them."""
    require_file(path)
    if not path.endswith(".zst"):
        return open(path, "rb", buffering=_BUFFER_BYTES)  # noqa: PTH123
    if zstd is None:
        raise OSError(NO_DECODER)
    return zstd.open(path, "rb")


def may_pass(refused: Rejected) -> bool:
    """Tell whether a file may be readable the next time, even if it does not change."""
    lasting = (NOT_A_FILE, NO_DECODER)
    return refused.reason.startswith(NOT_READ) and not refused.reason.endswith(lasting)


class LineReader:
    """The lines of one file with their ends; what could not be read is kept beside.

    A line above the limit is passed over piece by piece and stands as an empty one,
    so that line numbers stay right.
    """

    def __init__(
        self,
        file: LogFile,
        *,
        place: str = "",
        max_line_bytes: int = MAX_LINE_BYTES,
        opener: Callable[[str], BinaryIO] = open_plain,
    ) -> None:
        self.rejected: list[Rejected] = []
        self._file = file
        self._place = place or file.path
        self._limit = max_line_bytes
        self._opener = opener

    def __iter__(self) -> Iterator[bytes]:
        """Read the file from its start."""
        try:
            with self._opener(self._file.path) as stream:
                yield from self._lines(stream)
        except UNREADABLE as error:
            reason = getattr(error, "strerror", None) or str(error)
            self._reject(self._place, f"{NOT_READ}{reason}")

    def _lines(self, stream: BinaryIO) -> Iterator[bytes]:
        limit, readline = self._limit, stream.readline
        number = 0
        while line := readline(limit):
            number += 1
            if len(line) == limit and not line.endswith(b"\n"):
                line = self._pass_over(stream, number, line)
            yield line

    def _pass_over(self, stream: BinaryIO, number: int, start: bytes) -> bytes:
        """Skip the rest of an over-long line; a line of just the limit is kept."""
        rest = stream.readline(self._limit)
        if rest in (b"", b"\n"):
            return start + rest
        while rest and not rest.endswith(b"\n"):
            rest = stream.readline(self._limit)
        self._reject(f"{self._place}:{number}", TOO_LONG)
        return b"\n"

    def _reject(self, place: str, reason: str) -> None:
        self.rejected.append(Rejected(self._file.source, place, reason))


def is_whole(source: LocalSource) -> TypeGuard[FileSource]:
    """Tell whether a source reads files as a whole instead of lines."""
    return hasattr(source, "read_file")


def read_log(
    source: LocalSource,
    file: LogFile,
    *,
    place: str = "",
    activity: bool = True,
    max_line_bytes: int = MAX_LINE_BYTES,
) -> Iterator[Reading]:
    """Read one file; its last reading carries what the file itself was refused for.

    ``place`` names it in rejections, where its path must not be seen.
    """
    place = place or file.path
    if is_whole(source):
        yield from _read_whole(source, file, place, activity=activity)
        return
    by_line = cast("LogSource", source)
    lines = LineReader(file, place=place, max_line_bytes=max_line_bytes)
    beside = getattr(source, "project_file", "")
    project = project_beside(file.path, beside) if beside else ""
    for reading in by_line.read(lines, file.path, activity=activity):
        yield in_project(_placed(reading, file.path, place), project)
    if lines.rejected:
        yield Reading(rejected=tuple(lines.rejected))


def _placed(reading: Reading, path: str, place: str) -> Reading:
    """Name the place instead of the path, which a source may need to know."""
    if path == place or not reading.rejected:
        return reading
    rejected = tuple(
        one._replace(place=one.place.replace(path, place)) for one in reading.rejected
    )
    return reading._replace(rejected=rejected)


def _read_whole(
    source: FileSource, file: LogFile, place: str, *, activity: bool
) -> Iterator[Reading]:
    try:
        require_file(file.path)
    except OSError as error:
        reason = f"{NOT_READ}{error.strerror or error}"
        yield Reading(rejected=(Rejected(file.source, place, reason),))
    else:
        yield from source.read_file(file.path, place, activity=activity)
