"""Python's search for cycles, put off while much is made of which none is a part."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def no_collection() -> Iterator[None]:
    """Spare the search for cycles, of this process, until the block ends.

    Reading logs makes none (6 % of the time), nor does publishing, where everybody is a
    handful of tuples (a quarter). Threads may overlap: the first to end begins it anew.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
