"""A folder in which whoever runs the tests may be kept from looking, root as well."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_NOBODY = 65_534


@contextmanager
def shared_folder() -> Iterator[Path]:
    """Make a folder that everybody may enter, unlike those that tests usually get."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def as_nobody(folder: Path) -> Iterator[None]:
    """Be nobody in particular, who owns this folder: unlike root, modes stop nobody.

    What is to be imported meanwhile must have been before.
    """
    was = os.geteuid()
    if was == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, _NOBODY, -1)
        os.seteuid(_NOBODY)
    try:
        yield
    finally:
        if was == 0:
            os.seteuid(was)


@contextmanager
def kept_from(*paths: Path) -> Iterator[None]:
    """Be nobody in particular, whom these paths are closed to."""
    modes = [path.stat().st_mode for path in paths]
    for path in paths:
        path.chmod(0)
    was = os.geteuid()
    if was == 0:
        os.seteuid(_NOBODY)
    try:
        yield
    finally:
        if was == 0:
            os.seteuid(was)
        for path, mode in zip(paths, modes, strict=True):
            path.chmod(mode)
