"""What has to be written anew in the index after some files have changed.

A call may lie in many files and counts in the first: so a change of one file can
change what others count, and those are added up again, but never read again.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.quarter import FileSums
from mileage.ingest.local_file import FileRead, Item, unpacked
from mileage.ingest.local_keys import holders, keys_of, repeated_keys
from mileage.ingest.local_rows import Held, Sum, merged_calls, rows_of
from mileage.store.personal import Content, StoredFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mileage.domain.quarter import Costs
    from mileage.ingest.local_difference import Difference
    from mileage.sources.found import FoundFile


class Changes(NamedTuple):
    """What to write."""

    files: list[tuple[StoredFile, FileRead]]
    marked: list[StoredFile]
    """Whose place has changed, as they are to be kept."""
    moved: set[int]
    """Those of which nothing is lost, as they lie elsewhere now: to be forgotten."""
    usage: FileSums


class Stored(NamedTuple):
    """What an index holds, as far as changes need it."""

    files: Sequence[StoredFile]
    every_key: Callable[[], Iterable[tuple[int, bytes]]]
    content: Callable[[int], Content]


NOTHING_STORED = Stored((), lambda: (), lambda _: Content(b"", b"", b""))


def items_of(different: Difference, stored: Stored) -> list[Item]:
    """Say what to read; a file that has grown only from where it ended."""
    items = []
    for file, before in different.changed:
        if before is None:
            items.append(Item(file))
            continue
        keys, body, mark = stored.content(before.number)
        if _has_grown(file, before):
            known = keys, body, mark
            items.append(Item(file, known, before.rejected, before.size))
        else:
            items.append(Item(file, (keys, body, b"")))
    return items


def changes_of(
    different: Difference,
    reads: Sequence[FileRead],
    stored: Stored,
    costs: Costs,
    *,
    all_prices: bool = False,
) -> Changes:
    """Return what to write, now that the changed files have been read."""
    files = _numbered(different, reads, stored.files)
    new = {file.number: read for file, read in files}
    moved = _moved(different.gone, files, stored)
    left = moved | {file.number for file in different.outside}
    back = {file.number for file in different.back}
    every = dict(stored.every_key())
    before = _without(every, {file.number for file in stored.files if file.outside})
    keys = _without(before, left) | {number: every[number] for number in back}
    keys.update({number: read.keys for number, read in new.items()})
    moving = {*new, *left, *back}
    touched = set(keys) if all_prices else _touched(before, keys, moving)
    among = None if len(touched) == len(keys) else [keys[one] for one in touched]
    repeated = repeated_keys(keys.values(), among)
    alone = new.keys() - holders({one: keys[one] for one in new}, repeated)
    again = touched - alone
    usage = {number: new[number].rows for number in touched - again}
    sources = {file.number: file.source for file in [*stored.files, *_first(files)]}
    anew = _Anew(keys, repeated, sources, new, stored)
    usage.update(anew.added_up(again, costs))
    marked = [file for file in different.marked() if file.number not in moved]
    return Changes(files, marked, moved, FileSums(usage))


class _Anew(NamedTuple):
    """Adds files up again that share calls with others."""

    keys: Mapping[int, bytes]
    repeated: set[int]
    sources: Mapping[int, str]
    new: Mapping[int, FileRead]
    stored: Stored

    def added_up(self, numbers: set[int], costs: Costs) -> dict[int, list[Sum]]:
        """Return the sums of these files."""
        own = (keys_of(self.keys[number]) for number in numbers)
        wanted = {key for some in own for key in self.repeated.intersection(some)}
        needed = holders(self.keys, wanted)
        files = {n: self._held(n) for n in sorted(needed | numbers)}
        shared = merged_calls(list(files.values()), wanted)
        return {
            n: self.new[n].rows
            if n in self.new and not shared[n]
            else rows_of(files[n], costs, shared[n])
            for n in sorted(numbers)
        }

    def _held(self, number: int) -> Held:
        read = self.new.get(number)
        keys, body = (
            (read.keys, read.body)
            if read is not None
            else self.stored.content(number)[:2]
        )
        return Held(number, self.sources[number], unpacked(keys, body))


def _moved(
    gone: Sequence[StoredFile],
    files: Sequence[tuple[StoredFile, FileRead]],
    stored: Stored,
) -> set[int]:
    """Return the files that are gone, and of which the same was read elsewhere.

    A folder that was closed to us stands as a file without an inode: it is open now.
    """
    opened = {file.number for file in gone if not file.inode}
    read = {(file.source, one.keys, one.body) for file, one in files if one.keys}
    if not read:
        return opened
    contents = ((file, stored.content(file.number)) for file in gone)
    same = {file.number for file, own in contents if (file.source, *own[:2]) in read}
    return opened | same


def _without(keys: dict[int, bytes], numbers: set[int]) -> dict[int, bytes]:
    if not numbers:
        return keys
    return {number: own for number, own in keys.items() if number not in numbers}


def _touched(
    before: Mapping[int, bytes], after: Mapping[int, bytes], changed: set[int]
) -> set[int]:
    """Return the files whose sums may change: they share a call with changed ones."""
    if changed >= after.keys():
        return set(after)
    moved = [keys_of(own[n]) for own in (before, after) for n in changed if n in own]
    return holders(after, chain.from_iterable(moved)) | (changed & after.keys())


def _numbered(
    different: Difference, reads: Sequence[FileRead], known: Sequence[StoredFile]
) -> list[tuple[StoredFile, FileRead]]:
    following = max((file.number for file in known), default=0) + 1
    files = []
    for (found, before), read in zip(different.changed, reads, strict=True):
        number = following if before is None else before.number
        following += before is None
        files.append((_stored(number, found, read), read))
    return files


def _stored(number: int, found: FoundFile, read: FileRead) -> StoredFile:
    return StoredFile(
        number,
        found.path,
        found.source,
        # No file has this number: the next run tries again.
        -1 if read.may_pass else found.inode,
        found.size,
        found.mtime,
        read.witnesses,
        read.rejected,
        gone=0,
        outside=0,
    )


def _has_grown(file: FoundFile, before: StoredFile) -> bool:
    same = (file.source, file.inode) == (before.source, before.inode)
    return same and not before.gone and file.size > before.size


def _first(pairs: Iterable[tuple[StoredFile, FileRead]]) -> Iterable[StoredFile]:
    return (file for file, _ in pairs)
