"""Which files of a person's logs are not as they were when the index was written."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from mileage.sources.found import FoundFile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mileage.sources.found import Plain
    from mileage.store.personal import StoredFile


class Difference(NamedTuple):
    """What has changed on disk, or in where to look, since an index was written."""

    changed: list[tuple[FoundFile, StoredFile | None]]
    gone: list[StoredFile]
    """No longer found where it was: their calls count as they were read last."""
    outside: list[StoredFile]
    """Not where logs are looked for now: kept, but they do not count."""
    back: list[StoredFile]
    """They count again as they are: what they lay in is looked at again."""

    def marked(self) -> list[StoredFile]:
        """Return those that are not to be read, as they are to be kept."""
        return [*self.gone, *self.outside, *self.back]


def difference(
    known: Sequence[StoredFile],
    found: Sequence[Plain],
    roots: Mapping[str, Sequence[str]],
    *,
    anew: bool = False,
) -> Difference:
    """Compare by path, inode, size and time of change; ``anew``: all have changed.

    ``roots``: where the logs of each source are looked for, as named and resolved.
    """
    stored = {file.path: file for file in known}
    different = Difference([], [], [], [])
    for one in found:
        before = stored.pop(one[1], None)
        if anew and before is not None:
            before = before._replace(inode=-1)
        if before is None or not _is_as_before(one, before):
            different.changed.append((FoundFile._make(one), before))
        elif before.outside:
            different.back.append(before._replace(outside=0))
    for file in stored.values():
        _not_found(file, different, roots.get(file.source, ()))
    return different


def _not_found(file: StoredFile, different: Difference, roots: Sequence[str]) -> None:
    """Note what a known file is now that it was not found."""
    if not _is_below(file.path, roots):
        if not file.outside:
            different.outside.append(file._replace(outside=1))
    elif file.outside:
        different.back.append(file._replace(gone=1, outside=0))
    elif not file.gone:
        different.gone.append(file._replace(gone=1))


def _is_as_before(one: Plain, before: StoredFile) -> bool:
    return one[2:] == before[3:6] and one[0] == before.source and not before.gone


def _is_below(path: str, roots: Sequence[str]) -> bool:
    return any(path == root or path.startswith(root + os.sep) for root in roots)
