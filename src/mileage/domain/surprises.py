"""What may be told of an error that nobody expected: where, and never what it held."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def places_of(surprise: BaseException) -> str:
    """Name each error of a chain and its frames, without any of their values.

    A traceback ends in the error's message, which may be a piece of somebody's log.
    """
    return " <- ".join(_places(surprise))


def _places(surprise: BaseException) -> Iterator[str]:
    seen: BaseException | None = surprise
    while seen is not None:
        frames = traceback.extract_tb(seen.__traceback__)
        where = " ".join(f"{_file(frame.filename)}:{frame.lineno}" for frame in frames)
        yield f"{type(seen).__name__} at {where}"
        seen = seen.__cause__ or seen.__context__


def _file(path: str) -> str:
    """Name a file, or the package whose file says nothing by its name."""
    *_, folder, name = ["", "", *path.replace("\\", "/").split("/")]
    return f"{folder}/{name}" if name == "__init__.py" else name
