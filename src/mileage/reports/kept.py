"""Answers that take long, kept until they are made anew beside the requests."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

T = TypeVar("T")

AT_ONCE_SECONDS = 0.02
"""Of processor time: what took less is made anew when asked for and out of date."""
PART = 0.05
"""Of all time this much is spent at most on one answer, however long it takes."""


class _Answer(NamedTuple, Generic[T]):
    value: T
    state: Hashable
    at: float
    took: float
    """Seconds of this thread's processor time: a busy machine makes no answer long."""


class Kept(Generic[T]):
    """One answer about a ledger. Thread-safe.

    While computing is quick (a small organisation) the answer is always that of now.
    When it is not, requests get the last one, and ``refresh`` makes the next.
    """

    def __init__(
        self,
        compute: Callable[[], T],
        state: Callable[[], Hashable],
        clock: Callable[[], float] = time.monotonic,
        worked: Callable[[], float] = time.thread_time,
    ) -> None:
        """``state`` is cheap, and equal as long as the answer is."""
        self._compute = compute
        self._state = state
        self._clock = clock
        self._worked = worked
        self._lock = threading.Lock()
        self._answer: _Answer[T] | None = None

    def value(self) -> T:
        """Return the last answer, or a new one when none is there or it is quick."""
        kept = self._answer
        if kept is not None and (
            kept.took > AT_ONCE_SECONDS or kept.state == self._state()
        ):
            return kept.value
        with self._lock:
            if self._answer is kept:
                self._answer = self._computed()
            assert self._answer is not None  # noqa: S101 - answers are never taken back
            return self._answer.value

    def refresh(self) -> None:
        """Compute anew if something has changed and it is not too soon."""
        with self._lock:
            kept = self._answer
            if kept is not None:
                soon = self._clock() - kept.at < kept.took / PART
                if soon or kept.state == self._state():
                    return
            self._answer = self._computed()

    def forget(self) -> None:
        """Compute anew when asked next, whatever ``state`` says."""
        with self._lock:
            self._answer = None

    @property
    def age(self) -> float:
        """Seconds since the last answer was made; 0 when it is that of now."""
        kept = self._answer
        if kept is None or kept.took <= AT_ONCE_SECONDS or kept.state == self._state():
            return 0.0
        return self._clock() - kept.at

    def _computed(self) -> _Answer[T]:
        state, began = self._state(), self._worked()
        value = self._compute()
        return _Answer(value, state, self._clock(), self._worked() - began)
