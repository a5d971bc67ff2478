"""Work that can wait: it goes behind what somebody is waiting for."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")

STEPS = 10
"""Of niceness: a tenth of a processor that somebody else wants, all of an idle one."""
LAST = 19


def behind_others(work: Callable[[], Result]) -> Result:
    """Do work behind other threads and programs, and return what it returns.

    In a thread of its own: who has stood back once may not step forward again.
    """
    with ThreadPoolExecutor(1, initializer=stand_back) as thread:
        return thread.submit(work).result()


def stand_back() -> None:
    """Let others go before this thread and those that it starts."""
    # Elsewhere that would be the whole process, pages and all.
    if sys.platform == "linux":
        thread = threading.get_native_id()
        now = os.getpriority(os.PRIO_PROCESS, thread)
        # A sandbox may forbid it.
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread, min(LAST, now + STEPS))
