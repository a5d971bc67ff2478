"""Which files of a person's logs are not as they were when the index was written."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from mileage.sources.found import FoundFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mileage.sources.found import Plain
    from mileage.store.personal import StoredFile


class Difference(NamedTuple):
    """What has changed on disk since an index was written."""

    changed: list[tuple[FoundFile, StoredFile | None]]
    gone: list[StoredFile]
    """No longer there: their calls still count."""
    outside: list[StoredFile]
    """Still there, but not where logs are looked for now: forgotten."""

    def __bool__(self) -> bool:
        """Tell whether there is any."""
        return bool(self.changed or self.gone or self.outside)


def difference(
    known: Sequence[StoredFile], found: Sequence[Plain], *, anew: bool = False
) -> Difference:
    """Compare by path, inode, size and time of change; ``anew``: all have changed."""
    stored = {file.path: file for file in known}
    changed: list[tuple[FoundFile, StoredFile | None]] = []
    for one in found:
        before = stored.pop(one[1], None)
        if anew and before is not None:
            before = before._replace(inode=-1)
        if before is None or not _is_as_before(one, before):
            changed.append((FoundFile._make(one), before))
    gone: list[StoredFile] = []
    outside: list[StoredFile] = []
    for file in stored.values():
        if not os.path.lexists(file.path):
            if not file.gone:
                gone.append(file)
        else:
            outside.append(file)
    return Difference(changed, gone, outside)


def _is_as_before(one: Plain, before: StoredFile) -> bool:
    return one[2:] == before[3:6] and one[0] == before.source and not before.gone
