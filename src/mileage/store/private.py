"""Files that only their owner may read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def owner_only(path: str, flags: int) -> int:
    """Open for the owner alone: the ``opener`` of whoever makes such a file."""
    return os.open(path, flags, 0o600)


def write_whole(path: Path, content: bytes) -> None:
    """Write a small private file so that a crash leaves the old one or the new one."""
    part = path.with_suffix(".part")
    with open(part, "wb", opener=owner_only) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
