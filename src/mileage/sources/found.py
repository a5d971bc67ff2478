"""Finds the logs of one person quickly: one look at each folder, one at each file.

Names and times decide what is read, and thousands of files are looked at in every
run. So the extension in C looks where patterns have nothing but one star, and while it
looks the caller goes on.
"""

from __future__ import annotations

import errno
import marshal
import os
from functools import cached_property, lru_cache
from itertools import chain, islice
from typing import TYPE_CHECKING, NamedTuple

from mileage.native import scan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

# A database's latest changes lie beside it until they are taken over.
_BESIDE = "-wal"
_ONLY_LINES = (".jsonl", ".json", ".zst")
_SETTINGS = ".settings.json"
# A chat lies in the folder of chats, a sub-agent's in one of its own below, and the
# project is named above.
_PROJECT = ".project_root"
_MOST_FOLDERS = 3
_NEVER_ALONE = ("droid_session", "gemini_cli_chat")
# Where nothing is: it vanished while we looked, or a link leads nowhere.
_NOTHING_THERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


Plain = tuple[str, str, int, int, int]
Listed = list[Plain]
"""What ``FoundFile`` has, in its order."""
Identity = tuple[int, int]
PlainNames = tuple[tuple[tuple[bytes, bytes], ...], tuple[bytes, ...]]


class FoundFile(NamedTuple):
    """A file and all by which a change of it is told."""

    source: str
    path: str
    inode: int
    size: int
    mtime: int
    """Nanoseconds."""


class Search:
    """Begins at once to look for the files of a source, below roots that exist.

    With the extension a thread looks, and the caller has time for something else.
    """

    def __init__(
        self, source: str, roots: Iterable[str], patterns: Sequence[str]
    ) -> None:
        self._source = source
        self._patterns = patterns
        places = list(dict.fromkeys(map(os.path.realpath, roots)))
        self._files = list(filter(os.path.isfile, places))
        self._folders = list(filter(os.path.isdir, places))
        self._hidden = list(filter(is_hidden, places))
        names = _plain_names(patterns)
        self._begun = None
        if scan is not None and names is not None:
            self._begun = [scan.begin_search(one, *names) for one in self._folders]

    @cached_property
    def _packed(self) -> list[bytes] | None:
        if self._begun is None or scan is None:
            return None
        return [scan.end_search(one) for one in self._begun]

    def told(self) -> bytes:
        """Return what changes with any file: its name, place, size or time.

        Unchanged folders list their files in the same order as before.
        """
        plain = not (self._files or self._hidden) and self._is_alone()
        if self._packed is not None and plain:
            return b"".join(self._packed)
        # In the second version equal values have equal bytes, in later ones not.
        return marshal.dumps(self.listed, 2)

    @cached_property
    def listed(self) -> Listed:
        """Return the files, in the order in which they were found."""
        found = self._taken()
        return found if self._is_alone() else _with_beside(found)

    def _taken(self) -> Listed:
        found = [_denied(self._source, path) for path in self._hidden]
        for path in self._files:
            status = os.stat(path)  # noqa: PTH116 - paths are text here
            found.append(_told(self._source, path, status))
        if self._packed is not None and scan is not None:
            for packed in self._packed:
                found += scan.files_of(self._source, packed)
        else:
            for path in self._folders:
                found += looked_up(self._source, path, self._patterns)
        return found

    def _is_alone(self) -> bool:
        """Tell whether no file can have another beside it that is read with it."""
        wanted = (one for one in self._patterns if not one.startswith("!"))
        lines = all(one.endswith(_ONLY_LINES) for one in wanted)
        return lines and self._source not in _NEVER_ALONE


def is_there(path: str) -> bool:
    """Tell whether there is something, or may be: what is hidden from us counts."""
    return os.path.exists(path) or is_hidden(path)  # noqa: PTH110 - paths are text here


def is_hidden(path: str) -> bool:
    """Tell whether we cannot even see what there is."""
    try:
        os.stat(path)  # noqa: PTH116 - as above
    except OSError as error:
        return _hiding(error) is not None
    except ValueError:
        return False
    return False


def refusal(folder: str) -> OSError | None:
    """Return what keeps us from looking at a folder, or at something in it."""
    entries, refused = _entries(folder)
    for entry in entries:
        try:
            entry.stat()
        except OSError as error:
            refused = refused or _hiding(error)
    return refused


def found_files(
    source: str, roots: Iterable[str], patterns: Sequence[str]
) -> list[FoundFile]:
    """List the files below the roots whose names fit; links to roots are resolved."""
    return list(map(FoundFile._make, listed_files(source, roots, patterns)))


def listed_files(source: str, roots: Iterable[str], patterns: Sequence[str]) -> Listed:
    """List the same as plain tuples."""
    return Search(source, roots, patterns).listed


def _plain_names(patterns: Sequence[str]) -> PlainNames | None:
    """Return how names begin and end, and those to leave out.

    None where that does not say it all.
    """
    ends = [one.split("*") for one in patterns if not one.startswith("!")]
    unwanted = [one[1:] for one in patterns if one.startswith("!")]
    special = not set("?[").isdisjoint("".join(patterns)) or "*" in "".join(unwanted)
    if special or any(len(two) != 2 for two in ends):  # noqa: PLR2004
        return None
    around = tuple((os.fsencode(begin), os.fsencode(end)) for begin, end in ends)
    return around, tuple(map(os.fsencode, unwanted))


