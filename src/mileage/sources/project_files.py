"""Projects that a client names in a file beside its logs instead of in them.

Gemini CLI's chats hold a hash of the working directory; the directory itself stands
in ``.project_root``, above the folder of the chats (recorded with version 0.61.0).
"""

from __future__ import annotations

import os
import stat
from pathlib import PurePath
from typing import TYPE_CHECKING

from mileage.domain.witness import WitnessBatch
from mileage.sources.found import near

if TYPE_CHECKING:
    from mileage.domain.witness import Reading

_LONGEST = 1_000


def project_beside(path: str, name: str) -> str:
    """Return the folder that the file ``name`` above a log names, or ''."""
    for folder in near(os.path.dirname(path)):  # noqa: PTH120 - ditto
        found = _content(os.path.join(folder, name))  # noqa: PTH118 - a text
        if found:
            return found if _is_folder(found) else ""
    return ""


def in_project(reading: Reading, project: str) -> Reading:
    """Say in which project the calls of a reading were made."""
    if not project or not len(reading.witnesses):
        return reading
    rows = (row._replace(project=project) for row in reading.witnesses.rows())
    return reading._replace(witnesses=WitnessBatch.of(rows))


def _content(path: str) -> str:
    try:
        # Opening a pipe would wait for somebody who writes into it.
        if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 - a text
            return ""
        with open(path, "rb") as stream:  # noqa: PTH123 - ditto
            return stream.read(_LONGEST + 1).decode().strip()
    except (OSError, ValueError):
        return ""


def _is_folder(text: str) -> bool:
    """Tell whether a text can be the path of a folder; it need not exist any more."""
    return len(text) <= _LONGEST and text.isprintable() and PurePath(text).is_absolute()
