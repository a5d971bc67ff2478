"""Finds the logs of one person quickly: one look at each folder, one at each file.

Names and times decide what is read, and thousands of files are looked at in every
run. So the names' patterns are turned into endings where they are nothing else.
"""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

# A database's latest changes lie beside it until they are taken over.
_BESIDE = "-wal"
_ONLY_LINES = (".jsonl", ".json", ".zst")


class FoundFile(NamedTuple):
    """A file and all by which a change of it is told."""

    source: str
    path: str
    inode: int
    size: int
    mtime: int
    """Nanoseconds."""


def found_files(
    source: str, roots: Iterable[str], patterns: Sequence[str]
) -> list[FoundFile]:
    """List the files below the roots whose names fit; links to roots are resolved."""
    fits, enters = _matching(patterns)
    places = list(dict.fromkeys(map(os.path.realpath, roots)))
    files = filter(os.path.isfile, places)
    found = [_found(source, path, os.stat(path)) for path in files]  # noqa: PTH116
    folders = [path for path in places if os.path.isdir(path)]  # noqa: PTH112
    for folder in folders:
        # Folders that are found on the way are appended, and so looked at too.
        for entry in _entries(folder):
            try:
                if entry.is_dir(follow_symlinks=False):
                    if enters(entry.name):
                        folders.append(entry.path)
                elif fits(entry.name):
                    found.append(_found(source, entry.path, entry.stat()))
            except OSError:
                # It vanished while we looked: somebody tidied up, it is not ours.
                continue
    return found


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        return list(os.scandir(folder))
    except OSError:
        return []


def _found(source: str, path: str, status: os.stat_result) -> FoundFile:
    size, mtime = status.st_size, status.st_mtime_ns
    if not path.endswith(_ONLY_LINES):
        try:
            beside = os.stat(path + _BESIDE)  # noqa: PTH116 - paths are text here
        except OSError:
            pass
        else:
            size, mtime = size + beside.st_size, mtime + beside.st_mtime_ns
    return FoundFile(source, path, status.st_ino, size, mtime)


def _matching(
    patterns: Sequence[str],
) -> tuple[Callable[[str], bool], Callable[[str], bool]]:
    """Return how to tell files that are wanted, and folders that may have some."""
    wanted = [one for one in patterns if not one.startswith("!")]
    unwanted = [one[1:] for one in patterns if one.startswith("!")]
    endings = tuple(one[1:] for one in wanted)
    plain = all(one.startswith("*") and _is_text(one[1:]) for one in wanted)

    literal = frozenset(unwanted) if all(map(_is_text, unwanted)) else None

    def excluded(name: str) -> bool:
        if literal is not None:
            return name in literal
        return any(fnmatchcase(name, one) for one in unwanted)

    def fits(name: str) -> bool:
        if plain and not name.endswith(endings):
            return False
        if not plain and not any(fnmatchcase(name, one) for one in wanted):
            return False
        return not (unwanted and excluded(name))

    return fits, lambda name: not excluded(f"{name}/")


def _is_text(pattern: str) -> bool:
    return not set("*?[").intersection(pattern)
