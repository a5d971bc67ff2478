"""Finds the logs of a home folder and reads them line by line, in bounded memory.

The only part of the sources that touches a disk. Whatever is wrong with a file
becomes a ``Rejected`` with its place; nothing raises and nothing is skipped silently.
"""

from __future__ import annotations

import os
import stat
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from mileage.domain.witness import Reading, Rejected

if sys.version_info >= (3, 14):
    from compression import zstd

    _UNREADABLE: tuple[type[Exception], ...] = (OSError, EOFError, zstd.ZstdError)
else:
    zstd = None
    _UNREADABLE = (OSError,)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mileage.sources.base import LogSource

MAX_LINE_BYTES = 32 * 1024 * 1024
_BUFFER_BYTES = 256 * 1024

TOO_LONG = "line longer than the limit"
NOT_A_FILE = "not a regular file"
NO_DECODER = "compressed with zstd, which needs Python 3.14 or later"


class LogFile(NamedTuple):
    """One file that a source may read."""

    source: str
    path: str
    size: int


def existing_roots(
    source: LogSource, home: Path, environ: Mapping[str, str]
) -> list[Path]:
    """Return the source's folders that exist, each once (links resolved)."""
    roots = (Path(root) for root in source.roots(home, environ))
    return list(dict.fromkeys(root.resolve() for root in roots if root.is_dir()))


def discover(
    home: Path, environ: Mapping[str, str], source: LogSource
) -> list[LogFile]:
    """List the files of a source below a home folder, in a stable order.

    Pass no environment to look below ``home`` alone.
    """
    found = {
        path: LogFile(source.traits.name, path, size)
        for root in existing_roots(source, home, environ)
        for path, size in _walk(str(root), source.patterns())
    }
    return [found[path] for path in sorted(found)]


def _walk(folder: str, patterns: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Yield path and size of every file whose name fits; links are not followed."""
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        try:
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(entry.path, patterns)
            elif _fits(entry.name, patterns):
                yield entry.path, entry.stat().st_size
        except OSError:
            # It vanished while we looked: somebody tidied up, it is not ours to read.
            continue


def _fits(name: str, patterns: Sequence[str]) -> bool:
    wanted = (pattern for pattern in patterns if not pattern.startswith("!"))
    unwanted = (pattern[1:] for pattern in patterns if pattern.startswith("!"))
    return any(fnmatchcase(name, pattern) for pattern in wanted) and not any(
        fnmatchcase(name, pattern) for pattern in unwanted
    )


def open_plain(path: str) -> BinaryIO:
    """Open a log; compressed ones raise where this Python cannot decode them."""
    mode = os.stat(path).st_mode  # noqa: PTH116 - paths are text here
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        # Opening a pipe would wait for somebody who writes into it.
        raise OSError(NOT_A_FILE)
    if not path.endswith(".zst"):
        return open(path, "rb", buffering=_BUFFER_BYTES)  # noqa: PTH123
    if zstd is None:
        raise OSError(NO_DECODER)
    return zstd.open(path, "rb")


class LineReader:
    """The lines of one file with their ends; what could not be read is kept beside.

    A line above the limit is passed over piece by piece and stands as an empty one,
    so that line numbers stay right.
    """

    def __init__(
        self,
        file: LogFile,
        *,
        max_line_bytes: int = MAX_LINE_BYTES,
        opener: Callable[[str], BinaryIO] = open_plain,
    ) -> None:
        self.rejected: list[Rejected] = []
        self._file = file
        self._limit = max_line_bytes
        self._opener = opener

    def __iter__(self) -> Iterator[bytes]:
        """Read the file from its start."""
        try:
            with self._opener(self._file.path) as stream:
                yield from self._lines(stream)
        except _UNREADABLE as error:
            reason = getattr(error, "strerror", None) or str(error)
            self._reject(self._file.path, f"unreadable: {reason}")

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
        self._reject(f"{self._file.path}:{number}", TOO_LONG)
        return b"\n"

    def _reject(self, place: str, reason: str) -> None:
        self.rejected.append(Rejected(self._file.source, place, reason))


def read_log(
    source: LogSource,
    file: LogFile,
    *,
    activity: bool = True,
    max_line_bytes: int = MAX_LINE_BYTES,
) -> Iterator[Reading]:
    """Read one file; its last reading carries what the file itself was refused for."""
    lines = LineReader(file, max_line_bytes=max_line_bytes)
    yield from source.read(lines, file.path, activity=activity)
    if lines.rejected:
        yield Reading(rejected=tuple(lines.rejected))
