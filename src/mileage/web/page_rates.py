"""How many pages and API answers somebody may ask for: nobody takes them all away.

A bucket for each person (whatever session or key), and one for each machine of those
who have not signed in. It fills evenly and holds a minute's worth. What machines send
to the door has limits of its own (``ingest.rates``).
"""

from __future__ import annotations

import math
import time
from threading import Lock
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from mileage.domain.errors import TooMany
from mileage.web.asking import asker
from mileage.web.guard import SIGN_IN, is_open
from mileage.web.problems import answer_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

MINUTE = 60.0
MOST_KNOWN = 50_000
"""Of so many the spending is remembered; whoever was quiet longest starts anew."""


class PageRates:
    """Refuse who asks too often, with the seconds to wait."""

    def __init__(
        self,
        app: ASGIApp,
        a_minute: int,
        clock: Callable[[], float] = time.monotonic,
        most: int = MOST_KNOWN,
    ) -> None:
        """``a_minute`` 0 is no limit; ``clock`` gives seconds that never go back."""
        self.app = app
        self._a_minute = a_minute
        self._clock = clock
        self._most = most
        self._lock = Lock()
        self._left: dict[str, tuple[float, float]] = {}
        """What is left, and when that was."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or answer 429."""
        if scope["type"] == "http" and self._a_minute and _counts(scope["path"]):
            request = Request(scope, receive)
            seconds = self.spend(_who(request))
            if seconds:
                error = TooMany(seconds, self._sentence(seconds))
                response = await run_in_threadpool(answer_error, request, error)
                await response(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def spend(self, who: str) -> int:
        """Count a request; returns the seconds to wait, 0 when it passes."""
        now, full = self._clock(), float(self._a_minute)
        with self._lock:
            left, before = self._left.pop(who, (full, now))
            left = min(left + (now - before) * full / MINUTE, full)
            passes = left >= 1
            while len(self._left) >= self._most:
                del self._left[next(iter(self._left))]
            self._left[who] = (left - passes, now)
        return 0 if passes else math.ceil((1 - left) * MINUTE / full)

    def _sentence(self, seconds: int) -> str:
        return (
            f"You have asked more than {self._a_minute} times within a minute. "
            f"Ask again in {seconds} s."
        )


def _counts(path: str) -> bool:
    """Tell whether somebody is behind it, or tries to be."""
    return path == SIGN_IN or not is_open(path)


def _who(request: Request) -> str:
    viewer = asker(request).viewer
    if viewer is not None:
        return f"viewer {viewer.account_id}"
    return f"machine {request.client.host if request.client else ''}"
