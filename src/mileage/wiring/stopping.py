"""What signals do to a server: the first one stops it, a second one hurries it."""

from __future__ import annotations

import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

STOPS = (signal.SIGINT, signal.SIGTERM)


class Stopping:
    """Outlives the web server's own handling of signals.

    uvicorn repeats every signal when it is done. That would end the process before
    the ledger has taken in what was acknowledged, and with an exit code that looks
    like a failure to whoever supervises it.
    """

    def __init__(self) -> None:
        self._signals = 0
        self._hurry: Callable[[], None] | None = None

    def begin(self, hurry: Callable[[], None]) -> None:
        """From now on the first signal is the web server's, and all others hurry."""
        self._hurry = hurry

    def handle(self, number: int, _frame: FrameType | None) -> None:
        """Count a signal, and do what it asks for."""
        if self._hurry is None:
            # Nothing is served yet, so nothing is to be finished.
            if number == signal.SIGINT:
                raise KeyboardInterrupt
            sys.exit(0)
        self._signals += 1
        if self._signals > 1:
            self._hurry()


@contextmanager
def stopping() -> Iterator[Stopping]:
    """Handle the signals that end a process while the block runs, its last.

    Afterwards they are ignored: one that comes while the interpreter tidies up must
    not turn a good end into a bad one.
    """
    made = Stopping()
    for number in STOPS:
        signal.signal(number, made.handle)
    try:
        yield made
    finally:
        for number in STOPS:
            signal.signal(number, signal.SIG_IGN)
