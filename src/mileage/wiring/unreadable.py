"""Which lines of one's own logs cannot be read, and why.

The index knows how many there are in which file, so only those files are read anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.errors import Unavailable
from mileage.sources.files import LogFile, read_log
from mileage.store.personal import PersonalIndex
from mileage.wiring.personal import index_file, usage_of
from mileage.wiring.personal_logs import Logs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mileage.domain.witness import Rejected
    from mileage.store.personal import StoredFile


class Unreadable(NamedTuple):
    """What cannot be read."""

    lines: list[Rejected]
    """By file and place, of files that are there."""
    deleted: int
    """Lines of logs that are no longer there."""


def unreadable(homes: Sequence[Path], environ: Mapping[str, str]) -> Unreadable:
    """Say of each line where it is and why it cannot be read."""
    logs = Logs(homes, environ)
    files = _indexed(homes, environ)
    doubtful = None if files is None else {one.path for one in files if one.rejected}
    lines = [
        refused
        for source, path, _, size, _ in logs.found
        if doubtful is None or path in doubtful
        for reading in read_log(
            logs.source(source), LogFile(source, path, size), activity=False
        )
        for refused in reading.rejected
    ]
    return Unreadable(lines, sum(one.rejected for one in files or () if one.gone))


def _indexed(
    homes: Sequence[Path], environ: Mapping[str, str]
) -> list[StoredFile] | None:
    """Return every file that counts as the index has it; None: there is no index."""
    usage_of(homes, environ)
    try:
        index = PersonalIndex(index_file(homes, environ))
    except Unavailable:
        return None
    try:
        return [one for one in index.files() if not one.outside]
    except Unavailable:
        return None
    finally:
        index.close()