def looked_up(source: str, root: str, patterns: Sequence[str]) -> Listed:
    """List the files below a folder, whatever the patterns are."""
    return _Look(source, patterns).below(root)


class _Look:
    """One look below a folder.

    Links to folders are followed when all else has been looked at, so that what lies
    below a root by itself is found there. No folder is looked into twice.
    """

    def __init__(self, source: str, patterns: Sequence[str]) -> None:
        self._source = source
        self._fits, self._enters = _matching(patterns)
        self._links: list[str] = []
        self._found: Listed = []

    def below(self, root: str) -> Listed:
        """Return what is found."""
        folders = [root]
        # Folders that are found on the way are appended, and so looked at too.
        for folder in folders:
            folders += self._looked_into(folder)
        if self._links:
            # A link to what holds the root would be a loop.
            self._follow({_identity(one) for one in [*_above(root), *folders]})
        return self._found

    def _follow(self, seen: set[Identity | None]) -> None:
        """Look where links lead; further ones are appended."""
        for link in self._links:
            folders = [link]
            for folder in folders:
                identity = _identity(folder)
                if identity is None or identity not in seen:
                    seen.add(identity)
                    folders += self._looked_into(folder)

    def _looked_into(self, folder: str) -> list[str]:
        """Take what a folder holds; return the folders in it."""
        entries, refused = _entries(folder)
        inner = []
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    if self._enters(entry.name):
                        inner.append(entry.path)
                else:
                    self._take(entry)
            except OSError as error:
                refused = refused or _hiding(error)
        if refused is not None:
            self._found.append(_denied(self._source, folder))
        return inner

    def _take(self, entry: os.DirEntry[str]) -> None:
        link = entry.is_symlink()
        if link and self._enters(entry.name) and _leads(entry):
            self._links.append(entry.path)
        elif self._fits(entry.name) and not (link and entry.is_dir()):
            self._found.append(_told(self._source, entry.path, entry.stat()))


def _leads(link: os.DirEntry[str]) -> bool:
    """Tell whether a link leads to a folder, or to what is hidden from us."""
    try:
        return link.is_dir()
    except OSError as error:
        return _hiding(error) is not None


def _identity(folder: str) -> Identity | None:
    """Return what a folder is known by, whatever paths lead there."""
    try:
        status = os.stat(folder)  # noqa: PTH116 - paths are text here
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _above(path: str) -> Iterator[str]:
    """Yield the folders that hold this one, the nearest first."""
    while (above := os.path.dirname(path)) != path:  # noqa: PTH120 - as above
        yield above
        path = above


def _entries(folder: str) -> tuple[list[os.DirEntry[str]], OSError | None]:
    """Return what is in a folder, and what kept us from seeing all of it."""
    entries: list[os.DirEntry[str]] = []
    try:
        with os.scandir(folder) as listed:
            # What came before an error stays.
            entries.extend(listed)
    except OSError as error:
        return entries, _hiding(error)
    return entries, None


def _hiding(error: OSError) -> OSError | None:
    """Return the error if something is there all the same."""
    return None if error.errno in _NOTHING_THERE else error


def _denied(source: str, path: str) -> Plain:
    """Tell of what may not be looked at as of a file: who reads it learns why."""
    return source, path, 0, 0, 0


def _told(source: str, path: str, status: os.stat_result) -> Plain:
    return source, path, status.st_ino, status.st_size, status.st_mtime_ns


def _with_beside(found: Listed) -> Listed:
    """Add what is read with a file to what tells its change."""
    known: dict[str, tuple[int, int]] = {}
    files: Listed = []
    for source, path, inode, size, mtime in found:
        total, latest = size, mtime
        # What may not be looked at stands here without an inode.
        for other in beside(source, path) if inode else ():
            told = known.get(other) or known.setdefault(other, _size_and_time(other))
            total += told[0]
            latest += told[1]
        files.append((source, path, inode, total, latest))
    return files


def beside(source: str, path: str) -> tuple[str, ...]:
    """Name what is read with a file, whether or not it is there."""
    if source == "gemini_cli_chat":
        return _projects(os.path.dirname(path))  # noqa: PTH120 - paths are text here
    if source == "droid_session":
        return (path.removesuffix(_SETTINGS) + ".jsonl",)
    return () if path.endswith(_ONLY_LINES) else (path + _BESIDE,)


# The chats of a folder come one after the other.
@lru_cache(maxsize=1)
def _projects(folder: str) -> tuple[str, ...]:
    return tuple(os.path.join(one, _PROJECT) for one in near(folder))  # noqa: PTH118


def near(folder: str) -> Iterator[str]:
    """Yield the folders that may say something of the logs in this one."""
    return islice(chain((folder,), _above(folder)), _MOST_FOLDERS)


def _size_and_time(path: str) -> tuple[int, int]:
    try:
        status = os.stat(path)  # noqa: PTH116 - paths are text here
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


def _matching(
    patterns: Sequence[str],
) -> tuple[Callable[[str], bool], Callable[[str], bool]]:
    """Return how to tell files that are wanted, and folders that may have some."""
    # Where the extension looks, nothing of this is needed.
    from fnmatch import fnmatchcase  # noqa: PLC0415

    wanted = [one for one in patterns if not one.startswith("!")]
    unwanted = [one[1:] for one in patterns if one.startswith("!")]

    def excluded(name: str) -> bool:
        return any(fnmatchcase(name, one) for one in unwanted)

    def fits(name: str) -> bool:
        return any(fnmatchcase(name, one) for one in wanted) and not excluded(name)

    return fits, lambda name: not excluded(f"{name}/")
