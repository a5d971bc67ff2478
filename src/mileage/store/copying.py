"""Copies of both databases while they are in use."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

from mileage.domain.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mileage.domain.booking import Position
    from mileage.store.ledger import Ledger

# Many file systems share the blocks of two files until one changes: whoever waits for
# the copy then waits for no bytes. Where they do not, the kernel copies them.
_COPY = """
import os, shutil, sys
with open(sys.argv[1], "rb") as one, open(sys.argv[2], "wb") as other:
    try:
        while os.copy_file_range(one.fileno(), other.fileno(), 1 << 30):
            pass
    except (AttributeError, OSError):
        pass
    if os.fstat(one.fileno()).st_size != os.fstat(other.fileno()).st_size:
        one.seek(0)
        other.seek(0)
        other.truncate()
        shutil.copyfileobj(one, other, 1 << 20)
"""
_PAGES = 1000
"""Of SQLite, copied at once; whoever writes meanwhile waits for no more."""


def copy_ledger(
    ledger: Ledger, target: Path, meanwhile: Callable[[Position], None]
) -> Position:
    """Copy the ledger as it is at one instant; return how far it had come then.

    ``meanwhile`` is called with that position while nothing is appended, so that
    what is behind it can be held on to.
    """
    with ledger.at_rest() as path:
        position = ledger.position()
        meanwhile(position)
        for source in (path, path.with_name(f"{path.name}.wal")):
            if source.exists():
                _copy_file(source, target.with_name(source.name))
    return position


def _copy_file(source: Path, target: Path) -> None:
    """Copy a file of this process's database, in a process without locks on it."""
    words = [sys.executable, "-I", "-S", "-c", _COPY, str(source), str(target)]
    done = subprocess.run(words, check=False, capture_output=True, text=True)  # noqa: S603 - words of our own
    if done.returncode:
        reason = done.stderr.strip().rpartition("\n")[2]
        message = f"{source} cannot be copied to {target.parent} ({reason})"
        raise Unavailable(message)
    target.chmod(0o600)


def copy_control(source: Path, target: Path) -> None:
    """Copy the control plane as it is at one instant, while others write to it."""
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        with (
            closing(sqlite3.connect(source, timeout=15)) as one,
            closing(sqlite3.connect(target)) as other,
        ):
            one.backup(other, pages=_PAGES)
    except sqlite3.Error as error:
        message = f"{source} cannot be copied to {target.parent} ({error})"
        raise Unavailable(message) from None
