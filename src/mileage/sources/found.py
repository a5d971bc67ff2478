"""Finds the logs of one person quickly: one look at each folder, one at each file.

Names and times decide what is read, and thousands of files are looked at in every
run. So the extension in C looks where patterns have nothing but one star.
"""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from mileage.native import scan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

# A database's latest changes lie beside it until they are taken over.
_BESIDE = "-wal"
_ONLY_LINES = (".jsonl", ".json", ".zst")


Plain = tuple[str, str, int, int, int]
Listed = list[Plain]
"""What ``FoundFile`` has, in its order."""


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
    return list(map(FoundFile._make, listed_files(source, roots, patterns)))


def listed_files(source: str, roots: Iterable[str], patterns: Sequence[str]) -> Listed:
    """List the same as plain tuples."""
    places = list(dict.fromkeys(map(os.path.realpath, roots)))
    found: Listed = []
    for path in filter(os.path.isfile, places):
        status = os.stat(path)  # noqa: PTH116 - paths are text here
        found.append(_told(source, path, status))
    for path in filter(os.path.isdir, places):
        found += _below(source, path, patterns)
    if all(one.endswith(_ONLY_LINES) for one in patterns if not one.startswith("!")):
        return found
    return [_with_beside(one) for one in found]


def _below(source: str, root: str, patterns: Sequence[str]) -> Listed:
    ends = [one.split("*") for one in patterns if not one.startswith("!")]
    unwanted = [one[1:] for one in patterns if one.startswith("!")]
    special = not set("?[").isdisjoint("".join(patterns)) or "*" in "".join(unwanted)
    if scan is None or special or any(len(two) != 2 for two in ends):  # noqa: PLR2004
        return looked_up(source, root, patterns)
    around = tuple((os.fsencode(begin), os.fsencode(end)) for begin, end in ends)
    names = tuple(map(os.fsencode, unwanted))
    found: Listed = scan.listed_files(source, root, around, names)
    return found


def looked_up(source: str, root: str, patterns: Sequence[str]) -> Listed:
    """List the files below a folder, whatever the patterns are."""
    fits, enters = _matching(patterns)
    found: Listed = []
    folders = [root]
    # Folders that are found on the way are appended, and so looked at too.
    for folder in folders:
        for entry in _entries(folder):
            try:
                if entry.is_dir(follow_symlinks=False):
                    if enters(entry.name):
                        folders.append(entry.path)
                elif fits(entry.name):
                    found.append(_told(source, entry.path, entry.stat()))
            except OSError:
                # It vanished while we looked: somebody tidied up, it is not ours.
                continue
    return found


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        return list(os.scandir(folder))
    except OSError:
        return []


def _told(source: str, path: str, status: os.stat_result) -> Plain:
    return source, path, status.st_ino, status.st_size, status.st_mtime_ns


def _with_beside(one: Plain) -> Plain:
    """Add what lies beside a database."""
    source, path, inode, size, mtime = one
    if path.endswith(_ONLY_LINES):
        return one
    try:
        beside = os.stat(path + _BESIDE)  # noqa: PTH116 - paths are text here
    except OSError:
        return one
    return source, path, inode, size + beside.st_size, mtime + beside.st_mtime_ns


def _matching(
    patterns: Sequence[str],
) -> tuple[Callable[[str], bool], Callable[[str], bool]]:
    """Return how to tell files that are wanted, and folders that may have some."""
    wanted = [one for one in patterns if not one.startswith("!")]
    unwanted = [one[1:] for one in patterns if one.startswith("!")]

    def excluded(name: str) -> bool:
        return any(fnmatchcase(name, one) for one in unwanted)

    def fits(name: str) -> bool:
        return any(fnmatchcase(name, one) for one in wanted) and not excluded(name)

    return fits, lambda name: not excluded(f"{name}/")
